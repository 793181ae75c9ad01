"""Pooling over one to three spatial axes, and over a spatial pyramid."""
from itertools import product

import theano.tensor as T
from lasagne.utils import as_tuple
from theano.tensor.signal.pool import pool_2d, pool_3d

from ..parameters import Layer
from .common import bases, check_rank, documented

__all__ = ["Pool1DLayer", "Pool2DLayer", "Pool3DLayer", "MaxPool1DLayer",
           "MaxPool2DLayer", "MaxPool3DLayer", "SpatialPyramidPoolingLayer"]


def pooled_size(size, region, stride, pad, ignore_border):
    """Return the number of pooling regions along an axis.

    Parameters
    ----------
    size : int or None
        Length of the input.
    region, stride, pad : int
        Size of a region, distance between two, values added on each side.
    ignore_border : bool
        Whether to drop regions that reach beyond the input.

    Returns
    -------
    int or None
        None if the length of the input is not known.

    Examples
    --------
    >>> pooled_size(7, 3, 2, 0, True), pooled_size(8, 3, 2, 0, False)
    (3, 4)
    """
    if size is None:
        return None
    if ignore_border:
        return max(0, (size + 2 * pad - region) // stride + 1)
    # a region starts at every step, but none where all is covered already
    uncovered = size - 1 if stride >= region else size - region + stride - 1
    return max(0, uncovered // stride) + 1


class _Pool(Layer):
    """Hold what pooling over `n` axes has in common."""

    n = None

    def __init__(self, incoming, pool_size, stride=None, pad=0,
                 ignore_border=True, mode="max", **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        check_rank(self, self.n)
        self.pool_size = as_tuple(pool_size, self.n)
        self.stride = (self.pool_size if stride is None
                       else as_tuple(stride, self.n))
        self.pad = as_tuple(pad, self.n)
        self.ignore_border = ignore_border
        self.mode = mode
        if any(self.pad) and not ignore_border:
            raise ValueError(
                "%s: pad=%r with ignore_border=False; expected pad=0, or "
                "ignore_border=True." % (type(self).__name__, pad))

    def get_output_shape_for(self, input_shape):
        return tuple(input_shape[:2]) + tuple(
            pooled_size(*axis, ignore_border=self.ignore_border)
            for axis in zip(input_shape[2:], self.pool_size, self.stride,
                            self.pad))

    def get_output_for(self, input, **kwargs):
        pool = pool_3d if self.n == 3 else pool_2d
        lift = (1,) if self.n == 1 else ()
        result = pool(T.shape_padright(input, len(lift)),
                      ws=self.pool_size + lift, stride=self.stride + lift,
                      pad=self.pad + (0,) * len(lift), mode=self.mode,
                      ignore_border=self.ignore_border)
        return result[:, :, :, 0] if lift else result


@documented
class Pool1DLayer(_Pool):
    """Pool over the last of three axes.

    Parameters
    ----------
    <incoming>
    <pool>
    <pool mode>
    <kwargs>

    Raises
    ------
    ValueError
        If the input does not have three axes.

    Examples
    --------
    >>> Pool1DLayer((None, 3, 10), 2).output_shape
    (None, 3, 5)
    """

    n = 1

    def __init__(self, incoming, pool_size, stride=None, pad=0,
                 ignore_border=True, mode="max", **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border,
                         mode, **kwargs)


@documented
class Pool2DLayer(*bases("Pool2DLayer", _Pool)):
    """Pool over the last two of four axes.

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

    Examples
    --------
    >>> Pool2DLayer((None, 3, 10, 9), 3, stride=2).output_shape
    (None, 3, 4, 4)
    """

    n = 2

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0),
                 ignore_border=True, mode="max", **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border,
                         mode, **kwargs)


@documented
class Pool3DLayer(_Pool):
    """Pool over the last three of five axes.

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

    Examples
    --------
    >>> Pool3DLayer((None, 3, 10, 9, 8), (2, 3, 4)).output_shape
    (None, 3, 5, 3, 2)
    """

    n = 3

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0, 0),
                 ignore_border=True, mode="max", **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border,
                         mode, **kwargs)


@documented
class MaxPool1DLayer(*bases("MaxPool1DLayer", Pool1DLayer)):
    """Take the maximum over regions of the last of three axes.

    Parameters
    ----------
    <incoming>
    <pool>
    <kwargs>
    """

    def __init__(self, incoming, pool_size, stride=None, pad=0,
                 ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border,
                         "max", **kwargs)


@documented
class MaxPool2DLayer(*bases("MaxPool2DLayer", Pool2DLayer)):
    """Take the maximum over regions of the last two of four axes.

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
class MaxPool3DLayer(Pool3DLayer):
    """Take the maximum over regions of the last three of five axes.

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
class SpatialPyramidPoolingLayer(Layer):
    """Pool over grids that divide images of any size into fixed numbers.

    Parameters
    ----------
    <incoming>
    pool_dims : sequence of int, default (4, 2, 1)
        For each level of the pyramid, the number of regions per spatial axis.
    mode : str, default 'max'
        'max', 'average_inc_pad' or 'average_exc_pad'.
    implementation : {'fast', 'kaiming'}
        'fast' pools regions of equal size and stride, and gives as many as
        asked for only if the size of the image suits; 'kaiming' chooses each
        region as in [1]_ and suits any size.
    <kwargs>

    Raises
    ------
    ValueError
        If the input does not have four axes, or an option is not known.

    Notes
    -----
    With 'kaiming' the borders of the regions are computed in ``floatX`` as by
    Lasagne 0.2.dev1: in float32, rounding can make a region one pixel larger
    than in the paper.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Spatial Pyramid Pooling in Deep
       Convolutional Networks for Visual Recognition", ECCV 2014,
       https://arxiv.org/abs/1406.4729

    Examples
    --------
    >>> SpatialPyramidPoolingLayer((None, 3, None, None)).output_shape
    (None, 3, 21)
    """

    def __init__(self, incoming, pool_dims=(4, 2, 1), mode="max",
                 implementation="fast", **kwargs):
        super().__init__(incoming, **kwargs)
        check_rank(self, 2)
        if implementation not in ("fast", "kaiming"):
            raise ValueError("SpatialPyramidPoolingLayer: implementation=%r; "
                             "expected 'fast' or 'kaiming'."
                             % (implementation,))
        self.pool_dims = pool_dims
        self.mode = mode
        self.implementation = implementation

    def get_output_shape_for(self, input_shape):
        return tuple(input_shape[:2]) + (sum(d * d for d in self.pool_dims),)

    def get_output_for(self, input, **kwargs):
        level = (self._regions if self.implementation == "kaiming"
                 else self._equal_regions)
        return T.concatenate([level(input, d) for d in self.pool_dims], axis=2)

    def _equal_regions(self, input, n):
        sizes = [input.shape[axis] if known is None else known
                 for axis, known in enumerate(self.input_shape[2:], start=2)]
        # Theano refuses any other padding of a region of unknown size
        pooled = pool_2d(input, ws=tuple((s + n - 1) // n for s in sizes),
                         stride=tuple(s // n for s in sizes), pad=None,
                         mode=self.mode, ignore_border=True)
        return pooled.flatten(3)

    def _regions(self, input, n):
        return T.concatenate(pool_2d_nxn_regions(input, n, self.mode), axis=2)


def pool_2d_nxn_regions(inputs, output_size, mode="max"):
    """Return what images are in each of some regions, of any size.

    Parameters
    ----------
    inputs : theano.Variable
        Axes (batch, channels, rows, columns).
    output_size : int
        Number of regions along each spatial axis.
    mode : {'max', 'average_inc_pad', 'average_exc_pad'}
        The maximum or the mean.

    Returns
    -------
    list of theano.Variable
        Of each region, axes (batch, channels, one).
    """
    reduce = _reduction(mode)
    rows, columns = (_borders(inputs.shape[axis], output_size)
                     for axis in (2, 3))
    return [reduce(inputs[:, :, row, column], axis=(2, 3)).dimshuffle(
        0, 1, "x") for row, column in product(rows, columns)]


def _reduction(mode):
    reductions = {"max": T.max, "average_inc_pad": T.mean,
                  "average_exc_pad": T.mean}
    if mode not in reductions:
        raise ValueError(
            "SpatialPyramidPoolingLayer: mode=%r; expected one of %s."
            % (mode, ", ".join(map(repr, reductions))))
    return reductions[mode]


def _borders(size, n):
    # regions overlap by up to one pixel, so that no pixel is left out
    return [slice(T.floor(i / float(n) * size).astype("int32"),
                  T.ceil((i + 1) / float(n) * size).astype("int32"))
            for i in range(n)]
