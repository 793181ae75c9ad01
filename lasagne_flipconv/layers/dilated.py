"""Drop-in for ``lasagne.layers.DilatedConv2DLayer``."""
from lasagne import init, nonlinearities

from ..conventions import name_of
from . import abstract
from .base import BaseConvLayer, drop_in, with_stock

__all__ = ["DilatedConv2DLayer"]


@drop_in("forward", "IO", n=2, flip=False)
class DilatedConv2DLayer(*with_stock(BaseConvLayer, "conv",
                                     "DilatedConv2DLayer")):
    """Correlate over two axes with dilated filters.

    As in Lasagne, ``W`` has its two channel axes swapped, the input cannot be
    padded and the filters cannot be flipped. ``Conv2DLayer(dilation=...)`` has
    none of these limits; it computes the same with ``flip_filters=False`` and
    a ``W`` of axes OIHW, which `transfer` and `load` turn.

    Parameters
    ----------
    incoming, num_filters, filter_size, untie_biases, b, nonlinearity : object
        As for :class:`Conv2DLayer`.
    dilation : int or tuple of int, default (1, 1)
        Distance between neighbouring values of a filter, per spatial axis.
    pad : int, default 0
        0, or what means the same.
    W : array, Theano variable or callable
        Initial kernel, axes IOHW.
    flip_filters : bool, default False
        False.
    <rest>

    Raises
    ------
    NotImplementedError
        If the input is to be padded or the filters to be flipped.

    Examples
    --------
    >>> layer = DilatedConv2DLayer((None, 3, 9, 9), 4, 3, dilation=2)
    >>> layer.convention, layer.output_shape
    (Convention(axes='IOHW', orientation='correlation'), (None, 4, 5, 5))
    """

    _pads_unevenly = False

    def __init__(self, incoming, num_filters, filter_size, dilation=(1, 1),
                 pad=0, untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, flip_filters=False,
                 **kwargs):
        super().__init__(incoming, num_filters, filter_size, 1, pad,
                         untie_biases, W, b, nonlinearity, flip_filters, n=2,
                         dilation=dilation, **kwargs)
        del self.stride
        if self.pad != (0, 0):
            self._refuse("pad=%r" % (pad,), "pad=0", False)
        if self.flip_filters:
            self._refuse("flip_filters=True", "flip_filters=False", True)

    def _refuse(self, got, expected, flip):
        raise NotImplementedError(
            "%s: got %s, but requires %s. Use Conv2DLayer(dilation=%r, "
            "flip_filters=%r), which has no such limit; its W has axes OIHW, "
            "not IOHW." % (name_of(self), got, expected, self.dilation, flip))

    def get_W_shape(self):
        shape = super().get_W_shape()
        return (shape[1], shape[0]) + shape[2:]

    def convolve(self, input, **kwargs):
        kernel_shape = super().get_W_shape()
        kernel = self.W.dimshuffle(1, 0, 2, 3)  # IOHW → OIHW
        return abstract.forward(input, kernel, self.input_shape,
                                kernel_shape, self._geometry())
