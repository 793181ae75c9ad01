"""What all convolutional layers share: geometry, parameters, convention.

A class supplies its defaults, the shape of its kernel and ``convolve``.
"""
import inspect

import lasagne
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import conv as stock_conv

from ..axes import SPATIAL
from ..conventions import Row, add_row, convention_of, name_of
from ..errors import ConventionError
from . import abstract
from .geometry import checked_pad, effective, pad_pairs, positive_sizes
from .parameters import Layer

__all__ = ["BaseConvLayer"]

_StockBase = getattr(stock_conv, "BaseConvLayer", Layer)


def stock_class(module, name):
    """Return a layer class of the installed Lasagne, or None.

    The modules for GPUs fail to import where there is none, so they are only
    tried where Theano uses one.
    """
    gpu = theano.config.device != "cpu" or theano.config.init_gpu_device
    if module in ("corrmm", "dnn", "cuda_convnet") and not gpu:
        return None
    try:
        __import__("lasagne.layers." + module)
    except ImportError:
        return None
    return getattr(getattr(lasagne.layers, module), name, None)


def with_stock(base, module, name):
    """Return the bases of a drop-in: `base`, then the stock class if any."""
    stock = stock_class(module, name)
    return (base, stock) if stock else (base,)


_SHARED = """
incoming : lasagne.layers.Layer or tuple
    The layer feeding into this one, or the shape of its output:
    (batch, channels{spatial}). Batch and spatial sizes may be None.
num_filters : int
    Number of filters, the channels of the output.
filter_size : int or tuple of int
    Size of the filters, per spatial axis.
stride : int or tuple of int, default 1
    Step of the filters over the input, per spatial axis.
pad : int, tuple, 'full', 'same' or 'valid', default 0
    Rows of zeros around the input, per spatial axis: an int for both ends,
    or a pair (before, after). ``'valid'`` is 0, ``'full'`` one less than the
    filter size, ``'same'`` half the filter size, which has to be odd.
untie_biases : bool, default False
    Whether each position of the output has a bias of its own.
W : array, Theano variable or callable
    Initial kernel, {axes}.
b : array, Theano variable, callable or None
    Initial bias, one per filter; None for no bias.
nonlinearity : callable or None
    What is applied to the output; None for the identity.
flip_filters : bool, default {flip}
    Whether to reverse the filters before they slide over the input
    (convolution) or not (correlation).
"""

_DILATION_GROUPS = """
dilation : int or tuple of int, default 1
    Distance between neighbouring values of a filter, per spatial axis.
num_groups : int, default 1
    Number of groups that input and output channels are split into.
"""

_REST = """
**kwargs : dict
    Passed on to :class:`lasagne.layers.Layer`: ``name``.
"""


def drop_in(family, channels, n, flip):
    """Return the decorator of a drop-in layer class.

    It adds the class to the table of conventions, sets the defaults for
    layers unpickled from an older state, and completes the docstring.
    """
    def decorate(cls):
        cls.n, cls.flip_filters, cls.dilation = n, flip, (1,) * n
        row = Row(family, channels, n, flip)
        add_row(cls, row)
        _complete_doc(cls, row)
        return cls
    return decorate


def _complete_doc(cls, row):
    spatial = SPATIAL[row.n]
    shared = _SHARED.format(
        spatial=", " + ", ".join({"D": "depth", "H": "height",
                                  "W": "width"}[a] for a in spatial),
        axes="axes %s%s" % (row.channels, spatial), flip=row.flip)
    if row.family == "transposed":
        first, last = shared.index("pad :"), shared.index("untie_biases")
        shared = shared[:first] + _CROP.lstrip() + shared[last:]
    doc = inspect.cleandoc(cls.__doc__)
    for mark, text in (("<shared>", shared), ("<rest>", _REST),
                       ("<dilation, groups>", _DILATION_GROUPS)):
        doc = doc.replace(mark, text.strip())
    cls.__doc__ = doc


_CROP = """
crop : int, tuple, 'full', 'same' or 'valid', default 0
    Rows to cut off the output, per spatial axis: the padding of the
    convolution that this is the adjoint of.
"""


class BaseConvLayer(_StockBase):
    """Hold what all convolutional layers share; use a subclass.

    Parameters
    ----------
    incoming, num_filters, filter_size, stride, pad, untie_biases : object
        As for :class:`Conv2DLayer`.
    W, b, nonlinearity, flip_filters, num_groups, dilation : object
        As for :class:`Conv2DLayer`.
    n : int, optional
        Number of spatial axes; by default as many as the input has.
    **kwargs : dict
        Passed on to :class:`lasagne.layers.Layer`: ``name``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    NotImplementedError
        If ``pad='same'`` and the filter size is even.
    """

    # for layers unpickled from a state that lacks them
    n = None
    flip_filters = True
    num_groups = 1
    dilation = None
    untie_biases = False
    convolution = None
    get_output_kwargs = ()

    _pad_is_called, _pads_unevenly = "pad", True
    _makes_larger = "Pad the input, or use smaller filters."

    def __init__(self, incoming, num_filters, filter_size, stride=1, pad=0,
                 untie_biases=False, W=init.GlorotUniform(),
                 b=init.Constant(0.), nonlinearity=nonlinearities.rectify,
                 flip_filters=True, num_groups=1, n=None, dilation=1,
                 **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self._set_geometry(num_filters, filter_size, stride, pad, dilation, n)
        self.flip_filters = bool(flip_filters)
        self.untie_biases = untie_biases
        self._set_groups(num_groups)
        self._check_output()
        self.W = self.add_param(self._checked_W(W), self.get_W_shape(),
                                name="W")
        self.b = b
        if b is not None:
            self.b = self.add_param(b, self._bias_shape(), name="b",
                                    regularizable=False)

    def _set_geometry(self, num_filters, filter_size, stride, pad, dilation,
                      n):
        where = name_of(self)
        found = len(self.input_shape) - 2
        n = found if n is None else n
        if n != found or n not in (1, 2, 3):
            raise ValueError(
                "%s: input shape %r has %d axes; expected %s: (batch, "
                "channels, %s spatial)."
                % (where, self.input_shape, found + 2,
                   n + 2 if n in (1, 2, 3) else "3 to 5",
                   n if n in (1, 2, 3) else "1 to 3"))
        self.n = n
        self.num_filters, = positive_sizes(where, "num_filters", num_filters,
                                           1)
        self.filter_size = positive_sizes(where, "filter_size", filter_size,
                                          n)
        self.stride = positive_sizes(where, "stride", stride, n)
        self.dilation = positive_sizes(where, "dilation", dilation, n)
        self.pad = checked_pad(where, self._pad_is_called, pad, n)
        self._refuse_even_same(where)

    def _refuse_even_same(self, where):
        extent = effective(self.filter_size, self.dilation)
        if self.pad == "same" and any(e % 2 == 0 for e in extent):
            pairs, name = pad_pairs("same", extent), self._pad_is_called
            way_out = "Pass it as pairs (before, after): %s=%r or %s=%r." % (
                name, pairs, name, tuple(pair[::-1] for pair in pairs))
            raise NotImplementedError(
                "%s: %s='same' requires odd filter sizes, got %r: an even one "
                "leaves open which side gets the extra row. %s" % (
                    where, name, self.filter_size, way_out
                    if self._pads_unevenly else "Choose an odd size."))

    def _set_groups(self, num_groups):
        where = name_of(self)
        channels = self.num_input_channels
        if channels is None:
            raise ValueError("%s: input shape %r has no number of channels; "
                             "expected an int." % (where, self.input_shape))
        self.num_groups, = positive_sizes(where, "num_groups", num_groups, 1)
        if self.num_filters % num_groups or channels % num_groups:
            raise ValueError(
                "%s: num_groups=%d; expected a divisor of both the %d input "
                "channels and the %d filters."
                % (where, num_groups, channels, self.num_filters))

    def _check_output(self):
        if any(s is not None and s <= 0 for s in self.output_shape):
            raise ValueError(
                "%s: input shape %r gives output shape %r with "
                "filter_size=%r, dilation=%r, %s=%r; expected at least 1 "
                "everywhere. %s" % (
                    name_of(self), self.input_shape, self.output_shape,
                    self.filter_size, self.dilation, self._pad_is_called,
                    self._padding(), self._makes_larger))

    def _checked_W(self, W):
        shape = getattr(W, "shape", None)
        if isinstance(W, theano.compile.SharedVariable):
            shape = W.get_value(borrow=True).shape
            if all(size == 1 for size in shape):  # a placeholder, set later
                return W
        expected = self.get_W_shape()
        if (isinstance(shape, tuple) and len(shape) == len(expected)
                and shape != expected):
            raise ConventionError(
                "%s: W has shape %r; expected %r, axes %r.%s"
                % (name_of(self), shape, expected, self.convention.axes,
                   self._order_hint(shape, expected)))
        return W

    def _order_hint(self, shape, expected):
        if sorted(shape) != sorted(expected):
            return ""
        return (" Its axes are merely in another order: name both orders to "
                "lasagne_flipconv.convert_kernel.")

    def _bias_shape(self):
        if not self.untie_biases:
            return (self.num_filters,)
        size = self.output_shape[2:]
        if None in size:
            raise ValueError(
                "%s: untie_biases=True with output shape %r; expected known "
                "spatial sizes. Name them in the input layer."
                % (name_of(self), self.output_shape))
        return (self.num_filters,) + size

    @property
    def num_input_channels(self):
        """Return the number of channels of the input."""
        return self.input_shape[1]

    @property
    def convention(self):
        """Return axes and orientation of ``W``."""
        return convention_of(self)

    def get_W_shape(self):
        """Return the shape of ``W``.

        Returns
        -------
        tuple of int
            (filters, input channels per group, *filter size).
        """
        return (self.num_filters,
                self.num_input_channels // self.num_groups) + self.filter_size

    def get_output_shape_for(self, input_shape):
        """Return the shape of the output.

        Parameters
        ----------
        input_shape : tuple of int or None
            (batch, channels, *spatial).

        Returns
        -------
        tuple of int or None
            (batch, filters, *spatial).
        """
        geometry = self._geometry()
        extent = effective(self.filter_size, geometry.dilation)
        pairs = pad_pairs(self._padding(), extent)
        return (input_shape[0], self.num_filters) + tuple(
            None if size is None else (size + sum(p) - e) // s + 1
            for size, e, s, p in zip(input_shape[2:], extent, geometry.stride,
                                     pairs))

    def _padding(self):
        return self.pad

    def _geometry(self):
        n = len(self.filter_size)
        dilation = self.dilation or (1,) * n
        stride = getattr(self, "stride", (1,) * n)
        pad = self._padding()
        extent = effective(self.filter_size, dilation)
        if pad == "same" and all(e % 2 for e in extent):
            pad = "half"
        elif pad != "full":
            pad = pad_pairs(pad, extent)
        return abstract.Geometry(stride, pad, dilation, self.num_groups,
                                 self.flip_filters)

    def get_output_for(self, input, **kwargs):
        """Return the output expression of the layer.

        Parameters
        ----------
        input : theano.Variable
            Axes (batch, channels, *spatial).
        **kwargs : dict
            Passed on to :meth:`convolve`.

        Returns
        -------
        theano.Variable
            Axes (batch, filters, *spatial).
        """
        activation = self.convolve(input, **kwargs)
        if self.b is not None:
            bias = self.b if self.untie_biases else T.shape_padright(
                self.b, len(self.filter_size))
            activation = activation + T.shape_padleft(bias)
        return self.nonlinearity(activation)

    def convolve(self, input, **kwargs):
        """Return the input convolved with ``W``, without bias.

        Parameters
        ----------
        input : theano.Variable
            Axes (batch, channels, *spatial).
        **kwargs : dict
            Ignored.

        Returns
        -------
        theano.Variable
            Axes (batch, filters, *spatial).
        """
        return abstract.forward(input, self.W, self.input_shape,
                                self.get_W_shape(), self._geometry())
