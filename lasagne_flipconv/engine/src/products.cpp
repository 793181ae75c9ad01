#include "products.hpp"

namespace flipconv {

namespace {

using Block = void (*)(const float *, long, const float *, long, float *,
                       long);

// The product of N rows and a panel of V vectors, in registers.
template <int N, int V>
void block(const float *a, long a_stride, const float *panel, long length,
           float *to, long to_stride) {
    Vector sums[N][V] = {};
    for (long k = 0; k < length; ++k, panel += V * WIDTH)
        for (int row = 0; row < N; ++row) {
            float factor = a[row * a_stride + k];
            for (int v = 0; v < V; ++v)
                sums[row][v] += factor * load(panel + v * WIDTH);
        }
    for (int row = 0; row < N; ++row)
        for (int v = 0; v < V; ++v)
            store(to + row * to_stride + v * WIDTH, sums[row][v]);
}

template <int V>
void all_rows(const float *a, long a_stride, const float *panel, long length,
              float *to, long to_stride, long rows) {
    static const Block rest[ROWS] = {nullptr,     block<1, V>, block<2, V>,
                                     block<3, V>, block<4, V>, block<5, V>};
    for (; rows >= ROWS; rows -= ROWS) {
        block<ROWS, V>(a, a_stride, panel, length, to, to_stride);
        a += ROWS * a_stride;
        to += ROWS * to_stride;
    }
    if (rows) rest[rows](a, a_stride, panel, length, to, to_stride);
}

} // namespace

void multiply(const float *a, long a_stride, const float *panel, long length,
              float *to, long to_stride, long rows, int columns) {
    static decltype(&all_rows<1>) const by_vectors[] = {
            nullptr, all_rows<1>, all_rows<2>, all_rows<3>, all_rows<4>};
    by_vectors[columns / WIDTH](a, a_stride, panel, length, to, to_stride,
                                rows);
}

} // namespace flipconv
