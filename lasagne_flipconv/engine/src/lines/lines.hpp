// Convolution as products of matrices, along the lines of its output.
#pragma once

#include <memory>
#include <string>

#include "base/memory.hpp"
#include "kernels/packing.hpp"
#include "operands/epilogue.hpp"
#include "products/products.hpp"

namespace flipconv {

// Channels last, what a position of the output sums up lies in pieces: one for
// each place of the kernel, or one for each of its lines. From one position of
// a line to the next, all pieces move by the same distance. So the positions
// of a line are rows of a matrix that need not be copied, with zeros of the
// padding around the input.
//
// The kernel is put into order on the way, a panel of output channels at a
// time, which stays in the cache of the thread that multiplies it: it is read
// once, and nobody has to look whether it has changed. For few positions that
// would take longer than to multiply it: it is read as it lies, and the inputs
// are copied in its order.
class Lines : public KernelPacking {
public:
    // Null where it would not pay, or where it cannot be done.
    static std::shared_ptr<Lines> make(const Geometry &geometry,
                                       const Sizes &sizes);

    // x: (batch, *spatial, channels); y likewise; kernel, flip: as of pack();
    // packed: by pack(), or null
    // Return false, and leave y in any state, where a kernel that it packed is
    // not finite, and this may be due to the scale.
    bool run(const float *x, const fc_array &kernel, bool flip,
             const float *packed, const Epilogue &epilogue, float *y,
             Scratch &scratch) const;

    void pack(const fc_array &kernel, bool flip, const float *scale,
              long scales, float *packed) const override;
    size_t bytes() const override;
    bool same(const KernelPacking &other) const override;
    bool finite(const float *packed) const override;
    std::string name() const { return "lines"; }

private:
    struct Axis {
        long input, output, kernel, stride, dilation, before, after;
        // positions of the input under `count` of the output
        long reach(long count) const {
            return (count - 1) * stride + (kernel - 1) * dilation + 1;
        }
    };
    struct Block { // of input channels, whose panel is packed at a time
        long first, channels;
    };
    struct Group { // of outputs whose inputs stay in a cache
        long image, images, depth, depths, height, heights;
        long sharers; // threads among which its chunks are divided
        long lines() const { return images * depths * heights; }
    };
    struct Slab { // the inputs of a group, with zeros around
        const float *values;
        long image, slice, line; // how far from one to the next
    };
    struct Chunk { // outputs next to one another, in one line or more
        static constexpr long MOST = 17 * ROWS; // half of 14 x 14 fits
        Chunk(const Lines &, const Group &, const Slab &, long number);

        const float *values; // of the input
        long first, count;   // outputs
        long begins[MOST];   // of each in the input
    };
    struct Data { // of one run
        const float *x;
        const OutputVectors *kernel;
        bool flip;
        const float *packed; // or null
        const Epilogue *epilogue;
        float *y;
    };

    // Positions of the output for each thread from which on these are divided
    // among them, instead of the kernel, which all read then. The narrower its
    // panels are, the more often the inputs would be read for them.
    static constexpr long ALIKE = WIDTH < 16 ? 48 : 192;

    // Positions of the output for which the kernel is not put into order, but
    // read as it lies.
    static constexpr long FEW = WIDTH < 16 ? 12 : 16;

    Lines(const Geometry &geometry, const Sizes &sizes);
    static bool pays(const Geometry &geometry, const Sizes &sizes);
    void set_blocks();

    long places() const {
        return depth_.kernel * height_.kernel * width_.kernel;
    }
    long panels() const;
    long first_vector(long panel) const; // of a panel, or of the one after
    long width_of(long panel) const;
    long terms_at_once() const { return blocks_[0].channels * places(); }
    bool pack_all(const OutputVectors &kernel, bool flip, const float *scale,
                  long scales, float *packed) const;
    std::vector<int> rows_of(const Block &, bool flip) const;
    bool pack_panel(const OutputVectors &kernel, bool flip, const float *scale,
                    long scales, long panel, const Block &,
                    float *packed) const;
    std::vector<Group> groups_of(long bytes, long sharers) const;
    long lines_under(const Group &) const; // of the input
    long most_lines(const std::vector<Group> &) const;
    long chunks_of(const Group &) const;
    void fill(const Group &, const float *x, long line, float *zeroed) const;
    Slab slab_of(const Group &, const float *x, const float *zeroed) const;
    const float *packed_part(const Data &, long panel, const Block &) const;

    void gather(const Data &, long position, float *terms) const;
    void run_by_dots(const Data &, const float *kernel, Scratch &) const;
    void run_by_chunks(const Data &, Scratch &) const;
    bool run_by_panels(const Data &, Scratch &) const;
    void multiply_chunks(const Data &, const Group &, const Slab &, long begin,
                         long end) const;
    long part_at(long vectors, long chunks) const;
    bool multiply_panels(const Data &, const Group &, const Slab &,
                         float *memory) const;
    void multiply_chunk(const Data &, const Chunk &, long panel,
                        const Block &, const float *packed, Ahead &) const;
    void fetch_next(const Data &, const Chunk &next, Ahead &) const;
    void fetch_next(const Data &, long panel, const Block &, Ahead &) const;

    long batch_, inputs_, outputs_, positions_;
    Axis depth_, height_, width_;
    bool padded_;
    long row_;  // values of a line of the slab
    long length_; // of a piece; 0: the channels of a block
    std::vector<long> offsets_; // of the pieces of a block's first position
    std::vector<Block> blocks_;
    struct {
        std::vector<int> straight, reversed;
    } rows_, last_rows_; // in a panel, of all blocks and of the last one
};

} // namespace flipconv
