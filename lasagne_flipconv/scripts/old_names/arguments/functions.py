"""Functions of scikit-learn that took what has no counterpart today."""
import importlib
import inspect

import numpy as np

__all__ = ["FUNCTIONS", "jaccard_similarity_score"]


def _metrics():
    return importlib.import_module("sklearn.metrics")


def auc(x, y, reorder=False):
    """Return the area under a curve.

    Parameters
    ----------
    x, y : array
        Points of the curve.
    reorder : bool, default False
        Whether they are to be put in order.

    Returns
    -------
    float
        By the trapezoidal rule.
    """
    if reorder:
        order = np.lexsort((y, x))
        x, y = np.asarray(x)[order], np.asarray(y)[order]
    return _metrics().auc(x, y)


def log_loss(y_true, y_pred, eps=1e-15, normalize=True, sample_weight=None,
             labels=None):
    """Return the cross-entropy of predictions, none nearer to 0 than `eps`.

    Parameters
    ----------
    y_true, y_pred, normalize, sample_weight, labels : object
        As for ``sklearn.metrics.log_loss``.
    eps : float, default 1e-15
        The least probability.

    Returns
    -------
    float
        Their mean, or their sum.
    """
    y_pred = np.clip(np.asarray(y_pred, float), eps, 1 - eps)
    if y_pred.ndim == 2 and y_pred.shape[1] > 1:
        y_pred = y_pred / y_pred.sum(axis=1, keepdims=True)
    return _metrics().log_loss(
        y_true, y_pred, normalize=normalize, sample_weight=sample_weight,
        labels=labels)


def make_scorer(score_func, greater_is_better=True, needs_proba=False,
                needs_threshold=False, **kwargs):
    """Return what scores an estimator by a metric.

    Parameters
    ----------
    score_func : callable
        The metric.
    greater_is_better : bool, default True
        Whether a good estimator has much of it.
    needs_proba : bool, default False
        Whether it takes probabilities.
    needs_threshold : bool, default False
        Whether it takes what is compared with a threshold.
    **kwargs : dict
        Passed to the metric.

    Returns
    -------
    callable
        As of ``sklearn.metrics.make_scorer``.
    """
    today = _metrics().make_scorer
    if "response_method" not in inspect.signature(today).parameters:  # < 1.4
        kwargs.update(needs_proba=needs_proba,
                      needs_threshold=needs_threshold)
    elif needs_proba:
        kwargs["response_method"] = "predict_proba"
    elif needs_threshold:
        kwargs["response_method"] = ("decision_function", "predict_proba")
    return today(score_func, greater_is_better=greater_is_better, **kwargs)


def jaccard_similarity_score(y_true, y_pred, normalize=True,
                             sample_weight=None):
    """Return the mean of how similar the sets of labels are.

    Of one label each, how many are right, as it was.

    Parameters
    ----------
    y_true, y_pred : array
        Labels, or a column of 0 and 1 for each.
    normalize : bool, default True
        Whether to return the mean, not the sum.
    sample_weight : array, optional
        Of examples.

    Returns
    -------
    float
        The mean, or the sum.
    """
    if np.ndim(y_true) == 1:
        each = np.equal(y_true, y_pred).astype(float)
    else:
        true, found = np.asarray(y_true) != 0, np.asarray(y_pred) != 0
        union = (true | found).sum(axis=1)
        each = np.where(union == 0, 1.,
                        (true & found).sum(axis=1) / np.maximum(union, 1))
    if normalize:
        return np.average(each, weights=sample_weight)
    return each.sum() if sample_weight is None else each @ sample_weight


#: What is called instead of what there is today.
FUNCTIONS = {function.__name__: function for function in (
    auc, log_loss, make_scorer)}
