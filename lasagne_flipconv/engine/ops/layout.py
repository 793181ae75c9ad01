"""Keep activations channels last from one of our Ops to the next.

Each of our Ops gets its input through a DimShuffle that puts the channels
last, and hands out its result through one that puts them first again. Here
the latter sink below whatever does not care about the order of axes, until
the two meet and cancel.
"""
import theano.tensor as T
from theano.tensor.elemwise import CAReduce, DimShuffle, Elemwise, Prod, Sum
from theano.tensor.subtensor import IncSubtensor, Subtensor, get_idx_list

from ..graph.orders import (behind_first, first_axes, last_axes, shuffled,
                            to_first, to_last)
from . import norm as ops_norm

__all__ = ["sink"]


def sink(node):
    """Compute a node's outputs with channels last, if any input has a view.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    list of theano.Variable or None
        New outputs, or None if there is nothing to gain or no way.
    """
    rule = _RULES.get(type(node.op))
    if rule is None or not any(behind_first(x) for x in node.inputs):
        return None
    return rule(node)


def _elemwise(node):
    inputs = [to_last(x) for x in node.inputs]
    return [to_first(y) for y in node.op(*inputs, return_list=True)]


def _dimshuffle(node):
    return [shuffled(node.inputs[0], node.op.new_order)]


def _reduce(node):
    y, op = behind_first(node.inputs[0]), node.op
    axes = range(y.ndim) if op.axis is None else op.axis
    reduced = sorted(first_axes(y.ndim)[axis] for axis in axes)
    result = _sum_per_channel(op, y, reduced)
    if result is None:
        result = _with_axis(op, tuple(reduced))(y)
    kept = [axis for axis in first_axes(y.ndim) if axis not in reduced]
    return [shuffled(result, [sorted(kept).index(axis) for axis in kept])]


def _sum_per_channel(op, y, reduced):
    if (isinstance(op, Sum) and y.dtype == "float32"
            and op.dtype in (None, "float32")
            and reduced == list(range(y.ndim - 1))):
        return ops_norm.ChannelSum()(y)
    return None


def _with_axis(op, axis):
    if type(op) is CAReduce:
        return CAReduce(op.scalar_op, axis)
    return type(op)(axis, dtype=op.dtype, acc_dtype=op.acc_dtype)


def _subtensor(node):
    """Turn the index of a view; only slices keep every axis in place."""
    indices = _turned_slices(node, node.inputs[1:])
    if indices is None:
        return None
    return [to_first(behind_first(node.inputs[0])[indices])]


def _inc_subtensor(node):
    x, value = node.inputs[:2]
    indices = _turned_slices(node, node.inputs[2:])
    if indices is None or value.ndim != x.ndim:
        return None
    change = (T.set_subtensor if node.op.set_instead_of_inc
              else T.inc_subtensor)
    return [to_first(change(to_last(x)[indices], to_last(value)))]


def _turned_slices(node, values):
    idx_list = get_idx_list([node.inputs[0]] + list(values),
                            node.op.idx_list)
    ndim = node.inputs[0].ndim
    if not all(isinstance(index, slice) for index in idx_list):
        return None
    full = list(idx_list) + [slice(None)] * (ndim - len(idx_list))
    return tuple(full[axis] for axis in last_axes(ndim))


def _join(node):
    axis = _constant_axis(node.inputs[0], node.outputs[0].ndim)
    if axis is None:
        return None
    joined = node.op(axis, *[to_last(x) for x in node.inputs[1:]])
    return [to_first(joined)]


def _split(node):
    x, axis, sizes = node.inputs
    axis = _constant_axis(axis, x.ndim)
    if axis is None:
        return None
    return [to_first(y)
            for y in node.op(to_last(x), axis, sizes, return_list=True)]


def _constant_axis(axis, ndim):
    try:
        axis = int(T.get_scalar_constant_value(axis))
    except T.NotScalarConstantError:
        return None
    return last_axes(ndim).index(axis % ndim)


_RULES = {Elemwise: _elemwise, DimShuffle: _dimshuffle, Sum: _reduce,
          Prod: _reduce, CAReduce: _reduce, Subtensor: _subtensor,
          IncSubtensor: _inc_subtensor, T.Join: _join, T.Split: _split}
