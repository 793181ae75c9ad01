// Views of arrays.
#pragma once

#include <string>
#include <vector>

#include "base/memory.hpp"
#include "engine.h"

namespace flipconv {

std::string text_of(const fc_array &array); // its shape, as Python writes it

bool is_dense(const fc_array &array); // float32 in C order, nothing between

// The float32 values of an array in C order: itself or a copy in `scratch`.
const float *dense(const fc_array &array, Scratch &scratch);

long element_count(const fc_array &array);
void check_ndim(const char *where, const char *name, const fc_array &array,
                long ndim);
// A vector of int64 in an array that may have any stride.
std::vector<long> integers(const char *where, const char *name,
                           const fc_array &array, long count);
double scalar(const fc_array &array); // float64

} // namespace flipconv
