"""Convolutions and their gradients; Theano's kernel is reversed or not.

Of two types, the first operand's is that of the result; PyTorch wants one.
"""
import torch
from theano.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
    AbstractConv3d,
    AbstractConv3d_gradInputs,
    AbstractConv3d_gradWeights,
    border_mode_to_pad,
)
from torch.nn import functional as F

from ..rewrites.biased import BiasedConvolution
from ..rewrites.gradients import ConvolutionGradients
from .table import Untranslated, row

__all__ = ["biased", "convolution", "gradient_of_input", "gradient_of_kernel",
           "gradients"]


@row(AbstractConv2d, AbstractConv3d)
def convolution(op, node, device):
    """Slide a kernel over images."""
    check(op, node)
    slide = F.conv2d if op.convdim == 2 else F.conv3d

    def convolve(images, kernel, bias=None):
        pads = _pads(op, kernel.shape[2:])
        images, kernel = _with_channels(op, images, kernel)
        images, padding = _padded(images, pads)
        kernel = _turned(op, kernel).to(images.dtype)
        return slide(images, kernel, bias, op.subsample, padding,
                     op.filter_dilation, op.num_groups)
    return convolve


@row(BiasedConvolution)
def biased(op, node, device):
    """Slide a kernel over images, and add a bias for each channel."""
    return convolution(op.convolution, node, device)


@row(AbstractConv2d_gradWeights, AbstractConv3d_gradWeights, host=(2,))
def gradient_of_kernel(op, node, device):
    """Return the gradient of the kernel, of a shape that is given."""
    check(op, node)

    def gradient(images, above, shape):
        pads = _pads(op, shape)
        kernel = (above.shape[1], images.shape[1] // op.num_groups, *shape)
        _agree(op, images.shape, above.shape, shape, pads)
        images, padding = _padded(images, pads)
        above = above.to(images.dtype)
        return _turned(op, _backward(
            op, above, images, _empty(above, kernel), padding,
            [False, True, False])[1])
    return gradient


@row(AbstractConv2d_gradInputs, AbstractConv3d_gradInputs, host=(2,))
def gradient_of_input(op, node, device):
    """Return the gradient of the images, of a shape that is given."""
    check(op, node)

    def gradient(kernel, above, shape):
        pads = _pads(op, kernel.shape[2:])
        images = (above.shape[0], kernel.shape[1] * op.num_groups, *shape)
        _agree(op, images, above.shape, kernel.shape[2:], pads,
               kernel.shape[0])
        padding, around = _split(pads)
        wide = images[:2] + tuple(
            n + a + b for n, (a, b) in zip(shape, around))
        above = above.to(kernel.dtype)
        result = _backward(op, above, _empty(above, wide),
                           _turned(op, kernel), padding,
                           [True, False, False])[0]
        return _cropped(result, shape, around)
    return gradient


@row(ConvolutionGradients, host=(3, 4))
def gradients(op, node, device):
    """Return both gradients, where what they are of has their shapes."""
    op = op.convolution
    check(op, node)
    apart = gradient_of_kernel(op, node, device), gradient_of_input(
        op, node, device)

    def both(images, kernel, above, kernel_shape, shape):
        pads = _pads(op, kernel_shape)
        padding, around = _split(pads)
        if (images.shape[2:], kernel.shape[2:]) != (shape, kernel_shape) or (
                images.shape[1] != kernel.shape[1] * op.num_groups):
            return (apart[0](images, above, kernel_shape),
                    apart[1](kernel, above, shape))
        _agree(op, images.shape, above.shape, kernel_shape, pads,
               kernel.shape[0])
        found = _backward(op, above, _padded(images, pads)[0],
                          _turned(op, kernel), padding, [True, True, False])
        return (_turned(op, found[1]), _cropped(found[0], shape, around))
    return both


def check(op, node):
    """Raise Untranslated for what PyTorch has no function for."""
    if op.unshared:
        raise Untranslated("its kernel is unshared")
    if node.outputs[0].dtype not in ("float32", "float64"):
        raise Untranslated("it computes in %s" % node.outputs[0].dtype)


def _pads(op, kernel):
    """Return how much is padded before and after each axis."""
    dilated = tuple((k - 1) * d + 1 for k, d in zip(
        kernel, op.filter_dilation))
    return border_mode_to_pad(op.border_mode, op.convdim, dilated)


def _split(pads):
    """Return what PyTorch pads itself, and what has to be before that."""
    if all(a == b for a, b in pads):
        return [a for a, _ in pads], [(0, 0)] * len(pads)
    return [0] * len(pads), pads


def _padded(images, pads):
    padding, around = _split(pads)
    if any(a or b for a, b in around):
        images = F.pad(images, [n for pair in around[::-1] for n in pair])
    return images, padding


def _with_channels(op, images, kernel):
    """Give both a channel of zeros where they have none.

    Of images without channels, PyTorch makes ones without channels, whatever
    the kernel's are.
    """
    if images.shape[1] or kernel.shape[1]:
        return images, kernel
    axes = [0, 0] * op.convdim
    return (F.pad(images, axes + [0, op.num_groups]),
            F.pad(kernel, axes + [0, 1]))


def _cropped(images, shape, around):
    for axis, (n, (before, _)) in enumerate(zip(shape, around), 2):
        if n != images.shape[axis]:
            images = images.narrow(axis, before, n)
    return images


def _turned(op, kernel):
    """Return the kernel in PyTorch's orientation, or back: OIHW, flipped."""
    if not op.filter_flip or all(n == 1 for n in kernel.shape[2:]):
        return kernel
    return kernel.flip(tuple(range(2, kernel.ndim)))


def _empty(like, shape):
    """Return an array of which only the shape is looked at."""
    return like.new_empty(1).expand(shape)


def _backward(op, above, images, kernel, padding, wanted):
    """Return the gradients of images, kernel and bias that are wanted."""
    return torch.ops.aten.convolution_backward(
        above, images, kernel, None, op.subsample, padding,
        op.filter_dilation, False, [0] * op.convdim, op.num_groups, wanted)


def _agree(op, images, above, kernel, pads, channels=None):
    """Raise if the gradient has not the shape that the output would have.

    Its channels are those of the kernel, unless that is what is computed.
    """
    expected = tuple(
        (n + a + b - ((k - 1) * d + 1)) // s + 1 for n, (a, b), k, d, s in zip(
            images[2:], pads, kernel, op.filter_dilation, op.subsample))
    expected = (images[0], channels or above[1]) + expected
    if expected != tuple(above):
        raise ValueError(
            "%s: the gradient has shape %s; expected %s, for images of %s and "
            "a kernel of %s" % (type(op).__name__, tuple(above), expected,
                                tuple(images), tuple(kernel)))
