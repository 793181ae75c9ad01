"""Drop-in for ``lasagne.layers.LocallyConnected2DLayer``."""
from lasagne import init, nonlinearities

from ..conventions import name_of
from . import abstract
from .base import drop_in, with_stock
from .conv import Conv2DLayer

__all__ = ["LocallyConnected2DLayer"]


@drop_in("local", "OI", n=2, flip=True)
class LocallyConnected2DLayer(*with_stock(Conv2DLayer, "local",
                                          "LocallyConnected2DLayer")):
    """Slide a kernel that is another one at every position.

    As in Lasagne, the stride has to be 1 and the padding ``'same'``. ``W``
    has axes OIHW, or OHW if channelwise, followed by the height and width of
    the output.

    Parameters
    ----------
    incoming, num_filters, filter_size, untie_biases, b, nonlinearity : object
        As for :class:`Conv2DLayer`.
    stride : int, default (1, 1)
        1, or what means the same.
    pad : str, default 'same'
        ``'same'``.
    W : array, Theano variable or callable
        Initial kernel, axes OIHW or OHW, then output height and width.
    flip_filters : bool, default True
        Whether to reverse the filters (convolution) or not (correlation).
    channelwise : bool, default False
        Whether each output channel sees only the input channel of its number.
    <rest>

    Raises
    ------
    NotImplementedError
        If stride or padding are others.

    Examples
    --------
    >>> layer = LocallyConnected2DLayer((None, 4, 5, 6), 2, 3)
    >>> layer.get_W_shape(), layer.convention.axes
    ((2, 4, 3, 3, 5, 6), 'OIHWhw')
    """

    channelwise = False
    _pads_unevenly = False

    def __init__(self, incoming, num_filters, filter_size, stride=(1, 1),
                 pad='same', untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, flip_filters=True,
                 channelwise=False, **kwargs):
        self.channelwise = channelwise
        super().__init__(incoming, num_filters, filter_size, stride=stride,
                         pad=pad, untie_biases=untie_biases, W=W, b=b,
                         nonlinearity=nonlinearity,
                         flip_filters=flip_filters, **kwargs)

    def _check_output(self):
        super()._check_output()
        for name, expected, told in (
                ("stride", (1, 1), "1 / (1, 1)"), ("pad", "same", "'same'"),
                ("dilation", (1, 1), "1"), ("num_groups", 1, "1")):
            value = getattr(self, name)
            if value != expected:
                raise NotImplementedError(
                    "%s: got %s=%r, but requires %s=%s, all a locally "
                    "connected layer can do."
                    % (name_of(self), name, value, name, told))
        if None in self.input_shape[1:]:
            raise ValueError(
                "%s: input shape %r. A LocallyConnected2DLayer requires a "
                "fixed input shape (except for the batch size): known "
                "channels, height and width. Name them in the input layer."
                % (name_of(self), self.input_shape))
        if self.channelwise and self.num_filters != self.input_shape[1]:
            raise ValueError(
                "%s: num_filters=%d and %d input channels; with "
                "channelwise=True, num_filters and the number of input "
                "channels should match."
                % (name_of(self), self.num_filters, self.input_shape[1]))

    def get_W_shape(self):
        channels = () if self.channelwise else (self.input_shape[1],)
        return ((self.num_filters,) + channels + self.filter_size
                + self.output_shape[2:])

    def convolve(self, input, **kwargs):
        W, geometry = self.W, self._geometry()
        if self.channelwise:
            W = W.dimshuffle(0, "x", 1, 2, 3, 4)
            geometry = geometry._replace(num_groups=self.num_filters)
        kernel = W.dimshuffle(0, 4, 5, 1, 2, 3)  # OIHWhw → OhwIHW
        channels = 1 if self.channelwise else self.input_shape[1]
        shape = ((self.num_filters,) + self.output_shape[2:] + (channels,)
                 + self.filter_size)
        return abstract.unshared(input, kernel, self.input_shape, shape,
                                 geometry)
