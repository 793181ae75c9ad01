#include "products/dots.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/packing.hpp"

namespace flipconv {

namespace {

// Outputs and rows whose sums fill the registers.
#ifdef __AVX512F__
constexpr int OUTPUTS = 4;
#else
constexpr int OUTPUTS = 2;
#endif
constexpr int ROWS = 6;

Vector load_some(const float *from, long count) { // zeros behind
    Vector values = {};
    memcpy(&values, from, count * sizeof(float));
    return values;
}

// Sums of OUTPUTS outputs and N rows, each spread over a vector. The outputs
// that come next are fetched meanwhile.
template <int N>
void block(const float *rows, long terms, const float *kernel, long apart,
           Vector *result) {
    Vector sums[N][OUTPUTS] = {};
    auto add = [&](const Vector (&factors)[OUTPUTS], int row, Vector values) {
        hold(values);
        for (int i = 0; i < OUTPUTS; ++i)
            sums[row][i] += values * factors[i];
    };
    Vector factors[OUTPUTS];
    long k = 0;
    for (; k + WIDTH <= terms; k += WIDTH) {
        for (int i = 0; i < OUTPUTS; ++i) {
            factors[i] = load(kernel + i * apart + k);
            __builtin_prefetch(kernel + (OUTPUTS + i) * apart + k);
        }
        for (int row = 0; row < N; ++row)
            add(factors, row, load(rows + row * terms + k));
    }
    if (k < terms) {
        for (int i = 0; i < OUTPUTS; ++i)
            factors[i] = load_some(kernel + i * apart + k, terms - k);
        for (int row = 0; row < N; ++row)
            add(factors, row, load_some(rows + row * terms + k, terms - k));
    }
    for (int row = 0; row < N; ++row)
        std::copy(sums[row], sums[row] + OUTPUTS, result + row * WIDTH);
}

constexpr decltype(&block<1>) block_of[] = {
        nullptr, block<1>, block<2>, block<3>, block<4>, block<5>, block<6>};
static_assert(ROWS + 1 == sizeof block_of / sizeof *block_of,
              "one for each number");

} // namespace

void Dots::run(long begin, long end, float *y) const {
    Vector sums[ROWS][WIDTH];
    const long blocks = (count + ROWS - 1) / ROWS;
    for (long output = begin; output < end; output += WIDTH)
        for (long i = 0; i < blocks; ++i) {
            const long first = count * i / blocks;
            const long some = count * (i + 1) / blocks - first;
            for (int v = 0; v < WIDTH; v += OUTPUTS)
                block_of[some](rows + first * terms, terms,
                               kernel + (output + v) * apart, apart,
                               sums[0] + v);
            for (long row = 0; row < some; ++row)
                finish(sums[row], first + row, output, y);
        }
}

void Dots::finish(Vector *sums, long row, long output, float *y) const {
    const Epilogue &after = *epilogue;
    const long place = row * outputs + output;
    Vector value = sums_of(sums);
    if (after.scale)
        value *= factors_of(after.scale, after.scales, output);
    if (after.bias) value += load(after.bias + output);
    if (after.residual) value += load(after.residual + place);
    store(y + place, after.activated(value));
}

} // namespace flipconv
