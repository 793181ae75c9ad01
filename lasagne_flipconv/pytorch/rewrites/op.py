"""What the Ops of rewrites have in common."""
from theano import gof

__all__ = ["OfConvolution", "TorchOp"]


class TorchOp(gof.Op):
    """An Op for PyTorch alone; a row says what it computes."""

    __props__ = ()

    def perform(self, node, inputs, outputs):
        """Refuse: its nodes are made for what does not call this."""
        raise NotImplementedError("%s is for PyTorch" % type(self).__name__)


class OfConvolution(TorchOp):
    """What is computed with, or of, a convolution.

    Parameters
    ----------
    convolution : theano.gof.Op
        The abstract convolution.
    """

    __props__ = ("convolution",)

    def __init__(self, convolution):
        self.convolution = convolution
