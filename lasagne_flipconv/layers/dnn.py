"""Drop-ins for the layers of ``lasagne.layers.dnn``, without cuDNN."""
from .base import drop_in, with_stock
from .corrmm import CorrelationLayer

__all__ = ["Conv2DDNNLayer", "Conv3DDNNLayer"]


@drop_in("forward", "OI", n=2, flip=False)
class Conv2DDNNLayer(*with_stock(CorrelationLayer, "dnn", "Conv2DDNNLayer")):
    """Correlate over two axes; Lasagne's needs cuDNN, this one does not.

    Parameters
    ----------
    <shared>
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> Conv2DDNNLayer((None, 3, 9, 9), 4, 3).convention
    Convention(axes='OIHW', orientation='correlation')
    """


@drop_in("forward", "OI", n=3, flip=False)
class Conv3DDNNLayer(*with_stock(CorrelationLayer, "dnn", "Conv3DDNNLayer")):
    """Correlate over three axes; Lasagne's needs cuDNN, this one does not.

    Parameters
    ----------
    <shared>
    <dilation, groups>
    <rest>

    Examples
    --------
    >>> Conv3DDNNLayer((None, 1, 8, 9, 10), 2, 3, stride=2).output_shape
    (None, 2, 3, 4, 4)
    """
