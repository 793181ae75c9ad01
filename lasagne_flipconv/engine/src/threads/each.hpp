// A loop, by a team of threads or by the one that is here.
#pragma once

namespace flipconv {

// Call f(i) for all i below count. OpenMP's "if" makes a team of one thread,
// for which GCC's library forgets the team there was, and makes it anew.
template <class Function>
void each(long count, bool as_team, const Function &f) {
    if (!as_team) {
        for (long i = 0; i < count; ++i) f(i);
        return;
    }
#pragma omp parallel for schedule(static)
    for (long i = 0; i < count; ++i) f(i);
}

} // namespace flipconv
