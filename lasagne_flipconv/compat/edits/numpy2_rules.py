"""What NumPy 2 computes otherwise, and the edits that keep Theano's results.

Up to NumPy 1.26 the type of a result depended on the values: single numbers
gave way to arrays, integers that did not fit were wrapped. Since NumPy 2.0
only numbers of Python give way, and what does not fit raises. Most of it shows
as another type or value, without an error.
"""
import functools

import numpy as np

from ..numpy_names import NUMPY2, dtype_of
from .importing import Edit

__all__ = ["EDITS", "RULES", "mend_thunks"]

#: What `copy` is given to copy only where it must be.
IF_NEEDED = None if NUMPY2 else False

_SCALARS = "theano.scalar.basic"


def asarray(a, dtype=None, order=None):
    """Make an array; wrap integers that do not fit, up to 64 bits."""
    try:
        return np.asarray(a, dtype_of(dtype), order)
    except OverflowError:
        return wrapped(a, dtype)


def array(object, dtype=None, copy=True, **options):
    """Make an array; with ``copy=False``, copy only where it must be."""
    try:
        return np.array(object, dtype_of(dtype),
                        copy=copy or IF_NEEDED, **options)
    except OverflowError:
        return wrapped(object, dtype)


def wrapped(value, dtype):
    """Return integers in a type that they do not fit, as C casts them."""
    return np.asarray(value, np.int64).astype(dtype)


def as_scalar(kind, value):
    """Return a value as a scalar of NumPy; wrap what does not fit."""
    try:
        return kind(value)
    except OverflowError:
        return wrapped(value, kind)[()]


def giving_way(y, x):
    """Return a single number in the type that it has beside an array.

    Parameters
    ----------
    y : numpy.ndarray
        What is going to be added to `x`.
    x : numpy.ndarray
        The array.

    Returns
    -------
    numpy.ndarray
        `y`; if it has no axes and `x` has some, a float as the floats of
        `x`, an integer in the smallest type that holds it.
    """
    y = np.asarray(y)
    if y.ndim or not np.ndim(x):
        return y
    kinds = "biufc"
    if y.dtype.kind in "iu" and x.dtype.kind in "iu":
        least = np.min_scalar_type(y)
        # beside a signed type, that of the greatest makes floats
        signed = x.dtype.kind == "i" and least == "uint64" and y < 2 ** 63
        return y.astype("int64" if signed else least)
    return y if kinds.index(y.dtype.kind) > kinds.index(
        x.dtype.kind) else y.astype(x.dtype)


def unique(ar, return_index=False, return_inverse=False, *args, **options):
    """Find what is there, as NumPy does; the inverse has one axis."""
    found = np.unique(ar, return_index, return_inverse, *args, **options)
    if not return_inverse:
        return found
    at = 1 + bool(return_index)
    return found[:at] + (np.ravel(found[at]),) + found[at + 1:]


def partition(a, kth, axis=-1):
    """Put the least first, in the order in which `argpartition` tells them.

    Theano asks one for values and the other for their gradient.
    """
    return np.take_along_axis(a, np.argpartition(a, kth, axis), axis)


def in_double(a):
    """Return an array in double precision, complex if it is."""
    return np.asarray(a, np.result_type(a, np.float64))


#: What the stand-in for NumPy has for Theano, and the edits use.
RULES = {"asarray": asarray, "array": array, "as_scalar": as_scalar,
         "giving_way": giving_way, "unique": unique, "dtype_of": dtype_of,
         "partition": partition, "in_double": in_double,
         "sctype2char": lambda kind: np.dtype(kind).char}

_SINGLE = ("a single number no longer gives way to an array: another sign "
           "raises, another precision rounds otherwise")
_COPY = ("a copy of a RandomState draws from the numbers of the original, "
         "which goes on with it")
_FILL = "integers that do not fit raise; -1 is the identity of AND"
_VARIABLE = "NumPy 2.5: a variable that stands for its type is refused"

#: Where Theano computes single bytes in single precision.
_SINGLE_PRECISION = [(_SCALARS, "np.%s(x" % name) for name in (
    "log", "log2", "log10", "log1p", "exp", "exp2", "expm1", "sqrt",
    "deg2rad", "rad2deg", "cos", "arccos", "sin", "arcsin", "tan", "arctan",
    "cosh", "arccosh", "sinh", "arcsinh", "tanh", "arctanh")] + [
    (_SCALARS, "np.arctan2(y, x"), ("theano.tensor.nnet.sigm", "np.exp(-x"),
    ("theano.tensor.nnet.sigm", "np.exp(x")]

EDITS = [
    Edit(_SCALARS, "            if np.all(x == x_):",
         "            if np.all(np.asarray(x) == x_):",
         "a number of Python is compared at the precision of the array: 1.1 "
         "equals float32, and T.constant(1.1) is no longer float64"),
    Edit(_SCALARS, "        return np.zeros((), dtype=dt)",
         "        return np.zeros((), dtype=np.dtype_of(dt))",
         _VARIABLE + ": T.ceil_intdiv"),
    Edit("theano.misc.safe_asarray", "np.dtype(dtype)  #",
         "np.dtype(np.dtype_of(dtype))  #", _VARIABLE),
    Edit(_SCALARS, "            converted_data = py_type(data)",
         "            converted_data = np.as_scalar(py_type, data)",
         "integers that do not fit raise"),
    Edit(_SCALARS, "                    data == converted_data):\n"
         "                return py_type(data)",
         "                    np.asarray(data) == converted_data):\n"
         "                return converted_data",
         "as for constants: 1.1 is taken for a float32"),
    Edit(_SCALARS, "        return self.ctor(input)",
         "        return np.as_scalar(self.ctor, input)",
         "integers that do not fit raise"),
    Edit(_SCALARS, "        return np.float32(1.0) / x",
         "        return np.float32(1.0) / np.asarray(x)",
         "a number of Python gives way to float32"),
    Edit("theano.tensor.subtensor", "                sub_x += y",
         "                sub_x += np.giving_way(y, sub_x)", _SINGLE),
    Edit("theano.tensor.subtensor", "            np.add.at(x, idx, y)",
         "            np.add.at(x, idx, np.giving_way(y, x))", _SINGLE),
    Edit("theano.tensor.subtensor",
         "np.add.at(out[0], tuple(inputs[2:]), inputs[1])",
         "np.add.at(out[0], tuple(inputs[2:]), "
         "np.giving_way(inputs[1], out[0]))", _SINGLE),
    Edit("theano.tensor.elemwise",
         "variable.fill(self.scalar_op.identity)",
         "variable.fill(np.asarray(self.scalar_op.identity))", _FILL),
    Edit("theano.tensor.basic", "out_[0][0].fill(-123456789)",
         "out_[0][0].fill(np.asarray(-123456789))", _FILL),
    Edit("theano.tensor.raw_random", "from copy import copy",
         "from copy import deepcopy as copy", _COPY),
    Edit("theano.compile.function_module", "storage[0] = copy.copy(",
         "storage[0] = copy.deepcopy(", _COPY),
    Edit("theano.sandbox.rng_mrg",
         "elif rval.dtype == 'float32':\n            mask = 0xffffffff",
         "elif rval.dtype == 'float32':\n"
         "            mask = np.int64(0xffffffff)",
         "an int32 and 0xffffffff, which it cannot hold, raise"),
    Edit("theano.sandbox.rng_mrg",
         "elif rval.dtype == 'float64':\n            mask = 0xffffffff",
         "elif rval.dtype == 'float64':\n"
         "            mask = np.int64(0xffffffff)",
         "an int32 and 0xffffffff, which it cannot hold, raise"),
]

EDITS += [
    Edit(module, old, new,
         "a number of Python takes the type of an int8, as Theano's constants "
         "are: it raises, or sizes and places are wrapped")
    for module, old, new in [
        ("theano.sandbox.multinomial",
         "(pvals, unis, n_samples) = ins\n        (z,) = outs",
         "(pvals, unis), n_samples = ins[:2], int(ins[2])\n"
         "        (z,) = outs"),
        ("theano.sandbox.multinomial",
         "(pvals, unis, n_samples) = ins\n        # make",
         "(pvals, unis), n_samples = ins[:2], int(ins[2])\n        # make"),
        ("theano.tensor.basic", "upper_idx = lower_idx + splits[i]",
         "upper_idx = lower_idx + int(splits[i])"),
        ("theano.tensor.extra_ops", "offset = inputs[2]\n        height",
         "offset = int(inputs[2])\n        height"),
        ("theano.tensor.nnet.neighbours", "        c, d = neib_shape",
         "        c, d = neib_shape.tolist()"),
        ("theano.tensor.nnet.neighbours", "step_x, step_y = neib_step",
         "step_x, step_y = neib_step.tolist()")]
]
EDITS += [
    Edit(module, call + "(%s, " % a, call + "(np.in_double(%s), " % a,
         "single precision is transformed in single precision")
    for module, call, a in [
        ("theano.tensor.fft", "np.fft.rfftn", "a"),
        ("theano.tensor.fft", "np.fft.irfftn", "inp"),
        ("theano.tensor.fourier", "np.fft.fft", "a")]
]
EDITS += [
    Edit(module, call + ", sig='f')", call + ", dtype='f')",
         "NumPy 2.5: the short name of a signature is refused")
    for module, call in _SINGLE_PRECISION
]


def mend_thunks(module):
    """Give results of Python code the types that were declared.

    A float64 without axes and a float32 array make a float64 array; the
    running statistics of batch normalization would become one.

    Parameters
    ----------
    module : module
        ``theano.gof.op``.
    """
    make = module.Op.make_py_thunk

    @functools.wraps(make)
    def make_py_thunk(self, node, storage_map, *args, **options):
        thunk = make(self, node, storage_map, *args, **options)
        cells = [(storage_map[out], np.dtype(out.type.dtype))
                 for out in node.outputs
                 # of a list, it is the type of its elements
                 if str(getattr(out.type, "dtype", ""))[:5] in (
                     "float", "compl")]
        return with_declared(thunk, cells) if cells else thunk

    module.Op.make_py_thunk = make_py_thunk


def with_declared(thunk, cells):
    """Return a thunk whose results have the types of their cells."""
    def run():
        result = thunk()
        for cell, dtype in cells:
            value = cell[0]
            if (isinstance(value, np.ndarray) and value.dtype != dtype
                    and value.dtype.kind in "fc"):
                cell[0] = value.astype(dtype)
        return result

    vars(run).update(vars(thunk))
    return run
