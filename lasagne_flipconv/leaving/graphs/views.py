"""What a variable is: a parameter or computed of one, random or not."""
from theano.compile.ops import Rebroadcast, SpecifyShape, ViewOp
from theano.tensor import DimShuffle, Reshape
from theano.tensor.subtensor import Subtensor, get_idx_list

__all__ = ["is_random", "is_view_of_one"]

#: Ops that give all values of their first input, in another order or shape.
_ORDERS = (DimShuffle, Reshape, Rebroadcast, SpecifyShape, ViewOp)


def is_random(node):
    """Tell whether a node draws random numbers.

    Parameters
    ----------
    node : theano.Apply
        Of any graph.

    Returns
    -------
    bool
        Whether its Op or that of its kind is called so.
    """
    return "random" in str(type(node.op)).lower() or (
        "mrg" in type(node.op).__name__.lower())


def is_view_of_one(variable):
    """Tell whether a variable has all values of one that nothing computes.

    Parameters
    ----------
    variable : theano.Variable
        Any.

    Returns
    -------
    bool
        Whether it is that variable, or the same with its axes in another
        order, reversed or in another shape.

    Examples
    --------
    >>> import theano.tensor as T
    >>> W = T.matrix()
    >>> is_view_of_one(W.T[::-1]), is_view_of_one(2 * W), is_view_of_one(W[0])
    (True, False, False)
    """
    while variable.owner is not None:
        if not (type(variable.owner.op) in _ORDERS
                or _reverses(variable.owner)):
            return False
        variable = variable.owner.inputs[0]
    return True


def _reverses(node):
    """Tell whether a node turns whole axes round, and does no more."""
    if type(node.op) is not Subtensor:
        return False
    steps = [getattr(each.step, "data", each.step)
             if isinstance(each, slice) and each.start is each.stop is None
             else 0 for each in get_idx_list(node.inputs, node.op.idx_list)]
    return all(step in (None, 1, -1) for step in steps)
