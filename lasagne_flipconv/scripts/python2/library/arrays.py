"""What NumPy gave a program of Python 2, and computes otherwise today."""
import inspect
from functools import partial

import numpy

from ...old_names.arguments import ragged
from ...old_names.arrays import INSTEAD
from ..strings import Bytes, bytes_of
from . import pickles
from .equality import alike, as_texts

__all__ = ["METHODS", "MODULES"]


def _numpy_divide(a, b, *args, **kwargs):
    """Divide arrays as ``numpy.divide`` did."""
    a, b = numpy.asanyarray(a), numpy.asanyarray(b)
    both = a.dtype.kind in "iub" and b.dtype.kind in "iub"
    return (numpy.floor_divide if both else numpy.divide)(
        a, b, *args, **kwargs)


def _rounding(function):
    """Return a function that rounds, and gives floats as until NumPy 2.1."""
    def rounded(x, *args, **kwargs):
        a = numpy.asanyarray(x)
        if a.dtype.kind in "iub":
            x = a.astype(numpy.promote_types(a.dtype, "float16"))
        return function(x, *args, **kwargs)
    return rounded


def _lstsq(a, b, rcond=-1):
    """Solve by least squares, with the default of until NumPy 2.0."""
    return numpy.linalg.lstsq(a, b, rcond)


def _solve(a, b):
    """Solve, with a vector for each matrix of a stack, as until NumPy 2.0."""
    if 1 < numpy.ndim(b) == numpy.ndim(a) - 1:
        return numpy.linalg.solve(a, numpy.asarray(b)[..., None])[..., 0]
    return numpy.linalg.solve(a, b)


def _frombuffer(buffer, *args, **kwargs):
    return numpy.frombuffer(bytes_of(buffer), *args, **kwargs)


def _with_rows(functions):
    """Return functions that take rows of unequal lengths, as until 1.24."""
    return {name: ragged.takes_rows(getattr(numpy, name, function), function)
            for name, function in functions.items()}


def stored(thing):
    """Return what HDF5 stores: an array of texts as one of bytes.

    Parameters
    ----------
    thing : object
        What a program puts into a file.

    Returns
    -------
    object
        Anything else as it is.

    Examples
    --------
    >>> stored(numpy.array(["cat"]))
    array([b'cat'], dtype='|S3')
    """
    if type(thing) in (list, tuple) and thing and set(map(type, thing)) <= {
            str, Bytes, bytes}:
        thing = numpy.array(list(map(bytes_of, thing)))
    return (numpy.char.encode(thing, "utf-8", "surrogateescape")
            if isinstance(thing, numpy.ndarray) and thing.dtype.kind == "U"
            else thing)


def _create(name):
    """Return what gives a group of h5py a method that stores texts."""
    def given(group):
        if not type(group).__module__.startswith("h5py."):
            return None
        return partial(_stored_by, getattr(group, name))
    return given


def _stored_by(method, name, *args, **options):
    """Store, without a type of the program's what texts have here."""
    if options.get("dtype") is None:
        args = [*args[:1], *map(stored, args[1:])]
        options = {key: stored(value) for key, value in options.items()}
    return method(name, *args, **options)


def _of_texts_alike(name):
    """Return a function that compares two arrays, of bytes or texts."""
    stock = getattr(numpy, name)
    signature = inspect.signature(stock)

    def compares(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        a, b, *more = bound.args
        return stock(*alike(numpy.asarray(a), numpy.asarray(b)), *more,
                     **bound.kwargs)
    return compares


def _in1d(ar1, ar2, assume_unique=False, invert=False):
    return numpy.isin(*alike(numpy.ravel(ar1), numpy.asarray(ar2)),
                      assume_unique=assume_unique, invert=invert)


def _reads_texts(name):
    """Return a function that reads a table, whose converters take texts."""
    stock = INSTEAD.get(name, getattr(numpy, name))

    def reads(fname, *args, **kwargs):
        if isinstance(kwargs.get("converters"), dict):
            kwargs["converters"] = {
                key: _of_text(convert)
                for key, convert in kwargs["converters"].items()}
        return stock(fname, *args, **kwargs)
    return reads


def _of_text(convert):
    return lambda field: convert(as_texts(field))


#: What ``numpy`` is lent.
_NUMPY = {"in1d": _in1d, **{name: _of_texts_alike(name) for name in (
    "array_equal", "isin", "setdiff1d")},
    **{name: _reads_texts(name) for name in ("genfromtxt", "loadtxt")}}

#: Method → what is given for it, None to look further.
METHODS = {**{name: ragged.methods_of(name) for name in ragged.RANDOM},
           **{name: _create(name) for name in (
               "create", "create_dataset", "require_dataset")}}

#: Module → contents that did something else.
MODULES = {
    "numpy": {"load": pickles.load_old_array, "divide": _numpy_divide,
              "frombuffer": _frombuffer, **_with_rows(_NUMPY),
              "floor": _rounding(numpy.floor), "ceil": _rounding(numpy.ceil),
              "trunc": _rounding(numpy.trunc), "fix": _rounding(numpy.trunc)},
    "numpy.linalg": {"lstsq": _lstsq, "solve": _solve},
}
