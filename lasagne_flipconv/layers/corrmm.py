"""Drop-ins for the layers of ``lasagne.layers.corrmm``, without a GPU."""
from lasagne import init, nonlinearities

from .base import BaseConvLayer, drop_in, with_stock

__all__ = ["Conv2DMMLayer", "Conv3DMMLayer"]


class CorrelationLayer(BaseConvLayer):
    """Hold the constructor of the layers that correlate by default."""

    def __init__(self, incoming, num_filters, filter_size, stride=1,
                 pad=0, untie_biases=False, W=init.GlorotUniform(),
                 b=init.Constant(0.), nonlinearity=nonlinearities.rectify,
                 flip_filters=False, num_groups=1, **kwargs):
        super().__init__(incoming, num_filters, filter_size, stride, pad,
                         untie_biases, W, b, nonlinearity, flip_filters,
                         num_groups, n=type(self).n, **kwargs)


@drop_in("forward", "OI", n=2, flip=False)
class Conv2DMMLayer(*with_stock(CorrelationLayer, "corrmm",
                                "Conv2DMMLayer")):
    """Correlate over two axes; Lasagne's needs a GPU, this one does not.

    Parameters
    ----------
    <shared>
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> Conv2DMMLayer((None, 3, 9, 9), 4, 3).convention
    Convention(axes='OIHW', orientation='correlation')
    """


@drop_in("forward", "OI", n=3, flip=False)
class Conv3DMMLayer(*with_stock(CorrelationLayer, "corrmm",
                                "Conv3DMMLayer")):
    """Correlate over three axes, as ``Conv2DMMLayer`` does over two.

    Parameters
    ----------
    <shared>
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> Conv3DMMLayer((None, 3, 9, 9, 9), 4, 3).convention
    Convention(axes='OIDHW', orientation='correlation')
    """
