// Convolutions that oneDNN computes: how they are described to it.
#pragma once

#include <memory>
#include <string>

#include "kernels/layout.hpp"
#include "lines/lines.hpp"
#include "onednn/half_kernel.hpp"
#include "onednn/onednn.hpp"
#include "operands/geometry.hpp"
#include "winograd/winograd.hpp"

namespace flipconv {

struct Convolution { // ready to run for the shapes of one call
    std::shared_ptr<Winograd> winograd; // or
    std::shared_ptr<Lines> lines;       // or
    dnnl::primitive primitive;
    dnnl::memory::desc input, kernel, output, scratch;
    std::shared_ptr<KernelLayout> layout; // or, of bfloat16,
    std::shared_ptr<HalfKernel> half;
    bool fused; // the primitive itself does what follows it
    bool last_resort = false; // it may be the reference implementation
    bool careful = false; // right for what is not finite, too
    std::string name;

    std::shared_ptr<const KernelPacking> packing() const {
        if (half) return half;
        return layout;
    }
};

// A convolution, or a gradient, that oneDNN computes; one that is careful has
// no padding, and leaves what follows to Epilogue.
std::shared_ptr<Convolution> make_direct(Kind kind, const Geometry &geometry,
                                         const Sizes &sizes,
                                         bool careful = false);

// A convolution of bfloat16, null if oneDNN has none that is fast.
std::shared_ptr<Convolution> make_half(const Geometry &geometry,
                                       const Sizes &sizes);

} // namespace flipconv
