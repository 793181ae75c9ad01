"""Which layer holds which parameter, also within others and in expressions."""
from lasagne.layers import Layer, get_all_layers
from theano.compile import SharedVariable
from theano.gof.graph import inputs
from theano.tensor.raw_random import RandomStateType

from ...conventions import find_row

__all__ = ["consumers_in", "held_by", "inputs_of", "referred", "shared_in",
           "steps_in", "with_inner"]


def held_by(layers):
    """Return the parameters of layers, each with the layer that holds it.

    Parameters
    ----------
    layers : list of Layer
        The layers, in order.

    Returns
    -------
    list of tuple
        Pairs of layer and parameter, none twice: a shared variable, or an
        expression that may be a kernel, of a layer that is not known.
    """
    return _unwrapped(pair for layer in layers for pair in _held(layer))


def _held(layer):
    """Return the parameters that a layer gives out, each with who holds it."""
    inner = with_inner(layer)
    own = [(each, param) for each in inner for param in each.params]
    given = _variables(layer.get_params())
    if set(given) <= set(_variables(param for _, param in own)) or any(
            _is_read_somehow(*pair) for pair in own):
        return own
    holders = {param: each for each in [*_within(layer), *inner[::-1]]
               for param in _variables(each.params)}
    return [(holders.get(param, layer), param) for param in given]


def _variables(params):
    """Return the shared variables that parameters are, or are computed of."""
    return list(dict.fromkeys(
        v for param in params for v in shared_in(param)))


def shared_in(param):
    """Return the shared variables that a parameter is, or is computed of.

    Parameters
    ----------
    param : theano.gof.Variable
        The parameter.

    Returns
    -------
    list of theano.compile.SharedVariable
        But for states of random numbers, which are no arrays.
    """
    return [v for v in inputs([param]) if isinstance(v, SharedVariable)
            and not isinstance(v.type, RandomStateType)]


def _is_read_somehow(layer, param):
    """Tell whether a parameter is an expression, and no matrix or vector, that
    may be a kernel of another convention than any that is known."""
    return not isinstance(param, SharedVariable) and param.ndim > 2 and not (
        param is getattr(layer, "W", None) and find_row(layer))


def _unwrapped(held):
    """Return layers and parameters, variables in place of expressions.

    A variable that one of the layers has itself is its own alone, as of tied
    weights, ``W=encoder.W.T``; another, of the first layer that computes a
    parameter of it. A kernel that is computed, of a layer whose class is not
    known, stays as it is: it is refused.
    """
    held = list(dict.fromkeys(held))
    found = {param: layer for layer, param in held[::-1]
             if isinstance(param, SharedVariable)}
    result = []
    for layer, param in held:
        if isinstance(param, SharedVariable) or _is_read_somehow(
                layer, param):
            result.append((layer, param))
            continue
        result += [(layer, v) for v in _variables([param])
                   if found.setdefault(v, layer) is layer]
    return list(dict.fromkeys(result))


def with_inner(layer):
    """Return a layer and those within it, which a recurrent one may have.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    list of Layer
        It first.
    """
    inner = [getattr(layer, role, None)
             for role in ("input_to_hidden", "hidden_to_hidden")]
    return [layer] + [each for top in inner if isinstance(top, Layer)
                      for each in get_all_layers(top)]


def _within(layer):
    """Return all layers that a layer refers to, directly or not."""
    found = [layer]
    for each in found:  # which grows
        found += [other for other in referred(each) if other not in found]
    return found


def inputs_of(layer):
    """Return the layers that feed into a layer.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    list of Layer
        Empty for one that was given a shape.
    """
    found = getattr(layer, "input_layers", None) or [
        getattr(layer, "input_layer", None)]
    return [each for each in found if each is not None]


def consumers_in(network):
    """Return what each layer of a network feeds.

    Parameters
    ----------
    network : list of Layer
        Output layers.

    Returns
    -------
    dict of Layer to list of Layer
        Those that it is an input of.
    """
    found = {}
    for layer in get_all_layers(network):
        for before in inputs_of(layer):
            found.setdefault(before, []).append(layer)
    return found


def steps_in(network):
    """Return what feeds the layers within recurrent ones, step by step.

    Parameters
    ----------
    network : list of Layer
        Output layers.

    Returns
    -------
    dict of Layer to Layer
        Input layer within one → input of that.
    """
    return {each: inputs_of(layer)[0] for layer in get_all_layers(network)
            for inner in [getattr(layer, "input_to_hidden", None)]
            if isinstance(inner, Layer)
            for each in get_all_layers(inner) if not inputs_of(each)}


def referred(layer):
    """Return the layers that a layer has as attributes, or in one of them.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    list of Layer
        Those in lists and dicts too, the last first.
    """
    found = []
    for value in vars(layer).values():
        if isinstance(value, dict):
            value = list(value.values())
        items = value if isinstance(value, (list, tuple)) else [value]
        found += [item for item in items if isinstance(item, Layer)]
    return found[::-1]
