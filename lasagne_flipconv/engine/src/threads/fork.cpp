#include "threads/fork.hpp"

#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>

namespace flipconv {

namespace {

pthread_rwlock_t gate = PTHREAD_RWLOCK_INITIALIZER;

// End the team of threads that waits for the work of this one: a child has the
// memory of it, but not the threads, and would wait for them for ever. The
// next computation makes a new one, here as there.
bool end_team() {
    using Pause = int (*)(int);
    // since GCC 9; looked up in the library that oneDNN and Theano's code use
    void *gomp = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (!gomp) return false;
    auto pause = reinterpret_cast<Pause>(
            dlsym(gomp, "omp_pause_resource_all"));
    constexpr int HARD = 2; // omp_pause_hard
    bool ended = pause && pause(HARD) == 0;
    dlclose(gomp);
    return ended;
}

bool team_ended = false;

void before_fork() {
    pthread_rwlock_wrlock(&gate);
    team_ended = end_team();
}

void after_fork_in_parent() { pthread_rwlock_unlock(&gate); }

void after_fork_in_child() {
    gate = PTHREAD_RWLOCK_INITIALIZER;
    if (!team_ended) omp_set_num_threads(1);
}

// When the library is loaded.
const int registered = pthread_atfork(before_fork, after_fork_in_parent,
                                      after_fork_in_child);

} // namespace

Computing::Computing() { pthread_rwlock_rdlock(&gate); }

Computing::~Computing() { pthread_rwlock_unlock(&gate); }

} // namespace flipconv
