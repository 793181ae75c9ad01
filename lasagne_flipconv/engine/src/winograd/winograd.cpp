// How a convolution in tiles is run: its tiles, threads and products.
#include <omp.h>

#include "onednn/abilities.hpp"
#include "winograd/tiled.hpp"

namespace flipconv {

namespace {

constexpr long LEAST = 2 * ROWS;      // tiles of one thread
constexpr long CHUNK = 512 << 10;     // bytes of one thread, in its cache
constexpr long TEAM_KERNEL = 4 << 20; // bytes of a kernel read by all at once

} // namespace

// Few tiles, of which some threads would have none; or a large kernel.
template <int M, class Value>
bool Tiled<M, Value>::as_team(long threads) const {
    return (threads > 1 && tiles_ < LEAST * threads)
            || (tiles_ < 32 * threads && long(bytes()) > TEAM_KERNEL);
}

// As many tiles as fit, in chunks of one size and without many odd rows.
template <int M, class Value>
long Tiled<M, Value>::tiles_per_chunk(long bytes, long threads) const {
    long fit = std::max(LEAST, bytes / bytes_per_tile());
    long chunks = parts_of(tiles_, fit);
    chunks = parts_of(chunks, threads) * threads;
    long tiles = parts_of(tiles_, chunks);
    return parts_of(tiles, ROWS) * ROWS;
}

template <int M, class Value>
typename Tiled<M, Value>::Chunk Tiled<M, Value>::place(void *memory,
                                                       long tiles) const {
    Chunk chunk;
    chunk.tiles = tiles;
    chunk.input_step = tiles * row_ + GAP;
    chunk.sum_step = tiles * e_.depth.output * sum_row_ + GAP;
    chunk.sum_row = sum_row_;
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
typename Tiled<M, Value>::Data Tiled<M, Value>::data_of(
        const float *x, const Epilogue &epilogue, float *y,
        Scratch &scratch) const {
    float *zeros = scratch.floats(e_.inputs);
    std::fill(zeros, zeros + e_.inputs, 0.f);
    return {x, zeros, nullptr, nullptr, false, &epilogue, y};
}

template <int M, class Value>
bool Tiled<M, Value>::run(const float *x, const float *packed,
                          const Epilogue &epilogue, float *y,
                          Scratch &scratch) const {
    Data data = data_of(x, epilogue, y, scratch);
    data.packed = reinterpret_cast<const Value *>(packed);
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
        finite &= transform_sums(data, chunk, {0, e_.outputs}, share);
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
        finite &= transform_sums(data, chunk, {0, e_.outputs}, all);
    }
    return finite;
}

// --- the inputs --------------------------------------------------------------

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

// --- the products ------------------------------------------------------------

// Multiply the matrices of a position with a part of the kernel, and add to
// `sums` unless it is the first one; taps in the padding are left out.
template <int M, class Value>
void Tiled<M, Value>::multiply_position(const Chunk &chunk, const Part &part,
                                        long position, float *sums,
                                        Ahead &ahead) const {
    const bool all = part.inputs.count == e_.inputs; // they lie in one piece
    std::vector<long> offsets(1, 0);
    for (long tap = 1; tap < e_.taps && !all; ++tap)
        offsets.push_back(tap * e_.inputs);
    for (long d = 0; d < e_.depth.output; ++d) {
        const long start = d - e_.depth.before; // in the input
        const long tap = std::min(std::max(0L, -start), e_.taps);
        const long end = std::max(tap, std::min(e_.taps,
                                                e_.depth.input - start));
        const long taps = end - tap;
        multiply(Rows<Value>{chunk.inputs + position * chunk.input_step
                                     + std::max(0L, start + tap) * e_.inputs
                                     + part.inputs.first,
                             chunk.tiles, nullptr, row_, offsets.data(),
                             all ? 1 : std::max(1L, taps),
                             all ? taps * e_.inputs
                                 : taps ? part.inputs.count : 0},
                 part.values + position * part.step
                         + tap * part.inputs.count * part.outputs.count,
                 part.outputs.count,
                 sums + position * chunk.sum_step
                         + d * chunk.tiles * chunk.sum_row,
                 chunk.sum_row, part.inputs.first > 0, nullptr, &ahead);
    }
}

template <int M, class Value>
void Tiled<M, Value>::multiply_all(const Data &data, const Chunk &chunk,
                                   Share share) const {
    const long panels = parts_of(e_.outputs, PANEL);
    const long items = SQUARE * panels;
    for (long i = share.begin(items); i < share.end(items); ++i) {
        const long position = i / panels, panel = i % panels;
        auto part_at = [&](long number) {
            return part_of(const_cast<Value *>(data.packed), number % panels);
        };
        const Part part = part_at(panel), next = part_at(panel + 1);
        Ahead ahead; // the next panel
        if (i + 1 < share.end(items))
            ahead.add(next.values + (i + 1) / panels * next.step,
                      e_.taps * e_.inputs * next.outputs.count
                              * sizeof(Value));
        multiply_position(chunk, part, position,
                          chunk.sums + part.outputs.first, ahead);
    }
}

template <int M, class Value>
bool Tiled<M, Value>::transform_sums(const Data &data, const Chunk &chunk,
                                     const Channels &outputs,
                                     Share share) const {
    long items = chunk.tiles * e_.depth.output;
    Vector check = {};
    for (long i = share.begin(items); i < share.end(items); ++i)
        check += transform_sum(data, chunk.sums + i * chunk.sum_row,
                               chunk.sum_step, outputs,
                               corner(chunk.first + i % chunk.tiles),
                               i / chunk.tiles);
    return all_zero(check);
}

// Return zeros, or not-a-number where a sum is infinite or not a number: each
// is a term of at least one of the outputs at the corners.
template <int M, class Value>
Vector Tiled<M, Value>::transform_sum(const Data &data, const float *sums,
                                      long step, const Channels &outputs,
                                      Corner corner, long depth) const {
    const Epilogue &after = *data.epilogue;
    long rows = std::min<long>(M, e_.height.output - corner.top);
    long columns = std::min<long>(M, e_.width.output - corner.left);
    long start = ((corner.image * e_.depth.output + depth) * e_.height.output
                  + corner.top) * e_.width.output + corner.left;
    Vector check = {};
    for (long c = 0; c < outputs.count; c += WIDTH) {
        const long output = outputs.first + c;
        Vector all[SQUARE], lines[M * EDGE], tile[M * M];
        for (int p = 0; p < SQUARE; ++p) all[p] = load(sums + p * step + c);
        for (int j = 0; j < EDGE; ++j)
            Tile<M>::of_output(all + j, EDGE, lines + j, EDGE);
        for (int i = 0; i < M; ++i)
            Tile<M>::of_output(lines + i * EDGE, 1, tile + i * M, 1);
        Vector corners = (tile[0] + tile[M - 1])
                + (tile[M * M - M] + tile[M * M - 1]);
        check += corners - corners;
        Vector bias = after.bias ? load(after.bias + output) : Vector{};
        for (long i = 0; i < rows; ++i)
            for (long j = 0; j < columns; ++j) {
                long at = (start + i * e_.width.output + j) * e_.outputs
                        + output;
                Vector value = tile[i * M + j] + bias;
                if (after.residual) value += load(after.residual + at);
                store(data.y + at, after.activated(value));
            }
    }
    return check;
}

FLIPCONV_COMPILE_TILED

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
