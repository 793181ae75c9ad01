"""Arrays that NumPy 2.5 pickles in the order in which their axes lie."""
import itertools
import pickle

import numpy as np
import pytest
from lasagne_flipconv import CheckpointError, layers, load, read

import cases
import files

try:
    from numpy._core import numeric
except ImportError:
    from numpy.core import numeric


class Pickled:
    """Pickle an array as NumPy does with protocol 5, by these arguments."""

    def __init__(self, array, shape, *orders):
        self.arguments = (array.tobytes(), array.dtype, shape, *orders)

    def __reduce__(self):
        return numeric._frombuffer, self.arguments


def write(path, *values):
    path.write_bytes(pickle.dumps(list(values), 5))
    return path


@pytest.mark.parametrize("axes", [
    axes for n in (1, 2, 3, 4) for axes in itertools.permutations(range(n))])
def test_axes_are_put_in_order(tmp_path, axes):
    stored = cases.values((2, 3, 4, 5)[:len(axes)], 1, "f4")
    path = write(tmp_path / "w.pkl", Pickled(stored, stored.shape, "K", axes),
                 stored)
    with read(path) as checkpoint:
        found, beside = checkpoint.entries
        assert files.same(found.read(), stored.transpose(axes))
        assert found.shape == stored.transpose(axes).shape
        assert files.same(beside.read(), stored)


def test_what_numpy_of_today_writes_is_read(tmp_path):
    """Whichever it is: an array in each order of its axes."""
    array = cases.values((2, 3, 4), 1, "f4")
    arrays = [array.transpose(axes)
              for axes in itertools.permutations(range(3))]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = tmp_path / ("w%d.pkl" % protocol)
        path.write_bytes(pickle.dumps(arrays, protocol))
        with read(path) as checkpoint:
            for entry, wanted in zip(checkpoint.entries, arrays):
                assert files.same(entry.read(), wanted)


def test_a_network_gets_such_a_kernel(tmp_path):
    net = layers.Conv2DLayer((None, 3, 9, 9), 4, (2, 5), b=None)
    kernel = cases.values((2, 5, 3, 4), 1, "f4")  # HWIO
    path = write(tmp_path / "w.pkl", Pickled(kernel, kernel.shape, "K",
                                             (3, 2, 0, 1)))
    load(path, net, orientation="convolution")
    assert np.array_equal(net.W.get_value(), kernel.transpose(
        3, 2, 0, 1).astype(net.W.dtype))


WRONG = [("K",), ("K", None), ("K", (0, 1)), ("K", (0, 1, 1)),
         ("K", (0, 1, 3)), ("K", (0, 1, -1)), ("K", (0, True, 2)),
         ("K", [0, 1, 2]), ("K", (0., 1., 2.)), ("K", ("0", "1", "2")),
         ("K", (0, 1, 2), None), ("C", (2, 0, 1)), ("F", (2, 0, 1)), ("A",),
         ("A", (0, 1, 2)), ("k", (0, 1, 2)), ("",)]


@pytest.mark.parametrize("orders", WRONG, ids=str)
def test_what_is_no_order_of_axes_is_refused(tmp_path, orders):
    array = cases.values((2, 3, 4), 1, "f4")
    path = write(tmp_path / "w.pkl", Pickled(array, array.shape, *orders))
    with pytest.raises(CheckpointError, match="w.pkl"):
        read(path)
