"""What networks of Lasagne 0.2.dev1 are asked, and tools for layers."""
import functools
import inspect
import warnings
from collections import OrderedDict
from difflib import get_close_matches
from itertools import chain
from numbers import Integral

import numpy as np
import theano
import theano.tensor as T
from lasagne import utils
from lasagne.layers import (DimshuffleLayer, InputLayer, Layer, ReshapeLayer,
                            helper)
from theano.tensor.nnet.abstract_conv import BaseAbstractConv

from ...layers.parameters import collect_shared_vars, own_params

__all__ = ["METHODS", "get_all_params", "get_output"]

int_types = (Integral, np.integer)
_get_output, _as_tuple = helper.get_output, utils.as_tuple


def get_all_params(layer, unwrap_shared=True, **tags):
    """Return the parameters of a network.

    Parameters
    ----------
    layer : Layer or list of Layer
        The network.
    unwrap_shared : bool, default True
        Whether to return, for a parameter that is an expression, the shared
        variables in it.
    **tags : dict
        Which parameters, as ``trainable=True``.

    Returns
    -------
    list of theano.Variable
        Each once.
    """
    options = tags if unwrap_shared else dict(tags, unwrap_shared=False)
    return utils.unique(list(chain.from_iterable(
        each.get_params(**options) for each in helper.get_all_layers(layer))))


def get_output(layer_or_layers, inputs=None, **kwargs):
    """Return the output of layers, warning of options that none of them takes.

    Parameters
    ----------
    layer_or_layers : Layer or list of Layer
        Whose output.
    inputs : theano.Variable, array or dict, optional
        Input of all input layers, or by layer.
    **kwargs : dict
        Passed on to each layer.

    Returns
    -------
    theano.Variable or list of theano.Variable
        One for each layer.

    Raises
    ------
    TypeError
        If a key of `inputs` is no layer.
    """
    given = list(inputs) if isinstance(inputs, dict) else []
    for key in given:
        if key is not None and not isinstance(key, Layer):
            raise TypeError("get_output: inputs has the key %r; expected "
                            "layers." % (key,))
    if kwargs:
        _warn_of_unused(layer_or_layers, given, kwargs)
    return _get_output(layer_or_layers, inputs, **kwargs)


def _warn_of_unused(layers, given, kwargs):
    taken = {"deterministic"}
    for layer in helper.get_all_layers(layers, given):
        taken.update(layer.get_output_kwargs)
        if layer not in given and hasattr(layer, "get_output_for"):
            taken.update(inspect_kwargs(layer.get_output_for))
    unused = []
    for name in sorted(set(kwargs) - taken):
        close = get_close_matches(name, taken)
        unused.append(name + (" (perhaps you meant %s)" % close[0]
                              if close else ""))
    if unused:
        warnings.warn("get_output() was called with unused kwargs:\n\t%s"
                      % "\n\t".join(unused), stacklevel=3)


def inspect_kwargs(func):
    """Return the names of the arguments that have a default."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.default is not p.empty]


def shared_vars_of(expressions):
    """Return the shared variables in one or more expressions."""
    if isinstance(expressions, theano.Variable):
        expressions = [expressions]
    return collect_shared_vars(expressions)


def as_tuple(x, N, t=None):
    """Return a tuple of a value, or of several, of a type.

    Parameters
    ----------
    x : object
        A value, or an iterable of them.
    N : int
        How many.
    t : type or tuple of type, optional
        Which each has to be. Integers of NumPy are of ``int``.

    Returns
    -------
    tuple
        Of `N` values.

    Raises
    ------
    TypeError, ValueError
        If they are of another type, or of another number.
    """
    if t is int:
        x = list(map(_plain, x)) if np.iterable(x) else _plain(x)
    return _as_tuple(x, N, t)


def compute_norms(array, norm_axes=None):
    """Return the norm of each vector of weights.

    Parameters
    ----------
    array : array or theano.Variable
        A vector, each element of which is one; a matrix, (inputs, units); or
        a kernel, (filters, ...).
    norm_axes : iterable of int, optional
        The axes to sum over, if it is none of these.

    Returns
    -------
    array or theano.Variable
        Of the same kind.
    """
    if not isinstance(array, (np.ndarray, theano.Variable)):
        raise RuntimeError("compute_norms: Unsupported type %s; expected an "
                           "array or a Theano variable."
                           % type(array).__name__)
    axes = {1: (), 2: (0,), 3: (1, 2), 4: (1, 2, 3), 5: (1, 2, 3, 4)}.get(
        array.ndim) if norm_axes is None else tuple(norm_axes)
    if axes is None:
        raise ValueError("compute_norms: Unsupported tensor dimensionality "
                         "%d; expected 1 to 5. Name norm_axes." % array.ndim)
    if not axes:
        return abs(array)
    tools = np if isinstance(array, np.ndarray) else T
    return tools.sqrt(tools.sum(array ** 2, axis=axes))


def conv_input_length(output_length, filter_size, stride, pad=0):
    """Return the size of what a convolution gives that output for."""
    if output_length is None:
        return None
    words = {"valid": 0, "full": filter_size - 1, "same": filter_size // 2}
    pad = words.get(pad, pad) if isinstance(pad, str) else pad
    if not isinstance(pad, int_types):
        raise ValueError("conv_input_length: pad=%r; expected an int, "
                         "'valid', 'full' or 'same'." % (pad,))
    return (output_length - 1) * stride - 2 * pad + filter_size


def pool_2d(input, **kwargs):
    """Call Theano's pooling, 2-D."""
    return T.signal.pool.pool_2d(input, **kwargs)


def pool_3d(input, **kwargs):
    """Call Theano's pooling, 3-D."""
    return T.signal.pool.pool_3d(input, **kwargs)


def _make_input(self, shape, input_var=None, name=None, **kwargs):
    """Hold the variable that the input of a network is given to.

    An axis of length one is known to be so, and can be broadcast.
    """
    self.shape, self.name, self.params = tuple(shape), name, OrderedDict()
    if any(size is not None and size <= 0 for size in self.shape):
        raise ValueError("InputLayer %r: shape %r; expected positive sizes or "
                         "None." % (name, self.shape))
    if input_var is None:
        input_var = T.TensorType(
            theano.config.floatX, [size == 1 for size in self.shape])(
            "input" if name is None else "%s.input" % name)
    elif input_var.ndim != len(self.shape):
        raise ValueError("InputLayer %r: shape %r, and input_var has %d axes; "
                         "expected as many." % (name, self.shape,
                                                input_var.ndim))
    self.input_var = input_var


def _plain(value):
    """Return integers of NumPy, also those in a list, as Python's."""
    if isinstance(value, (list, tuple)):
        return (list if isinstance(value, list) else tuple)(map(_plain, value))
    return int(value) if isinstance(value, np.integer) else value


def _of_plain_integers(cls, name):
    """Return a constructor that takes integers of NumPy for an argument.

    In Python 2 they are of the class int, for which it asks.
    """
    stock = cls.__init__
    given = inspect.signature(stock)

    @functools.wraps(stock)
    def __init__(self, *args, **kwargs):
        found = given.bind(self, *args, **kwargs)
        value = found.arguments.get(name)
        if np.iterable(value) and not isinstance(value, str):
            value = tuple(value)
        if name in found.arguments:
            found.arguments[name] = _plain(value)
        stock(*found.args, **found.kwargs)
    return __init__


def _of_any_sizes(stock):
    """Return the constructor of a layer, below one with a tuple for a size.

    Python 2 has a tuple after all numbers, so that it is positive.
    """
    @functools.wraps(stock)
    def __init__(self, incoming, name=None):
        try:
            stock(self, incoming, name)
        except TypeError:
            if not any(isinstance(size, tuple)
                       for size in getattr(self, "input_shape", ())):
                raise
    return __init__


def _kept(name, function):
    """Return an attribute that is computed once for each layer."""
    found = functools.cached_property(function)
    found.__set_name__(Layer, name)
    return found


#: Class → what takes integers of NumPy, a tuple for a size, as in Python 2.
OF_PYTHON2 = {
    BaseAbstractConv: {
        "__init__": _of_plain_integers(BaseAbstractConv, "border_mode")},
    Layer: {"__init__": _of_any_sizes(Layer.__init__)}}

#: Class of Lasagne → what it has in 0.2.dev1.
METHODS = {
    Layer: {"get_params": own_params,
            "get_output_kwargs": _kept("get_output_kwargs", lambda self: [])},
    InputLayer: {"__init__": _make_input},
    DimshuffleLayer: {"__init__": _of_plain_integers(DimshuffleLayer,
                                                     "pattern")},
    ReshapeLayer: {"__init__": _of_plain_integers(ReshapeLayer, "shape")}}
