"""What a convolution takes in of the arithmetic that follows it.

A convolution Op ends with a scale, a bias, a residual and an activation. Each
function below looks at what uses the result of such a node, and returns the
variable that can be replaced together with what replaces it.
"""
from theano import scalar
from theano.tensor.elemwise import Elemwise

from .activations import find_activation
from .ops_conv import Convolution

__all__ = ["fuse"]


def fuse(node):
    """Take into a convolution the next step after it.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    tuple of theano.Variable or None
        The variable to replace, and the new one; None if there is no step.
    """
    if type(node.op) is not Convolution or node.op.activation:
        return None
    return _arithmetic(node) or _activation(node)


def _arithmetic(node):
    y = node.outputs[0]
    users = y.clients
    if len(users) != 1 or not hasattr(users[0][0], "op"):
        return None
    user, position = users[0]
    if type(user.op) is not Elemwise or user.outputs[0].type != y.type:
        return None
    others = [x for i, x in enumerate(user.inputs) if i != position]
    step = _STEPS.get(type(user.op.scalar_op))
    parts = step and step(node, position, others)
    return parts and (user.outputs[0], _rebuilt(node, parts))


def _activation(node):
    found = find_activation(node.outputs[0])
    if found is None:
        return None
    result, name, slope = found
    new = _rebuilt(node, node.op.parts(node), name, slope)
    return (result, new) if new.type == result.type else None


def _rebuilt(node, parts, activation=None, slope=0.):
    given = {name: value is not None for name, value in parts.items()}
    op = Convolution(node.op.geometry, activation=activation, slope=slope,
                     **given)
    values = [value for value in parts.values() if value is not None]
    return op(*(node.inputs[:2] + values))


def _add(node, position, others):
    parts = node.op.parts(node)
    for other in others:
        vector = _as_vector(other)
        if vector is not None:
            parts["bias"] = _plus(parts["bias"], vector)
        elif parts["residual"] is None and other.type == node.outputs[0].type:
            parts["residual"] = other
        else:
            return None
    return parts


def _subtract(node, position, others):
    vector = _as_vector(others[0])
    if position or vector is None:
        return None
    parts = node.op.parts(node)
    return dict(parts, bias=_plus(parts["bias"], -vector))


def _multiply(node, position, others):
    vectors = [_as_vector(other) for other in others]
    if node.op.residual or any(v is None for v in vectors):
        return None
    parts = node.op.parts(node)
    for vector in vectors:
        parts = _scaled(parts, vector)
    return parts


def _divide(node, position, others):
    vector = _as_vector(others[0])
    if position or node.op.residual or vector is None:
        return None
    return _scaled(node.op.parts(node), 1 / vector)


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
