"""Load a checkpoint into a network: work out everything, then change it."""
from collections import namedtuple

import numpy as np

from ..conventions import convention_of, find_row
from ..errors import ConventionError
from ..formats.common.record import Entry
from .networks import outputs_of
from .planning import Options, plan_load, refuse_rest, value_of
from .transfer import TransferRecord, slots_of

__all__ = ["LoadRecord", "entries_of", "load_into"]


class LoadRecord(namedtuple("LoadRecord", TransferRecord._fields
                            + ("computed", "missing", "unused", "refused"))):
    """Tell what a load did, by the names of parameters.

    Parameters
    ----------
    copied : tuple of str
        Set as they are in the file.
    turned : tuple of str
        Kernels that were reversed along their spatial axes.
    permuted : tuple of str
        Axes or rows put in another order; a kernel may be turned as well.
    left : tuple of str
        Always empty; a transfer leaves what both sides share.
    computed : tuple of str
        Inverse deviations that were variances in the file.
    missing : tuple of str
        With ``strict=False``: parameters that the file has nothing for.
    unused : tuple of str
        With ``strict=False``: arrays of the file that nothing takes.
    refused : dict of str to str
        With ``strict=False``: parameters whose value does not fit, and why.
    """

    __slots__ = ()



def load_into(network, checkpoint, options=None):
    """Put the values of a checkpoint into a network, or change nothing.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.
    checkpoint : Checkpoint
        The file.
    options : Options, optional
        What :func:`lasagne_flipconv.load` is told.

    Returns
    -------
    LoadRecord
        What was done, by name.

    Raises
    ------
    CheckpointError
        If something does not fit.
    ConventionError
        If the orientation matters and is not known.
    """
    options, network = options or Options(), outputs_of(network, "load")
    if options.orientation == "detect":
        from .orientation.detecting import detected
        options = options._replace(orientation=detected(
            network, checkpoint, options))
    plans, matches, refused = plan_load(network, checkpoint, options)
    if options.strict:
        refuse_rest(matches, checkpoint.where)
    _set_all(plans)
    return _record(plans, matches, refused)


def _set_all(plans):
    """Set one value after the other; undo all if one fails."""
    old = {}
    try:
        for plan in plans:
            param, value = plan.slot.param, value_of(plan)
            if param in old:
                _check_shared(plan.slot, value)
                continue
            # the very array, not a copy: what is set takes its place
            old[param] = param.get_value(borrow=True)
            param.set_value(value, borrow=True)
    except BaseException:
        for param, value in old.items():
            param.set_value(value, borrow=True)
        raise


def _check_shared(slot, value):
    if not np.array_equal(slot.param.get_value(borrow=True), value,
                          equal_nan=True):
        raise ConventionError(
            "%s: shares its variable with another layer that needs other "
            "values, as one of the two reads it the other way round; expected "
            "the same. Give one of the layers a W of its own." % slot.name)


def _record(plans, matches, refused):
    def names(action):
        return tuple(dict.fromkeys(p.slot.name for p in plans
                                   if action in p.actions))

    return LoadRecord(names("copied"), names("turned"), names("permuted"), (),
                      names("computed"),
                      tuple(s.name for s in matches.missing),
                      tuple(e.name for e in matches.unused), refused)


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
        convention.
    """
    slots = {}
    for slot in slots_of(network, where="save"):
        slots.setdefault(slot.param, []).append(slot)
    return tuple(_entry(*holders) for holders in slots.values())


def _entry(slot, *others):
    value = slot.param.get_value(borrow=True)
    shared = tuple(map(_reading, others)) if slot.kernel or any(
        other.kernel for other in others) else ()
    return Entry(
        slot.name, value.shape, value.dtype,
        lambda: np.asarray(slot.param.get_value(borrow=True)),
        slot.group if slot.layer.name else None, slot.attribute,
        *_reading(slot), shared=shared or None)


def _reading(slot):
    """Return kind and convention of a kernel as its layer reads it."""
    if not slot.kernel:
        return None, None
    transposed = find_row(slot.layer).family == "transposed"
    return "transposed" if transposed else "conv", convention_of(slot.layer)
