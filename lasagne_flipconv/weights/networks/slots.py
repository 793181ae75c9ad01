"""How a network may be given, what its layers are called, what they hold."""
from collections import namedtuple
from typing import Any

from lasagne.layers import Layer, get_all_layers
from theano.compile import SharedVariable
from theano.gof.graph import Constant, Variable, inputs

from ...conventions import convention_of, find_row
from ...errors import ConventionError
from ...formats.common.naming import unique
from ...formats.common.record import PLAIN_ROLES
from .holding import held_by, inputs_of, shared_in, with_inner

__all__ = ["Network", "Slot", "computed_in", "layers_given", "names_of",
           "output_of", "outputs_of", "reading_of", "slots_of"]

#: How users give a network: a layer, a list or dict of layers, or a NeuralNet
#: of nolearn. None of these libraries has types.
Network = Any

#: What Lasagne calls parameters whose name tells what they are.
_ATTRIBUTES = ("W", "b", "beta", "gamma", "mean", "inv_std")

#: The most characters of a name: what files may have, less what makes a name
#: unique and the parameter.
_LONGEST = 500


def layers_given(network, where):
    """Return the layers that are given as a network, in order.

    Parameters
    ----------
    network : Layer, list, tuple or dict of Layer, or NeuralNet
        One layer, several (also within each other), all by name as the
        ``build_model`` of Lasagne's Recipes returns them, or a ``NeuralNet``
        of nolearn.
    where : str
        Who asks, for error texts.

    Returns
    -------
    list of Layer
        As they are given; a layer may occur several times.

    Raises
    ------
    TypeError
        If it is something else.
    """
    found = _flattened(network, where)
    if not found:
        raise TypeError("%s: got %r as a network, which holds no layer; "
                        "expected at least one. Pass the output layer."
                        % (where, network))
    return found


def _flattened(network, where):
    if isinstance(network, Layer):
        return [network]
    return [layer for item in _items(network, where)
            for layer in _flattened(item, where)]


def _items(network, where):
    """Return what a network consists of that is no layer."""
    if _is_nolearn(network):
        network = _layers_of_nolearn(network, where)
    if isinstance(network, dict):
        return list(network.values())
    if isinstance(network, (list, tuple)):
        return network
    raise TypeError(
        "%s: got %.200r as a network; expected a layer, a list or dict of "
        "layers, or a NeuralNet of nolearn. Pass the output layer."
        % (where, network))


def _is_nolearn(thing):
    return any(cls.__name__ == "NeuralNet"
               and cls.__module__.partition(".")[0] == "nolearn"
               for cls in type(thing).__mro__)


def _layers_of_nolearn(net, where):
    found = getattr(net, "layers_", None)
    if not found:
        raise TypeError(
            "%s: got a NeuralNet whose layers are not built; expected one "
            "with layers_. Call its initialize() first." % where)
    return found


def outputs_of(network, where, repeated=False):
    """Return the output layers of a network, however it is given.

    Parameters
    ----------
    network : Layer, list, tuple or dict of Layer, or NeuralNet
        See :func:`layers_given`. The layers of a list are the outputs; of a
        dict, which names all layers, those that feed no other.
    where : str
        Who asks, for error texts.
    repeated : bool, default False
        Whether a layer that a list has twice is returned twice.

    Returns
    -------
    list of Layer
        At least one.

    Raises
    ------
    TypeError
        If it is no network.
    """
    layers = list(dict.fromkeys(layers_given(network, where)))
    if isinstance(network, Layer):
        return layers
    if isinstance(network, (list, tuple)):
        found = [layer for item in network
                 for layer in outputs_of(item, where, repeated)]
        return found if repeated else list(dict.fromkeys(found))
    fed = {other for layer in get_all_layers(layers)
           for other in inputs_of(layer)}
    return [layer for layer in layers if layer not in fed]


def output_of(network, where):
    """Return the only output layer of a network, however it is given.

    Parameters
    ----------
    network : Layer, list, tuple or dict of Layer, or NeuralNet
        See :func:`outputs_of`.
    where : str
        Who asks, for error texts.

    Returns
    -------
    Layer
        The output layer.

    Raises
    ------
    TypeError
        If it is no network.
    ConventionError
        If it has several outputs.
    """
    outputs = outputs_of(network, where)
    if len(outputs) > 1:
        raise ConventionError(
            "%s: the network has %d outputs (%s); expected one. Pass the "
            "output layer that counts." % (where, len(outputs), ", ".join(
                list(names_of(outputs).values())[:6])))
    return outputs[0]


def names_of(layers):
    """Return a name for each layer, no two the same.

    Parameters
    ----------
    layers : list of Layer
        In order.

    Returns
    -------
    dict of Layer to str
        Its own name, or class and place if it has none; of several layers of
        one name, those after the first have a number.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> layers = [InputLayer((1,), name=name) for name in ("a", None, "a")]
    >>> list(names_of(layers).values())
    ['a', 'InputLayer#1', 'a#2']
    """
    first, found = {}, {}
    for layer in layers:
        if layer.name:
            first.setdefault(_short(layer.name), layer)
    taken = dict.fromkeys(first, 1)
    for i, layer in enumerate(layers):
        name = _short(layer.name or "%s#%d" % (type(layer).__name__, i))
        found[layer] = name if first.get(name) is layer else unique(name,
                                                                    taken)
    return found


def _short(name):
    return str(name)[:_LONGEST]


class Slot(namedtuple("Slot", "layer name param attribute kernel group "
                      "readers")):
    """Hold a parameter as one layer has it.

    Parameters
    ----------
    layer : Layer
        The layer; of a kernel, the one that reads it.
    name : str
        Name of the parameter, which no other has.
    param : theano.compile.SharedVariable
        The variable, which several layers may share.
    attribute : str or None
        Its name in the layer.
    kernel : bool
        Whether it is the layer's kernel, or what that is computed from.
    group : str
        Name of the layer, which no other has.
    readers : tuple of Layer
        Those that compute their kernels from the variable, if any does.
    """

    __slots__ = ()

    @property
    def shape(self):
        """Return the shape of the value that the variable has now."""
        return self.param.get_value(borrow=True).shape

    @property
    def computed(self):
        """Tell whether the layer computes its kernel from the variable."""
        return self.kernel and self.layer.W is not self.param

    @property
    def unsure(self):
        """Tell whether it may be a kernel, or what one is computed from, and
        nothing says how it is read."""
        if self.kernel or self.readers:
            return not self.kernel and any(
                not _wholes(reader) for reader in self.readers)
        return self.param.ndim > 2 and self.attribute not in PLAIN_ROLES and (
            self.attribute == "W" or sum(n > 1 for n in self.shape) > 1)

    @property
    def reader(self):
        """Return in words what reads it, if it is unsure, or what computes
        its kernel from it; else None."""
        return " and ".join(map(reading_of, self.readers or [self.layer])) if (
            self.unsure or self.readers) else None


def reading_of(layer):
    """Return in words how a layer reads what may be a kernel.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    str
        Its class, its ``flip_filters`` and its convention, as far as it has
        them.
    """
    flip = getattr(layer, "flip_filters", None)
    return type(layer).__qualname__ + (
        "" if flip is None else " with flip_filters=%r" % flip) + (
        ", as %s %s" % convention_of(layer) if find_row(layer) else "")


def slots_of(network, deep=True, where="network"):
    """Return every parameter of a network, once for each layer that has it.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        See :func:`outputs_of`.
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
        If a kernel is an expression, or a layer's class is not known.
    TypeError
        If it is no network.
    """
    layers, held = _layers_and_held(network, deep, where)
    names, taken, readers = names_of(layers), {}, _readers(layers)
    return [_slot(layer, names[layer], param, taken, readers)
            for layer, param in held]


def computed_in(network, deep=True, where="network"):
    """Return the parameters of a network that are expressions.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        See :func:`outputs_of`.
    deep : bool, default True
        Whether to include the layers that feed into these.
    where : str
        Who asks, for error texts.

    Returns
    -------
    list of tuple
        Pairs of a layer's name and the expression, of shared variables and
        constants alone.
    """
    layers, _ = _layers_and_held(network, deep, where)
    return [(name, param) for layer, name in names_of(layers).items()
            for param in dict.fromkeys([getattr(layer, "W", None),
                                        *layer.params])
            if isinstance(param, Variable) and param.owner and all(
                isinstance(each, (SharedVariable, Constant))
                for each in inputs([param]))]


def _layers_and_held(network, deep, where):
    """Return the layers of a network, those within others too, and what they
    hold."""
    layers = get_all_layers(outputs_of(network, where)) if deep else (
        layers_given(network, where))
    held = held_by(layers)
    layers = [inner for layer in layers for inner in with_inner(layer)]
    return list(dict.fromkeys(layers + [layer for layer, _ in held])), held


def _readers(layers):
    """Return variable → layers that compute their kernel from it.

    So it is with weight normalization: ``layer.W`` is an expression of a
    variable of the same shape, which the layer, or one behind it, holds under
    another name.
    """
    found = {}
    for layer in layers:
        for source in _sources(layer):
            found.setdefault(source, []).append(layer)
    return found


def _sources(layer):
    """Return the variables that a layer computes its kernel from."""
    W = getattr(layer, "W", None)
    if not isinstance(W, Variable) or not W.owner or W.ndim < 3 or (
            find_row(layer) is None):
        return []
    return shared_in(W)


def _wholes(layer):
    """Return those of them that have the shape of its kernel."""
    return [source for source in _sources(layer) if source.get_value(
        borrow=True).shape == tuple(layer.get_W_shape())]


def _slot(layer, layer_name, param, taken, readers):
    attribute = _attribute(layer, param)
    name = unique("%s.%s" % (layer_name, str(attribute or param.name)[-99:]),
                  taken)
    if not isinstance(param, SharedVariable):
        raise ConventionError(
            "%s: is the expression %s; expected a shared variable, as an "
            "expression cannot be assigned, and what it makes of a turned "
            "kernel is not known. Transfer the layers that hold what it is "
            "computed from." % (name, param))
    kernel, found = attribute == "W" and find_row(layer) is not None, tuple(
        readers.get(param, ()))
    like = [] if kernel else [each for each in found if param in _wholes(each)]
    return Slot(like[-1] if like else layer, name, param, attribute,
                kernel or bool(like), layer_name, found)


def _attribute(layer, param):
    """Return the name of a parameter in its layer, None without one.

    A class may keep what it was given under a name of its own as well.
    """
    found = [name for name, value in vars(layer).items() if value is param]
    return next((name for name in _ATTRIBUTES if name in found),
                found[0] if found else None)
