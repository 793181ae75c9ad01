"""Rows of the normalizations."""
import numpy as np

from .values import broadcast, value_of

__all__ = ["ROWS", "variance_of"]

#: What is added to a variance where it is less than a layer adds; PyTorch
#: does not train with nothing.
_SMALLER = tuple(10. ** -i for i in range(2, 13))


def batch_norm(layer, scope, x):
    """Add batch normalization; over unusual axes, its arithmetic."""
    ndim, axes = len(layer.input_shape), tuple(layer.axes)
    arrays = {role: value_of(getattr(layer, role), scope.layer)
              for role in ("gamma", "beta", "mean", "inv_std")}
    usual = ndim <= 5 and axes == tuple(  # as PyTorch has modules for
        axis for axis in range(ndim) if axis != 1)
    if not usual:
        return _affine(scope, x, axes, ndim, **arrays)
    epsilon, variance = variance_of(
        arrays.pop("inv_std"), _number(layer, "epsilon", scope))
    return scope.add("batch_norm", x, arrays=dict(arrays, variance=variance),
                     epsilon=epsilon, momentum=_number(layer, "alpha", scope),
                     ndim=ndim, shape=scope.shape)


def _number(layer, role, scope):
    """Return an option that may be a shared variable, as one that decays."""
    value = getattr(layer, role)
    return float(value_of(value, scope.layer) if hasattr(value, "owner")
                 else value)


def variance_of(inv_std, epsilon):
    """Return the variance that gives an inverse deviation, to the bit.

    Parameters
    ----------
    inv_std : numpy.ndarray
        As Lasagne keeps it: 1 / sqrt(variance + epsilon).
    epsilon : float
        What Lasagne adds to a variance.

    Returns
    -------
    epsilon : float
        As float32 holds it; a smaller power of ten, or 0, where the values
        cannot come from that.
    variance : numpy.ndarray
        Of which ``1 / sqrt(variance + epsilon)``, computed in float64 and
        rounded, is `inv_std` again, unless that is not finite.
    """
    smaller = [each for each in _SMALLER if each < epsilon]
    with np.errstate(all="ignore"):
        total = 1 / np.square(inv_std.astype("float64"))
    epsilon = next((each for each in map(float, np.float32(
        [epsilon, *smaller])) if (total > each * (1 - 1e-6)).all()), 0.)
    variance = np.maximum(total - epsilon, 0).astype("float32")
    return epsilon, variance


def _affine(scope, x, axes, ndim, gamma, beta, mean, inv_std):
    def constant(array, name):
        return scope.constant(broadcast(array, axes, ndim), name,
                              name in ("gamma", "beta"))

    x = scope.add("sub", x, constant(mean, "mean"), suffix="centred")
    x = scope.add("mul", x, constant(inv_std, "inv_std"), suffix="normed")
    if gamma is not None:
        x = scope.add("mul", x, constant(gamma, "gamma"), suffix="scaled")
    return x if beta is None else scope.add("add", x, constant(beta, "beta"))


def standardization(layer, scope, x):
    """Add a normalization by the statistics of the input itself."""
    axes = tuple(layer.axes)
    mean = scope.add("mean", x, axes=axes, keepdims=True, suffix="mean")
    centred = scope.add("sub", x, mean, suffix="centred")
    square = scope.add("mul", centred, centred, suffix="square")
    variance = scope.add("mean", square, axes=axes, keepdims=True,
                         suffix="variance")
    total = scope.add("add", variance, _number(layer, "epsilon", scope),
                      suffix="total")
    deviation = scope.add("sqrt", total, suffix="deviation")
    return scope.add("div", centred, deviation, shape=scope.shape)


def lrn(layer, scope, x):
    """Add local response normalization; Lasagne's alpha is for each term."""
    return scope.add("lrn", x, n=layer.n, shape=scope.shape,
                     alpha=_number(layer, "alpha", scope) * layer.n,
                     beta=_number(layer, "beta", scope),
                     k=_number(layer, "k", scope))


ROWS = {"BatchNormLayer": batch_norm, "BatchNormDNNLayer": batch_norm,
        "StandardizationLayer": standardization,
        "LocalResponseNormalization2DLayer": lrn}
