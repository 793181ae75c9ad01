// Winograd's algorithm for one size of tile and one type of value.
#pragma once

#include <algorithm>

#include "base/memory.hpp"
#include "products/products.hpp"
#include "winograd/rule.hpp"
#include "winograd/tiles.hpp"
#include "winograd/winograd.hpp"

namespace flipconv {

template <int M, class Value>
class Tiled : public Winograd {
public:
    explicit Tiled(const Sizes &sizes)
        : e_(sizes), down_((e_.height.output + M - 1) / M),
          across_((e_.width.output + M - 1) / M),
          tiles_(e_.batch * down_ * across_),
          row_(e_.depth.input * e_.inputs + GAP), sum_row_(e_.outputs + GAP) {}

    size_t bytes() const override {
        return SQUARE * e_.outputs * e_.taps * e_.inputs * sizeof(Value);
    }
    std::string name() const override {
        auto m = std::to_string(M);
        return "winograd " + m + "x" + m + (HALF ? " bf16" : "");
    }
    bool same(const KernelPacking &other) const override {
        return dynamic_cast<const Tiled *>(&other);
    }
    void pack(const fc_array &kernel, bool flip, const float *scale,
              long scales, float *packed) const override;
    bool run(const float *x, const float *packed, const Epilogue &epilogue,
             float *y, Scratch &scratch) const override;
    bool is_costly() const override { return e_.keeps(long(bytes())); }
    bool packs_on_the_way() const override {
        return !is_costly() && tiles_ <= FEW;
    }
    bool run(const float *x, const fc_array &kernel, bool flip,
             const Epilogue &epilogue, float *y,
             Scratch &scratch) const override;

private:
    static constexpr int EDGE = M + 2, SQUARE = EDGE * EDGE;
    static constexpr bool HALF = sizeof(Value) < sizeof(float);
    static constexpr int ROWS_AT_ONCE = HALF ? 2 : 1; // of a panel

    // Rows a power of two apart would share a few sets of the caches.
    static constexpr long GAP = 16; // values

    // Tiles whose sums are added up in memory, with one part of a kernel after
    // the other, sooner than with all of it; and bytes of such a part.
    static constexpr long FEW = M == 2 ? 512 : 64, BLOCK = 512 << 10;

    static constexpr long TEAM_CHUNK = 16 << 20; // bytes of all threads together

    // Some tiles, and the memory for them. At each position of a tile there
    // is a matrix of inputs, (tiles, depth x channels), and one of sums,
    // (output depth x tiles, channels).
    struct Chunk {
        long first, tiles;
        Value *inputs;
        float *sums;
        long input_step, sum_step; // from one position to the next
        long sum_row;              // and from one row of sums
    };
    struct Corner { // of a tile, in the output
        long image, top, left;
    };
    struct Channels { // of outputs or inputs
        long first, count;
    };
    struct Part { // of a kernel, packed
        Value *values;
        Channels outputs, inputs;
        long step; // from one position of a tile to the next
    };
    struct Data { // of one run
        const float *x, *zeros;
        const Value *packed; // or
        const OutputVectors *kernel;
        bool flip;
        const Epilogue *epilogue;
        float *y;
    };

    Corner corner(long tile) const {
        return {tile / (down_ * across_), tile / across_ % down_ * M,
                tile % across_ * M};
    }
    // The values of a panel begin, of each position, after those before it.
    Part part_of(Value *packed, long panel) const {
        const long first = panel * PANEL;
        return {packed + first * e_.taps * e_.inputs,
                {first, std::min<long>(PANEL, e_.outputs - first)},
                {0, e_.inputs}, e_.outputs * e_.taps * e_.inputs};
    }
    long bytes_per_tile() const {
        return SQUARE * (row_ * sizeof(Value)
                         + e_.depth.output * sum_row_ * sizeof(float));
    }
    Data data_of(const float *x, const Epilogue &, float *y, Scratch &) const;
    bool as_team(long threads) const;
    long tiles_per_chunk(long bytes, long threads) const;
    Chunk place(void *memory, long tiles) const;
    size_t bytes_of(const Chunk &) const;
    void pack_outputs(const OutputVectors &kernel, bool flip, long output,
                      Vector factor, const Part &) const;
    void pack_rows(const Vector *kernel, Vector factor, long tap, long input,
                   long output, const Part &) const;
    void pointers(const Data &, Corner, long depth, const float **from) const;
    void transform_inputs(const Data &, const Chunk &, Share) const;
    void multiply_position(const Chunk &, const Part &, long position,
                           float *sums, Ahead &) const;
    void multiply_all(const Data &, const Chunk &, Share) const;
    bool transform_sums(const Data &, const Chunk &, const Channels &,
                        Share) const;
    Vector transform_sum(const Data &, const float *sums, long step,
                         const Channels &, Corner, long depth) const;
    bool run_as_team(const Data &, Chunk) const;
    bool run_alone(const Data &, Chunk) const;

    long panels(long threads) const;
    Channels panel_of(long number, long panels) const;
    long inputs_at_once() const;
    bool run_by_panels(const Data &, Chunk, Value *packed) const;
    void multiply_panel(const Data &, const Chunk &, const Channels &outputs,
                        Value *packed) const;
    void fetch(const Data &, const Channels &outputs, long input,
               Ahead &) const;

    const Extent e_;
    const long down_, across_, tiles_; // numbers of tiles
    const long row_, sum_row_;         // lengths of rows
};

// At the end of each file that defines members: those are compiled there.
#ifdef __AVX512BF16__
#define FLIPCONV_COMPILE_TILED                                                \
    template class Tiled<2, float>;                                           \
    template class Tiled<4, float>;                                           \
    template class Tiled<2, Half>;
#else
#define FLIPCONV_COMPILE_TILED                                                \
    template class Tiled<2, float>;                                           \
    template class Tiled<4, float>;
#endif

} // namespace flipconv
