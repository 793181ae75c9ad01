// A number that tells whether memory still holds what it held.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flipconv {

// Any change of a single 8-byte word changes the result; other changes go
// unseen with a probability of 2^-64. Not meant against an adversary. Reads as
// fast as memory gives; the same whatever the number of threads.
uint64_t digest(const void *memory, size_t bytes);

} // namespace flipconv
