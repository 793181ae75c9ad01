"""Values that live on the device, and what is left to Theano."""
import contextlib
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import engine
from pytorch_cases import FAST_RUN, same, torch, torch_mode

# isort: split
from lasagne_flipconv.pytorch import cells
from lasagne_flipconv.pytorch.cells import Cell

ONES = np.ones(3, "float32")


@pytest.fixture
def w():
    with engine.using("torch"):
        return theano.shared(ONES.copy(), "w")


def on_device(variable):
    """Tell whether only the device has the value."""
    cell = variable.container.storage
    return list.__getitem__(cell, 0) is None


def stepping(w, step=1, **options):
    with engine.using("torch"):
        return theano.function([], w.sum(), updates=[(w, w + step)],
                               **options)


def test_a_value_stays_on_the_device(w):
    f = stepping(w)
    assert f() == 3 and f() == 6
    assert on_device(w)
    assert f.fn.moved == (0, 4)  # the sum alone
    same(w.get_value(), 3 * ONES)
    assert on_device(w)


@pytest.mark.parametrize("use", [
    lambda w: stepping(w)(),
    lambda w: theano.function([], w + 0, mode=torch_mode("cpu"))()])
def test_code_that_knows_nothing_of_devices_finds_no_value(w, use):
    """Theano's C code looks into the list directly, and raises."""
    use(w)
    assert list.__getitem__(w.container.storage, 0) is None


def test_a_copy_is_nobody_else_s(w):
    f = stepping(w)
    f()
    w.get_value()[:] = 100
    same(w.get_value(), 2 * ONES)
    before = w.get_value()
    f()
    same(before, 2 * ONES)


LOOKS = {
    "a borrowed value": lambda w: w.get_value(borrow=True),
    "a value": lambda w: w.get_value(),
    "a function": lambda w: theano.function(
        [], w + 0, mode=torch_mode("cpu"))(),
    "one of Theano's": lambda w: theano.function([], w, mode=FAST_RUN)(),
}


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("moving", ["download", "upload"])
def test_another_thread_trains_while_a_value_is_moved(w, name, moving,
                                                      monkeypatch):
    """The new value was lost, and there was none any more."""
    f = stepping(w)
    if moving == "download":
        f()
    cell, stock, new = w.container.storage, getattr(cells, moving), []

    def interrupted(*args):
        if not new:
            new.append(torch.full((3,), 9.))
            cell.put(new[0])
        return stock(*args)
    monkeypatch.setattr(cells, moving, interrupted)
    found = LOOKS[name](w)
    assert found[0] in (1, 2, 9)
    assert (w.get_value() == (9 if new else found)).all()
    assert (LOOKS[name](w) == w.get_value()).all()


def test_a_borrowed_value_can_be_written_into(w):
    f = stepping(w)
    f()
    w.get_value(borrow=True)[:] = 10
    assert f() == 30
    same(w.get_value(), 11 * ONES)


def test_a_value_that_is_set(w):
    f = stepping(w)
    f()
    given = 5 * ONES
    w.set_value(given)
    given[:] = 0
    assert f() == 15
    w.set_value(7 * ONES, borrow=True)
    assert f() == 21
    same(w.get_value(), 8 * ONES)


def test_an_array_that_was_lent(w):
    """From the first function on that reads it, the device has a copy."""
    with engine.using("torch"):
        f = theano.function([], w.sum())
    given = 5 * ONES
    w.set_value(given, borrow=True)
    assert f() == 15
    given[:] = 0
    assert f() == 15


def test_a_result_is_not_the_memory_of_a_variable(w):
    with engine.using("torch"):
        f = theano.function([], [theano.Out(v, borrow=True) for v in (
            w, w.reshape((3, 1)), w.T, w[::2], T.zeros((2,)) + w[0])])
    for result in f():
        result[...] = 100
    same(w.get_value(), ONES)
    same(f()[0], ONES)


def test_a_result_is_not_the_memory_of_an_argument_or_another_result():
    x = T.fvector()
    f = theano.function([x], [theano.Out(v, borrow=True) for v in (
        x, x[1:], x.dimshuffle("x", 0), T.zeros_like(x))],
        mode=torch_mode())
    given = ONES.copy()
    results = f(given)
    for result in results:
        result[...] = 100
    same(given, ONES)
    same(f(given)[1], ONES[1:])


def test_a_variable_that_is_set_to_an_argument(w):
    x = T.fvector()
    with engine.using("torch"):
        f = theano.function([x], [], updates=[(w, x)])
        g = theano.function([], [], updates=[(w, w[::-1])])
    given = np.float32([1, 2, 3])
    f(given)
    given[:] = 0
    same(w.get_value(), np.float32([1, 2, 3]))
    g()
    same(w.get_value(), np.float32([3, 2, 1]))


def test_two_variables_that_are_swapped(w):
    with engine.using("torch"):
        v = theano.shared(2 * ONES, "v")
        f = theano.function([], [], updates=[(w, v), (v, w)])
    f()
    same([w.get_value(), v.get_value()], [2 * ONES, ONES])
    stepping(w)()
    same([w.get_value(), v.get_value()], [3 * ONES, ONES])


def test_an_error_leaves_nothing_half_done(w):
    i = T.iscalar()
    with engine.using("torch"):
        v = theano.shared(ONES.copy(), "v")
        f = theano.function([i], v[i], updates=[(w, w + 1), (v, v + 1)])
    with pytest.raises(IndexError):
        f(9)
    same([w.get_value(), v.get_value()], [ONES, ONES])
    f(0)
    same([w.get_value(), v.get_value()], [2 * ONES, 2 * ONES])


@pytest.mark.parametrize("mode", [FAST_RUN, theano.Mode("py"),
                                  theano.Mode("vm")], ids=str)
def test_functions_of_theano_over_the_same_variable(w, mode):
    f = stepping(w)
    g = theano.function([], w.sum(), updates=[(w, w * 2)], mode=mode)
    h = theano.function([], w * 1, mode=mode)
    assert f() == 3 and g() == 6
    same(w.get_value(), 4 * ONES)
    same(h(), 4 * ONES)
    assert f() == 12
    same(h(), 5 * ONES)
    same(w.get_value(), 5 * ONES)


@pytest.mark.parametrize("mode", [FAST_RUN, theano.Mode("py"),
                                  theano.Mode("vm")], ids=str)
def test_a_function_of_theano_that_returns_a_variable(w, mode):
    """What it was before the update was None, where Python loops over nodes.
    """
    f = stepping(w)
    g = theano.function([], [w, w + 1], updates=[(w, w * 2)], mode=mode)
    f()
    same(g(), [2 * ONES, 3 * ONES])
    same(w.get_value(), 4 * ONES)


def test_no_copy_stays_with_theano(w):
    """Else code that looks into the list would go on to find one there."""
    g = theano.function([], w * 1, mode=FAST_RUN)
    g()
    assert g.fn._pairs[0][1] == [None]


def test_streams_that_are_made_in_the_mode(monkeypatch):
    """MRG calls what computes without the function around it."""
    from theano.sandbox import rng_mrg
    draws = []
    for name in ("torch", "theano"):
        monkeypatch.setattr(rng_mrg.multMatVect, "dot_modulo", None)
        with engine.using("torch") if name == "torch" else (
                contextlib.nullcontext()):
            stream = rng_mrg.MRG_RandomStreams(3)
            draws.append(theano.function([], stream.uniform((4, 50))))
    same(draws[0](), draws[1](), 0)


def test_a_variable_that_an_older_function_reads():
    v = theano.shared(ONES.copy())
    v.container.storage = list(v.container.storage)  # as before `use`
    old = theano.function([], v * 1, mode=FAST_RUN)
    f = stepping(v)
    f()
    same([old(), v.get_value()], [2 * ONES, 2 * ONES])
    assert not isinstance(v.container.storage, Cell)


def test_givens_and_pieces_of_a_data_set(w):
    i, x = T.lscalar(), T.fmatrix()
    with engine.using("torch"):
        data = theano.shared(np.arange(12, dtype="float32").reshape(6, 2))
        f = theano.function([i], x.sum(1), givens={x: data[i * 2:i * 2 + 2]})
    same(f(1), np.float32([9, 13]))
    f(2)
    assert f.fn.moved == (0, 8)


def test_a_copy_of_a_function_and_a_pickled_variable(w):
    f = stepping(w)
    f.copy()()
    same(pickle.loads(pickle.dumps(w)).get_value(), 2 * ONES)
    same(np.sum(f.copy(share_memory=True)()), np.float32(6))


def test_neighbours_without_rows_are_one_function():
    from theano.compile.ops import as_op

    @as_op([T.fvector], [T.fvector])
    def doubled(x):
        return 2 * x

    x = T.fvector()
    f = theano.function([x], doubled(doubled(x + 1)) * doubled(x),
                        mode=torch_mode())
    same(f(ONES), 16 * ONES)
    lines = [line for line in engine.report(f) if line.runs_on == "Theano"]
    assert len(lines) == 3 and "there is no row" in lines[0].reason
    assert "with 2 others it took" in lines[0].reason
    assert len({id(p) for p in f.fn.program.left.values()}) == 1


def test_a_card_that_is_full(w, monkeypatch):
    f = stepping(w)
    f()

    def full(values):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried 9 GiB")
    monkeypatch.setattr(f.fn.program, "_run", [full])
    with pytest.raises(engine.EngineError, match="a smaller batch"):
        f()
    same(w.get_value(), 2 * ONES)


#: A process that computed with two threads, and its child.
FORKED = """
import os, signal
import lasagne_flipconv, numpy, theano, torch
from lasagne_flipconv import engine
torch.set_num_threads(2)
w = theano.shared(numpy.ones((600, 600), "float32"))
with engine.using("torch"):
    f = theano.function([], theano.tensor.exp(w).sum(), updates=[(w, w / 2)])
f()
child = os.fork()
if not child:
    signal.alarm(30)
    f()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert torch.get_num_threads() == 2
f()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks")
def test_a_process_that_computed_may_fork():
    """The child waited for threads that it does not have."""
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=300)


def test_random_numbers_of_pytorch():
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    stream = MRG_RandomStreams(3)
    with engine.using("torch", random="torch"):
        f = theano.function([], [stream.uniform((200, 3)),
                                 stream.binomial((2000,), p=.7)])
    torch.manual_seed(1)
    first = f()
    assert 0 < first[0].min() and first[0].max() < 1
    assert abs(first[0].mean() - .5) < .1 and abs(first[1].mean() - .7) < .1
    assert (f()[0] != first[0]).any()
    torch.manual_seed(1)
    same(f(), first, 0)
    assert "other than Theano's" in str(engine.report(f))
    with pytest.raises(engine.EngineError, match="random: 'numpy' is none"):
        engine.use("torch", random="numpy")


def test_no_number_of_pytorch_is_zero(monkeypatch):
    """It draws 0 once in 2**24: normal numbers made of it had no end."""
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    stream = MRG_RandomStreams(3)
    with engine.using("torch", random="torch"):
        f = theano.function([], [stream.uniform((4,)), stream.normal((4,))])
    monkeypatch.setattr(torch, "rand", torch.zeros)
    drawn, normal = f()
    assert (drawn > 0).all() and np.isfinite(normal).all()


def test_what_is_no_tensor_stays_with_theano():
    from theano import sparse
    from theano.tensor.shared_randomstreams import RandomStreams
    import scipy.sparse
    s, x = sparse.csr_matrix("s", "float32"), T.fmatrix()
    outputs = [sparse.dot(s, x) + 1, s, sparse.dense_from_sparse(s) * x]
    given = scipy.sparse.csr_matrix(np.eye(3, dtype="float32"))
    dense = np.arange(9, dtype="float32").reshape(3, 3)
    got = theano.function([s, x], outputs, mode=torch_mode())(given, dense)
    same([got[0], got[1].toarray(), got[2]],
         [dense + 1, np.eye(3, dtype="float32"), np.diag(np.diag(dense))])
    draws = [theano.function([], 2 * RandomStreams(3).uniform((2, 3)),
                             mode=mode) for mode in (torch_mode(), FAST_RUN)]
    for _ in range(3):
        same(draws[0](), draws[1]())


@pytest.mark.parametrize("dtype", ["float16", "uint16", "uint64",
                                   "complex64"])
def test_types_that_pytorch_does_not_compute_in(dtype):
    x = T.vector(dtype=dtype)
    f = theano.function([x], [x + x, x[::-1], T.cast(x.real, "float32")
                              * np.float32(2)], mode=torch_mode())
    given = np.array([1, 2, 3], dtype)
    same(f(given), [2 * given, given[::-1],
                    2 * given.real.astype("float32")])
    profiled = theano.function([x], x * x, mode=torch_mode(), profile=True)
    same(profiled(given), given * given)
