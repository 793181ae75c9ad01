// Matrix products with one packed factor.
#pragma once

#include "vectors.hpp"

namespace flipconv {

// Columns of a panel: with some rows, their sums fill the registers.
#ifdef __AVX512F__
constexpr int PANEL = 4 * WIDTH;
#else
constexpr int PANEL = 2 * WIDTH;
#endif

constexpr int ROWS = 6; // at once; what a panel leaves of the registers

// Set to[row][column] to the sum over k of a[row][k] * panel[k][column].
//
// `columns` is a multiple of WIDTH, at most PANEL; the rows of the panel lie
// side by side. Each sum is taken in the order of k, so that the result does
// not depend on the number of rows, nor on that of threads.
void multiply(const float *a, long a_stride, const float *panel, long length,
              float *to, long to_stride, long rows, int columns);

#ifdef __AVX512BF16__
// The same of bfloat16, the sums of float32. `length` is even; in the panel
// each column of a row lies beside that of the next.
void multiply(const Half *a, long a_stride, const Half *panel, long length,
              float *to, long to_stride, long rows, int columns);
#endif

} // namespace flipconv
