// The kinds of Op.
#pragma once

#include "base/params.hpp"
#include "base/state.hpp"
#include "engine.h"

namespace flipconv {

// One of these per kind.
void convolution_shapes(Kind, Params, const fc_array *in, fc_shape *out);
void convolution_run(Kind, State &, Params, const fc_array *in,
                     const fc_array *out);
void pool_shapes(Kind, Params, const fc_array *in, fc_shape *out);
void pool_run(Kind, Params, const fc_array *in, const fc_array *out);
void norm_shapes(Kind, Params, const fc_array *in, fc_shape *out);
void norm_run(Kind, Params, const fc_array *in, const fc_array *out);

} // namespace flipconv
