#include "ops/direct.hpp"

#include <omp.h>

#include <algorithm>
#include <cfloat>
#include <cstring>
#include <initializer_list>
#include <stdexcept>

#include "onednn/abilities.hpp"
#include "onednn/kept.hpp"

namespace flipconv {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

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

} // namespace

// Find an implementation: channels last with all that follows, channels last,
// whatever order oneDNN likes; the last two leave what follows to Epilogue,
// as those do that are careful.
// Of kernels with few output channels, mostly on zeros around a small input,
// there may be only the reference. That can be slower than Theano, but there
// is so little to do that it takes milliseconds.
std::shared_ptr<Convolution> make_direct(Kind kind, const Geometry &g,
                                         const Sizes &s, bool careful) {
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

} // namespace flipconv
