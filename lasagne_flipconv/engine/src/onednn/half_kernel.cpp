#include "onednn/half_kernel.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "onednn/onednn.hpp"

namespace flipconv {

using dnnl::memory;

namespace {

// Float32, the output channels side by side, then the inputs, then the places.
memory::desc plain_order(const memory::desc &layout, bool grouped) {
    auto dims = layout.get_dims();
    memory::dims strides(dims.size());
    size_t output = grouped ? 1 : 0, axes = dims.size();
    long step = 1;
    strides[output] = step;
    strides[output + 1] = step *= dims[output];
    step *= dims[output + 1];
    for (size_t axis = axes; axis-- > output + 2; step *= dims[axis])
        strides[axis] = step;
    if (grouped) strides[0] = step;
    return memory::desc(dims, memory::data_type::f32, strides);
}

} // namespace

HalfKernel::HalfKernel(const memory::desc &layout, bool grouped)
    : layout_(layout), plain_(plain_order(layout, grouped)),
      to_plain_(plain_, grouped) {}

void HalfKernel::pack(const fc_array &kernel, bool flip, const float *scale,
                      long scales, float *packed) const {
    std::unique_ptr<float, decltype(&free)> plain(
            static_cast<float *>(aligned(plain_.get_size())), free);
    to_plain_.pack(kernel, flip, scale, scales, plain.get());
    reorder(memory(plain_, cpu(), plain.get()),
            memory(layout_, cpu(), packed));
}

bool HalfKernel::same(const KernelPacking &other) const {
    auto *half = dynamic_cast<const HalfKernel *>(&other);
    return half && half->layout_ == layout_;
}

bool HalfKernel::finite(const float *packed) const {
    constexpr uint16_t EXPONENT = 0x7f80; // all of it set: not finite
    auto *values = reinterpret_cast<const uint16_t *>(packed);
    long count = bytes() / sizeof *values;
    int other = 0;
    for (long i = 0; i < count; ++i)
        other |= (values[i] & EXPONENT) == EXPONENT;
    return !other;
}

} // namespace flipconv
