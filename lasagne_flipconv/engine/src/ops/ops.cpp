// The functions that an Op calls.
#include "ops/ops.hpp"

#include <new>
#include <stdexcept>

#include "base/reports.hpp"
#include "onednn/abilities.hpp"
#include "threads/fork.hpp"
#include "threads/wake.hpp"

using namespace flipconv;

int fc_shapes(const long *params, long n_params, const fc_array *in,
              long, fc_shape *out) {
    return guarded([&] {
        Params rest(params, n_params);
        switch (auto kind = static_cast<Kind>(rest.number())) {
        case CONVOLUTION:
        case CONVOLUTION_GRAD_KERNEL:
        case CONVOLUTION_GRAD_INPUT:
            return convolution_shapes(kind, rest, in, out);
        case POOL:
        case POOL_GRAD: return pool_shapes(kind, rest, in, out);
        case NORM:
        case NORM_GRAD:
        case CHANNEL_SUM: return norm_shapes(kind, rest, in, out);
        }
        throw std::logic_error("unknown kind of Op");
    });
}

int fc_run(void *state, const long *params, long n_params,
           const fc_array *in, long, const fc_array *out) {
    Computing here;
    Awake team;
    return guarded([&] {
        Params rest(params, n_params);
        auto &mine = *static_cast<State *>(state);
        switch (auto kind = static_cast<Kind>(rest.number())) {
        case CONVOLUTION:
        case CONVOLUTION_GRAD_KERNEL:
        case CONVOLUTION_GRAD_INPUT:
            return convolution_run(kind, mine, rest, in, out);
        case POOL:
        case POOL_GRAD: return pool_run(kind, rest, in, out);
        case NORM:
        case NORM_GRAD:
        case CHANNEL_SUM: return norm_run(kind, rest, in, out);
        }
        throw std::logic_error("unknown kind of Op");
    });
}

int fc_has_bfloat16(void) { return has_bfloat16(); }

void *fc_new_state(void) { return new (std::nothrow) State; }

void fc_free_state(void *state) { delete static_cast<State *>(state); }
