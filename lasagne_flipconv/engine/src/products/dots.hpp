// Sums of products of few rows and a kernel that is read as it lies.
#pragma once

#include "operands/epilogue.hpp"

namespace flipconv {

struct Dots {
    const float *rows;   // (count, terms)
    long count, terms;
    const float *kernel; // (outputs, terms)
    long apart;          // from one output of it to the next
    long outputs;        // from one row of the result to the next
    const Epilogue *epilogue;

    // Set y[row][output], of the outputs from `begin` to `end`, both multiples
    // of WIDTH, to the sums over the terms, and do what follows a convolution.
    void run(long begin, long end, float *y) const;

private:
    void finish(Vector *sums, long row, long output, float *y) const;
};

} // namespace flipconv
