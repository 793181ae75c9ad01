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


@documented
class NINLayer(*bases("NINLayer")):
    """Multiply the channels at each location by one matrix.

    Parameters
    ----------
    <incoming>
    num_units : int
        Number of channels of the output.
    untie_biases : bool, default False
        Whether each location has a bias of its own.
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

    def __init__(self, incoming, num_units, untie_biases=False,
                 W=init.GlorotUniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify, **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.num_units = num_units
        self.untie_biases = untie_biases
        self.W = self.add_param(W, (self.input_shape[1], num_units), "W")
        self.b = b
        if b is not None:
            spatial = self.output_shape[2:] if untie_biases else ()
            self.b = self.add_param(b, (num_units,) + spatial, "b",
                                    regularizable=False)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.num_units) + tuple(input_shape[2:])

    def get_output_for(self, input, **kwargs):
        # (units, batch, *spatial), then batch first
        product = T.tensordot(self.W, input, axes=[[0], [1]])
        activation = product.swapaxes(0, 1)
        if self.b is not None:
            shared = [0] if self.untie_biases else [0, *range(2, input.ndim)]
            activation = activation + insert_axes(self.b, shared, input.ndim)
        return self.nonlinearity(activation)
