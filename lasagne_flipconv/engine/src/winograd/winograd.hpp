// Convolution with kernels of 3 x 3 in tiles, by Winograd's algorithm.
#pragma once

#include <memory>
#include <string>

#include "base/memory.hpp"
#include "kernels/packing.hpp"
#include "operands/epilogue.hpp"

namespace flipconv {

// A tile of 2 x 2 outputs takes 16 products per pair of channels instead of
// 36, one of 4 x 4 takes 36 instead of 144; sums before and after are the
// price. What would be a product of single values becomes one of matrices
// (tiles by channels), one for each position in a tile. The depth of a volume
// is not tiled: its taps are more terms in the sums.
class Winograd : public KernelPacking {
public:
    // Null where it would not pay, or where it cannot be done.
    static std::shared_ptr<Winograd> make(const Geometry &geometry,
                                          const Sizes &sizes);

    // x: (batch, *spatial, channels); y likewise; packed: by pack()
    // Return false, and leave y in any state, where a value was infinite or
    // not a number: in sums of a tile, it would spoil more than it reaches.
    virtual bool run(const float *x, const float *packed,
                     const Epilogue &epilogue, float *y,
                     Scratch &scratch) const = 0;

    // Whether a kernel is better packed part by part, where it is multiplied,
    // than kept: it is large. Then run() takes it as it is.
    virtual bool packs_on_the_way() const = 0;
    virtual bool run(const float *x, const fc_array &kernel, bool flip,
                     const Epilogue &epilogue, float *y,
                     Scratch &scratch) const = 0;

    virtual std::string name() const = 0;
};

} // namespace flipconv
