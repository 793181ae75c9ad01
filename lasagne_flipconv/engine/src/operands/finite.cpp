#include "operands/finite.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace flipconv {

// A loop that a compiler turns into vectors.
static bool all_finite_here(const float *values, long count) {
    int other = 0;
    for (long i = 0; i < count; ++i)
        other |= !(std::fabs(values[i]) <= FLT_MAX);
    return !other;
}

bool all_finite(const float *values, long count) {
    constexpr long PART = 65536; // not worth another thread
    if (count <= PART) return all_finite_here(values, count);
    bool finite = true;
#pragma omp parallel for reduction(&& : finite) schedule(static)
    for (long i = 0; i < count; i += PART)
        finite = finite
                && all_finite_here(values + i, std::min(PART, count - i));
    return finite;
}

bool has_padding(const Sizes &s) {
    auto some = [](long pad) { return pad > 0; };
    return std::any_of(s.before.begin(), s.before.end(), some)
            || std::any_of(s.after.begin(), s.after.end(), some);
}

// Whether the kernel reaches into the padding, at each place of an axis.
static std::vector<char> reaches_out(const Geometry &g, const Sizes &s,
                                     int axis) {
    long reach = (s.kernel[axis] - 1) * g.dilation[axis];
    std::vector<char> out(s.output[axis]);
    for (long i = 0; i < s.output[axis]; ++i) {
        long first = i * g.stride[axis] - s.before[axis];
        out[i] = first < 0 || first + reach >= s.input[axis];
    }
    return out;
}

struct Run { // of places, in C order
    long first, count;
};

// The places where the kernel reaches into the padding.
static std::vector<Run> places_at_padding(const Geometry &g, const Sizes &s) {
    std::vector<char> out(1, 0);
    for (int axis = 0; axis < g.axes; ++axis) {
        auto of_axis = reaches_out(g, s, axis);
        std::vector<char> longer;
        for (char before : out)
            for (char here : of_axis) longer.push_back(before || here);
        out = longer;
    }
    std::vector<Run> runs;
    for (long at = 0; at < long(out.size()); ++at)
        if (out[at]) {
            if (at == 0 || !out[at - 1]) runs.push_back({at, 0});
            ++runs.back().count;
        }
    return runs;
}

bool finite_at_padding(const Geometry &g, const Sizes &s,
                       const float *gradient) {
    auto runs = places_at_padding(g, s);
    long image = s.outputs;
    for (long size : s.output) image *= size;
    bool finite = true;
    for (long i = 0; i < s.batch && finite; ++i)
        for (auto &run : runs)
            finite = finite
                    && all_finite(gradient + i * image
                                          + run.first * s.outputs,
                                  run.count * s.outputs);
    return finite;
}

Sizes unpadded(const Sizes &sizes) {
    Sizes s = sizes;
    for (size_t i = 0; i < s.input.size(); ++i) {
        s.input[i] += s.before[i] + s.after[i];
        s.before[i] = s.after[i] = 0;
    }
    return s;
}

const float *with_zeros(const Sizes &s, const float *x, Scratch &scratch) {
    Sizes whole = unpadded(s);
    long count = s.batch * s.inputs, axes = s.input.size();
    for (long size : whole.input) count *= size;
    float *y = scratch.floats(count);
    std::fill(y, y + count, 0.f);
    long rows = s.batch, line = s.input[axes - 1] * s.inputs;
    for (long axis = 0; axis < axes - 1; ++axis) rows *= s.input[axis];
    for (long row = 0; row < rows; ++row) { // of the last axis
        long rest = row, to = s.before[axes - 1], size = whole.input[axes - 1];
        for (long axis = axes - 2; axis >= 0; --axis) {
            to += (rest % s.input[axis] + s.before[axis]) * size;
            rest /= s.input[axis];
            size *= whole.input[axis];
        }
        to += rest * size; // of the batch
        std::copy(x + row * line, x + (row + 1) * line, y + to * s.inputs);
    }
    return y;
}

} // namespace flipconv
