"""What rewrites look for: functions of elements, and what is per channel."""
from theano.tensor.elemwise import DimShuffle, Elemwise

__all__ = ["is_function", "is_per_channel", "vector_of"]


def is_function(node, kind, operands=None):
    """Tell whether a node is an elementwise function of a kind.

    Parameters
    ----------
    node : theano.gof.Apply or None
        The node.
    kind : type
        The class of the scalar function.
    operands : int, optional
        How many it has to have.

    Returns
    -------
    bool
        False where there is no node.
    """
    return (node is not None and type(node.op) is Elemwise
            and type(node.op.scalar_op) is kind
            and operands in (None, len(node.inputs)))


def is_per_channel(variable, wanted):
    """Tell whether a variable has a number for each of several channels.

    Parameters
    ----------
    variable : theano.Variable
        The variable.
    wanted : theano.tensor.TensorType
        The type of the array whose channels they are.

    Returns
    -------
    bool
        Whether it has that type of elements, and length one along all axes
        but the second.
    """
    return (variable.dtype == wanted.dtype and variable.broadcastable == tuple(
        axis != 1 for axis in range(wanted.ndim)))


def vector_of(variable):
    """Return the numbers for each channel as a vector.

    Parameters
    ----------
    variable : theano.Variable
        One of which `is_per_channel` is true.

    Returns
    -------
    theano.Variable
        The vector that it was made of, if it was.
    """
    node = variable.owner
    if node is not None and type(node.op) is DimShuffle and (
            node.inputs[0].ndim == 1):
        return node.inputs[0]
    if node is not None and type(node.op) is Elemwise and all(
            v.broadcastable == variable.broadcastable for v in node.inputs):
        return Elemwise(node.op.scalar_op)(*map(vector_of, node.inputs))
    return DimShuffle(variable.broadcastable, (1,))(variable)
