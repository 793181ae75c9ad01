// Kernels rounded to bfloat16, in the order that a primitive wants.
#pragma once

#include "kernels/layout.hpp"

namespace flipconv {

class HalfKernel : public KernelPacking {
public:
    // axes of `layout`: (groups,) output and input channels, spatial
    HalfKernel(const dnnl::memory::desc &layout, bool grouped);

    void pack(const fc_array &kernel, bool flip, const float *scale,
              long scales, float *packed) const override;
    size_t bytes() const override { return layout_.get_size(); }
    bool same(const KernelPacking &other) const override;
    bool finite(const float *packed) const override;

private:
    dnnl::memory::desc layout_, plain_; // plain: float32, outputs side by side
    KernelLayout to_plain_;
};

} // namespace flipconv
