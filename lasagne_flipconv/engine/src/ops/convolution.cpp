// Convolution and its two gradients.
#include <algorithm>

#include "base/arrays.hpp"
#include "base/reports.hpp"
#include "base/state.hpp"
#include "kernels/cache.hpp"
#include "operands/finite.hpp"
#include "ops/direct.hpp"
#include "ops/grad_kernel.hpp"
#include "ops/ops.hpp"

namespace flipconv {

namespace {

using Tag = dnnl::memory::format_tag;

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

bool run_tiles(const std::shared_ptr<Winograd> &tiles, const Geometry &g,
               KernelCache &cache, const float *x, const fc_array &kernel,
               bool flip, const Epilogue &after, float *y, Scratch &scratch) {
    if (tiles->packs_on_the_way() && !g.frozen)
        return tiles->run(x, kernel, flip, after, y, scratch);
    auto packed = g.frozen
            ? cache.frozen(tiles, kernel, flip, after.scale, after.scales)
            : cache.packed(tiles, kernel, flip, after.scale, after.scales,
                           scratch);
    return tiles->run(x, packed.get(), after, y, scratch);
}

bool run_forward(const Convolution &c, const Geometry &g, const Sizes &s,
                 KernelCache &cache, const fc_array *in, float *y,
                 Scratch &scratch) {
    Epilogue after(g, s, in + 2, scratch);
    if (c.lines) return run_lines(c, g, cache, in, after, y, scratch);
    if (c.winograd)
        return run_tiles(c.winograd, g, cache, dense(in[0], scratch), in[1],
                         g.flip, after, y, scratch);
    const float *scale = c.careful ? nullptr : after.scale;
    auto kernel = g.frozen
            ? cache.frozen(c.packing(), in[1], g.flip, scale, after.scales)
            : cache.packed(c.packing(), in[1], g.flip, scale, after.scales,
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
        return run_tiles(c.winograd, g, cache, dense(in[1], scratch),
                         kernel.array, !g.flip, Epilogue(), x, scratch);
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
    return run_grad_input(c, g, cache, in, result, scratch);
}

void run_grad_kernel(State &state, State::Key key, const Geometry &g,
                     const Sizes &s, const fc_array *in, float *kernel,
                     Scratch &scratch) {
    for (bool careful : {false, true}) {
        if (careful) key.push_back(0);
        auto gradient = state.get<KernelGradient>(key, [&] {
            return KernelGradient::make(g, s, careful);
        });
        set_implementation(gradient->name());
        if (gradient->run(g, in, kernel, scratch)) return;
    }
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
    auto *result = static_cast<float *>(out->data);
    State::Key key = {s.batch, s.inputs, s.outputs};
    key.insert(key.end(), s.input.begin(), s.input.end());
    key.insert(key.end(), s.kernel.begin(), s.kernel.end());
    if (kind == CONVOLUTION_GRAD_KERNEL)
        return run_grad_kernel(state, key, g, s, in, result, scratch);
    auto c = state.get<Convolution>(key, [&] { return make(kind, g, s); });
    auto new_cache = [] { return std::make_shared<KernelCache>(); };
    auto cache = state.get<KernelCache>({}, new_cache);
    if (run(kind, *c, g, s, *cache, in, result, scratch)) return;
    g.frozen = false; // it may be unlike others because it was changed
    key.push_back(0);
    cache = state.get<KernelCache>({0}, new_cache);
    c = state.get<Convolution>(key, [&] { return make_careful(kind, g, s); });
    run(kind, *c, g, s, *cache, in, result, scratch);
}

} // namespace flipconv
