"""Collections of garbage are rare while a function is compiled, only then."""
import gc
import sys
import threading

import pytest
import theano
import theano.tensor as T
from lasagne_flipconv.compat.theano_garbage import (RARELY, collect_rarely,
                                                     rarely)
from theano import gof


@pytest.fixture(autouse=True)
def threshold():
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield gc.get_threshold()
    gc.set_threshold(*before)


class Told(gof.Op):
    """An Op that notes the threshold when it is compiled."""

    __props__ = ()

    def __init__(self, error=None):
        self.error, self.seen = error, []

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def make_thunk(self, node, *args, **kwargs):
        self.seen.append(gc.get_threshold()[0])
        if self.error:
            raise self.error
        return super().make_thunk(node, *args, **kwargs)

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0]


def test_rare_while_compiling_as_before_afterwards(threshold):
    x, op = T.vector(), Told()
    theano.function([x], op(x))
    assert op.seen == [RARELY[0]] and gc.get_threshold() == threshold


def test_as_before_after_an_error(threshold):
    x, op = T.vector(), Told(KeyError("in vain"))
    with pytest.raises(KeyError, match="in vain"):
        theano.function([x], op(x))
    assert op.seen == [RARELY[0]] and gc.get_threshold() == threshold


@pytest.mark.parametrize("own", [(0, 10, 10), (500_000, 10, 10)])
def test_what_the_user_has_set_stays(own):
    gc.set_threshold(*own)
    x, op = T.vector(), Told()
    theano.function([x], op(x))
    assert op.seen == [own[0]] and gc.get_threshold() == own


@pytest.mark.parametrize("first_in", [0, 1])
def test_of_two_threads_the_last_puts_it_back(threshold, first_in):
    """Each ends in either order."""
    inside, done = [threading.Event() for _ in "ab"], threading.Event()

    def other():
        with rarely():
            inside[0].set()
            inside[1].wait(10)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    inside[0].wait(10)
    with rarely():
        if first_in:
            inside[1].set()
            done.wait(10)
        assert gc.get_threshold() == RARELY
    if not first_in:
        assert gc.get_threshold() == RARELY
        inside[1].set()
    thread.join()
    assert gc.get_threshold() == threshold


def test_it_is_put_in_once():
    collect_rarely()
    for name in ("theano.compile.function_module", "theano.compile.pfunc"):
        wrapped = sys.modules[name].orig_function.__wrapped__
        assert not hasattr(wrapped, "collects_rarely")
