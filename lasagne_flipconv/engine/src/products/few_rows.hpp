// Products of few rows and a matrix that is read once, as it lies.
#pragma once

namespace flipconv {

// BLAS puts both factors into order before it multiplies, which takes longer
// than to read a matrix that is used for few rows.
struct FewRows {
    const float *rows;    // (count, terms)
    long count, terms;
    const float *matrix;  // (terms, columns), or, `turned`, (columns, terms)
    long apart;           // from one line of it to the next
    bool turned;
    long columns;
    float alpha, beta;
    float *result;        // (count, columns), rows `result_apart` apart
    long result_apart;

    // result = alpha rows x matrix + beta result, of some columns
    void run(long begin, long end, float *sums) const;

    // Values of the sums that run() needs.
    long sums() const;

private:
    void add_lines(long first, long count, long begin, long end,
                   float *sums) const;
    void add_all(long begin, long end, float *sums) const;
    void run_turned(long begin, long end, float *sums) const;
    void finish(long begin, long end, const float *sums, long apart) const;
};

} // namespace flipconv
