// Kernels on their way into the order that a primitive wants, and back.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "common.hpp"

namespace flipconv {

// Where the values of a kernel lie in memory that oneDNN laid out.
//
// In such memory the offset of a value is a sum of one term per axis, however
// the axes are blocked; so a table per axis is all there is to know. Reversing
// the spatial axes and scaling the output channels happens on the way, which
// makes both free.
class KernelLayout {
public:
    // axes of `layout`: (groups,) output and input channels, spatial
    KernelLayout(const dnnl::memory::desc &layout, bool grouped);

    // kernel: axes (output channels, input channels per group, *spatial);
    // scale: null, or one factor per output channel, or one for all
    void pack(const fc_array &kernel, bool flip, const float *scale,
              long scales, float *packed) const;
    void unpack(const float *packed, bool flip, float *kernel) const;

    size_t bytes() const { return bytes_; }

private:
    template <class Move>
    void for_each_tile(const Move &move) const;

    size_t bytes_;
    bool has_padding_;
    long groups_, outputs_, inputs_;
    std::vector<long> group_, output_, input_, place_; // offsets
};

} // namespace flipconv
