// Vectors of floats as wide as the registers of the processor.
#pragma once

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

inline void store(float *to, Vector value) {
    *reinterpret_cast<UnalignedVector *>(to) = value;
}

} // namespace flipconv
