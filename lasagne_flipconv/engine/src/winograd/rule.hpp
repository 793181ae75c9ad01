// Which convolutions Winograd's algorithm computes, and in which tiles.
#pragma once

#include "operands/geometry.hpp"

namespace flipconv {

struct Extent { // of a convolution; an image has depth 1
    explicit Extent(const Sizes &s);

    struct Axis {
        long input, output, before; // sizes, and the padding before
    };
    long batch, inputs, outputs;
    long taps; // of the kernel along the depth
    Axis depth, height, width;

    // Whether a kernel in tiles that takes so many bytes is kept, not made at
    // each call: it is small, or of volumes, of which a part that stays in a
    // cache has so few input channels that adding up the parts takes a tenth
    // of the time.
    bool keeps(long bytes) const { return bytes <= 1 << 20 || taps > 1; }
};

// The number of outputs along an edge of a tile, 2 or 4; 0 where tiles cannot
// be used, or would take longer than to compute directly.
int winograd_tile(const Geometry &geometry, const Sizes &sizes);

} // namespace flipconv
