"""How a network may be given, and what its layers are called."""
from lasagne.layers import Layer, get_all_layers

from ..errors import ConventionError
from ..formats.common.naming import unique

__all__ = ["layers_given", "names_of", "output_of", "outputs_of"]

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


def outputs_of(network, where):
    """Return the output layers of a network, however it is given.

    Parameters
    ----------
    network : Layer, list, tuple or dict of Layer, or NeuralNet
        See :func:`layers_given`. The layers of a list are the outputs; of a
        dict, which names all layers, those that feed no other.
    where : str
        Who asks, for error texts.

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
        return list(dict.fromkeys(
            layer for item in network for layer in outputs_of(item, where)))
    fed = {other for layer in get_all_layers(layers)
           for other in (getattr(layer, "input_layers", None)
                         or [getattr(layer, "input_layer", None)])}
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
