// A process that computes may be forked at any moment.
#pragma once

namespace flipconv {

// Held by a thread while it computes. A fork waits until none is, so that the
// child finds no lock taken and no cache half changed, here and in oneDNN.
// Nobody who computes waits for Python, so a fork that holds its lock ends.
class Computing {
public:
    Computing();
    ~Computing();
    Computing(const Computing &) = delete;
    Computing &operator=(const Computing &) = delete;
};

} // namespace flipconv
