// What a kernel becomes before a convolution reads it.
#pragma once

#include <cstddef>
#include <vector>

#include "base/vectors.hpp"
#include "engine.h"

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

    // Whether it takes much longer than to read the kernel.
    virtual bool is_costly() const { return true; }

    // Whether both make the same of a kernel; its shape is the same.
    virtual bool same(const KernelPacking &other) const = 0;
};

// The factors of WIDTH outputs from one on; scale, scales: as of pack().
inline Vector factors_of(const float *scale, long scales, long output) {
    Vector factors;
    for (int i = 0; i < WIDTH; ++i)
        factors[i] = scale ? scale[scales == 1 ? 0 : output + i] : 1;
    return factors;
}

// Bytes from the begin of a kernel to each of its places, in C order; in reverse
// if it is flipped.
std::vector<long> places_of(const fc_array &kernel, bool flip);

// Reads a kernel as vectors of WIDTH output channels. What lies side by side
// is of one output; a square of such rows, transposed, is of all.
class OutputVectors {
public:
    explicit OutputVectors(const fc_array &kernel);

    // The number of values of one output: input channels times places.
    long length() const { return length_; }

    bool in_c_order() const { return in_c_order_; }

    // Where those of one output begin, if they are in C order.
    const float *values(long output) const {
        return static_cast<const float *>(kernel_.data) + output * length_;
    }

    // Set columns[j] to the values number `at` + j, in C order, of the outputs
    // from `output` on; `count` is at most WIDTH.
    void read(long output, long at, long count, Vector *columns) const {
        if (!in_c_order_ || count < WIDTH)
            return gather(output, at, count, columns);
        auto *from = static_cast<const float *>(kernel_.data)
                + output * length() + at;
        for (int i = 0; i < WIDTH; ++i, from += length()) {
            columns[i] = load(from);
            __builtin_prefetch(from + 64); // rows far apart, read in turns
        }
        transpose(columns);
    }

private:
    void gather(long output, long at, long count, Vector *columns) const;

    const fc_array &kernel_;
    const bool in_c_order_;
    long length_;
    std::vector<long> offsets_; // in bytes, of the values of one output, if
                                // these are not in C order
};

} // namespace flipconv
