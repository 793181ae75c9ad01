"""Shapes in a graph: vectors of sizes, taken apart into their elements."""
from functools import partial, reduce

from theano.compile.ops import Rebroadcast, Shape
from theano.tensor import Alloc, Join, Reshape, elemwise, opt, subtensor
import theano.scalar as S

__all__ = ["elements_of", "largest_of", "length_of"]


def elements_of(walk, vector):
    """Return the elements of a vector of sizes.

    Parameters
    ----------
    walk : Walk
        Through the graph.
    vector : theano.Variable
        With one axis.

    Returns
    -------
    list of (int or str) or None
        Numbers where they are known; None if it cannot be taken apart.
    """
    if walk.is_fixed(vector):
        return walk.array_of(vector).tolist()
    op = vector.owner and type(vector.owner.op)
    rule = next((rule for cls, rule in _RULES if op and issubclass(op, cls)),
                None)
    return rule and rule(walk, vector.owner)


def length_of(walk, variable, axis):
    """Return the length of an axis.

    Parameters
    ----------
    walk : Walk
        Through the graph.
    variable : theano.Variable
        Whose.
    axis : int
        Which.

    Returns
    -------
    int or str
        A number where it is known, else the name of a part.
    """
    size = _known(walk, variable, axis)
    if size is not None:
        return size
    key = variable, axis
    if key not in walk.lengths:
        walk.lengths[key] = walk.add("size", walk.value_of(variable),
                                     axis=axis)
    return walk.lengths[key]


def largest_of(walk, vector):
    """Return the largest of sizes, as those of layers that are cut to one.

    Parameters
    ----------
    walk : Walk
        Through the graph.
    vector : theano.Variable
        Any array.

    Returns
    -------
    int or str or None
        A number where it is known; None if it is no vector of sizes.
    """
    sizes = vector.ndim == 1 and "int" in vector.dtype and elements_of(
        walk, vector)
    return reduce(partial(_larger, walk), sizes) if sizes else None


def _known(walk, variable, axis):
    """Return the length of an axis if a layer says it, else None."""
    if variable in walk.shapes:
        return walk.shapes[variable][axis]
    op = getattr(variable.owner, "op", None)
    if variable.broadcastable[axis]:
        return 1
    if isinstance(op, elemwise.Elemwise):
        found = [_known(walk, x, axis) for x in variable.owner.inputs
                 if not x.broadcastable[axis]]
        return next((size for size in found if size is not None), None)
    if isinstance(op, elemwise.DimShuffle):
        return _known(walk, variable.owner.inputs[0], op.new_order[axis])
    if isinstance(op, Alloc):
        size = walk.value_of(variable.owner.inputs[1 + axis])
        return None if isinstance(size, str) else int(size)
    return None


def _shape(walk, node):
    variable, = node.inputs
    return [length_of(walk, variable, axis) for axis in range(variable.ndim)]


def _made(walk, node):
    return [walk.value_of(element) for element in node.inputs]


def _part(walk, node):
    whole = elements_of(walk, node.inputs[0])
    chosen = subtensor.get_idx_list(node.inputs, node.op.idx_list)
    if whole is None or len(chosen) != 1 or not isinstance(chosen[0], slice):
        return None
    ends = [end if end is None else int(walk.array_of(end)) for end in (
        chosen[0].start, chosen[0].stop, chosen[0].step)]
    return whole[slice(*ends)]


def _joined(walk, node):
    parts = [elements_of(walk, vector) for vector in node.inputs[1:]]
    return None if None in parts else sum(parts, [])


def _each(walk, node):
    op, inner = node.op.scalar_op, node.inputs[0]
    if not isinstance(op, (S.Cast, S.Neg)):
        return None
    found = elements_of(walk, inner)
    return found if isinstance(op, S.Cast) or found is None else [
        _negative(walk, size) for size in found]


def _negative(walk, size):
    return walk.add("neg", size) if isinstance(size, str) else -size


def _larger(walk, one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one if one == other else walk.add("maximum", one, other)
    return max(one, other)


def _same(walk, node):
    return elements_of(walk, node.inputs[0])


def _reshaped(walk, node):
    if node.op.ndim != 1:
        return None
    inner = node.inputs[0]
    if inner.ndim == 0:
        return [walk.value_of(inner)]
    return elements_of(walk, inner) if inner.ndim == 1 else None


def _shuffled(walk, node):
    if node.inputs[0].ndim == 0 and tuple(node.op.new_order) == ("x",):
        return [walk.value_of(node.inputs[0])]
    return None


_RULES = ((Shape, _shape), (opt.MakeVector, _made),
          (subtensor.Subtensor, _part), (Join, _joined),
          (elemwise.Elemwise, _each), (Rebroadcast, _same),
          (Reshape, _reshaped), (elemwise.DimShuffle, _shuffled))
