#include "winograd/rule.hpp"

#include <algorithm>

#include "base/settings.hpp"

namespace flipconv {

Extent::Extent(const Sizes &s)
    : batch(s.batch), inputs(s.inputs), outputs(s.outputs) {
    auto axis = [&](size_t i) {
        return Axis{s.input[i], s.output[i], s.before[i]};
    };
    size_t n = s.input.size();
    taps = n == 3 ? s.kernel[0] : 1;
    depth = n == 3 ? axis(0) : Axis{1, 1, 0};
    height = axis(n - 2);
    width = axis(n - 1);
}

namespace {

constexpr long CHANNELS = 16; // both numbers have to be multiples of it

bool possible(const Geometry &g, const Sizes &s) {
    if (g.axes < 2 || g.groups > 1 || s.inputs % CHANNELS
        || s.outputs % CHANNELS)
        return false;
    for (int i = 0; i < g.axes; ++i)
        if (g.stride[i] > 1 || g.dilation[i] > 1) return false;
    return s.kernel[g.axes - 2] == 3 && s.kernel[g.axes - 1] == 3;
}

// Time in multiplications of one thread of a plane of outputs. Each product
// of a pair of channels costs one; a transform, a few per channel; to read a
// value of the kernel from beyond the caches, or to make one of a tile, as
// many as it takes.
constexpr double READ = 11, MAKE = 14;

double cost(const Extent &e, long products, long transforms, double kernel) {
    double pairs = double(e.inputs) * e.outputs * e.taps;
    double channels = double(e.inputs) + e.outputs;
    double planes = double(e.batch) * e.depth.output;
    return planes * products * (pairs + transforms * channels)
            + kernel * pairs;
}

double cost_of_tiles(const Extent &e, long m, long transforms) {
    long tiles = ((e.height.output + m - 1) / m)
            * ((e.width.output + m - 1) / m);
    long square = (m + 2) * (m + 2);
    long bytes = square * e.inputs * e.outputs * e.taps * sizeof(float);
    double kernel = e.keeps(bytes) ? READ * square
                                   : READ * 9 + MAKE * square;
    return cost(e, tiles * square, transforms, kernel);
}

// Larger tiles lose more in rounding, with each channel.
bool allows_large_tiles(const Extent &e) { return e.inputs * e.taps <= 256; }

} // namespace

int winograd_tile(const Geometry &g, const Sizes &s) {
#ifdef __AVX2__ // without, vectors would be emulated
    static const bool off = switched_off("LASAGNE_FLIPCONV_WINOGRAD");
    if (off || !possible(g, s)) return 0;
    Extent e(s);
    double direct = cost(e, 9 * e.height.output * e.width.output, 0, READ * 9);
    double small = cost_of_tiles(e, 2, 13), large = cost_of_tiles(e, 4, 25);
    if (large < std::min(small, direct) && allows_large_tiles(e)) return 4;
    if (small < direct) return 2;
#endif
    return 0;
}

} // namespace flipconv
