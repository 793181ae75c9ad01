"""What is set, or added to, in a part of an array: three pieces, joined."""
import numpy as np
from theano.tensor import subtensor

from .elements import NARROW, is_float
from .sizes import length_of

__all__ = ["subset"]


def subset(walk, node):
    """Say T.set_subtensor and T.inc_subtensor of slices without a step."""
    x, y = node.inputs[:2]
    chosen = subtensor.get_idx_list([x, *node.inputs[2:]], node.op.idx_list)
    places = [_place(walk, item, x, axis) for axis, item in enumerate(chosen)]
    is_set = node.op.set_instead_of_inc
    if None in places or x.dtype == "bool" and not is_set:
        return None
    value, new = walk.value_of(x), _new(walk, x, y, chosen)
    if x.dtype == "int32":
        value = walk.add("cast", value, dtype="int64")

    def change(part):
        return walk.add("fill" if is_set else "add", part, new)

    value = _changed(walk, value, list(enumerate(places)), change)
    return walk.add("wrap", value, dtype=x.dtype) if not is_set and (
        x.dtype in (*NARROW, "int32")) else value


def _place(walk, item, x, axis):
    """Return where a slice begins and ends, None if that is not known.

    Before and behind it nothing may be twice, whatever the length.
    """
    if not isinstance(item, slice):
        start = int(walk.array_of(item))
        return start, None if start == -1 else start + 1
    start, stop, step = (None if end is None else int(walk.array_of(end))
                         for end in (item.start, item.stop, item.step))
    length = length_of(walk, x, axis)
    if step not in (None, 1):
        return None
    if isinstance(length, int):
        start, stop, _ = slice(start, stop).indices(length)
        return start, max(start, stop)
    if start in (None, 0) or stop is None or start <= stop and (
            start < 0) == (stop < 0):
        return start, stop
    return None


def _new(walk, x, y, chosen):
    """Return what is set or added, with all axes of the array."""
    value, dtype = walk.value_of(y), "float32" if is_float(x) else x.dtype
    if dtype in ("float32", "bool") and y.dtype != x.dtype:
        value = np.dtype(dtype).type(value).item() if not isinstance(
            value, str) else walk.add("cast", value, dtype=dtype)
    if isinstance(value, str) and y.dtype == "int32":
        value = walk.add("cast", value, dtype="int64")
    if not isinstance(value, str) or not y.ndim:
        return value
    indexed = [axis < len(chosen) and not isinstance(chosen[axis], slice)
               for axis in range(x.ndim)]
    lacking = indexed.count(False) - y.ndim
    axes = iter(["x"] * lacking + list(range(y.ndim)))
    pattern = tuple("x" if gone else next(axes) for gone in indexed)
    return value if pattern == tuple(range(y.ndim)) else walk.add(
        "dimshuffle", value, pattern=pattern, ndim=y.ndim)


def _changed(walk, value, places, change):
    """Return an array in which a part is changed, axis by axis."""
    if not places:
        return change(value)
    (axis, (start, stop)), *others = places
    if start in (None, 0) and stop is None:
        return _changed(walk, value, others, change)

    def piece(*ends):
        return walk.add("slice", value, slices=((axis, *ends, 1),))

    pieces = [piece(None, start)] if start not in (None, 0) else []
    pieces.append(_changed(walk, piece(start, stop), others, change))
    if stop is not None:
        pieces.append(piece(stop, None))
    return pieces[0] if len(pieces) == 1 else walk.add(
        "concat", *pieces, axis=axis)
