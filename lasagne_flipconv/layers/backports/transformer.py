"""Spatial transformers: images sampled at positions that a network computes.

Positions are in units of half the image: -1 is the centre of the first pixel,
1 that of the last; x runs along the rows, y down the columns.
"""
from itertools import product

import numpy as np
import theano
import theano.tensor as T
from lasagne.utils import as_tuple

from ..parameters import MergeLayer
from .common import documented

__all__ = ["TransformerLayer", "TPSTransformerLayer"]

#: Which pixel to read for an index outside of an axis of this length.
_BORDERS = {
    "nearest": lambda index, size: T.clip(index, 0, size - 1),
    "mirror": lambda index, size: T.minimum(index % (2 * (size - 1)),
                                            -index % (2 * (size - 1))),
    "wrap": lambda index, size: index % size,
}


def _sample(images, x, y, border_mode):
    """Interpolate images linearly.

    `images` has axes (batch, channels, rows, columns); `x`, `y` and the last
    axis of the result run over positions: (batch, positions) and (batch,
    channels, positions).
    """
    if border_mode not in _BORDERS:
        raise ValueError("border_mode=%r; expected one of %s."
                         % (border_mode, ", ".join(map(repr, _BORDERS))))
    batch = T.arange(images.shape[0]).dimshuffle(0, "x")
    rows = _neighbours(y, images.shape[2], _BORDERS[border_mode])
    columns = _neighbours(x, images.shape[3], _BORDERS[border_mode])
    images = images.dimshuffle(0, 2, 3, 1)
    terms = [images[batch, row, column] * (by * bx).dimshuffle(0, 1, "x")
             for (row, by), (column, bx) in product(rows, columns)]
    return sum(terms[1:], terms[0]).dimshuffle(0, 2, 1)


def _neighbours(position, size, border):
    """Return the two pixels next to positions, each with its weight."""
    size = size.astype(theano.config.floatX)
    position = (position + 1) / 2 * (size - 1)
    before = T.floor(position)
    after = before + 1
    return [(border(before, size).astype("int64"), after - position),
            (border(after, size).astype("int64"), position - before)]


def _steps(n):
    """Return `n` positions from -1 to 1."""
    last = T.maximum(n - 1, 1).astype(theano.config.floatX)
    return T.arange(n, dtype=theano.config.floatX) * (2 / last) - 1


def _grid(rows, columns):
    """Return the positions of all pixels, axes (one x y, pixels)."""
    one = T.ones((rows, columns), dtype=theano.config.floatX)
    x, y = one * _steps(columns), one * _steps(rows).dimshuffle(0, "x")
    return T.stack([one.flatten(), x.flatten(), y.flatten()])


def _scaled(size, factor):
    return None if size is None else int(size // factor)


class _Transformer(MergeLayer):
    """Hold what the spatial transformers have in common."""

    def __init__(self, incoming, localization_network, downsample_factor,
                 border_mode, num_outputs, **kwargs):
        super().__init__([incoming, localization_network], **kwargs)
        self.downsample_factor = as_tuple(downsample_factor, 2)
        self.border_mode = border_mode
        self._check_shapes(num_outputs)

    def _check_shapes(self, num_outputs):
        name = type(self).__name__
        images, transformation = self.input_shapes
        if len(transformation) != 2 or transformation[-1] != num_outputs:
            raise ValueError(
                "%s: the localization network has output shape %r; expected "
                "(batch, %d)." % (name, transformation, num_outputs))
        if len(images) != 4:
            raise ValueError("%s: input shape %r; expected 4 axes: (batch, "
                             "channels, rows, columns)." % (name, images))

    def get_output_shape_for(self, input_shapes):
        images = input_shapes[0]
        return tuple(images[:2]) + tuple(
            map(_scaled, images[2:], self.downsample_factor))

    def get_output_for(self, inputs, **kwargs):
        images, transformation = inputs
        size = [(images.shape[axis] // factor).astype("int64") for axis, factor
                in zip((2, 3), self.downsample_factor)]
        x, y = self._positions(transformation, size)
        sampled = _sample(images, x, y, self.border_mode)
        return sampled.reshape([images.shape[0], images.shape[1]] + size)


@documented
class TransformerLayer(_Transformer):
    """Sample images on a grid that is turned, scaled and shifted [1]_.

    Parameters
    ----------
    <incoming>
        Its output has axes (batch, channels, rows, columns).
    <localization>
        Its output has axes (batch, 6): the rows (xx, xy, x0) and (yx, yy, y0)
        of the matrix that maps output positions to input positions. The
        identity is (1, 0, 0, 0, 1, 0).
    <downsample>
    <border_mode>
    <kwargs>

    Raises
    ------
    ValueError
        If the inputs do not have these axes.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman and K. Kavukcuoglu,
       "Spatial Transformer Networks", NIPS 2015,
       https://arxiv.org/abs/1506.02025

    Examples
    --------
    >>> layer = TransformerLayer((None, 3, 8, None), (None, 6), (2, .5))
    >>> layer.output_shape
    (None, 3, 4, None)
    """

    def __init__(self, incoming, localization_network, downsample_factor=1,
                 border_mode="nearest", **kwargs):
        super().__init__(incoming, localization_network, downsample_factor,
                         border_mode, num_outputs=6, **kwargs)

    def _positions(self, transformation, size):
        matrix = transformation.reshape((-1, 2, 3))[:, :, [2, 0, 1]]
        mapped = T.dot(matrix, _grid(*size))
        return mapped[:, 0], mapped[:, 1]


@documented
class TPSTransformerLayer(_Transformer):
    """Sample images on a grid bent like a thin plate.

    A plate is moved at control points, spaced evenly over the image, and bends
    as little as it can between them [1]_, [2]_.

    Parameters
    ----------
    <incoming>
        Its output has axes (batch, channels, rows, columns).
    <localization>
        Its output has axes (batch, 2 * control_points): how far each control
        point is moved along x, then along y. The identity is all zeros.
    <downsample>
    control_points : int, default 16
        Number of control points; the square of another number.
    precompute_grid : 'auto' or bool, default 'auto'
        Whether to evaluate the splines once, when the layer is made; 'auto'
        does if the size of the images is known.
    <border_mode>
    <kwargs>

    Raises
    ------
    ValueError
        If the inputs do not have these axes, the number of control points is
        not a square, or the grid cannot be precomputed.

    Notes
    -----
    Without a precomputed grid, Lasagne 0.2.dev1 leaves out the bending: the
    grid moves as a flat plate. So it is here, as networks were trained so.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman and K. Kavukcuoglu,
       "Spatial Transformer Networks", NIPS 2015,
       https://arxiv.org/abs/1506.02025
    .. [2] F. L. Bookstein, "Principal Warps: Thin-Plate Splines and the
       Decomposition of Deformations", IEEE PAMI 11 (6), 1989.

    Examples
    --------
    >>> layer = TPSTransformerLayer((None, 3, 8, 9), (None, 8),
    ...                             control_points=4)
    >>> layer.source_points.tolist()
    [[-1.0, 1.0, -1.0, 1.0], [-1.0, -1.0, 1.0, 1.0]]
    """

    def __init__(self, incoming, localization_network, downsample_factor=1,
                 control_points=16, precompute_grid="auto",
                 border_mode="nearest", **kwargs):
        super().__init__(incoming, localization_network, downsample_factor,
                         border_mode, num_outputs=2 * control_points, **kwargs)
        side = int(round(np.sqrt(control_points)))
        if side ** 2 != control_points:
            raise ValueError("TPSTransformerLayer: control_points=%r; "
                             "expected a square number." % (control_points,))
        self.control_points = control_points
        self.precompute_grid = self._can_precompute(precompute_grid)
        self.source_points = _grid_numpy(side, side)[1:]
        self.solver = _spline_solver(self.source_points)
        self.basis = None
        if self.precompute_grid:
            self.basis = self._precomputed()

    def _can_precompute(self, wanted):
        known = None not in self.input_shapes[0][2:]
        if wanted == "auto":
            return known
        if wanted and not known:
            raise ValueError(
                "TPSTransformerLayer: precompute_grid=True with input shape "
                "%r; expected known height and width. Pass 'auto'."
                % (self.input_shapes[0],))
        return wanted

    def _precomputed(self):
        grid = _grid_numpy(*self.output_shape[2:])
        distances = _squared_distances(self.source_points, grid[1:])
        return np.concatenate([grid, _bending(distances)])

    def _positions(self, transformation, size):
        points = self.source_points
        moved = transformation.reshape((-1,) + points.shape) + points
        coefficients = T.dot(moved, self.solver)
        if self.precompute_grid:
            mapped = T.dot(coefficients, self.basis)
        else:
            mapped = T.dot(coefficients[:, :, :3], _grid(*size))
        return mapped[:, 0], mapped[:, 1]


def _grid_numpy(rows, columns):
    """Return the positions of all pixels, axes (one x y, pixels)."""
    x, y = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    grid = np.stack([np.ones(x.size), x.ravel(), y.ravel()])
    return grid.astype(theano.config.floatX)


def _squared_distances(a, b):
    """Return the squared distances between points, axes (of a, of b)."""
    return np.square(a[:, :, None] - b[:, None, :]).sum(axis=0)


def _bending(squared):
    """Return how a plate bends at a distance: r² log r², zero at zero."""
    return squared * np.log(np.where(squared > 0, squared, 1))


def _spline_solver(points):
    """Return what takes control points, moved, to spline coefficients.

    Axes (points, coefficients); the coefficients are those of one, x, y and
    the bending around each control point.
    """
    return np.linalg.inv(_spline_system(points))[:, 3:].T


def _spline_system(points):
    """Return the equations between coefficients and control points."""
    n = points.shape[1]
    system = np.zeros((n + 3, n + 3), points.dtype)
    system[1:3, 3:] = points
    system[0, 3:] = 1
    system[3:, :3] = system[:3, 3:].T
    system[3:, 3:] = _bending(_squared_distances(points, points))
    return system
