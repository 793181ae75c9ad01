// What all parts of the library share: errors, memory, views of arrays.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine.h"

namespace flipconv {

// The first of the parameters of every Op; engine/ops/ has the same table.
enum Kind {
    CONVOLUTION = 0,
    CONVOLUTION_GRAD_KERNEL = 1,
    CONVOLUTION_GRAD_INPUT = 2,
    POOL = 3,
    POOL_GRAD = 4,
    NORM = 5,
    NORM_GRAD = 6,
    CHANNEL_SUM = 7,
};

// Throw std::invalid_argument with a text made as by printf.
[[noreturn]] void fail(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

std::string text_of(const fc_array &array); // its shape, as Python writes it

// Memory at the begin of a cache line, to be given to free(); throws.
void *aligned(size_t bytes);

// The parameters of an Op, read one after the other.
class Params {
public:
    Params(const long *values, long count) : next_(values), left_(count) {}
    long number();
    const long *numbers(int count);
    float real(); // a float in the lower half of the number

private:
    const long *next_;
    long left_;
};

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

// What a node made for the shapes that it saw last, and, under the empty key,
// for all. A batch size that changes from call to call does not pile up more
// than CAPACITY.
class State {
public:
    using Key = std::vector<long>;
    template <class T>
    std::shared_ptr<T> get(const Key &key,
                           const std::function<std::shared_ptr<T>()> &make) {
        std::lock_guard<std::mutex> lock(mutex_);
        for (auto it = entries_.begin(); it != entries_.end(); ++it)
            if (it->first == key) {
                entries_.splice(entries_.begin(), entries_, it);
                return std::static_pointer_cast<T>(it->second);
            }
        auto made = make();
        entries_.emplace_front(key, made);
        if (entries_.size() > CAPACITY) entries_.pop_back();
        return made;
    }

private:
    static constexpr size_t CAPACITY = 8;
    std::mutex mutex_;
    std::list<std::pair<Key, std::shared_ptr<void>>> entries_;
};

void append_shape(State::Key &key, const fc_array &array);

bool is_dense(const fc_array &array); // float32 in C order, nothing between

// The float32 values of an array in C order: itself or a copy in `scratch`.
const float *dense(const fc_array &array, Scratch &scratch);

long element_count(const fc_array &array);
void check_ndim(const char *where, const char *name, const fc_array &array,
                long ndim);
// A vector of int64 in an array that may have any stride.
std::vector<long> integers(const char *where, const char *name,
                           const fc_array &array, long count);
double scalar(const fc_array &array); // float64

// Whether a variable of the environment is "0".
bool switched_off(const char *variable);

void set_implementation(const std::string &name);

// Whether the processor multiplies bfloat16, and oneDNN is let use it.
bool has_bfloat16();

// One of these per kind.
void convolution_shapes(Kind, Params, const fc_array *in, fc_shape *out);
void convolution_run(Kind, State &, Params, const fc_array *in,
                     const fc_array *out);
void pool_shapes(Kind, Params, const fc_array *in, fc_shape *out);
void pool_run(Kind, Params, const fc_array *in, const fc_array *out);
void norm_shapes(Kind, Params, const fc_array *in, fc_shape *out);
void norm_run(Kind, Params, const fc_array *in, const fc_array *out);

} // namespace flipconv
