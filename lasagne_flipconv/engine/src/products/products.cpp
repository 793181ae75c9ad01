#include "products/products.hpp"

#include <algorithm>
#include <cstring>

namespace flipconv {

namespace {

struct Singles { // of the terms of a sum: one at a time
    using Value = float;
    static constexpr int AT_ONCE = 1;
    static Vector spread(const float *at) { return *at - Vector{}; }
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

// Do what follows a convolution to sums that are still in registers.
template <int N, int V>
inline void finish(Vector (&sums)[N][V], const Epilogue &after, long first,
                   long stride) {
    if (after.bias)
        for (int row = 0; row < N; ++row)
            for (int v = 0; v < V; ++v)
                sums[row][v] += load(after.bias + v * WIDTH);
    if (after.residual)
        for (int row = 0; row < N; ++row)
            for (int v = 0; v < V; ++v)
                sums[row][v] += load(after.residual + (first + row) * stride
                                     + v * WIDTH);
    if (after.activation == Geometry::RELU && after.slope == 0)
        for (int row = 0; row < N; ++row)
            for (int v = 0; v < V; ++v)
                sums[row][v] = sums[row][v] < 0 ? Vector{} : sums[row][v];
    else if (after.activation != Geometry::NOTHING)
        for (int row = 0; row < N; ++row)
            for (int v = 0; v < V; ++v)
                sums[row][v] = after.activated(sums[row][v]);
}

// Have what comes after the sums in a cache by then.
template <int N, int V>
inline void fetch(float *to, const Epilogue &after, long first, long stride) {
    for (int row = 0; row < N; ++row)
        for (int v = 0; v < V; ++v) {
            __builtin_prefetch(to + row * stride + v * WIDTH, 1);
            if (after.residual)
                __builtin_prefetch(after.residual + (first + row) * stride
                                   + v * WIDTH);
        }
}

// The product of N rows and a panel of V vectors, in registers.
template <class Terms, int N, int V>
void block(const Rows<typename Terms::Value> &rows, long first,
           const typename Terms::Value *panel, float *to, long to_stride,
           bool more, const Epilogue *after, Ahead &ahead) {
    constexpr int STEP = Terms::AT_ONCE;
    if (after) fetch<N, V>(to, *after, first, to_stride);
    Vector sums[N][V] = {};
    if (more)
        for (int row = 0; row < N; ++row)
            for (int v = 0; v < V; ++v)
                sums[row][v] = load(to + row * to_stride + v * WIDTH);
    long piece = 0;
    do { // what might not be entered would cost registers
        const typename Terms::Value *a[N];
        for (int row = 0; row < N; ++row)
            a[row] = rows.begin(first + row) + rows.offsets[piece];
        auto add_terms = [&](long k) {
            for (int row = 0; row < N; ++row) {
                auto factor = Terms::spread(a[row] + k);
                for (int v = 0; v < V; ++v)
                    sums[row][v] = Terms::added(
                            sums[row][v], factor,
                            Terms::of_panel(panel + v * WIDTH * STEP));
            }
            panel += V * WIDTH * STEP;
        };
        long k = 0;
        for (; k < rows.length && !ahead.empty(); k += STEP) {
            ahead.fetch();
            add_terms(k);
        }
        for (; k < rows.length; k += STEP) add_terms(k);
    } while (++piece < rows.pieces);
    if (after) finish<N, V>(sums, *after, first, to_stride);
    for (int row = 0; row < N; ++row)
        for (int v = 0; v < V; ++v)
            store(to + row * to_stride + v * WIDTH, sums[row][v]);
}

// In blocks of nearly one size: small ones wait for their sums.
template <class Terms, int V>
void all_rows(const Rows<typename Terms::Value> &rows,
              const typename Terms::Value *panel, float *to, long to_stride,
              bool more, const Epilogue *after, Ahead &ahead) {
    static decltype(&block<Terms, 1, V>) const of[] = {
            nullptr,           block<Terms, 1, V>, block<Terms, 2, V>,
            block<Terms, 3, V>, block<Terms, 4, V>, block<Terms, 5, V>,
            block<Terms, 6, V>};
    static_assert(ROWS + 1 == sizeof of / sizeof *of, "one for each number");
    if (rows.length < 1) { // of sums of nothing
        for (long row = 0; row < rows.count && !more; ++row)
            std::fill(to + row * to_stride, to + row * to_stride + V * WIDTH,
                      0.f);
        return;
    }
    long blocks = (rows.count + ROWS - 1) / ROWS, first = 0;
    for (; blocks; --blocks) {
        long count = (rows.count - first + blocks - 1) / blocks;
        of[count](rows, first, panel, to + first * to_stride, to_stride, more,
                  after, ahead);
        first += count;
    }
}

template <class Terms>
void all_columns(const Rows<typename Terms::Value> &rows,
                 const typename Terms::Value *panel, int columns, float *to,
                 long to_stride, bool more, const Epilogue *after,
                 Ahead &ahead) {
    static decltype(&all_rows<Terms, 1>) const by_vectors[] = {
            nullptr, all_rows<Terms, 1>, all_rows<Terms, 2>,
            all_rows<Terms, 3>, all_rows<Terms, 4>};
    by_vectors[columns / WIDTH](rows, panel, to, to_stride, more, after,
                                ahead);
}

} // namespace

void multiply(const Rows<float> &rows, const float *panel, int columns,
              float *to, long to_stride, bool more, const Epilogue *after,
              Ahead *ahead) {
    Ahead nothing;
    all_columns<Singles>(rows, panel, columns, to, to_stride, more, after,
                         ahead ? *ahead : nothing);
}

#ifdef __AVX512BF16__
void multiply(const Rows<Half> &rows, const Half *panel, int columns,
              float *to, long to_stride, bool more, const Epilogue *,
              Ahead *ahead) {
    Ahead nothing;
    all_columns<Pairs>(rows, panel, columns, to, to_stride, more, nullptr,
                       ahead ? *ahead : nothing);
}
#endif

} // namespace flipconv
