"""What NumPy gave a program of Python 2, and computes otherwise today."""
import numpy

from ...old_names.arguments import ragged
from . import equality, pickles
from .equality import bytes_of

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


#: Method → what is given for it, None to look further.
METHODS = {name: ragged.methods_of(name) for name in ragged.RANDOM}

#: Module → contents that did something else.
MODULES = {
    "numpy": {"load": pickles.load_old_array, "divide": _numpy_divide,
              "frombuffer": _frombuffer, **_with_rows(equality.NUMPY),
              "floor": _rounding(numpy.floor), "ceil": _rounding(numpy.ceil),
              "trunc": _rounding(numpy.trunc), "fix": _rounding(numpy.trunc)},
    "numpy.linalg": {"lstsq": _lstsq, "solve": _solve},
}
