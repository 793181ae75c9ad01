#include "kernels/packing.hpp"

#include <algorithm>

#include "base/arrays.hpp"

namespace flipconv {

std::vector<long> places_of(const fc_array &kernel, bool flip) {
    std::vector<long> places(1, 0);
    for (long axis = 2; axis < kernel.ndim; ++axis) {
        std::vector<long> longer;
        for (long before : places)
            for (long i = 0; i < kernel.shape[axis]; ++i)
                longer.push_back(before + i * kernel.strides[axis]);
        places = longer;
    }
    if (flip) std::reverse(places.begin(), places.end());
    return places;
}

OutputVectors::OutputVectors(const fc_array &kernel)
    : kernel_(kernel), in_c_order_(is_dense(kernel)),
      length_(element_count(kernel) / kernel.shape[0]) {
    if (in_c_order_) return;
    auto places = places_of(kernel, false);
    for (long input = 0; input < kernel.shape[1]; ++input)
        for (long place : places)
            offsets_.push_back(input * kernel.strides[1] + place);
}

void OutputVectors::gather(long output, long at, long count,
                           Vector *columns) const {
    for (long k = 0; k < count; ++k) {
        auto *from = static_cast<const char *>(kernel_.data)
                + output * kernel_.strides[0]
                + (in_c_order_ ? (at + k) * long(sizeof(float))
                               : offsets_[at + k]);
        for (int i = 0; i < WIDTH; ++i, from += kernel_.strides[0])
            columns[k][i] = *reinterpret_cast<const float *>(from);
    }
}

} // namespace flipconv
