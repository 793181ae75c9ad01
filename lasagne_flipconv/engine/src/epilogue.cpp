#include "epilogue.hpp"

#include <algorithm>
#include <cmath>

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
    if (!(value < 0) || activation == Geometry::NOTHING) return value;
    return slope
            * (activation == Geometry::RELU ? value : std::expm1(value));
}

Vector Epilogue::activated(Vector value) const {
    if (activation == Geometry::RELU)
        return value < 0 ? slope * value : value;
    if (activation == Geometry::ELU)
        for (int i = 0; i < WIDTH; ++i) value[i] = activated(value[i]);
    return value;
}

namespace { // plain loops, which a compiler turns into vectors

void add(float *to, const float *values, long count) {
    for (long i = 0; i < count; ++i) to[i] += values[i];
}

void relu(float *to, float slope, long count) {
    for (long i = 0; i < count; ++i)
        to[i] = to[i] < 0 ? slope * to[i] : to[i];
}

} // namespace

void Epilogue::apply(const Sizes &s, float *y) const {
    if (!bias && !residual && activation == Geometry::NOTHING) return;
    long channels = s.outputs, rows = s.batch;
    for (long size : s.output) rows *= size;
#pragma omp parallel for schedule(static)
    for (long row = 0; row < rows; ++row) {
        float *to = y + row * channels;
        if (bias) add(to, bias, channels);
        if (residual) add(to, residual + row * channels, channels);
        if (activation == Geometry::RELU)
            relu(to, slope, channels);
        else if (activation == Geometry::ELU)
            for (long c = 0; c < channels; ++c) to[c] = activated(to[c]);
    }
}

} // namespace flipconv
