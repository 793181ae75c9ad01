#include "kernels/cache.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "base/arrays.hpp"
#include "base/reports.hpp"
#include "base/settings.hpp"
#include "kernels/digest.hpp"

namespace flipconv {

namespace {

constexpr int PATIENCE = 2; // changes in a row
constexpr int PAUSE = 64;   // calls

// Bytes of all that is kept. What does not fit the caches is read from memory
// at each call; then, to pack a kernel anew takes no longer than to look
// whether it has changed and to read what was kept, unless packing is costly.
std::atomic<size_t> kept(0);
constexpr size_t CACHES = 8 << 20;

// Whether the values fill a piece of memory, in whatever order of axes.
bool is_block(const fc_array &array) {
    std::vector<long> axes(array.ndim);
    std::iota(axes.begin(), axes.end(), 0);
    std::sort(axes.begin(), axes.end(), [&](long a, long b) {
        return array.strides[a] < array.strides[b];
    });
    long expected = sizeof(float);
    for (long axis : axes) {
        if (array.shape[axis] == 1) continue;
        if (array.strides[axis] != expected) return false;
        expected *= array.shape[axis];
    }
    return true;
}

std::vector<uint64_t> look_at(const fc_array &kernel, const float *scale,
                              long scales) {
    std::vector<uint64_t> seen = {
            digest(kernel.data, element_count(kernel) * sizeof(float)),
            digest(scale, scale ? scales * sizeof(float) : 0)};
    seen.insert(seen.end(), kernel.shape, kernel.shape + kernel.ndim);
    seen.insert(seen.end(), kernel.strides, kernel.strides + kernel.ndim);
    return seen;
}

// Some of the values, evenly spread, and the last; all of the scale.
std::vector<uint64_t> look_at_some(const fc_array &kernel, const float *scale,
                                   long scales) {
    constexpr long SAMPLES = 64;
    long count = element_count(kernel);
    std::vector<uint64_t> seen(kernel.shape, kernel.shape + kernel.ndim);
    seen.push_back(digest(scale, scale ? scales * sizeof(float) : 0));
    for (long i = 0; i <= SAMPLES; ++i) {
        long left = (count - 1) * i / SAMPLES;
        auto *at = static_cast<const char *>(kernel.data);
        for (long axis = kernel.ndim - 1; axis >= 0; --axis) {
            at += left % kernel.shape[axis] * kernel.strides[axis];
            left /= kernel.shape[axis];
        }
        uint32_t bits;
        memcpy(&bits, at, sizeof bits);
        seen.push_back(bits);
    }
    return seen;
}

std::shared_ptr<float> floats(size_t bytes) {
    auto *memory = static_cast<float *>(aligned(bytes));
    kept += bytes;
    return {memory, [bytes](float *values) {
                kept -= bytes;
                free(values);
            }};
}

} // namespace

bool KernelCache::worth_looking(const KernelPacking &packing,
                                const fc_array &kernel) {
    static const bool never = switched_off("LASAGNE_FLIPCONV_KEEP_KERNELS");
    if (never || (!packing.is_costly() && !values_
                  && kept + packing.bytes() > CACHES))
        return false;
    if (unwatched_ > 0) {
        --unwatched_;
        return false;
    }
    return is_block(kernel);
}

KernelCache::Values KernelCache::packed(
        const std::shared_ptr<const KernelPacking> &packing,
        const fc_array &kernel, bool flip, const float *scale, long scales,
        Scratch &scratch) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!worth_looking(*packing, kernel)) {
        auto *values = static_cast<float *>(scratch.take(packing->bytes()));
        packing->pack(kernel, flip, scale, scales, values);
        return {{values, [](const float *) {}}, packing->finite(values)};
    }
    auto seen = look_at(kernel, scale, scales);
    if (values_ && seen == seen_ && packing->same(*packing_)) {
        changes_ = 0;
        return {values_, finite_};
    }
    seen_.clear();
    auto made = keep(packing, kernel, flip, scale, scales);
    seen_ = seen;
    if (++changes_ <= PATIENCE) return made;
    changes_ = 0;
    unwatched_ = PAUSE;
    values_.reset(); // forget it
    return made;
}

// Pack a kernel into memory that stays.
KernelCache::Values KernelCache::keep(
        const std::shared_ptr<const KernelPacking> &packing,
        const fc_array &kernel, bool flip, const float *scale, long scales) {
    // memory that another call still reads is not written to
    if (!values_ || values_.use_count() > 1
        || packing->bytes() != packing_->bytes())
        values_ = floats(packing->bytes());
    packing->pack(kernel, flip, scale, scales, values_.get());
    finite_ = packing->finite(values_.get());
    packing_ = packing;
    return {values_, finite_};
}

KernelCache::Values KernelCache::frozen(
        const std::shared_ptr<const KernelPacking> &packing,
        const fc_array &kernel, bool flip, const float *scale, long scales) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto seen = look_at_some(kernel, scale, scales);
    if (!seen_.empty() && seen != seen_)
        fail("convolution: its kernel %s or scale is not that of the first "
             "call; expected the same at each call of a function compiled in "
             "engine.frozen(). Compile the function anew.",
             text_of(kernel).c_str());
    if (values_ && packing->same(*packing_)) return {values_, finite_};
    auto made = keep(packing, kernel, flip, scale, scales);
    seen_ = seen;
    return made;
}

} // namespace flipconv
