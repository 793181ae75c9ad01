// What an Op hands over besides arrays.
#pragma once

namespace flipconv {

// The first of the parameters of every Op; engine/ops/ has the same table.
enum Kind {
    CONVOLUTION = 0,
    CONVOLUTION_GRAD_KERNEL = 1,
    CONVOLUTION_GRAD_INPUT = 2,
    POOL = 3,
    POOL_GRAD = 4,
    NORM = 5,
    NORM_GRAD = 6,
    CHANNEL_SUM = 7,
};

// The parameters of an Op, read one after the other.
class Params {
public:
    Params(const long *values, long count) : next_(values), left_(count) {}
    long number();
    const long *numbers(int count);
    float real(); // a float in the lower half of the number

private:
    const long *next_;
    long left_;
};

} // namespace flipconv
