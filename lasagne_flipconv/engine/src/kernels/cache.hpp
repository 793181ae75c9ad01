// The kernel of a node, packed, kept between calls.
#pragma once

#include <memory>
#include <mutex>

#include "base/memory.hpp"
#include "kernels/packing.hpp"

namespace flipconv {

// Nothing tells that a kernel was changed in place, so at each call its values
// are read and compared by their digest; packing reads and writes more than
// that. A kernel that is new at each call, as in training, is soon packed
// without being looked at.
class KernelCache {
public:
    struct Values {
        std::shared_ptr<const float> values;
        bool finite; // as KernelPacking::finite has it

        const float *get() const { return values.get(); }
    };

    // As KernelPacking::pack. What is not worth keeping lies in `scratch`.
    Values packed(const std::shared_ptr<const KernelPacking> &packing,
                  const fc_array &kernel, bool flip, const float *scale,
                  long scales, Scratch &scratch);

    // The same of a kernel that is promised to be the same at each call. Some
    // of its values are looked at; throws if they have changed.
    Values frozen(const std::shared_ptr<const KernelPacking> &packing,
                  const fc_array &kernel, bool flip, const float *scale,
                  long scales);

private:
    Values keep(const std::shared_ptr<const KernelPacking> &packing,
                const fc_array &kernel, bool flip, const float *scale,
                long scales);
    bool worth_looking(const KernelPacking &packing, const fc_array &kernel);

    std::mutex mutex_;
    std::shared_ptr<const KernelPacking> packing_; // of `values_`
    std::vector<uint64_t> seen_; // what `values_` was packed from
    std::shared_ptr<float> values_;
    bool finite_ = true;
    int changes_ = 0;   // in a row
    int unwatched_ = 0; // calls to come in which the kernel is not looked at
};

} // namespace flipconv
