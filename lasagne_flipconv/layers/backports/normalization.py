"""Normalization layers: batch, instance and layer normalization."""
import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import NonlinearityLayer
from theano.tensor.nnet.bn import AbstractBatchNormTrain

from ..parameters import Layer
from .common import IS_OLD, documented, insert_axes, kept_sizes, named_axes
from .special import BiasLayer, ScaleLayer

__all__ = ["BatchNormLayer", "batch_norm", "StandardizationLayer",
           "instance_norm", "layer_norm"]


_Stock = Layer if IS_OLD else lasagne.layers.BatchNormLayer


@documented
class BatchNormLayer(_Stock):
    """Normalize each channel by the statistics of the batch, or stored ones.

    Computes ``(x - mean) * inv_std * gamma + beta`` [1]_. In training, mean
    and deviation are those of the batch, and the stored ones follow them; with
    ``deterministic=True`` the stored ones are used.

    Parameters
    ----------
    <incoming>
    axes : 'auto', int or tuple of int
        Axes the statistics are taken over; 'auto' means all but the second.
    epsilon : float, default 1e-4
        Added to the variance of a batch before its root is taken.
    alpha : float, default 0.1
        Share of the batch in the new value of the stored statistics.
    beta, gamma : array, variable, callable or None
        Learned offset and scale, in the shape of the input without `axes`;
        with None there is none.
    mean, inv_std : array, variable or callable
        Stored mean, and one over the stored standard deviation (which has
        `epsilon` in it), in the same shape. Not trainable, and tagged
        ``batch_norm_stat``.
    <kwargs>

    Raises
    ------
    ValueError
        If the input has unknown sizes besides those of `axes`.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep
       Network Training by Reducing Internal Covariate Shift", ICML 2015,
       https://arxiv.org/abs/1502.03167

    Examples
    --------
    >>> import numpy as np
    >>> layer = BatchNormLayer((None, 1))
    >>> batch = theano.shared(np.array([[1.], [3.]]))
    >>> layer.get_output_for(batch).eval().round(2).tolist()
    [[-1.0], [1.0]]
    >>> layer.mean.get_value().tolist()
    [0.2]
    """

    def __init__(self, incoming, axes="auto", epsilon=1e-4, alpha=0.1,
                 beta=init.Constant(0), gamma=init.Constant(1),
                 mean=init.Constant(0), inv_std=init.Constant(1), **kwargs):
        # not Lasagne's own constructor, which adds the parameters as well
        Layer.__init__(self, incoming, **kwargs)
        self.axes = named_axes(axes, len(self.input_shape))
        self.epsilon = epsilon
        self.alpha = alpha
        self.beta = self._add(beta, "beta", regularizable=False)
        self.gamma = self._add(gamma, "gamma")
        stat = dict(trainable=False, regularizable=False, batch_norm_stat=True)
        self.mean = self._add(mean, "mean", **stat)
        self.inv_std = self._add(inv_std, "inv_std", **stat)

    def _add(self, spec, name, **tags):
        shape = kept_sizes(self, self.axes)
        if spec is None and name in ("beta", "gamma"):
            return None
        return self.add_param(spec, shape, name, **tags)

    def get_output_for(self, input, deterministic=False,
                       batch_norm_use_averages=None,
                       batch_norm_update_averages=None, **kwargs):
        """Return the normalized input.

        Parameters
        ----------
        input : theano.Variable
            In the shape of the layer below.
        deterministic : bool
            Whether to use the stored statistics and leave them as they are.
        batch_norm_use_averages : bool, optional
            Whether to use the stored statistics, if other than that.
        batch_norm_update_averages : bool, optional
            Whether to update the stored statistics, if other than that.
        **kwargs : dict
            Ignored.

        Returns
        -------
        theano.Variable
            In the shape of the input.
        """
        use, update = batch_norm_use_averages, batch_norm_update_averages
        use = deterministic if use is None else use
        update = not deterministic if update is None else update
        if not use and tuple(self.axes) == (0,) + tuple(range(2, input.ndim)):
            return self._normalize_by_batch(input, update)
        stored, batch = (self.mean, self.inv_std), self._statistics(input)
        mean, inv_std = stored if use else batch
        if update:
            follow_mean, follow_inv_std = map(self._follow, stored, batch)
            mean, inv_std = mean + follow_mean, inv_std + follow_inv_std
        return self._normalize(input, mean, inv_std)

    def _normalize_by_batch(self, input, update):
        # Theano's Op has the meaning of the arithmetic below, and Theano puts
        # that in its place; but the Op can still be found in the graph after
        # gradients were taken, and be computed in one pass.
        gamma, beta = self._expand_or(self.gamma, 1, input), self._expand_or(
            self.beta, 0, input)
        stored = (self.mean, self.inv_std) if update else ()
        aliases = [self._alias(statistic) for statistic in stored]
        for alias in aliases:
            beta += insert_axes(0 * alias, self.axes, input.ndim)
        output, mean, inv_std = AbstractBatchNormTrain(self.axes)(
            input, gamma, beta, self.epsilon)
        for alias, batch in zip(aliases, (mean, inv_std)):
            self._set_update(alias, batch.dimshuffle(1))
        return output

    def _expand_or(self, param, default, input):
        if param is None:
            param = T.constant(np.full(kept_sizes(self, self.axes), default,
                                       self.mean.dtype))
        return insert_axes(param, self.axes, input.ndim)

    def _statistics(self, input):
        deviation = T.sqrt(input.var(self.axes) + self.epsilon)
        return input.mean(self.axes), T.inv(deviation)

    def _follow(self, stored, batch):
        alias = self._alias(stored)
        self._set_update(alias, batch)
        return 0 * alias

    def _alias(self, stored):
        # theano.function collects the default updates of what its outputs are
        # computed from. The alias shares the memory of the stored statistic;
        # times zero, it brings its update and changes no number.
        return theano.clone(stored, share_inputs=False)

    def _set_update(self, alias, batch):
        value = (1 - self.alpha) * alias + self.alpha * batch
        alias.default_update = T.patternbroadcast(value, alias.broadcastable)

    def _normalize(self, input, mean, inv_std):
        def expand(param):
            return insert_axes(param, self.axes, input.ndim)
        scale = expand(inv_std)
        if self.gamma is not None:
            scale = expand(self.gamma) * scale
        result = (input - expand(mean)) * scale
        return result if self.beta is None else result + expand(self.beta)


@documented
class StandardizationLayer(Layer):
    """Bring each example to mean zero and variance one.

    Parameters
    ----------
    <incoming>
    axes : 'auto', 'spatial', 'features', int or tuple of int
        Axes the statistics are taken over: 'spatial' means all from the third
        on, 'features' all from the second on, and 'auto' is 'spatial', or
        'features' where there are no spatial axes.
    epsilon : float, default 1e-4
        Added to the variance before its root is taken.
    <kwargs>

    Examples
    --------
    >>> import numpy as np
    >>> layer = StandardizationLayer((None, 2))
    >>> x = theano.shared(np.array([[1., 3.], [10., 90.]]))
    >>> layer.get_output_for(x).eval().round(2).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(self, incoming, axes="auto", epsilon=1e-4, **kwargs):
        super().__init__(incoming, **kwargs)
        ndim = len(self.input_shape)
        features, spatial = tuple(range(1, ndim)), tuple(range(2, ndim))
        self.axes = named_axes(axes, ndim, features=features, spatial=spatial,
                               auto=features if ndim == 2 else spatial)
        self.epsilon = epsilon

    def get_output_for(self, input, **kwargs):
        mean = input.mean(self.axes, keepdims=True)
        variance = input.var(self.axes, keepdims=True)
        return (input - mean) / T.sqrt(variance + self.epsilon)


def batch_norm(layer, **kwargs):
    """Normalize a layer by the batch, between its product and nonlinearity.

    The layer given is changed: it loses its bias, which the normalization
    would take out again, and its nonlinearity, which is put on top.

    Parameters
    ----------
    layer : Layer
        The layer to normalize.
    **kwargs : dict
        Passed on to :class:`BatchNormLayer`. The new layers are named after
        ``name``, or else after `layer` with ``_bn`` appended.

    Returns
    -------
    BatchNormLayer or NonlinearityLayer
        The topmost layer.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, get_all_layers
    >>> top = batch_norm(DenseLayer((None, 5), 3, name="fc"))
    >>> [layer.name for layer in get_all_layers(top)]
    ['fc', 'fc_bn', 'fc_bn_nonlin']
    """
    return normalized(BatchNormLayer, layer, kwargs)


def normalized(cls, layer, kwargs):
    """Normalize a layer by a class, between its product and nonlinearity.

    Parameters
    ----------
    cls : type
        The normalization layer.
    layer : Layer
        The layer to normalize; it loses its bias and nonlinearity.
    kwargs : dict
        Arguments of `cls`, and ``name``.

    Returns
    -------
    Layer
        The topmost layer.
    """
    nonlinearity = _strip(layer)
    name = _name_for(layer, "_bn", kwargs)
    return _put_back(nonlinearity, cls(layer, name=name, **kwargs), name)


def instance_norm(layer, learn_scale=True, learn_bias=True, **kwargs):
    """Standardize each channel of each example, before the nonlinearity.

    As :func:`batch_norm`, but by the statistics of each example over its
    spatial axes [1]_.

    Parameters
    ----------
    layer : Layer
        The layer to normalize; it loses its bias and nonlinearity.
    learn_scale, learn_bias : bool, default True
        Whether to add a scale and a bias per channel.
    **kwargs : dict
        Passed on to :class:`StandardizationLayer`. The new layers are named
        after ``name``, or else after `layer` with ``_in`` appended.

    Returns
    -------
    Layer
        The topmost layer.

    References
    ----------
    .. [1] D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance Normalization:
       The Missing Ingredient for Fast Stylization", 2016,
       https://arxiv.org/abs/1607.08022
    """
    nonlinearity = _strip(layer)
    name = _name_for(layer, "_in", kwargs)
    layer = StandardizationLayer(layer, axes="spatial", name=name, **kwargs)
    layer = _affine(layer, name, learn_scale, learn_bias)
    return _put_back(nonlinearity, layer, name)


def layer_norm(layer, **kwargs):
    """Standardize each example over all its values, before the nonlinearity.

    As :func:`batch_norm`, but by the statistics of each example over channels
    and spatial axes [1]_, with a scale and a bias per channel.

    Parameters
    ----------
    layer : Layer
        The layer to normalize; it loses its bias and nonlinearity.
    **kwargs : dict
        Passed on to :class:`StandardizationLayer`. The new layers are named
        after ``name``, or else after `layer` with ``_ln`` appended.

    Returns
    -------
    Layer
        The topmost layer.

    References
    ----------
    .. [1] J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization", 2016,
       https://arxiv.org/abs/1607.06450
    """
    nonlinearity = _strip(layer)
    name = _name_for(layer, "_ln", kwargs)
    layer = StandardizationLayer(layer, axes="features", name=name, **kwargs)
    return _put_back(nonlinearity, _affine(layer, name, True, True), name)


def _strip(layer):
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = nonlinearities.identity
    return nonlinearity


def _name_for(layer, suffix, kwargs):
    given = kwargs.pop("name", None)
    return given or _append(getattr(layer, "name", None), suffix)


def _append(name, suffix):
    return name + suffix if name else None


def _affine(layer, name, scale, bias):
    if scale:
        layer = ScaleLayer(layer, name=_append(name, "_scale"))
    if bias:
        layer = BiasLayer(layer, name=_append(name, "_bias"))
    return layer


def _put_back(nonlinearity, layer, name):
    if nonlinearity is None:
        return layer
    return NonlinearityLayer(layer, nonlinearity,
                             name=_append(name, "_nonlin"))
