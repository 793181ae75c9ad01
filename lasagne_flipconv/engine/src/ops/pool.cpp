// Pooling and its gradients, with the meaning of Theano's Pool.
//
// oneDNN gives the gradient of a maximum to the first of equal values and has
// no sum; Theano gives it to each of them, and after a ReLU most are equal.
// Channels last, a loop over the channels is all that a compiler needs to
// make vector instructions of it, so pooling is written out here.
#include <algorithm>

#include "base/arrays.hpp"
#include "base/params.hpp"
#include "base/reports.hpp"
#include "ops/ops.hpp"


namespace flipconv {

namespace {

enum Mode { MAXIMUM = 0, SUM = 1, AVERAGE_INC = 2, AVERAGE_EXC = 3 };

constexpr const char *WHERE = "pooling";

struct Pool { // always over three axes; the first have size 1 in 1-D and 2-D
    Mode mode;
    bool ignore_border;
    long batch, channels;
    long input[3], output[3], window[3], stride[3], pad[3];

    struct Region { // of the input, where it is not padding
        long first[3], end[3];
        float divisor;
    };
    Region region(long at) const;
};

long output_size(const Pool &p, int axis) {
    long padded = p.input[axis] + 2 * p.pad[axis], w = p.window[axis],
         s = p.stride[axis];
    if (p.ignore_border) return padded < w ? 0 : (padded - w) / s + 1;
    if (s >= w) return (padded + s - 1) / s;
    return std::max(0L, (padded - 1 - w + s) / s) + 1;
}

void read_sizes(const fc_array *vectors, int axes, Pool &p) {
    auto window = integers(WHERE, "the window", vectors[0], axes);
    auto stride = integers(WHERE, "the stride", vectors[1], axes);
    auto pad = integers(WHERE, "the padding", vectors[2], axes);
    for (int i = 0; i < axes; ++i) {
        int axis = 3 - axes + i;
        p.window[axis] = window[i];
        p.stride[axis] = stride[i];
        p.pad[axis] = pad[i];
        if (window[i] < 1 || stride[i] < 1)
            fail("%s: window %ld with stride %ld; expected at least 1.",
                 WHERE, window[i], stride[i]);
        if (pad[i] < 0 || pad[i] >= window[i])
            fail("%s: padding %ld with window %ld; expected less than the "
                 "window.", WHERE, pad[i], window[i]);
        if (pad[i] && !p.ignore_border)
            fail("%s: padding %ld with ignore_border=False; expected 0.",
                 WHERE, pad[i]);
    }
}

// Of padding alone, or of nothing, there is no maximum.
void check_windows(const Pool &p, const fc_array &x) {
    bool empty = false, results = p.mode == MAXIMUM && p.batch && p.channels;
    for (int i = 0; i < 3; ++i) {
        empty = empty || p.input[i] == 0;
        results = results && p.output[i];
    }
    if (empty && results)
        fail("%s: the input has shape %s (channels last), so there is nothing "
             "to take a maximum of; expected at least 1 along each axis.",
             WHERE, text_of(x).c_str());
}

Pool pool_of(Params &params, const fc_array &x, const fc_array *vectors) {
    Pool p;
    int axes = params.number();
    p.mode = static_cast<Mode>(params.number());
    p.ignore_border = params.number();
    check_ndim(WHERE, "the input", x, axes + 2);
    p.batch = x.shape[0];
    p.channels = x.shape[axes + 1];
    for (int i = 0; i < 3; ++i) {
        p.input[i] = p.window[i] = p.stride[i] = 1;
        p.pad[i] = 0;
    }
    for (int i = 0; i < axes; ++i) p.input[3 - axes + i] = x.shape[1 + i];
    read_sizes(vectors, axes, p);
    for (int i = 0; i < 3; ++i) p.output[i] = output_size(p, i);
    check_windows(p, x);
    return p;
}

Pool::Region Pool::region(long at) const {
    Region r;
    long with_padding = 1, without = 1;
    for (int i = 2; i >= 0; --i) {
        long start = at % output[i] * stride[i];
        at /= output[i];
        long stop = start + window[i];
        with_padding *= std::min(stop, input[i] + 2 * pad[i]) - start;
        r.first[i] = std::max(start - pad[i], 0L);
        r.end[i] = std::max(std::min(stop - pad[i], input[i]), r.first[i]);
        without *= r.end[i] - r.first[i];
    }
    r.divisor = mode == SUM ? 1
            : mode == AVERAGE_INC ? with_padding : without;
    return r;
}

// Call visit(offset) for each place of a region, offset of its channels.
template <class Visit>
void for_each_place(const Pool &p, const Pool::Region &r, long image,
                    const Visit &visit) {
    for (long d = r.first[0]; d < r.end[0]; ++d)
        for (long h = r.first[1]; h < r.end[1]; ++h)
            for (long w = r.first[2]; w < r.end[2]; ++w)
                visit((((image * p.input[0] + d) * p.input[1] + h)
                       * p.input[2] + w) * p.channels);
}

void pool_one(const Pool &p, long place, long image, const float *x,
              float *y) {
    auto r = p.region(place);
    long channels = p.channels;
    bool first = true;
    if (p.mode == MAXIMUM) {
        for_each_place(p, r, image, [&](long at) {
            const float *from = x + at;
            if (first) std::copy(from, from + channels, y);
            else
                for (long c = 0; c < channels; ++c)
                    y[c] = from[c] > y[c] ? from[c] : y[c];
            first = false;
        });
        return;
    }
    std::fill(y, y + channels, 0.f);
    for_each_place(p, r, image, [&](long at) {
        const float *from = x + at;
        for (long c = 0; c < channels; ++c) y[c] += from[c];
    });
    if (p.mode != SUM)
        for (long c = 0; c < channels; ++c) y[c] /= r.divisor;
}

void pool(const Pool &p, const float *x, float *y) {
    long places = p.output[0] * p.output[1] * p.output[2];
#pragma omp parallel for schedule(static)
    for (long at = 0; at < p.batch * places; ++at)
        pool_one(p, at % places, at / places, x, y + at * p.channels);
}

constexpr long BLOCK = 16; // channels; windows overlap, so threads share none

// maximum: of each region, or null for a sum or average
void pool_grad_block(const Pool &p, long image, long first, const float *x,
                     const float *maximum, const float *gy, float *gx) {
    long places = p.output[0] * p.output[1] * p.output[2];
    long count = std::min(BLOCK, p.channels - first);
    for (long place = 0; place < places; ++place) {
        auto r = p.region(place);
        long at_y = (image * places + place) * p.channels + first;
        float share[BLOCK];
        for (long c = 0; c < count; ++c)
            share[c] = maximum ? gy[at_y + c] : gy[at_y + c] / r.divisor;
        for_each_place(p, r, image, [&](long at) {
            float *to = gx + at + first;
            if (!maximum) {
                for (long c = 0; c < count; ++c) to[c] += share[c];
                return;
            }
            const float *from = x + at + first, *best = maximum + at_y;
            for (long c = 0; c < count; ++c)
                to[c] += from[c] == best[c] ? share[c] : 0.f;
        });
    }
}

void pool_grad(const Pool &p, const float *x, const float *maximum,
               const float *gy, float *gx) {
    long blocks = (p.channels + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static)
    for (long i = 0; i < p.batch * blocks; ++i)
        pool_grad_block(p, i / blocks, i % blocks * BLOCK, x, maximum, gy,
                        gx);
}

// Inputs of a gradient: x, the maxima if there are any, gradient, sizes.
bool has_maxima(Params params) {
    params.number();
    return params.number() == MAXIMUM;
}

void check_output(const Pool &p, const fc_array &y) {
    long skip = 5 - y.ndim, expected[5] = {p.batch};
    std::copy(p.output + skip, p.output + 3, expected + 1);
    expected[y.ndim - 1] = p.channels;
    fc_array wanted = {nullptr, y.ndim, expected, nullptr};
    if (!std::equal(expected, expected + y.ndim, y.shape))
        fail("%s: its output, or the gradient of that, has shape %s (channels "
             "last); expected %s.", WHERE, text_of(y).c_str(),
             text_of(wanted).c_str());
}

} // namespace

void pool_shapes(Kind kind, Params params, const fc_array *in,
                 fc_shape *out) {
    int vectors = kind == POOL ? 1 : has_maxima(params) ? 3 : 2;
    Pool p = pool_of(params, in[0], in + vectors);
    out->ndim = in[0].ndim;
    for (int i = 1; i < vectors; ++i) {
        check_ndim(WHERE, "its output", in[i], in[0].ndim);
        check_output(p, in[i]);
    }
    std::copy(in[0].shape, in[0].shape + out->ndim, out->size);
    if (kind == POOL)
        std::copy(p.output + 5 - out->ndim, p.output + 3, out->size + 1);
}

void pool_run(Kind kind, Params params, const fc_array *in,
              const fc_array *out) {
    Scratch scratch;
    auto *result = static_cast<float *>(out->data);
    set_implementation("own loops");
    if (kind == POOL) {
        Pool p = pool_of(params, in[0], in + 1);
        if (element_count(*out)) pool(p, dense(in[0], scratch), result);
        return;
    }
    bool maxima = has_maxima(params);
    Pool p = pool_of(params, in[0], in + (maxima ? 3 : 2));
    std::fill(result, result + element_count(*out), 0.f);
    if (!element_count(*out)) return;
    pool_grad(p, dense(in[0], scratch),
              maxima ? dense(in[1], scratch) : nullptr,
              dense(in[maxima ? 2 : 1], scratch), result);
}

} // namespace flipconv
