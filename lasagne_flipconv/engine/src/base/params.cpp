#include "base/params.hpp"

#include <cstring>
#include <stdexcept>

namespace flipconv {

long Params::number() {
    if (left_-- < 1) throw std::logic_error("too few parameters");
    return *next_++;
}

const long *Params::numbers(int count) {
    const long *first = next_;
    if ((left_ -= count) < 0) throw std::logic_error("too few parameters");
    next_ += count;
    return first;
}

float Params::real() {
    auto bits = static_cast<unsigned int>(number());
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

} // namespace flipconv
