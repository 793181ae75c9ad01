"""Rows of pooling and of enlarging."""
import math

import theano.tensor as T

from ..errors import LeavingError
from .values import numbers

__all__ = ["ROWS"]

_REDUCE = {T.mean: "mean", T.max: "max", T.sum: "sum", T.min: "min",
           T.prod: "prod"}
_MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


def pool(layer, scope, x):
    """Add pooling over the axes after the second."""
    n = len(layer.input_shape) - 2
    mode = getattr(layer, "mode", "max")
    if getattr(layer, "dimshuffle", True) is False or mode not in _MODES:
        raise LeavingError(
            "%s: pools with mode %r, dimshuffle=%r; expected one of %s over "
            "(batch, channels, height, width)." % (scope.layer, mode, getattr(
                layer, "dimshuffle", True), ", ".join(_MODES)))
    partial = not getattr(layer, "ignore_border", True)
    return _pool(layer, scope, x, mode, partial, *(
        numbers(getattr(layer, name, 0), n)
        for name in ("pool_size", "stride", "pad")))


def _pool(layer, scope, x, mode, ceil, size, stride, pad):
    rest = (0,) * len(size)
    if ceil:
        axes = list(zip(layer.input_shape[2:], scope.shape[2:], size, stride))
        # no region may be larger than what it is of: it is cut at the border
        size = tuple(k if i is None else min(k, i) for i, _, k, _ in axes)
        rest = tuple(_rest(*axis) for axis in axes)
    if mode == "sum" and any(rest):  # what a region lacks adds nothing
        x = scope.add("pad", x, suffix="border", value=0., pairs=(
            (0, 0), (0, 0), *((0, r) for r in rest)))
        rest = (0,) * len(size)
    partial = any(rest)
    pooled = scope.add("max_pool" if mode == "max" else "average_pool", x,
                       size=size, stride=stride, pad=pad, ceil=partial,
                       rest=rest, shape=scope.shape,
                       include_pad=mode != "average_exc_pad" and not partial)
    return pooled if mode != "sum" else scope.add(
        "mul", pooled, float(math.prod(size)), suffix="sum")


def _rest(length, out, size, stride):
    """Return how far the last region reaches beyond the input.

    If the length is not known: as much as gives it the right number of
    regions, except for an input that is shorter than a region.
    """
    if length is None:
        return min(size, stride) - 1
    return max(0, (out - 1) * stride + min(size, length) - length)


def global_pool(layer, scope, x):
    """Add a reduction of all axes after the second."""
    kind = _REDUCE.get(layer.pool_function)
    if kind is None:
        return None
    return scope.add(kind, x, axes=tuple(range(2, len(layer.input_shape))),
                     keepdims=False, shape=scope.shape)


def feature_pool(layer, scope, x):
    """Add a reduction of groups of neighbours along an axis."""
    kind = _REDUCE.get(layer.pool_function)
    split = kind and _split(layer, scope, x)
    return split and scope.add(kind, split, axes=(layer.axis + 1,),
                               keepdims=False, shape=scope.shape)


def _split(layer, scope, x):
    """Split an axis into groups, where the other sizes are known enough."""
    shape = list(layer.input_shape)
    shape[layer.axis:layer.axis + 1] = [shape[layer.axis] // layer.pool_size,
                                        layer.pool_size]
    if shape.count(None) > 1:
        return None
    return scope.add("reshape", x, suffix="split", dims=tuple(
        -1 if size is None else size for size in shape))


def upscale(layer, scope, x):
    """Add an enlargement: repeated values, or zeros between them."""
    mode = getattr(layer, "mode", "repeat")
    if mode == "dilate" and scope.shape[1] is None:
        raise LeavingError(
            "%s: puts zeros into an input of shape %r; expected a known "
            "number of channels. Name it in the input layer." % (
                scope.layer, tuple(layer.input_shape)))
    kind = {"repeat": "repeat", "dilate": "dilate"}[mode]
    return scope.add(kind, x, shape=scope.shape,
                     factors=numbers(layer.scale_factor, len(scope.shape) - 2))


ROWS = {name: pool for name in (
    "Pool1DLayer", "Pool2DLayer", "Pool3DLayer", "MaxPool1DLayer",
    "MaxPool2DLayer", "MaxPool3DLayer", "Pool2DDNNLayer", "MaxPool2DDNNLayer",
    "Pool3DDNNLayer", "MaxPool3DDNNLayer", "MaxPool2DCCLayer")}
ROWS.update({"Upscale%dDLayer" % n: upscale for n in (1, 2, 3)})
ROWS.update({"GlobalPoolLayer": global_pool, "FeaturePoolLayer": feature_pool})
