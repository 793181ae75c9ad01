"""Functions of Lasagne 0.2.dev1 that Lasagne 0.1 lacks, by their module.

:func:`lasagne_flipconv.install` puts them into Lasagne where it has none of
that name.
"""
import theano.tensor as T
from lasagne import nonlinearities, objectives

__all__ = ["missing"]


def elu(x):
    """Return `x` where it is positive, else exp(x) - 1."""
    return T.switch(x > 0, x, T.expm1(x))


def softplus(x):
    """Return log(1 + exp(x)), a smooth rectifier."""
    return T.nnet.softplus(x)


class SELU:
    """Scale and shift the exponential linear unit.

    Parameters
    ----------
    scale, scale_neg : float, default 1
        Factor of everything, and of the negative part before.
    """

    def __init__(self, scale=1, scale_neg=1):
        self.scale, self.scale_neg = scale, scale_neg

    def __call__(self, x):
        return self.scale * T.switch(x > 0., x, self.scale_neg * T.expm1(x))


#: The self-normalizing unit: scales by Klambauer et al., arXiv:1706.02515.
selu = SELU(scale=1.0507009873554804934193349852946,
            scale_neg=1.6732632423543772848170429916717)


def binary_accuracy(predictions, targets, threshold=0.5):
    """Tell, as 0 or 1, whether predictions are on the targets' side."""
    return T.eq(T.ge(predictions, threshold), targets)


def categorical_accuracy(predictions, targets, top_k=1):
    """Tell whether the target is among the `top_k` likeliest classes."""
    if targets.ndim == predictions.ndim:
        targets = T.argmax(targets, axis=-1)
    elif targets.ndim != predictions.ndim - 1:
        raise TypeError(
            "categorical_accuracy: targets have %d axes, predictions %d; "
            "expected as many or one less."
            % (targets.ndim, predictions.ndim))
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    likeliest = T.argsort(predictions, axis=-1)[..., -top_k:]
    return T.any(T.eq(likeliest, T.shape_padright(targets)), axis=-1)


_FUNCTIONS = {
    nonlinearities: {"elu": elu, "softplus": softplus, "SELU": SELU,
                     "selu": selu},
    objectives: {"binary_accuracy": binary_accuracy,
                 "categorical_accuracy": categorical_accuracy},
}


def missing():
    """Return what the installed Lasagne lacks.

    Returns
    -------
    dict of module to dict
        For each module of Lasagne the functions by name.
    """
    return {module: {name: value for name, value in names.items()
                     if not hasattr(module, name)}
            for module, names in _FUNCTIONS.items()}
