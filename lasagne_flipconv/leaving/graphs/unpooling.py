"""Gradients of pooling, by which an InverseLayer takes it back."""
import math

import numpy as np

from ..errors import LeavingError
from .sizes import length_of

__all__ = ["spread", "unpool"]


def unpool(walk, node):
    """Say the gradient of a maximum: to each place that is the largest."""
    x, largest, top, *options = node.inputs
    size, lengths, reach = _regions(walk, node.op, x, options)
    if len(size) != x.ndim - 2:
        return None
    inner = walk.value_of(x)
    if any(r < n for r, n in zip(reach, lengths)):
        inner = walk.add("slice", inner, slices=_cuts(reach))
    largest, top = (_repeated(walk, value, size, lengths, reach)
                    for value in (largest, top))
    hit = walk.add("equal", inner, largest)
    return _padded(walk, walk.add("where", hit, top, 0.), lengths, reach)


def spread(walk, node):
    """Say the gradient of a mean or sum: to all places of a region."""
    x, top, *options = node.inputs
    size, lengths, reach = _regions(walk, node.op, x, options)
    if len(size) != x.ndim - 2:
        return None
    value = _repeated(walk, top, size, lengths, reach)
    if node.op.mode != "sum":
        value = walk.add("mul", value, _shares(walk, size, lengths, reach))
    return _padded(walk, value, lengths, reach)


def _regions(walk, op, x, options):
    """Return sizes of regions, of the images, and how far regions reach."""
    size, stride, pad = (tuple(map(int, walk.array_of(each)))
                         for each in options[:3])
    if stride != size or any(pad):
        raise LeavingError(
            "%s: takes back pooling of regions of %r that move by %r, padded "
            "by %r; expected regions side by side, without padding. Pool with "
            "stride=pool_size and pad=0." % (walk.scope.layer, size, stride,
                                             pad))
    lengths = [length_of(walk, x, axis) for axis in range(
        x.ndim - len(size), x.ndim)]
    if not all(isinstance(length, int) for length in lengths):
        raise LeavingError(
            "%s: takes back pooling of images whose size is open; expected "
            "known sizes. Name them in the input layer." % walk.scope.layer)
    counts = [n // k if op.ignore_border else -(-n // k)
              for n, k in zip(lengths, size)]
    return size, lengths, [c * k for c, k in zip(counts, size)]


def _repeated(walk, variable, size, lengths, reach):
    """Return the value of each region in all its places."""
    value = walk.add("repeat", walk.value_of(variable), factors=size)
    if any(r > n for r, n in zip(reach, lengths)):
        value = walk.add("slice", value, slices=_cuts(lengths))
    return value


def _cuts(lengths):
    return tuple((axis, None, length, 1)
                 for axis, length in enumerate(lengths, 2))


def _shares(walk, size, lengths, reach):
    """Return what each place adds to the mean of its region."""
    if all(r <= n for r, n in zip(reach, lengths)):
        return 1. / math.prod(size)
    shares = np.ones((1, 1) + tuple(lengths), "float32")
    for axis, (k, n) in enumerate(zip(size, lengths), 2):
        start = np.arange(n) // k * k
        shares /= (np.minimum(start + k, n) - start).reshape(
            (-1,) + (1,) * (shares.ndim - 1 - axis))
    return walk.scope.constant(shares, "shares", False)


def _padded(walk, value, lengths, reach):
    """Return zeros where no region reaches."""
    rest = [max(0, n - r) for r, n in zip(reach, lengths)]
    return walk.add("pad", value, value=0., pairs=(
        (0, 0), (0, 0), *((0, r) for r in rest))) if any(rest) else value
