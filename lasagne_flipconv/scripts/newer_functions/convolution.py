"""One-dimensional convolutions with the arguments of Lasagne 0.2.dev1."""
import functools
from numbers import Integral

import numpy as np
from lasagne.theano_extensions import conv, padding
from theano.tensor.nnet import conv2d

__all__ = ["FUNCTIONS"]

_pad = padding.pad


def pad(x, width, val=0, batch_ndim=1):
    """Pad by a number on both sides of each axis, or as each entry says."""
    if isinstance(width, (Integral, np.integer)):
        width = int(width)
    return _pad(x, width, val, batch_ndim)


def _along(axis):
    """Return a convolution along one of two axes, the other of length 1."""
    def lifted(shape):
        return shape and (*shape[:2], *_placed(axis, shape[2], 1))

    def convolve(input, filters, image_shape=None, filter_shape=None,
                 border_mode="valid", subsample=(1,), filter_flip=True,
                 num_groups=1):
        """Convolve along the last axis."""
        if isinstance(border_mode, tuple):
            border_mode, = border_mode
        if isinstance(border_mode, (Integral, np.integer)):
            border_mode = _placed(axis, border_mode, 0)
        axes = [0, 1, *_placed(axis, 2, "x")]
        result = conv2d(
            input.dimshuffle(axes), filters.dimshuffle(axes),
            lifted(image_shape), lifted(filter_shape), border_mode,
            _placed(axis, subsample[0], 1), filter_flip=filter_flip,
            num_groups=num_groups)
        return result[:, :, 0] if axis else result[:, :, :, 0]
    return convolve


def _placed(axis, value, other):
    """Return two entries, `value` at a place."""
    return (other, value) if axis else (value, other)


def _turning(name):
    """Return one of Lasagne's that reverses its filters, or not."""
    stock = getattr(conv, name)

    def convolve(input, filters, image_shape, filter_shape,
                 border_mode="valid", subsample=(1,), filter_flip=True):
        """Convolve along the last axis."""
        if not filter_flip:
            filters = filters[:, :, ::-1]
        return stock(input, filters, image_shape, filter_shape,
                     _word(border_mode), subsample)
    return convolve


def _word(border_mode):
    """Return ``"valid"`` for a padding of zero."""
    return "valid" if border_mode in (0, (0,)) else border_mode


def conv1d_sc(input, filters, image_shape=None, filter_shape=None,
              border_mode="valid", subsample=(1,), filter_flip=True):
    """Convolve along the last axis, channels as an axis of one channel.

    Without `filter_flip`, Lasagne 0.2.dev1 reads the channels of the filters
    from the last to the first; so it is here, as networks were trained so.
    """
    if not filter_flip:
        filters = filters[:, ::-1, ::-1]
    return _conv1d_sc(input, filters, image_shape, filter_shape,
                      _word(border_mode), subsample)


_conv1d_sc = conv.conv1d_sc


def conv1d_unstrided(input, filters, image_shape, filter_shape,
                     border_mode="valid", subsample=(1,), filter_flip=True,
                     implementation=conv1d_sc):
    """Convolve along the last axis, steps folded into channels."""
    if not filter_flip:
        implementation = functools.partial(implementation, filter_flip=False)
    return _conv1d_unstrided(input, filters, image_shape, filter_shape,
                             _word(border_mode), subsample, implementation)


_conv1d_unstrided = conv.conv1d_unstrided

FUNCTIONS = {
    "conv1d_mc0": _along(1), "conv1d_mc1": _along(0), "conv1d_sc": conv1d_sc,
    "conv1d_sd": _turning("conv1d_sd"), "conv1d_md": _turning("conv1d_md"),
    "conv1d_unstrided": conv1d_unstrided}
for _name, _function in FUNCTIONS.items():
    _function.__name__ = _function.__qualname__ = _name
