"""Every way in which an array of given shape can lie in memory.

What lies between the values of an array is not-a-number: who reads it, shows.
"""
import itertools
import tempfile

import numpy as np
from numpy.lib.stride_tricks import as_strided

__all__ = ["layouts", "random_layout"]


def layouts(shape):
    """Return functions that give an array of float32 another layout, by name.

    The shape stays; the values too, but where an axis repeats or overlaps.
    """
    axes = range(len(shape))
    found = {"read-only": read_only, "padded rows": padded,
             "not at a cache line": moved, "mapped": mapped,
             "overlapping": overlapping, "other byte order": swapped,
             "reversed": lambda a: reversed_along(a, axes),
             "repeated": lambda a: repeated_along(a, axes),
             "stepped": lambda a: stepped_along(a, axes)}
    for axis in axes:
        found["reversed along %d" % axis] = (
            lambda a, axis=axis: reversed_along(a, [axis]))
        found["repeated along %d" % axis] = (
            lambda a, axis=axis: repeated_along(a, [axis]))
        found["repeated along all but %d" % axis] = (
            lambda a, axis=axis: repeated_along(a, set(axes) - {axis}))
        found["stepped along %d" % axis] = (
            lambda a, axis=axis: stepped_along(a, [axis]))
    for order in itertools.permutations(axes):
        found["order %s" % "".join(map(str, order))] = (
            lambda a, order=order: ordered(a, order))
    if 1 in shape:
        found["any stride along axes of size one"] = any_stride_along_ones
    return found


def random_layout(rng, array):
    """Return an array of the same shape in a random layout."""
    functions = layouts(array.shape)
    return functions[sorted(functions)[rng.randint(len(functions))]](array)


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def mapped(a):
    """Return the one subclass of arrays that Theano takes as it is."""
    with tempfile.TemporaryFile() as file:
        whole = np.memmap(file, a.dtype, "w+", shape=(a.size + 1,))
        whole[1:] = a.ravel()
        return whole[1:].reshape(a.shape)




def reversed_along(a, axes):
    index = tuple(slice(None, None, -1 if axis in axes else None)
                  for axis in range(a.ndim))
    return a[index].copy()[index]


def repeated_along(a, axes):
    """Keep the first of each axis, with a stride of zero."""
    first = a[tuple(slice(0, 1 if axis in axes else None)
                    for axis in range(a.ndim))].copy()
    return np.broadcast_to(first, a.shape)


def stepped_along(a, axes):
    steps = [3 if axis in axes else 1 for axis in range(a.ndim)]
    whole = np.full([n * step for n, step in zip(a.shape, steps)], np.nan,
                    a.dtype)
    view = whole[tuple(slice(None, None, step) for step in steps)]
    view[...] = a
    return view


def padded(a):
    whole = np.full([n + 3 for n in a.shape], np.nan, a.dtype)
    view = whole[tuple(slice(1, n + 1) for n in a.shape)]
    view[...] = a
    return view


def moved(a):
    whole = np.full(a.size + 40, np.nan, a.dtype)
    first = (-whole.ctypes.data // a.itemsize) % 16 + 3
    view = whole[first:first + a.size].reshape(a.shape)
    view[...] = a
    return view


def ordered(a, order):
    """Lay the axes out in this order, the first of it outermost."""
    return np.ascontiguousarray(a.transpose(order)).transpose(
        np.argsort(order))


def overlapping(a):
    """Let each line along the last axis start one value after the last one."""
    flat = np.resize(a, sum(a.shape))
    return as_strided(flat, a.shape, (a.itemsize,) * a.ndim)


def swapped(a):
    return a.astype(a.dtype.newbyteorder())


def any_stride_along_ones(a):
    strides = [4 * 12345 if n == 1 else stride
               for n, stride in zip(a.shape, a.strides)]
    return as_strided(a, a.shape, strides)
