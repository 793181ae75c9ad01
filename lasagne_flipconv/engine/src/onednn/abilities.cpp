#include "onednn/abilities.hpp"

#include <oneapi/dnnl/dnnl.hpp>

namespace flipconv {

bool has_bfloat16() {
    constexpr int NEEDED = static_cast<int>(dnnl::cpu_isa::avx512_core_bf16);
    int there = static_cast<int>(dnnl::get_effective_cpu_isa());
    return (there & NEEDED) == NEEDED;
}

} // namespace flipconv
