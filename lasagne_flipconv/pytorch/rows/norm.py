"""Batch normalization, as Theano's abstract Ops have it."""
import torch
from theano.tensor.nnet.bn import (
    AbstractBatchNormInference,
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
)

from ..rewrites.normalized import Normalized
from .table import row

__all__ = ["normalize", "normalize_gradient", "normalized"]


@row(AbstractBatchNormTrain, host=(3,))
def normalize(op, node, device):
    """Normalize by the batch; return what gradient and inference need."""
    axes = tuple(op.axes)
    fast = _is_per_channel(op, node)
    check = _check(op, node, [1, 2, *range(5, len(node.inputs))])

    def normalized(*operands):
        check(operands)
        x, scale, bias, epsilon, factor, *running = operands
        compute = _per_channel if fast and x.numel() and epsilon and (
            _are_per_channel(x, scale, bias)) else _spelled_out
        out, mean, variance, inverse = compute(
            x, scale, bias, epsilon, axes, len(running))
        if not running:
            return out, mean, inverse
        return (out, mean, inverse, *_running(
            x, mean, variance, factor.to(x.dtype), running))
    return normalized


def _is_per_channel(op, node):
    """Tell whether statistics are per channel, for which there is a kernel."""
    ndim = node.inputs[0].ndim
    return set(op.axes) == set(range(ndim)) - {1} and len(
        {v.dtype for v in node.inputs[:3]}) == 1


def _are_per_channel(x, *vectors):
    """Tell whether there is a number for each channel.

    PyTorch's kernel reads on behind the end of fewer.
    """
    return all(v.numel() == x.shape[1] for v in vectors)


def _check(op, node, params, wide=()):
    """Return a function that raises for shapes which Theano refuses.

    PyTorch would repeat what has length one. Parameters have the lengths of
    the first operand beside the axes of the Op, wide operands along all.
    """
    fixed = [(i, [a for a, one in enumerate(node.inputs[i].broadcastable)
                  if not one and (i in wide or a not in op.axes)])
             for i in (*params, *wide)]

    def check(operands):
        shape = operands[0].shape
        for i, axes in fixed:
            if any(operands[i].shape[a] != shape[a] for a in axes):
                raise ValueError(
                    "%s: operand %d has shape %s; expected the lengths of %s "
                    "on axes %s" % (type(op).__name__, i, tuple(
                        operands[i].shape), tuple(shape), axes))
    return check


def _spelled_out(x, scale, bias, epsilon, axes, running):
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    inverse = torch.rsqrt(variance + epsilon)
    return (x - mean) * (scale * inverse) + bias, mean, variance, inverse


def _per_channel(x, scale, bias, epsilon, axes, running):
    out, mean, inverse = torch.native_batch_norm(
        x, scale.reshape(-1), bias.reshape(-1), None, None, True, 0., epsilon)
    mean, inverse = mean.reshape(scale.shape), inverse.reshape(scale.shape)
    variance = torch.var(x, axes, correction=0, keepdim=True) if (
        running > 1) else None
    return out, mean, variance, inverse


def _running(x, mean, variance, factor, running):
    """Return the running mean and variance, as many as there are."""
    kept = [old * (1 - factor) for old in running]
    kept[0] = kept[0] + mean * factor
    if len(kept) > 1:
        count = x.numel() / max(mean.numel(), 1)
        ratio = count / (count - 1) if count != 1 else float("inf")
        kept[1] = kept[1] + ratio * variance * factor
    return kept


@row(AbstractBatchNormInference)
def infer(op, node, device):
    """Normalize by statistics that are given."""
    check = _check(op, node, range(1, 5))

    def inferred(*operands):
        check(operands)
        x, scale, bias, mean, variance, epsilon = operands
        return (x - mean) * (scale * torch.rsqrt(
            variance + epsilon.to(x.dtype))) + bias
    return inferred


@row(Normalized)
def normalized(op, node, device):
    """Normalize by vectors over the channels."""
    ones = {}

    def compute(x, mean, scale, bias):
        channels = x.shape[1]
        if not x.numel() and not _are_per_channel(x, mean, scale, bias):
            raise ValueError("dimension mismatch: %d channels, %d numbers" % (
                channels, len(mean)))
        if channels not in ones:
            ones[channels] = torch.ones(channels, dtype=x.dtype, device=device)
        return torch.batch_norm(x, scale, bias, mean, ones[channels], False,
                                0., 0., False)
    return compute


@row(AbstractBatchNormTrainGrad, host=(5,))
def normalize_gradient(op, node, device):
    """Return the gradients of input, scale and bias."""
    axes = tuple(op.axes)
    fast = _is_per_channel(op, node) and _is_of_the_batch(op, node)

    check = _check(op, node, (2, 3, 4), wide=(1,))

    def gradient(*operands):
        check(operands)
        x, above, scale, mean, inverse, epsilon = operands
        if fast and x.numel() and epsilon and (
                above.shape == x.shape and _are_per_channel(x, scale)):
            return _channels_gradient(x, above, scale, mean, inverse, epsilon)
        normal = (x - mean) * inverse
        bias = above.sum(axes, keepdim=True)
        scaled = (above * normal).sum(axes, keepdim=True)
        count = max(x.numel() // max(bias.numel(), 1), 1)
        inner = above - normal * (scaled / count)
        inner = inner - inner.sum(axes, keepdim=True) / count
        return scale * inverse * inner, scaled, bias
    return gradient


def _is_of_the_batch(op, node):
    """Tell whether mean and spread are those of the input, not just given.

    The kernel takes it for granted that the input has that mean.
    """
    source = node.inputs[3].owner
    return (source is not None and source.op == AbstractBatchNormTrain(op.axes)
            and source.inputs[0] is node.inputs[0]
            and node.inputs[3:5] == source.outputs[1:3])


def _channels_gradient(x, above, scale, mean, inverse, epsilon):
    found = torch.ops.aten.native_batch_norm_backward(
        above, x, scale.reshape(-1), None, None, mean.reshape(-1),
        inverse.reshape(-1), True, epsilon, [True, True, True])
    return (found[0], *(g.reshape(scale.shape) for g in found[1:]))
