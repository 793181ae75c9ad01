#include "lines/lines.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/settings.hpp"
#include "operands/finite.hpp"
#include "products/products.hpp"

namespace flipconv {

namespace {

constexpr long FLOAT = sizeof(float);
constexpr long TERMS = 512;       // of a sum, whose panel is packed at a time

} // namespace

// Which part of the products is not with zeros of the padding.
static double inside(const Geometry &g, const Sizes &s) {
    double part = 1;
    for (int i = 0; i < g.axes; ++i) {
        long count = 0;
        for (long tap = 0; tap < s.kernel[i]; ++tap)
            for (long at = 0; at < s.output[i]; ++at) {
                long place = at * g.stride[i] + tap * g.dilation[i]
                        - s.before[i];
                count += place >= 0 && place < s.input[i];
            }
        part *= double(count) / (s.kernel[i] * s.output[i]);
    }
    return part;
}

// With few output channels or terms, sums wait for one another, and their end
// counts. oneDNN leaves out what is zero because of the padding; a kernel that
// stays in the caches costs it little, unless it is used for few outputs.
bool Lines::pays(const Geometry &g, const Sizes &s) {
    constexpr double MOST = .95;
    constexpr long OUTPUTS = 2 * WIDTH, FEWEST = 64, KERNEL = 2 << 20;
    long terms = s.inputs, positions = s.batch;
    for (long size : s.kernel) terms *= size;
    for (long size : s.output) positions *= size;
    return s.outputs >= OUTPUTS && terms >= FEWEST
            && (terms * s.outputs * FLOAT > KERNEL || positions <= FEW
                || inside(g, s) > MOST);
}

std::shared_ptr<Lines> Lines::make(const Geometry &g, const Sizes &s) {
#ifdef __AVX2__ // without, vectors would be emulated
    static const bool off = switched_off("LASAGNE_FLIPCONV_LINES");
    if (!off && g.groups == 1 && s.outputs % WIDTH == 0 && pays(g, s))
        return std::shared_ptr<Lines>(new Lines(g, s));
#endif
    return nullptr;
}

Lines::Lines(const Geometry &g, const Sizes &s)
    : batch_(s.batch), inputs_(s.inputs), outputs_(s.outputs) {
    auto axis = [&](int i) { // counted from the last one
        int at = g.axes - 1 - i;
        if (at < 0) return Axis{1, 1, 1, 1, 1, 0, 0};
        return Axis{s.input[at], s.output[at], s.kernel[at], g.stride[at],
                    g.dilation[at], s.before[at], s.after[at]};
    };
    width_ = axis(0);
    height_ = axis(1);
    depth_ = axis(2);
    positions_ = batch_ * depth_.output * height_.output * width_.output;
    padded_ = false;
    for (auto *a : {&depth_, &height_, &width_})
        padded_ |= a->before > 0 || a->after > 0;
    row_ = inputs_ * (width_.before + width_.input + width_.after);
    set_blocks();
}

// All channels at once, whose pieces are lines of the kernel where nothing
// lies between; or parts of them.
void Lines::set_blocks() {
    const long terms = places() > 1 ? 2 * TERMS : TERMS;
    long most = std::max(long(WIDTH), terms / places() / WIDTH * WIDTH);
    bool whole = inputs_ * places() <= 2 * TERMS || inputs_ <= most;
    long count = whole ? 1 : parts_of(inputs_, most);
    long each = parts_of(inputs_, count);
    if (!whole) each = parts_of(each, WIDTH) * WIDTH;
    for (long first = 0; first < inputs_; first += each)
        blocks_.push_back({first, std::min(each, inputs_ - first)});
    auto both = [&](const Block &block) {
        return decltype(rows_){rows_of(block, false), rows_of(block, true)};
    };
    rows_ = both(blocks_[0]);
    last_rows_ = both(blocks_.back());
    bool lines = whole && width_.dilation == 1;
    length_ = lines ? width_.kernel * inputs_ : 0;
    long plane = row_ * (padded_ ? height_.reach(height_.output)
                                 : height_.input);
    for (long z = 0; z < depth_.kernel; ++z)
        for (long y = 0; y < height_.kernel; ++y)
            for (long x = 0; x < (lines ? 1 : width_.kernel); ++x)
                offsets_.push_back(z * depth_.dilation * plane
                                   + y * height_.dilation * row_
                                   + x * width_.dilation * inputs_);
}

// --- the kernel --------------------------------------------------------------

// Panels of nearly one width, so that no narrow one is left.
long Lines::panels() const { return parts_of(outputs_, PANEL); }

long Lines::first_vector(long panel) const {
    return outputs_ / WIDTH * panel / panels();
}

long Lines::width_of(long panel) const {
    return (first_vector(panel + 1) - first_vector(panel)) * WIDTH;
}

size_t Lines::bytes() const {
    return outputs_ * inputs_ * places() * sizeof(float);
}

bool Lines::same(const KernelPacking &other) const {
    auto *lines = dynamic_cast<const Lines *>(&other);
    return lines && lines->length_ == length_;
}

// In which row of a panel each value of a block lies, in the order of a kernel.
std::vector<int> Lines::rows_of(const Block &block, bool flip) const {
    std::vector<int> rows;
    rows.reserve(block.channels * places());
    for (long channel = 0; channel < block.channels; ++channel)
        for (long p = 0; p < places(); ++p)
            rows.push_back((flip ? places() - 1 - p : p) * block.channels
                           + channel);
    return rows;
}

// Return whether all is finite.
bool Lines::pack_panel(const OutputVectors &kernel, bool flip,
                       const float *scale, long scales, long panel,
                       const Block &block, float *packed) const {
    const auto &both = &block == &blocks_.back() ? last_rows_ : rows_;
    const auto &rows = flip ? both.reversed : both.straight;
    const long count = rows.size(), start = block.first * places();
    const long first = first_vector(panel), width = width_of(panel);
    Vector check = {};
    for (long v = 0; v < width; v += WIDTH) {
        long output = first * WIDTH + v;
        const Vector factor = factors_of(scale, scales, output);
        Vector columns[WIDTH];
        for (long k = 0; k < count; k += WIDTH) {
            long some = std::min<long>(WIDTH, count - k);
            kernel.read(output, start + k, some, columns);
            for (long j = 0; j < some; ++j) {
                const Vector value = columns[j] * factor;
                store(packed + rows[k + j] * width + v, value);
                check += value - value;
            }
        }
    }
    return all_zero(check);
}

void Lines::pack(const fc_array &kernel, bool flip, const float *scale,
                 long scales, float *packed) const {
    pack_all(OutputVectors(kernel), flip, scale, scales, packed);
}

bool Lines::pack_all(const OutputVectors &kernel, bool flip,
                     const float *scale, long scales, float *packed) const {
    const long terms = inputs_ * places();
    bool finite = true;
#pragma omp parallel for schedule(static) reduction(&& : finite)
    for (long panel = 0; panel < panels(); ++panel)
        for (auto &block : blocks_)
            finite &= pack_panel(
                    kernel, flip, scale, scales, panel, block,
                    packed + first_vector(panel) * WIDTH * terms
                            + block.first * places() * width_of(panel));
    return finite;
}

bool Lines::finite(const float *packed) const {
    return all_finite(packed, bytes() / FLOAT);
}

} // namespace flipconv
