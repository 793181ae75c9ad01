#include "operands/geometry.hpp"

#include "base/arrays.hpp"
#include "base/reports.hpp"

namespace flipconv {

Geometry::Geometry(Kind kind, Params &params) {
    axes = params.number();
    groups = params.number();
    flip = params.number();
    border = static_cast<decltype(border)>(params.number());
    stride = params.numbers(axes);
    dilation = params.numbers(axes);
    pad_before = params.numbers(axes);
    pad_after = params.numbers(axes);
    where = kind == CONVOLUTION ? "convolution"
            : kind == CONVOLUTION_GRAD_KERNEL ? "gradient of a kernel"
                                              : "gradient of an input";
    if (kind != CONVOLUTION) return;
    scale = params.number();
    bias = params.number();
    residual = params.number();
    activation = params.number();
    slope = params.real();
    half = params.number();
    frozen = params.number();
}

bool Sizes::nothing_to_sum() const {
    return batch == 0 || inputs == 0 || outputs == 0
            || [this] {
                   for (long size : output)
                       if (size == 0) return true;
                   return false;
               }();
}

static void set_padding(const Geometry &geometry, Sizes &sizes) {
    for (int i = 0; i < geometry.axes; ++i) {
        long reach = (sizes.kernel[i] - 1) * geometry.dilation[i];
        bool half = geometry.border == Geometry::HALF;
        bool given = geometry.border == Geometry::GIVEN;
        long pad = half ? (reach + 1) / 2 : reach;
        sizes.before.push_back(given ? geometry.pad_before[i] : pad);
        sizes.after.push_back(given ? geometry.pad_after[i] : pad);
    }
}

static std::vector<long> output_size(const Geometry &geometry,
                                     const Sizes &sizes) {
    std::vector<long> output;
    for (int i = 0; i < geometry.axes; ++i) {
        if (sizes.kernel[i] < 1)
            fail("%s: the kernel has size %ld along spatial axis %d; expected "
                 "at least 1.", geometry.where, sizes.kernel[i], i);
        long reach = (sizes.kernel[i] - 1) * geometry.dilation[i] + 1;
        long padded = sizes.input[i] + sizes.before[i] + sizes.after[i];
        if (padded < reach)
            fail("%s: along spatial axis %d the padded input has size %ld, "
                 "the dilated kernel %ld; expected the kernel to fit. Pad the "
                 "input, or use a smaller kernel.",
                 geometry.where, i, padded, reach);
        output.push_back((padded - reach) / geometry.stride[i] + 1);
    }
    return output;
}

static std::vector<long> spatial(const Geometry &geometry,
                                 const fc_array &array, int first) {
    return std::vector<long>(array.shape + first,
                             array.shape + first + geometry.axes);
}

static void set_channels(const Geometry &g, Sizes &sizes, long per_group) {
    if (sizes.inputs != per_group * g.groups)
        fail("%s: the input has %ld channels, the kernel %ld per group and "
             "there are %ld groups; expected %ld channels.",
             g.where, sizes.inputs, per_group, g.groups,
             per_group * g.groups);
    if (sizes.outputs % g.groups)
        fail("%s: %ld output channels in %ld groups; expected a multiple.",
             g.where, sizes.outputs, g.groups);
}

// Read what an array of activations says.
static void read_input(const Geometry &g, const fc_array &x, Sizes &sizes) {
    check_ndim(g.where, "the input", x, g.axes + 2);
    sizes.batch = x.shape[0];
    sizes.inputs = x.shape[g.axes + 1];
    sizes.input = spatial(g, x, 1);
}

static void read_kernel(const Geometry &g, const fc_array &kernel,
                        Sizes &sizes) {
    check_ndim(g.where, "the kernel", kernel, g.axes + 2);
    sizes.outputs = kernel.shape[0];
    sizes.kernel = spatial(g, kernel, 2);
}

// What the gradient by the input is given; a transposed layer computes that
// gradient of its input.
static const char *const GRADIENT = "the gradient of the output";
static const char *const GRADIENT_OR_INPUT =
    "the gradient of the output (of a transposed layer: the input)";

static void check_output(const Geometry &g, const char *name,
                         const fc_array &y, const Sizes &sizes) {
    check_ndim(g.where, name, y, g.axes + 2);
    std::vector<long> expected = {sizes.batch};
    expected.insert(expected.end(), sizes.output.begin(), sizes.output.end());
    expected.push_back(sizes.outputs);
    fc_array wanted = {nullptr, y.ndim, expected.data(), nullptr};
    for (long i = 0; i < y.ndim; ++i)
        if (y.shape[i] != expected[i])
            fail("%s: %s has shape %s (channels last); expected %s.", g.where,
                 name, text_of(y).c_str(), text_of(wanted).c_str());
}

static void check_vector(const Geometry &g, const char *name,
                         const fc_array &vector, long count) {
    if (vector.ndim != 1
        || (vector.shape[0] != count && vector.shape[0] != 1))
        fail("%s: %s has shape %s; expected (%ld,).", g.where, name,
             text_of(vector).c_str(), count);
}

static void check_rest(const Geometry &g, const fc_array *rest,
                       const Sizes &sizes) {
    if (g.scale) check_vector(g, "the scale", *rest++, sizes.outputs);
    if (g.bias) check_vector(g, "the bias", *rest++, sizes.outputs);
    if (g.residual) {
        Geometry named = g;
        named.where = "sum of a convolution and its residual";
        check_output(named, "the residual", *rest, sizes);
    }
}

Sizes sizes_of(Kind kind, const Geometry &g, const fc_array *in) {
    Sizes sizes;
    if (kind == CONVOLUTION) { // input, kernel, scale, bias, residual
        read_input(g, in[0], sizes);
        read_kernel(g, in[1], sizes);
        set_channels(g, sizes, in[1].shape[1]);
        set_padding(g, sizes);
        sizes.output = output_size(g, sizes);
        check_rest(g, in + 2, sizes);
        return sizes;
    }
    const char *name =
        kind == CONVOLUTION_GRAD_KERNEL ? GRADIENT : GRADIENT_OR_INPUT;
    check_ndim(g.where, name, in[1], g.axes + 2);
    if (kind == CONVOLUTION_GRAD_KERNEL) { // input, gradient, kernel size
        read_input(g, in[0], sizes);
        sizes.outputs = in[1].shape[g.axes + 1];
        sizes.kernel = integers(g.where, "the size of the kernel", in[2],
                                g.axes);
        set_channels(g, sizes, sizes.inputs / g.groups);
    } else { // kernel, gradient, input size
        read_kernel(g, in[0], sizes);
        sizes.batch = in[1].shape[0];
        sizes.inputs = in[0].shape[1] * g.groups;
        sizes.input = integers(g.where, "the size of the input", in[2],
                               g.axes);
        set_channels(g, sizes, in[0].shape[1]);
    }
    set_padding(g, sizes);
    sizes.output = output_size(g, sizes);
    check_output(g, name, in[1], sizes);
    return sizes;
}

} // namespace flipconv
