"""ReLU, which Theano spells as 0.5 (x + |x|), as one node, and its gradient.

They differ where the arithmetic does: of minus infinity it makes not-a-number,
of half the largest number infinity; these give 0 and the number.
"""
import numpy as np
from theano import gof, scalar
from theano.compile import optdb
from theano.gof import Constant
from theano.scalar import basic
from theano.tensor.elemwise import Elemwise

from .matching import is_function

__all__ = ["REWRITE", "Rectify", "RectifyGrad"]


class Rectify(scalar.UnaryScalarOp):
    """max(x, 0)."""

    def impl(self, x):
        """Return it for one number."""
        return 0.5 * (x + abs(x))


class RectifyGrad(scalar.BinaryScalarOp):
    """g where x is positive, half of it at zero."""

    def impl(self, g, x):
        """Return it for one number."""
        return 0.5 * g * (1 + np.sign(x))


_rectify = Elemwise(Rectify(scalar.same_out, name="rectify"))
_gradient = Elemwise(RectifyGrad(scalar.upcast_out, name="rectify_grad"))


@gof.local_optimizer([Elemwise])
def _forward(node):
    """0.5 (x + |x|) → Rectify(x)."""
    halves = _without_half(node)
    total = halves[0].owner if halves and len(halves) == 1 else None
    if not is_function(total, basic.Add, 2):
        return None
    for x, y in (total.inputs, total.inputs[::-1]):
        if is_function(y.owner, basic.Abs) and y.owner.inputs[0] is x:
            return _alike(_rectify(x), node)
    return None


@gof.local_optimizer([Elemwise])
def _backward(node):
    """0.5 g + 0.5 g sgn(x) → RectifyGrad(g, x)."""
    if not is_function(node, basic.Add, 2):
        return None
    parts = [_without_half(v.owner) if v.owner else None for v in node.inputs]
    if not all(parts):
        return None
    short, long = sorted(parts, key=len)
    for sign in long:
        rest = [v for v in long if v is not sign]
        if is_function(sign.owner, basic.Sgn) and set(rest) == set(short) and (
                len(rest) == len(short) == 1):
            return _alike(_gradient(rest[0], sign.owner.inputs[0]), node)
    return None


def _without_half(node):
    """Return the factors beside 0.5 of a product in float, else None."""
    if not is_function(node, basic.Mul) or (
            "float" not in node.outputs[0].dtype):
        return None
    halves = [v for v in node.inputs if isinstance(v, Constant)
              and v.data.size == 1 and v.data.item() == 0.5]
    rest = [v for v in node.inputs if v not in halves]
    return rest if len(halves) == 1 else None


def _alike(variable, node):
    """Return a replacement if it is of the same type."""
    return [variable] if variable.type == node.outputs[0].type else None


REWRITE = "torch_rectify"
optdb.register(REWRITE, gof.opt.out2in(_forward, _backward, name=REWRITE),
               48.7)
