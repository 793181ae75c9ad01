"""Axis orders: channels first, as Theano has them, and last, as we do."""
import theano.tensor as T
from theano.tensor.elemwise import DimShuffle

__all__ = ["last_axes", "first_axes", "to_last", "to_first", "behind_first",
           "shuffled"]


def last_axes(ndim):
    """Return the axes of an array with channels first, channels last."""
    return (0,) + tuple(range(2, ndim)) + (1,)


def first_axes(ndim):
    """Return the axes of an array with channels last, channels first."""
    return (0, ndim - 1) + tuple(range(1, ndim - 1))


def to_first(x):
    """Put the channels of `x` first."""
    return shuffled(x, first_axes(x.ndim))


def to_last(x):
    """Put the channels of `x` last."""
    node = x.owner
    if node and isinstance(node.op, T.Alloc) and node.inputs[0].ndim == 0:
        size = node.inputs[1:]
        return T.alloc(node.inputs[0], *[size[i] for i in last_axes(x.ndim)])
    return shuffled(x, last_axes(x.ndim))


def shuffled(x, order):
    """Return ``x.dimshuffle(order)``, two of them in one.

    Theano would merge them later, but what comes next looks for them now.
    """
    order = tuple(order)
    node = x.owner
    if node and isinstance(node.op, DimShuffle):
        inner = node.op.new_order
        order = tuple("x" if i == "x" else inner[i] for i in order)
        x = node.inputs[0]
    if order == tuple(range(x.ndim)):
        return x
    return x.dimshuffle(order)


def behind_first(x):
    """Return what `x` is with channels last, if only a view makes it first.

    None if `x` is none of that.
    """
    node = x.owner
    if (node and isinstance(node.op, DimShuffle) and x.ndim > 2
            and node.inputs[0].ndim == x.ndim
            and tuple(node.op.new_order) == first_axes(x.ndim)):
        return node.inputs[0]
    return None
