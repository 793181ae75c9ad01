"""Losses and measures of Lasagne 0.2.dev1.

A vector of targets is compared with a column of predictions example by
example; Lasagne 0.1 compares each with all, and the loss is another one.
"""
import warnings

import theano.tensor as T
from lasagne.utils import as_theano_expression

__all__ = ["NAMES", "CHANGED"]

#: What scripts find in Lasagne.
NAMES = ("align_targets", "binary_accuracy", "binary_crossentropy",
         "binary_hinge_loss", "categorical_accuracy", "huber_loss",
         "multiclass_hinge_loss", "squared_error")


def align_targets(predictions, targets):
    """Return predictions and targets, these as a column if those are one."""
    is_column = getattr(predictions, "broadcastable", None) == (False, True)
    if is_column and getattr(targets, "ndim", None) == 1:
        targets = as_theano_expression(targets).dimshuffle(0, "x")
    return predictions, targets


def binary_crossentropy(predictions, targets):
    """Return the cross entropy of each prediction between 0 and 1."""
    return T.nnet.binary_crossentropy(*align_targets(predictions, targets))


def squared_error(a, b):
    """Return the square of each difference."""
    a, b = align_targets(a, b)
    return T.square(a - b)


def huber_loss(predictions, targets, delta=1):
    """Return half the square of differences up to `delta`, then a line."""
    predictions, targets = align_targets(predictions, targets)
    distance = abs(targets - predictions)
    return T.switch(distance <= delta, 0.5 * T.square(distance),
                    delta * (distance - delta / 2.))


def binary_hinge_loss(predictions, targets, delta=1, log_odds=None,
                      binary=True):
    """Return the hinge loss of each prediction.

    Parameters
    ----------
    predictions, targets : theano.Variable
        Of each example; targets are 0 and 1, or without `binary` -1 and 1.
    delta : float, default 1
        The margin.
    log_odds : bool, optional
        Whether predictions are log odds, else probabilities. Lasagne 0.2.dev1
        stops where it is left out; here that means true, with a warning.
    binary : bool, default True
        What targets are.

    Returns
    -------
    theano.Variable
        Of each example.
    """
    if log_odds is None:
        warnings.warn("binary_hinge_loss: log_odds is left out; true is "
                      "taken. Name it.", FutureWarning, stacklevel=2)
    elif not log_odds:
        predictions = T.log(predictions / (1 - predictions))
    if binary:
        targets = 2 * targets - 1
    predictions, targets = align_targets(predictions, targets)
    return T.nnet.relu(delta - predictions * targets)


def multiclass_hinge_loss(predictions, targets, delta=1):
    """Return how far the right class is from winning by `delta`.

    Parameters
    ----------
    predictions : theano.Variable
        Axes (examples, classes).
    targets : theano.Variable
        Labels, or one of 0 and 1 for each class.
    delta : float, default 1
        The margin.

    Returns
    -------
    theano.Variable
        Of each example.
    """
    if targets.ndim == predictions.ndim - 1:
        targets = T.eq(T.arange(predictions.shape[1]),
                       T.shape_padright(targets))
    elif targets.ndim != predictions.ndim:
        raise _rank_mismatch("multiclass_hinge_loss", predictions, targets)
    right = T.switch(targets, predictions, -float("inf")).max(axis=1)
    other = T.switch(targets, -float("inf"), predictions).max(axis=1)
    return T.nnet.relu(other - right + delta)


def binary_accuracy(predictions, targets, threshold=0.5):
    """Tell, as 0 or 1, whether predictions are on the targets' side."""
    predictions, targets = align_targets(predictions, targets)
    return T.eq(T.ge(predictions, threshold), targets)


def categorical_accuracy(predictions, targets, top_k=1):
    """Tell whether the target is among the `top_k` likeliest classes."""
    if targets.ndim == predictions.ndim:
        targets = T.argmax(targets, axis=-1)
    elif targets.ndim != predictions.ndim - 1:
        raise _rank_mismatch("categorical_accuracy", predictions, targets)
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    likeliest = T.argsort(predictions, axis=-1)[..., -top_k:]
    return T.any(T.eq(likeliest, T.shape_padright(targets)), axis=-1)


def _rank_mismatch(name, predictions, targets):
    return TypeError(
        "%s: rank mismatch: targets have %d axes, predictions %d; expected as "
        "many or one less." % (name, targets.ndim, predictions.ndim))


#: What Lasagne 0.1 has, and compares otherwise.
CHANGED = ("binary_crossentropy", "squared_error")
