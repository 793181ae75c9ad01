"""Rows of layers that are products with a matrix, and of embeddings."""
import numpy as np

from .values import activated, biased, value_of

__all__ = ["ROWS"]


def dense(layer, scope, x):
    """Add a product with a matrix; flatten before what has more axes."""
    leading = getattr(layer, "num_leading_axes", 1)
    ndim = len(layer.input_shape)
    leading += ndim if leading < 0 else 0
    if ndim > leading + 1:
        x = scope.add("flatten_end", x, suffix="flatten", axis=leading)
    W = value_of(layer.W, scope.layer + ".W")
    out = scope.add("dense", x, arrays={
        "W": np.ascontiguousarray(W.T),
        "b": value_of(layer.b, scope.layer + ".b")},
        ndim=leading + 1, shape=scope.shape)
    return activated(scope, out, layer.nonlinearity, leading + 1)


def nin(layer, scope, x):
    """Add a dense layer over the channels: a convolution of size one."""
    ndim, b = len(layer.input_shape), value_of(layer.b, scope.layer + ".b")
    W = value_of(layer.W, scope.layer + ".W").T
    n = ndim - 2
    if n > 3 or n < 1:
        return None
    out = scope.add(
        "conv", x, arrays={"W": np.ascontiguousarray(W).reshape(
            W.shape + (1,) * n), "b": None if layer.untie_biases else b},
        stride=(1,) * n, pad=((0, 0),) * n, dilation=(1,) * n, groups=1,
        shape=scope.shape)
    if layer.untie_biases and b is not None:
        out = biased(scope, out, b, "bias")
    return activated(scope, out, layer.nonlinearity, ndim)


def embedding(layer, scope, x):
    """Add a look-up of rows."""
    return scope.add("embedding", x, shape=scope.shape, arrays={
        "W": value_of(layer.W, scope.layer + ".W")})


ROWS = {"DenseLayer": dense, "NINLayer": nin, "EmbeddingLayer": embedding}
