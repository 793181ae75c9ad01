"""(x - mean) scale + bias, each of them per channel, as one node.

That is Lasagne's batch normalization by statistics that are kept. PyTorch has
one function for it, which computes x scale + (bias - mean scale).
"""
from theano import gof
from theano.compile import optdb
from theano.scalar import basic
from theano.tensor.elemwise import Elemwise

from .matching import is_function, is_per_channel, vector_of
from .op import TorchOp

__all__ = ["REWRITE", "Normalized"]


class Normalized(TorchOp):
    """(x - mean) scale + bias, for PyTorch alone.

    `x` has its channels along axis 1, the others are vectors over them.
    """

    def make_node(self, x, mean, scale, bias):
        """Return a node."""
        return gof.Apply(self, [x, mean, scale, bias], [x.type()])


@gof.local_optimizer([Elemwise])
def _normalized(node):
    """Put difference, product and sum into one, if nothing else reads them."""
    wanted = node.outputs[0].type
    if not is_function(node, basic.Add, 2) or wanted.ndim < 2 or (
            wanted.dtype not in ("float32", "float64")):
        return None
    for product, bias in (node.inputs, node.inputs[::-1]):
        found = _factors(product, wanted)
        if found and is_per_channel(bias, wanted):
            vectors = map(vector_of, found[1:] + [bias])
            return [Normalized()(found[0], *vectors)]
    return None


def _factors(product, wanted):
    """Return x, the mean and the scale of a product, or None."""
    if not _is_read_once(product, basic.Mul):
        return None
    factors = product.owner.inputs
    for difference, scale in (factors, factors[::-1]):
        if _is_read_once(difference, basic.Sub):
            x, mean = difference.owner.inputs
            if x.type == wanted and all(
                    is_per_channel(v, wanted) for v in (mean, scale)):
                return [x, mean, scale]
    return None


def _is_read_once(variable, kind):
    return is_function(variable.owner, kind, 2) and len(variable.clients) == 1


REWRITE = "torch_normalized"
optdb.register(REWRITE, gof.opt.out2in(_normalized, name=REWRITE), 48.75)
