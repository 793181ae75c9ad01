"""Layers that reshape, pad and cut, where sizes may be unknown."""
from numbers import Integral

import numpy as np
from lasagne.theano_extensions import padding

from ..parameters import Layer
from .common import axis_of, bases, documented

__all__ = ["FlattenLayer", "flatten", "PadLayer", "pad", "SliceLayer"]


@documented
class FlattenLayer(*bases("FlattenLayer")):
    """Join the last axes into one.

    Parameters
    ----------
    <incoming>
    outdim : int, default 2
        Number of axes of the output.
    <kwargs>

    Raises
    ------
    ValueError
        If `outdim` is below 1.

    Examples
    --------
    >>> FlattenLayer((None, 3, 4, 5)).output_shape
    (None, 60)
    >>> FlattenLayer((None, 3, None)).output_shape
    (None, None)
    """

    def __init__(self, incoming, outdim=2, **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        if outdim < 1:
            raise ValueError("FlattenLayer: outdim=%r; expected at least 1."
                             % (outdim,))
        self.outdim = outdim

    def get_output_shape_for(self, input_shape):
        kept = tuple(input_shape[:self.outdim - 1])
        joined = input_shape[self.outdim - 1:]
        return kept + (None if None in joined else int(np.prod(joined)),)

    def get_output_for(self, input, **kwargs):
        return input.flatten(self.outdim)


flatten = FlattenLayer


@documented
class PadLayer(*bases("PadLayer")):
    """Put a constant around the last axes.

    Parameters
    ----------
    <incoming>
    width : int, or sequence of int or (int, int)
        How much to add on both sides of each axis, or before and after it.
    val : number, default 0
        The constant.
    batch_ndim : int, default 2
        Number of axes, from the front, that are left.
    <kwargs>

    Examples
    --------
    >>> PadLayer((None, 3, None, 8), (2, (0, 1))).output_shape
    (None, 3, None, 9)
    """

    def __init__(self, incoming, width, val=0, batch_ndim=2, **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self.width = width
        self.val = val
        self.batch_ndim = batch_ndim

    def get_output_shape_for(self, input_shape):
        added = [0] * len(input_shape)
        first = self.batch_ndim
        if isinstance(self.width, Integral):
            added[first:] = [2 * self.width] * len(added[first:])
        else:
            sums = [2 * width if isinstance(width, Integral) else sum(width)
                    for width in self.width]
            if len(sums) > len(added[first:]):
                raise IndexError(
                    "PadLayer: width=%r for an input of shape %r; expected "
                    "one for each axis after the first %d, or less." % (
                        self.width, tuple(input_shape), first))
            added[first:first + len(sums)] = sums
        return tuple(None if size is None else size + more
                     for size, more in zip(input_shape, added))

    def get_output_for(self, input, **kwargs):
        return padding.pad(input, self.width, self.val, self.batch_ndim)


pad = PadLayer


@documented
class SliceLayer(*bases("SliceLayer")):
    """Cut a part, or one position, out of an axis.

    Parameters
    ----------
    <incoming>
    indices : int or slice
        What to take; an int removes the axis.
    axis : int, default -1
        The axis.
    <kwargs>

    Examples
    --------
    >>> SliceLayer((None, 3, 9), slice(0, None, 2)).output_shape
    (None, 3, 5)
    >>> SliceLayer((None, 3, 9), 0, axis=1).output_shape
    (None, 9)
    """

    def __init__(self, incoming, indices, axis=-1, **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self.slice = indices
        self.axis = axis

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        axis = axis_of(self, self.axis, len(shape))
        if isinstance(self.slice, Integral):
            del shape[axis]
        elif shape[axis] is not None:
            part = range(*self.slice.indices(shape[axis]))
            shape[axis] = len(part)
        return tuple(shape)

    def get_output_for(self, input, **kwargs):
        before = (slice(None),) * axis_of(self, self.axis, input.ndim)
        return input[before + (self.slice,)]
