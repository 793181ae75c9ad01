#include "operands/epilogue.hpp"

#include <algorithm>
#include <cmath>

#include "base/arrays.hpp"
#include "threads/each.hpp"

namespace flipconv {

static const float *one_per_channel(const fc_array &vector, long channels,
                                    Scratch &scratch) {
    const float *values = dense(vector, scratch);
    if (vector.shape[0] == channels) return values;
    float *all = scratch.floats(channels);
    std::fill(all, all + channels, values[0]);
    return all;
}

Epilogue::Epilogue(const Geometry &g, const Sizes &s, const fc_array *in,
                   Scratch &scratch)
    : activation(g.activation), slope(g.slope) {
    if (g.scale) {
        scales = in->shape[0];
        scale = dense(*in++, scratch);
    }
    if (g.bias) bias = one_per_channel(*in++, s.outputs, scratch);
    if (g.residual) residual = dense(*in, scratch);
}

float Epilogue::activated(float value) const {
    switch (activation) {
    case Geometry::RELU: // zero times minus infinity is no number
        return value < 0 ? (slope == 0 ? 0 : slope * value) : value;
    case Geometry::ELU: return value < 0 ? slope * std::expm1(value) : value;
    case Geometry::POSITIVE: return value > 0 ? value : 0;
    default: return value;
    }
}

Vector Epilogue::of_function(Vector value) const {
    if (activation == Geometry::RELU) return value < 0 ? slope * value : value;
    if (activation == Geometry::POSITIVE) return value > 0 ? value : Vector{};
    if (activation == Geometry::ELU)
        for (int i = 0; i < WIDTH; ++i) value[i] = activated(value[i]);
    return value;
}

namespace { // plain loops, which a compiler turns into vectors

void add(float *to, const float *values, long count) {
    for (long i = 0; i < count; ++i) to[i] += values[i];
}

void multiply(float *to, const float *factors, long factor_count, long count) {
    for (long i = 0; i < count; ++i)
        to[i] *= factors[factor_count == 1 ? 0 : i];
}

} // namespace

void Epilogue::apply(const Sizes &s, float *y, bool rescale) const {
    rescale = rescale && scale;
    if (!rescale && !bias && !residual && activation == Geometry::NOTHING)
        return;
    long channels = s.outputs, rows = s.batch;
    for (long size : s.output) rows *= size;
    constexpr long ALONE = 16384; // values, sooner than a team has begun
    each(rows, rows * channels > ALONE, [&](long row) {
        float *to = y + row * channels;
        if (rescale) multiply(to, scale, scales, channels);
        if (bias) add(to, bias, channels);
        if (residual) add(to, residual + row * channels, channels);
        long c = 0;
        for (; c + WIDTH <= channels; c += WIDTH)
            store(to + c, activated(load(to + c)));
        for (; c < channels; ++c) to[c] = activated(to[c]);
    });
}

} // namespace flipconv
