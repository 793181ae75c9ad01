"""Pooling and its gradients, with Theano's meaning.

Of equal maxima each gets the gradient, where PyTorch takes one of them; a
not-a-number is passed on only where it comes first in its window; a window may
stick out of the image.
"""
import functools
import itertools

import torch
from theano.tensor.signal.pool import (
    AveragePoolGrad,
    DownsampleFactorMaxGradGrad,
    MaxPoolGrad,
    Pool,
)
from torch.nn import functional as F

from .table import Untranslated, row

__all__ = ["average_gradient", "maximum_gradient", "pool"]


@row(Pool, host=(1, 2, 3))
def pool(op, node, device):
    """Return the maximum, sum or mean of each window."""
    _check(node, op.ndim)
    reduce = _maximum if op.mode == "max" else _mean_of(op)

    def pooled(x, window, stride, pad):
        return reduce(x, _windows(op, x.shape, window, stride, pad))
    return pooled


@row(MaxPoolGrad, host=(3, 4, 5))
def maximum_gradient(op, node, device):
    """Give each maximum of a window the gradient of the window."""
    _check(node, op.ndim)

    def gradient(x, maximum, above, window, stride, pad):
        windows = _windows(op, x.shape, window, stride, pad)
        windows.check(x.shape, maximum, above)
        wide = windows.padded(x, float("-inf"))
        result = (torch.empty_like if windows.tile else torch.zeros_like)(wide)
        for part in windows.parts():
            if windows.apart:
                _where(wide[part] == maximum, above, result[part])
            else:
                result[part] += _where(wide[part] == maximum, above)
        return windows.cropped(result, x.shape)
    return gradient


def _where(condition, values, out=None):
    """Return values where a condition is true, else 0.

    By their bits: `torch.where` takes forty times as long on a CPU, which
    cannot foresee where that is.
    """
    bits = torch.int32 if values.dtype is torch.float32 else torch.int64
    if out is not None:
        out = out.view(bits)
    return torch.mul(values.view(bits), condition, out=out).view(values.dtype)


@row(AveragePoolGrad, host=(2, 3, 4))
def average_gradient(op, node, device):
    """Spread the gradient of a window over it."""
    _check(node, op.ndim)

    def gradient(x, above, window, stride, pad):
        windows = _windows(op, x.shape, window, stride, pad)
        windows.check(x.shape, above)
        if op.mode != "sum":
            above = above / windows.counts(op.mode, above)
        result = x.new_zeros(windows.wide_shape(x.shape))
        for part in windows.parts():
            result[part] += above
        return windows.cropped(result, x.shape)
    return gradient


@row(DownsampleFactorMaxGradGrad, host=(3, 4, 5))
def maximum_gradient_gradient(op, node, device):
    """Sum what is above the maxima of each window."""
    _check(node, op.ndim)

    def gradient(x, maximum, above, window, stride, pad):
        windows = _windows(op, x.shape, window, stride, pad)
        windows.check(x.shape, maximum)
        wide = windows.padded(x, float("-inf"))
        above = windows.padded(above, 0)
        return sum(_where(wide[part] == maximum, above[part])
                   for part in windows.parts())
    return gradient


def _check(node, ndim):
    if node.inputs[0].dtype not in ("float32", "float64"):
        raise Untranslated("it computes in %s" % node.inputs[0].dtype)
    if ndim > 3:
        raise Untranslated("it pools over %d axes" % ndim)


def _windows(op, shape, window, stride, pad):
    if len(window) == len(stride) == len(pad) == op.ndim:
        out = Pool.out_shape(shape, window, op.ignore_border, stride, pad,
                             op.ndim)
        return Windows(shape[-op.ndim:], [int(n) for n in out[-op.ndim:]],
                       window, stride, pad)
    raise ValueError("%s: window %s, stride %s and pad %s; expected %d "
                     "numbers each" % (op, window, stride, pad, op.ndim))


class Windows:
    """Where the windows lie over the last axes of an image.

    Parameters
    ----------
    size : tuple of int
        Lengths of these axes.
    out : list of int
        How many windows there are along each.
    window, stride, pad : tuple of int
        Their size, their distance, and how far the first sticks out.
    """

    def __init__(self, size, out, window, stride, pad):
        self.size, self.out = tuple(size), out
        self.window, self.stride, self.pad = window, stride, pad
        #: Whether no two of them have a place in common.
        self.apart = all(s >= w for s, w in zip(stride, window))
        #: Whether each place that they cover is in one of them, and no more.
        self.tile = all(s == w for s, w in zip(stride, window))
        #: What the windows cover, from the start of the first.
        self.wide = [max((n - 1) * s + w, 0) if n else 0
                     for n, s, w in zip(out, stride, window)]

    def wide_shape(self, shape):
        """Return the shape of the image with all that windows cover."""
        return (*shape[:-len(self.size)], *self.wide)

    def check(self, shape, *arrays):
        """Raise unless arrays have one value for each window of an image."""
        expected = (*shape[:-len(self.size)], *self.out)
        for array in arrays:
            if array.shape != expected:
                raise ValueError(
                    "gradient of a pooling: shape %s; expected %s, for images "
                    "of %s" % (tuple(array.shape), expected, tuple(shape)))

    def padded(self, x, value):
        """Return all that the windows cover, a value around the image."""
        if 0 in self.out:
            return x.new_empty(self.wide_shape(x.shape))
        ends = [(p, w - n - p) for n, w, p in zip(
            self.size, self.wide, self.pad)]
        if not any(a or b for a, b in ends):
            return x
        return F.pad(x, [n for pair in ends[::-1] for n in pair], value=value)

    def cropped(self, x, shape):
        """Return the image of what the windows cover; zero elsewhere."""
        if 0 in self.out:
            return x.new_zeros(shape)
        ends = [(-p, n + p - w) for n, w, p in zip(
            self.size, self.wide, self.pad)]
        if not any(a or b for a, b in ends):
            return x
        return F.pad(x, [n for pair in ends[::-1] for n in pair])

    def parts(self):
        """Iterate over the places in a window, as indices of all of them."""
        for place in itertools.product(*[range(w) for w in self.window]):
            yield (..., *[slice(i, i + (n - 1) * s + 1 if n else i, s)
                          for i, n, s in zip(place, self.out, self.stride)])

    def first(self, x):
        """Return the first value of each window that is in the image."""
        for axis, (n, s, p) in enumerate(zip(self.out, self.stride, self.pad),
                                         x.ndim - len(self.size)):
            if p:
                at = torch.arange(n, device=x.device) * s - p
                x = x.index_select(axis, at.clamp_(min=0))
            else:
                x = x.narrow(axis, 0, (n - 1) * s + 1)[
                    (slice(None),) * axis + (slice(None, None, s),)]
        return x

    def counts(self, mode, like):
        """Return how many values each window is the mean of."""
        result = like.new_ones(())
        for n, w, s, p, size in zip(self.out, self.window, self.stride,
                                    self.pad, self.size):
            start = torch.arange(n, device=like.device) * s
            end = (start + w).clamp_(max=size + 2 * p)
            if mode == "average_exc_pad":
                start, end = start.clamp_(min=p), end.clamp_(max=size + p)
            result = result[..., None] * (end - start).to(like.dtype)
        return result


def _maximum(x, windows):
    """Return the maximum of each window; not-a-number if it comes first."""
    if 0 in windows.out or 0 in x.shape:
        return x.new_empty((*x.shape[:-len(windows.out)], *windows.out))
    infinity = float("inf")
    found = windows.padded(torch.nan_to_num(
        x, -infinity, infinity, -infinity), -infinity)
    for axis in range(len(windows.out)):
        found = _along(found, axis - len(windows.out), windows.window[axis],
                       windows.stride[axis], windows.out[axis])
    first = windows.first(x)
    return torch.where(torch.isnan(first), first, found)


#: Of a longer window, the maximum is not found value by value.
_LONG = 8


def _along(x, axis, window, stride, count):
    """Return the maxima of windows along one axis."""
    if window > _LONG:
        return x.unfold(axis, window, stride).amax(-1)
    after = (slice(None),) * (-1 - axis)
    return functools.reduce(torch.maximum, [
        x[(..., slice(i, i + (count - 1) * stride + 1, stride), *after)]
        for i in range(window)])


def _mean_of(op):
    """Return the function for a mode that sums."""
    def reduce(x, windows):
        shape = (*x.shape[:-len(windows.out)], *windows.out)
        if 0 in shape or 0 in x.shape:
            return x.new_zeros(shape)
        wide = _planes(windows.padded(x, 0), windows)
        slide = F.avg_pool3d if wide.ndim == 5 else F.avg_pool2d
        total = slide(wide, *_as_planes(windows),
                      divisor_override=1).reshape(shape)
        if op.mode == "sum":
            return total
        return total / windows.counts(op.mode, total)
    return reduce


def _planes(x, windows):
    """Return images as PyTorch takes them: one channel, two or three axes."""
    size = x.shape[-len(windows.out):]
    return x.reshape(-1, 1, *((1,) if len(size) == 1 else ()), *size)


def _as_planes(windows):
    one = (1,) if len(windows.out) == 1 else ()
    return one + tuple(windows.window), one + tuple(windows.stride)
