"""Layers side by side, which a file may have in another order."""
from lasagne.layers import ConcatLayer, get_all_layers

from .holding import inputs_of, with_inner

__all__ = ["exchangeable"]

#: The most steps of a search: an order that takes more is not looked for.
_MOST = 10000


def exchangeable(network, held, joined=False):
    """Return two layers that may have changed places in an order of layers.

    Each layer comes after those that feed into it. Of layers side by side,
    as in two towers, any may come first, and where their parameters have the
    same shapes, nothing tells which.

    Parameters
    ----------
    network : list of Layer
        Output layers.
    held : list of (Layer, tuple of int)
        Layers with the shape of each parameter, in an order that fits.
    joined : bool
        Whether layers side by side are in the order in which they are
        concatenated, or given out.

    Returns
    -------
    tuple of Layer or None
        The first that another order with the same shapes has elsewhere, and
        the one that this has in its place; None if there is no such order.
    """
    owners = {inner: layer for layer in get_all_layers(network)
              for inner in with_inner(layer)}
    shapes = {}
    for layer, shape in held:
        shapes.setdefault(owners.get(layer, layer), []).append(shape)
    before = _before(network, shapes)
    order, wanted = list(shapes), list(shapes.values())
    if joined:
        _add_joined(before, network, order)
    for i, layer in enumerate(order):
        for other in _next(order, i, set(order[:i]), wanted, shapes, before):
            if other is not layer and _goes_on(
                    order, i, other, wanted, shapes, before):
                return layer, other
    return None


def _before(network, known):
    """Return for each layer the known ones that feed into it, however far."""
    found = {}
    for layer in get_all_layers(network):
        inputs = [each for each in inputs_of(layer) if each in found]
        found[layer] = set().union(*(
            found[each] | ({each} & known.keys()) for each in inputs))
    return found


def _add_joined(before, network, order):
    """Let layers come after those that are concatenated before them."""
    lists = [layer.input_layers for layer in get_all_layers(network)
             if isinstance(layer, ConcatLayer)]
    upstream, places = dict(before), {each: i for i, each in enumerate(order)}
    for inputs in [*lists, network]:
        done = set()
        for each in inputs:
            new = (upstream.get(each, set()) | (
                {each} & places.keys())) - done
            for layer in new:
                before[layer] = before.get(layer, set()) | {
                    other for other in done if places[other] < places[layer]}
            done |= new


def _next(order, i, placed, wanted, shapes, before):
    """Return the layers that may come next, with the shapes of place i."""
    return [layer for layer in order if layer not in placed
            and shapes[layer] == wanted[i]
            and before.get(layer, set()) <= placed]


def _goes_on(order, i, layer, wanted, shapes, before):
    """Tell whether an order with another layer at place i has an end."""
    stack = [(*order[:i], layer)]
    for _ in range(_MOST):
        if not stack:
            return False
        done = stack.pop()
        if len(done) == len(order):
            return True
        stack += [(*done, each) for each in _next(
            order, len(done), set(done), wanted, shapes, before)]
    return False
