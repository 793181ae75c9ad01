"""Sums, products and the like over axes."""
import math

import torch
from theano.scalar import basic as scalar
from theano.tensor.basic import Argmax, MaxAndArgmax
from theano.tensor.elemwise import (
    All,
    Any,
    CAReduce,
    CAReduceDtype,
    Prod,
    ProdWithoutZeros,
    Sum,
)
from theano.tensor.extra_ops import CumOp

from .scalars import scalar_function
from .table import TYPES, Untranslated, row

__all__ = ["reduce", "total"]


@row(Sum)
def total(op, node, device):
    """Sum over axes.

    Theano adds float32 up in float64. PyTorch adds in pairs, which is as
    exact to a few units of the last place, and has it in float32.
    """
    dtype = TYPES[node.outputs[0].dtype]
    acc = _accumulator(op, node)
    axes = _axes(op, node)
    if not axes:
        return lambda x: x.to(acc).to(dtype)
    return lambda x: torch.sum(x, axes, dtype=acc).to(dtype)


def _accumulator(op, node):
    """Return the type to add in: Theano's, but float32 stays what it is."""
    out = node.outputs[0].dtype
    if out == node.inputs[0].dtype == "float32":
        return TYPES[out]
    return _known(getattr(op, "acc_dtype", None) or out)


def _known(dtype):
    if dtype not in TYPES:
        raise Untranslated("it adds up in %s" % dtype)
    return TYPES[dtype]


@row(Prod)
def product(op, node, device):
    """Multiply over axes, in the type that Theano does: float64 mostly."""
    dtype = TYPES[node.outputs[0].dtype]
    acc = _known(getattr(op, "acc_dtype", None) or node.outputs[0].dtype)
    axes = _axes(op, node)

    def multiply(x):
        x = x.to(acc)
        for axis in sorted(axes, reverse=True):
            x = torch.prod(x, axis)
        return x.to(dtype)
    return multiply


@row(ProdWithoutZeros)
def product_without_zeros(op, node, device):
    """Multiply over axes what is not zero."""
    multiply = product(op, node, device)
    return lambda x: multiply(torch.where(x == 0, torch.ones_like(x), x))


@row(All)
def every(op, node, device):
    """Tell whether all are true."""
    axes = _axes(op, node)
    return lambda x: torch.all(x, axes) if axes else x.bool()


@row(Any)
def some(op, node, device):
    """Tell whether any is true."""
    axes = _axes(op, node)
    return lambda x: torch.any(x, axes) if axes else x.bool()


@row(CAReduce, CAReduceDtype)
def reduce(op, node, device):
    """Reduce by a scalar function, in the order of the elements."""
    if type(op) is CAReduceDtype:
        raise Untranslated("it is a reduction of its own")
    axes, dtype = _axes(op, node), node.outputs[0].dtype
    if type(op.scalar_op) in (scalar.Maximum, scalar.Minimum):
        # not-a-number is passed on by both
        found = torch.amax if type(op.scalar_op) is scalar.Maximum else (
            torch.amin)
        return lambda x: found(_filled(x, axes), axes) if axes else x.clone()
    if type(op.scalar_op) in (scalar.Add, scalar.Mul):
        return (total if type(op.scalar_op) is scalar.Add else product)(
            op, node, device)
    return _stepwise(scalar_function(op.scalar_op, [dtype] * 2, dtype), axes)


def _stepwise(function, axes):
    def reduced(x):
        for axis in sorted(axes, reverse=True):
            parts = _filled(x, (axis,)).unbind(axis)
            x = parts[0]
            for part in parts[1:]:
                x = function(x, part)
        return x
    return reduced


def _filled(x, axes):
    """Return an array, which must have elements along the axes."""
    for axis in axes:
        if not x.shape[axis]:
            raise ValueError("reduction of shape %s over axis %d; expected "
                             "elements along it" % (tuple(x.shape), axis))
    return x


def _axes(op, node):
    """Return the axes as non-negative numbers; all of them if none is named.
    """
    ndim = node.inputs[0].ndim
    axis = range(ndim) if op.axis is None else op.axis
    axis = (axis,) if isinstance(axis, int) else axis
    return tuple(int(a) % ndim for a in axis)


@row(Argmax)
def argmax(op, node, device):
    """Return the place of the first maximum, over one axis or several."""
    place = _argmax(op, node)
    return lambda x, *_: place(x)[1]


@row(MaxAndArgmax)
def max_and_argmax(op, node, device):
    """Return the maximum and its place."""
    return _argmax(op, node)


def _argmax(op, node):
    axes = _axes(op, node)
    kept = [a for a in range(node.inputs[0].ndim) if a not in axes]

    def found(x, *_):
        if not axes:
            return x, torch.zeros_like(x, dtype=torch.int64)
        flat = _filled(x, axes).permute(*kept, *axes).reshape(
            [x.shape[a] for a in kept] + [math.prod(
                x.shape[a] for a in axes)])
        place = (flat.byte() if flat.dtype is torch.bool else flat).argmax(-1)
        return flat.gather(-1, place[..., None])[..., 0], place
    return found


@row(CumOp)
def cumulate(op, node, device):
    """Return the running sum or product along an axis."""
    running = torch.cumsum if op.mode == "add" else torch.cumprod
    dtype = TYPES[node.outputs[0].dtype]
    if dtype is torch.bool:
        raise Untranslated("it adds up truth values")
    if op.axis is None:
        return lambda x: running(x.reshape(-1), 0, dtype=dtype)
    return lambda x: running(x, op.axis, dtype=dtype)
