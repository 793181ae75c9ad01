"""Upscaling over one to three spatial axes."""
import theano.tensor as T
from lasagne.utils import as_tuple

from ..parameters import Layer
from .common import check_rank, documented

__all__ = ["Upscale1DLayer", "Upscale2DLayer", "Upscale3DLayer"]


class _Upscale(Layer):
    """Hold what enlarging over `n` axes has in common."""

    n = None

    def __init__(self, incoming, scale_factor, mode="repeat", **kwargs):
        super().__init__(incoming, **kwargs)
        name = type(self).__name__
        check_rank(self, self.n)
        self.scale_factor = as_tuple(scale_factor, self.n)
        if min(self.scale_factor) < 1:
            raise ValueError("%s: scale_factor=%r; expected values of at "
                             "least 1." % (name, scale_factor))
        if mode not in ("repeat", "dilate"):
            raise ValueError("%s: mode=%r; expected 'repeat' or 'dilate'."
                             % (name, mode))
        self.mode = mode

    def get_output_shape_for(self, input_shape):
        return tuple(input_shape[:2]) + tuple(
            None if size is None else size * factor
            for size, factor in zip(input_shape[2:], self.scale_factor))

    def get_output_for(self, input, **kwargs):
        upscale = _repeat if self.mode == "repeat" else _dilate
        return upscale(input, self.scale_factor)


def _repeat(input, factors):
    for axis, factor in enumerate(factors, start=2):
        if factor > 1:
            input = T.repeat(input, factor, axis)
    return input


def _dilate(input, factors):
    shape = [input.shape[0], input.shape[1]]
    shape += [input.shape[axis] * f for axis, f in enumerate(factors, start=2)]
    kept = (slice(None),) * 2 + tuple(slice(None, None, f) for f in factors)
    return T.set_subtensor(T.zeros(shape, dtype=input.dtype)[kept], input)


@documented
class Upscale1DLayer(_Upscale):
    """Enlarge the last of three axes.

    Parameters
    ----------
    <incoming>
    <upscale>
    <kwargs>

    Raises
    ------
    ValueError
        If an option is not as described, or the input has not three axes.

    Examples
    --------
    >>> import theano, numpy as np
    >>> x = theano.shared(np.array([[[1., 2.]]]))
    >>> Upscale1DLayer((1, 1, 2), 2).get_output_for(x).eval().tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    >>> layer = Upscale1DLayer((1, 1, 2), 2, mode="dilate")
    >>> layer.get_output_for(x).eval().tolist()
    [[[1.0, 0.0, 2.0, 0.0]]]
    """

    n = 1


@documented
class Upscale2DLayer(_Upscale):
    """Enlarge the last two of four axes.

    Parameters
    ----------
    <incoming>
    <upscale>
    <kwargs>

    Raises
    ------
    ValueError
        If an option is not as described, or the input has not four axes.

    Examples
    --------
    >>> Upscale2DLayer((None, 3, 4, None), (2, 3)).output_shape
    (None, 3, 8, None)
    """

    n = 2


@documented
class Upscale3DLayer(_Upscale):
    """Enlarge the last three of five axes.

    Parameters
    ----------
    <incoming>
    <upscale>
    <kwargs>

    Raises
    ------
    ValueError
        If an option is not as described, or the input has not five axes.

    Examples
    --------
    >>> Upscale3DLayer((None, 3, 4, 5, 6), (1, 2, 3)).output_shape
    (None, 3, 4, 10, 18)
    """

    n = 3
