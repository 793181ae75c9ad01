// What infinite values and not-a-numbers ask for.
//
// Zero times one of them is not zero. Where Theano pads, it multiplies by the
// zeros; oneDNN leaves them out. So where it matters they are put there.
#pragma once

#include "base/memory.hpp"
#include "operands/geometry.hpp"

namespace flipconv {

bool all_finite(const float *values, long count);

bool has_padding(const Sizes &sizes);

// Whether a gradient (batch, *spatial, channels) is finite wherever the kernel
// reaches into the padding.
bool finite_at_padding(const Geometry &geometry, const Sizes &sizes,
                       const float *gradient);

// The same convolution of an input that has the zeros in it.
Sizes unpadded(const Sizes &sizes);
const float *with_zeros(const Sizes &sizes, const float *x, Scratch &scratch);

} // namespace flipconv
