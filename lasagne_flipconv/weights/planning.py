"""Work out what a load has to do to each value, before anything is changed."""
from __future__ import annotations

from collections import namedtuple
from typing import Any, Dict, NamedTuple, Optional

from ..conventions import convention_of, find_row, name_of
from ..errors import CheckpointError, ConventionError
from ..kernels import plan_conversion
from .applying import check_variance
from .flattening import columns_for, is_gate, mixes, rows_for
from .matching import match
from .networks import (consumers_in, exchangeable, expressions_in, is_dense,
                       outputs_of, slots_of, steps_in)
from .orientation.words import (check_order, check_square, dense_axes,
                                epsilon_of, rows_told)
from .plain import (as_depthwise, as_parameter, check_computed, check_plain,
                    check_source, computes_matrix)
from .telling import (AS_IN_NETWORK, axes_like, check_mapping, source_of,
                      told_of)

__all__ = ["Options", "Plan", "check_fit", "plan_kernel", "plan_load"]


class Options(NamedTuple):
    """Hold what :func:`lasagne_flipconv.load` is told, which see.

    Parameters
    ----------
    orientation : str, Convention, dict or None
        What the kernels in the file are for.
    inputs : numpy.ndarray or None
        Inputs to find that out by.
    strict : bool
        Whether everything must fit.
    prefix : str
        How the names to load begin.
    names : dict of str to str
        Names in the file → in the network.
    leave_last : int
        How many layers to leave alone.
    data_format : str, dict of str, or None
        Order of the axes that dense layers flattened.
    epsilon : float or None
        What is added to variances.
    blind : bool
        Whether what the file says of orientation is left aside.
    """

    orientation: Any = None
    inputs: Any = None
    strict: bool = True
    prefix: str = ""
    names: Dict[str, str] = {}
    leave_last: int = 0
    data_format: Any = None
    epsilon: Optional[float] = None
    blind: bool = False


class Plan(namedtuple("Plan", "slot entry source target transpose rows "
                      "actions columns", defaults=(None,))):
    """Hold what has to be done to one value before it is set.

    Parameters
    ----------
    slot : Slot
        Where it goes.
    entry : Entry
        The value.
    source, target : Convention or None
        Those of a kernel, as it is and as it has to be.
    transpose : tuple of int or None
        Axes of a dense layer's weights to swap.
    rows : numpy.ndarray or None
        Index that puts a dense layer's rows into order.
    actions : set of str
        What that is called in a record: ``copied``, ``turned``, ``permuted``,
        ``computed``, ``left``.
    columns : numpy.ndarray or None
        Index that puts a dense layer's columns into order.
    """

    __slots__ = ()


def plan_load(network, checkpoint, options):
    """Work out what a load has to do, without changing anything.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.
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
    CheckpointError
        If strict, and a value does not fit.
    ConventionError
        If something that matters is not known, strict or not.
    """
    matches = match(slots_of(network), checkpoint, options)
    if options.strict:
        _refuse_rest(matches, checkpoint.where)
    check_mapping("orientation", options.orientation, matches.pairs)
    check_mapping("data_format", options.data_format, matches.pairs)
    plans, refused = [], {}
    outputs = outputs_of(network, "load")
    around = consumers_in(outputs), steps_in(outputs)
    if checkpoint.siblings != "as here" and not matches.named:
        _refuse_either_order(outputs, matches.pairs, checkpoint)
    for slot, entry in matches.pairs:
        try:
            if refused and not matches.aligned:
                raise _adrift(slot, entry, checkpoint.where, refused)
            plans.append(_plan(slot, entry, checkpoint.where, options,
                               around))
        except CheckpointError as error:
            if options.strict:
                raise
            refused[slot.name] = str(error)
    _refuse_one_word(plans, options.data_format, checkpoint.where)
    check_computed(plans, expressions_in(outputs, "load"), checkpoint.where,
                   options)
    return plans, matches, refused


def _refuse_one_word(plans, told, where):
    """Refuse one word for a flatten and a reshape of Keras, which are in other
    orders where channels come first."""
    rows, columns = (
        [plan.slot.name for plan in plans if plan.slot.param.ndim > 1 and (
            plan.entry.rows == "either" and getattr(plan, of) is not None)]
        for of in ("rows", "columns"))
    if told == "channels_last" and rows and columns:
        raise ConventionError(
            "%s: data_format=%r is for %s, behind a flatten, and for %s, "
            "before a reshape; expected one for each, as Flatten of Keras "
            "moves the channels to the end, and Reshape does not. Pass "
            "data_format=%r if the network has channels last; if first, %s."
            % (where, told, _listed(rows), _listed(columns),
               dict.fromkeys(rows + columns, told),
               "load the file of the whole model" if set(rows) & set(columns)
               else "'channels_first' for what is before a reshape"))


def _refuse_either_order(network, pairs, checkpoint):
    """Refuse an order in which layers side by side may have changed places.

    Keras has the layers of two towers in turns, by their depth, PyTorch as
    they were registered. What adds or multiplies them may have any first.
    """
    once = {slot.param: slot for slot, _ in reversed(pairs)}
    found = exchangeable(network, [
        (slot.layer, slot.shape) for slot, _ in pairs
        if once[slot.param] is slot], checkpoint.siblings == "as joined")
    if found and any(entry.layer != slot.layer.name for slot, entry in pairs):
        names = {slot.layer: slot.group for slot, _ in pairs}
        raise CheckpointError(
            "%s: has its layers in an order in which %s and %s, which lie "
            "side by side and are alike, may have changed places; "
            "expected names to tell. Name the network's layers as in the "
            "file, or pass names={'theirs': 'ours'}."
            % (checkpoint.where, *(names.get(layer) or name_of(layer)
                        for layer in found)))


def _adrift(slot, entry, where, refused):
    return CheckpointError(
        "%s in %s → %s: comes after %s, which does not fit; expected names, "
        "or as many values as the network has parameters, to know what goes "
        "where. Pass names=, prefix= or leave_last=."
        % (entry.name, where, slot.name, next(iter(refused))))


def _refuse_rest(matches, where):
    """Refuse to leave parameters or arrays of a file over; a number beside a
    list of arrays, such as that of the epoch, is none of them."""
    lacking = _listed([slot.name for slot in matches.missing])
    left = _listed([entry.name for entry in [
        *matches.unused, *(e for e in matches.beside if e.shape)]])
    if lacking or left:
        wrong = ("has nothing for %s, and holds %s besides" % (lacking, left)
                 if lacking and left else "has nothing for " + lacking
                 if lacking else "holds %s besides, which no parameter takes"
                 % left)
        raise CheckpointError(
            "%s: %s; expected one array for each parameter. Build the network "
            "that it was saved from, or pass strict=False, names=, %s or "
            "leave_last=." % (where, wrong, matches.prefix))


def _listed(names):
    more = ", … (%d in all)" % len(names) if len(names) > 6 else ""
    return ", ".join(names[:6]) + more


def _plan(slot, entry, where, options, around):
    """Work out what has to be done to one value."""
    name = "%s in %s → %s" % (entry.name, where, slot.name)
    check_source(slot, entry, name, options)
    if slot.kernel:
        target, entry = convention_of(slot.layer), as_depthwise(slot, entry)
        _check_kind(slot, entry, name, target)
        source = source_of(slot, entry, name, options, target)
        plan = plan_kernel(slot, entry, source, name)
        if slot.readers and told_of(options.orientation, slot,
                                    entry) != AS_IN_NETWORK:
            _check_readers(slot, entry, source, name)
    else:
        plan = _plan_other(slot, as_parameter(slot, entry, options), name,
                           options, around)
    check_fit(plan, name)
    if "computed" in plan.actions:
        check_variance(plan, name)
    return plan


def _check_readers(slot, entry, source, name):
    """Refuse a kernel from which another is computed that is read otherwise.
    """
    same = all(convention_of(reader).orientation == source.orientation
               for reader in slot.readers)
    if not (same if entry.reader is None else entry.reader == slot.reader):
        raise ConventionError(
            "%s: is %r, %s; in the network %s computes its W from it; "
            "expected the same on both sides. Build the network with layers, "
            "or flip_filters, that read kernels as the source does."
            % (name, tuple(source), "as are all in the file" if (
                entry.reader is None) else "of which %s computes its W" %
                entry.reader, slot.reader))


def check_fit(plan, name):
    """Refuse a value that is none, or has not the shape of its parameter.

    Parameters
    ----------
    plan : Plan
        What to do.
    name : str
        Of the value and the parameter, for the error text.

    Raises
    ------
    CheckpointError
        If it does not fit.
    """
    entry, shape, wanted = plan.entry, _shape_after(plan), plan.slot.shape
    if entry.dtype.kind not in "biuf":
        raise CheckpointError("%s: has dtype %s; expected numbers."
                              % (name, entry.dtype))
    if shape != wanted:
        raise CheckpointError(
            "%s: has shape %r%s; expected %r.%s" % (
                name, tuple(entry.shape), "" if shape == entry.shape
                else ", which becomes %r" % (shape,), wanted,
                _axes_meant(plan, entry, wanted)))


def _axes_meant(plan, entry, wanted):
    """Return what to pass for axes that look to be in another order."""
    if plan.target is not None:
        return axes_like(plan.slot, entry, plan.target)
    if not is_dense(plan.slot.layer) or len(wanted) != 2 or (
            tuple(entry.shape) != (wanted if plan.transpose
                                   else wanted[::-1])):
        return ""
    order = "IO" if plan.transpose else "OI"
    return (" Its axes look like %s: pass orientation={%r: %r}, or a format "
            "such as %r for all." % (
                {"IO": "(input, output)", "OI": "(output, input)"}[order],
                plan.slot.name, order,
                {"IO": "tensorflow", "OI": "torch"}[order]))


def plan_kernel(slot, entry, source, name):
    """Work out what has to be done to a kernel whose convention is known.

    Parameters
    ----------
    slot : Slot
        The kernel in the network.
    entry : Entry
        The kernel that is given.
    source : Convention
        Its convention.
    name : str
        Of both, for error texts.

    Returns
    -------
    Plan
        What to do.

    Raises
    ------
    ConventionError
        If it cannot be done.
    """
    target = convention_of(slot.layer)
    steps = plan_conversion(entry.shape, source, target, name)
    actions = {word for word, done in (("turned", steps.reverse),
                                       ("permuted", steps.permutation))
               if done} or {"copied"}
    if slot.readers and actions != {"copied"}:
        reader = slot.layer if slot.computed else slot.readers[0]
        raise ConventionError(
            "%s: is %r, and %s, which reads %r, computes its W from it; "
            "expected the same on both sides, as what it computes from a "
            "turned kernel is not known. Build the network with layers, or "
            "flip_filters, that read kernels as the source does."
            % (name, tuple(source), name_of(reader), tuple(target)))
    return Plan(slot, entry, source, target, None, None, actions)


def _check_kind(slot, entry, name, target):
    """Refuse what cannot be this kernel in any convention."""
    family = "transposed" if find_row(slot.layer).family == "transposed" else (
        "forward")
    theirs = {"conv": "forward", "transposed": "transposed",
              "dense": "dense"}.get(entry.kind, family)
    if theirs != family:
        raise CheckpointError(
            "%s: is the weight of a %s layer in the file, of a %s convolution "
            "in the network; expected the same." % (name, theirs, family))
    if sorted(entry.shape) != sorted(slot.shape):
        raise CheckpointError(
            "%s: kernel has shape %r; expected the sizes of %r = %r in some "
            "order." % (name, tuple(entry.shape), target.axes, slot.shape))


def _plan_other(slot, entry, name, options, around):
    check_plain(slot, entry, name, options)
    actions, transpose = set(), None
    if entry.role == "variance" and slot.attribute == "inv_std":
        entry = entry._replace(epsilon=epsilon_of(slot, entry, name, options))
        actions.add("computed")
    dense = slot.attribute == "W" and is_dense(slot.layer)
    if dense:
        check_order(slot, entry, name, options)
        check_square(slot, entry, name, options)
    if dense and dense_axes(slot, entry, options) == "OI":
        transpose = (1, 0)
    rows, columns = _places(slot, entry, name, options, transpose, *around)
    if transpose or rows is not None or columns is not None:
        actions.add("permuted")
    return Plan(slot, entry, None, None, transpose, rows,
                actions or {"copied"}, columns)


def _places(slot, entry, name, options, transpose, consumers, steps):
    """Return where the rows and columns of the network are in the file."""
    computed, lone = computes_matrix(slot), not mixes(slot.layer)
    gate = is_gate(slot)
    if not (lone or gate or is_dense(slot.layer)):
        return None, None
    told = rows_told(options, slot, entry)
    data_format = told_of(options.data_format, slot, entry, "data_format")
    entry = entry._replace(rows=entry.rows or told,
                           columns=entry.columns or told)
    if transpose:
        entry = entry._replace(shape=entry.shape[::-1])
    matrix = computed or gate or slot.attribute == "W"
    as_used = slot._replace(attribute="W") if computed else slot
    rows = columns = None
    if entry.rows and (matrix or lone):
        rows = rows_for(as_used, entry, name, data_format, steps)
    if entry.columns and not gate and (matrix or rows is None):
        columns = columns_for(as_used, entry, name, data_format, consumers)
    if computed and (rows is not None or columns is not None):
        raise ConventionError(
            "%s: has rows or columns in another order than the network, and "
            "what %s makes of them to compute its W is not known; expected "
            "the order of channels_first. Set it by hand."
            % (name, name_of(slot.layer)))
    return (rows, columns) if matrix or rows is not None else (columns, None)


def _shape_after(plan):
    shape = tuple(plan.entry.shape)
    if plan.source is not None:
        return tuple(shape[plan.source.axes.index(a)]
                     for a in plan.target.axes)
    return tuple(shape[i] for i in plan.transpose) if plan.transpose and (
        len(shape) == 2) else shape
