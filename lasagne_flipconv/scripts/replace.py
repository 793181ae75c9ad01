"""Replace the convolution layers of a network that is already built.

A layer keeps its identity: it stays the same object with the same parameters
and gets another class, with the flags that leave its function as it is. All
that refers to it, be it a merge layer, an ``InverseLayer``, a wrapper or a
variable of the caller, refers to it still.
"""
from __future__ import annotations

import copy
from collections import namedtuple
from collections.abc import Mapping
from typing import Any, Dict, NamedTuple, Tuple

from lasagne.layers import Layer

from .. import layers
from ..axes import CONVOLUTION
from ..conventions import convention_of, find_row, name_of, row_of_class
from ..errors import ConventionError
from ..layers.conv import KNOWN_MODULES
from ..layers.geometry import effective, pad_pairs
from ..weights.networks import Network, layers_given, names_of, referred
from .comparing import comparison

__all__ = ["replace_layers"]


class Replaced(NamedTuple):
    """A layer that was replaced: its name, and its class before and after."""

    name: str
    old: type
    new: type


class Left(NamedTuple):
    """A layer with a kernel that was left alone, and why."""

    name: str
    reason: str


class ReplaceRecord(NamedTuple):
    """What was done."""

    replaced: Tuple[Replaced, ...]
    left: Tuple[Left, ...]


#: A layer, and what it is to be: a new layer of the same function.
_Step = namedtuple("_Step", "layer name new")

#: Attributes that a constructor takes under the same name.
_ARGUMENTS = ("stride", "pad", "crop", "output_size", "untie_biases",
              "dilation", "num_groups", "channelwise", "dimshuffle",
              "partial_sum", "convolution")

#: What they are unless told otherwise, beside sizes.
_DEFAULTS = {"untie_biases": False, "num_groups": 1, "channelwise": False,
             "dimshuffle": True, "partial_sum": 1}

#: Methods that compute, and where those lie that compute by the flags alone.
_COMPUTES = ("convolve", "get_output_for")
_KNOWN = ("lasagne.", "lasagne_flipconv.")

#: What a layer keeps of its own whatever it becomes.
_KEPT = ("params", "name", "input_layer", "input_shape", "get_output_kwargs")


def replace_layers(network: Network,
                   using: Dict[type, type] | None = None, *,
                   check: bool = False, inputs: Any = None) -> ReplaceRecord:
    """Replace convolution layers by others that compute the same.

    A layer stays the same object, with its parameters (the very same
    variables), their tags, its name and everything that was attached to it;
    its class changes, and its flags so that its function does not. So
    whatever refers to the layer or its parameters stays valid: merge layers,
    layers used twice, ``InverseLayer``, updates that are compiled already.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name. What they refer to is
        included, also as an attribute, as in ``InverseLayer``.
    using : dict of type to type, optional
        For each class of layer the class to use instead; other layers are
        left alone. By default each of Lasagne's convolution layers, and its
        ``BatchNormLayer``, gives way to the one of this package with the same
        name.
    check : bool, default False
        Whether to compute the outputs before and after on random input, and
        to undo everything if they differ.
    inputs : array or dict of Layer to array, optional
        What to check with, instead of random input.

    Returns
    -------
    ReplaceRecord
        What was replaced by what, and which layers with a kernel were left,
        and why.

    Raises
    ------
    ConventionError
        If a layer cannot be replaced as asked, or the check fails, or it is
        missing where a class computes in a way of its own. Nothing has been
        changed then.
    TypeError
        If `network` or `using` hold something else.

    Examples
    --------
    >>> from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer
    >>> layer = Conv2DDNNLayer((None, 3, 9, 9), 4, 3, name="conv1")
    >>> record = replace_layers(layer, {Conv2DDNNLayer: Conv2DLayer})
    >>> [(name, new.__name__) for name, _, new in record.replaced]
    [('conv1', 'Conv2DLayer')]
    >>> type(layer) is Conv2DLayer, layer.flip_filters
    (True, False)
    """
    outputs = layers_given(network, "replace_layers")
    using = _checked_mapping(using)
    steps, left, reached = [], [], reachable(outputs)
    for layer, name in names_of(reached).items():
        new_class, reason = _choice(layer, using)
        if new_class is not None:
            if not check:
                _refuse_own_function(layer, new_class)
            steps.append(_Step(layer, name, _rebuilt(layer, new_class)))
        elif reason:
            left.append(Left(name, reason))
    record = ReplaceRecord(
        tuple(Replaced(s.name, type(s.layer), type(s.new)) for s in steps),
        tuple(left))
    _replace_all(steps, comparison(outputs, reached, inputs) if check
                 else None)
    return record


def _checked_mapping(using):
    if using is None:
        return None
    if not isinstance(using, Mapping):
        raise TypeError("replace_layers: using=%r; expected a dict of layer "
                        "classes, from each to what is used instead."
                        % (using,))
    for old, new in using.items():
        for cls in (old, new):
            if not (isinstance(cls, type) and issubclass(cls, Layer)):
                raise TypeError("replace_layers: using={%r: %r}; expected "
                                "layer classes." % (old, new))
        if row_of_class(new) is None:
            raise ConventionError(
                "replace_layers: %s, to be used instead of %s, has no known "
                "convention; expected a convolution layer of Lasagne or "
                "lasagne_flipconv. Declare a class of your own with "
                "lasagne_flipconv.conventions.register."
                % (new.__name__, old.__name__))
    return dict(using)


def reachable(outputs):
    """Return all layers that layers refer to, directly or not.

    Parameters
    ----------
    outputs : list of Layer
        Where to start.

    Returns
    -------
    list of Layer
        Each once, a layer after those that it refers to. Layers that another
        holds as an attribute, or in a list, tuple or dict, are included.
    """
    order, seen = [], set()
    stack = [(layer, False) for layer in reversed(outputs)]
    while stack:
        layer, done = stack.pop()
        if done:
            order.append(layer)
        elif layer not in seen:
            seen.add(layer)
            stack.append((layer, True))
            stack += [(other, False) for other in referred(layer)]
    return order


# --- which class -----------------------------------------------------------

def _choice(layer, using):
    """Return the class to use instead, or None and why, if it has a kernel."""
    cls = type(layer)
    if using is None:
        new = _ours(cls)
    else:
        new = using.get(cls)
    if new is not None and new is not cls:
        return new, None
    return None, _reason(layer, using)


def _ours(cls):
    stock = cls.__module__.startswith("lasagne.layers.")
    known = row_of_class(cls) or cls.__name__ == "BatchNormLayer"
    return getattr(layers, cls.__name__) if stock and known else None


def _reason(layer, using):
    cls = type(layer)
    known = next((c for c in cls.__mro__ if row_of_class(c)), None)
    if known is None:
        if getattr(getattr(layer, "W", None), "ndim", 0) < 3:
            return None
        return ("%s is not known, but its W may be a kernel" % cls.__name__)
    if using is not None:
        return ("%s is to stay" if cls in using else "%s is not in `using`"
                ) % cls.__name__
    if known is cls:
        return "%s is a layer of lasagne_flipconv already" % cls.__name__
    return ("%s is a class of its own, derived from %s; name in `using` what "
            "to use instead" % (cls.__name__, known.__name__))


# --- the new layer ---------------------------------------------------------

def _refuse_own_function(layer, cls):
    """Refuse a class that computes in a way of its own, before or after."""
    old, new = ([_home_of(each, method) for method in _COMPUTES]
                for each in (type(layer), cls))
    for before, after, method in zip(old, new, _COMPUTES):
        own = [home for home in (before, after) if home is not None
               and not home.__module__.startswith(_KNOWN)]
        if before is not after and own:
            raise ConventionError(
                "replace_layers: %s → %s: %s has a %s of its own, which may "
                "compute something else; expected check=True, to compare the "
                "outputs before and after. Leave %s out of `using`, or pass "
                "that." % (name_of(layer), cls.__name__, own[0].__name__,
                           method, type(layer).__name__))


def _home_of(cls, method):
    return next((each for each in cls.__mro__ if method in vars(each)), None)


def _rebuilt(layer, cls):
    if cls is layers.BatchNormLayer:
        return _with_class(layer, cls)
    where = "replace_layers: %s → %s" % (name_of(layer), cls.__name__)
    convention = convention_of(layer)
    incoming = layer.input_layer or layer.input_shape
    try:
        new = cls(incoming, layer.num_filters, layer.filter_size, W=layer.W,
                  b=layer.b, nonlinearity=layer.nonlinearity,
                  name=layer.name, **_arguments(layer, cls, convention))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConventionError(
            "%s: such a layer cannot be built (%s); expected a class that "
            "can do the same. Leave %s out of `using`, or map it to another."
            % (where, error, type(layer).__name__)) from error
    for what, got, expected in (
            ("convention", convention_of(new), convention),
            ("output shape", new.output_shape, layer.output_shape)):
        if got != expected:
            raise ConventionError("%s: has %s %r then; expected %r. Leave %s "
                                  "out of `using`, or map it to another."
                                  % (where, what, got, expected,
                                     type(layer).__name__))
    if (new.W is not layer.W or new.b is not layer.b
            or set(new.params) != set(layer.params)):
        raise ConventionError(
            "%s: has the parameters %s then; expected the same variables as "
            "before, %s. Leave %s out of `using`, or map it to a class that "
            "has them." % (where, list(new.params), list(layer.params),
                           type(layer).__name__))
    return new


def _with_class(layer, cls):
    """Return a layer with the attributes of another, which are all it has."""
    new = copy.copy(layer)
    new.__class__ = cls
    return new


def _arguments(layer, cls, convention):
    """Return the arguments that differ from every constructor's default."""
    found = {}
    for name in _ARGUMENTS:
        value = getattr(layer, name, None)
        if not (value is None or _is_default(name, value)):
            found[name] = value
    if not hasattr(cls, "partial_sum"):
        found.pop("partial_sum", None)  # it only tunes cuda-convnet
    if found.get("pad") == "same" and find_row(layer).family == "forward":
        found["pad"] = _odd_same(layer)
    row = row_of_class(cls)
    flip = (convention.orientation == CONVOLUTION) != (
        row.family == "transposed")
    if flip != row.flip:
        found["flip_filters"] = flip
    return found


def _is_default(name, value):
    if name == "convolution":
        module = getattr(value, "__module__", None) or ""
        return module.startswith(KNOWN_MODULES)
    if name in ("pad", "crop"):
        return value == (0,) * len(value)
    if name in ("stride", "dilation"):
        return value == (1,) * len(value)
    return name in _DEFAULTS and value == _DEFAULTS[name]


def _odd_same(layer):
    """Return 'same', or pairs where an even filter leaves open which side."""
    extent = effective(layer.filter_size,
                       getattr(layer, "dilation", None)
                       or (1,) * len(layer.filter_size))
    if all(size % 2 for size in extent):
        return "same"
    return pad_pairs("same", extent)  # as Lasagne 0.1, which allows it


# --- all or nothing --------------------------------------------------------

def _replace_all(steps, comparison):
    states = [(s.layer, type(s.layer), dict(vars(s.layer))) for s in steps]
    try:
        for step in steps:
            _set_state(step.layer, type(step.new), _state(step))
        if comparison:
            comparison()
    except BaseException:
        for state in states:
            _set_state(*state)
        raise


def _state(step):
    """Return the attributes of the new layer, what it is and has kept."""
    old, new = vars(step.layer), vars(step.new)
    kept = {name: value for name, value in old.items()
            if name in _KEPT or name not in new}
    return dict(new, **kept)


def _set_state(layer, cls, state):
    layer.__class__ = cls
    vars(layer).clear()
    vars(layer).update(state)
