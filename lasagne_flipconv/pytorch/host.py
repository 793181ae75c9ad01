"""Arithmetic with shapes, on the host, in plain numbers."""
import math

import numpy as np
from theano.compile.ops import Rebroadcast, Shape, Shape_i
from theano.gof import Constant
from theano.gof.graph import NoParams
from theano.scalar import ScalarOp, basic
from theano.tensor.basic import (
    Join,
    Reshape,
    ScalarFromTensor,
    TensorFromScalar,
)
from theano.tensor.elemwise import CAReduce, DimShuffle, Elemwise, Prod, Sum
from theano.tensor.opt import MakeVector
from theano.tensor.subtensor import IncSubtensor, Subtensor, get_idx_list

__all__ = ["host_function", "is_small", "runs_on_host"]

#: What is computed on the host if all that it reads is there.
_ON_HOST = (Elemwise, MakeVector, Subtensor, IncSubtensor, Join, Sum, Prod,
            CAReduce, DimShuffle, Rebroadcast, Reshape, TensorFromScalar)

#: A constant with more elements is no shape.
_MOST = 32


def is_small(variable):
    """Tell whether a variable can be a number, or a few, on the host.

    Parameters
    ----------
    variable : theano.Variable
        Of any type.

    Returns
    -------
    bool
        True for integers and truth values with no axis, or one.
    """
    dtype = getattr(variable.type, "dtype", None)
    if dtype is None or getattr(variable, "ndim", 0) > 1:
        return False
    if isinstance(variable, Constant) and np.size(variable.data) > _MOST:
        return False
    return np.dtype(dtype).kind in "bi" or dtype == "uint8"


def runs_on_host(node, here):
    """Tell whether a node is computed on the host.

    Parameters
    ----------
    node : theano.gof.Apply
        The node.
    here : callable
        Tells of a variable whether it is there.

    Returns
    -------
    bool
        True for what asks for a shape, and for what follows from shapes.
    """
    if isinstance(node.op, (Shape, Shape_i, ScalarFromTensor, ScalarOp)):
        return True
    return (type(node.op) in _ON_HOST and len(node.outputs) == 1
            and is_small(node.outputs[0])
            and all(here(v) for v in node.inputs))


def host_function(node):
    """Return a node as a function of numbers and tuples of them.

    Parameters
    ----------
    node : theano.gof.Apply
        One that `runs_on_host`.

    Returns
    -------
    callable
        For a question about a shape, of an array.
    """
    op = node.op
    if isinstance(op, Shape_i):
        return _length(op.i)
    if isinstance(op, Shape):
        return lambda x: tuple(x.shape)
    if isinstance(op, (ScalarFromTensor, TensorFromScalar)):
        return lambda x: x
    return _plain(node) or _performed(node)


def _length(axis):
    return lambda x: x.shape[axis]


def _plain(node):
    """Return what Python does itself, as most of shapes is in int64."""
    op = node.op
    if isinstance(op, MakeVector) and node.outputs[0].dtype == "int64":
        return lambda *numbers: tuple(map(int, numbers))
    if isinstance(op, Subtensor) and node.inputs[0].ndim == 1:
        return _piece(op)
    scalar_op = op.scalar_op if isinstance(op, Elemwise) else op
    found = _PLAIN.get(type(scalar_op))
    alike = all(v.dtype == "int64" for v in node.inputs)
    if (found and alike and node.outputs[0].dtype in ("int64", "bool")
            and all(getattr(v, "ndim", 0) == 0 for v in node.inputs)):
        return found
    return None


def _piece(op):
    def taken(x, *indices):
        return x[get_idx_list((x, *indices), op.idx_list)[0]]
    return taken


def _wrapped(function):
    """Return a function whose result is what int64 has room for."""
    def wrapped(*numbers):
        value = function(*numbers)
        if -_HALF <= value < _HALF:
            return value
        return (value + _HALF) % (2 * _HALF) - _HALF
    return wrapped


_HALF = 2 ** 63


def _sum(*numbers):
    return sum(numbers)


def _product(*numbers):
    return math.prod(numbers)


def _second(x, y):
    return y


def _same(x):
    return x


_PLAIN = {
    basic.Add: _wrapped(_sum), basic.Mul: _wrapped(_product),
    basic.Sub: _wrapped(int.__sub__), basic.Neg: _wrapped(int.__neg__),
    basic.Maximum: max, basic.Minimum: min,
    basic.EQ: int.__eq__, basic.NEQ: int.__ne__, basic.LT: int.__lt__,
    basic.GT: int.__gt__, basic.LE: int.__le__, basic.GE: int.__ge__,
    basic.Identity: _same, basic.Second: _second,
}


def _performed(node):
    """Return what Theano does in NumPy, between numbers."""
    op = node.op
    if hasattr(op, "prepare_node"):
        op.prepare_node(node, None, None, "py")
    kinds = [np.dtype(v.dtype).type if not hasattr(v, "ndim") else None
             for v in node.inputs]
    dtypes = [v.dtype for v in node.inputs]
    # NumPy has 0 for a whole number that is divided by zero
    whole = np.dtype(node.outputs[0].dtype).kind in "iu"
    checked = {"divide": "raise"} if whole else {}
    params = node.run_params()
    params = () if params is NoParams else (params,)

    def performed(*values):
        arrays = [kind(x) if kind else np.asarray(x, dtype=dtype)
                  for x, kind, dtype in zip(values, kinds, dtypes)]
        storage = [[None]]
        try:
            with np.errstate(**checked):
                op.perform(node, arrays, storage, *params)
        except FloatingPointError as error:
            raise ZeroDivisionError("%s: %s" % (op, error)) from None
        value = np.asarray(storage[0][0]).tolist()
        return tuple(value) if isinstance(value, list) else value
    return performed
