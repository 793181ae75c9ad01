"""Move parameter values from layer to layer and network to network.

What goes where is worked out as a whole first; only if everything fits is the
first value set.
"""
from collections import namedtuple
from typing import NamedTuple

import numpy as np
from lasagne.layers import get_all_layers
from theano.compile import SharedVariable

from ..conventions import convention_of, find_row, name_of
from ..errors import ConventionError
from ..formats.common.naming import unique
from ..kernels import Convention, convert_kernel, plan_conversion
from .networks import layers_given, names_of, outputs_of

__all__ = ["TransferRecord", "transfer", "put_values"]


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

    copied: tuple
    turned: tuple
    permuted: tuple
    left: tuple


#: A parameter as one layer holds it: `name` is its own, `param` the variable,
#: `attribute` its name in the layer or None, `kernel` whether it is the
#: layer's kernel, `group` a name of the layer that no other has.
Slot = namedtuple("Slot", "layer name param attribute kernel group")

#: A value to put into a slot: `convention` is None where it is no kernel,
#: `slot` is where it comes from or None.
Given = namedtuple("Given", "name value convention slot")

#: One value ready to be set.
_Step = namedtuple("_Step", "slot value actions")


def transfer(source, target, deep=True):
    """Copy all parameter values between layers or networks, made to fit.

    The two have the same architecture, but may have other layer classes or
    flags. Kernels are turned and their axes permuted exactly where the two
    sides differ; everything else is copied unchanged. Parameters are matched
    in the order of :func:`lasagne.layers.get_all_param_values`.

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
        If one value does not fit. No parameter has been changed then.

    Examples
    --------
    >>> from lasagne_flipconv.layers import Conv2DLayer, Conv2DDNNLayer
    >>> source = Conv2DLayer((None, 3, 9, 9), 4, 3, name="one")
    >>> target = Conv2DDNNLayer((None, 3, 9, 9), 4, 3, name="two")
    >>> transfer(source, target)
    TransferRecord(copied=('two.b',), turned=('two.W',), permuted=(), left=())
    """
    sources, targets = (slots_of(network, deep, "transfer")
                        for network in (source, target))
    if len(sources) != len(targets):
        raise ConventionError(_first_difference(sources, targets))
    givens = [Given(s.name, _value(s), _convention(s), s) for s in sources]
    return assign(targets, givens)


def put_values(network, values, orientation=None, where="values"):
    """Put a list of values, as Lasagne saves it, into a network.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.
    values : list of array_like
        In the order of :func:`lasagne.layers.get_all_param_values`; kernels
        with axes as the layers have them.
    orientation : {'convolution', 'correlation', None}
        What the kernels are for; None only if all are 1×1.
    where : str
        What the values come from, for error texts.

    Returns
    -------
    TransferRecord
        What was copied, turned and permuted, by name.

    Raises
    ------
    ConventionError
        If one value does not fit, or the orientation matters and is None. No
        parameter has been changed then.
    """
    slots = slots_of(network)
    index = {}
    for slot in slots:
        index.setdefault(slot.param, len(index))
    if len(index) != len(values):
        raise ConventionError(
            "%s: holds %d values; expected %d, as the network has parameters "
            "(from %s to %s). Build the network that they were saved from."
            % (where, len(values), len(index), slots[0].name if slots else "-",
               slots[-1].name if slots else "-"))
    givens = []
    for slot in slots:
        i = index[slot.param]
        convention = _convention(slot)
        if convention is not None:
            convention = Convention(convention.axes, orientation)
        givens.append(Given("value %d of %s" % (i, where),
                            np.asarray(values[i]), convention, None))
    return assign(slots, givens)


def slots_of(network, deep=True, where="network"):
    """Return every parameter of a network, once for each layer that has it.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        See :func:`lasagne_flipconv.weights.networks.outputs_of`.
    deep : bool, default True
        Whether to include the layers that feed into these.
    where : str
        Who asks, for error texts.

    Returns
    -------
    list of Slot
        In the order of :func:`lasagne.layers.get_all_params`; no two have the
        same name.

    Raises
    ------
    ConventionError
        If a parameter is an expression, or a layer's class is not known.
    TypeError
        If it is no network.
    """
    layers = get_all_layers(outputs_of(network, where)) if deep else (
        layers_given(network, where))
    names, taken = names_of(layers), {}
    return [_slot(layer, names[layer], param, taken) for layer in layers
            for param in layer.params]


def _slot(layer, layer_name, param, taken):
    attribute = next((name for name, value in vars(layer).items()
                      if value is param), None)
    name = unique("%s.%s" % (layer_name, str(attribute or param.name)[-99:]),
                  taken)
    if not isinstance(param, SharedVariable):
        raise ConventionError(
            "%s: is the expression %s; expected a shared variable, as an "
            "expression cannot be assigned. Transfer the layers that hold "
            "what it is computed from." % (name, param))
    kernel = attribute == "W" and find_row(layer) is not None
    return Slot(layer, name, param, attribute, kernel, layer_name)


def _first_difference(sources, targets):
    pairs = list(zip(sources, targets))
    at = next((i for i, (s, t) in enumerate(pairs)
               if _shape(s) != _shape(t) or s.attribute != t.attribute),
              len(pairs))
    told = [slots[at].name + " %r" % (_shape(slots[at]),)
            if at < len(slots) else "nothing" for slots in (sources, targets)]
    return ("transfer: the source has %d parameters, the target %d; expected "
            "the same architecture. They first differ at position %d: %s in "
            "the source, %s in the target."
            % (len(sources), len(targets), at, told[0], told[1]))


def _value(slot):
    return slot.param.get_value(borrow=True)


def _shape(slot):
    return _value(slot).shape


def _convention(slot):
    return convention_of(slot.layer) if slot.kernel else None


def assign(slots, givens):
    """Put one value into each slot, or change nothing.

    Parameters
    ----------
    slots : list of Slot
        Where to put the values; a variable may occur several times.
    givens : list of Given
        The values, one per slot.

    Returns
    -------
    TransferRecord
        What was done, by name.

    Raises
    ------
    ConventionError
        If a value does not fit its slot, or two values for one variable
        differ.
    """
    steps = [_step(slot, given) for slot, given in zip(slots, givens)]
    steps = _merged(steps)
    _refuse_shared(steps, givens)
    _set_all([step for step in steps if step.actions != {"left"}])

    def names(action):
        return tuple(s.slot.name for s in steps if action in s.actions)

    return TransferRecord(names("copied"), names("turned"), names("permuted"),
                          names("left"))


def _step(slot, given):
    where = "%s → %s" % (given.name, slot.name)
    _check_roles(slot, given, where)
    value, actions = given.value, {"copied"}
    if slot.kernel:
        value, actions = _converted(slot, given, where)
    if value.shape != _shape(slot):
        raise ConventionError("%s: has shape %r; expected %r."
                              % (where, value.shape, _shape(slot)))
    if given.slot is not None and given.slot.param is slot.param:
        if "turned" in actions or "permuted" in actions:
            raise ConventionError(
                "%s: both hold the same variable, in different conventions "
                "%s; expected two variables. Give the target a W of its own."
                % (where, (given.convention, convention_of(slot.layer))))
        return _Step(slot, value, {"left"})
    return _Step(slot, _cast(value, slot.param.dtype, where), actions)


def _check_roles(slot, given, where):
    source = given.slot
    if source is None:
        return
    if slot.kernel != source.kernel:
        raise ConventionError(
            "%s: %s is a convolution kernel, the other is not; expected the "
            "same kind of layer on both sides."
            % (where, name_of((slot if slot.kernel else source).layer)))
    if slot.kernel:
        _check_families(slot.layer, source.layer, where)
    elif None not in (slot.attribute, source.attribute):
        if slot.attribute != source.attribute:
            raise ConventionError(
                "%s: one is %s of a %s, the other %s of a %s; expected the "
                "same parameter on both sides."
                % (where, source.attribute, type(source.layer).__name__,
                   slot.attribute, type(slot.layer).__name__))
    if not slot.kernel and type(slot.layer) is not type(source.layer):
        _refuse_unknown_kernel(slot, where)


def _refuse_unknown_kernel(slot, where):
    if slot.attribute == "W" and slot.param.ndim > 2:
        raise ConventionError(
            "%s: has %d axes and may be a kernel, but %s has no known "
            "convention; expected a known layer. Declare it with "
            "lasagne_flipconv.conventions.register."
            % (where, slot.param.ndim, type(slot.layer).__name__))


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


def _converted(slot, given, where):
    target = convention_of(slot.layer)
    plan = plan_conversion(given.value.shape, given.convention, target, where)
    value = convert_kernel(given.value, given.convention, target, where)
    actions = set()
    if plan.reverse:
        actions.add("turned")
    if plan.permutation:
        actions.add("permuted")
    return value, actions or {"copied"}


def _cast(value, dtype, where):
    if value.dtype.kind not in "biuf":
        raise ConventionError("%s: has dtype %s; expected numbers."
                              % (where, value.dtype))
    with np.errstate(over="ignore"):
        cast = value.astype(dtype)
    if np.isinf(cast).any() and np.isfinite(value[np.isinf(cast)]).any():
        raise ConventionError(
            "%s: has values up to %g; expected what fits into %s."
            % (where, np.abs(value).max(), dtype))
    return cast


def _merged(steps):
    by_param = {}
    for step in steps:
        first = by_param.setdefault(step.slot.param, step)
        if not np.array_equal(first.value, step.value, equal_nan=True):
            raise ConventionError(
                "%s and %s: share one variable, but need different values, "
                "as one of the two reads it the other way round or holds "
                "something else; expected the same. Give one of the layers a "
                "W of its own." % (first.slot.name, step.slot.name))
    return list(by_param.values())


def _refuse_shared(steps, givens):
    sources = {given.slot.param for given in givens if given.slot is not None}
    for step in steps:
        if step.slot.param in sources and step.actions != {"left"}:
            raise ConventionError(
                "%s: its variable also belongs to the source, at another "
                "place; expected a variable of its own." % step.slot.name)


def _set_all(steps):
    old = [step.slot.param.get_value(borrow=False) for step in steps]
    try:
        for step in steps:
            step.slot.param.set_value(step.value, borrow=True)
    except BaseException:
        for step, value in zip(steps, old):
            step.slot.param.set_value(value, borrow=True)
        raise
