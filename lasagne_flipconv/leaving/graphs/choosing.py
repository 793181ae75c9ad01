"""Nodes that choose values by slices and indices, and those that sort."""
import numpy as np
import theano.tensor as T
from theano.tensor import subtensor
from theano.tensor.type_other import MakeSlice, SliceConstant

from ..errors import LeavingError
from ..record import GIVEN, measured
from .elements import NARROW, is_float
from .sizes import elements_of

__all__ = ["counted", "gather", "order", "part", "sort", "take"]

#: Kinds of NumPy's sorting that keep the order of equal values.
_STABLE = ("stable", "mergesort")


def part(walk, node):
    """Say slices and indices; an element of a shape is a size."""
    x = node.inputs[0]
    chosen = subtensor.get_idx_list(node.inputs, node.op.idx_list)
    if x.ndim == 1 and not isinstance(chosen[0], slice):
        sizes = elements_of(walk, x)
        if sizes is not None:
            return _number(walk, sizes[int(walk.array_of(chosen[0]))], x)
    value, slices, sizes = walk.value_of(x), [], []
    for axis, item in enumerate(chosen):
        if isinstance(item, slice):
            slices += _sliced(walk, item, axis, sizes)
    if slices:
        value = walk.add("slice", value, *sizes, slices=tuple(slices))
    return _indexed(walk, value, chosen)


def _indexed(walk, value, chosen):
    """Say the indices among slices, each of which takes an axis away."""
    axis = 0
    for item in chosen:
        if isinstance(item, slice):
            axis += 1
        else:
            given = []
            place = _end(walk, item, given)
            value = walk.add("index", value, *given, axis=axis, index=place)
    return value


def _number(walk, size, vector):
    """Return a size as a number of the type that a vector has."""
    if not is_float(vector):
        return size
    return walk.add("cast", size, dtype="float32") if isinstance(
        size, str) else float(size)


def _sliced(walk, item, axis, sizes):
    """Return (axis, start, stop, step), unless all is taken.

    An end that is computed of sizes is GIVEN, and put to `sizes`.
    """
    start, stop = (_end(walk, end, sizes) for end in (item.start, item.stop))
    step = None if item.step is None else int(walk.array_of(item.step))
    if (start, stop) == (None, None) and step in (None, 1):
        return []
    return [(axis, start, stop, step or 1)]


def _end(walk, end, sizes):
    """Return a place, such as an end of a slice; a number where it is known.
    """
    if end is None or walk.is_fixed(end):
        return None if end is None else int(walk.array_of(end))
    value = walk.value_of(end)
    if not isinstance(value, str):
        return int(value)
    sizes.append(value)
    return GIVEN


def take(walk, node):
    """Say a choice of rows, of a table that is fixed or of what goes in."""
    x, rows = node.inputs
    if not walk.is_fixed(x):
        return walk.add("gather", walk.value_of(x), _places(walk, rows))
    return walk.add("embedding", walk.value_of(rows),
                    arrays={"W": walk.array_of(x)},
                    trained=walk.is_trained(x))


def gather(walk, node):
    """Say a choice by several arrays of indices, among slices.

    The axes with indices are brought to the front; where they stand side by
    side, NumPy has what is chosen at the place of the first.
    """
    x, items = node.inputs[0], list(map(_item, node.inputs[1:]))
    if None in items or any(not isinstance(item, slice) and item.dtype in (
            "bool", "float32", "float64") for item in items):
        return None
    chosen = [axis for axis, item in enumerate(items)
              if not isinstance(item, slice)]
    others = [axis for axis in range(x.ndim) if axis not in chosen]
    value = walk.value_of(x)
    ends, slices = [], []
    for axis, item in enumerate(items):
        if isinstance(item, slice):
            slices += _sliced(walk, item, axis, ends)
    if slices:
        value = walk.add("slice", value, *ends, slices=tuple(slices))
    value = _turned(walk, value, chosen + others)
    value = walk.add("gather", value, *(_places(walk, items[axis])
                                        for axis in chosen))
    ndim = max(items[axis].ndim for axis in chosen)
    before = chosen[0] if chosen[-1] - chosen[0] < len(chosen) else 0
    made = list(range(ndim + len(others)))
    return _turned(walk, value, made[ndim:ndim + before] + made[:ndim]
                   + made[ndim + before:])


def _item(variable):
    """Return a slice of variables, an array of indices, None for others."""
    if isinstance(variable, SliceConstant):
        ends = variable.data
        return slice(*(None if end is None else T.as_tensor_variable(end)
                       for end in (ends.start, ends.stop, ends.step)))
    if variable.owner and isinstance(variable.owner.op, MakeSlice):
        return slice(*(end if hasattr(end.type, "dtype") else None
                       for end in variable.owner.inputs))
    return variable if hasattr(variable.type, "dtype") else None


def _places(walk, indices):
    """Return indices as int64, the only type that all programs take."""
    value = walk.value_of(indices)
    if isinstance(value, str) and indices.dtype != "int64":
        return walk.add("cast", value, dtype="int64")
    return value


def _turned(walk, value, pattern):
    """Return a value with its axes in another order."""
    if pattern == sorted(pattern):
        return value
    return walk.add("dimshuffle", value, pattern=tuple(pattern),
                    ndim=len(pattern))


def counted(walk, node):
    """Say the integers from one to another, known ones or sizes."""
    if any(map(is_float, node.inputs)) or node.op.dtype in NARROW:
        return None
    values = [walk.value_of(each) for each in node.inputs]
    names = [each for each in values if isinstance(each, str)]
    if not names:
        return walk.scope.constant(np.arange(*values, dtype=node.op.dtype),
                                   "arange", False)
    whole = measured(names, walk.part_of)
    value = whole and walk.add("arange", *values, whole)
    return walk.add("cast", value, dtype="float32") if value and is_float(
        node.outputs[0]) else value


def sort(walk, node):
    """Say the values of an axis from the smallest to the largest."""
    return _sorted(walk, node, "sort")


def order(walk, node):
    """Say where the values of an axis are, from the smallest one on."""
    if node.op.kind not in _STABLE:
        raise LeavingError(
            "%s: %s takes the indices that sort an array by NumPy's %r, which "
            "has equal values in any order; expected one that keeps theirs. "
            "Write argsort(..., kind='mergesort')." % (
                walk.scope.layer, walk.layer, node.op.kind))
    return _sorted(walk, node, "argsort")


def _sorted(walk, node, kind):
    x, axis = node.inputs
    if x.dtype == "bool" or not x.ndim or not walk.is_fixed(axis):
        return None
    value = walk.value_of(x)
    if x.dtype == "int32":
        value = walk.add("cast", value, dtype="int64")
    return walk.add(kind, value, axis=int(walk.array_of(axis)) % x.ndim)
