#include "products.hpp"

#include <cstring>

namespace flipconv {

namespace {

struct Singles { // of the terms of a sum: one at a time
    using Value = float;
    static constexpr int AT_ONCE = 1;
    static Vector spread(const float *at) { return Vector{} + *at; }
    static Vector of_panel(const float *at) { return load(at); }
    static Vector added(Vector sum, Vector a, Vector b) { return sum + a * b; }
};

#ifdef __AVX512BF16__
struct Pairs { // two at a time
    using Value = Half;
    static constexpr int AT_ONCE = 2;
    static __m512bh spread(const Half *at) {
        int pair;
        memcpy(&pair, at, sizeof pair);
        return (__m512bh)_mm512_set1_epi32(pair);
    }
    static __m512bh of_panel(const Half *at) {
        return (__m512bh)_mm512_loadu_si512(at);
    }
    static Vector added(Vector sum, __m512bh a, __m512bh b) {
        return (Vector)_mm512_dpbf16_ps((__m512)sum, a, b);
    }
};
#endif

// The product of N rows and a panel of V vectors, in registers.
template <class Terms, int N, int V>
void block(const typename Terms::Value *a, long a_stride,
           const typename Terms::Value *panel, long length, float *to,
           long to_stride) {
    constexpr int STEP = Terms::AT_ONCE;
    Vector sums[N][V] = {};
    for (long k = 0; k < length; k += STEP, panel += V * WIDTH * STEP)
        for (int row = 0; row < N; ++row) {
            auto factor = Terms::spread(a + row * a_stride + k);
            for (int v = 0; v < V; ++v)
                sums[row][v] = Terms::added(
                        sums[row][v], factor,
                        Terms::of_panel(panel + v * WIDTH * STEP));
        }
    for (int row = 0; row < N; ++row)
        for (int v = 0; v < V; ++v)
            store(to + row * to_stride + v * WIDTH, sums[row][v]);
}

template <class Terms, int V>
void all_rows(const typename Terms::Value *a, long a_stride,
              const typename Terms::Value *panel, long length, float *to,
              long to_stride, long rows) {
    static decltype(&block<Terms, 1, V>) const rest[ROWS] = {
            nullptr,           block<Terms, 1, V>, block<Terms, 2, V>,
            block<Terms, 3, V>, block<Terms, 4, V>, block<Terms, 5, V>};
    for (; rows >= ROWS; rows -= ROWS) {
        block<Terms, ROWS, V>(a, a_stride, panel, length, to, to_stride);
        a += ROWS * a_stride;
        to += ROWS * to_stride;
    }
    if (rows) rest[rows](a, a_stride, panel, length, to, to_stride);
}

template <class Terms>
void all_columns(const typename Terms::Value *a, long a_stride,
                 const typename Terms::Value *panel, long length, float *to,
                 long to_stride, long rows, int columns) {
    static decltype(&all_rows<Terms, 1>) const by_vectors[] = {
            nullptr, all_rows<Terms, 1>, all_rows<Terms, 2>,
            all_rows<Terms, 3>, all_rows<Terms, 4>};
    by_vectors[columns / WIDTH](a, a_stride, panel, length, to, to_stride,
                                rows);
}

} // namespace

void multiply(const float *a, long a_stride, const float *panel, long length,
              float *to, long to_stride, long rows, int columns) {
    all_columns<Singles>(a, a_stride, panel, length, to, to_stride, rows,
                         columns);
}

#ifdef __AVX512BF16__
void multiply(const Half *a, long a_stride, const Half *panel, long length,
              float *to, long to_stride, long rows, int columns) {
    all_columns<Pairs>(a, a_stride, panel, length, to, to_stride, rows,
                       columns);
}
#endif

} // namespace flipconv
