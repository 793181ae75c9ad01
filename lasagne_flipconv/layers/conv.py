"""Drop-ins for the layers of ``lasagne.layers.conv`` that slide forward."""
import inspect

import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.theano_extensions import conv as stock_convolutions

from .base import BaseConvLayer, drop_in, with_stock

__all__ = ["Conv1DLayer", "Conv2DLayer", "Conv3DLayer"]

# modules whose convolution functions all compute what our own path computes
KNOWN_MODULES = ("theano.", "lasagne.theano_extensions.")


class _Convolution(BaseConvLayer):
    """Honour the argument ``convolution`` of Lasagne's layers."""

    def __init__(self, incoming, num_filters, filter_size, stride, pad,
                 untie_biases, W, b, nonlinearity, flip_filters, convolution,
                 **kwargs):
        self.convolution = convolution
        super().__init__(incoming, num_filters, filter_size, stride, pad,
                         untie_biases, W, b, nonlinearity, flip_filters,
                         n=type(self).n, **kwargs)

    def convolve(self, input, **kwargs):
        function = self.convolution
        module = getattr(function, "__module__", None) or ""
        if function is None or module.startswith(KNOWN_MODULES):
            return super().convolve(input, **kwargs)
        return function(input, self.W, self.input_shape, self.get_W_shape(),
                        **self._options(function))

    def _options(self, function):
        geometry = self._geometry()
        border = "half" if self.pad == "same" else self.pad
        options = {"subsample": self.stride, "border_mode": border}
        beyond = {"filter_flip": geometry.flip,
                  "filter_dilation": geometry.dilation,
                  "num_groups": geometry.num_groups}
        plain = {"filter_flip": True, "filter_dilation": (1,) * self.n,
                 "num_groups": 1}
        for name, value in beyond.items():
            if value != plain[name] or _names(function, name):
                options[name] = value
        return options


def _names(function, keyword):
    """Tell whether a function is passed a keyword, as 0.2.dev1 does.

    ``filter_flip`` always; the others where they are no defaults.
    """
    parameters = inspect.signature(function).parameters
    return keyword in parameters or keyword == "filter_flip" and any(
        p.kind is p.VAR_KEYWORD for p in parameters.values())


@drop_in("forward", "OI", n=1, flip=True)
class Conv1DLayer(*with_stock(_Convolution, "conv", "Conv1DLayer")):
    """Convolve over one axis, on any machine.

    Parameters
    ----------
    <shared>
    convolution : callable
        A function of your own to convolve with, called as Lasagne does;
        those of Theano and Lasagne give way to the abstract convolution.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> layer = Conv1DLayer((None, 4, 32), 8, 3, dilation=2)
    >>> layer.output_shape
    (None, 8, 28)
    """

    def __init__(self, incoming, num_filters, filter_size, stride=1,
                 pad=0, untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, flip_filters=True,
                 convolution=stock_convolutions.conv1d_mc0, **kwargs):
        super().__init__(incoming, num_filters, filter_size, stride, pad,
                         untie_biases, W, b, nonlinearity, flip_filters,
                         convolution, **kwargs)


@drop_in("forward", "OI", n=2, flip=True)
class Conv2DLayer(*with_stock(_Convolution, "conv", "Conv2DLayer")):
    """Convolve over two axes, on any machine.

    Parameters
    ----------
    <shared>
    convolution : callable
        A function of your own to convolve with, called as Lasagne does;
        those of Theano and Lasagne give way to the abstract convolution.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> layer = Conv2DLayer((None, 3, 32, 32), 8, 3, stride=2,
    ...                     pad=((0, 1), (0, 1)), flip_filters=False)
    >>> layer.output_shape, layer.convention.orientation
    ((None, 8, 16, 16), 'correlation')
    """

    def __init__(self, incoming, num_filters, filter_size, stride=(1, 1),
                 pad=0, untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, flip_filters=True,
                 convolution=T.nnet.conv2d, **kwargs):
        super().__init__(incoming, num_filters, filter_size, stride, pad,
                         untie_biases, W, b, nonlinearity, flip_filters,
                         convolution, **kwargs)


@drop_in("forward", "OI", n=3, flip=True)
class Conv3DLayer(*with_stock(_Convolution, "conv", "Conv3DLayer")):
    """Convolve over three axes, on any machine.

    Parameters
    ----------
    <shared>
    convolution : callable, optional
        A function of your own to convolve with, called as Lasagne does.
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> Conv3DLayer((None, 1, 8, 9, 10), 2, (3, 2, 1)).output_shape
    (None, 2, 6, 8, 10)
    """

    def __init__(self, incoming, num_filters, filter_size, stride=(1, 1, 1),
                 pad=0, untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, flip_filters=True,
                 convolution=None, **kwargs):
        super().__init__(incoming, num_filters, filter_size, stride, pad,
                         untie_biases, W, b, nonlinearity, flip_filters,
                         convolution, **kwargs)
