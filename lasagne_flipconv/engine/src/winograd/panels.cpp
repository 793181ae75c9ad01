// A convolution in tiles whose kernel is packed on the way, a part at a time.
#include <omp.h>

#include "winograd/tiled.hpp"

namespace flipconv {

// Panels of nearly one width, as many for each thread.
template <int M, class Value>
long Tiled<M, Value>::panels(long threads) const {
    const long least = parts_of(e_.outputs, PANEL);
    return std::min(parts_of(least, threads) * threads,
                    e_.outputs / WIDTH);
}

template <int M, class Value>
typename Tiled<M, Value>::Channels Tiled<M, Value>::panel_of(
        long number, long panels) const {
    const Share share = {number, panels};
    const long vectors = e_.outputs / WIDTH;
    const long first = share.begin(vectors) * WIDTH;
    return {first, share.end(vectors) * WIDTH - first};
}

// Of nearly one number, whose part of a kernel stays in a cache.
template <int M, class Value>
long Tiled<M, Value>::inputs_at_once() const {
    const long each = SQUARE * PANEL * e_.taps * sizeof(Value);
    const long most = std::max(1L, BLOCK / each / WIDTH) * WIDTH;
    const long blocks = parts_of(e_.inputs, most);
    return parts_of(e_.inputs / WIDTH, blocks) * WIDTH;
}

template <int M, class Value>
bool Tiled<M, Value>::run(const float *x, const fc_array &kernel, bool flip,
                          const Epilogue &epilogue, float *y,
                          Scratch &scratch) const {
    const OutputVectors outputs(kernel);
    Data data = data_of(x, epilogue, y, scratch);
    data.kernel = &outputs;
    data.flip = flip;
    const long threads = omp_get_max_threads();
    Chunk chunk = place(nullptr, tiles_per_chunk(TEAM_CHUNK, 1));
    chunk.sum_row = PANEL + GAP;
    chunk.sum_step = chunk.tiles * e_.depth.output * chunk.sum_row + GAP;
    const long packed = SQUARE * (PANEL * e_.taps * inputs_at_once() + GAP);
    const long sums = SQUARE * chunk.sum_step;
    float *all_sums = scratch.floats(threads * sums);
    auto take = [&](long values) {
        return static_cast<Value *>(scratch.take(values * sizeof(Value)));
    };
    auto *all_packed = take(threads * packed);
    chunk.inputs = take(SQUARE * chunk.input_step);
    bool finite = true;
#pragma omp parallel num_threads(threads) reduction(&& : finite)
    {
        const long thread = omp_get_thread_num();
        Chunk own = chunk;
        own.sums = all_sums + thread * sums;
        finite = run_by_panels(data, own, all_packed + thread * packed);
    }
    return finite;
}

// All threads transform the inputs of a chunk; then each has output channels
// of its own.
template <int M, class Value>
bool Tiled<M, Value>::run_by_panels(const Data &data, Chunk chunk,
                                    Value *packed) const {
    const Share share = Share::of_this_thread(), all = {0, 1};
    const long count = panels(share.threads), size = chunk.tiles;
    bool finite = true;
    for (chunk.first = 0; chunk.first < tiles_; chunk.first += size) {
        chunk.tiles = std::min(size, tiles_ - chunk.first);
        transform_inputs(data, chunk, share);
#pragma omp barrier
        for (long i = share.begin(count); i < share.end(count); ++i) {
            const Channels outputs = panel_of(i, count);
            multiply_panel(data, chunk, outputs, packed);
            finite &= transform_sums(data, chunk, outputs, all);
        }
#pragma omp barrier
    }
    return finite;
}

template <int M, class Value>
void Tiled<M, Value>::multiply_panel(const Data &data, const Chunk &chunk,
                                     const Channels &outputs,
                                     Value *packed) const {
    const Epilogue &after = *data.epilogue;
    const long most = inputs_at_once();
    for (long first = 0; first < e_.inputs; first += most) {
        const long count = std::min(most, e_.inputs - first);
        const Part part = {packed, outputs, {first, count},
                           e_.taps * count * outputs.count + GAP};
        for (long v = 0; v < outputs.count; v += WIDTH) {
            const long output = outputs.first + v;
            pack_outputs(*data.kernel, data.flip, output,
                         factors_of(after.scale, after.scales, output), part);
        }
        Ahead ahead;
        fetch(data, outputs, first + most, ahead);
        for (long position = 0; position < SQUARE; ++position)
            multiply_position(chunk, part, position, chunk.sums, ahead);
    }
}

// What of the kernel is read next: from this input on, or of other outputs.
template <int M, class Value>
void Tiled<M, Value>::fetch(const Data &data, const Channels &outputs,
                            long input, Ahead &ahead) const {
    const long places = e_.taps * 9;
    const bool more = input < e_.inputs;
    const long output = outputs.first + (more ? 0 : outputs.count);
    if (!data.kernel->in_c_order() || output >= e_.outputs) return;
    const long first = more ? input : 0;
    ahead.add(data.kernel->values(output) + first * places,
              std::min(inputs_at_once(), e_.inputs - first) * places
                      * sizeof(float),
              std::min(outputs.count, e_.outputs - output),
              data.kernel->length() * sizeof(float));
}

FLIPCONV_COMPILE_TILED

} // namespace flipconv
