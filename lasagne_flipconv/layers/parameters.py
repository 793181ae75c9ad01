"""The layer bases with the parameter handling of Lasagne 0.2.dev1.

Lasagne 0.1 takes only shared variables, arrays and callables for a parameter,
and returns whatever it registered. 0.2.dev1 also takes any Theano expression
and collects the shared variables in it. ``Layer`` and ``MergeLayer`` here
behave as in 0.2.dev1 on both.
"""
from numbers import Number

import numpy as np
import theano
from lasagne import utils
from lasagne.layers import base as stock

__all__ = ["Layer", "MergeLayer", "create_param", "collect_shared_vars",
           "own_params"]


def create_param(spec, shape, name=None):
    """Create the variable of a parameter.

    Parameters
    ----------
    spec : number, array, Theano variable or callable
        The value, or what returns it for a shape.
    shape : iterable of int
        Shape of the parameter.
    name : str, optional
        Name for the variable if it has none.

    Returns
    -------
    theano.Variable
        The variable given, or a shared variable of the value given.

    Raises
    ------
    ValueError
        If the value does not have this shape.
    TypeError
        If `spec` is none of these.

    Examples
    --------
    >>> float(create_param(np.ones((2, 3)), (2, 3), "W").get_value().sum())
    6.0
    """
    shape = tuple(shape)
    where = "parameter %s" % name
    if any(size <= 0 for size in shape):
        raise ValueError("%s: has shape %r; expected positive sizes only."
                         % (where, shape))
    value = spec(shape) if callable(spec) else spec
    if isinstance(value, (Number, np.generic)):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        return _share(value, shape, where, name)
    if not isinstance(value, theano.Variable):
        raise TypeError(
            "%s: got %r; expected a NumPy array, a Theano variable, or a "
            "callable that returns one for a shape." % (where, value))
    if value.ndim != len(shape):
        raise ValueError("%s: the Theano variable has %d axes; expected %d, "
                         "shape %r." % (where, value.ndim, len(shape), shape))
    value.name = value.name or name
    return value


def _share(value, shape, where, name):
    if value.shape != shape:
        raise ValueError("%s: the array has shape %r; expected %r."
                         % (where, value.shape, shape))
    return theano.shared(value, name=name,
                         broadcastable=tuple(size == 1 for size in shape))


def collect_shared_vars(expressions):
    """Return the shared variables that expressions are computed from.

    Parameters
    ----------
    expressions : list of theano.Variable
        Parameters of a layer.

    Returns
    -------
    list of theano.compile.SharedVariable
        In order of appearance, each once.
    """
    inputs = theano.gof.graph.inputs(reversed(expressions))
    return [v for v in inputs if isinstance(v, theano.compile.SharedVariable)]


def own_params(layer, unwrap_shared=True, **tags):
    """Return the parameters of a layer.

    Parameters
    ----------
    layer : Layer
        The layer.
    unwrap_shared : bool, default True
        Whether to return, for a parameter that is an expression, the shared
        variables in it.
    **tags : dict
        Which parameters, as ``trainable=True``.

    Returns
    -------
    list of theano.Variable
        In the order in which they were added.
    """
    only = {tag for tag, on in tags.items() if on}
    never = set(tags) - only
    params = [param for param, has in layer.params.items()
              if only <= has and not never & has]
    return collect_shared_vars(params) if unwrap_shared else params


class _Parameters:
    """Add the parameter handling of 0.2.dev1 to a layer of 0.1."""

    def add_param(self, spec, shape, name=None, **tags):
        if name is not None and self.name is not None:
            name = "%s.%s" % (self.name, name)
        param = create_param(spec, shape, name)
        tags = dict({"trainable": True, "regularizable": True}, **tags)
        self.params[param] = {tag for tag, on in tags.items() if on}
        return param

    get_params = own_params


if hasattr(utils, "collect_shared_vars"):
    Layer, MergeLayer = stock.Layer, stock.MergeLayer
else:
    class Layer(_Parameters, stock.Layer):
        """Serve as base of a layer with one input."""

    class MergeLayer(_Parameters, stock.MergeLayer):
        """Serve as base of a layer with several inputs."""
