// Which convolutions Winograd's algorithm computes, and in which tiles.
#pragma once

#include "geometry.hpp"

namespace flipconv {

struct Extent { // of a convolution; an image has depth 1
    explicit Extent(const Sizes &s);

    struct Axis {
        long input, output, before; // sizes, and the padding before
    };
    long batch, inputs, outputs;
    long taps; // of the kernel along the depth
    Axis depth, height, width;
};

// Bytes of a kernel in tiles that may be kept; larger ones are made at each call.
constexpr long KEPT_KERNEL = 1 << 20;

// The number of outputs along an edge of a tile, 2 or 4; 0 where tiles cannot
// be used, or would take longer than to compute directly.
int winograd_tile(const Geometry &geometry, const Sizes &sizes);

} // namespace flipconv
