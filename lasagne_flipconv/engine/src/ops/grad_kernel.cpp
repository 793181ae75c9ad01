#include "ops/grad_kernel.hpp"

#include <algorithm>

#include "base/arrays.hpp"
#include "base/memory.hpp"
#include "operands/finite.hpp"

namespace flipconv {

namespace {

// At most, that oneDNN adds up: fewer take it longer than they gain digits.
constexpr long POSITIONS = 1 << 17;

long product(const std::vector<long> &sizes) {
    long all = 1;
    for (long size : sizes) all *= size;
    return all;
}

// The lines of an image under some of the output, along its first axis.
struct Band {
    Band(const Geometry &g, const Sizes &s, long first, long count) {
        const long start = first * g.stride[0] - s.before[0];
        const long end = start + (count - 1) * g.stride[0]
                + (s.kernel[0] - 1) * g.dilation[0] + 1;
        begin = std::max(0L, start);
        size = std::min(end, s.input[0]) - begin;
        before = begin - start;
        after = std::max(0L, end - s.input[0]);
    }
    long begin, size, before, after;
};

} // namespace

std::shared_ptr<KernelGradient> KernelGradient::make(const Geometry &g,
                                                     const Sizes &s,
                                                     bool careful) {
    auto made = std::make_shared<KernelGradient>();
    const long positions = product(s.output), line = positions / s.output[0];
    if (product(s.kernel) == 1 || s.batch * positions <= POSITIONS)
        made->add(g, s, 0, 0, careful);
    else if (positions <= POSITIONS)
        made->add_images(g, s, parts_of(s.batch, POSITIONS / positions),
                         careful);
    else
        made->add_lines(g, s, parts_of(s.output[0],
                                       std::max(1L, POSITIONS / line)),
                        careful);
    return made;
}

void KernelGradient::add_images(const Geometry &g, const Sizes &sizes,
                                long count, bool careful) {
    Sizes s = sizes;
    for (long i = 0; i < count; ++i) {
        const long first = sizes.batch * i / count;
        s.batch = sizes.batch * (i + 1) / count - first;
        add(g, s, first * product(s.input) * s.inputs,
            first * product(s.output) * s.outputs, careful);
    }
}

void KernelGradient::add_lines(const Geometry &g, const Sizes &sizes,
                               long count, bool careful) {
    const long image = product(sizes.input) * sizes.inputs;
    const long result = product(sizes.output) * sizes.outputs;
    const long all = sizes.output[0];
    Sizes s = sizes;
    s.batch = 1;
    for (long i = 0; i < sizes.batch * count; ++i) {
        const long first = all * (i % count) / count;
        s.output[0] = all * (i % count + 1) / count - first;
        const Band band(g, sizes, first, s.output[0]);
        if (band.size < 1) continue; // zeros around the image only
        s.input[0] = band.size;
        s.before[0] = band.before;
        s.after[0] = band.after;
        add(g, s,
            i / count * image + band.begin * (image / sizes.input[0]),
            i / count * result + first * (result / all), careful);
    }
}

void KernelGradient::add(const Geometry &g, const Sizes &s, long input,
                         long gradient, bool careful) {
    for (auto &part : parts_)
        if (part.sizes.batch == s.batch && part.sizes.input == s.input
            && part.sizes.output == s.output && part.sizes.before == s.before
            && part.sizes.after == s.after)
            return parts_.push_back({s, input, gradient, part.convolution});
    parts_.push_back({s, input, gradient,
                      make_direct(CONVOLUTION_GRAD_KERNEL, g,
                                  careful ? unpadded(s) : s, careful)});
}

bool KernelGradient::run_part(const Part &part, const Geometry &g,
                              const float *x, const float *gradient,
                              float *packed, float *kernel, Scratch &scratch) {
    const Convolution &c = *part.convolution;
    const Sizes &s = part.sizes;
    if (!c.careful && has_padding(s) && !finite_at_padding(g, s, gradient))
        return false;
    Call call(c.scratch, scratch);
    call.read(DNNL_ARG_SRC, c.input, c.careful ? with_zeros(s, x, scratch) : x);
    call.read(DNNL_ARG_DIFF_DST, c.output, gradient);
    call.argument(DNNL_ARG_DIFF_WEIGHTS, c.kernel, packed);
    call.run(c.primitive);
    c.layout->unpack(packed, g.flip, kernel);
    return true;
}

bool KernelGradient::run(const Geometry &g, const fc_array *in, float *kernel,
                         Scratch &scratch) const {
    const float *x = dense(in[0], scratch), *gradient = dense(in[1], scratch);
    size_t bytes = 0;
    for (auto &part : parts_)
        bytes = std::max(bytes, part.convolution->layout->bytes());
    auto *packed = static_cast<float *>(scratch.take(bytes));
    const Sizes &s = parts_[0].sizes;
    const long count = s.outputs * (s.inputs / g.groups) * product(s.kernel);
    const bool whole = parts_.size() == 1;
    std::vector<double> sums(whole ? 0 : count);
    for (auto &part : parts_) {
        if (!run_part(part, g, x + part.input, gradient + part.gradient,
                      packed, kernel, scratch))
            return false;
        for (long i = 0; !whole && i < count; ++i) sums[i] += kernel[i];
    }
    for (long i = 0; !whole && i < count; ++i) kernel[i] = float(sums[i]);
    return true;
}

} // namespace flipconv
