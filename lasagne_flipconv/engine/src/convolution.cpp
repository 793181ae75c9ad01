// Convolution and its two gradients.
#include <algorithm>
#include <cfloat>
#include <cstring>

#include <omp.h>

#include "finite.hpp"
#include "geometry.hpp"
#include "half_kernel.hpp"
#include "kept.hpp"
#include "kernel_cache.hpp"
#include "kernel_layout.hpp"
#include "lines.hpp"
#include "onednn.hpp"
#include "winograd.hpp"

namespace flipconv {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

struct Convolution { // ready to run for the shapes of one call
    std::shared_ptr<Winograd> winograd; // or
    std::shared_ptr<Lines> lines;       // or
    dnnl::primitive primitive;
    memory::desc input, kernel, output, scratch;
    std::shared_ptr<KernelLayout> layout; // or, of bfloat16,
    std::shared_ptr<HalfKernel> half;
    bool fused; // the primitive itself does what follows it
    bool last_resort = false; // it may be the reference implementation
    bool careful = false; // right for what is not finite, too
    std::string name;

    std::shared_ptr<const KernelPacking> packing() const {
        if (winograd) return winograd;
        if (lines) return lines;
        if (half) return half;
        return layout;
    }
};

struct Dims { // as oneDNN wants them
    memory::dims input, kernel, output, stride, dilation, before, after;
};

Dims dims_of(const Geometry &g, const Sizes &s) {
    Dims d;
    d.input = {s.batch, s.inputs};
    d.output = {s.batch, s.outputs};
    if (g.groups > 1) d.kernel.push_back(g.groups);
    d.kernel.push_back(s.outputs / g.groups);
    d.kernel.push_back(s.inputs / g.groups);
    d.input.insert(d.input.end(), s.input.begin(), s.input.end());
    d.output.insert(d.output.end(), s.output.begin(), s.output.end());
    d.kernel.insert(d.kernel.end(), s.kernel.begin(), s.kernel.end());
    for (int i = 0; i < g.axes; ++i) {
        d.stride.push_back(g.stride[i]);
        d.dilation.push_back(g.dilation[i] - 1);
    }
    d.before.assign(s.before.begin(), s.before.end());
    d.after.assign(s.after.begin(), s.after.end());
    return d;
}

// oneDNN's ReLU, a maximum with zero, takes not-a-number for the smaller one.
// This keeps it: x times what of x * FLT_MAX lies between zero and one.
void append_relu(dnnl::post_ops &after, float slope) {
    if (slope == 0)
        after.append_eltwise(dnnl::algorithm::eltwise_hardswish, FLT_MAX, 0);
    else
        after.append_eltwise(dnnl::algorithm::eltwise_relu, slope, 0);
}

void append_activation(dnnl::post_ops &after, const Geometry &g) {
    if (g.activation == Geometry::RELU) append_relu(after, g.slope);
    if (g.activation == Geometry::ELU)
        after.append_eltwise(dnnl::algorithm::eltwise_elu, g.slope, 0);
    if (g.activation == Geometry::POSITIVE)
        after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
}

dnnl::primitive_attr attributes(const Geometry &g, const Dims &d, bool fuse) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (!fuse) return attr;
    dnnl::post_ops after;
    if (g.residual)
        after.append_binary(dnnl::algorithm::binary_add,
                            activations(d.output));
    append_activation(after, g);
    attr.set_post_ops(after);
    return attr;
}

constexpr auto DIRECT = dnnl::algorithm::convolution_direct;

// Fill in `c` with the first implementation that is not the reference, unless
// `c` is the last resort, nor one whose name starts with `refused`; if there
// is none, return false.
template <class Description>
bool accept(Description &found, Convolution &c,
            const std::string &refused = "none") {
    if (!found) return false;
    auto starts_with = [&](const std::string &start) {
        return std::string(found.impl_info_str()).compare(
                       0, start.size(), start) == 0;
    };
    while ((is_reference(found) && !c.last_resort) || starts_with(refused))
        if (!found.next_impl()) return false;
    c.scratch = found.scratchpad_desc();
    c.name = found.impl_info_str();
    return true;
}

// All that tells one convolution with what follows it from another.
State::Key key_of(const Geometry &g, const Dims &d, Tag tag) {
    State::Key key = {omp_get_max_threads(), static_cast<long>(tag), g.bias,
                      g.residual, g.activation, g.half, 0};
    memcpy(&key.back(), &g.slope, sizeof g.slope);
    for (auto *dims : {&d.input, &d.kernel, &d.output, &d.stride, &d.dilation,
                       &d.before, &d.after})
        key.insert(key.end(), dims->begin(), dims->end());
    return key;
}

// The primitive of a description; see kept.hpp.
dnnl::primitive forward_primitive(
        const dnnl::convolution_forward::primitive_desc &found,
        const Geometry &g, const Dims &d, Tag tag, const Convolution &c,
        bool fuse) {
    auto made = [&] { return dnnl::convolution_forward(found); };
    bool lost = fuse && g.activation && !c.name.compare(0, 7, "brgconv");
    if (!lost) return made();
    return kept_primitive(key_of(g, d, tag), made);
}

bool try_forward(const Geometry &g, const Dims &d, Tag tag, bool fuse,
                 Convolution &c) {
    auto type = g.half ? memory::data_type::bf16 : memory::data_type::f32;
    memory::desc x(d.input, type, tag), kernel(d.kernel, type, Tag::any), bias;
    auto y = activations(d.output, tag);
    if (fuse && g.bias)
        bias = activations({d.output[1]}, Tag::a);
    dnnl::convolution_forward::primitive_desc found(
            cpu(), dnnl::prop_kind::forward_inference, DIRECT, x, kernel, bias,
            y, d.stride, d.dilation, d.before, d.after,
            attributes(g, d, fuse), true);
    // After the matrix product of this one, bias and activation take twice as
    // long as the product (oneDNN 3.2); done apart, a tenth of it.
    bool slow = fuse && (g.bias || g.residual || g.activation);
    if (!accept(found, c, slow ? "x64:gemm" : "none")) return false;
    if (g.half && c.name.find("bf16") == std::string::npos
        && c.name.find("amx") == std::string::npos)
        return false; // no instructions for it
    c.primitive = forward_primitive(found, g, d, tag, c, fuse);
    if (!c.primitive) return false;
    c.input = found.src_desc();
    c.kernel = found.weights_desc();
    c.output = found.dst_desc();
    c.fused = fuse;
    return true;
}

// The gradients are described with the help of a forward convolution. It has
// to outlive their descriptions: next_impl() looks at it again.
dnnl::convolution_forward::primitive_desc hint_of(const Dims &d) {
    auto any = [](const memory::dims &dims) {
        return activations(dims, Tag::any);
    };
    return dnnl::convolution_forward::primitive_desc(
            cpu(), dnnl::prop_kind::forward_training, DIRECT, any(d.input),
            any(d.kernel), any(d.output), d.stride, d.dilation, d.before,
            d.after);
}

template <class Gradient>
typename Gradient::primitive_desc describe_gradient(
        const Geometry &g, const Dims &d, Tag tag,
        const dnnl::convolution_forward::primitive_desc &hint) {
    return {cpu(), DIRECT, activations(d.input, tag),
            activations(d.kernel, Tag::any), activations(d.output, tag),
            d.stride, d.dilation, d.before, d.after, hint,
            attributes(g, d, false), true};
}

bool try_grad_kernel(const Geometry &g, const Dims &d, Tag tag, bool,
                     Convolution &c) {
    using Gradient = dnnl::convolution_backward_weights;
    auto hint = hint_of(d);
    auto found = describe_gradient<Gradient>(g, d, tag, hint);
    // Of 1 x 1 kernels with a stride and fewer than 16 channels, the result of
    // this one depends on which thread is first (oneDNN 3.2).
    bool strided = std::any_of(g.stride, g.stride + g.axes,
                               [](long stride) { return stride > 1; });
    // Of volumes with a stride and wide padding along the depth, the result of
    // those of its kind holds what was in memory (oneDNN 3.2).
    bool deep = g.axes == 3 && g.stride[0] > 1
            && std::max(d.before[0], d.after[0]) > 1;
    if (!accept(found, c, deep ? "jit" : strided ? "jit_1x1" : "none"))
        return false;
    c.primitive = Gradient(found);
    c.input = found.src_desc();
    c.kernel = found.diff_weights_desc();
    c.output = found.diff_dst_desc();
    return true;
}

bool try_grad_input(const Geometry &g, const Dims &d, Tag tag, bool,
                    Convolution &c) {
    using Gradient = dnnl::convolution_backward_data;
    auto hint = hint_of(d);
    auto found = describe_gradient<Gradient>(g, d, tag, hint);
    if (!accept(found, c)) return false;
    c.primitive = Gradient(found);
    c.input = found.diff_src_desc();
    c.kernel = found.weights_desc();
    c.output = found.diff_dst_desc();
    return true;
}

// Find an implementation: channels last with all that follows, channels last,
// whatever order oneDNN likes; the last two leave what follows to Epilogue,
// as those do that are careful.
// Of kernels with few output channels, mostly on zeros around a small input,
// there may be only the reference. That can be slower than Theano, but there
// is so little to do that it takes milliseconds.
std::shared_ptr<Convolution> make_direct(Kind kind, const Geometry &g,
                                         const Sizes &s,
                                         bool careful = false) {
    auto attempt = kind == CONVOLUTION ? try_forward
            : kind == CONVOLUTION_GRAD_KERNEL ? try_grad_kernel
                                              : try_grad_input;
    auto d = dims_of(g, s);
    auto last = channels_last(d.input.size());
    auto c = std::make_shared<Convolution>();
    c->careful = careful;
    if ((careful || !attempt(g, d, last, true, *c))
        && !attempt(g, d, last, false, *c)
        && !attempt(g, d, Tag::any, false, *c)) {
        c->last_resort = true;
        if (!attempt(g, d, last, false, *c))
            throw std::runtime_error(
                    std::string(g.where)
                    + ": oneDNN cannot compute this geometry. Compile the "
                      "function with mode=theano.compile.get_default_mode()."
                      "excluding('onednn').");
    }
    c->layout = std::make_shared<KernelLayout>(c->kernel, g.groups > 1);
    return c;
}

// The sizes of the gradient of an input, a convolution of that of an output.
Sizes turned(Sizes s) {
    std::swap(s.inputs, s.outputs);
    std::swap(s.input, s.output);
    for (size_t i = 0; i < s.kernel.size(); ++i) {
        s.before[i] = s.kernel[i] - 1 - s.before[i];
        s.after[i] = s.kernel[i] - 1 - s.after[i];
    }
    return s;
}

// A convolution of bfloat16, null if oneDNN has none that is fast.
std::shared_ptr<Convolution> make_half(const Geometry &g, const Sizes &s) {
    auto d = dims_of(g, s);
    auto last = channels_last(d.input.size());
    auto c = std::make_shared<Convolution>();
    if (!has_bfloat16()
        || (!try_forward(g, d, last, true, *c)
            && !try_forward(g, d, last, false, *c)))
        return nullptr;
    c->half = std::make_shared<HalfKernel>(c->kernel, g.groups > 1);
    return c;
}

std::shared_ptr<Convolution> make(Kind kind, Geometry g, const Sizes &s) {
    std::shared_ptr<Winograd> winograd;
    if (kind == CONVOLUTION) winograd = Winograd::make(g, s);
    if (kind == CONVOLUTION_GRAD_INPUT)
        winograd = Winograd::make(g, turned(s));
    if (!winograd && g.half) {
        auto half = make_half(g, s);
        if (half) return half;
        g.half = false;
    }
    auto lines = !winograd && kind == CONVOLUTION ? Lines::make(g, s) : nullptr;
    if (!winograd && !lines) return make_direct(kind, g, s);
    auto c = std::make_shared<Convolution>();
    c->name = winograd ? winograd->name() : lines->name();
    c->winograd = winograd;
    c->lines = lines;
    return c;
}

// The zeros of the padding are put into the input, and what follows the
// convolution is done apart.
std::shared_ptr<Convolution> make_careful(Kind kind, Geometry g,
                                          const Sizes &s) {
    g.half = false;
    return make_direct(kind, g,
                       kind == CONVOLUTION_GRAD_INPUT ? s : unpadded(s), true);
}

const float *input_of(const Convolution &c, const Sizes &s, const fc_array &x,
                      Scratch &scratch) {
    const float *values = dense(x, scratch);
    return c.careful ? with_zeros(s, values, scratch) : values;
}

// The functions that follow return false where something is infinite or not a
// number and only a careful convolution tells the result.
bool run_lines(const Convolution &c, const Geometry &g, KernelCache &cache,
               const fc_array *in, const Epilogue &after, float *y,
               Scratch &scratch) {
    KernelCache::Values packed;
    if (g.frozen) {
        packed = cache.frozen(c.lines, in[1], g.flip, after.scale,
                              after.scales);
        if (after.scale && !packed.finite) return false;
    }
    return c.lines->run(dense(in[0], scratch), in[1], g.flip, packed.get(),
                        after, y, scratch);
}

bool run_forward(const Convolution &c, const Geometry &g, const Sizes &s,
                 KernelCache &cache, const fc_array *in, float *y,
                 Scratch &scratch) {
    Epilogue after(g, s, in + 2, scratch);
    if (c.lines) return run_lines(c, g, cache, in, after, y, scratch);
    const float *scale = c.careful ? nullptr : after.scale;
    auto kernel = g.frozen
            ? cache.frozen(c.packing(), in[1], g.flip, scale, after.scales)
            : cache.packed(c.packing(), in[1], g.flip, scale, after.scales,
                           scratch);
    if (c.winograd)
        return c.winograd->run(dense(in[0], scratch), kernel.get(), after, y,
                               scratch);
    bool finite = kernel.finite
            && (!after.bias || all_finite(after.bias, s.outputs));
    if (!finite && !c.careful) return false;
    Call call(c.scratch, scratch);
    call.read(DNNL_ARG_SRC, c.input, input_of(c, s, in[0], scratch));
    call.read(DNNL_ARG_WEIGHTS, c.kernel, kernel.get(), false);
    if (c.fused && g.bias)
        call.read(DNNL_ARG_BIAS, activations({s.outputs}, Tag::a), after.bias,
                  false);
    if (c.fused && g.residual)
        call.read(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                  c.output, after.residual, false);
    call.write(DNNL_ARG_DST, c.output, y);
    call.run(c.primitive);
    if (!c.fused) after.apply(s, y, c.careful);
    return true;
}

bool run_grad_kernel(const Convolution &c, const Geometry &g, const Sizes &s,
                     const fc_array *in, float *kernel, Scratch &scratch) {
    const float *gradient = dense(in[1], scratch);
    if (!c.careful && has_padding(s) && !finite_at_padding(g, s, gradient))
        return false;
    auto *packed = static_cast<float *>(scratch.take(c.layout->bytes()));
    Call call(c.scratch, scratch);
    call.read(DNNL_ARG_SRC, c.input, input_of(c, s, in[0], scratch));
    call.read(DNNL_ARG_DIFF_DST, c.output, gradient);
    call.argument(DNNL_ARG_DIFF_WEIGHTS, c.kernel, packed);
    call.run(c.primitive);
    c.layout->unpack(packed, g.flip, kernel);
    return true;
}

struct Swapped { // a view of a kernel with its channels in each other's place
    explicit Swapped(const fc_array &kernel)
        : shape(kernel.shape, kernel.shape + kernel.ndim),
          strides(kernel.strides, kernel.strides + kernel.ndim),
          array{kernel.data, kernel.ndim, shape.data(), strides.data()} {
        std::swap(shape[0], shape[1]);
        std::swap(strides[0], strides[1]);
    }
    std::vector<long> shape, strides;
    fc_array array;
};

bool run_grad_input(const Convolution &c, const Geometry &g,
                    KernelCache &cache, const fc_array *in, float *x,
                    Scratch &scratch) {
    if (c.winograd) {
        Swapped kernel(in[0]);
        auto packed = cache.packed(c.winograd, kernel.array, !g.flip, nullptr,
                                   0, scratch);
        return c.winograd->run(dense(in[1], scratch), packed.get(),
                               Epilogue(), x, scratch);
    }
    auto kernel = cache.packed(c.layout, in[0], g.flip, nullptr, 0, scratch);
    Call call(c.scratch, scratch);
    call.read(DNNL_ARG_WEIGHTS, c.kernel, kernel.get(), false);
    call.read(DNNL_ARG_DIFF_DST, c.output, dense(in[1], scratch));
    call.write(DNNL_ARG_DIFF_SRC, c.input, x);
    call.run(c.primitive);
    return true;
}

bool run(Kind kind, const Convolution &c, const Geometry &g, const Sizes &s,
         KernelCache &cache, const fc_array *in, float *result,
         Scratch &scratch) {
    set_implementation(c.name);
    if (kind == CONVOLUTION)
        return run_forward(c, g, s, cache, in, result, scratch);
    if (kind == CONVOLUTION_GRAD_KERNEL)
        return run_grad_kernel(c, g, s, in, result, scratch);
    return run_grad_input(c, g, cache, in, result, scratch);
}

// Compute sums of nothing, which oneDNN does not.
void run_empty(Kind kind, const Geometry &g, const Sizes &s,
               const fc_array *in, const fc_array &out, Scratch &scratch) {
    auto *result = static_cast<float *>(out.data);
    std::fill(result, result + element_count(out), 0.f);
    if (kind == CONVOLUTION && element_count(out))
        Epilogue(g, s, in + 2, scratch).apply(s, result, true);
}

} // namespace

void convolution_shapes(Kind kind, Params params, const fc_array *in,
                        fc_shape *out) {
    Geometry g(kind, params);
    Sizes s = sizes_of(kind, g, in);
    const auto &size = kind == CONVOLUTION ? s.output
            : kind == CONVOLUTION_GRAD_KERNEL ? s.kernel : s.input;
    bool kernel = kind == CONVOLUTION_GRAD_KERNEL;
    out->ndim = g.axes + 2;
    out->size[0] = kernel ? s.outputs : s.batch;
    out->size[kernel ? 1 : g.axes + 1] = kernel ? s.inputs / g.groups
            : kind == CONVOLUTION ? s.outputs : s.inputs;
    std::copy(size.begin(), size.end(), out->size + (kernel ? 2 : 1));
}

void convolution_run(Kind kind, State &state, Params params,
                     const fc_array *in, const fc_array *out) {
    Geometry g(kind, params);
    Sizes s = sizes_of(kind, g, in);
    Scratch scratch;
    if (s.nothing_to_sum())
        return run_empty(kind, g, s, in, *out, scratch);
    State::Key key = {s.batch, s.inputs, s.outputs};
    key.insert(key.end(), s.input.begin(), s.input.end());
    key.insert(key.end(), s.kernel.begin(), s.kernel.end());
    auto c = state.get<Convolution>(key, [&] { return make(kind, g, s); });
    auto new_cache = [] { return std::make_shared<KernelCache>(); };
    auto cache = state.get<KernelCache>({}, new_cache);
    auto *result = static_cast<float *>(out->data);
    if (run(kind, *c, g, s, *cache, in, result, scratch)) return;
    g.frozen = false; // it may be unlike others because it was changed
    key.push_back(0);
    cache = state.get<KernelCache>({0}, new_cache);
    c = state.get<Convolution>(key, [&] { return make_careful(kind, g, s); });
    run(kind, *c, g, s, *cache, in, result, scratch);
}

} // namespace flipconv
