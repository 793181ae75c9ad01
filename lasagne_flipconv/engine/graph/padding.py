"""Let a convolution pad and crop, where a graph does so around it.

Lasagne 0.1 writes a convolution with ``pad='same'`` as one with ``'full'``
and a slice of the result, and others as zeros around the input. Both would
stand between a convolution and what is before or after it, and copy values.
"""
import theano.tensor as T
from theano import gof, scalar
from theano.compile.ops import Shape
from theano.tensor.elemwise import DimShuffle
from theano.tensor.nnet import abstract_conv
from theano.tensor.subtensor import IncSubtensor, Subtensor, get_idx_list

from .narrow import constant, dropped_axes, is_elemwise, users_of_values

__all__ = ["crop", "unpadded"]

_FORWARD = (abstract_conv.AbstractConv2d, abstract_conv.AbstractConv3d)


def unpadded(x, geometry):
    """Let a convolution pad its input itself.

    Parameters
    ----------
    x : theano.Variable
        The input, channels first.
    geometry : Geometry
        Of the convolution.

    Returns
    -------
    x, geometry
        What is between the zeros, and how a kernel slides over it and them.
    """
    node, border = x.owner, geometry.border
    if (node is None or not isinstance(node.op, IncSubtensor)
            or border in ("half", "full")):
        return x, geometry
    inner, pads = node.inputs[1], _zeros_around(node)
    if pads is None or pads[:2] != [(0, 0)] * 2:
        return x, geometry
    given = [(0, 0)] * geometry.axes if border == "valid" else [
        p if isinstance(p, tuple) else (p, p) for p in border]
    border = tuple((before + a, after + b) for (before, after), (a, b)
                   in zip(given, pads[2:]))
    return inner, geometry._replace(border=border)


def _zeros_around(node):
    """Return how many zeros an array has before and after another, per axis.

    None if it is anything else.
    """
    zeros, inner = node.inputs[:2]
    if (inner.type != zeros.type or zeros.owner is None
            or not isinstance(zeros.owner.op, T.Alloc)
            or constant(zeros.owner.inputs[0]) != 0):
        return None
    pads = []
    for axis, (index, size) in enumerate(zip(
            _slices(node, node.inputs[2:]), zeros.owner.inputs[1:])):
        total = _beyond(size, inner, axis)
        first, stop = _bounds(index, inner, axis)
        if None in (total, first, stop) or not 0 <= first == stop <= total:
            return None
        pads.append((first, total - first))
    return pads if len(pads) == inner.ndim else None


def crop(node):
    """Have a full convolution compute only what is used of its result.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    tuple of theano.Variable or None
        The variable to replace, and the new one; None if there is nothing.
    """
    if type(node.op) not in _FORWARD:
        return None
    full, view = _full_pads(node.op), _only_user(node.outputs[0])
    if full is None or view is None:
        return None
    axes = dropped_axes(view)
    last = _only_user(view.outputs[0]) if axes else view
    if last is None or not isinstance(last.op, Subtensor):
        return None
    slices = _slices(last, last.inputs[1:])
    for axis in axes or []:
        slices.insert(axis, slice(None))
    pads = _pads_of_slices(slices, full, node.inputs[0])
    if pads is None:
        return None
    if len(full) == 3:
        if any(before != after for before, after in pads):
            return None  # Theano has no such Op
        pads = [before for before, _ in pads]
    y = _with_border(node.op, tuple(pads))(*node.inputs)
    if axes:
        y = view.op(y, *view.inputs[1:])
    return last.outputs[0], y


def _full_pads(op):
    """Return the padding of a full convolution, the largest there is."""
    border, sizes = op.border_mode, op.kshp[2:]
    if (border != "full" or op.unshared or set(op.subsample) != {1}
            or None in sizes):
        return None
    return [(constant(size) - 1) * step
            for size, step in zip(sizes, op.filter_dilation)]


def _only_user(x):
    users = users_of_values(x)
    return users[0] if len(users) == 1 and hasattr(users[0], "op") else None


def _pads_of_slices(slices, full, x):
    """Return the padding before and after, of a slice per axis of a result."""
    if slices[:2] != [slice(None)] * 2:
        return None
    pads = []
    for axis, pad in enumerate(full, 2):
        if slices[axis] == slice(None):
            pads.append((pad, pad))
            continue
        first, stop = _bounds(slices[axis], x, axis)
        if first is None or stop is None or not 0 <= first <= stop <= pad:
            return None
        pads.append((pad - first, stop))
    return pads


def _with_border(op, border):
    return type(op)(
        imshp=op.imshp, kshp=op.kshp, border_mode=border,
        subsample=op.subsample, filter_flip=op.filter_flip,
        filter_dilation=op.filter_dilation, num_groups=op.num_groups)


# --- what is known of numbers in a graph -------------------------------------

def _slices(node, values):
    """Return an index per axis; only slices have bounds."""
    x = node.inputs[0]
    indices = list(get_idx_list([x] + list(values), node.op.idx_list))
    return indices + [slice(None)] * (x.ndim - len(indices))


def _bounds(index, x, axis):
    """Return where a slice starts, and how far beyond the size of `x` it ends.

    None for what is not known.
    """
    if index == slice(None):
        return 0, 0
    if not isinstance(index, slice) or index.step is not None:
        return None, None
    return constant(index.start), _beyond(index.stop, x, axis)


def _beyond(v, x, axis):
    """Return by how much a number exceeds the size of `x`, None if unknown."""
    node = getattr(v, "owner", None)
    if node is None:
        return None
    if isinstance(node.op, _CASTS) or is_elemwise(node, scalar.Cast):
        return _beyond(node.inputs[0], x, axis)
    if is_elemwise(node, scalar.Add):
        constants = [constant(term) for term in node.inputs]
        rest = [term for term, c in zip(node.inputs, constants) if c is None]
        more = _beyond(rest[0], x, axis) if len(rest) == 1 else None
        return None if more is None else more + sum(
            c for c in constants if c is not None)
    return 0 if _is_size(node, x, axis) else None


_CASTS = (T.ScalarFromTensor, T.TensorFromScalar)


def _is_size(node, x, axis):
    """Tell whether a node takes the size of an axis of `x`."""
    shape = node.inputs[0].owner if isinstance(node.op, Subtensor) else None
    if shape is None or not isinstance(shape.op, Shape) or not isinstance(
            node.op.idx_list[0], gof.Type):
        return False
    of, index = shape.inputs[0], constant(node.inputs[1])
    if of is x:
        return index == axis
    view = x.owner
    return (view is not None and isinstance(view.op, DimShuffle)
            and of is view.inputs[0] and index == view.op.new_order[axis])
