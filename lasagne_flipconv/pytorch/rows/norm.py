"""Batch normalization, as Theano's abstract Ops have it."""
import torch
from theano.tensor.nnet.bn import (
    AbstractBatchNormInference,
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
)

from .table import row

__all__ = ["normalize", "normalize_gradient"]


@row(AbstractBatchNormTrain)
def normalize(op, node, device):
    """Normalize by the batch; return what gradient and inference need."""
    axes = tuple(op.axes)

    def compute(x, scale, bias, epsilon, factor, *running):
        variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
        inverse = torch.rsqrt(variance + epsilon.to(x.dtype))
        out = (x - mean) * (scale * inverse) + bias
        return (out, mean, inverse, *_running(
            x, mean, variance, factor.to(x.dtype), running))
    return compute


def _running(x, mean, variance, factor, running):
    """Return the running mean and variance, as many as there are."""
    kept = [old * (1 - factor) for old in running]
    if kept:
        kept[0] = kept[0] + mean * factor
    if len(kept) > 1:
        count = x.numel() / max(mean.numel(), 1)
        ratio = count / (count - 1) if count != 1 else float("inf")
        kept[1] = kept[1] + ratio * variance * factor
    return kept


@row(AbstractBatchNormInference)
def infer(op, node, device):
    """Normalize by statistics that are given."""
    return lambda x, scale, bias, mean, variance, epsilon: (
        x - mean) * (scale * torch.rsqrt(
            variance + epsilon.to(x.dtype))) + bias


@row(AbstractBatchNormTrainGrad)
def normalize_gradient(op, node, device):
    """Return the gradients of input, scale and bias."""
    axes = tuple(op.axes)

    def gradient(x, above, scale, mean, inverse, epsilon):
        normal = (x - mean) * inverse
        bias = above.sum(axes, keepdim=True)
        scaled = (above * normal).sum(axes, keepdim=True)
        count = x.numel() / max(bias.numel(), 1)
        inner = above - (bias + normal * scaled) / max(count, 1)
        return scale * inverse * inner, scaled, bias
    return gradient
