// What a convolution Op does with the result of its convolution.
#pragma once

#include "base/memory.hpp"
#include "base/vectors.hpp"
#include "operands/geometry.hpp"

namespace flipconv {

struct Epilogue {
    // `in`: the inputs of the Op that follow the kernel
    Epilogue(const Geometry &geometry, const Sizes &sizes, const fc_array *in,
             Scratch &scratch);
    Epilogue() = default; // nothing

    const float *scale = nullptr; // of output channels; part of the kernel
    long scales = 0;              // one, or as many as channels
    const float *bias = nullptr, *residual = nullptr;
    long activation = Geometry::NOTHING;
    float slope = 0;

    // Not-a-number stays, but in what is `value > 0 ? value : 0`.
    float activated(float value) const;
    Vector activated(Vector value) const {
        if (is_function()) return of_function(value);
        return is_relu() ? rectified(value) : value;
    }
    static Vector rectified(Vector value) {
        return value < 0 ? Vector{} : value;
    }
    bool is_relu() const { // without a slope: a comparison with zero
        return activation == Geometry::RELU && slope == 0;
    }
    bool is_function() const { // which takes more than that
        return activation != Geometry::NOTHING && !is_relu();
    }

    // Do it to the result of a convolution, in place; to scale it as well is
    // for kernels that are not scaled.
    void apply(const Sizes &sizes, float *y, bool rescale = false) const;

private:
    Vector of_function(Vector value) const;
};

} // namespace flipconv
