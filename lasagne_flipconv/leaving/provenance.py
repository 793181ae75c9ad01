"""Find each parameter of a network in what was written, to the bit."""
import json

import numpy as np

from ..conventions import convention_of, find_row
from ..errors import ConventionError
from ..formats.common.notes import note_of
from ..formats.parts.views import View, digest
from ..weights.networks import entry_of, slots_of

__all__ = ["record_of"]

#: The most rows of what our modules of PyTorch have in one tensor: states, and
#: peepholes.
_MOST_ROWS = 3


def record_of(key, source, plan, tensors):
    """Return where each parameter is, to be written beside a model.

    Parameters
    ----------
    key : str
        What it is called there.
    source : Source
        The network.
    plan : Plan
        Its plan.
    tensors : dict of str to numpy.ndarray
        What the model holds.

    Returns
    -------
    dict of str to str
        Empty if one cannot be found, as that of an own layer may be.
    """
    try:
        slots = slots_of(source.outputs, where=source.where)
        rows = [_row(slot, others, plan, tensors)
                for slot, *others in _by_variable(slots)]
    except ConventionError:  # of an own layer, whose kernel is not known
        return {}
    return {} if None in rows else {key: json.dumps(rows)}


def _by_variable(slots):
    """Return the slots of each variable together, in order."""
    found = {}
    for slot in slots:
        found.setdefault(slot.param, []).append(slot)
    return found.values()


def _row(slot, others, plan, tensors):
    """Return view and note of a parameter; None if it is not to be found."""
    value = np.asarray(slot.param.get_value(borrow=True), "float32")
    found = next(filter(None, (
        [view for name in names
         for view in _views(slot, name, value, tensors[name], plan)
         if view.of(tensors[name]).tobytes() == value.tobytes()]
        for names in _likely(slot, value, tensors))), None)
    if not found:
        return None
    tensor = tensors[found[0].tensor]
    row = [list(found[0]), note_of(entry_of(slot, *others))]
    if any(_differ(found[0], view, tensor.shape) for view in found[1:]):
        row.append(digest(tensor))  # with other values, it could be either
    return row


def _differ(one, other, shape):
    """Tell whether two views, the first of a tensor of this shape, differ."""
    if (one.tensor, one.epsilon, one.negative) != (
            other.tensor, other.epsilon, other.negative):
        return True
    places = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return not np.array_equal(one.pick(places), other.pick(places))


def _likely(slot, value, tensors):
    """Return the names of tensors that may hold a value, the layer's first."""
    fit = [name for name in tensors if tensors[name].dtype == np.float32
           and value.size and tensors[name].size % value.size == 0]
    own = [name for name in fit if name.startswith(slot.group + ".")]
    return own, [name for name in fit if name not in own]


def _views(slot, name, value, tensor, plan):
    """Yield how a tensor may be seen so that it is a value."""
    shape, ndim = value.shape, value.ndim
    if tensor.size == value.size:
        for reverse in _reversals(slot):
            yield View(name, None, shape, (), reverse)
            if ndim > 1:
                swapped = (shape[1], shape[0]) + shape[2:]
                order = (1, 0) + tuple(range(2, ndim))
                yield View(name, None, swapped, order, reverse)
        for epsilon in _epsilons(tensor, plan):
            yield View(name, None, shape, (), (), epsilon)
    elif tensor.shape and ndim and tensor.shape[-1] % shape[-1] == 0:
        for start in range(0, tensor.shape[-1], shape[-1]):
            if tensor.size * shape[-1] == value.size * tensor.shape[-1]:
                yield View(name, (start, start + shape[-1]), shape)
    if tensor.ndim <= 3 and tensor.shape[:1] == (1,) and 1 <= ndim <= 2:
        yield from _gates(name, value, tensor)
    yield from _rows(name, value, tensor)


def _gates(name, value, tensor):
    """Yield how one gate may be seen of those that ONNX has in a tensor."""
    order = tuple(reversed(range(value.ndim)))
    for start in range(0, tensor.size, value.size):
        view = View(name, None, value.shape[::-1], order,
                    span=(start, start + value.size))
        yield view
        yield view._replace(negative=True)


def _rows(name, value, tensor):
    """Yield how a row may be seen of what PyTorch has in one tensor."""
    if tensor.shape in [(n, value.size) for n in range(2, _MOST_ROWS + 1)]:
        for start in range(0, tensor.size, value.size):
            yield View(name, None, value.shape,
                       span=(start, start + value.size))


def _reversals(slot):
    """Return the axes that may have been reversed."""
    if not slot.kernel or find_row(slot.layer) is None:
        return [()]
    return [(), convention_of(slot.layer).spatial]


def _epsilons(tensor, plan):
    """Return the epsilon of a variance."""
    return [part.options["epsilon"] for part in plan.parts
            if part.arrays.get("variance") is tensor]

