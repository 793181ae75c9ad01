// Run one convolution of oneDNN as fast as it goes: every memory in the format
// that oneDNN chooses, the kernel reordered beforehand. Answers each line on
// the standard input with the seconds of one run, the median of a burst, as
// `worker` does.
//
//   onednn_limit BATCH IN_CHANNELS OUT_CHANNELS N IN... KERNEL... STRIDE... PAD...
//
// N is the number of spatial axes.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "dnnl.hpp"

using dims = dnnl::memory::dims;

static const double BURST = 0.05; // seconds; as in `worker`

static dnnl::memory::desc any(const dims &shape) {
    return {shape, dnnl::memory::data_type::f32,
            dnnl::memory::format_tag::any};
}

static dnnl::memory filled(const dnnl::memory::desc &description,
                           const dnnl::engine &engine) {
    dnnl::memory memory(description, engine);
    auto *values = static_cast<float *>(memory.get_data_handle());
    for (size_t i = 0; i < description.get_size() / sizeof(float); ++i)
        values[i] = 0.01f * (i % 101);
    return memory;
}

struct Shapes {
    dims source, kernel, result, stride, pad;
};

static Shapes parse(char **arguments) {
    auto next = [&] { return std::atol(*++arguments); };
    auto batch = next(), channels = next(), filters = next();
    auto axes = [&](long n) {
        dims sizes;
        for (long i = 0; i < n; ++i) sizes.push_back(next());
        return sizes;
    };
    const long n = next();
    Shapes s;
    const dims in = axes(n), size = axes(n);
    s.stride = axes(n);
    s.pad = axes(n);
    s.source = {batch, channels};
    s.kernel = {filters, channels};
    s.result = {batch, filters};
    for (long i = 0; i < n; ++i) {
        s.source.push_back(in[i]);
        s.kernel.push_back(size[i]);
        s.result.push_back((in[i] + 2 * s.pad[i] - size[i]) / s.stride[i] + 1);
    }
    return s;
}

int main(int count, char **arguments) {
    if (count < 5) return 2;
    const Shapes s = parse(arguments);
    dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    dnnl::convolution_forward::primitive_desc description(
        engine, dnnl::prop_kind::forward_inference,
        dnnl::algorithm::convolution_direct, any(s.source), any(s.kernel),
        any(s.result), s.stride, s.pad, s.pad);
    dnnl::convolution_forward convolution(description);
    auto source = filled(description.src_desc(), engine);
    auto kernel = filled(description.weights_desc(), engine);
    auto result = filled(description.dst_desc(), engine);

    const auto run = [&] {
        const auto begun = std::chrono::steady_clock::now();
        convolution.execute(stream, {{DNNL_ARG_SRC, source},
                                     {DNNL_ARG_WEIGHTS, kernel},
                                     {DNNL_ARG_DST, result}});
        stream.wait();
        const std::chrono::duration<double> taken =
            std::chrono::steady_clock::now() - begun;
        return taken.count();
    };
    for (std::string line; std::getline(std::cin, line);) {
        std::vector<double> seconds;
        for (double all = 0; all < BURST; all += seconds.back())
            seconds.push_back(run());
        const auto middle = seconds.begin() + seconds.size() / 2;
        std::nth_element(seconds.begin(), middle, seconds.end());
        std::cout << "{\"seconds\": " << *middle << ", \"kind\": \""
                  << description.impl_info_str() << "\"}" << std::endl;
    }
}
