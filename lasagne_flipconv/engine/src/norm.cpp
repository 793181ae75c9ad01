// Normalization by the statistics of the batch, and sums over all but the
// channels.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "onednn.hpp"

namespace flipconv {

namespace {

using dnnl::memory;
using Flags = dnnl::normalization_flags;

struct Norm {
    dnnl::primitive primitive;
    memory::desc values, statistics, scratch;
    std::string name;
};

struct Extent {
    long batch, places, channels;
    bool empty() const { return batch * places * channels == 0; }
    memory::desc values() const {
        return activations({batch, channels, 1, places});
    }
};

const char *where(Kind kind) {
    return kind == CHANNEL_SUM ? "sum per channel" : "batch normalization";
}

Extent extent_of(Kind kind, const fc_array &x) {
    if (x.ndim < 2)
        fail("%s: the input has shape %s; expected (batch, ..., channels).",
             where(kind), text_of(x).c_str());
    Extent e = {x.shape[0], 1, x.shape[x.ndim - 1]};
    for (long i = 1; i < x.ndim - 1; ++i) e.places *= x.shape[i];
    return e;
}

void check_vector(const char *name, const fc_array &vector, const Extent &e) {
    if (vector.ndim != 1 || vector.shape[0] != e.channels)
        fail("%s: %s has shape %s; expected (%ld,).", where(NORM), name,
             text_of(vector).c_str(), e.channels);
}

template <class Description>
void accept(const Description &found, Norm &norm) {
    if (is_reference(found))
        throw std::runtime_error(
                "batch normalization: oneDNN has only its slow reference "
                "implementation for this shape.");
    norm.scratch = found.scratchpad_desc();
    norm.name = found.impl_info_str();
}

dnnl::batch_normalization_forward::primitive_desc forward(const Extent &e,
                                                          float epsilon) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return {cpu(), dnnl::prop_kind::forward_training, e.values(), e.values(),
            epsilon, Flags::use_scale | Flags::use_shift, attr};
}

std::shared_ptr<Norm> make_norm(const Extent &e, float epsilon) {
    auto norm = std::make_shared<Norm>();
    auto found = forward(e, epsilon);
    accept(found, *norm);
    norm->primitive = dnnl::batch_normalization_forward(found);
    norm->values = e.values();
    norm->statistics = found.mean_desc();
    return norm;
}

std::shared_ptr<Norm> make_norm_grad(const Extent &e) {
    auto norm = std::make_shared<Norm>();
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::batch_normalization_backward::primitive_desc found(
            cpu(), dnnl::prop_kind::backward, e.values(), e.values(),
            e.values(), 0.f, Flags::use_scale | Flags::use_shift,
            forward(e, 0.f), attr);
    accept(found, *norm);
    norm->primitive = dnnl::batch_normalization_backward(found);
    norm->values = e.values();
    norm->statistics = found.mean_desc();
    return norm;
}

float *floats(const fc_array &array) {
    return static_cast<float *>(array.data);
}

void fill(const fc_array &array, float value) {
    std::fill(floats(array), floats(array) + element_count(array), value);
}

// in: x, scale, bias, epsilon; out: y, mean, 1 / deviation
void run_norm(State &state, const Extent &e, const fc_array *in,
              const fc_array *out) {
    if (e.empty()) { // the mean of nothing is not a number
        fill(out[1], std::numeric_limits<float>::quiet_NaN());
        return fill(out[2], std::numeric_limits<float>::quiet_NaN());
    }
    auto epsilon = static_cast<float>(scalar(in[3]));
    long bits = 0;
    memcpy(&bits, &epsilon, sizeof epsilon);
    auto norm = state.get<Norm>({bits, e.batch, e.places, e.channels},
                                [&] { return make_norm(e, epsilon); });
    Scratch scratch;
    float *variance = floats(out[2]);
    Call call(norm->scratch, scratch);
    call.read(DNNL_ARG_SRC, norm->values, dense(in[0], scratch), false);
    call.read(DNNL_ARG_SCALE, norm->statistics, dense(in[1], scratch), false);
    call.read(DNNL_ARG_SHIFT, norm->statistics, dense(in[2], scratch), false);
    call.argument(DNNL_ARG_DST, norm->values, out[0].data);
    call.argument(DNNL_ARG_MEAN, norm->statistics, out[1].data);
    call.argument(DNNL_ARG_VARIANCE, norm->statistics, variance);
    call.run(norm->primitive);
    for (long c = 0; c < e.channels; ++c)
        variance[c] = 1 / std::sqrt(variance[c] + epsilon);
    set_implementation(norm->name);
}

// in: x, gradient, scale, mean, 1 / deviation; out: gradients of x, scale and
// bias. The deviation has epsilon in it, so the primitive is given none.
void run_norm_grad(State &state, const Extent &e, const fc_array *in,
                   const fc_array *out) {
    if (e.empty()) {
        fill(out[1], 0);
        return fill(out[2], 0);
    }
    auto norm = state.get<Norm>({e.batch, e.places, e.channels},
                                [&] { return make_norm_grad(e); });
    Scratch scratch;
    const float *inverse = dense(in[4], scratch);
    float *variance = scratch.floats(e.channels);
    for (long c = 0; c < e.channels; ++c)
        variance[c] = 1 / (inverse[c] * inverse[c]);
    Call call(norm->scratch, scratch);
    call.read(DNNL_ARG_SRC, norm->values, dense(in[0], scratch), false);
    call.read(DNNL_ARG_DIFF_DST, norm->values, dense(in[1], scratch), false);
    call.read(DNNL_ARG_SCALE, norm->statistics, dense(in[2], scratch), false);
    call.read(DNNL_ARG_MEAN, norm->statistics, dense(in[3], scratch), false);
    call.argument(DNNL_ARG_VARIANCE, norm->statistics, variance);
    call.argument(DNNL_ARG_DIFF_SRC, norm->values, out[0].data);
    call.argument(DNNL_ARG_DIFF_SCALE, norm->statistics, out[1].data);
    call.argument(DNNL_ARG_DIFF_SHIFT, norm->statistics, out[2].data);
    call.run(norm->primitive);
    set_implementation(norm->name);
}

// The rows are cut into equal parts whatever the number of threads, so the
// sum is the same bit for bit.
void channel_sum(const Extent &e, const float *x, float *sum,
                 Scratch &scratch) {
    constexpr long PARTS = 64;
    long rows = e.batch * e.places, channels = e.channels;
    float *partial = scratch.floats(PARTS * channels);
#pragma omp parallel for schedule(static)
    for (long part = 0; part < PARTS; ++part) {
        float *mine = partial + part * channels;
        std::fill(mine, mine + channels, 0.f);
        for (long r = rows * part / PARTS; r < rows * (part + 1) / PARTS; ++r)
            for (long c = 0; c < channels; ++c)
                mine[c] += x[r * channels + c];
    }
    std::fill(sum, sum + channels, 0.f);
    for (long part = 0; part < PARTS; ++part)
        for (long c = 0; c < channels; ++c)
            sum[c] += partial[part * channels + c];
}

} // namespace

void norm_shapes(Kind kind, Params, const fc_array *in, fc_shape *out) {
    Extent e = extent_of(kind, in[0]);
    fc_shape per_channel = {1, {e.channels}};
    if (kind == CHANNEL_SUM) {
        out[0] = per_channel;
        return;
    }
    out[0].ndim = in[0].ndim;
    std::copy(in[0].shape, in[0].shape + in[0].ndim, out[0].size);
    out[1] = out[2] = per_channel;
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
    if (kind == NORM_GRAD) check_vector("the deviation", in[first + 2], e);
}

void norm_run(Kind kind, State &state, Params, const fc_array *in,
              const fc_array *out) {
    Extent e = extent_of(kind, in[0]);
    if (kind == NORM) return run_norm(state, e, in, out);
    if (kind == NORM_GRAD) return run_norm_grad(state, e, in, out);
    Scratch scratch;
    set_implementation("own loops");
    channel_sum(e, dense(in[0], scratch), floats(out[0]), scratch);
}

} // namespace flipconv
