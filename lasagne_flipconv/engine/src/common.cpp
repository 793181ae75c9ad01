// Errors, memory, views of arrays, and the functions that an Op calls.
#include "common.hpp"

#include "each.hpp"
#include "fork.hpp"
#include "wake.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <strings.h>

namespace flipconv {

namespace {

constexpr size_t ALIGNMENT = 64; // a cache line, and a vector of AVX-512

// With pages of this size, the system has fewer to make, and the processor to
// find. Those are asked for that fit into a piece of memory.
constexpr size_t HUGE_PAGE = size_t(2) << 20;

thread_local std::string last_error;
thread_local std::string last_implementation;

size_t rounded(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

struct Chunks { // of the scratch memory of one thread
    std::vector<std::pair<char *, size_t>> all;
    size_t used = 0; // of the last one

    ~Chunks() { clear(); }
    void clear() {
        for (auto &chunk : all) free(chunk.first);
        all.clear();
        used = 0;
    }
    void add(size_t bytes) {
        all.emplace_back(static_cast<char *>(aligned(bytes)), bytes);
        used = 0;
    }
};

thread_local Chunks chunks;

// Results that Python has dropped, by size. Memory fresh from the system
// costs a page fault per 4 KiB, as much as some layers take to compute.
struct Buffers {
    static constexpr size_t LIMIT = size_t(256) << 20;
    static constexpr size_t LINES = ALIGNMENT; // the size stands in front
    static constexpr unsigned long OLD = 1000; // requests ago
    struct Unused {
        void *buffer;
        unsigned long since; // which request
    };
    std::mutex mutex;
    std::multimap<size_t, Unused> unused;
    size_t unused_bytes = 0;
    unsigned long requests = 0;

    void drop(unsigned long before); // what was given back before a request
};

Buffers &buffers() {
    static auto *all = new Buffers; // Python may drop arrays after us
    return *all;
}

size_t size_of_buffer(void *buffer) {
    size_t size;
    memcpy(&size, static_cast<char *>(buffer) - Buffers::LINES, sizeof size);
    return size;
}

void free_buffer(void *buffer) {
    free(static_cast<char *>(buffer) - Buffers::LINES);
}

void Buffers::drop(unsigned long before) {
    for (auto it = unused.begin(); it != unused.end();) {
        if (it->second.since >= before) {
            ++it;
            continue;
        }
        unused_bytes -= it->first;
        free_buffer(it->second.buffer);
        it = unused.erase(it);
    }
}

} // namespace

void *aligned(size_t bytes) {
    void *memory = nullptr;
    bytes = rounded(bytes + 1);
    bool large = bytes >= HUGE_PAGE;
    if (posix_memalign(&memory, large ? HUGE_PAGE : ALIGNMENT, bytes))
        throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (large) madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return memory;
}

bool switched_off(const char *variable) {
    const char *value = getenv(variable);
    if (!value) return false;
    for (const char *off : {"0", "off", "no", "false"})
        if (!strcasecmp(value, off)) return true;
    return false;
}

void fail(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    throw std::invalid_argument(text);
}

std::string text_of(const fc_array &array) {
    std::string text = "(";
    for (long i = 0; i < array.ndim; ++i)
        text += (i ? ", " : "") + std::to_string(array.shape[i]);
    return text + ")";
}

long Params::number() {
    if (left_-- < 1) throw std::logic_error("too few parameters");
    return *next_++;
}

const long *Params::numbers(int count) {
    const long *first = next_;
    if ((left_ -= count) < 0) throw std::logic_error("too few parameters");
    next_ += count;
    return first;
}

float Params::real() {
    auto bits = static_cast<unsigned int>(number());
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

Scratch::Scratch() {
    if (chunks.all.size() > 1) { // next time all fits in one
        size_t total = 0;
        for (auto &chunk : chunks.all) total += chunk.second;
        chunks.clear();
        chunks.add(total);
    }
    chunks.used = 0;
}

void *Scratch::take(size_t bytes) {
    bytes = rounded(bytes);
    if (chunks.all.empty() || chunks.used + bytes > chunks.all.back().second)
        chunks.add(bytes);
    void *memory = chunks.all.back().first + chunks.used;
    chunks.used += bytes;
    return memory;
}

void append_shape(State::Key &key, const fc_array &array) {
    key.push_back(array.ndim);
    key.insert(key.end(), array.shape, array.shape + array.ndim);
}

long element_count(const fc_array &array) {
    long count = 1;
    for (long i = 0; i < array.ndim; ++i) count *= array.shape[i];
    return count;
}

bool is_dense(const fc_array &array) {
    long expected = sizeof(float);
    for (long i = array.ndim - 1; i >= 0; --i) {
        if (array.shape[i] != 1 && array.strides[i] != expected) return false;
        expected *= array.shape[i];
    }
    return true;
}

// Copy an array with any strides into C order.
static void copy_strided(const fc_array &array, float *target) {
    constexpr int AXES = FC_MAX_DIMS;
    long size[AXES], stride[AXES] = {}, outer = 1;
    std::fill(size, size + AXES, 1);
    if (array.ndim > AXES) throw std::logic_error("too many axes to copy");
    for (long i = 0, j = AXES - array.ndim; i < array.ndim; ++i, ++j) {
        size[j] = array.shape[i];
        stride[j] = array.strides[i];
    }
    for (int i = 0; i < AXES - 2; ++i) outer *= size[i];
    long rows = size[AXES - 2], columns = size[AXES - 1];
    each(outer, outer * rows > 4096, [&](long at) {
        auto *from = static_cast<const char *>(array.data);
        long rest = at;
        for (int i = AXES - 3; i >= 0; rest /= size[i--])
            from += rest % size[i] * stride[i];
        float *to = target + at * rows * columns;
        for (long row = 0; row < rows; ++row)
            for (long column = 0; column < columns; ++column)
                *to++ = *reinterpret_cast<const float *>(
                        from + row * stride[AXES - 2]
                        + column * stride[AXES - 1]);
    });
}

const float *dense(const fc_array &array, Scratch &scratch) {
    if (is_dense(array)) return static_cast<const float *>(array.data);
    float *copy = scratch.floats(element_count(array));
    copy_strided(array, copy);
    return copy;
}

void check_ndim(const char *where, const char *name, const fc_array &array,
                long ndim) {
    if (array.ndim != ndim)
        fail("%s: %s has shape %s; expected %ld axes.", where, name,
             text_of(array).c_str(), ndim);
}

std::vector<long> integers(const char *where, const char *name,
                           const fc_array &array, long count) {
    if (array.ndim != 1 || array.shape[0] != count)
        fail("%s: %s has shape %s; expected %ld numbers.", where, name,
             text_of(array).c_str(), count);
    std::vector<long> values;
    auto *at = static_cast<const char *>(array.data);
    for (long i = 0; i < count; ++i, at += array.strides[0])
        values.push_back(*reinterpret_cast<const long *>(at));
    return values;
}

double scalar(const fc_array &array) {
    return *static_cast<const double *>(array.data);
}

void set_implementation(const std::string &name) {
    last_implementation = name;
}

// Call a function and turn what it throws into a text.
static int guarded(const std::function<void()> &function) {
    try {
        function();
        return 0;
    } catch (const std::exception &error) {
        last_error = error.what();
    } catch (...) {
        last_error = "unknown error in the engine's library.";
    }
    return 1;
}

} // namespace flipconv

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

const char *fc_error(void) { return last_error.c_str(); }

int fc_has_bfloat16(void) { return has_bfloat16(); }

const char *fc_implementation(void) { return last_implementation.c_str(); }

void *fc_new_state(void) { return new (std::nothrow) State; }

void fc_free_state(void *state) { delete static_cast<State *>(state); }

void *fc_get_buffer(unsigned long bytes) {
    auto &all = buffers();
    size_t size = rounded(bytes);
    {
        std::lock_guard<std::mutex> lock(all.mutex);
        ++all.requests;
        auto found = all.unused.lower_bound(size);
        if (found != all.unused.end() && found->first <= 4 * size) {
            void *buffer = found->second.buffer;
            all.unused_bytes -= found->first;
            all.unused.erase(found);
            return buffer;
        }
        if (all.requests > Buffers::OLD) // sizes of the past
            all.drop(all.requests - Buffers::OLD);
    }
    try {
        auto *memory = static_cast<char *>(aligned(size + Buffers::LINES));
        memcpy(memory, &size, sizeof size);
        return memory + Buffers::LINES;
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void fc_give_buffer(void *buffer) {
    auto &all = buffers();
    size_t size = size_of_buffer(buffer);
    std::lock_guard<std::mutex> lock(all.mutex);
    if (all.unused_bytes + size > Buffers::LIMIT)
        all.drop(all.requests + 1);
    if (size > Buffers::LIMIT) return free_buffer(buffer);
    all.unused.emplace(size, Buffers::Unused{buffer, all.requests});
    all.unused_bytes += size;
}
