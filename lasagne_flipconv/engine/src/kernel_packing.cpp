#include "kernel_packing.hpp"

#include <algorithm>

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

} // namespace flipconv
