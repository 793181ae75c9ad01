"""Carry out what was planned: set all values, or none, and tell it."""
from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

import numpy as np

from ..errors import CheckpointError, ConventionError
from ..kernels import convert_kernel

__all__ = ["LoadRecord", "TransferRecord", "check_variance",
           "names_by_action", "names_with", "set_all", "value_of"]


class TransferRecord(NamedTuple):
    """Tell what a transfer did, as names of parameters of the target.

    Parameters
    ----------
    copied : tuple of str
        Unchanged.
    turned : tuple of str
        Reversed along the spatial axes.
    permuted : tuple of str
        Axes put in another order; such a kernel may be turned as well.
    left : tuple of str
        Left alone, being the same variable on both sides.
    """

    copied: Tuple[str, ...]
    turned: Tuple[str, ...]
    permuted: Tuple[str, ...]
    left: Tuple[str, ...]


class LoadRecord(NamedTuple):
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
        With ``strict=False``: arrays of the file that nothing takes. Else
        numbers beside a list of arrays, such as that of the epoch.
    refused : dict of str to str
        With ``strict=False``: parameters whose value does not fit, and why.
    """

    copied: Tuple[str, ...]
    turned: Tuple[str, ...]
    permuted: Tuple[str, ...]
    left: Tuple[str, ...]
    computed: Tuple[str, ...]
    missing: Tuple[str, ...]
    unused: Tuple[str, ...]
    refused: Dict[str, str]


def set_all(plans):
    """Set one value after the other; undo all if one fails.

    Parameters
    ----------
    plans : list of Plan
        What to do; a variable may occur several times.

    Raises
    ------
    CheckpointError
        If a value does not fit.
    ConventionError
        If two values for one variable differ.
    """
    first = {plan.slot.param: plan.slot for plan in reversed(plans)
             if "left" in plan.actions}
    old = {}
    try:
        for plan in plans:
            if "left" not in plan.actions:
                _set(plan, first, old)
    except BaseException:
        for param, value in old.items():
            param.set_value(value, borrow=True)
        raise


def _set(plan, first, old):
    """Set one value, or compare it if its variable has one already."""
    param, value = plan.slot.param, value_of(plan)
    if param in first:
        _check_shared(first[param], plan.slot, value)
        return
    first[param] = plan.slot
    # the very array, not a copy: what is set takes its place
    old[param] = param.get_value(borrow=True)
    param.set_value(value, borrow=True)


def _check_shared(first, slot, value):
    if not np.array_equal(slot.param.get_value(borrow=True), value,
                          equal_nan=True):
        raise ConventionError(
            "%s and %s: share one variable, but need different values, "
            "as one of the two reads it the other way round or holds "
            "something else; expected the same. Give one of the layers a "
            "W of its own." % (first.name, slot.name))


def value_of(plan):
    """Read one value, and make it what the network wants.

    Parameters
    ----------
    plan : Plan
        What to do.

    Returns
    -------
    numpy.ndarray
        In the parameter's type and convention.
    """
    entry = plan.entry
    value = entry.read()
    if plan.source is not None:
        if "copied" not in plan.actions:
            value = convert_kernel(value, plan.source, plan.target,
                                   plan.slot.name)
    elif plan.transpose:
        value = value.transpose(plan.transpose)
    if plan.rows is not None:
        value = value[plan.rows]
    if plan.columns is not None:
        value = value[:, plan.columns]
    if "computed" in plan.actions:
        value = 1 / np.sqrt(_with_epsilon(value, plan))
    return _cast(value, plan.slot)


def _with_epsilon(value, plan):
    """Return variances and what is added to them, as precise as need be."""
    entry, dtype = plan.entry, plan.slot.param.dtype
    value = value.astype(np.result_type(value, "f4", dtype))
    return value + np.asarray(entry.epsilon, value.dtype)


def check_variance(plan, name):
    """Refuse variances that have no inverse deviation.

    One that is not a number stays so, as it does elsewhere.

    Parameters
    ----------
    plan : Plan
        What to do to a variance.
    name : str
        Of both, for the error text.

    Raises
    ------
    CheckpointError
        If one is negative, by more than what is added to it, or both are 0.
    """
    variance = plan.entry.read()
    wrong = _with_epsilon(variance, plan) <= 0
    if wrong.any():
        at = tuple(int(n) for n in np.argwhere(wrong)[0])
        raise CheckpointError(
            "%s: is a variance and holds %g at %s (%d such in all), to which "
            "%g is added; expected more than 0 in all. Get the file again, or "
            "pass names= if it is another array than its name says."
            % (name, variance[at], list(at), wrong.sum(),
               plan.entry.epsilon))


def _cast(value, slot):
    """Return a value in the parameter's type, unless that loses it."""
    dtype = np.dtype(slot.param.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        cast = np.ascontiguousarray(value, dtype).reshape(value.shape)
    if np.can_cast(value.dtype, dtype):
        return cast
    lost = (cast != value if dtype.kind in "biu"
            else np.isinf(cast) & np.isfinite(value))
    if lost.any():
        raise CheckpointError(
            "%s: gets values up to %g, such as %r; expected what fits into "
            "%s." % (slot.name, np.abs(value).max(),
                     value[lost].flat[0].item(), dtype))
    return cast


def names_by_action(plans):
    """Return the names of the parameters that each thing was done to.

    Parameters
    ----------
    plans : list of Plan
        What was done.

    Returns
    -------
    dict of str to tuple of str
        For ``copied``, ``turned``, ``permuted`` and ``left``.
    """
    return {action: names_with(plans, action)
            for action in TransferRecord._fields}


def names_with(plans, action):
    """Return the names of the parameters that one thing was done to.

    Parameters
    ----------
    plans : list of Plan
        What was done.
    action : str
        Such as ``turned``.

    Returns
    -------
    tuple of str
        Each name once.
    """
    return tuple(dict.fromkeys(plan.slot.name for plan in plans
                               if action in plan.actions))
