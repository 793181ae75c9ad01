"""What functions of NumPy took: arrays of objects, bytes of a text.

And the few of ``scipy.stats`` that are gone.
"""
import functools
import inspect
import io
import sys
import types

import numpy

from ...compat.numpy_names import NUMPY2, old_numpy_names
from .arguments import ragged
from .arguments.era import is_of_then

__all__ = ["INSTEAD", "RANDOM", "STATISTICS", "bytes_of", "load_array"]


def bytes_of(file):
    """Return what reads or writes the bytes of a file.

    Parameters
    ----------
    file : object
        A path, or a file of either mode.

    Returns
    -------
    object
        For a file that is open as a text, what is below it.
    """
    found = getattr(file, "buffer", file)
    if isinstance(file, io.TextIOWrapper):  # it closes that when it is dropped
        found.text = file
    return found


def load_array(file, mmap_mode=None, allow_pickle=True, **options):
    """Load what ``numpy.load`` did before 1.16.3: arrays of objects too.

    Parameters
    ----------
    file : str, path-like or file
        As for :func:`numpy.load`.
    mmap_mode : str, optional
        As there.
    allow_pickle : bool, default True
        Whether arrays of objects are read.
    **options : dict
        As there.

    Returns
    -------
    array or NpzFile
        As there.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "objects.npy")
    >>> numpy.save(path, numpy.array([{}, None]))
    >>> load_array(path)
    array([{}, None], dtype=object)
    """
    return numpy.load(bytes_of(file), mmap_mode, allow_pickle, **options)


def fromstring(string, dtype=float, count=-1, sep="", **options):
    """Read an array from bytes, which NumPy did until 2.3, or from a text.

    Parameters
    ----------
    string : bytes or str
        What it is read from.
    dtype, count, sep : object
        As for :func:`numpy.fromstring`; without `sep`, the bytes are those
        of the array.
    **options : dict
        As there.

    Returns
    -------
    array
        With one axis; it can be written to.

    Examples
    --------
    >>> fromstring(bytes([1, 2]), "uint8")
    array([1, 2], dtype=uint8)
    """
    if sep != "":
        return numpy.fromstring(string, dtype, count, sep=sep, **options)
    if isinstance(string, str):  # of Python 2, or ASCII
        string = string.encode("utf-8", "surrogateescape")
    if not string:
        return numpy.empty(0, dtype)
    return numpy.frombuffer(string, dtype, count, **options).copy()


def _made(name):
    """Return what makes arrays: ``copy=False`` copies where that is needed.

    As until NumPy 2.
    """
    stock = getattr(numpy, name)

    @functools.wraps(stock)
    def function(*args, **kwargs):
        if kwargs.get("copy", True) is False:
            kwargs["copy"] = None
        return stock(*args, **kwargs)
    return function if NUMPY2 else stock


def full(shape, fill_value, dtype=None, *args, **options):
    """Return an array of one value; for Python 2, of floats as until 1.12.

    Parameters
    ----------
    shape, fill_value : object
        As for :func:`numpy.full`.
    dtype : dtype, optional
        The type; untold, that of integers and bools is float for programs of
        Python 2, and theirs for others.
    *args, **options : object
        As there.

    Returns
    -------
    array
        As there.

    Examples
    --------
    >>> full(2, 1), full(2, 1j).dtype
    (array([1, 1]), dtype('complex128'))
    """
    if dtype is None and is_of_then() and numpy.asarray(
            fill_value).dtype.kind in "biu":
        dtype = float
    return numpy.full(shape, fill_value, dtype, *args, **options)


def set_printoptions(precision=None, threshold=None, *args, **options):
    """Say how arrays are printed; NaN elements are as many as there are.

    Parameters
    ----------
    precision, *args, **options : object
        As for :func:`numpy.set_printoptions`.
    threshold : int or float, optional
        How many elements are printed in full; NaN for all, as until 1.16.
    """
    if threshold == "nan" or threshold != threshold:
        threshold = sys.maxsize
    numpy.set_printoptions(precision, threshold, *args, **options)


@functools.wraps(numpy.sum)
def total(a, *args, **kwargs):
    if isinstance(a, types.GeneratorType):  # which NumPy 2.4 refuses
        return sum(a)
    return numpy.sum(a, *args, **kwargs)


def _renamed(name, **names):
    """Return a function of NumPy that takes arguments by their old names."""
    stock = getattr(numpy, name)

    @functools.wraps(stock)
    def function(*args, **kwargs):
        return stock(*args, **{names.get(key, key): value
                               for key, value in kwargs.items()})
    return function


@functools.wraps(numpy.unique)
def unique(ar, *args, **kwargs):
    found = numpy.unique(ar, *args, **kwargs)
    inverse = 1 + bool(args[0] if args else kwargs.get("return_index"))
    if (isinstance(found, tuple) and is_of_then()
            and kwargs.get("return_inverse", args[1:2])):
        found = (*found[:inverse], found[inverse].ravel(),
                 *found[inverse + 1:])
    return found


@functools.wraps(numpy.cross)
def cross(a, b, *args, **kwargs):
    if args or kwargs or numpy.shape(a)[-1:] != (2,) or numpy.shape(
            b)[-1:] != (2,):
        return numpy.cross(a, b, *args, **kwargs)
    a, b = numpy.asarray(a), numpy.asarray(b)
    return numpy.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


#: How the argument of percentiles is called, since NumPy 1.22.
_METHOD = "method" if "method" in inspect.signature(
    numpy.percentile).parameters else "interpolation"

#: What takes other arguments, and rows of unequal lengths.
_OTHERS = {"sum": total, "unique": unique,
           **{name: _made(name) for name in ("array", "asarray")}}

#: What NumPy's stand-in has in the place of its own.
INSTEAD = {"load": load_array, "fromstring": fromstring, "full": full,
           "set_printoptions": set_printoptions, "cross": cross,
           "vectorize": ragged.vectorize,
           "unravel_index": _renamed("unravel_index", dims="shape"),
           "genfromtxt": _renamed("genfromtxt", skiprows="skip_header",
                                  missing="missing_values"),
           **{name: _renamed(name, interpolation=_METHOD) for name in (
               "percentile", "quantile", "nanpercentile", "nanquantile")},
           **{name: ragged.takes_rows(getattr(numpy, name),
                                      _OTHERS.get(name))
              for name in (*ragged.MAKERS, *ragged.STACKS, *ragged.FIRST,
                           *ragged.FUNCTIONS)}}
INSTEAD["in1d"] = ragged.takes_rows(
    old_numpy_names().get("in1d") or numpy.in1d)
INSTEAD["row_stack"] = INSTEAD["vstack"]

#: What that of ``numpy.random`` has.
RANDOM = {name: ragged.takes_rows(getattr(numpy.random, name))
          for name in ragged.RANDOM}


def itemfreq(a):
    """Return a row for each value: it, and how often it occurs."""
    return numpy.array(numpy.unique(a, return_counts=True)).T


def nanmean(x, axis=0):
    """Return the mean of what is not NaN."""
    return numpy.nanmean(x, axis)


def nanmedian(x, axis=0):
    """Return the median of what is not NaN."""
    return numpy.nanmedian(x, axis)


def nanstd(x, axis=0, bias=False):
    """Return the deviation of what is not NaN, by n - 1 unless `bias`."""
    return numpy.nanstd(x, axis, ddof=0 if bias else 1)


def ss(a, axis=0):
    """Return the sum of squares; over all axes if `axis` is None."""
    return numpy.sum(numpy.square(a), axis)


#: What ``scipy.stats`` had.
STATISTICS = {function.__name__: function for function in (
    itemfreq, nanmean, nanmedian, nanstd, ss)}
