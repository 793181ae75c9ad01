"""Load a checkpoint into a network: work out everything, then change it."""
import fnmatch
from collections import namedtuple

import numpy as np

from .conventions import (DENSE_AXES, FORMAT_CONVENTIONS, convention_of,
                          convention_of_format, find_row)
from .errors import CheckpointError, ConventionError, FlipconvError
from .flattening import rows_for
from .formats.record import Entry
from .kernels import Convention, convert_kernel, plan_conversion
from .matching import match
from .transfer import TransferRecord, slots_of

__all__ = ["LoadRecord", "Options", "entries_of", "load_into", "plan_load",
           "value_of"]

AS_IN_NETWORK = "as in network"

#: What :func:`lasagne_flipconv.load` is told.
Options = namedtuple("Options", "orientation inputs strict prefix names "
                     "leave_last data_format",
                     defaults=(None, None, True, "", {}, 0, None))

#: What a load did, as names of parameters: those of a TransferRecord, then
#: `computed` (inverse deviations from variances), and, for `strict=False`,
#: `missing` parameters, `unused` arrays, and `refused` with the reason.
LoadRecord = namedtuple("LoadRecord", TransferRecord._fields
                        + ("computed", "missing", "unused", "refused"))

#: One value to set: `source` and `target` are conventions of a kernel;
#: `transpose` and `rows` are for dense layers: axes to swap, and an index.
Plan = namedtuple("Plan", "slot entry source target transpose rows actions")


def load_into(network, checkpoint, options=None):
    """Put the values of a checkpoint into a network, or change nothing.

    Parameters
    ----------
    network : lasagne.layers.Layer or list of lasagne.layers.Layer
        Output layer or layers.
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
    options = options or Options()
    if options.orientation == "detect":
        from .detect import detected
        options = options._replace(orientation=detected(
            network, checkpoint, options))
    plans, matches, refused = plan_load(network, checkpoint, options)
    if options.strict:
        _refuse_rest(matches, checkpoint.where)
    _set_all(plans)
    return _record(plans, matches, refused)


def plan_load(network, checkpoint, options):
    """Work out what a load has to do, without changing anything.

    Parameters
    ----------
    network : lasagne.layers.Layer or list of lasagne.layers.Layer
        Output layer or layers.
    checkpoint : Checkpoint
        The file.
    options : Options
        What :func:`lasagne_flipconv.load` is told.

    Returns
    -------
    plans : list of Plan
        One for each parameter of each layer that gets a value.
    matches : Matches
        What is left over.
    refused : dict of str to str
        Parameter → why its value does not fit; empty if strict.

    Raises
    ------
    FlipconvError
        If strict, and a value does not fit.
    """
    matches = match(slots_of(network), checkpoint, options)
    if options.strict:
        _refuse_rest(matches, checkpoint.where)
    _check_mapping(options.orientation, matches.pairs)
    plans, refused = [], {}
    for slot, entry in matches.pairs:
        try:
            plans.append(_plan(slot, entry, checkpoint.where, options))
        except FlipconvError as error:
            if options.strict:
                raise
            refused[slot.name] = str(error)
    return plans, matches, refused


def _refuse_rest(matches, where):
    if matches.missing or matches.unused:
        raise CheckpointError(
            "%s: has nothing for %s, and holds %s besides; expected one array "
            "for each parameter. Build the network that it was saved from, or "
            "pass strict=False, names=, prefix= or leave_last=." % (
                where, _listed([s.name for s in matches.missing]),
                _listed([e.name for e in matches.unused])))


def _listed(names):
    more = ", … (%d in all)" % len(names) if len(names) > 6 else ""
    return (", ".join(names[:6]) + more) or "no more"


def _check_mapping(orientation, pairs):
    """Refuse a name in a mapping that nothing has."""
    if isinstance(orientation, dict):
        for pattern in orientation:
            if not any(_named_so(pattern, *pair) for pair in pairs):
                raise ConventionError(
                    "orientation: %r is no name of a layer or parameter; "
                    "expected names as in the network or the file, or "
                    "patterns with '*'." % pattern)


def _named_so(pattern, slot, entry):
    names = (slot.name, slot.layer.name, entry.name, entry.layer)
    return any(name and fnmatch.fnmatchcase(name, pattern) for name in names)


def _plan(slot, entry, where, options):
    """Work out what has to be done to one value."""
    name = "%s in %s → %s" % (entry.name, where, slot.name)
    if entry.dtype.kind not in "biuf":
        raise CheckpointError("%s: has dtype %s; expected numbers."
                              % (name, entry.dtype))
    if slot.kernel:
        plan = _plan_kernel(slot, entry, name, options)
    else:
        plan = _plan_other(slot, entry, name, options)
    shape, wanted = _shape_after(plan), _shape(slot)
    if shape != wanted:
        raise CheckpointError(
            "%s: has shape %r%s; expected %r." % (
                name, tuple(entry.shape), "" if shape == entry.shape
                else ", which becomes %r" % (shape,), wanted))
    return plan


def _shape(slot):
    return slot.param.get_value(borrow=True).shape


def _plan_kernel(slot, entry, name, options):
    target = convention_of(slot.layer)
    source = _source(slot, entry, name, options.orientation, target)
    if source.orientation is None and _does_not_matter(entry, source):
        source = source._replace(orientation=target.orientation)
    if source.orientation is None:
        raise ConventionError(
            "%s: the file does not say whether its kernels are for "
            "convolution or correlation. Pass orientation='convolution' if "
            "they come from Conv2DLayer, 'correlation' if from "
            "Conv2DDNNLayer, Conv2DMMLayer, PyTorch, TensorFlow or ONNX, "
            "'as in network' if from a network of the same classes." % name)
    steps = plan_conversion(entry.shape, source, target, name)
    actions = {word for word, done in (("turned", steps.reverse),
                                       ("permuted", steps.permutation))
               if done} or {"copied"}
    return Plan(slot, entry, source, target, None, None, actions)


def _source(slot, entry, name, orientation, target):
    """Return the convention of a kernel in the file."""
    row = find_row(slot.layer)
    recorded = entry.convention
    told = _told(orientation, slot, entry)
    if told == AS_IN_NETWORK:
        told = target
    elif told in FORMAT_CONVENTIONS:
        told = convention_of_format(told, row.n, row.family == "transposed")
    elif isinstance(told, str) or told is None:
        told = Convention(target.axes, told)
    else:
        told = Convention(*told)
    if recorded is None:
        return told
    if entry.kind in ("conv", "transposed") and (
            (entry.kind == "transposed") != (row.family == "transposed")):
        raise ConventionError(
            "%s: is the kernel of a %s convolution in the file, of a %s one "
            "in the network; expected the same."
            % (name, "transposed" if entry.kind == "transposed" else
               "forward", row.family))
    if not isinstance(recorded, Convention):
        recorded = convention_of_format(recorded, row.n,
                                        row.family == "transposed")
    return _agreed(recorded, told, name, orientation, entry)


def _agreed(recorded, told, name, orientation, entry):
    if recorded.orientation is None:
        return recorded._replace(orientation=told.orientation)
    if (told.orientation not in (None, recorded.orientation)
            and any(entry.shape[i] != 1 for i in recorded.spatial)):
        raise ConventionError(
            "%s: the file says %r, orientation=%r says %r; expected both to "
            "agree. Leave orientation out: the file knows."
            % (name, recorded.orientation, orientation, told.orientation))
    return recorded


def _told(orientation, slot, entry):
    """Return what the user says of one kernel."""
    if not isinstance(orientation, dict):
        return orientation
    found = {pattern: value for pattern, value in orientation.items()
             if _named_so(pattern, slot, entry)}
    if len(set(found.values())) > 1:
        raise ConventionError(
            "orientation: %s fit %s, and say different things; expected one "
            "value for each." % (" and ".join(map(repr, found)), slot.name))
    return next(iter(found.values()), None)


def _does_not_matter(entry, source):
    """Tell whether a kernel is its own reverse."""
    if len(entry.shape) != len(source.axes):
        return False
    if all(entry.shape[i] == 1 for i in source.spatial):
        return True
    kernel = entry.read()
    return np.array_equal(kernel, np.flip(kernel, source.spatial),
                          equal_nan=kernel.dtype.kind == "f")


def _plan_other(slot, entry, name, options):
    if entry.kind in ("conv", "transposed"):
        raise ConventionError("%s: is a convolution kernel in the file, not "
                              "in the network; expected the same." % name)
    actions, transpose, rows = {"copied"}, None, None
    if entry.role == "variance" and slot.attribute == "inv_std":
        actions = {"computed"}
    dense = slot.attribute == "W" and any(
        cls.__name__ == "DenseLayer" for cls in type(slot.layer).__mro__)
    if dense and _dense_axes(slot, entry, options) == "OI":
        transpose, actions = (1, 0), {"permuted"}
    if entry.rows and (dense or len(entry.shape) == 1):
        rows = rows_for(slot, entry, name, options.data_format)
        actions = actions if rows is None else actions | {"permuted"}
    return Plan(slot, entry, None, None, transpose, rows,
                actions if len(actions) == 1 else actions - {"copied"})


def _dense_axes(slot, entry, options):
    """Return the order of axes in the file of what a dense layer multiplies.
    """
    told = entry.convention
    if told is None:
        told = _told(options.orientation, slot, entry)
    if told in ("OI", "IO"):
        return told
    return DENSE_AXES.get(told, "IO") if isinstance(told, str) else "IO"


def _shape_after(plan):
    shape = tuple(plan.entry.shape)
    if plan.source is not None:
        return tuple(shape[plan.source.axes.index(a)]
                     for a in plan.target.axes)
    return tuple(shape[i] for i in plan.transpose) if plan.transpose and (
        len(shape) == 2) else shape


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
    if "computed" in plan.actions:
        value = 1 / np.sqrt(value + np.asarray(entry.epsilon, value.dtype))
    return _cast(value, plan.slot)


def _cast(value, slot):
    """Return a value in the parameter's type, unless that loses it."""
    dtype = np.dtype(slot.param.dtype)
    with np.errstate(over="ignore"):
        cast = np.ascontiguousarray(value, dtype).reshape(value.shape)
    if not np.can_cast(value.dtype, dtype) and (
            np.isinf(cast) & np.isfinite(value)).any():
        raise CheckpointError(
            "%s: gets values up to %g; expected what fits into %s."
            % (slot.name, np.abs(value).max(), dtype))
    return cast


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
    network : lasagne.layers.Layer or list of lasagne.layers.Layer
        Output layer or layers.

    Returns
    -------
    tuple of Entry
        In the order of ``get_all_param_values``, each kernel with its
        convention.
    """
    slots = {}
    for slot in slots_of(network):
        slots.setdefault(slot.param, slot)
    return tuple(_entry(slot) for slot in slots.values())


def _entry(slot):
    value = slot.param.get_value(borrow=True)
    transposed = slot.kernel and find_row(slot.layer).family == "transposed"
    return Entry(
        slot.name, value.shape, value.dtype,
        lambda: np.asarray(slot.param.get_value(borrow=True)),
        slot.layer.name, slot.attribute,
        ("transposed" if transposed else "conv") if slot.kernel else None,
        convention_of(slot.layer) if slot.kernel else None)
