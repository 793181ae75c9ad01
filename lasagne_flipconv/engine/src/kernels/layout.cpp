#include "kernels/layout.hpp"

#include <algorithm>
#include <cstring>

#include "operands/finite.hpp"
#include "threads/each.hpp"

namespace flipconv {

namespace {

constexpr long TILE = 16; // channels that are moved together stay in cache

// The term of each index of one axis in the offset of a value.
std::vector<long> terms_of_axis(const dnnl::memory::desc &layout, int axis) {
    auto blocks = layout.get_inner_blks();
    auto of_axis = layout.get_inner_idxs();
    long size = layout.get_dims()[axis], block = 1;
    for (size_t i = 0; i < blocks.size(); ++i)
        if (of_axis[i] == axis) block *= blocks[i];
    std::vector<long> terms(size);
    for (long index = 0; index < size; ++index) {
        long term = index / block * layout.get_strides()[axis];
        long rest = index % block, left = block, stride = 1;
        for (auto b : blocks) stride *= b;
        for (size_t i = 0; i < blocks.size(); ++i) { // from outer to inner
            stride /= blocks[i];
            if (of_axis[i] != axis) continue;
            left /= blocks[i];
            term += rest / left * stride;
            rest %= left;
        }
        terms[index] = term;
    }
    return terms;
}

} // namespace

KernelLayout::KernelLayout(const dnnl::memory::desc &layout, bool grouped)
    : layout_(layout),
      has_padding_(layout.get_padded_dims() != layout.get_dims()),
      group_(1, 0), place_(1, 0) {
    int axis = 0, axes = layout.get_ndims();
    if (grouped) group_ = terms_of_axis(layout, axis++);
    output_ = terms_of_axis(layout, axis++);
    input_ = terms_of_axis(layout, axis++);
    for (; axis < axes; ++axis) {
        std::vector<long> longer;
        for (long before : place_)
            for (long term : terms_of_axis(layout, axis))
                longer.push_back(before + term);
        place_ = longer;
    }
    groups_ = group_.size();
    outputs_ = output_.size();
    inputs_ = input_.size();
}

bool KernelLayout::same(const KernelPacking &other) const {
    auto *layout = dynamic_cast<const KernelLayout *>(&other);
    return layout && layout->layout_ == layout_;
}

bool KernelLayout::finite(const float *packed) const {
    return all_finite(packed, bytes() / sizeof(float));
}

// Call move(group, first and end of output and input channels), in parallel.
template <class Move>
void KernelLayout::for_each_tile(const Move &move) const {
    long rows = (outputs_ + TILE - 1) / TILE;
    long columns = (inputs_ + TILE - 1) / TILE;
    long tiles = groups_ * rows * columns;
    long values = groups_ * outputs_ * inputs_ * long(place_.size());
    each(tiles, values > 8192, [&](long tile) {
        long o = tile / columns % rows * TILE, i = tile % columns * TILE;
        move(tile / (rows * columns), o, std::min(o + TILE, outputs_), i,
             std::min(i + TILE, inputs_));
    });
}

namespace {

float at_bytes(const char *values) {
    return *reinterpret_cast<const float *>(values);
}

} // namespace

void KernelLayout::pack(const fc_array &kernel, bool flip, const float *scale,
                        long scales, float *packed) const {
    if (has_padding_) memset(packed, 0, bytes());
    std::vector<float> factors(groups_ * outputs_, 1.f);
    if (scale)
        for (size_t o = 0; o < factors.size(); ++o)
            factors[o] = scale[scales == 1 ? 0 : o];
    auto from = places_of(kernel, flip);
    auto to = offsets_of_output(flip);
    OutputVectors vectors(kernel);
    for_each_tile([&](long g, long o0, long o1, long i0, long i1) {
        const float *factor = &factors[g * outputs_];
        bool line = o1 - o0 == TILE // the usual order
                && output_[o1 - 1] - output_[o0] == TILE - 1;
        for (long o = o0; line && o < o1; o += WIDTH)
            pack_line(vectors, g, o, i0, i1, to.data(), factor, packed);
        if (line) return;
        for (long i = i0; i < i1; ++i)
            for (long p = 0; p < long(from.size()); ++p) {
                auto *at = static_cast<const char *>(kernel.data) + from[p]
                        + i * kernel.strides[1]
                        + (g * outputs_ + o0) * kernel.strides[0];
                for (long o = o0; o < o1; ++o, at += kernel.strides[0])
                    packed[group_[g] + input_[i] + place_[p] + output_[o]]
                            = at_bytes(at) * factor[o];
            }
    });
}

// Pack WIDTH outputs that lie side by side.
void KernelLayout::pack_line(const OutputVectors &vectors, long group, long o,
                             long i0, long i1, const long *offsets,
                             const float *factors, float *packed) const {
    long places = place_.size(), end = i1 * places;
    float *to = packed + group_[group] + output_[o];
    Vector factor = load(factors + o), columns[WIDTH];
    for (long k = i0 * places; k < end; k += WIDTH) {
        long count = std::min<long>(WIDTH, end - k);
        vectors.read(group * outputs_ + o, k, count, columns);
        if (count == WIDTH)
#pragma GCC unroll 16
            for (int j = 0; j < WIDTH; ++j)
                store(to + offsets[k + j], columns[j] * factor);
        else
            for (int j = 0; j < count; ++j)
                store(to + offsets[k + j], columns[j] * factor);
    }
}

// Where the values of one output lie, in the order of a kernel.
std::vector<long> KernelLayout::offsets_of_output(bool flip) const {
    auto places = place_;
    if (flip) std::reverse(places.begin(), places.end());
    std::vector<long> offsets;
    for (long input : input_)
        for (long place : places) offsets.push_back(input + place);
    return offsets;
}

void KernelLayout::unpack(const float *packed, bool flip,
                          float *kernel) const {
    long places = place_.size();
    for_each_tile([&](long g, long o0, long o1, long i0, long i1) {
        for (long o = o0; o < o1; ++o)
            for (long i = i0; i < i1; ++i) {
                float *to = kernel
                        + ((g * outputs_ + o) * inputs_ + i) * places;
                const float *at = packed + group_[g] + output_[o] + input_[i];
                for (long p = 0; p < places; ++p)
                    to[flip ? places - 1 - p : p] = at[place_[p]];
            }
    });
}

} // namespace flipconv
