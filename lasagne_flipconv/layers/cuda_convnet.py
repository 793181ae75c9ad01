"""Drop-in for the layer of ``lasagne.layers.cuda_convnet``, on any machine."""
from lasagne import init, nonlinearities

from ..conventions import name_of
from . import abstract
from .base import BaseConvLayer, drop_in, with_stock

__all__ = ["Conv2DCCLayer"]


@drop_in("forward", "OI", n=2, flip=False)
class Conv2DCCLayer(*with_stock(BaseConvLayer, "cuda_convnet",
                                "Conv2DCCLayer")):
    """Correlate over two axes; Lasagne's needs cuda-convnet, this does not.

    What cuda-convnet cannot do is refused, as in Lasagne: filters, strides or
    paddings that are not square, filters not a multiple of 16, and input
    channels other than 1, 2, 3 or a multiple of 4.

    Parameters
    ----------
    <shared>
    dimshuffle : bool, default True
        Whether input and output have axes (batch, channels, height, width)
        and ``W`` has OIHW; else (channels, height, width, batch) and IHWO.
    partial_sum : int or None, default 1
        Accepted for compatibility; it tunes cuda-convnet only.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> layer = Conv2DCCLayer((3, 9, 9, None), 16, 3, dimshuffle=False)
    >>> layer.convention.axes, layer.output_shape
    ('IHWO', (16, 7, 7, None))
    """

    dimshuffle = True
    partial_sum = 1

    def __init__(self, incoming, num_filters, filter_size, stride=(1, 1),
                 pad=0, untie_biases=False, W=None,
                 b=init.Constant(0.), nonlinearity=nonlinearities.rectify,
                 dimshuffle=True, flip_filters=False, partial_sum=1,
                 **kwargs):
        self.dimshuffle = dimshuffle
        self.partial_sum = partial_sum
        if W is None:
            W = init.GlorotUniform(**({} if dimshuffle else {"c01b": True}))
        super().__init__(incoming, num_filters, filter_size, stride, pad,
                         untie_biases, W, b, nonlinearity, flip_filters, n=2,
                         **kwargs)
        self._refuse_what_cuda_convnet_cannot()

    def _refuse_what_cuda_convnet_cannot(self):
        for value, plural in ((self.filter_size, "filters"),
                              (self.stride, "strides"),
                              (self.pad, "padding")):
            square = isinstance(value, str) or value[0] == value[1]
            if not square:
                self._refuse(value, "only supports square " + plural)
        if self.num_filters % 16:
            self._refuse(self.num_filters, "requires num_filters to be a "
                         "multiple of 16")
        channels = self.num_input_channels
        if channels > 3 and channels % 4:
            self._refuse(channels, "requires the number of input channels to "
                         "be 1, 2, 3 or a multiple of 4")

    def _refuse(self, got, what):
        raise RuntimeError("%s: got %r; Conv2DCCLayer %s. Use Conv2DLayer("
                           "flip_filters=%r), which has no such limit; its W "
                           "has axes OIHW." % (
                               name_of(self), got, what, self.flip_filters))

    @property
    def num_input_channels(self):
        """Return the number of channels of the input."""
        return self.input_shape[1 if self.dimshuffle else 0]

    def get_W_shape(self):
        shape = super().get_W_shape()
        return shape if self.dimshuffle else shape[1:] + shape[:1]

    def _bias_shape(self):
        if self.untie_biases and not self.dimshuffle:
            return self.output_shape[:3]
        return super()._bias_shape()

    def get_output_shape_for(self, input_shape):
        if self.dimshuffle:
            return super().get_output_shape_for(input_shape)
        shape = super().get_output_shape_for(_to_bc01(input_shape))
        return shape[1:] + shape[:1]

    def get_output_for(self, input, **kwargs):
        if self.dimshuffle:
            return super().get_output_for(input, **kwargs)
        output = super().get_output_for(input.dimshuffle(3, 0, 1, 2),
                                        **kwargs)
        return output.dimshuffle(1, 2, 3, 0)

    def convolve(self, input, **kwargs):
        if self.dimshuffle:
            return super().convolve(input, **kwargs)
        # input is (batch, channels, height, width) here; IHWO → OIHW
        kernel = self.W.dimshuffle(3, 0, 1, 2)
        return abstract.forward(input, kernel, _to_bc01(self.input_shape),
                                _to_bc01(self.get_W_shape()),
                                self._geometry())


def _to_bc01(shape):
    return (shape[3], shape[0], shape[1], shape[2])
