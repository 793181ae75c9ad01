"""Compute over one axis what a graph computes over two for want of better.

Theano convolves and pools over two or three axes. Who needs one adds an axis
of size one, and drops it from the result. Here the added axes are taken off,
so that these views do not stand between a convolution and what follows it.
"""
import theano.tensor as T
from theano.compile.ops import Shape
from theano.scalar import Identity, Second
from theano.tensor.elemwise import DimShuffle, Elemwise
from theano.tensor.subtensor import IncSubtensor, Subtensor, get_idx_list

from .orders import shuffled

__all__ = ["idle_axes", "without", "with_axes", "cancel", "constant",
           "dropped_axes", "is_elemwise", "users_of_values"]


def idle_axes(node):
    """Return the axes that a convolution or pool has for form's sake.

    Parameters
    ----------
    node : theano.Apply
        Of one of Theano's convolutions, pools or their gradients.

    Returns
    -------
    list of int
        Spatial axes that have size one in all its arrays, and are dropped
        from its result. At least one spatial axis is not among them.
    """
    y = node.outputs[0]
    idles = _pool_idles if hasattr(node.op, "mode") else _convolution_idles
    axes = [axis for axis in range(2, y.ndim)
            if _has_size_one(node.inputs[0], axis) and idles(node, axis)]
    axes = axes[:y.ndim - 3]
    return axes if axes and _is_dropped(y, axes) else []


def _convolution_idles(node, axis):
    border, other = node.op.border_mode, node.inputs[-1]
    if not isinstance(border, str) and border[axis - 2] not in (0, (0, 0)):
        return False
    if other.ndim == 1:  # the size of what a gradient is of
        return _entry(other, axis - 2) == 1
    return other.broadcastable[axis]


def _pool_idles(node, axis):
    return [_entry(v, axis - 2) for v in node.inputs[-3:]] == [1, 1, 0]


def _entry(vector, i):
    """Return an entry of a vector of int if that is known, else None."""
    node = vector.owner
    try:
        if (node and isinstance(node.op, Subtensor) and node.inputs[0].owner
                and isinstance(node.inputs[0].owner.op, Shape)):
            x = node.inputs[0].owner.inputs[0]
            part, = node.op.get_constant_idx(node.inputs)
            return 1 if x.broadcastable[range(x.ndim)[part][i]] else None
    except T.NotScalarConstantError:
        return None
    return constant(vector[i])


def _is_dropped(x, axes):
    """Tell whether users of `x` drop axes, or its values are not used."""
    users = users_of_values(x)
    return not users or any(
        _is_dropped(user.outputs[0], axes) if _is_plain(user)
        else dropped_axes(user) == axes for user in users)


def users_of_values(x):
    """Return the nodes that use more of `x` than its shape."""
    return [user for user, position in x.clients
            if position or not is_elemwise(user, Second)]


def is_elemwise(node, kind):
    """Tell whether a node computes a kind of scalar Op, element by element."""
    op = getattr(node, "op", None)  # an output has no node
    return isinstance(op, Elemwise) and isinstance(op.scalar_op, kind)


def _is_plain(node):
    """Tell whether a node changes nothing but, perhaps, the type."""
    return (isinstance(getattr(node, "op", None), T.Rebroadcast)
            or is_elemwise(node, Identity))


def dropped_axes(node):
    """Return the axes that a view drops and it has no other index, or None."""
    op = getattr(node, "op", None)
    if isinstance(op, DimShuffle):
        return op.drop
    if isinstance(op, Subtensor):
        return _zero_axes(node, node.inputs[1:])
    return None


def _zero_axes(node, values):
    """Return the axes that an index fixes at zero and it does nothing else."""
    axes = []
    indices = get_idx_list([node.inputs[0]] + list(values), node.op.idx_list)
    for axis, index in enumerate(indices):
        if isinstance(index, slice):
            if index != slice(None):
                return None
        elif constant(index) == 0:
            axes.append(axis)
        else:
            return None
    return axes


def constant(v):
    """Return the number that a variable is known to be, or None."""
    try:
        return T.get_scalar_constant_value(v).item()
    except T.NotScalarConstantError:
        return None


def without(x, axes):
    """Drop axes of size one.

    Where that is not known it is checked when the function runs.
    """
    if not axes:
        return x
    node = x.owner
    dropped = _dropping(T.addbroadcast(_behind_plain(x, axes), *axes), axes)
    if node and isinstance(node.op, IncSubtensor):
        base, value = node.inputs[:2]
        if (_zero_axes(node, node.inputs[2:]) == axes and constant(base) == 0
                and all(_has_size_one(base, axis) for axis in axes)
                and value.type == dropped.type):
            return value  # the gradient of a view that drops axes
    return dropped


def _dropping(x, axes):
    return shuffled(x, [axis for axis in range(x.ndim) if axis not in axes])


def _behind_plain(x, axes):
    """Return `x` before its type was changed, if that had axes of size one."""
    y = x
    while y.owner and _is_plain(y.owner):
        y = y.owner.inputs[0]
    return y if all(y.broadcastable[axis] for axis in axes) else x


def _has_size_one(x, axis):
    """Tell whether an axis is known to have size one, if not by the type."""
    x = _behind_plain(x, [axis])
    node = x.owner
    if x.broadcastable[axis] or node is None:
        return x.broadcastable[axis]
    if isinstance(node.op, IncSubtensor):  # a gradient, as is the next
        return _has_size_one(node.inputs[0], axis)
    return (is_elemwise(node, Second)
            and all(_has_size_one(v, axis) for v in node.inputs))


def with_axes(x, axes):
    """Add axes of size one, where :func:`without` drops them."""
    order = list(range(x.ndim))
    for axis in axes:
        order.insert(axis, "x")
    return shuffled(x, order)


def cancel(node):
    """Cancel a view that drops axes, and the one that added them.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    list of theano.Variable or None
        New outputs, or None if the node is no such view.
    """
    axes = dropped_axes(node)
    if not axes:
        return None
    x = _behind_plain(node.inputs[0], axes)
    if (x.owner is None or not isinstance(x.owner.op, DimShuffle)
            or not all(x.broadcastable[axis] for axis in axes)):
        return None
    if isinstance(node.op, DimShuffle):
        return [shuffled(x, node.op.new_order)]
    return [_dropping(x, axes)]
