// The gradient of a kernel, a sum over all positions of all images.
#pragma once

#include <memory>
#include <vector>

#include "ops/direct.hpp"

namespace flipconv {

// oneDNN adds up what many positions give in one number of float32, which
// loses the more digits, the more there are. So it gets some images, or lines
// of one, at a time, whose sums are added in float64.
class KernelGradient {
public:
    static std::shared_ptr<KernelGradient> make(const Geometry &geometry,
                                                const Sizes &sizes,
                                                bool careful);

    // in: input, gradient of the output
    // Return false where something is infinite or not a number and only a
    // careful one tells the result.
    bool run(const Geometry &geometry, const fc_array *in, float *kernel,
             Scratch &scratch) const;

    const std::string &name() const { return parts_[0].convolution->name; }

private:
    struct Part {
        Sizes sizes;
        long input, gradient; // values before those of the part
        std::shared_ptr<Convolution> convolution;
    };

    void add_images(const Geometry &, const Sizes &, long count, bool careful);
    void add_lines(const Geometry &, const Sizes &, long count, bool careful);
    void add(const Geometry &, const Sizes &, long input, long gradient,
             bool careful);
    static bool run_part(const Part &, const Geometry &, const float *x,
                         const float *gradient, float *packed, float *kernel,
                         Scratch &);

    std::vector<Part> parts_;
};

} // namespace flipconv
