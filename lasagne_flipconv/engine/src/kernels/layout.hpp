// Kernels on their way into the order that a primitive wants, and back.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "kernels/packing.hpp"

namespace flipconv {

// Where the values of a kernel lie in memory that oneDNN laid out.
//
// In such memory the offset of a value is a sum of one term per axis, however
// the axes are blocked; so a table per axis is all there is to know.
class KernelLayout : public KernelPacking {
public:
    // axes of `layout`: (groups,) output and input channels, spatial
    KernelLayout(const dnnl::memory::desc &layout, bool grouped);

    void pack(const fc_array &kernel, bool flip, const float *scale,
              long scales, float *packed) const override;
    size_t bytes() const override { return layout_.get_size(); }
    bool same(const KernelPacking &other) const override;
    bool finite(const float *packed) const override;
    bool is_costly() const override { return false; }

    void unpack(const float *packed, bool flip, float *kernel) const;

private:
    template <class Move>
    void for_each_tile(const Move &move) const;
    void pack_line(const OutputVectors &vectors, long group, long output,
                   long input, long end, const long *offsets,
                   const float *factors, float *packed) const;
    std::vector<long> offsets_of_output(bool flip) const;

    dnnl::memory::desc layout_;
    bool has_padding_;
    long groups_, outputs_, inputs_;
    std::vector<long> group_, output_, input_, place_; // offsets
};

} // namespace flipconv
