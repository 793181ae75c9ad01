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

// The sums of N rows and V vectors, which have to stay in registers: no loop
// goes over them, and nothing is called with them.
template <int N, int V>
struct Sums {
    // A body of a row and a vector, for all of them.
    template <class Body>
    FLIPCONV_INLINE static void each(const Body &body) {
        Unrolled<N>::run([&](int row) FLIPCONV_INLINE {
            Unrolled<V>::run([&](int v) FLIPCONV_INLINE { body(row, v); });
        });
    }

    FLIPCONV_INLINE void load_from(const float *from, long stride) {
        each([&](int row, int v) FLIPCONV_INLINE {
            of[row][v] = load(from + row * stride + v * WIDTH);
        });
    }

    FLIPCONV_INLINE void store_to(float *to, long stride) const {
        each([&](int row, int v) FLIPCONV_INLINE {
            store(to + row * stride + v * WIDTH, of[row][v]);
        });
    }

    // What follows a convolution, but for activations that are functions.
    FLIPCONV_INLINE void finish(const Epilogue &after, const float *residual,
                                long stride) {
        if (after.bias)
            each([&](int row, int v) FLIPCONV_INLINE {
                of[row][v] += load(after.bias + v * WIDTH);
            });
        if (residual)
            each([&](int row, int v) FLIPCONV_INLINE {
                of[row][v] += load(residual + row * stride + v * WIDTH);
            });
        if (after.is_relu())
            each([&](int row, int v) FLIPCONV_INLINE {
                of[row][v] = Epilogue::rectified(of[row][v]);
            });
    }

    Vector of[N][V] = {};
};

// The other activations.
void activate(const Epilogue &after, int rows, int vectors, float *to,
              long stride) {
    for (int row = 0; row < rows; ++row, to += stride)
        for (int v = 0; v < vectors; ++v)
            store(to + v * WIDTH, after.activated(load(to + v * WIDTH)));
}

// Have what comes after the sums in a cache by then. Calls of a function that
// does no more than this are left out by GCC, if it is not put in early.
template <int N, int V>
FLIPCONV_INLINE inline void fetch(const float *to, const float *residual,
                                  long stride) {
    for (int row = 0; row < N; ++row)
        for (int v = 0; v <= V; ++v) // the last one may be on another line
            __builtin_prefetch(to + row * stride + v * WIDTH - (v == V), 1);
    for (int row = 0; residual && row < N; ++row)
        for (int v = 0; v <= V; ++v)
            __builtin_prefetch(residual + row * stride + v * WIDTH - (v == V));
}

// The product of N rows and a panel of V vectors.
template <class Terms, int N, int V>
void block(const Rows<typename Terms::Value> &rows, long first,
           const typename Terms::Value *panel, float *to, long to_stride,
           bool more, const Epilogue *after, Ahead &ahead) {
    constexpr int STEP = Terms::AT_ONCE;
    const float *residual = after && after->residual
            ? after->residual + first * to_stride : nullptr;
    if (after) fetch<N, V>(to, residual, to_stride);
    Sums<N, V> sums;
    if (more) sums.load_from(to, to_stride);
    long piece = 0;
    do { // what might not be entered would cost registers
        const typename Terms::Value *a[N];
        Unrolled<N>::run([&](int row) FLIPCONV_INLINE {
            a[row] = rows.begin(first + row) + rows.offsets[piece];
        });
        auto add_terms = [&](long k) FLIPCONV_INLINE {
            Unrolled<N>::run([&](int row) FLIPCONV_INLINE {
                const auto factor = Terms::spread(a[row] + k);
                Unrolled<V>::run([&](int v) FLIPCONV_INLINE {
                    sums.of[row][v] = Terms::added(
                            sums.of[row][v], factor,
                            Terms::of_panel(panel + v * WIDTH * STEP));
                });
            });
            panel += V * WIDTH * STEP;
        };
        long k = 0;
        while (k < rows.length && !ahead.empty()) {
            const char *line = ahead.next();
            const long lines = ahead.take((rows.length - k) / STEP);
            for (const long last = k + lines * STEP; k < last; k += STEP) {
                __builtin_prefetch(line, 0, 2);
                line += Ahead::LINE;
                add_terms(k);
            }
        }
        for (; k < rows.length; k += STEP) add_terms(k);
    } while (++piece < rows.pieces);
    if (after) sums.finish(*after, residual, to_stride);
    sums.store_to(to, to_stride);
    if (after && after->is_function()) activate(*after, N, V, to, to_stride);
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
