// What a kernel becomes before a convolution reads it.
#pragma once

#include "common.hpp"

namespace flipconv {

// An order of a kernel's values, or other values computed from them.
// Reversing the spatial axes and scaling the output channels happens on the
// way, which makes both free.
class KernelPacking {
public:
    virtual ~KernelPacking() = default;

    // kernel: axes (output channels, input channels per group, *spatial);
    // scale: null, or one factor per output channel, or one for all
    virtual void pack(const fc_array &kernel, bool flip, const float *scale,
                      long scales, float *packed) const = 0;
    virtual size_t bytes() const = 0; // of the result

    // Whether all that was packed is finite, for those who have to know.
    virtual bool finite(const float *) const { return true; }

    // Whether both make the same of a kernel; its shape is the same.
    virtual bool same(const KernelPacking &other) const = 0;
};

// Bytes from the begin of a kernel to each of its places, in C order; in reverse
// if it is flipped.
std::vector<long> places_of(const fc_array &kernel, bool flip);

} // namespace flipconv
