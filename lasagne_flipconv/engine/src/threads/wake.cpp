#include "threads/wake.hpp"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <chrono>

namespace flipconv {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr microseconds ASLEEP(1000);   // the team may be, after so long
constexpr microseconds PATIENCE(2000); // on a machine that is busy

thread_local Clock::time_point last; // use of the team

// Which processors have a thread of the team.
class Seats {
public:
    Seats() {
        for (auto &seat : taken_) seat = false;
    }

    // Have the thread that calls it on one of its own, if there is one; it may
    // leave it later.
    void take() {
        const int here = sched_getcpu();
        if (here < 0 || here >= CPU_SETSIZE || !taken_[here].exchange(true))
            return;
        cpu_set_t allowed;
        const auto self = pthread_self();
        if (pthread_getaffinity_np(self, sizeof allowed, &allowed)) return;
        for (int i = 0; i < CPU_SETSIZE; ++i)
            if (CPU_ISSET(i, &allowed) && !taken_[i].exchange(true)) {
                cpu_set_t one;
                CPU_ZERO(&one);
                CPU_SET(i, &one);
                pthread_setaffinity_np(self, sizeof one, &one);
                pthread_setaffinity_np(self, sizeof allowed, &allowed);
                return;
            }
    }

private:
    std::atomic<bool> taken_[CPU_SETSIZE];
};

// Whoever is woken on the processor of this thread may run in its place at
// once. So this one's is taken before, and nobody waits actively, as all do at
// the end of a loop, before all have a place.
void wake() {
    const auto begin = Clock::now();
    std::atomic<int> seated(1);
    Seats seats;
    seats.take();
#pragma omp parallel
    {
        if (omp_get_thread_num() > 0) {
            seats.take();
            ++seated;
        }
        const int all = omp_get_num_threads();
        while (seated < all && Clock::now() - begin < PATIENCE) sched_yield();
    }
}

} // namespace

// oneDNN shares its work out to as many threads as there may be, and waits for
// all of them: for ever, if a team is smaller than that.
Awake::Awake() : dynamic_(omp_get_dynamic()) {
    if (dynamic_) omp_set_dynamic(0);
    const int most = omp_get_max_active_levels() < 1 ? 1
                                                     : omp_get_thread_limit();
    if (omp_get_max_threads() > most) omp_set_num_threads(most);
    if (omp_get_max_threads() > 1 && Clock::now() - last > ASLEEP) wake();
}

Awake::~Awake() {
    if (dynamic_) omp_set_dynamic(1);
    last = Clock::now();
}

} // namespace flipconv
