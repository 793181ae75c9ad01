"""a + b c and a - b c, c being one number, as one node: updates are of these.

PyTorch computes them without an array in between. a + (p - b), where a - b is
wanted as well, is made p + (a - b) before: so a step with momentum, of which
the velocity is a - b, reads each array once.
"""
from theano import gof, scalar
from theano.compile import optdb
from theano.scalar import basic
from theano.tensor.elemwise import Elemwise

from .matching import is_function

__all__ = ["REWRITE", "AddScaled", "SubtractScaled"]


class AddScaled(scalar.ScalarOp):
    """a + b c."""

    nin, nout = 3, 1

    def impl(self, a, b, c):
        """Return it for three numbers."""
        return a + b * c


class SubtractScaled(AddScaled):
    """a - b c."""

    def impl(self, a, b, c):
        """Return it for three numbers."""
        return a - b * c


@gof.local_optimizer([Elemwise])
def _stepped(node):
    """a + (p - b) → p + (a - b), where that difference is there."""
    if not _is(node, basic.Add):
        return None
    for a, rest in (node.inputs, node.inputs[::-1]):
        if not _is(rest.owner, basic.Sub) or len(rest.clients) != 1:
            continue
        p, b = rest.owner.inputs
        for other, _ in a.clients:
            if other != "output" and _is(other, basic.Sub) and (
                    other.inputs == [a, b]):
                return [Elemwise(basic.add)(p, other.outputs[0])]
    return None


def _is(node, kind):
    """Tell whether a node is a function of two alike, in floats."""
    return (is_function(node, kind, 2)
            and all(v.type == node.outputs[0].type for v in node.inputs)
            and node.outputs[0].dtype in ("float32", "float64"))


_KINDS = {basic.Add: AddScaled, basic.Sub: SubtractScaled}


@gof.local_optimizer([Elemwise])
def _scaled(node):
    """Put a product with one number into the sum that alone reads it."""
    if type(node.op) is not Elemwise:
        return None
    kind = _KINDS.get(type(node.op.scalar_op))
    if kind is None or len(node.inputs) != 2:
        return None
    for i in (1, 0) if kind is AddScaled else (1,):
        factors = _product(node.inputs[i], node.outputs[0].type)
        if factors:
            found = Elemwise(kind(scalar.upcast_out))(
                node.inputs[1 - i], *factors)
            return [found] if found.type == node.outputs[0].type else None
    return None


def _product(variable, wanted):
    """Return an array and a number if a variable is their product alone."""
    node = variable.owner
    if (not is_function(node, basic.Mul, 2) or len(variable.clients) != 1
            or variable.type != wanted or wanted.ndim == 0):
        return None
    if wanted.dtype not in ("float32", "float64") or any(
            v.dtype != wanted.dtype for v in node.inputs):
        return None
    for x, y in (node.inputs, node.inputs[::-1]):
        if all(y.broadcastable) and x.type == wanted:
            return x, y
    return None


REWRITE = "torch_scaled"
optdb.register(REWRITE, gof.SeqOptimizer(
    gof.opt.out2in(_stepped), gof.opt.out2in(_scaled)), 48.9)
