#include "kernels/digest.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "threads/each.hpp"

namespace flipconv {

namespace {

constexpr int LANES = 32;                // independent, so that they vectorize
constexpr size_t LINE = LANES * sizeof(uint64_t);
constexpr size_t CHUNK = size_t(16) << 10; // what a thread takes at a time
constexpr size_t ALONE = size_t(128) << 10; // sooner than a team has begun
constexpr uint64_t FACTOR = 0x9fb21c651e98df25; // odd, so nothing is lost

// Take a word into a state: for each word a permutation of the states, for
// each state one of the words. The product leaves the highest bit, a sign,
// where it is, and signs of the next word could undo what it changed: so the
// shift, by less than the 32 bits between two signs, comes before it.
inline uint64_t taken_in(uint64_t state, uint64_t word) {
    state ^= word;
    return (state ^ (state >> 29)) * FACTOR;
}

uint64_t digest_of_chunk(const char *at, size_t bytes) {
    uint64_t lanes[LANES], words[LANES], all = bytes;
    for (int i = 0; i < LANES; ++i) lanes[i] = i;
    for (; bytes >= LINE; bytes -= LINE, at += LINE) {
        memcpy(words, at, LINE);
        for (int i = 0; i < LANES; ++i)
            lanes[i] = taken_in(lanes[i], words[i]);
    }
    if (bytes) {
        memset(words, 0, LINE);
        memcpy(words, at, bytes);
        for (int i = 0; i < LANES; ++i)
            lanes[i] = taken_in(lanes[i], words[i]);
    }
    for (uint64_t lane : lanes) all = taken_in(all, lane);
    return all;
}

} // namespace

uint64_t digest(const void *memory, size_t bytes) {
    auto *at = static_cast<const char *>(memory);
    long chunks = (bytes + CHUNK - 1) / CHUNK;
    std::vector<uint64_t> digests(chunks);
    each(chunks, bytes > ALONE, [&](long i) {
        digests[i] = digest_of_chunk(
                at + i * CHUNK, std::min(CHUNK, bytes - i * CHUNK));
    });
    uint64_t all = bytes;
    for (uint64_t one : digests) all = taken_in(all, one);
    return all;
}

} // namespace flipconv
