#include "winograd.hpp"

#include <omp.h>

#include <algorithm>
#include <cstdlib>

#include "products.hpp"
#include "winograd_rule.hpp"
#include "winograd_tiles.hpp"

namespace flipconv {

namespace {

// Rows a power of two apart would share a few sets of the caches.
constexpr long GAP = 16; // values

constexpr long CHUNK = 512 << 10;     // bytes of one thread, in its cache
constexpr long TEAM_CHUNK = 16 << 20; // bytes of all threads together
constexpr long TEAM_KERNEL = 4 << 20; // bytes of a kernel read by all at once

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

private:
    static constexpr int EDGE = M + 2, SQUARE = EDGE * EDGE;
    static constexpr bool HALF = sizeof(Value) < sizeof(float);
    static constexpr int ROWS_AT_ONCE = HALF ? 2 : 1; // of a panel

    // Some tiles, and the memory for them. At each position of a tile there
    // is a matrix of inputs, (tiles, depth x channels), and one of sums,
    // (output depth x tiles, channels).
    struct Chunk {
        long first, tiles;
        Value *inputs;
        float *sums;
        long input_step, sum_step; // from one position to the next
    };
    struct Corner { // of a tile, in the output
        long image, top, left;
    };
    struct Data { // of one run
        const float *x, *zeros;
        const Value *packed;
        const Epilogue *epilogue;
        float *y;
    };

    Corner corner(long tile) const {
        return {tile / (down_ * across_), tile / across_ % down_ * M,
                tile % across_ * M};
    }
    long width_of_panel(long panel) const {
        return std::min<long>(PANEL, e_.outputs - panel * PANEL);
    }
    // where the values of a panel begin, after those before it
    long start_of_panel(long position, long panel) const {
        return (position * e_.outputs + panel * PANEL) * e_.taps * e_.inputs;
    }
    long bytes_per_tile() const {
        return SQUARE * (row_ * sizeof(Value)
                         + e_.depth.output * sum_row_ * sizeof(float));
    }
    bool as_team(long threads) const {
        return tiles_ < 32 * threads && long(bytes()) > TEAM_KERNEL;
    }
    long tiles_per_chunk(long bytes, long threads) const;
    Chunk place(void *memory, long tiles) const;
    size_t bytes_of(const Chunk &) const;
    void pack_outputs(const OutputVectors &kernel, bool flip, long output,
                      Vector factor, Value *packed) const;
    void pack_rows(const Vector *kernel, Vector factor, long tap, long input,
                   long output, Value *packed) const;
    void pointers(const Data &, Corner, long depth, const float **from) const;
    void transform_inputs(const Data &, const Chunk &, Share) const;
    void multiply_all(const Data &, const Chunk &, Share) const;
    bool transform_sums(const Data &, const Chunk &, Share) const;
    Vector transform_sum(const Data &, const float *sums, long step, Corner,
                         long depth) const;
    bool run_as_team(const Data &, Chunk) const;
    bool run_alone(const Data &, Chunk) const;

    const Extent e_;
    const long down_, across_, tiles_; // numbers of tiles
    const long row_, sum_row_;         // lengths of rows
};

template <int M, class Value>
void Tiled<M, Value>::pack(const fc_array &kernel, bool flip,
                           const float *scale, long scales,
                           float *packed) const {
    OutputVectors outputs(kernel);
    long vectors = e_.outputs / WIDTH;
#pragma omp parallel for schedule(static) if (bytes() > 65536)
    for (long i = 0; i < vectors; ++i) {
        pack_outputs(outputs, flip, i * WIDTH,
                     factors_of(scale, scales, i * WIDTH),
                     reinterpret_cast<Value *>(packed));
    }
}

// Pack the kernels of a vector of output channels, WIDTH inputs at a time.
template <int M, class Value>
void Tiled<M, Value>::pack_outputs(const OutputVectors &kernel, bool flip,
                                   long output, Vector factor,
                                   Value *packed) const {
    long places = e_.taps * 9, values = places * WIDTH;
    std::unique_ptr<float, decltype(&free)> some(
            static_cast<float *>(aligned(values * sizeof(Vector))), free);
    auto *all = reinterpret_cast<Vector *>(some.get());
    for (long first = 0; first < e_.inputs; first += WIDTH) {
        for (long k = 0; k < values; k += WIDTH)
            kernel.read(output, first * places + k, WIDTH, all + k);
        if (flip)
            for (int i = 0; i < WIDTH; ++i)
                std::reverse(all + i * places, all + (i + 1) * places);
        for (int i = 0; i < WIDTH; i += ROWS_AT_ONCE)
            for (long tap = 0; tap < e_.taps; ++tap)
                pack_rows(all + i * places + tap * 9, factor, tap, first + i,
                          output, packed);
    }
}

// Pack the places of an input channel, or of two, and a vector of outputs.
template <int M, class Value>
void Tiled<M, Value>::pack_rows(const Vector *kernel, Vector factor, long tap,
                                long input, long output,
                                Value *packed) const {
    Vector all[ROWS_AT_ONCE][SQUARE];
    for (auto &one : all) {
        Vector scaled[9], columns[EDGE * 3];
        for (int place = 0; place < 9; ++place)
            scaled[place] = kernel[place] * factor;
        for (int i = 0; i < 3; ++i)
            Tile<M>::of_kernel(scaled + i, 3, columns + i, 3);
        for (int i = 0; i < EDGE; ++i)
            Tile<M>::of_kernel(columns + 3 * i, 1, one + EDGE * i, 1);
        kernel += e_.taps * 9;
    }
    long panel = output / PANEL, width = width_of_panel(panel);
    Value *to = packed + start_of_panel(0, panel)
            + (tap * e_.inputs + input) * width
            + output % PANEL * ROWS_AT_ONCE;
    long step = start_of_panel(1, panel) - start_of_panel(0, panel);
    for (int position = 0; position < SQUARE; ++position)
        store_rows(to + position * step, all[0][position],
                   all[ROWS_AT_ONCE - 1][position]);
}

// As many tiles as fit, in chunks of one size and without many odd rows.
template <int M, class Value>
long Tiled<M, Value>::tiles_per_chunk(long bytes, long threads) const {
    constexpr long LEAST = 2 * ROWS;
    long fit = std::max(LEAST, bytes / bytes_per_tile());
    long chunks = (tiles_ + fit - 1) / fit;
    chunks = (chunks + threads - 1) / threads * threads;
    long tiles = (tiles_ + chunks - 1) / chunks;
    return (tiles + ROWS - 1) / ROWS * ROWS;
}

template <int M, class Value>
typename Tiled<M, Value>::Chunk Tiled<M, Value>::place(void *memory,
                                                       long tiles) const {
    Chunk chunk;
    chunk.tiles = tiles;
    chunk.input_step = tiles * row_ + GAP;
    chunk.sum_step = tiles * e_.depth.output * sum_row_ + GAP;
    chunk.sums = static_cast<float *>(memory);
    chunk.inputs = reinterpret_cast<Value *>(chunk.sums
                                             + SQUARE * chunk.sum_step);
    return chunk;
}

template <int M, class Value>
size_t Tiled<M, Value>::bytes_of(const Chunk &chunk) const {
    return SQUARE * (chunk.input_step * sizeof(Value)
                     + chunk.sum_step * sizeof(float));
}

template <int M, class Value>
bool Tiled<M, Value>::run(const float *x, const float *packed,
                          const Epilogue &epilogue, float *y,
                          Scratch &scratch) const {
    float *zeros = scratch.floats(e_.inputs);
    std::fill(zeros, zeros + e_.inputs, 0.f);
    Data data = {x, zeros, reinterpret_cast<const Value *>(packed), &epilogue,
                 y};
    long threads = omp_get_max_threads();
    bool team = as_team(threads);
    long tiles = team ? tiles_per_chunk(TEAM_CHUNK, 1)
                      : tiles_per_chunk(CHUNK, threads);
    size_t each = bytes_of(place(nullptr, tiles));
    auto *memory = static_cast<char *>(
            scratch.take(team ? each : each * threads));
    bool finite = true;
#pragma omp parallel num_threads(threads) reduction(&& : finite)
    if (team)
        finite = run_as_team(data, place(memory, tiles));
    else
        finite = run_alone(
                data, place(memory + each * omp_get_thread_num(), tiles));
    return finite;
}

// All threads work at one chunk: each reads a part of the kernel only.
template <int M, class Value>
bool Tiled<M, Value>::run_as_team(const Data &data, Chunk chunk) const {
    Share share = Share::of_this_thread();
    long size = chunk.tiles;
    bool finite = true;
    for (chunk.first = 0; chunk.first < tiles_; chunk.first += size) {
        chunk.tiles = std::min(size, tiles_ - chunk.first);
        transform_inputs(data, chunk, share);
#pragma omp barrier
        multiply_all(data, chunk, share);
#pragma omp barrier
        finite &= transform_sums(data, chunk, share);
    }
    return finite;
}

// Each thread works at chunks of its own, which stay in its cache.
template <int M, class Value>
bool Tiled<M, Value>::run_alone(const Data &data, Chunk chunk) const {
    const Share all = {0, 1};
    long size = chunk.tiles;
    bool finite = true;
#pragma omp for schedule(dynamic)
    for (long first = 0; first < tiles_; first += size) {
        chunk.first = first;
        chunk.tiles = std::min(size, tiles_ - first);
        transform_inputs(data, chunk, all);
        multiply_all(data, chunk, all);
        finite &= transform_sums(data, chunk, all);
    }
    return finite;
}

// Where the inputs of a tile are, zeros for those in the padding.
template <int M, class Value>
void Tiled<M, Value>::pointers(const Data &data, Corner corner, long depth,
                               const float **from) const {
    long slice = corner.image * e_.depth.input + depth;
    for (int i = 0; i < EDGE; ++i)
        for (int j = 0; j < EDGE; ++j) {
            long y = corner.top + i - e_.height.before;
            long x = corner.left + j - e_.width.before;
            bool inside = y >= 0 && y < e_.height.input && x >= 0
                    && x < e_.width.input;
            long at = (slice * e_.height.input + y) * e_.width.input + x;
            from[i * EDGE + j] = inside ? data.x + at * e_.inputs
                                        : data.zeros;
        }
}

template <int M, class Value>
void Tiled<M, Value>::transform_inputs(const Data &data, const Chunk &chunk,
                                       Share share) const {
    long depths = e_.depth.input, items = chunk.tiles * depths;
    const float *from[SQUARE];
    for (long i = share.begin(items); i < share.end(items); ++i) {
        long tile = i / depths, depth = i % depths;
        pointers(data, corner(chunk.first + tile), depth, from);
        Value *to = chunk.inputs + tile * row_ + depth * e_.inputs;
        for (long c = 0; c < e_.inputs; c += WIDTH) {
            Vector all[SQUARE];
            for (int p = 0; p < SQUARE; ++p) all[p] = load(from[p] + c);
            for (int j = 0; j < EDGE; ++j)
                Tile<M>::of_input(all + j, EDGE, all + j);
            for (int j = 0; j < EDGE; ++j)
                Tile<M>::of_input(all + j * EDGE, 1, all + j * EDGE);
            for (int p = 0; p < SQUARE; ++p)
                store(to + p * chunk.input_step + c, all[p]);
        }
    }
}

// Multiply the matrices of all positions; taps in the padding are left out.
template <int M, class Value>
void Tiled<M, Value>::multiply_all(const Data &data, const Chunk &chunk,
                                   Share share) const {
    static const long AT_ONCE = 0; // a row lies in one piece
    long panels = (e_.outputs + PANEL - 1) / PANEL, items = SQUARE * panels;
    for (long i = share.begin(items); i < share.end(items); ++i) {
        long position = i / panels, panel = i % panels;
        long width = width_of_panel(panel);
        const Value *kernel = data.packed + start_of_panel(position, panel);
        Ahead ahead; // the next panel
        if (i + 1 < share.end(items))
            ahead.add(kernel + e_.taps * e_.inputs * width,
                      e_.taps * e_.inputs * width_of_panel((i + 1) % panels)
                              * sizeof(Value));
        for (long d = 0; d < e_.depth.output; ++d) {
            long start = d - e_.depth.before; // in the input
            long tap = std::min(std::max(0L, -start), e_.taps);
            long end = std::max(tap, std::min(e_.taps,
                                              e_.depth.input - start));
            multiply(Rows<Value>{
                             chunk.inputs + position * chunk.input_step
                                     + std::max(0L, start + tap) * e_.inputs,
                             chunk.tiles, nullptr, row_, &AT_ONCE, 1,
                             (end - tap) * e_.inputs},
                     kernel + tap * e_.inputs * width, width,
                     chunk.sums + position * chunk.sum_step
                             + d * chunk.tiles * sum_row_ + panel * PANEL,
                     sum_row_, false, nullptr, &ahead);
        }
    }
}

template <int M, class Value>
bool Tiled<M, Value>::transform_sums(const Data &data, const Chunk &chunk,
                                     Share share) const {
    long items = chunk.tiles * e_.depth.output;
    Vector check = {};
    for (long i = share.begin(items); i < share.end(items); ++i)
        check += transform_sum(data, chunk.sums + i * sum_row_,
                               chunk.sum_step,
                               corner(chunk.first + i % chunk.tiles),
                               i / chunk.tiles);
    return all_zero(check);
}

// Return zeros, or not-a-number where a sum is infinite or not a number: each
// is a term of at least one of the outputs at the corners.
template <int M, class Value>
Vector Tiled<M, Value>::transform_sum(const Data &data, const float *sums,
                                      long step, Corner corner,
                                      long depth) const {
    const Epilogue &after = *data.epilogue;
    long rows = std::min<long>(M, e_.height.output - corner.top);
    long columns = std::min<long>(M, e_.width.output - corner.left);
    long start = ((corner.image * e_.depth.output + depth) * e_.height.output
                  + corner.top) * e_.width.output + corner.left;
    Vector check = {};
    for (long c = 0; c < e_.outputs; c += WIDTH) {
        Vector all[SQUARE], lines[M * EDGE], tile[M * M];
        for (int p = 0; p < SQUARE; ++p) all[p] = load(sums + p * step + c);
        for (int j = 0; j < EDGE; ++j)
            Tile<M>::of_output(all + j, EDGE, lines + j, EDGE);
        for (int i = 0; i < M; ++i)
            Tile<M>::of_output(lines + i * EDGE, 1, tile + i * M, 1);
        Vector corners = (tile[0] + tile[M - 1])
                + (tile[M * M - M] + tile[M * M - 1]);
        check += corners - corners;
        Vector bias = after.bias ? load(after.bias + c) : Vector{};
        for (long i = 0; i < rows; ++i)
            for (long j = 0; j < columns; ++j) {
                long at = (start + i * e_.width.output + j) * e_.outputs + c;
                Vector value = tile[i * M + j] + bias;
                if (after.residual) value += load(after.residual + at);
                store(data.y + at, after.activated(value));
            }
    }
    return check;
}

} // namespace

// In bfloat16, large tiles lose too much in rounding, and with few channels
// the sums before and after count for more than the products.
std::shared_ptr<Winograd> Winograd::make(const Geometry &g, const Sizes &s) {
    int tile = winograd_tile(g, s);
#ifdef __AVX512BF16__
    constexpr long CHANNELS = 64;
    if (g.half && tile && s.inputs >= CHANNELS && has_bfloat16())
        return std::make_shared<Tiled<2, Half>>(s);
#endif
    if (tile == 2) return std::make_shared<Tiled<2, float>>(s);
    if (tile == 4) return std::make_shared<Tiled<4, float>>(s);
    return nullptr;
}

} // namespace flipconv
