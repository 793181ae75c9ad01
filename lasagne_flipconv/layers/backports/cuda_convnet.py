"""Layers around cuda-convnet, for machines without it.

cuda-convnet has the axes (channels, height, width, batch), "c01b". Lasagne's
``lasagne.layers.cuda_convnet`` cannot be imported without a GPU of its time,
so that networks built with these names could not be built at all.
"""
import theano.tensor as T
from lasagne.utils import as_tuple

from ..parameters import Layer
from . import pool
from .common import choose, documented
from .dense import ChannelsLayer

__all__ = ["MaxPool2DCCLayer", "ShuffleBC01ToC01BLayer", "bc01_to_c01b",
           "ShuffleC01BToBC01Layer", "c01b_to_bc01", "NINLayer_c01b"]


#: Order in which each takes the axes of the other.
_TO_C01B, _TO_BC01 = (1, 2, 3, 0), (3, 0, 1, 2)


def _shuffled(shape, order):
    return tuple(shape[axis] for axis in order)


@documented
class MaxPool2DCCLayer(choose("MaxPool2DLayer", pool.MaxPool2DLayer)):
    """Take the maximum over square regions, as cuda-convnet does.

    Regions that reach beyond the input count, as they do there.

    Parameters
    ----------
    <incoming>
    pool_size : int or pair of int
        Size of a pooling region, the same for both axes.
    stride : int, pair of int or None, default None
        Distance between neighbouring regions, the same for both axes and at
        most `pool_size`; None means `pool_size`.
    ignore_border : bool, default False
        False.
    dimshuffle : bool, default True
        Whether the input has axes (batch, channels, height, width), else
        (channels, height, width, batch).
    <kwargs>

    Raises
    ------
    NotImplementedError
        For what cuda-convnet cannot do.

    Examples
    --------
    >>> MaxPool2DCCLayer((3, 9, 9, None), 2, dimshuffle=False).output_shape
    (3, 5, 5, None)
    """

    dimshuffle = True

    def __init__(self, incoming, pool_size, stride=None, ignore_border=False,
                 dimshuffle=True, **kwargs):
        self.dimshuffle = dimshuffle
        pad = kwargs.pop("pad", 0)
        pool_size = as_tuple(pool_size, 2)
        stride = pool_size if stride is None else as_tuple(stride, 2)
        for refused, what in (
                (as_tuple(pad, 2) != (0, 0), "does not support padding"),
                (ignore_border, "does not support ignore_border=True"),
                (len(set(pool_size)) > 1,
                 "only supports square pooling regions"),
                (len(set(stride)) > 1,
                 "only supports using the same stride in both directions"),
                (max(stride) > max(pool_size),
                 "only supports stride <= pool_size")):
            if refused:
                raise NotImplementedError(
                    "MaxPool2DCCLayer %s: pool_size=%r, stride=%r, pad=%r. "
                    "Use MaxPool2DLayer." % (what, pool_size, stride, pad))
        super().__init__(incoming, pool_size, stride, ignore_border=False,
                         **kwargs)

    def get_output_shape_for(self, input_shape):
        if self.dimshuffle:
            return super().get_output_shape_for(input_shape)
        return _shuffled(super().get_output_shape_for(
            _shuffled(input_shape, _TO_BC01)), _TO_C01B)

    def get_output_for(self, input, **kwargs):
        if self.dimshuffle:
            return super().get_output_for(input, **kwargs)
        pooled = super().get_output_for(
            T.as_tensor_variable(input).dimshuffle(_TO_BC01), **kwargs)
        return pooled.dimshuffle(_TO_C01B)


class _Shuffle(Layer):
    """Take four axes in the order that the class names."""

    order = None

    def get_output_shape_for(self, input_shape):
        return _shuffled(input_shape, self.order)

    def get_output_for(self, input, **kwargs):
        return input.dimshuffle(self.order)


@documented
class ShuffleBC01ToC01BLayer(_Shuffle):
    """Move the first of four axes, the batch, to the end.

    Parameters
    ----------
    <incoming>
    name : str, optional
        Name of the layer.

    Examples
    --------
    >>> ShuffleBC01ToC01BLayer((None, 3, 8, 9)).output_shape
    (3, 8, 9, None)
    """

    order = _TO_C01B


@documented
class ShuffleC01BToBC01Layer(_Shuffle):
    """Move the last of four axes, the batch, to the front.

    Parameters
    ----------
    <incoming>
    name : str, optional
        Name of the layer.

    Examples
    --------
    >>> ShuffleC01BToBC01Layer((3, 8, 9, None)).output_shape
    (None, 3, 8, 9)
    """

    order = _TO_BC01


bc01_to_c01b = ShuffleBC01ToC01BLayer
c01b_to_bc01 = ShuffleC01BToBC01Layer


@documented
class NINLayer_c01b(ChannelsLayer):
    """Multiply the channels at each location by a matrix, batch last.

    Unlike in ``NINLayer``, the matrix has axes (units, channels).

    Parameters
    ----------
    <incoming>
    <channels>
    W, b : array, variable or callable
        The matrix, (units, channels), and the bias, (units,), or with
        `untie_biases` also one axis for each of the image. `b` may be None.
    nonlinearity : callable or None, default rectify
        Applied last; None for none.
    <kwargs>

    Examples
    --------
    >>> layer = NINLayer_c01b((3, 8, 9, None), 5)
    >>> layer.output_shape, layer.W.get_value().shape
    ((5, 8, 9, None), (5, 3))
    """

    channels, batch, units_first = 0, -1, True
