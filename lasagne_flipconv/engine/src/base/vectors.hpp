// Vectors of floats as wide as the registers of the processor.
#pragma once

#include <cstdint>

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

namespace flipconv {

#ifdef __AVX512F__
constexpr int WIDTH = 16;
#elif defined(__AVX__)
constexpr int WIDTH = 8;
#else
constexpr int WIDTH = 4;
#endif

typedef float Vector __attribute__((vector_size(WIDTH * sizeof(float))));

// the same at any address
typedef float UnalignedVector
        __attribute__((vector_size(WIDTH * sizeof(float)),
                       aligned(sizeof(float)), may_alias));

inline Vector load(const float *from) {
    return *reinterpret_cast<const UnalignedVector *>(from);
}

#define FLIPCONV_INLINE __attribute__((always_inline))

// Call a body that is FLIPCONV_INLINE with 0 to N - 1. Compilers unroll loops
// after they have decided what lies in registers: an array that one walks
// along stays in memory, this keeps it out.
template <int N>
struct Unrolled {
    template <class Body>
    FLIPCONV_INLINE static void run(const Body &body) {
        Unrolled<N - 1>::run(body);
        body(N - 1);
    }
};

template <>
struct Unrolled<0> {
    template <class Body>
    FLIPCONV_INLINE static void run(const Body &) {}
};

// Have a value in a register, instead of reading it anew for each use.
inline void hold(Vector &value) {
#ifdef __x86_64__
    asm("" : "+v"(value));
#else
    (void)value;
#endif
}

inline void store(float *to, Vector value) {
    *reinterpret_cast<UnalignedVector *>(to) = value;
}

// Store a vector of one row; or, for another type, two vectors of two rows.
inline void store_rows(float *to, Vector row, Vector) { store(to, row); }

struct Half { // bfloat16
    uint16_t bits;
};

#ifdef __AVX512BF16__
inline void store(Half *to, Vector value) {
    auto rounded = (__m256i)_mm512_cvtneps_pbh((__m512)value);
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(to), rounded);
}

// Each value of one row beside that of the other.
inline void store_rows(Half *to, Vector even, Vector odd) {
    auto wide = [](Vector value) {
        return _mm512_cvtepu16_epi32(
                (__m256i)_mm512_cvtneps_pbh((__m512)value));
    };
    _mm512_storeu_si512(to, _mm512_or_si512(
            wide(even), _mm512_slli_epi32(wide(odd), 16)));
}
#endif

inline bool all_zero(Vector value) { // not-a-number is not
    for (int i = 0; i < WIDTH; ++i)
        if (value[i] != 0) return false;
    return true;
}

// Exchange what of two vectors lies off the diagonal of a square of STEP.
template <int STEP>
inline void exchange(Vector &a, Vector &b) {
#ifdef __clang__ // which has no shuffle by a vector
    for (int i = 0; i < WIDTH; ++i)
        if (!(i & STEP)) {
            float moved = a[i + STEP];
            a[i + STEP] = b[i];
            b[i] = moved;
        }
#else
    typedef int Places __attribute__((vector_size(WIDTH * sizeof(int))));
    Places of_a, of_b; // those of b count from WIDTH on
    for (int i = 0; i < WIDTH; ++i) {
        of_a[i] = i & STEP ? WIDTH + i - STEP : i;
        of_b[i] = i & STEP ? WIDTH + i : i + STEP;
    }
    Vector first = __builtin_shuffle(a, b, of_a);
    b = __builtin_shuffle(a, b, of_b);
    a = first;
#endif
}

template <int STEP>
inline void exchange_all(Vector *rows) {
    for (int i = 0; i < WIDTH; ++i)
        if (!(i & STEP)) exchange<STEP>(rows[i], rows[i + STEP]);
}

// Transpose a square of WIDTH vectors.
inline void transpose(Vector *rows) {
    exchange_all<1>(rows);
    exchange_all<2>(rows);
    if (WIDTH > 4) exchange_all<(WIDTH > 4 ? 4 : 1)>(rows);
    if (WIDTH > 8) exchange_all<(WIDTH > 8 ? 8 : 1)>(rows);
}

// Add up each two of the first WIDTH / STEP vectors, of which every sum is
// spread over fewer places then.
template <int STEP>
inline void add_pairs(Vector *vectors) {
    for (int i = 0; i < WIDTH / STEP / 2; ++i) {
        exchange<STEP>(vectors[2 * i], vectors[2 * i + 1]);
        vectors[i] = vectors[2 * i] + vectors[2 * i + 1];
    }
}

// Return the sums of WIDTH vectors, each over its values; they are changed.
inline Vector sums_of(Vector *vectors) {
    add_pairs<1>(vectors);
    add_pairs<2>(vectors);
    if (WIDTH > 4) add_pairs<(WIDTH > 4 ? 4 : 1)>(vectors);
    if (WIDTH > 8) add_pairs<(WIDTH > 8 ? 8 : 1)>(vectors);
    return vectors[0];
}

} // namespace flipconv
