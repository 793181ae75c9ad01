"""Pooling and normalization named after cuDNN, for machines without it.

Lasagne's ``lasagne.layers.dnn`` cannot be imported there, so that networks
built with these names could not be built at all.
"""
from lasagne import init

from . import normalization, pool
from .common import choose, documented

__all__ = ["Pool2DDNNLayer", "MaxPool2DDNNLayer", "Pool3DDNNLayer",
           "MaxPool3DDNNLayer", "SpatialPyramidPoolingDNNLayer",
           "BatchNormDNNLayer", "batch_norm_dnn"]


def _refuse_border(layer, ignore_border):
    if not ignore_border:
        raise NotImplementedError(
            "%s does not support ignore_border=False; expected True, as "
            "cuDNN knows nothing else. Use the layer without DNN in its name."
            % type(layer).__name__)


@documented
class Pool2DDNNLayer(choose("Pool2DLayer", pool.Pool2DLayer)):
    """Pool over the last two of four axes, as cuDNN does.

    Parameters
    ----------
    <incoming>
    <pool>
    <pool mode>
    <kwargs>

    Raises
    ------
    ValueError
        If the input does not have four axes.
    NotImplementedError
        If `ignore_border` is false.

    Examples
    --------
    >>> Pool2DDNNLayer((None, 3, 10, 9), 3, stride=2).output_shape
    (None, 3, 4, 4)
    """

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0),
                 ignore_border=True, mode="max", **kwargs):
        _refuse_border(self, ignore_border)
        super().__init__(incoming, pool_size, stride, pad, True, mode,
                         **kwargs)


@documented
class MaxPool2DDNNLayer(Pool2DDNNLayer):
    """Take the maximum over regions of two axes, as cuDNN does.

    Parameters
    ----------
    <incoming>
    <pool>
    <kwargs>
    """

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0),
                 ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border,
                         "max", **kwargs)


@documented
class Pool3DDNNLayer(choose("Pool3DLayer", pool.Pool3DLayer)):
    """Pool over the last three of five axes, as cuDNN does.

    Parameters
    ----------
    <incoming>
    <pool>
    <pool mode>
    <kwargs>

    Raises
    ------
    ValueError
        If the input does not have five axes.
    NotImplementedError
        If `ignore_border` is false.

    Examples
    --------
    >>> Pool3DDNNLayer((None, 3, 10, 9, 8), (2, 3, 4)).output_shape
    (None, 3, 5, 3, 2)
    """

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0, 0),
                 ignore_border=True, mode="max", **kwargs):
        _refuse_border(self, ignore_border)
        super().__init__(incoming, pool_size, stride, pad, True, mode,
                         **kwargs)


@documented
class MaxPool3DDNNLayer(Pool3DDNNLayer):
    """Take the maximum over regions of three axes, as cuDNN does.

    Parameters
    ----------
    <incoming>
    <pool>
    <kwargs>
    """

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0, 0),
                 ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border,
                         "max", **kwargs)


@documented
class SpatialPyramidPoolingDNNLayer(choose(
        "SpatialPyramidPoolingLayer", pool.SpatialPyramidPoolingLayer)):
    """Pool over grids that divide images of any size into fixed numbers.

    Parameters
    ----------
    <incoming>
    pool_dims : sequence of int, default (4, 2, 1)
        For each level of the pyramid, the number of regions per spatial axis.
    mode : str, default 'max'
        'max', 'average_inc_pad' or 'average_exc_pad'.
    <kwargs>

    Examples
    --------
    >>> SpatialPyramidPoolingDNNLayer((None, 3, None, None)).output_shape
    (None, 3, 21)
    """

    def __init__(self, incoming, pool_dims=(4, 2, 1), mode="max", **kwargs):
        super().__init__(incoming, pool_dims, mode, **kwargs)


@documented
class BatchNormDNNLayer(normalization.BatchNormLayer):
    """Normalize by the statistics of the batch, over the axes cuDNN knows.

    Takes the arguments of ``BatchNormLayer``.

    Parameters
    ----------
    <incoming>
    axes : 'auto', 0 or tuple of int
        Only the first axis, or all but the second.
    epsilon, alpha : float
        As those of ``BatchNormLayer``.
    beta, gamma, mean, inv_std : array, variable or callable
        As those of ``BatchNormLayer``.
    <kwargs>

    Raises
    ------
    ValueError
        If `axes` are others than these.

    Examples
    --------
    >>> BatchNormDNNLayer((None, 3, 8, 9)).axes
    (0, 2, 3)
    """

    def __init__(self, incoming, axes="auto", epsilon=1e-4, alpha=0.1,
                 beta=init.Constant(0), gamma=init.Constant(1),
                 mean=init.Constant(0), inv_std=init.Constant(1), **kwargs):
        super().__init__(incoming, axes, epsilon, alpha, beta, gamma, mean,
                         inv_std, **kwargs)
        spatial = (0,) + tuple(range(2, len(self.input_shape)))
        if tuple(self.axes) not in ((0,), spatial):
            raise ValueError(
                "BatchNormDNNLayer only supports axes=0 or %r; got %r. Use "
                "BatchNormLayer for others." % (spatial, axes))


def batch_norm_dnn(layer, **kwargs):
    """Normalize a layer as ``batch_norm`` does, by a `BatchNormDNNLayer`.

    Parameters
    ----------
    layer : Layer
        The layer to normalize; it loses its bias and nonlinearity.
    **kwargs : dict
        Passed on to :class:`BatchNormDNNLayer`, and ``name``.

    Returns
    -------
    BatchNormDNNLayer or NonlinearityLayer
        The topmost layer.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, get_all_layers
    >>> top = batch_norm_dnn(DenseLayer((None, 5), 3, name="fc"))
    >>> [layer.name for layer in get_all_layers(top)]
    ['fc', 'fc_bn', 'fc_bn_nonlin']
    """
    return normalization.normalized(BatchNormDNNLayer, layer, kwargs)
