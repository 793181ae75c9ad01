"""Rows of single functions: nonlinearity, bias, scale, noise."""
from .values import activated, broadcast, value_of

__all__ = ["ROWS"]


def nonlinearity(layer, scope, x):
    """Add the nonlinearity."""
    return activated(scope, x, layer.nonlinearity, len(layer.input_shape))


def bias(layer, scope, x):
    """Add the sum with a learned array."""
    if layer.b is None:
        return x
    return scope.add("add", x, _shared(layer, scope, "b"),
                     shape=scope.shape)


def scale(layer, scope, x):
    """Add the product with a learned array."""
    return scope.add("mul", x, _shared(layer, scope, "scales"),
                     shape=scope.shape)


def _shared(layer, scope, role):
    array = broadcast(value_of(getattr(layer, role), scope.layer),
                      layer.shared_axes, len(layer.input_shape))
    return scope.constant(array, role)


def prelu(layer, scope, x):
    """Add a rectifier with learned slopes."""
    alpha = broadcast(value_of(layer.alpha, scope.layer), layer.shared_axes,
                      len(layer.input_shape))
    return scope.add("prelu", x, arrays={"alpha": alpha}, shape=scope.shape)


def rrelu(layer, scope, x):
    """Add the rectifier that a randomized one is when it is not random."""
    return scope.add("leaky_relu", x, shape=scope.shape,
                     slope=float(value_of(layer.upper + layer.lower,
                                          scope.layer)) / 2)


def dropout(layer, scope, x):
    """Add dropout, which does something in training only."""
    ndim = len(layer.input_shape)
    shared = {axis % ndim for axis in getattr(layer, "shared_axes", ())}
    return scope.add("dropout", x, p=float(value_of(layer.p, scope.layer)),
                     rescale=bool(layer.rescale), ndim=ndim,
                     shared=tuple(sorted(shared)), shape=scope.shape)


def noise(layer, scope, x):
    """Leave out the noise, which is there in training only."""
    return x


ROWS = {"NonlinearityLayer": nonlinearity, "BiasLayer": bias,
        "ScaleLayer": scale, "ParametricRectifierLayer": prelu,
        "RandomizedRectifierLayer": rrelu, "DropoutLayer": dropout,
        "GaussianNoiseLayer": noise}
