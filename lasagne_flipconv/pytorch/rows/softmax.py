"""Softmax, and the losses that Theano keeps as one node."""
import torch
from theano.tensor.nnet.nnet import (
    CrossentropyCategorical1Hot,
    CrossentropyCategorical1HotGrad,
    CrossentropySoftmax1HotWithBiasDx,
    CrossentropySoftmaxArgmax1HotWithBias,
    LogSoftmax,
    Softmax,
    SoftmaxGrad,
    SoftmaxWithBias,
)

from .table import TYPES, row

__all__ = ["loss", "loss_gradient"]


@row(Softmax)
def softmax(op, node, device):
    """Return the softmax of each row."""
    return lambda x: torch.softmax(x, 1)


@row(SoftmaxWithBias)
def softmax_with_bias(op, node, device):
    """Return the softmax of each row plus a vector."""
    dtype = TYPES[node.outputs[0].dtype]
    return lambda x, b: torch.softmax((x + _bias(x, b)).to(dtype), 1)


@row(LogSoftmax)
def log_softmax(op, node, device):
    """Return the logarithm of the softmax of each row."""
    return lambda x: torch.log_softmax(x, 1)


@row(SoftmaxGrad)
def softmax_gradient(op, node, device):
    """Return the gradient of the softmax of each row."""
    def gradient(above, found):
        if above.shape != found.shape:
            raise ValueError("dimension mismatch: a gradient of %s for %s"
                             % (tuple(above.shape), tuple(found.shape)))
        above = above.to(found.dtype) * found
        return above - above.sum(1, keepdim=True) * found
    return gradient


@row(CrossentropySoftmaxArgmax1HotWithBias)
def loss(op, node, device):
    """Return loss, softmax and the likeliest class of each row."""
    kept = TYPES[node.outputs[2].dtype]

    def compute(x, b, classes):
        x = x + _bias(x, b)
        logs = torch.log_softmax(x, 1)
        return (-logs.gather(1, _index(classes, x))[:, 0],
                torch.softmax(x, 1), x.argmax(1).to(kept))
    return compute


@row(CrossentropySoftmax1HotWithBiasDx)
def loss_gradient(op, node, device):
    """Return the gradient of that loss, by its softmax."""
    dtype = TYPES[node.outputs[0].dtype]

    def gradient(above, found, classes):
        rows = found.shape[0]
        if above.ndim == 0 or above.shape[0] == 1:
            above = above.expand(rows)
        above = _as_long(above, rows).to(dtype)[:, None]
        return (above * found).scatter_add_(
            1, _index(classes, found), -above)
    return gradient


@row(CrossentropyCategorical1Hot)
def categorical(op, node, device):
    """Return minus the logarithm of the probability of the right class."""
    return lambda p, classes: -torch.log(p[_places(classes, p)])


@row(CrossentropyCategorical1HotGrad)
def categorical_gradient(op, node, device):
    """Return the gradient of that, zero for all other classes."""
    def gradient(above, p, classes):
        at = _places(classes, p)
        above = _as_long(above, p.shape[0])
        return torch.zeros_like(p).index_put_(at, -above / p[at])
    return gradient


def _places(classes, p):
    """Return where the right class of each row is; -1 is the last one."""
    rows = torch.arange(p.shape[0], device=p.device)
    return rows, _as_long(classes, p.shape[0]).long()


def _bias(x, b):
    """Return the bias in the type of x; PyTorch would repeat a single one."""
    if b.shape[0] != x.shape[1]:
        raise ValueError("dimension mismatch: a bias of %d for %d classes"
                         % (b.shape[0], x.shape[1]))
    return b.to(x.dtype)


def _index(classes, x):
    """Return the numbers of classes as `gather` takes them."""
    return _as_long(classes, x.shape[0]).long()[:, None]


def _as_long(vector, rows):
    """Return a vector of as many elements as rows; `gather` takes fewer."""
    if vector.shape[0] != rows:
        raise ValueError("dimension mismatch: %d values for %d rows"
                         % (vector.shape[0], rows))
    return vector
