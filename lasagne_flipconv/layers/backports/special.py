"""Small layers: bias, scale, expression, inverse, learned rectifiers."""
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.random import get_rng
from lasagne.utils import floatX
from theano.sandbox.rng_mrg import MRG_RandomStreams

from ..parameters import Layer, MergeLayer
from .common import documented, insert_axes, kept_sizes, named_axes

__all__ = ["BiasLayer", "ScaleLayer", "standardize", "ExpressionLayer",
           "InverseLayer", "ParametricRectifierLayer", "prelu",
           "RandomizedRectifierLayer", "rrelu"]


@documented
class BiasLayer(Layer):
    """Add a learned bias.

    Parameters
    ----------
    <incoming>
    b : array, variable, callable or None
        The bias, in the shape of the input without `shared_axes`; None for
        no bias.
    <shared_axes>
    <kwargs>

    Raises
    ------
    ValueError
        If the input has unknown sizes besides those of `shared_axes`.

    Examples
    --------
    >>> layer = BiasLayer((None, 3, 8, 9), shared_axes=(0, 2))
    >>> layer.b.get_value().shape
    (3, 9)
    """

    def __init__(self, incoming, b=init.Constant(0), shared_axes="auto",
                 **kwargs):
        super().__init__(incoming, **kwargs)
        self.shared_axes = named_axes(shared_axes, len(self.input_shape))
        self.b = b
        if b is not None:
            self.b = self.add_param(b, kept_sizes(self, self.shared_axes), "b",
                                    regularizable=False)

    def get_output_for(self, input, **kwargs):
        if self.b is None:
            return input
        return input + insert_axes(self.b, self.shared_axes, input.ndim)


@documented
class ScaleLayer(Layer):
    """Multiply by a learned scale.

    Parameters
    ----------
    <incoming>
    scales : array, variable or callable
        The scale, in the shape of the input without `shared_axes`.
    <shared_axes>
    <kwargs>

    Raises
    ------
    ValueError
        If the input has unknown sizes besides those of `shared_axes`.

    Examples
    --------
    >>> layer = ScaleLayer((None, 3, 8, 9))
    >>> layer.scales.get_value()
    array([1., 1., 1.])
    """

    def __init__(self, incoming, scales=init.Constant(1), shared_axes="auto",
                 **kwargs):
        super().__init__(incoming, **kwargs)
        self.shared_axes = named_axes(shared_axes, len(self.input_shape))
        self.scales = self.add_param(
            scales, kept_sizes(self, self.shared_axes), "scales",
            regularizable=False)

    def get_output_for(self, input, **kwargs):
        return input * insert_axes(self.scales, self.shared_axes, input.ndim)


@documented
def standardize(layer, offset, scale, shared_axes="auto"):
    """Subtract a fixed offset and divide by a fixed scale.

    Parameters
    ----------
    layer : Layer or tuple
        The layer below, or the shape of its output.
    offset, scale : array or shared variable
        In the shape of the output of `layer` without `shared_axes`, for
        instance mean and deviation of the training data. Not trainable.
    <shared_axes>

    Returns
    -------
    ScaleLayer
        The upper of the two layers.

    Examples
    --------
    >>> import numpy as np
    >>> top = standardize((None, 2), np.array([1., 2.]), np.array([4., 5.]))
    >>> top.input_layer.b.get_value(), top.scales.get_value()
    (array([-1., -2.]), array([0.25, 0.2 ]))
    """
    shift = BiasLayer(layer, -offset, shared_axes)
    shift.params[shift.b].remove("trainable")
    stretch = ScaleLayer(shift, floatX(1.) / scale, shared_axes)
    stretch.params[stretch.scales].remove("trainable")
    return stretch


@documented
class ExpressionLayer(Layer):
    """Apply a function to the output of the layer below.

    Parameters
    ----------
    <incoming>
    function : callable
        Takes the Theano expression of the input, returns that of the output.
    output_shape : None, tuple, callable or 'auto'
        Shape of the output: as the input, fixed, a function of the input
        shape, or found out by running `function` on zeros.
    <kwargs>

    Examples
    --------
    >>> layer = ExpressionLayer((None, 5, 7), lambda x: x.max(axis=1), "auto")
    >>> layer.output_shape
    (None, 7)
    """

    def __init__(self, incoming, function, output_shape=None, **kwargs):
        super().__init__(incoming, **kwargs)
        self.function = function
        if output_shape is None or output_shape == "auto":
            self._output_shape = output_shape
        elif callable(output_shape):
            self._output_shape = output_shape
        else:
            self._output_shape = tuple(output_shape)

    def get_output_shape_for(self, input_shape):
        if self._output_shape is None:
            return input_shape
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        if self._output_shape == "auto":
            return self._shape_on_zeros(input_shape)
        return self._output_shape

    def _shape_on_zeros(self, input_shape):
        # a length of zero stands for an unknown one, on both sides
        zeros = T.zeros([size or 0 for size in input_shape])
        shape = self.function(zeros).shape.eval()
        return tuple(int(size) or None for size in shape)

    def get_output_for(self, input, **kwargs):
        return self.function(input)


@documented
class InverseLayer(MergeLayer):
    """Send values backwards through a layer: the adjoint of its derivative.

    Of a dense layer that is the product with the transposed weights, of a
    convolution the transposed convolution with the same kernel, of a maximum
    over regions the unpooling to where the maxima were. Bias and nonlinearity
    of the layer take part.

    Parameters
    ----------
    <incoming>
    layer : Layer
        The layer to go back through; it has to have a layer below.
    <kwargs>

    Examples
    --------
    >>> from lasagne.layers import (DenseLayer, InputLayer, get_output)
    >>> import numpy as np
    >>> below = InputLayer((1, 2), theano.shared(np.ones((1, 2))))
    >>> W = np.array([[1., 2., 3.], [4., 5., 6.]])
    >>> dense = DenseLayer(below, 3, W=W, nonlinearity=None)
    >>> back = InverseLayer(dense, dense)
    >>> ((np.ones((1, 2)) @ W) @ W.T).tolist()
    [[46.0, 109.0]]
    >>> get_output(back).eval().tolist()
    [[46.0, 109.0]]
    """

    def __init__(self, incoming, layer, **kwargs):
        super().__init__([incoming, layer, layer.input_layer], **kwargs)

    def get_output_shape_for(self, input_shapes):
        return input_shapes[2]

    def get_output_for(self, inputs, **kwargs):
        values, output, wrt = inputs
        return theano.grad(None, wrt, known_grads={output: values})


@documented
class ParametricRectifierLayer(Layer):
    """Rectify with a learned slope for negative values [1]_.

    Parameters
    ----------
    <incoming>
    alpha : array, variable or callable
        The slopes, in the shape of the input without `shared_axes`.
    <shared_axes>
        'all' means all axes: one slope.
    <kwargs>

    Raises
    ------
    ValueError
        If the input has unknown sizes besides those of `shared_axes`.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers",
       ICCV 2015, https://arxiv.org/abs/1502.01852

    Examples
    --------
    >>> import numpy as np
    >>> layer = ParametricRectifierLayer((None, 2), alpha=np.array([.5, .25]))
    >>> x = theano.shared(np.array([[-4., -4.], [4., 4.]]))
    >>> layer.get_output_for(x).eval().tolist()
    [[-2.0, -1.0], [4.0, 4.0]]
    """

    def __init__(self, incoming, alpha=init.Constant(0.25), shared_axes="auto",
                 **kwargs):
        super().__init__(incoming, **kwargs)
        self.shared_axes = _axes_or_all(shared_axes, len(self.input_shape))
        self.alpha = self.add_param(
            alpha, kept_sizes(self, self.shared_axes), "alpha",
            regularizable=False)

    def get_output_for(self, input, **kwargs):
        slope = insert_axes(self.alpha, self.shared_axes, input.ndim)
        return T.nnet.relu(input, slope)


@documented
class RandomizedRectifierLayer(Layer):
    """Rectify with a random slope for negative values [1]_.

    In training the slopes are uniform between two bounds; with
    ``deterministic=True`` the slope is the middle of them.

    Parameters
    ----------
    <incoming>
    lower, upper : float or theano.Variable
        Bounds of the slope.
    <shared_axes>
        'all' means all axes: one slope.
    <kwargs>

    Raises
    ------
    ValueError
        If `lower` is above `upper`.

    References
    ----------
    .. [1] B. Xu, N. Wang, T. Chen and M. Li, "Empirical Evaluation of
       Rectified Activations in Convolutional Network", 2015,
       https://arxiv.org/abs/1505.00853
    """

    def __init__(self, incoming, lower=0.3, upper=0.8, shared_axes="auto",
                 **kwargs):
        super().__init__(incoming, **kwargs)
        self._srng = MRG_RandomStreams(get_rng().randint(1, 2147462579))
        self.lower, self.upper = lower, upper
        crossed = lower > upper
        if not isinstance(crossed, theano.Variable) and crossed:
            raise ValueError(
                "RandomizedRectifierLayer: lower=%r is above upper=%r; "
                "expected lower <= upper." % (lower, upper))
        self.shared_axes = _axes_or_all(shared_axes, len(self.input_shape))

    def get_output_for(self, input, deterministic=False, **kwargs):
        """Return the rectified input.

        Parameters
        ----------
        input : theano.Variable
            In the shape of the layer below.
        deterministic : bool
            Whether to use the middle of the bounds as slope.
        **kwargs : dict
            Ignored.

        Returns
        -------
        theano.Variable
            In the shape of the input.
        """
        if deterministic or self.upper == self.lower:
            return T.nnet.relu(input, (self.upper + self.lower) / 2.)
        known = None not in self.input_shape
        shape = list(self.input_shape if known else input.shape)
        for axis in self.shared_axes:
            shape[axis] = 1
        slopes = self._srng.uniform(tuple(shape), self.lower, self.upper,
                                    dtype=theano.config.floatX)
        return T.nnet.relu(input, T.addbroadcast(slopes, *self.shared_axes))


def prelu(layer, **kwargs):
    """Put a learned rectifier in the place of a layer's nonlinearity.

    Parameters
    ----------
    layer : Layer
        The layer; its nonlinearity is taken away.
    **kwargs : dict
        Passed on to :class:`ParametricRectifierLayer`.

    Returns
    -------
    ParametricRectifierLayer
        The layer on top.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, get_all_params
    >>> get_all_params(prelu(DenseLayer((None, 5), 3), name="rectifier"))
    [W, b, rectifier.alpha]
    """
    _linear(layer)
    return ParametricRectifierLayer(layer, **kwargs)


def rrelu(layer, **kwargs):
    """Put a random rectifier in the place of a layer's nonlinearity.

    Parameters
    ----------
    layer : Layer
        The layer; its nonlinearity is taken away.
    **kwargs : dict
        Passed on to :class:`RandomizedRectifierLayer`.

    Returns
    -------
    RandomizedRectifierLayer
        The layer on top.
    """
    _linear(layer)
    return RandomizedRectifierLayer(layer, **kwargs)


def _linear(layer):
    if getattr(layer, "nonlinearity", None) is not None:
        layer.nonlinearity = nonlinearities.identity


def _axes_or_all(axes, ndim):
    return named_axes(axes, ndim, all=range(ndim))
