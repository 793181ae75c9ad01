"""Dense layers whose parameters may be expressions."""
import numpy as np
import theano.tensor as T
from lasagne import init, nonlinearities

from ..parameters import Layer
from .common import bases, documented, insert_axes

__all__ = ["DenseLayer", "NINLayer"]


@documented
class DenseLayer(*bases("DenseLayer")):
    """Multiply by a matrix, add a bias, and apply a nonlinearity.

    Parameters
    ----------
    <incoming>
    num_units : int
        Number of columns of the matrix.
    W, b : array, variable or callable
        The matrix, (inputs, units), and the bias, (units,). `b` may be None.
    nonlinearity : callable or None, default rectify
        Applied last; None for none.
    num_leading_axes : int, default 1
        Number of axes that stay; the others are joined into one first. A
        negative one counts from the back.
    <kwargs>

    Raises
    ------
    ValueError
        If there are not that many axes, or one to be joined is not known.

    Examples
    --------
    >>> encoder = DenseLayer((None, 5), 3)
    >>> decoder = DenseLayer(encoder, 5, W=encoder.W.T)
    >>> decoder.get_params()
    [W, b]
    >>> DenseLayer((None, 9, 4), 3, num_leading_axes=2).output_shape
    (None, 9, 3)
    """

    def __init__(self, incoming, num_units, W=init.GlorotUniform(),
                 b=init.Constant(0.), nonlinearity=nonlinearities.rectify,
                 num_leading_axes=1, **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.num_units = num_units
        self.num_leading_axes = num_leading_axes
        self.W = self.add_param(W, (self._num_inputs(), num_units), "W")
        self.b = b
        if b is not None:
            self.b = self.add_param(b, (num_units,), "b", regularizable=False)

    def _num_inputs(self):
        ndim, leading = len(self.input_shape), self.num_leading_axes
        if not -ndim <= leading < ndim:
            raise ValueError(
                "DenseLayer: num_leading_axes=%d with input shape %r; "
                "expected %d to %d." % (leading, self.input_shape, -ndim,
                                        ndim - 1))
        joined = self.input_shape[leading:]
        if None in joined:
            raise ValueError(
                "DenseLayer: input shape %r with num_leading_axes=%d; "
                "expected known sizes from there on."
                % (self.input_shape, leading))
        return int(np.prod(joined))

    def get_output_shape_for(self, input_shape):
        return tuple(input_shape[:self.num_leading_axes]) + (self.num_units,)

    def get_output_for(self, input, **kwargs):
        leading = self.num_leading_axes % input.ndim
        if input.ndim > leading + 1:
            input = input.flatten(leading + 1)
        activation = T.dot(input, self.W)
        if self.b is not None:
            activation = activation + self.b
        return self.nonlinearity(activation)


class ChannelsLayer(Layer):
    """Multiply the channels at each location by one matrix.

    A class says which axes of the input are the channels and the batch, and
    whether the matrix has the axes (units, channels) or the reverse.
    """

    channels, batch, units_first = 1, 0, False

    def __init__(self, incoming, num_units, untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.num_units = num_units
        self.untie_biases = untie_biases
        shape = (self.input_shape[self.channels], num_units)
        self.W = self.add_param(W, shape[::-1] if self.units_first else shape,
                                "W")
        self.b = b
        if b is not None:
            sizes = [self.input_shape[axis] for axis
                     in self._spatial(len(self.input_shape))]
            self.b = self.add_param(
                b, (num_units, *(sizes if untie_biases else ())), "b",
                regularizable=False)

    def _spatial(self, ndim):
        return [axis for axis in range(ndim)
                if axis not in (self.channels, self.batch % ndim)]

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        shape[self.channels] = self.num_units
        return tuple(shape)

    def get_output_for(self, input, **kwargs):
        # units first, then the other axes of the input
        product = T.tensordot(self.W, input, axes=[
            [int(self.units_first)], [self.channels]])
        axes = list(range(1, input.ndim))
        axes.insert(self.channels, 0)
        activation = product.dimshuffle(axes)
        if self.b is not None:
            shared = [self.batch % input.ndim] + (
                [] if self.untie_biases else self._spatial(input.ndim))
            activation = activation + insert_axes(self.b, shared, input.ndim)
        return self.nonlinearity(activation)


@documented
class NINLayer(*bases("NINLayer", ChannelsLayer)):
    """Multiply the channels at each location by one matrix.

    Parameters
    ----------
    <incoming>
    <channels>
    W, b : array, variable or callable
        The matrix, (channels, units), and the bias, (units,), or with
        `untie_biases` also one axis for each of the image. `b` may be None.
    nonlinearity : callable or None, default rectify
        Applied last; None for none.
    <kwargs>

    Examples
    --------
    >>> encoder = NINLayer((None, 5, 8, 9), 3)
    >>> NINLayer(encoder, 5, W=encoder.W.T).output_shape
    (None, 5, 8, 9)
    """
