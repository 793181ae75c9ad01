"""Pooling and its gradients, channels last, with the meaning of Theano's."""
import theano.tensor as T
from theano import Apply
from theano.tensor.signal.pool import Pool as StockPool

from .op import EngineOp, as_input, as_output

__all__ = ["Pool", "PoolGrad"]

_MODES = {"max": 0, "sum": 1, "average_inc_pad": 2, "average_exc_pad": 3}


class _Slide(EngineOp):
    __props__ = ("axes", "mode", "ignore_border")

    def __init__(self, axes, mode, ignore_border):
        self.axes, self.mode = axes, mode
        self.ignore_border = bool(ignore_border)

    def description(self):
        return [self.axes, _MODES[self.mode], int(self.ignore_border)]

    def _vectors(self, vectors):
        return [T.cast(v, "int64") for v in vectors]


class Pool(_Slide):
    """Take the maximum, sum or average over windows.

    Its inputs are the values, axes (batch, *spatial, channels), and window,
    stride and padding as vectors.
    """

    kind = "pool"

    def make_node(self, x, window, stride, pad):
        x = as_input(x, self.axes + 2)
        pattern = ((x.broadcastable[0],) + (False,) * self.axes
                   + (x.broadcastable[-1],))
        return Apply(self, [x] + self._vectors([window, stride, pad]),
                     [as_output(pattern)])

    def infer_shape(self, node, shapes):
        x, (window, stride, pad) = shapes[0], node.inputs[1:]
        spatial = StockPool.out_shape(x[1:-1], window, self.ignore_border,
                                      stride, pad, self.axes)
        return [[x[0]] + list(spatial) + [x[-1]]]


class PoolGrad(_Slide):
    """Compute the gradient of :class:`Pool` with respect to its input.

    Its inputs are the values, for a maximum also the maxima, the gradient of
    the output, and window, stride and padding as vectors. Of equal values
    that are the maximum of a window, each gets the gradient, as in Theano.
    """

    kind = "pool_grad"

    def make_node(self, x, *rest):
        arrays = [as_input(a, self.axes + 2) for a in (x,) + rest[:-3]]
        return Apply(self, arrays + self._vectors(rest[-3:]),
                     [as_output(arrays[0].broadcastable)])

    def infer_shape(self, node, shapes):
        return [shapes[0]]
