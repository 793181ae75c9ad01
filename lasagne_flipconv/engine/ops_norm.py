"""Batch normalization in training, and sums over all but the channels."""
import theano.tensor as T
from theano import Apply

from .op import EngineOp, as_input, as_output

__all__ = ["Norm", "NormGrad", "ChannelSum"]


class _PerChannel(EngineOp):
    __props__ = ()

    def description(self):
        return []


class Norm(_PerChannel):
    """Normalize each channel by the statistics of the batch.

    Its inputs are the values, axes (batch, ..., channels), scale and bias per
    channel, and epsilon; its outputs the normalized values, the mean per
    channel, and one over the deviation.
    """

    kind = "norm"

    def make_node(self, x, scale, bias, epsilon):
        x = as_input(x)
        vectors = [as_input(v, 1) for v in (scale, bias)]
        return Apply(self, [x] + vectors + [T.cast(epsilon, "float64")],
                     [x.type()] + [as_output([False]) for _ in range(2)])

    def infer_shape(self, node, shapes):
        return [shapes[0]] + [(shapes[0][-1],)] * 2


class NormGrad(_PerChannel):
    """Compute the gradients of :class:`Norm`.

    Its inputs are the values, the gradient of the output, scale, mean and one
    over the deviation; its outputs the gradients of values, scale and bias.
    """

    kind = "norm_grad"

    def make_node(self, x, gradient, scale, mean, inv_std):
        x = as_input(x)
        gradient = as_input(gradient, x.ndim)
        vectors = [as_input(v, 1) for v in (scale, mean, inv_std)]
        return Apply(self, [x, gradient] + vectors,
                     [x.type()] + [as_output([False]) for _ in range(2)])

    def infer_shape(self, node, shapes):
        return [shapes[0]] + [(shapes[0][-1],)] * 2


class ChannelSum(_PerChannel):
    """Sum over all axes but the last."""

    kind = "channel_sum"

    def make_node(self, x):
        x = as_input(x)
        return Apply(self, [x], [as_output([x.broadcastable[-1]])])

    def infer_shape(self, node, shapes):
        return [(shapes[0][-1],)]
