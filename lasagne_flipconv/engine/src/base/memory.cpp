#include "base/memory.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "engine.h"

namespace flipconv {

namespace {

constexpr size_t ALIGNMENT = 64; // a cache line, and a vector of AVX-512

// With pages of this size, the system has fewer to make, and the processor to
// find. Those are asked for that fit into a piece of memory.
constexpr size_t HUGE_PAGE = size_t(2) << 20;

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

} // namespace flipconv

using namespace flipconv;

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
    try { // who calls it knows no exceptions
        all.unused.emplace(size, Buffers::Unused{buffer, all.requests});
        all.unused_bytes += size;
    } catch (const std::bad_alloc &) {
        free_buffer(buffer);
    }
}
