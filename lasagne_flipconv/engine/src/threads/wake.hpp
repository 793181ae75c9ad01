// A team of threads that may be asleep.
#pragma once

namespace flipconv {

// Held by a thread while it computes with its team, which waits actively for a
// while after that, and then sleeps.
//
// A system may wake a thread on the processor of the one that woke it, even if
// another is idle. That one would wait for it actively, and so keep it from
// running until a time slice of some milliseconds ends, which is as long as a
// small network takes. To yield instead lets it go first, and it moves to where
// there is room; to sleep would do so, too, but takes longer than to wake it.
//
// Meanwhile a team has as many threads as omp_get_max_threads() says, whatever
// OMP_DYNAMIC, OMP_THREAD_LIMIT and OMP_MAX_ACTIVE_LEVELS are.
class Awake {
public:
    Awake();
    ~Awake();
    Awake(const Awake &) = delete;
    Awake &operator=(const Awake &) = delete;

private:
    const bool dynamic_; // whether teams may be smaller, without this
};

} // namespace flipconv
