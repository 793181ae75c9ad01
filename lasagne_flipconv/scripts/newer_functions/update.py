"""Updates of Lasagne 0.2.dev1.

Where Lasagne 0.1 computes ``1 - beta`` in double precision, 0.2.dev1 does so
in that of the parameters: in float32 the two differ by one in 100,000.
"""
from collections import OrderedDict

import numpy as np
import theano
import theano.tensor as T
from lasagne import utils

__all__ = ["NAMES", "CHANGED"]

#: What scripts find in Lasagne.
NAMES = ("adadelta", "adam", "adamax", "amsgrad", "get_or_compute_grads",
         "rmsprop")


def get_or_compute_grads(loss_or_grads, params):
    """Return the gradient of each parameter.

    Parameters
    ----------
    loss_or_grads : theano.Variable or list of theano.Variable
        The loss, or what is returned.
    params : list of theano.compile.SharedVariable
        The parameters.

    Returns
    -------
    list of theano.Variable
        One for each.

    Raises
    ------
    ValueError
        If a parameter is an expression, which cannot be updated, or there
        are not as many gradients.
    """
    if not all(isinstance(p, theano.compile.SharedVariable) for p in params):
        raise ValueError(
            "updates: params must contain shared variables only, and hold %r. "
            "lasagne.utils.collect_shared_vars() gives those that expressions "
            "are computed from." % (list(params),))
    if not isinstance(loss_or_grads, list):
        return theano.grad(loss_or_grads, params)
    if len(loss_or_grads) != len(params):
        raise ValueError("updates: got %d gradient expressions for %d "
                         "parameters; expected one for each."
                         % (len(loss_or_grads), len(params)))
    return loss_or_grads


def _state(param):
    """Return a variable like a parameter, of zeros."""
    value = param.get_value(borrow=True)
    return theano.shared(np.zeros(value.shape, value.dtype),
                         broadcastable=param.broadcastable)


def _less(value):
    """Return one less a value, in the precision of that."""
    return T.constant(1) - value


def _mean_square(param, grad, rho, updates):
    """Return the moving mean of the squared gradient, and keep it."""
    before = _state(param)
    updates[before] = rho * before + _less(rho) * grad ** 2
    return updates[before]


def rmsprop(loss_or_grads, params, learning_rate=1.0, rho=0.9, epsilon=1e-6):
    """Divide steps by the root of the mean squared gradient."""
    updates = OrderedDict()
    for param, grad in zip(params, get_or_compute_grads(
            loss_or_grads, params)):
        square = _mean_square(param, grad, rho, updates)
        updates[param] = param - (learning_rate * grad
                                  / T.sqrt(square + epsilon))
    return updates


def adadelta(loss_or_grads, params, learning_rate=1.0, rho=0.95,
             epsilon=1e-6):
    """Scale steps by the root of mean squared steps over gradients."""
    updates = OrderedDict()
    for param, grad in zip(params, get_or_compute_grads(
            loss_or_grads, params)):
        square = _mean_square(param, grad, rho, updates)
        before = _state(param)
        step = grad * T.sqrt(before + epsilon) / T.sqrt(square + epsilon)
        updates[param] = param - learning_rate * step
        updates[before] = rho * before + _less(rho) * step ** 2
    return updates


def _adaptive(loss_or_grads, params, rate, beta1, spread):
    """Step along the mean gradient, over its spread.

    `rate` takes the number of the step; `spread` a parameter, its gradient
    and the updates.
    """
    grads = get_or_compute_grads(loss_or_grads, params)
    before, updates = theano.shared(utils.floatX(0.)), OrderedDict()
    time = before + 1
    rate = rate(time) / _less(beta1 ** time)
    for param, grad in zip(params, grads):
        mean = _state(param)
        updates[mean] = beta1 * mean + _less(beta1) * grad
        updates[param] = param - rate * updates[mean] / spread(
            param, grad, updates)
    updates[before] = time
    return updates


def adam(loss_or_grads, params, learning_rate=0.001, beta1=0.9, beta2=0.999,
         epsilon=1e-8):
    """Step along the mean gradient, over the root of its mean square."""
    return _adaptive(
        loss_or_grads, params,
        lambda time: learning_rate * T.sqrt(_less(beta2 ** time)), beta1,
        lambda param, grad, updates: T.sqrt(_mean_square(
            param, grad, beta2, updates)) + epsilon)


def adamax(loss_or_grads, params, learning_rate=0.002, beta1=0.9,
           beta2=0.999, epsilon=1e-8):
    """Step along the mean gradient, over its greatest, which fades."""
    def greatest(param, grad, updates):
        before = _state(param)
        updates[before] = T.maximum(beta2 * before, abs(grad))
        return updates[before] + epsilon
    return _adaptive(loss_or_grads, params, lambda time: learning_rate, beta1,
                     greatest)


def amsgrad(loss_or_grads, params, learning_rate=0.001, beta1=0.9,
            beta2=0.999, epsilon=1e-8):
    """Step as `adam`, over the greatest mean square that there was."""
    def greatest(param, grad, updates):
        square = _mean_square(param, grad, beta2, updates)
        before = _state(param)
        updates[before] = T.maximum(before, square)
        return T.sqrt(updates[before]) + epsilon
    return _adaptive(
        loss_or_grads, params,
        lambda time: learning_rate * T.sqrt(_less(beta2 ** time)), beta1,
        greatest)


#: What Lasagne 0.1 has, and computes otherwise.
CHANGED = ("adadelta", "adam", "get_or_compute_grads", "rmsprop")
