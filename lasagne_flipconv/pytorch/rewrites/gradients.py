"""Both gradients of a convolution as one node, as PyTorch computes them."""
from theano import gof
from theano.compile import optdb
from theano.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
    AbstractConv3d,
    AbstractConv3d_gradInputs,
    AbstractConv3d_gradWeights,
)

from .op import OfConvolution

__all__ = ["REWRITE", "ConvolutionGradients"]

#: Gradient of the images → those of the kernel, and the convolution.
_OTHERS = {
    AbstractConv2d_gradInputs: (AbstractConv2d_gradWeights, AbstractConv2d),
    AbstractConv3d_gradInputs: (AbstractConv3d_gradWeights, AbstractConv3d),
}


class ConvolutionGradients(OfConvolution):
    """Gradients of kernel and images, for PyTorch alone.

    Parameters
    ----------
    convolution : theano.gof.Op
        The abstract convolution that they are of.
    """

    def make_node(self, images, kernel, above, *shapes):
        """Return a node; the shapes are those of kernel and images."""
        return gof.Apply(self, [images, kernel, above, *shapes],
                         [kernel.type(), images.type()])


@gof.local_optimizer(list(_OTHERS))
def _both(node):
    """gradInputs(w, g), gradWeights(x, g) of conv(x, w) → one node."""
    if type(node.op) not in _OTHERS or node.op.unshared or (
            node.outputs[0].dtype not in ("float32", "float64")):
        return None
    of_kernel, convolution = _OTHERS[type(node.op)]
    kernel, above, shape = node.inputs
    for other, _ in above.clients:
        if (other == "output" or type(other.op) is not of_kernel
                or other.inputs[1] is not above):
            continue
        images, _, kernel_shape = other.inputs
        forward = _forward(convolution, images, kernel)
        if forward is None or not (_alike(forward.op, node.op)
                                   and _alike(forward.op, other.op)):
            continue
        found = ConvolutionGradients(forward.op)(
            images, kernel, above, kernel_shape, shape)
        pairs = {other.outputs[0]: found[0], node.outputs[0]: found[1]}
        if all(a.type == b.type for a, b in pairs.items()) and not (
                set(pairs) & set(gof.graph.ancestors(found[0].owner.inputs))):
            return pairs
    return None


def _forward(convolution, images, kernel):
    """Return the node that slides this kernel over these images, if any."""
    for node, _ in images.clients:
        if node != "output" and type(node.op) is convolution and (
                node.inputs == [images, kernel]):
            return node
    return None


def _alike(first, second):
    """Tell whether two Ops are of convolutions that are the same."""
    return all(getattr(first, name) == getattr(second, name) for name in (
        "convdim", "border_mode", "subsample", "filter_flip",
        "filter_dilation", "num_groups", "unshared"))


REWRITE = "torch_convolution_gradients"
optdb.register(REWRITE, gof.opt.in2out(_both, name=REWRITE), 48.8)
