// Normalization by the statistics of the batch, and sums over all but the
// channels.
//
// As in Theano, all is added up in float64; with the float32 sums of oneDNN,
// the gradient of a scale has three digits less where values have a mean far
// from zero. That costs nothing: reading the values takes all the time. The
// pragmas say that arrays do not overlap; to find that out per row takes
// longer than 16 channels do.
#include <algorithm>
#include <cmath>

#include "base/arrays.hpp"
#include "base/params.hpp"
#include "base/reports.hpp"
#include "ops/ops.hpp"


namespace flipconv {

namespace {

struct Extent { // rows of channels
    long rows, channels;
};

const char *where(Kind kind) {
    return kind == CHANNEL_SUM ? "sum per channel" : "batch normalization";
}

Extent extent_of(Kind kind, const fc_array &x) {
    if (x.ndim < 2)
        fail("%s: the input has shape %s; expected (batch, ..., channels).",
             where(kind), text_of(x).c_str());
    Extent e = {1, x.shape[x.ndim - 1]};
    for (long i = 0; i < x.ndim - 1; ++i) e.rows *= x.shape[i];
    return e;
}

void check_vector(const char *name, const fc_array &vector, const Extent &e) {
    if (vector.ndim != 1 || vector.shape[0] != e.channels)
        fail("%s: %s has shape %s; expected (%ld,).", where(NORM), name,
             text_of(vector).c_str(), e.channels);
}

constexpr long PARTS = 64; // whatever the number of threads: the same bits

// Add up `count` values per row; add(row, sum) adds those of one row to sum.
template <class Add>
std::vector<double> sum_rows(long rows, long count, Scratch &scratch,
                             const Add &add) {
    auto *parts = static_cast<double *>(
            scratch.take(PARTS * count * sizeof(double)));
#pragma omp parallel for schedule(static)
    for (long part = 0; part < PARTS; ++part) {
        double *sum = parts + part * count;
        std::fill(sum, sum + count, 0.);
        long end = rows * (part + 1) / PARTS;
        for (long row = rows * part / PARTS; row < end; ++row) add(row, sum);
    }
    std::vector<double> total(count, 0.);
    for (long part = 0; part < PARTS; ++part)
        for (long i = 0; i < count; ++i) total[i] += parts[part * count + i];
    return total;
}

float *floats(const fc_array &array) {
    return static_cast<float *>(array.data);
}

void run_sum(const Extent &e, const fc_array &x, float *result,
             Scratch &scratch) {
    const float *values = dense(x, scratch);
    long channels = e.channels;
    auto sum = sum_rows(e.rows, channels, scratch, [=](long row, double *run) {
        const float *at = values + row * channels;
#pragma omp simd
        for (long c = 0; c < channels; ++c) run[c] += at[c];
    });
    std::copy(sum.begin(), sum.end(), result);
}

// The mean of some rows, and the sum of the squares of what is left of them,
// per channel.
struct Moments {
    double rows, *mean, *squares;

    // One pass. The first row is taken off: if it lies so far from the others
    // that digits are lost, the squares are as large. So the order of the
    // rows, and where one stands that is far from all, does not matter.
    void take(const float *x, long count, long channels) {
        rows = count;
        std::fill(mean, mean + channels, 0.);
        std::fill(squares, squares + channels, 0.);
        for (long row = 1; row < count; ++row) {
            const float *at = x + row * channels;
#pragma omp simd
            for (long c = 0; c < channels; ++c) {
                double rest = at[c] - x[c];
                mean[c] += rest;
                squares[c] += rest * rest;
            }
        }
        for (long c = 0; c < channels && count; ++c) {
            double off = mean[c] / count;
            squares[c] -= off * mean[c];
            mean[c] = x[c] + off;
        }
    }

    void add(const Moments &others, long channels) {
        if (!others.rows) return;
        double all = rows + others.rows, weight = others.rows / all;
        for (long c = 0; c < channels; ++c) {
            double apart = others.mean[c] - mean[c];
            squares[c] += others.squares[c] + apart * apart * rows * weight;
            mean[c] += apart * weight;
        }
        rows = all;
    }
};

// The mean as the sum tells it: what is left after an infinite row tells none.
double plain_mean(const Extent &e, const float *x, long c) {
    double sum = 0;
    for (long row = 0; row < e.rows; ++row) sum += x[row * e.channels + c];
    return sum / e.rows; // 0 / 0 of nothing
}

// Write `mean`, `variance` and one over the deviation. Of nothing they are not
// a number.
void statistics(const Extent &e, const float *x, float epsilon, float *mean,
                float *variance, float *inverse, Scratch &scratch) {
    long channels = e.channels;
    auto *values = static_cast<double *>(
            scratch.take(2 * PARTS * channels * sizeof(double)));
    Moments parts[PARTS];
#pragma omp parallel for schedule(static)
    for (long part = 0; part < PARTS; ++part) {
        long first = e.rows * part / PARTS;
        parts[part].mean = values + 2 * part * channels;
        parts[part].squares = parts[part].mean + channels;
        parts[part].take(x + first * channels,
                         e.rows * (part + 1) / PARTS - first, channels);
    }
    Moments &all = parts[0];
    for (long part = 1; part < PARTS; ++part) all.add(parts[part], channels);
    for (long c = 0; c < channels; ++c) {
        mean[c] = e.rows && std::isfinite(all.mean[c])
                ? all.mean[c] : plain_mean(e, x, c);
        variance[c] = std::max(all.squares[c], 0.) / e.rows;
        inverse[c] = 1 / std::sqrt(variance[c] + epsilon);
    }
}

// What follows a normalization: p * t + q * |t|.
struct Line {
    explicit Line(Params &params) : p(params.real()), q(params.real()) {}
    bool straight() const { return p == 1 && q == 0; }
    float value(float t) const { return p * t + q * std::fabs(t); }
    // 0 and not-a-number have no sign; one choice, not two, is one of AVX2
    float slope(float t) const {
        return p + q * (std::fabs(t) > 0 ? std::copysign(1.f, t) : t);
    }

    float p, q;
};

struct Identity {
    float value(float t) const { return t; }
    float slope(float) const { return 1; }
};

inline float normalized(float x, float mean, float factor, float bias) {
    return (x - mean) * factor + bias;
}

// in: x, scale, bias, epsilon; out: y, mean, 1 / deviation, variance
template <class Activation>
void run_norm(const Extent &e, const Activation activation,
              const fc_array *in, const fc_array *out) {
    Scratch scratch;
    long channels = e.channels;
    const float *x = dense(in[0], scratch), *scale = dense(in[1], scratch),
                *bias = dense(in[2], scratch);
    float *y = floats(out[0]), *mean = floats(out[1]),
          *inverse = floats(out[2]), *factor = scratch.floats(channels);
    statistics(e, x, scalar(in[3]), mean, floats(out[3]), inverse, scratch);
    for (long c = 0; c < channels; ++c) factor[c] = scale[c] * inverse[c];
#pragma omp parallel for schedule(static)
    for (long row = 0; row < e.rows; ++row) {
        const float *from = x + row * channels;
        float *to = y + row * channels;
#pragma omp simd
        for (long c = 0; c < channels; ++c)
            to[c] = activation.value(
                    normalized(from[c], mean[c], factor[c], bias[c]));
    }
}

// in: x, gradient, scale, mean, 1 / deviation (, bias); out: gradients of x,
// scale and bias
template <class Activation>
void run_norm_grad(const Extent &e, const Activation activation,
                   const fc_array *in, const float *bias,
                   const fc_array *out, Scratch &scratch) {
    long channels = e.channels;
    const float *x = dense(in[0], scratch), *dy = dense(in[1], scratch),
                *scale = dense(in[2], scratch), *mean = dense(in[3], scratch),
                *inverse = dense(in[4], scratch);
    float *dx = floats(out[0]), *dscale = floats(out[1]),
          *dbias = floats(out[2]), *factor = scratch.floats(channels),
          *slope = scratch.floats(channels), *shift = scratch.floats(channels);
    for (long c = 0; c < channels; ++c) factor[c] = scale[c] * inverse[c];
    auto before_activation = [=](float value, float gradient, long c) {
        return gradient * activation.slope(
                normalized(value, mean[c], factor[c], bias[c]));
    };
    auto sums = sum_rows(
            e.rows, 2 * channels, scratch, [=](long row, double *run) {
                const float *value = x + row * channels,
                            *gradient = dy + row * channels;
#pragma omp simd
                for (long c = 0; c < channels; ++c) {
                    double g = before_activation(value[c], gradient[c], c);
                    run[c] += g;
                    run[channels + c] += g * (value[c] - mean[c]);
                }
            });
    for (long c = 0; c < channels; ++c) {
        dbias[c] = sums[c];
        dscale[c] = e.rows ? sums[channels + c] * inverse[c] : 0;
        slope[c] = inverse[c] * inverse[c] * (sums[channels + c] / e.rows);
        // an infinite sum leaves no number, as in the mean that Theano takes
        shift[c] = sums[c] / e.rows
                + 0 * (sums[c] + sums[channels + c]);
    }
#pragma omp parallel for schedule(static)
    for (long row = 0; row < e.rows; ++row) {
        const float *value = x + row * channels,
                    *gradient = dy + row * channels;
        float *to = dx + row * channels;
#pragma omp simd
        for (long c = 0; c < channels; ++c)
            to[c] = factor[c]
                    * (before_activation(value[c], gradient[c], c) - shift[c]
                       - (value[c] - mean[c]) * slope[c]);
    }
}

void run_norm(const Extent &e, Params &params, const fc_array *in,
              const fc_array *out) {
    Line line(params);
    if (line.straight()) return run_norm(e, Identity(), in, out);
    run_norm(e, line, in, out);
}

void run_norm_grad(const Extent &e, Params &params, const fc_array *in,
                   const fc_array *out) {
    Line line(params);
    Scratch scratch;
    if (line.straight()) {
        float *none = scratch.floats(e.channels); // is read, and not used
        std::fill(none, none + e.channels, 0.f);
        return run_norm_grad(e, Identity(), in, none, out, scratch);
    }
    run_norm_grad(e, line, in, dense(in[5], scratch), out, scratch);
}

} // namespace

void norm_shapes(Kind kind, Params params, const fc_array *in,
                 fc_shape *out) {
    Extent e = extent_of(kind, in[0]);
    fc_shape per_channel = {1, {e.channels}};
    if (kind == CHANNEL_SUM) {
        out[0] = per_channel;
        return;
    }
    out[0].ndim = in[0].ndim;
    std::copy(in[0].shape, in[0].shape + in[0].ndim, out[0].size);
    out[1] = out[2] = per_channel;
    if (kind == NORM) out[3] = per_channel;
    int first = 1;
    if (kind == NORM_GRAD) {
        first = 2;
        if (in[1].ndim != in[0].ndim
            || !std::equal(in[0].shape, in[0].shape + in[0].ndim,
                           in[1].shape))
            fail("%s: the gradient has shape %s; expected %s.", where(kind),
                 text_of(in[1]).c_str(), text_of(in[0]).c_str());
    }
    check_vector("the scale", in[first], e);
    check_vector(kind == NORM ? "the bias" : "the mean", in[first + 1], e);
    if (kind != NORM_GRAD) return;
    check_vector("the deviation", in[first + 2], e);
    if (!Line(params).straight()) check_vector("the bias", in[5], e);
}

void norm_run(Kind kind, Params params, const fc_array *in,
              const fc_array *out) {
    Extent e = extent_of(kind, in[0]);
    set_implementation("own loops");
    if (kind == NORM) return run_norm(e, params, in, out);
    if (kind == NORM_GRAD) return run_norm_grad(e, params, in, out);
    Scratch scratch;
    run_sum(e, in[0], floats(out[0]), scratch);
}

} // namespace flipconv
