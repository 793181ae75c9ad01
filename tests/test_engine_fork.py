"""A process that computes is forked: the child computes as well, and ends."""
import itertools
import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import MODE, names, needs_engine, tensor, values
from theano.tensor.nnet.bn import batch_normalization_train
from theano.tensor.signal.pool import pool_2d

pytestmark = needs_engine

#: Seconds until a child that hangs is ended, which is a failure.
LONGEST = 30


def network():
    """Compile all that the engine computes, and loops of Theano's own."""
    x, w, v = tensor(4), tensor(4), T.fvector()
    spread = v.dimshuffle("x", 0, "x", "x")
    y = T.nnet.relu(T.nnet.conv2d(x, w, border_mode="half"))
    y = batch_normalization_train(y, spread, spread, "spatial")[0]
    y = T.exp(T.nnet.conv2d(pool_2d(y, (2, 2), ignore_border=True),
                            w[:, :8, :1, :1]))
    run = theano.function([x, w, v], [y] + T.grad(y.sum(), [x, w]), mode=MODE)
    assert {"Convolution", "Pool", "Norm"} <= set(names(run))
    return run


ARRAYS = values(4, 8, 40, 40), values(8, 8, 3, 3), values(8)


def in_child(work):
    """Fork; return whether the child's work is true, within a time."""
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.alarm(LONGEST)
            code = 0 if work() else 1
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


@pytest.fixture(scope="module")
def computing():
    """Return a function that tells whether it still computes the same."""
    run = network()
    expected = run(*ARRAYS)
    return lambda: all(map(np.array_equal, run(*ARRAYS), expected))


def test_child_of_a_process_that_computed(computing):
    for _ in range(10):
        assert computing()
        assert in_child(computing)
    assert computing()


def test_child_of_a_child(computing):
    assert in_child(lambda: computing() and in_child(computing))


def in_thread(work):
    """Return what a new thread computes."""
    told = []
    thread = threading.Thread(target=lambda: told.append(work()))
    thread.start()
    thread.join()
    return told == [True]


def test_threads_in_the_child(computing):
    assert in_child(lambda: in_thread(computing) and computing()
                    and in_thread(computing))


def test_fork_while_another_thread_computes(computing):
    run, ended = network(), threading.Event()

    def work():  # sizes that are new have primitives made
        for size in itertools.cycle(range(8, 40)):
            if ended.is_set():
                break
            run(ARRAYS[0][:, :, :size], *ARRAYS[1:])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(20):
            assert in_child(computing)
    finally:
        ended.set()
        thread.join()
    assert computing()


def test_fork_in_another_thread(computing):
    assert in_thread(lambda: computing() and in_child(computing))
    assert computing()


def _work_of_the_pool(_):
    return _work_of_the_pool.computing()


def test_multiprocessing(computing):
    assert computing()
    _work_of_the_pool.computing = computing
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map_async(_work_of_the_pool, range(12)).get(LONGEST) == (
            [True] * 12)
