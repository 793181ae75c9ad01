"""Rows of the layers that move values and compute nothing."""
import numpy as np

__all__ = ["ROWS"]


def flatten(layer, scope, x):
    """Add a flattening of the last axes."""
    if layer.outdim == len(layer.input_shape):
        return x
    return scope.add("flatten_end", x, axis=layer.outdim - 1,
                     shape=scope.shape)


def reshape(layer, scope, x):
    """Add a new shape, in which at most one size is not known."""
    dims = [_size(size, layer.input_shape) for size in layer.shape]
    if any(not isinstance(size, int) for size in dims) or (
            dims.count(-1) > 1):
        return None
    return scope.add("reshape", x, dims=tuple(dims), shape=scope.shape)


def _size(size, input_shape):
    if isinstance(size, list):
        size = input_shape[size[0]]
        return -1 if size is None else int(size)
    return int(size) if hasattr(size, "__int__") and (
        not hasattr(size, "owner")) else None


def dimshuffle(layer, scope, x):
    """Add an order of axes, with some put in or taken out."""
    return scope.add("dimshuffle", x, pattern=tuple(layer.pattern),
                     ndim=len(layer.input_shape), shape=scope.shape)


def pad(layer, scope, x):
    """Add a border of one value."""
    n = len(layer.input_shape) - layer.batch_ndim
    width = layer.width
    width = [width] * n if np.isscalar(width) else width
    pairs = [(0, 0)] * layer.batch_ndim + [
        (int(before), int(after)) for before, after in (
            (w, w) if np.isscalar(w) else w for w in width)]
    if hasattr(layer.val, "owner"):
        return None
    return scope.add("pad", x, pairs=tuple(pairs), value=float(layer.val),
                     shape=scope.shape)


def part(layer, scope, x):
    """Add a choice of some places of an axis, or of one."""
    axis = layer.axis % len(layer.input_shape)
    if isinstance(layer.slice, slice):
        return scope.add("slice", x, shape=scope.shape, slices=((
            axis, layer.slice.start, layer.slice.stop,
            layer.slice.step or 1),))
    return scope.add("index", x, axis=axis, index=int(layer.slice),
                     shape=scope.shape)


ROWS = {"FlattenLayer": flatten, "ReshapeLayer": reshape,
        "DimshuffleLayer": dimshuffle, "PadLayer": pad, "SliceLayer": part}
