"""Drop-ins for the transposed convolutions of ``lasagne.layers.conv``.

Such a layer is the adjoint of a convolution that goes from its output to its
input. PyTorch's ``ConvTranspose`` holds the same array as a layer here with
``flip_filters=True``.
"""
import theano
from lasagne import init, nonlinearities

from ..conventions import name_of
from . import abstract
from .base import BaseConvLayer, drop_in, with_stock
from .geometry import effective, pad_pairs, positive_sizes

__all__ = ["TransposedConv1DLayer", "TransposedConv2DLayer",
           "TransposedConv3DLayer", "Deconv1DLayer", "Deconv2DLayer",
           "Deconv3DLayer"]


class _TransposedConvLayer(BaseConvLayer):
    """Hold what the transposed convolutions share."""

    flip_filters = False
    output_size = None
    _pad_is_called = "crop"
    _makes_larger = "Crop less, or use larger filters."

    def __init__(self, incoming, num_filters, filter_size, stride=1, crop=0,
                 untie_biases=False, W=init.GlorotUniform(),
                 b=init.Constant(0.), nonlinearity=nonlinearities.rectify,
                 flip_filters=False, output_size=None, **kwargs):
        self.output_size = output_size
        if not (output_size is None or _is_symbolic(output_size)):
            self.output_size = positive_sizes(
                type(self).__name__, "output_size", output_size,
                type(self).n)
        super().__init__(incoming, num_filters, filter_size, stride, crop,
                         untie_biases, W, b, nonlinearity, flip_filters,
                         n=type(self).n, **kwargs)
        # it is `crop` to users and in pickles, as in Lasagne
        self.crop = self.pad
        del self.pad
        self._check_output_size()

    def _padding(self):
        # the constructor of the base still calls it `pad`
        return vars(self).get("crop", vars(self).get("pad"))

    def _check_output_size(self):
        if self.output_size is None or _is_symbolic(self.output_size):
            return
        least = self._smallest_size(self.input_shape[2:])
        for got, low, stride in zip(self.output_size, least, self.stride):
            if low is not None and not low <= got < low + stride:
                raise ValueError(
                    "%s: output_size=%r; expected per axis at least %r and "
                    "less than a stride of %r more: only from these does the "
                    "convolution lead back to an input of shape %r."
                    % (name_of(self), self.output_size, least, self.stride,
                       self.input_shape))

    def get_W_shape(self):
        return (self.num_input_channels,
                self.num_filters // self.num_groups) + self.filter_size

    def get_output_shape_for(self, input_shape):
        size = self.output_size
        if size is None:
            size = self._smallest_size(input_shape[2:])
        elif _is_symbolic(size):
            size = (None,) * self.n
        return (input_shape[0], self.num_filters) + tuple(size)

    def _smallest_size(self, input_size):
        extent = effective(self.filter_size, self.dilation)
        pairs = pad_pairs(self._padding(), extent)
        return tuple(
            None if size is None else (size - 1) * s + e - sum(p)
            for size, e, s, p in zip(input_size, extent, self.stride, pairs))

    def convolve(self, input, **kwargs):
        size = self.output_shape[2:]
        if _is_symbolic(self.output_size):
            size = self.output_size
        elif None in size:
            size = self.get_output_shape_for(input.shape)[2:]
        geometry = self._geometry()
        # the flag is inverted: False is the adjoint of a convolution
        geometry = geometry._replace(flip=not geometry.flip)
        return abstract.adjoint(self.W, input, self.output_shape,
                                self.get_W_shape(), size, geometry)


def _is_symbolic(size):
    return isinstance(size, theano.Variable)


@drop_in("transposed", "IO", n=1, flip=False)
class TransposedConv1DLayer(*with_stock(_TransposedConvLayer, "conv",
                                        "TransposedConv1DLayer")):
    """Apply the adjoint of a convolution over one axis.

    Parameters
    ----------
    <shared>
    output_size : int, tuple of int or Theano vector, optional
        Spatial size of the output; by default the smallest possible one.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> TransposedConv1DLayer((None, 4, 8), 2, 3, stride=2).output_shape
    (None, 2, 17)
    """


@drop_in("transposed", "IO", n=2, flip=False)
class TransposedConv2DLayer(*with_stock(_TransposedConvLayer, "conv",
                                        "TransposedConv2DLayer")):
    """Apply the adjoint of a convolution over two axes.

    Parameters
    ----------
    <shared>
    output_size : int, tuple of int or Theano vector, optional
        Spatial size of the output; by default the smallest possible one.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> layer = TransposedConv2DLayer((None, 4, 8, 8), 2, 3, stride=2)
    >>> layer.output_shape, layer.convention
    ((None, 2, 17, 17), Convention(axes='IOHW', orientation='convolution'))
    """


@drop_in("transposed", "IO", n=3, flip=False)
class TransposedConv3DLayer(*with_stock(_TransposedConvLayer, "conv",
                                        "TransposedConv3DLayer")):
    """Apply the adjoint of a convolution over three axes.

    Parameters
    ----------
    <shared>
    output_size : int, tuple of int or Theano vector, optional
        Spatial size of the output; by default the smallest possible one.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> layer = TransposedConv3DLayer((None, 4, 2, 3, 4), 2, 2, crop=1)
    >>> layer.output_shape
    (None, 2, 1, 2, 3)
    """


Deconv1DLayer = TransposedConv1DLayer
Deconv2DLayer = TransposedConv2DLayer
Deconv3DLayer = TransposedConv3DLayer
