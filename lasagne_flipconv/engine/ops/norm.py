"""Batch normalization in training, and sums over all but the channels."""
import theano.tensor as T
from theano import Apply

from .op import EngineOp, as_input, as_output, float_bits

__all__ = ["Norm", "NormGrad", "ChannelSum", "IDENTITY"]

#: The line of an Op that has no activation.
IDENTITY = (1., 0.)


class _Normalize(EngineOp):
    """Hold the activation at the end, ``p * t + q * |t|`` with line (p, q)."""

    __props__ = ("line",)

    def __init__(self, line=IDENTITY):
        self.line = tuple(line)

    def description(self):
        return [float_bits(part) for part in self.line]


class Norm(_Normalize):
    """Normalize each channel by the statistics of the batch.

    Its inputs are the values, axes (batch, ..., channels), scale and bias per
    channel, and epsilon; its outputs the normalized values after the
    activation, and per channel the mean, one over the deviation, and the
    variance without epsilon.
    """

    kind = "norm"

    def make_node(self, x, scale, bias, epsilon):
        x = as_input(x)
        vectors = [as_input(v, 1) for v in (scale, bias)]
        return Apply(self, [x] + vectors + [_double(epsilon)],
                     [x.type()] + [as_output([False]) for _ in range(3)])

    def infer_shape(self, node, shapes):
        return [shapes[0]] + [(shapes[0][-1],)] * 3


def _double(number):
    """Return a number in float64; of a constant, no variable is made.

    Theano raises where one is made, if its flag `warn_float64` says so.
    """
    number = T.as_tensor_variable(number)
    if isinstance(number, T.TensorConstant):
        return T.constant(number.data, dtype="float64")
    return T.cast(number, "float64")


class NormGrad(_Normalize):
    """Compute the gradients of :class:`Norm`.

    Its inputs are the values, the gradient of the output, scale, mean and one
    over the deviation, and, if there is an activation, the bias; its outputs
    the gradients of values, scale and bias. Which side of the activation a
    value is on is computed again: that is faster than to read it.
    """

    kind = "norm_grad"

    def make_node(self, x, gradient, scale, mean, inv_std, *bias):
        x = as_input(x)
        gradient = as_input(gradient, x.ndim)
        vectors = [as_input(v, 1) for v in (scale, mean, inv_std) + bias]
        if len(bias) != (self.line != IDENTITY):
            raise TypeError("engine: a gradient of batch normalization got %d "
                            "inputs; expected %d." % (
                                5 + len(bias), 5 + (self.line != IDENTITY)))
        return Apply(self, [x, gradient] + vectors,
                     [x.type()] + [as_output([False]) for _ in range(2)])

    def infer_shape(self, node, shapes):
        return [shapes[0]] + [(shapes[0][-1],)] * 2


class ChannelSum(EngineOp):
    """Sum over all axes but the last."""

    kind = "channel_sum"
    __props__ = ()

    def description(self):
        return []

    def make_node(self, x):
        x = as_input(x)
        return Apply(self, [x], [as_output([x.broadcastable[-1]])])

    def infer_shape(self, node, shapes):
        return [(shapes[0][-1],)]
