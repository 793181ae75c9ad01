"""The parameters of a network as entries of a checkpoint."""
import numpy as np

from ...conventions import convention_of, find_row
from ...formats.common.record import Entry
from .expressions import expressions_in
from .kinds import is_dense
from .slots import slots_of

__all__ = ["entries_of", "entry_of"]


def entries_of(network):
    """Return the parameters of a network as entries of a checkpoint.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.

    Returns
    -------
    tuple of Entry
        In the order of ``get_all_param_values``, each kernel with its
        convention, each matrix of a dense layer with its axes.
    """
    slots = {}
    for slot in slots_of(network, where="save"):
        slots.setdefault(slot.param, []).append(slot)
    told = expressions_in(network, "save")
    return tuple(entry_of(*holders)._replace(computes=told.get(param))
                 for param, holders in slots.items())


def entry_of(slot, *others):
    """Return a parameter of a network as an entry of a checkpoint.

    Parameters
    ----------
    slot : Slot
        The parameter.
    *others : Slot
        Other layers that hold the same variable.

    Returns
    -------
    Entry
        Its values are read without copying them.
    """
    value = slot.param.get_value(borrow=True)
    holders, reading = (slot, *others), _reading(slot)
    shared = tuple(map(_reading, others)) if any(
        holder.kernel for holder in holders) else ()
    if not shared and all(map(_is_matrix, holders)):
        reading = "dense", "IO"
    return Entry(
        slot.name, value.shape, value.dtype,
        lambda: np.asarray(slot.param.get_value(borrow=True)),
        slot.group if slot.layer.name else None, slot.attribute,
        *reading, shared=shared or None, reader=slot.reader)


def _is_matrix(slot):
    """Tell whether a layer multiplies by it, as it is."""
    return (slot.attribute == "W" and is_dense(slot.layer)
            and slot.layer.W is slot.param and slot.param.ndim == 2)


def _reading(slot):
    """Return kind and convention of a kernel as its layer reads it."""
    if not slot.kernel:
        return None, None
    transposed = find_row(slot.layer).family == "transposed"
    return "transposed" if transposed else "conv", convention_of(slot.layer)
