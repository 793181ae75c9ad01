// Matrix products with one packed factor.
#pragma once

#include <omp.h>

#include <algorithm>

#include "operands/epilogue.hpp"

namespace flipconv {

// Columns of a panel: with some rows, their sums fill the registers.
#ifdef __AVX512F__
constexpr int PANEL = 4 * WIDTH;
#else
constexpr int PANEL = 2 * WIDTH;
#endif

constexpr int ROWS = 6; // at once; what a panel leaves of the registers

// Rows of a matrix of which each lies in pieces, side by side in a panel.
template <class Value>
struct Rows {
    const Value *values;
    long count;
    const long *begins;  // of each row; or null, and they are
    long stride;         // apart
    const long *offsets; // of the pieces of a row
    long pieces, length; // of each piece

    const Value *begin(long row) const {
        return values + (begins ? begins[row] : row * stride);
    }
};

struct Share { // of one among threads
    long index, threads;
    static Share of_this_thread() {
        return {omp_get_thread_num(), omp_get_num_threads()};
    }
    long begin(long items) const { return items * index / threads; }
    long end(long items) const { return items * (index + 1) / threads; }
};

// Memory to fetch into a cache while something else is computed.
class Ahead {
public:
    // Runs of bytes, each a step after the one before.
    void add(const void *begin, long bytes, long runs = 1, long step = 0) {
        if (bytes < 1 || runs < 1) return;
        areas_[count_++] = {static_cast<const char *>(begin),
                            (bytes + LINE - 1) / LINE, runs, step};
        if (count_ == 1) start();
    }
    bool empty() const { return now_ == count_; }
    const char *next() const { return at_; } // unless it is empty

    // Count lines from next() on, side by side, as fetched: at most so many.
    // Return how many.
    long take(long most) {
        const long lines = std::min(most, left_);
        at_ += lines * LINE;
        left_ -= lines;
        if (left_ > 0) return lines;
        Area &area = areas_[now_];
        area.begin += area.step;
        if (--area.runs == 0) ++now_;
        if (!empty()) start();
        return lines;
    }

    static constexpr long LINE = 64; // bytes

private:
    struct Area {
        const char *begin;
        long lines, runs, step;
    };
    void start() {
        at_ = areas_[now_].begin;
        left_ = areas_[now_].lines;
    }
    const char *at_;
    long left_, now_ = 0, count_ = 0;
    Area areas_[3];
};

// Set to[row][column] to the sum over k of row[k] * panel[k][column]; or, for
// `more`, add it to what is there. Then do what follows a convolution, whose
// vectors begin at these columns, whose residual at this place.
//
// `columns` is a multiple of WIDTH, at most PANEL; the rows of the panel lie
// side by side. Each sum is taken in the order of k, so that the result does
// not depend on the number of rows, nor on that of threads.
void multiply(const Rows<float> &rows, const float *panel, int columns,
              float *to, long to_stride, bool more = false,
              const Epilogue *after = nullptr, Ahead *ahead = nullptr);

#ifdef __AVX512BF16__
// The same of bfloat16, the sums of float32. Lengths are even; in the panel
// each column of a row lies beside that of the next.
void multiply(const Rows<Half> &rows, const Half *panel, int columns,
              float *to, long to_stride, bool more = false,
              const Epilogue *after = nullptr, Ahead *ahead = nullptr);
#endif

} // namespace flipconv
