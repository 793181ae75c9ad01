"""A convolution and a bias for each channel as one node, as PyTorch has it."""
from theano import gof
from theano.compile import optdb
from theano.scalar import basic
from theano.tensor.elemwise import Elemwise
from theano.tensor.nnet.abstract_conv import AbstractConv2d, AbstractConv3d

from .matching import is_function, is_per_channel, vector_of
from .op import OfConvolution

__all__ = ["REWRITE", "BiasedConvolution"]


class BiasedConvolution(OfConvolution):
    """A convolution with a bias, for PyTorch alone.

    Parameters
    ----------
    convolution : theano.gof.Op
        The abstract convolution.
    """

    def make_node(self, images, kernel, bias):
        """Return a node; the bias is a vector."""
        made = self.convolution(images, kernel)
        return gof.Apply(self, [images, kernel, bias], [made.type()])


@gof.local_optimizer([Elemwise])
def _biased(node):
    """Put the sum of a convolution, read by nothing else, into it."""
    if not is_function(node, basic.Add, 2):
        return None
    for sums, bias in (node.inputs, node.inputs[::-1]):
        made = sums.owner
        if (made is None or type(made.op) not in (AbstractConv2d,
                                                  AbstractConv3d)
                or len(sums.clients) != 1 or made.op.unshared
                or sums.type != node.outputs[0].type
                or sums.dtype not in ("float32", "float64")
                or not is_per_channel(bias, sums.type)):
            continue
        return [BiasedConvolution(made.op)(*made.inputs, vector_of(bias))]
    return None


REWRITE = "torch_biased"
optdb.register(REWRITE, gof.opt.out2in(_biased, name=REWRITE), 48.85)
