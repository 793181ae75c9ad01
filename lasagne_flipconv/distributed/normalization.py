"""Batch normalization in a graph: found, taken out, or made one of all ranks.

It is there as Theano's Op, or as arithmetic: a mean over the batch that is
subtracted from the batch.
"""
import theano.tensor as T
from theano.scalar import basic
from theano.tensor.elemwise import DimShuffle, Elemwise, Sum
from theano.tensor.nnet.bn import (
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
)

from .processes.ranks import current

__all__ = ["of_whole_batch", "without_statistics"]


def without_statistics(nodes):
    """Return what lets every sample be normalized alike, whatever its batch.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        A graph, forwards and backwards.

    Returns
    -------
    dict of theano.Variable to theano.Variable
        What is for what; empty if nothing is normalized.
    """
    other = {node.outputs[0]: _constant(node) for node in statistics(nodes)}
    for node in nodes:
        if _normalizes(node):
            other.update(zip(node.outputs, normalized(node)))
        elif isinstance(node.op, AbstractBatchNormTrainGrad) and (
                node.inputs[3] in other):
            other.update(zip(node.outputs, normalized_gradient(node)))
    return other


def of_whole_batch(nodes, average):
    """Return what lets batch normalization take statistics of all ranks.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        A graph, forwards and backwards.
    average : callable
        From values to their averages over the ranks, in one message.

    Returns
    -------
    dict of theano.Variable to theano.Variable
        What is for what.
    """
    other = {v: average(v) for node in statistics(nodes)
             for v in node.outputs}
    for node in nodes:
        if _normalizes(node):
            other.update(zip(node.outputs, normalized(node, average)))
        elif isinstance(node.op, AbstractBatchNormTrainGrad) and (
                node.inputs[3] in other):
            other.update(zip(node.outputs, normalized_gradient(node, average)))
    return other


def _normalizes(node):
    """Tell whether a node is Theano's Op, and takes statistics of a batch."""
    return (isinstance(node.op, AbstractBatchNormTrain)
            and 0 in node.op.axes)


def statistics(nodes):
    """Return the sums of a batch that its samples are normalized by.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        A graph, forwards and backwards.

    Returns
    -------
    list of theano.gof.Apply
        None if nothing in it subtracts the mean of a batch.
    """
    kinds = {_kind(total) for node in nodes for total in _mean_of(node)}
    readers = {}
    for node in nodes:
        for variable in node.inputs:
            readers.setdefault(variable, []).append(node)
    return [node for node in nodes if isinstance(node.op, Sum)
            and _kind(node) in kinds and _returns(node.outputs[0], readers)]


def _kind(node):
    """Return over what a sum is: how many axes, and which of them."""
    ndim = node.inputs[0].ndim
    axes = node.op.axis
    return ndim, tuple(range(ndim)) if axes is None else tuple(sorted(axes))


def _mean_of(node):
    """Yield the sums over a batch that are subtracted from what they sum."""
    if not (isinstance(node.op, Elemwise) and isinstance(
            node.op.scalar_op, basic.Sub)):
        return
    whole, mean = node.inputs
    if not _over_batch(whole, mean):
        return
    left, seen = [mean], set()
    while left:
        owner = left.pop().owner
        if owner is None or owner in seen:
            continue
        seen.add(owner)
        if isinstance(owner.op, (Elemwise, DimShuffle)):
            left.extend(owner.inputs)
        elif isinstance(owner.op, Sum) and owner.inputs[0] is whole:
            if owner.outputs[0].ndim and 0 in _kind(owner)[1]:
                yield owner


def _over_batch(whole, part):
    """Tell whether one value goes to every sample of another."""
    return (whole.ndim == part.ndim > 1 and part.broadcastable[0]
            and not whole.broadcastable[0])


def _returns(total, readers):
    """Tell whether a sum over the batch is combined with its samples."""
    left, seen = [total], set()
    while left:
        variable = left.pop()
        for node in readers.get(variable, ()):
            if not isinstance(node.op, (Elemwise, DimShuffle)):
                continue
            if isinstance(node.op, Elemwise) and _over_batch(
                    node.outputs[0], variable):
                return True
            if node not in seen:
                seen.add(node)
                left.extend(node.outputs)
    return False


def _constant(node):
    """Return what a sum would be if the mean was 0 and the variance 1."""
    summed, total = node.inputs[0], node.outputs[0]
    squared = summed.owner is not None and isinstance(
        getattr(summed.owner.op, "scalar_op", None), (basic.Sqr, basic.Pow))
    none = T.zeros_like(node.op(summed))  # not total, which is replaced
    if not squared:
        return none
    count = 1
    for axis in _kind(node)[1]:
        count = count * summed.shape[axis]
    return none + T.cast(count, total.dtype)


def normalized(node, average=None):
    """Return the outputs of Theano's own batch normalization.

    Parameters
    ----------
    node : theano.gof.Apply
        Its AbstractBatchNormTrain.
    average : callable, optional
        From a value to its average over the ranks; without it, the mean is 0
        and the variance 1.

    Returns
    -------
    list of theano.Variable
        What is normalized, mean, inverse deviation, running statistics.
    """
    x, scale, bias, epsilon, factor = node.inputs[:5]
    if average is None:
        mean = T.zeros_like(scale)
        deviation, unbiased = mean + 1, mean + 1
    else:
        mean, share = average(_mean(x, node), _share(x, scale))
        variance = average(_mean(T.sqr(x - mean), node))
        deviation = T.inv(T.sqrt(variance + epsilon))
        unbiased = variance / (1 - share)
    found = [(x - mean) * (scale * deviation) + bias, mean, deviation]
    for running, new in zip(node.inputs[5:], (mean, unbiased)):
        found.append(running * (1 - factor) + new * factor)
    return [T.patternbroadcast(T.cast(a, b.dtype), b.broadcastable)
            for a, b in zip(found, node.outputs)]


def _share(x, scale):
    """Return what averages to one over the number of values of a statistic.

    That is one over those of the first rank, and zero on all others; or of
    the whole batch, where it computes alone.
    """
    one = T.cast(scale.size, x.dtype) / T.cast(x.size, x.dtype)
    return one * int(current().rank == 0)


def normalized_gradient(node, average=None):
    """Return the gradient of that.

    Parameters
    ----------
    node : theano.gof.Apply
        Theano's AbstractBatchNormTrainGrad.
    average : callable, optional
        As for `normalized`.

    Returns
    -------
    list of theano.Variable
        For what is normalized, scale and bias.
    """
    x, given, scale, mean, deviation = node.inputs[:5]
    if average is None:
        inner, around = x, given
    else:
        inner = (x - mean) * deviation
        first, second = average(_mean(given, node),
                                _mean(given * inner, node))
        around = given - first - inner * second
        scale = scale * deviation
    outer = node.inputs[2]
    totals = [T.addbroadcast((given * v).sum(node.op.axes, keepdims=True),
                             *node.op.axes) for v in (inner, 1)]
    found = [around * scale] + [
        T.patternbroadcast(t, outer.broadcastable) for t in totals]
    return [T.patternbroadcast(T.cast(a, b.dtype), b.broadcastable)
            for a, b in zip(found, node.outputs)]


def _mean(x, node):
    """Return the mean of a value over the axes of a normalization."""
    axes = node.op.axes
    return T.addbroadcast(x.mean(axes, keepdims=True), *axes)
