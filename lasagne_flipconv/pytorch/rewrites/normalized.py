"""(x - mean) scale + bias, each of them per channel, as one node.

That is Lasagne's batch normalization by statistics that are kept. PyTorch has
one function for it, which computes x scale + (bias - mean scale).
"""
from theano import gof, tensor
from theano.compile import optdb
from theano.scalar import basic
from theano.tensor.elemwise import DimShuffle, Elemwise

__all__ = ["REWRITE", "Normalized"]


class Normalized(gof.Op):
    """(x - mean) scale + bias, for PyTorch alone.

    `x` has its channels along axis 1, the others are vectors over them.
    """

    __props__ = ()

    def make_node(self, x, mean, scale, bias):
        """Return a node."""
        return gof.Apply(self, [x, mean, scale, bias], [x.type()])

    def perform(self, node, inputs, outputs):
        """Refuse: the node is made for what does not call this."""
        raise NotImplementedError("Normalized is for PyTorch")


@gof.local_optimizer([Elemwise])
def _normalized(node):
    """Put difference, product and sum into one, if nothing else reads them."""
    wanted = node.outputs[0].type
    if not _is(node, basic.Add) or wanted.ndim < 2 or (
            wanted.dtype not in ("float32", "float64")):
        return None
    for product, bias in (node.inputs, node.inputs[::-1]):
        found = _factors(product, wanted)
        if found and _is_per_channel(bias, wanted):
            return [Normalized()(found[0], *map(_vector, found[1:] + [bias]))]
    return None


def _factors(product, wanted):
    """Return x, the mean and the scale of a product, or None."""
    if not _is(product.owner, basic.Mul, 2) or len(product.clients) != 1:
        return None
    for difference, scale in (product.owner.inputs, product.owner.inputs[::-1]):
        if _is(difference.owner, basic.Sub) and len(difference.clients) == 1:
            x, mean = difference.owner.inputs
            if x.type == wanted and all(
                    _is_per_channel(v, wanted) for v in (mean, scale)):
                return [x, mean, scale]
    return None


def _is(node, kind, operands=2):
    """Tell whether a node is an elementwise function of a kind."""
    return (node is not None and type(node.op) is Elemwise
            and type(node.op.scalar_op) is kind
            and len(node.inputs) == operands)


def _is_per_channel(variable, wanted):
    """Tell whether a variable has a number for each of several channels."""
    return (variable.dtype == wanted.dtype and variable.broadcastable == tuple(
        axis != 1 for axis in range(wanted.ndim)))


def _vector(variable):
    """Return what a variable is per channel, without axes of length one."""
    node = variable.owner
    if node is not None and type(node.op) is DimShuffle and (
            node.inputs[0].ndim == 1):
        return node.inputs[0]
    if node is not None and type(node.op) is Elemwise and all(
            v.broadcastable == variable.broadcastable for v in node.inputs):
        vectors = map(_vector, node.inputs)
        return type(node.op)(node.op.scalar_op)(*vectors)
    return tensor.DimShuffle(variable.broadcastable, (1,))(variable)


REWRITE = "torch_normalized"
optdb.register(REWRITE, gof.opt.out2in(_normalized, name=REWRITE), 48.75)
