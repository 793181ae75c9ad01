"""What a convolution takes in of the arithmetic that follows it.

A convolution Op ends with a scale, a bias, a residual and an activation. All
that can be taken in is collected before the graph is changed, once: at each
change Theano infers shapes anew.
"""
from theano import scalar
from theano.tensor.elemwise import Elemwise

from ..ops.activations import find_activation
from ..ops.conv import Convolution

__all__ = ["fuse"]


def fuse(node):
    """Take into a convolution what follows it.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    tuple of theano.Variable or None
        The variable to replace, and the new one; None if nothing follows.
    """
    if type(node.op) is not Convolution or node.op.activation:
        return None
    result, parts = _after_arithmetic(node.outputs[0], node.op.parts(node))
    activated, name, slope = find_activation(result) or (None, None, 0.)
    if activated is not None:
        new = _rebuilt(node, parts, name, slope)
        if new.type == activated.type:
            return activated, new
    if result is node.outputs[0]:
        return None
    return result, _rebuilt(node, parts)


def _after_arithmetic(y, parts):
    """Return the last variable of the arithmetic on `y`, and the new parts."""
    while True:
        step = _arithmetic(y, parts)
        if step is None:
            return y, parts
        y, parts = step


def _arithmetic(y, parts):
    if len(y.clients) != 1 or not hasattr(y.clients[0][0], "op"):
        return None
    user, position = y.clients[0]
    if type(user.op) is not Elemwise or user.outputs[0].type != y.type:
        return None
    others = [x for i, x in enumerate(user.inputs) if i != position]
    step = _STEPS.get(type(user.op.scalar_op))
    changed = step and step(y, parts, position, others)
    return changed and (user.outputs[0], changed)


def _rebuilt(node, parts, activation=None, slope=0.):
    given = {name: value is not None for name, value in parts.items()}
    op = Convolution(node.op.geometry, activation=activation, slope=slope,
                     **given)
    values = [value for value in parts.values() if value is not None]
    return op(*(node.inputs[:2] + values))


def _add(y, parts, position, others):
    parts = dict(parts)
    for other in others:
        vector = _as_vector(other)
        if vector is not None:
            parts["bias"] = _plus(parts["bias"], vector)
        elif parts["residual"] is None and other.type == y.type:
            parts["residual"] = other
        else:
            return None
    return parts


def _subtract(y, parts, position, others):
    vector = _as_vector(others[0])
    if position or vector is None:
        return None
    return dict(parts, bias=_plus(parts["bias"], -vector))


def _multiply(y, parts, position, others):
    vectors = [_as_vector(other) for other in others]
    if parts["residual"] is not None or any(v is None for v in vectors):
        return None
    for vector in vectors:
        parts = _scaled(parts, vector)
    return parts


def _divide(y, parts, position, others):
    vector = _as_vector(others[0])
    if position or parts["residual"] is not None or vector is None:
        return None
    return _scaled(parts, 1 / vector)


def _scaled(parts, factor):
    scale, bias = parts["scale"], parts["bias"]
    return dict(parts, scale=factor if scale is None else scale * factor,
                bias=None if bias is None else bias * factor)


def _plus(bias, vector):
    return vector if bias is None else bias + vector


def _as_vector(x):
    """Return a variable that differs by channel only, or None."""
    if not all(x.broadcastable[:-1]):
        return None
    return x.dimshuffle(x.ndim - 1).astype("float32")


_STEPS = {scalar.Add: _add, scalar.Sub: _subtract, scalar.Mul: _multiply,
          scalar.TrueDiv: _divide}
