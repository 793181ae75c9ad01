"""Convolutions in another precision than float32."""
from .. import rounding
from ..ops.conv import Convolution

__all__ = ["is_training", "rounded"]

#: Kinds of Ops that are in training only; the gradient of an input is a
#: transposed convolution as well.
_TRAINING = ("grad_kernel", "norm_grad", "pool_grad")


def is_training(fgraph):
    """Tell whether a graph has a gradient of one of the engine's Ops."""
    return any(getattr(node.op, "kind", None) in _TRAINING
               for node in fgraph.apply_nodes)


def rounded(node):
    """Return the result of a node in the precision that is wanted.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    theano.Variable or None
        None where nothing changes.
    """
    name = rounding.wanted()
    if type(node.op) is not Convolution or node.op.precision == name:
        return None
    return node.op.with_options(precision=name)(*node.inputs)
