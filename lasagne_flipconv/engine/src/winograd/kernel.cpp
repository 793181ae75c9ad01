// The kernel of a convolution in tiles.
#include <cstdlib>
#include <memory>

#include "winograd/tiled.hpp"

namespace flipconv {

template <int M, class Value>
void Tiled<M, Value>::pack(const fc_array &kernel, bool flip,
                           const float *scale, long scales,
                           float *packed) const {
    OutputVectors outputs(kernel);
    auto *values = reinterpret_cast<Value *>(packed);
    long vectors = e_.outputs / WIDTH;
#pragma omp parallel for schedule(static) if (bytes() > 65536)
    for (long i = 0; i < vectors; ++i)
        pack_outputs(outputs, flip, i * WIDTH,
                     factors_of(scale, scales, i * WIDTH),
                     part_of(values, i * WIDTH / PANEL));
}

// Pack the kernels of a vector of output channels, WIDTH inputs at a time.
template <int M, class Value>
void Tiled<M, Value>::pack_outputs(const OutputVectors &kernel, bool flip,
                                   long output, Vector factor,
                                   const Part &part) const {
    long places = e_.taps * 9, values = places * WIDTH;
    std::unique_ptr<float, decltype(&free)> some(
            static_cast<float *>(aligned(values * sizeof(Vector))), free);
    auto *all = reinterpret_cast<Vector *>(some.get());
    for (long input = 0; input < part.inputs.count; input += WIDTH) {
        for (long k = 0; k < values; k += WIDTH)
            kernel.read(output, (part.inputs.first + input) * places + k,
                        WIDTH, all + k);
        if (flip)
            for (int i = 0; i < WIDTH; ++i)
                std::reverse(all + i * places, all + (i + 1) * places);
        for (int i = 0; i < WIDTH; i += ROWS_AT_ONCE)
            for (long tap = 0; tap < e_.taps; ++tap)
                pack_rows(all + i * places + tap * 9, factor, tap, input + i,
                          output - part.outputs.first, part);
    }
}

// Pack the places of an input channel, or of two, and a vector of outputs;
// both are counted from the first of the part.
template <int M, class Value>
void Tiled<M, Value>::pack_rows(const Vector *kernel, Vector factor, long tap,
                                long input, long output,
                                const Part &part) const {
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
    Value *to = part.values
            + (tap * part.inputs.count + input) * part.outputs.count
            + output * ROWS_AT_ONCE;
    for (int position = 0; position < SQUARE; ++position)
        store_rows(to + position * part.step, all[0][position],
                   all[ROWS_AT_ONCE - 1][position]);
}

FLIPCONV_COMPILE_TILED

} // namespace flipconv
