// Memory: of one run, and of results; how many parts something falls into.
#pragma once

#include <cstddef>

namespace flipconv {

inline long parts_of(long items, long most) { // of at most so many
    return (items + most - 1) / most;
}

// Memory at the begin of a cache line, to be given to free(); throws.
void *aligned(size_t bytes);

// Memory that is used during one run only; kept per thread and used again.
// Two threads never share it, whatever functions they run.
class Scratch {
public:
    Scratch();  // everything taken before is free again
    void *take(size_t bytes);
    float *floats(size_t count) {
        return static_cast<float *>(take(count * sizeof(float)));
    }
};

} // namespace flipconv
