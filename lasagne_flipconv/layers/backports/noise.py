"""Dropout that can drop whole channels or whole locations."""
import theano.tensor as T
from lasagne.random import get_rng
from theano.sandbox.rng_mrg import MRG_RandomStreams

from ..parameters import Layer
from .common import axis_of, bases, documented

__all__ = ["DropoutLayer", "dropout", "dropout_channels", "spatial_dropout",
           "dropout_locations"]


@documented
class DropoutLayer(*bases("DropoutLayer")):
    """Set values to zero at random in training [1]_.

    With ``deterministic=True`` the input is passed on as it is.

    Parameters
    ----------
    <incoming>
    p : float or theano.Variable, default 0.5
        Probability of a value to be dropped.
    rescale : bool, default True
        Whether to divide by ``1 - p``, which keeps the mean.
    shared_axes : tuple of int, default ()
        Axes along which all positions are dropped together.
    <kwargs>

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural
       Networks from Overfitting", JMLR 15, 2014.
    """

    def __init__(self, incoming, p=0.5, rescale=True, shared_axes=(),
                 **kwargs):
        Layer.__init__(self, incoming, **kwargs)
        self._srng = MRG_RandomStreams(get_rng().randint(1, 2147462579))
        self.p = p
        self.rescale = rescale
        self.shared_axes = tuple(shared_axes)

    def get_output_for(self, input, deterministic=False, **kwargs):
        """Return the input with values dropped.

        Parameters
        ----------
        input : theano.Variable
            In the shape of the layer below.
        deterministic : bool
            Whether to drop none.
        **kwargs : dict
            Ignored.

        Returns
        -------
        theano.Variable
            In the shape of the input.
        """
        if deterministic or self.p == 0:
            return input
        # an int8 one keeps the float type of p
        keep = T.constant(1, dtype="int8") - self.p
        mask = self._mask(input, keep)
        return (input / keep if self.rescale else input) * mask

    def _mask(self, input, keep):
        shape = self.input_shape if None not in self.input_shape \
            else input.shape
        shared = [axis_of(self, axis, input.ndim)
                  for axis in self.shared_axes]
        if shared:
            shape = tuple(1 if axis in shared else shape[axis]
                          for axis in range(input.ndim))
        mask = self._srng.binomial(shape, p=keep, dtype=input.dtype)
        return T.addbroadcast(mask, *shared) if shared else mask


dropout = DropoutLayer


def dropout_channels(incoming, *args, **kwargs):
    """Drop whole channels: a :class:`DropoutLayer` shared over space.

    Parameters
    ----------
    incoming : Layer or tuple
        The layer below, or the shape of its output.
    *args, **kwargs : tuple, dict
        Passed on to :class:`DropoutLayer`, but for ``shared_axes``.

    Returns
    -------
    DropoutLayer
        The layer.

    Examples
    --------
    >>> dropout_channels((None, 3, 8, 9)).shared_axes
    (2, 3)
    """
    ndim = len(getattr(incoming, "output_shape", incoming))
    return DropoutLayer(incoming, *args,
                        **dict(kwargs, shared_axes=range(2, ndim)))


spatial_dropout = dropout_channels


def dropout_locations(incoming, *args, **kwargs):
    """Drop whole locations: a :class:`DropoutLayer` shared over channels.

    Parameters
    ----------
    incoming : Layer or tuple
        The layer below, or the shape of its output.
    *args, **kwargs : tuple, dict
        Passed on to :class:`DropoutLayer`, but for ``shared_axes``.

    Returns
    -------
    DropoutLayer
        The layer.

    Examples
    --------
    >>> dropout_locations((None, 3, 8, 9)).shared_axes
    (1,)
    """
    return DropoutLayer(incoming, *args, **dict(kwargs, shared_axes=(1,)))
