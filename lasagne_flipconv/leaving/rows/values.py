"""What all rows share: values of parameters, nonlinearities, biases."""
import numpy as np
import theano
import theano.tensor as T
from lasagne import nonlinearities
from theano.compile import SharedVariable

from ..errors import LeavingError
from ..graphs.walking import Walk

__all__ = ["activated", "biased", "broadcast", "name_of_nonlinearity",
           "numbers", "value_of"]

#: Functions that are parts, by name; where Lasagne has them and Theano too.
_NAMED = {"sigmoid": "sigmoid", "tanh": "tanh", "rectify": "relu",
          "softplus": "softplus", "softmax": "softmax", "linear": "identity",
          "identity": "identity"}
_KNOWN = {getattr(nonlinearities, name): kind
          for name, kind in _NAMED.items() if hasattr(nonlinearities, name)}
_KNOWN.update({T.tanh: "tanh", T.nnet.sigmoid: "sigmoid",
               T.nnet.relu: "relu", T.nnet.softplus: "softplus",
               T.nnet.softmax: "softmax", None: "identity"})
_OPTIONS = {"softmax": {"axis": 1}}


def value_of(param, where):
    """Return the values of a parameter, which may be an expression.

    Parameters
    ----------
    param : theano.Variable, array or None
        A shared variable, an expression of such, or plain values.
    where : str
        Its name, for the error text.

    Returns
    -------
    numpy.ndarray or None
        Numbers as float32.

    Raises
    ------
    LeavingError
        If it depends on what goes into the network.
    """
    if param is None:
        return None
    if isinstance(param, SharedVariable):
        value = param.get_value()
    elif isinstance(param, theano.Variable):
        try:
            value = param.eval()
        except theano.gof.MissingInputError as error:
            raise LeavingError(
                "%s: is the expression %s of inputs of the network; expected "
                "values. Write the layer as an ExpressionLayer." % (
                    where, param)) from error
    else:
        value = np.asarray(param)
    return np.asarray(value, "float32" if value.dtype.kind == "f" else None)


def activated(scope, value, function, ndim):
    """Add a nonlinearity.

    Parameters
    ----------
    scope : Scope
        The layer's.
    value : str
        What it is applied to.
    function : callable or None
        A nonlinearity of Lasagne or any function of a Theano variable.
    ndim : int
        Number of axes of `value`.

    Returns
    -------
    str
        Its output.
    """
    kind = name_of_nonlinearity(function)
    if kind == "identity":
        return value
    if kind is not None and not (kind == "softmax" and ndim != 2):
        return scope.add(kind, value, suffix=kind, **_OPTIONS.get(kind, {}))
    if type(function) is nonlinearities.LeakyRectify:
        return scope.add("leaky_relu", value, suffix="leaky_relu",
                         slope=float(function.leakiness))
    if function is getattr(nonlinearities, "elu", None):
        return scope.add("elu", value, suffix="elu", alpha=1.)
    if type(function).__name__ == "SELU":
        return scope.add("selu", value, suffix="selu", alpha=float(
            function.scale_neg), scale=float(function.scale))
    x = T.TensorType(theano.config.floatX, (False,) * ndim)("x")
    return Walk(scope, {x: value}).value_of(function(x))


def name_of_nonlinearity(function):
    """Return the kind of part that a nonlinearity is, None if it is none.

    Parameters
    ----------
    function : callable or None
        As a layer holds it.

    Returns
    -------
    str or None
        Such as ``'relu'``; ``'identity'`` for none.
    """
    try:
        return _KNOWN.get(function)
    except TypeError:  # not hashable
        return None


def numbers(value, n):
    """Return a number for each axis.

    Parameters
    ----------
    value : int, or tuple or list of int
        One for all, or one for each.
    n : int
        How many axes there are.

    Returns
    -------
    tuple of int
        Of Python's numbers.
    """
    return tuple(map(int, value)) if isinstance(value, (tuple, list)) else (
        (int(value),) * n)


def broadcast(array, axes, ndim):
    """Return an array with axes of length one put in.

    Parameters
    ----------
    array : numpy.ndarray
        Without `axes`.
    axes : tuple of int
        Where to put them.
    ndim : int
        Number of axes of the result.

    Returns
    -------
    numpy.ndarray
        The same values.
    """
    own = iter(array.shape)
    return array.reshape([1 if axis in axes else next(own)
                          for axis in range(ndim)])


def biased(scope, value, b, layer):
    """Add a bias that differs from place to place.

    Parameters
    ----------
    scope : Scope
        The layer's.
    value : str
        Axes (batch, channels, ...).
    b : numpy.ndarray
        Without the first axis of `value`.
    layer : str
        Kind of the part, for its name.

    Returns
    -------
    str
        The sum.
    """
    return scope.add("add", value, scope.constant(b[None], "b"),
                     suffix=layer)
