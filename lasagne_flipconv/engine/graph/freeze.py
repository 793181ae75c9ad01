"""Convolutions whose kernel is that of the first call."""
from theano.compile import SharedVariable
from theano.gof import Constant
from theano.gof.graph import inputs as leaves

from ..ops.conv import Convolution

__all__ = ["frozen", "is_updating"]


def is_updating(fgraph):
    """Tell whether a function changes any of its shared variables."""
    return bool(getattr(fgraph, "update_mapping", None))


def frozen(node):
    """Return the result of a convolution that keeps its kernel.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    theano.Variable or None
        None if it is none, or what its kernel or scale is computed from may
        differ from call to call.
    """
    if type(node.op) is not Convolution or node.op.frozen:
        return None
    kernel, scale = node.inputs[1], node.op.parts(node)["scale"]
    packed = [kernel] if scale is None else [kernel, scale]
    if not all(isinstance(leaf, (SharedVariable, Constant))
               and _is_fixed(leaf) for leaf in leaves(packed)):
        return None
    return node.op.with_options(frozen=True)(*node.inputs)


def _is_fixed(leaf):
    """Tell whether a leaf is an array, not the state of random numbers."""
    return hasattr(leaf.type, "dtype")
