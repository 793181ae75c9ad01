"""What a batch normalization in training takes in: the activation after it.

Forward, that saves a pass over the values; backward, the gradient of the
activation is computed where that of the normalization is.
"""
from theano.gof import Constant

from ..ops.activations import find_line
from ..ops.norm import IDENTITY, Norm, NormGrad

__all__ = ["fuse_norm"]


def fuse_norm(node):
    """Take an activation into a normalization and its gradient.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    tuple of lists of theano.Variable, or None
        The variables to replace, and the new ones; None if there is nothing.
    """
    if type(node.op) is not Norm or node.op.line != IDENTITY:
        return None
    back = _gradients_of(node)
    if len(back) > 1:
        return None
    found = find_line(node.outputs[0], back[0].inputs[1] if back else None)
    if found is None:
        return None
    result, line, gradient = found
    if line == IDENTITY:
        return None
    new = Norm(line)(*node.inputs)
    old, replaced = [result] + node.outputs[1:], list(new)
    if back:
        old += back[0].outputs
        replaced += NormGrad(line)(
            node.inputs[0], gradient, node.inputs[1], new[1], new[2],
            node.inputs[2])
    return old, replaced


def _gradients_of(node):
    """Return the nodes that compute the gradients of a normalization."""
    x, scale = node.inputs[:2]
    return [user for user, _ in node.outputs[1].clients
            if hasattr(user, "op") and type(user.op) is NormGrad
            and user.op.line == IDENTITY
            and user.inputs[3:] == node.outputs[1:3]
            and len(user.inputs[1].clients) == 1
            and _same(user.inputs[0], x) and _same(user.inputs[2], scale)]


def _same(a, b):
    """Tell whether two variables are computed alike; not yet merged ones."""
    if a is b:
        return True
    if a.owner is None or b.owner is None:
        return isinstance(a, Constant) and a.equals(b)
    return (a.owner.op == b.owner.op and a.index == b.index
            and len(a.owner.inputs) == len(b.owner.inputs)
            and all(map(_same, a.owner.inputs, b.owner.inputs)))
