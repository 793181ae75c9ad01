// How a kernel slides, and the sizes that follow from it.
#pragma once

#include <vector>

#include "base/params.hpp"
#include "engine.h"


namespace flipconv {

struct Geometry { // of an Op
    Geometry(Kind kind, Params &params);

    int axes; // spatial ones, 1 to 3
    long groups;
    bool flip;
    enum { GIVEN, HALF, FULL } border;
    const long *stride, *dilation, *pad_before, *pad_after;
    // of the forward convolution only: what follows it
    bool scale = false, bias = false, residual = false;
    enum { NOTHING = 0, RELU = 1, ELU = 2, POSITIVE = 3 };
    long activation = NOTHING;
    float slope = 0; // of a leaky ReLU; of an ELU, the factor
    bool half = false; // products of bfloat16, sums of float32
    bool frozen = false; // the kernel is that of the first call

    const char *where;
};

struct Sizes { // of one call
    long batch, inputs, outputs;
    std::vector<long> input, kernel, output; // spatial
    std::vector<long> before, after;         // padding

    bool nothing_to_sum() const; // no value is the product of anything
};

// Raise unless the arrays fit the geometry and one another.
Sizes sizes_of(Kind kind, const Geometry &geometry, const fc_array *in);

} // namespace flipconv
