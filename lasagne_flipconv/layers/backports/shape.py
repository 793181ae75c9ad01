"""Layers that reshape, where Lasagne 0.1 needs all sizes to be known."""
from numbers import Integral

import numpy as np
from lasagne.layers import FlattenLayer as StockFlatten
from lasagne.layers import PadLayer as StockPad
from lasagne.layers import SliceLayer as StockSlice

__all__ = ["FlattenLayer", "flatten", "PadLayer", "pad", "SliceLayer"]


class FlattenLayer(StockFlatten):
    """Join the last axes into one; their sizes may be unknown.

    Takes the arguments of :class:`lasagne.layers.FlattenLayer`.

    Examples
    --------
    >>> FlattenLayer((None, 3, None)).output_shape
    (None, None)
    """

    def get_output_shape_for(self, input_shape):
        kept = tuple(input_shape[:self.outdim - 1])
        joined = input_shape[self.outdim - 1:]
        return kept + (None if None in joined else int(np.prod(joined)),)


class PadLayer(StockPad):
    """Put a constant around the last axes; their sizes may be unknown.

    Takes the arguments of :class:`lasagne.layers.PadLayer`.

    Examples
    --------
    >>> PadLayer((None, 3, None, 8), 2).output_shape
    (None, 3, None, 12)
    """

    def get_output_shape_for(self, input_shape):
        width = self.width
        if isinstance(width, Integral):
            width = [width] * (len(input_shape) - self.batch_ndim)
        added = [0] * self.batch_ndim + [
            2 * w if isinstance(w, Integral) else sum(w) for w in width]
        added += [0] * (len(input_shape) - len(added))
        return tuple(None if size is None else size + more
                     for size, more in zip(input_shape, added))


class SliceLayer(StockSlice):
    """Cut out a part along an axis; its size may be unknown.

    Takes the arguments of :class:`lasagne.layers.SliceLayer`.

    Examples
    --------
    >>> SliceLayer((None, 3), slice(0, 2), axis=0).output_shape
    (None, 3)
    """

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        if isinstance(self.slice, Integral):
            del shape[self.axis]
        elif shape[self.axis] is not None:
            part = range(*self.slice.indices(shape[self.axis]))
            shape[self.axis] = len(part)
        return tuple(shape)


flatten = FlattenLayer
pad = PadLayer
