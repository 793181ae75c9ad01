"""What the tests of Theano's graphs on PyTorch share.

Where PyTorch is not installed, a module of tests that imports this is skipped.
"""
import os

import lasagne_flipconv  # noqa: F401  makes Theano importable
import numpy as np
import pytest
import theano
import theano.tensor as T

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

from lasagne_flipconv.pytorch import torch_mode  # noqa: E402

#: Where PyTorch computes: "cuda" as well, or "cpu:1", the card that is none.
DEVICE = os.environ.get("TEST_DEVICE", "cpu")

#: Theano without a compiler: each node computed by NumPy.
PLAIN = theano.compile.Mode("py", "fast_compile")
FAST_RUN = theano.compile.get_mode("FAST_RUN")


def tensor(dtype, ndim):
    """Return a new variable without broadcastable axes."""
    return T.TensorType(dtype, (False,) * ndim)()


def values(dtype, *shape, seed=0):
    """Return random values of a type, between -3 and 3 or from 0 to 4."""
    rng = np.random.RandomState(seed + sum(shape))
    if dtype == "bool":
        return rng.rand(*shape) < .5
    if dtype.startswith("float"):
        return np.asarray(rng.uniform(-3, 3, shape)).astype(dtype)
    return np.asarray(rng.randint(0, 5, shape)).astype(dtype)


def layouts(array):
    """Yield an array in every way in which it can lie in memory."""
    yield array
    yield np.asfortranarray(array)
    yield array[(slice(None, None, -1),) * array.ndim]
    wide = np.zeros([2 * n for n in array.shape], array.dtype)
    part = wide[(slice(None, None, 2),) * array.ndim]
    part[...] = array
    yield part
    if array.ndim and array.shape[0]:
        yield np.broadcast_to(array[:1], array.shape)


def on_torch(inputs, outputs, **options):
    """Compile for PyTorch."""
    return theano.function(inputs, outputs, mode=torch_mode(DEVICE), **options)


def untranslated(function):
    """Return the classes of the Ops that a function leaves to Theano."""
    return sorted({type(node.op).__name__
                   for node, _ in function.fn.program.untranslated})


def check(inputs, outputs, *given, mode=PLAIN, limit=1e-6, left=()):
    """Compare PyTorch with Theano for some values; return the function."""
    ours = on_torch(inputs, outputs, on_unused_input="ignore")
    theirs = theano.function(inputs, outputs, mode=mode,
                             on_unused_input="ignore")
    assert untranslated(ours) == sorted(left)
    same(ours(*given), theirs(*given), limit)
    return ours


def same(got, expected, limit=1e-6):
    """Compare results: types, shapes, values with NaN and inf in place."""
    if not isinstance(got, (list, tuple)):
        got, expected = [got], [expected]
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if a.dtype.kind != "f":
            np.testing.assert_array_equal(a, b)
            continue
        scale = np.abs(b[np.isfinite(b)]).max(initial=1)
        np.testing.assert_allclose(a, b, rtol=limit, atol=limit * scale)
