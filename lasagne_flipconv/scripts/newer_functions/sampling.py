"""Private helpers of ``lasagne.layers.special``, which scripts import."""
import numpy as np
import theano
import theano.tensor as T

from ...layers.backports import transformer

__all__ = ["FUNCTIONS"]


def _linspace(start, stop, num):
    """Return `num` values from `start` to `stop`."""
    start, stop, num = (T.cast(x, theano.config.floatX)
                        for x in (start, stop, num))
    steps = T.arange(num, dtype=theano.config.floatX)
    return steps * ((stop - start) / (num - 1)) + start


def _meshgrid(height, width):
    """Return the positions of all pixels, axes (x y one, pixels)."""
    ones = T.ones((height, width), dtype=theano.config.floatX)
    x = ones * _linspace(-1., 1., width)
    y = ones * _linspace(-1., 1., height).dimshuffle(0, "x")
    return T.stack([x.flatten(), y.flatten(), ones.flatten()])


def _interpolate(im, x, y, out_height, out_width, border_mode="nearest"):
    """Return pixels at positions, axes (batch and positions, channels).

    `im` has axes (batch, rows, columns, channels).
    """
    batch, channels = im.shape[0], im.shape[3]
    found = transformer._sample(
        im.dimshuffle(0, 3, 1, 2), x.reshape((batch, -1)),
        y.reshape((batch, -1)), border_mode)
    return found.dimshuffle(0, 2, 1).reshape((-1, channels))


def _sampled(input, points, height, width, border_mode):
    """Return images sampled at points, axes (batch, x y, pixels)."""
    found = transformer._sample(input, points[:, 0], points[:, 1], border_mode)
    return found.reshape((input.shape[0], input.shape[1], height, width))


def _out_sizes(input, factor):
    return [T.cast(input.shape[axis] // by, "int64")
            for axis, by in zip((2, 3), factor)]


def _transform_affine(theta, input, downsample_factor, border_mode="nearest"):
    """Return images turned, scaled and shifted."""
    sizes = _out_sizes(input, downsample_factor)
    points = T.dot(theta.reshape((-1, 2, 3)), _meshgrid(*sizes))
    return _sampled(input, points, *sizes, border_mode)


def _U_func_numpy(x1, y1, x2, y2):
    """Return how a plate bends between two points."""
    squared = (x2 - x1) ** 2 + (y2 - y1) ** 2
    return squared * np.log(squared) if squared else 0.


def _initialize_tps(num_control_points, input_shape, downsample_factor,
                    precompute_grid):
    """Return what bent grids are computed from.

    Returns
    -------
    tuple
        What a grid is made of, the inverse of the system, the control points,
        and the output's height and width; without `precompute_grid`, None for
        what depends on sizes.
    """
    side = int(round(np.sqrt(num_control_points)))
    points = transformer._grid_numpy(side, side)[1:]
    right = height = width = None
    if precompute_grid:
        height, width = (int(size // by) for size, by in zip(
            input_shape[2:], downsample_factor))
        grid = transformer._grid_numpy(height, width)
        right = np.concatenate([grid, transformer._bending(
            transformer._squared_distances(points, grid[1:]))])
        right, height, width = map(T.as_tensor_variable, (
            right, np.int64(height), np.int64(width)))
    inverse = np.linalg.inv(transformer._spline_system(points))
    return (right, T.as_tensor_variable(inverse),
            T.as_tensor_variable(points), height, width)


def _get_transformed_points_tps(new_points, source_points, coefficients,
                                num_points, batch_size):
    """Return where points are moved, as a flat plate: see Notes of
    `TPSTransformerLayer`.
    """
    ones = T.ones((batch_size, 1, new_points.shape[2]),
                  dtype=theano.config.floatX)
    return T.batched_dot(coefficients[:, :, :3],
                         T.concatenate([ones, new_points], axis=1))


def _transform_thin_plate_spline(
        dest_offsets, input, right_mat, L_inv, source_points, out_height,
        out_width, precompute_grid, downsample_factor, border_mode="nearest"):
    """Return images on a grid bent like a thin plate."""
    batch, num_points = input.shape[0], source_points.shape[1]
    moved = source_points + dest_offsets.reshape((batch, 2, num_points))
    coefficients = T.dot(moved, L_inv[:, 3:].T)
    if precompute_grid:
        points = T.dot(coefficients, right_mat)
    else:
        out_height, out_width = _out_sizes(input, downsample_factor)
        grid = _meshgrid(out_height, out_width)[:2]
        points = _get_transformed_points_tps(
            T.tile(grid, (batch, 1, 1), ndim=3), source_points, coefficients,
            num_points, batch)
    return _sampled(input, points, out_height, out_width, border_mode)


FUNCTIONS = {function.__name__: function for function in (
    _linspace, _meshgrid, _interpolate, _transform_affine, _U_func_numpy,
    _initialize_tps, _get_transformed_points_tps,
    _transform_thin_plate_spline)}
