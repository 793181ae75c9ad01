"""The engine's threads wake where there is room, and stay free to move; there
are as many as OpenMP gives."""
import ast

import pytest
from engine_cases import in_new_process, needs_engine

pytestmark = needs_engine

PROGRAM = """
import os, time
if os.environ["ONE"]:
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
x, w = T.ftensor4(), T.ftensor4()
f = theano.function([x, w], T.nnet.conv2d(x, w))
given = [np.ones((1, 64, 16, 16), 'f'), np.ones((64, 64, 1, 1), 'f')]
results = []
for _ in range(4):
    results.append(f(*given))
    time.sleep(.02)  # they fall asleep
print([os.sched_getaffinity(int(task)) == os.sched_getaffinity(0)
       for task in os.listdir("/proc/self/task")])
print(all((result == 64).all() for result in results))
"""


@pytest.mark.parametrize("threads", ["1", "2", "5"])
@pytest.mark.parametrize("one", ["", "1"], ids=["all", "one processor"])
def test_no_thread_is_bound_by_being_woken(threads, one):
    printed = in_new_process(PROGRAM, OMP_NUM_THREADS=threads, ONE=one)
    free, right = map(ast.literal_eval, printed.splitlines())
    assert right
    assert len(free) >= int(threads)
    assert all(free)


#: The gradient of a kernel, whose parts threads add up when all have one.
GRADIENT = """
import signal
signal.alarm(120)  # it waited for ever
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
x, w = T.ftensor4(), T.ftensor4()
f = theano.function([x, w], T.grad(T.nnet.conv2d(x, w).sum(), w))
given = [np.ones((9, 32, 8, 8), 'f'), np.ones((32, 32, 3, 3), 'f')]
print(all((f(*given) == 9 * 6 * 6).all() for _ in range(3)))
"""


@pytest.mark.parametrize("name, value", [
    ("OMP_THREAD_LIMIT", "1"), ("OMP_THREAD_LIMIT", "3"),
    ("OMP_DYNAMIC", "true"), ("OMP_MAX_ACTIVE_LEVELS", "0")])
def test_fewer_threads_than_asked_for(name, value):
    printed = in_new_process(GRADIENT, OMP_NUM_THREADS="4", **{name: value})
    assert printed == "True\n"
