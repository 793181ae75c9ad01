#include "products/few_rows.hpp"

#include <algorithm>

#include "base/memory.hpp"
#include "base/reports.hpp"
#include "base/vectors.hpp"
#include "products/dots.hpp"
#include "products/products.hpp"
#include "threads/fork.hpp"
#include "threads/wake.hpp"

namespace flipconv {

namespace {

constexpr long FEW = 32;          // rows
constexpr long LEAST = 256 << 10; // bytes of the matrix
constexpr long STRIP = 1024;      // columns whose sums stay in a cache
constexpr long TERMS = 512;       // that are added to one sum; then a new one
constexpr int LINES = 4;          // of the matrix at once
#ifdef __AVX512F__
constexpr int AT_ONCE = 5; // rows whose factors of these lines are in registers
#else
constexpr int AT_ONCE = 2;
#endif

// Add the products of N rows with LINES lines to their sums.
template <int N>
void add_block(const float *rows, long terms, const float *lines, long apart,
               long columns, float *sums) {
    Vector factors[N][LINES];
    for (int row = 0; row < N; ++row)
        for (int i = 0; i < LINES; ++i)
            factors[row][i] = rows[row * terms + i] - Vector{};
    for (long v = 0; v < columns; v += WIDTH) {
        Vector values[LINES];
        for (int i = 0; i < LINES; ++i) {
            values[i] = load(lines + i * apart + v);
            hold(values[i]);
            __builtin_prefetch(lines + (2 * LINES + i) * apart + v);
        }
        for (int row = 0; row < N; ++row) {
            float *to = sums + row * STRIP + v;
            Vector sum = load(to);
            for (int i = 0; i < LINES; ++i) sum += factors[row][i] * values[i];
            store(to, sum);
        }
    }
}

// The same of one line, and of columns that do not fill a vector.
void add_rest(const float *rows, long terms, long count, const float *line,
              long columns, float *sums) {
    for (long row = 0; row < count; ++row)
        for (long i = 0; i < columns; ++i)
            sums[row * STRIP + i] += rows[row * terms] * line[i];
}

} // namespace

long FewRows::sums() const { return 2 * count * STRIP; }

// Add what `number` lines from `first` on give for columns of a strip.
void FewRows::add_lines(long first, long number, long begin, long end,
                        float *sums) const {
    const long whole = (end - begin) / WIDTH * WIDTH;
    long k = first;
    for (; k + LINES <= first + number; k += LINES) {
        const float *lines = matrix + k * apart + begin;
        const float *factors = rows + k;
        for (long row = 0; row < count; row += AT_ONCE) {
            static decltype(&add_block<1>) const of[] = {
                    nullptr,      add_block<1>, add_block<2>,
                    add_block<3>, add_block<4>, add_block<5>};
            of[std::min<long>(AT_ONCE, count - row)](
                    factors + row * terms, terms, lines, apart, whole,
                    sums + row * STRIP);
        }
        for (int i = 0; i < LINES && begin + whole < end; ++i)
            add_rest(factors + i, terms, count, lines + i * apart + whole,
                     end - begin - whole, sums + whole);
    }
    for (; k < first + number; ++k)
        add_rest(rows + k, terms, count, matrix + k * apart + begin,
                 end - begin, sums);
}

void FewRows::add_all(long begin, long end, float *sums) const {
    const long size = count * STRIP;
    float *part = sums + size;
    std::fill(sums, sums + size, 0.f);
    for (long first = 0; first < terms; first += TERMS) {
        std::fill(part, part + size, 0.f);
        add_lines(first, std::min(TERMS, terms - first), begin, end, part);
        for (long i = 0; i < size; ++i) sums[i] += part[i];
    }
}

void FewRows::finish(long begin, long end, const float *sums,
                     long apart) const {
    for (long row = 0; row < count; ++row) {
        float *to = result + row * result_apart + begin;
        const float *from = sums + row * apart;
        for (long i = 0; i < end - begin; ++i)
            to[i] = alpha * from[i] + (beta == 0 ? 0 : beta * to[i]);
    }
}

void FewRows::run_turned(long begin, long end, float *sums) const {
    const Epilogue nothing;
    long column = begin;
    for (; column + WIDTH <= end; column += WIDTH) {
        Dots{rows, count, terms, matrix + column * apart, apart, WIDTH,
             &nothing}.run(0, WIDTH, sums);
        finish(column, column + WIDTH, sums, WIDTH);
    }
    for (; column < end; ++column) {
        for (long row = 0; row < count; ++row) {
            sums[row] = 0;
            for (long k = 0; k < terms; ++k)
                sums[row] += rows[row * terms + k]
                        * matrix[column * apart + k];
        }
        finish(column, column + 1, sums, 1);
    }
}

void FewRows::run(long begin, long end, float *sums) const {
    if (turned) return run_turned(begin, end, sums);
    for (; begin < end; begin += STRIP) {
        const long last = std::min(end, begin + STRIP);
        add_all(begin, last, sums);
        finish(begin, last, sums, STRIP);
    }
}

static void multiply_few(FewRows product, bool rows_turned, long rows_apart) {
    Scratch scratch;
    float *rows = scratch.floats(product.count * product.terms);
    for (long i = 0; i < product.count; ++i)
        for (long k = 0; k < product.terms; ++k)
            rows[i * product.terms + k] = product.rows[
                    rows_turned ? k * rows_apart + i : i * rows_apart + k];
    product.rows = rows;
    const long each = product.sums(), threads = omp_get_max_threads();
    float *sums = scratch.floats(each * threads);
#pragma omp parallel num_threads(threads)
    {
        const Share share = Share::of_this_thread();
        const long vectors = product.columns / WIDTH;
        const bool last = share.index == share.threads - 1;
        product.run(share.begin(vectors) * WIDTH,
                    last ? product.columns : share.end(vectors) * WIDTH,
                    sums + each * share.index);
    }
}

} // namespace flipconv

using namespace flipconv;

// BLAS's matrices have columns side by side: theirs are our rows.
int fc_multiply_few(const char *trans_a, const char *trans_b, const int *m,
                    const int *n, const int *k, const float *alpha,
                    const float *a, const int *lda, const float *b,
                    const int *ldb, const float *beta, float *c,
                    const int *ldc) {
    const long bytes = long(*m) * *k * sizeof(float);
    if (*n < 1 || *n > FEW || bytes < LEAST || *alpha == 0) return 0;
    Computing here;
    Awake team;
    set_implementation("few rows");
    try {
        multiply_few({b, *n, *k, a, *lda, *trans_a == 'T', *m, *alpha, *beta,
                      c, *ldc}, *trans_b == 'T', *ldb);
    } catch (const std::exception &) {
        return 0;
    }
    return 1;
}
