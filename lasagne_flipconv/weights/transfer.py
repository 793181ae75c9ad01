"""Move parameter values from layer to layer and network to network.

A transfer is a load whose source is a network: what goes where is planned as a
whole, then all values are set, or none.
"""
from __future__ import annotations

from itertools import zip_longest

import numpy as np
from theano.compile import SharedVariable
from theano.gof.graph import inputs
from theano.printing import pp
from theano.scan_module.scan_utils import equal_computations

from ..conventions import convention_of, find_row, name_of
from ..errors import CheckpointError, ConventionError
from .applying import TransferRecord, names_by_action, set_all
from .matching import without_prefix
from .networks import (Network, computed_in, entry_of, reading_of,
                       slots_of)
from .planning import Plan, check_fit, plan_kernel
from .told.arguments import check_flag

__all__ = ["TransferRecord", "transfer"]


def transfer(source: Network, target: Network,
             deep: bool = True) -> TransferRecord:
    """Copy all parameter values between layers or networks, made to fit.

    The two have the same architecture, but may have other layer classes or
    flags. Kernels are turned and their axes permuted exactly where the two
    sides differ; everything else is copied unchanged. Parameters are matched
    in the order of :func:`lasagne.layers.get_all_param_values`, which names
    that layers of both have must not contradict.

    Parameters
    ----------
    source, target : Layer, list or dict of Layer, or NeuralNet
        Network to copy from, and to copy to: its output layer or layers, all
        layers by name, or a ``NeuralNet`` of nolearn.
    deep : bool, default True
        Whether everything that feeds into the layers is copied as well, or
        just these layers.

    Returns
    -------
    TransferRecord
        What was copied, turned, permuted and left, by name.

    Raises
    ------
    ConventionError
        If one value does not fit, or `deep` is neither true nor false. No
        parameter has been changed then.
    TypeError
        If it is no network.

    Examples
    --------
    >>> from lasagne_flipconv.layers import Conv2DLayer, Conv2DDNNLayer
    >>> source = Conv2DLayer((None, 3, 9, 9), 4, 3, name="one")
    >>> target = Conv2DDNNLayer((None, 3, 9, 9), 4, 3, name="two")
    >>> transfer(source, target)
    TransferRecord(copied=('two.b',), turned=('two.W',), permuted=(), left=())
    """
    check_flag("deep", deep)
    sources, targets = (slots_of(network, deep, "transfer")
                        for network in (source, target))
    if len(sources) != len(targets):
        raise ConventionError(_first_difference(sources, targets))
    if deep:
        _check_names(sources, targets)
    try:
        plans = [_plan(*pair) for pair in zip(sources, targets)]
        _check_computed(source, target, deep,
                        [(theirs.param, ours.param)
                         for theirs, ours in zip(sources, targets)])
        _refuse_shared(plans, sources)
        set_all(plans)
    except CheckpointError as error:  # what does not fit, said of no file
        raise ConventionError(str(error)) from error
    return TransferRecord(**names_by_action(_once(plans)))


def _check_names(sources, targets):
    """Refuse an order in which layers of one name do not meet."""
    theirs, ours = (without_prefix(
        slot.group for slot in slots if slot.layer.name)
        for slots in (sources, targets))
    known = {name: group for group, name in theirs.items()}
    for source, target in zip(sources, targets):
        name = ours.get(target.group)
        if name in known and theirs.get(source.group) != name:
            raise ConventionError(
                "%s → %s: the source has a %r elsewhere; expected one order. "
                "Build both alike, or pass lists of the layers, and "
                "deep=False." % (source.name, target.name, known[name]))


def _plan(source, target):
    """Work out what has to be done to one value."""
    name = "%s → %s" % (source.name, target.name)
    _check_roles(target, source, name)
    # a copy, as it will be the target's own
    entry = entry_of(source)._replace(
        read=lambda: source.param.get_value(borrow=False))
    if target.kernel:
        plan = plan_kernel(target, entry, entry.convention, name)
    else:
        plan = Plan(target, entry, None, None, None, None, {"copied"})
    check_fit(plan, name)
    _check_readers(target, source, name)
    if source.param is not target.param:
        return plan
    if plan.actions != {"copied"}:
        raise ConventionError(
            "%s: both hold the same variable, in different conventions "
            "%s; expected two variables. Give the target a W of its own."
            % (name, (plan.source, plan.target)))
    return plan._replace(actions={"left"})


def _refuse_shared(plans, sources):
    """Refuse to change a variable that belongs to the source as well."""
    theirs = {slot.param for slot in sources}
    left = {plan.slot.param for plan in plans if "left" in plan.actions}
    for plan in plans:
        if plan.slot.param in theirs - left:
            raise ConventionError(
                "%s: its variable also belongs to the source, at another "
                "place; expected a variable of its own." % plan.slot.name)


def _once(plans):
    """Return the first plan for each variable."""
    found = {}
    for plan in plans:
        found.setdefault(plan.slot.param, plan)
    return found.values()


def _first_difference(sources, targets):
    pairs = list(zip(sources, targets))
    at = next((i for i, (s, t) in enumerate(pairs)
               if s.shape != t.shape or s.attribute != t.attribute),
              len(pairs))
    told = [slots[at].name + " %r" % (slots[at].shape,)
            if at < len(slots) else "nothing" for slots in (sources, targets)]
    return ("transfer: the source has %d parameters, the target %d; expected "
            "the same architecture. They first differ at position %d: %s in "
            "the source, %s in the target."
            % (len(sources), len(targets), at, told[0], told[1]))


def _check_roles(slot, source, where):
    if slot.kernel != source.kernel:
        raise ConventionError(
            "%s: %s is a convolution kernel, the other is not; expected the "
            "same kind of layer on both sides."
            % (where, name_of((slot if slot.kernel else source).layer)))
    if slot.computed != source.computed:
        raise ConventionError(
            "%s: the W of %s is computed from it, of %s it is W itself; "
            "expected the same on both sides."
            % ((where,) + tuple(name_of(each.layer) for each in sorted(
                (slot, source), key=lambda each: not each.computed))))
    if slot.kernel:
        _check_families(slot.layer, source.layer, where)
    elif None not in (slot.attribute, source.attribute) or (
            "W" in (slot.attribute, source.attribute)):
        if slot.attribute != source.attribute:
            raise ConventionError(
                "%s: one is %s of a %s, the other %s of a %s; expected the "
                "same parameter on both sides."
                % (where, _role(source), type(source.layer).__name__,
                   _role(slot), type(slot.layer).__name__))
    _refuse_unknown_kernel(slot, source, where)


def _role(slot):
    return slot.attribute or "what it computes a parameter from"


def _refuse_unknown_kernel(slot, source, where):
    """Refuse what may be a kernel that the two sides read in other ways."""
    if slot.unsure and not slot.readers and (
            _way(slot.layer) != _way(source.layer)):
        raise ConventionError(
            "%s: has %d axes and may be a kernel, but %s has no known "
            "convention for it; expected the same class and flip_filters on "
            "both sides, or the W of known layers. Build the target like the "
            "source (%s), or, if it is W, declare the class with "
            "lasagne_flipconv.conventions.register."
            % (where, slot.param.ndim, reading_of(slot.layer),
               reading_of(source.layer)))


def _way(layer):
    """Return what tells how a layer reads a parameter that is not known."""
    return (type(layer), getattr(layer, "flip_filters", None),
            find_row(layer) and convention_of(layer))


def _check_readers(slot, source, where):
    """Refuse a variable that a W is computed from in other conventions."""
    ours, theirs = ([tuple(convention_of(layer)) for layer in each.readers]
                    for each in (slot, source))
    if ours != theirs:
        raise ConventionError(
            "%s: a W is computed from it that is read as %s in the source, as "
            "%s here; expected the same on both sides, as what is computed "
            "from a turned kernel is not known. Build the network with "
            "layers, or flip_filters, that read kernels as the source does."
            % (where, theirs or "nothing", ours or "nothing"))


def _check_computed(source, target, deep, pairs):
    """Refuse parameters that the two networks compute by other expressions.
    """
    for theirs, ours in zip_longest(
            *(computed_in(network, deep, "transfer")
              for network in (source, target)), fillvalue=(None, None)):
        if None in (theirs[1], ours[1]) or not _are_alike(theirs[1], ours[1],
                                                          pairs):
            raise ConventionError(
                "%s → %s: a parameter is computed as %.200s in the source, as "
                "%.200s here; expected the same on both sides. Build the "
                "target like the source." % (
                    *(name or "nothing" for name, _ in (theirs, ours)),
                    *("nothing" if each is None else pp(each)
                      for _, each in (theirs, ours))))


def _are_alike(theirs, ours, pairs):
    """Tell whether two expressions compute the same of paired variables, and
    of others of one value."""
    known = {variable for pair in pairs for variable in pair}
    others = zip(*(
        [each for each in inputs([expression])
         if isinstance(each, SharedVariable) and each not in known]
        for expression in (theirs, ours)))
    pairs = [(x, y) for x, y in [*pairs, *(
        pair for pair in others if _have_one_value(*pair))]
        if x.type == y.type]
    return equal_computations([theirs], [ours], *map(list, zip(*pairs)))


def _have_one_value(*variables):
    """Tell whether two variables do, or are states of random numbers."""
    first, second = (each.get_value(borrow=True) for each in variables)
    return hasattr(variables[0], "default_update") or np.array_equal(first,
                                                                     second)


def _check_families(layer, source, where):
    ours, theirs = find_row(layer), find_row(source)
    if ours.family != theirs.family or ours.n != theirs.n:
        raise ConventionError(
            "%s: %s and %s compute different things; expected two %s layers "
            "over %d axes." % (where, name_of(source), name_of(layer),
                               ours.family, ours.n))
    groups = [getattr(x, "num_groups", 1) for x in (source, layer)]
    if groups[0] != groups[1]:
        raise ConventionError("%s: num_groups is %d in the source, %d in the "
                              "target; expected the same."
                              % (where, groups[0], groups[1]))
