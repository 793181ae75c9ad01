#include "base/arrays.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/reports.hpp"
#include "threads/each.hpp"

namespace flipconv {

std::string text_of(const fc_array &array) {
    std::string text = "(";
    for (long i = 0; i < array.ndim; ++i)
        text += (i ? ", " : "") + std::to_string(array.shape[i]);
    return text + ")";
}

long element_count(const fc_array &array) {
    long count = 1;
    for (long i = 0; i < array.ndim; ++i) count *= array.shape[i];
    return count;
}

bool is_dense(const fc_array &array) {
    long expected = sizeof(float);
    for (long i = array.ndim - 1; i >= 0; --i) {
        if (array.shape[i] != 1 && array.strides[i] != expected) return false;
        expected *= array.shape[i];
    }
    return true;
}

// Copy an array with any strides into C order.
static void copy_strided(const fc_array &array, float *target) {
    constexpr int AXES = FC_MAX_DIMS;
    long size[AXES], stride[AXES] = {}, outer = 1;
    std::fill(size, size + AXES, 1);
    if (array.ndim > AXES) throw std::logic_error("too many axes to copy");
    for (long i = 0, j = AXES - array.ndim; i < array.ndim; ++i, ++j) {
        size[j] = array.shape[i];
        stride[j] = array.strides[i];
    }
    for (int i = 0; i < AXES - 2; ++i) outer *= size[i];
    long rows = size[AXES - 2], columns = size[AXES - 1];
    each(outer, outer * rows > 4096, [&](long at) {
        auto *from = static_cast<const char *>(array.data);
        long rest = at;
        for (int i = AXES - 3; i >= 0; rest /= size[i--])
            from += rest % size[i] * stride[i];
        float *to = target + at * rows * columns;
        for (long row = 0; row < rows; ++row)
            for (long column = 0; column < columns; ++column)
                *to++ = *reinterpret_cast<const float *>(
                        from + row * stride[AXES - 2]
                        + column * stride[AXES - 1]);
    });
}

const float *dense(const fc_array &array, Scratch &scratch) {
    if (is_dense(array)) return static_cast<const float *>(array.data);
    float *copy = scratch.floats(element_count(array));
    copy_strided(array, copy);
    return copy;
}

void check_ndim(const char *where, const char *name, const fc_array &array,
                long ndim) {
    if (array.ndim != ndim)
        fail("%s: %s has shape %s; expected %ld axes.", where, name,
             text_of(array).c_str(), ndim);
}

std::vector<long> integers(const char *where, const char *name,
                           const fc_array &array, long count) {
    if (array.ndim != 1 || array.shape[0] != count)
        fail("%s: %s has shape %s; expected %ld numbers.", where, name,
             text_of(array).c_str(), count);
    std::vector<long> values;
    auto *at = static_cast<const char *>(array.data);
    for (long i = 0; i < count; ++i, at += array.strides[0])
        values.push_back(*reinterpret_cast<const long *>(at));
    return values;
}

double scalar(const fc_array &array) {
    return *static_cast<const double *>(array.data);
}

} // namespace flipconv
