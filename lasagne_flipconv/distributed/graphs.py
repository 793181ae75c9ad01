"""Graphs, changed in place; and what is taken out of one to compare ranks.

Random numbers and the statistics of batch normalization differ between a
batch and its parts, as they should. For the comparison every rank draws the
same number, and normalizes by a mean of 0 and a variance of 1.
"""
import theano.tensor as T
from theano.gof.graph import clone_get_equiv, io_toposort
from theano.scalar import basic
from theano.tensor.elemwise import CAReduce, DimShuffle, Elemwise, Sum
from theano.tensor.nnet.bn import (
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
)
from theano.tensor.raw_random import RandomFunction

from .randomness import draws

__all__ = ["Entry", "comparable", "substitute", "toposort"]

#: What is drawn for the comparison: dropout keeps all, unless it keeps less
#: than a quarter.
DRAWN = .25



class Entry:
    """A place that holds a variable: a slot of a list, or an attribute.

    Parameters
    ----------
    owner : object
        The list, or what has the attribute.
    name : int or str
        Which slot or attribute.
    """

    def __init__(self, owner, name):
        self.owner, self.name = owner, name

    def get(self):
        """Return the variable."""
        if isinstance(self.owner, list):
            return self.owner[self.name]
        return getattr(self.owner, self.name)

    def set(self, value):
        """Put another in its place."""
        if isinstance(self.owner, list):
            self.owner[self.name] = value
        else:
            setattr(self.owner, self.name, value)


def toposort(variables):
    """Return the nodes that variables follow from, causes first.

    Parameters
    ----------
    variables : list of theano.Variable
        Any.

    Returns
    -------
    list of theano.gof.Apply
        In the same order on all ranks.
    """
    return io_toposort([], variables)


def substitute(other, nodes, entries):
    """Put variables in the places of others, in a graph of our own.

    Parameters
    ----------
    other : dict of theano.Variable to theano.Variable
        What is for what.
    nodes : list of theano.gof.Apply
        Whose inputs are looked at.
    entries : list of Entry
        Which are looked at, too.
    """
    for node in nodes:  # but what reads a variable to take its place
        node.inputs[:] = [v if other.get(v) in node.outputs else
                          other.get(v, v) for v in node.inputs]
    for entry in entries:
        entry.set(other.get(entry.get(), entry.get()))


def comparable(inputs, outputs):
    """Return a copy of a graph in which a batch is the sum of its parts.

    Parameters
    ----------
    inputs, outputs : list of theano.Variable
        The graph, which stays as it is.

    Returns
    -------
    inputs, outputs : list of theano.Variable
        The copy.
    normalized : bool
        Whether it had batch normalization.
    """
    copies = clone_get_equiv(inputs, outputs, copy_orphans=False)
    found = [copies[v] for v in outputs]
    nodes = toposort(found)
    other = {}
    for node in nodes:
        if draws(node):
            other[node.outputs[1]] = drawn(node)
    cut = statistics(nodes)
    other.update(cut)
    abstract = {}
    for node in nodes:
        if isinstance(node.op, AbstractBatchNormTrain):
            abstract.update(zip(node.outputs, normalized(node)))
        elif isinstance(node.op, AbstractBatchNormTrainGrad):
            abstract.update(zip(node.outputs, normalized_gradient(node)))
    other.update(abstract)
    substitute(other, toposort(found + list(other.values())),
               [Entry(found, i) for i in range(len(found))])
    return [copies[v] for v in inputs], found, bool(cut or abstract)


def drawn(node):
    """Return what stands for random numbers: one and the same.

    Parameters
    ----------
    node : theano.gof.Apply
        That draws them.

    Returns
    -------
    theano.Variable
        Of the same type.
    """
    kind = node.outputs[1].type
    number = DRAWN if "float" in kind.dtype else 1
    if isinstance(node.op, RandomFunction) and node.op.ndim_added:
        return T.zeros_like(node.outputs[1])  # a permutation, for instance
    shape = [node.inputs[1][i] for i in range(kind.ndim)]
    filled = T.alloc(T.constant(number, dtype=kind.dtype), *shape)
    return T.patternbroadcast(filled, kind.broadcastable)


def statistics(nodes):
    """Return what stands for the sums of batch normalization.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        A graph, forwards and backwards.

    Returns
    -------
    dict of theano.Variable to theano.Variable
        Empty if nothing in it subtracts the mean of a batch.
    """
    kinds = {_kind(total) for node in nodes for total in _mean_of(node)}
    readers = {}
    for node in nodes:
        for variable in node.inputs:
            readers.setdefault(variable, []).append(node)
    found = {}
    for node in nodes:
        if isinstance(node.op, Sum) and _kind(node) in kinds and _returns(
                node.outputs[0], readers):
            found[node.outputs[0]] = _constant(node)
    return found


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
    if not squared or isinstance(summed.owner.op, CAReduce):
        return none
    count = 1
    for axis in _kind(node)[1]:
        count = count * summed.shape[axis]
    return none + T.cast(count, total.dtype)


def of_whole_batch(nodes, average):
    """Return what lets batch normalization take statistics of all ranks.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        A graph, forwards and backwards. Theano's Op with running statistics
        of its own, which depend on how many samples there are, stays.
    average : callable
        From a value to its average over the ranks.

    Returns
    -------
    dict of theano.Variable to theano.Variable
        What is for what.
    """
    other = {v: average(v) for v in statistics(nodes)}
    for node in nodes:
        if isinstance(node.op, AbstractBatchNormTrain) and not node.inputs[5:]:
            other.update(zip(node.outputs, normalized(node, average)))
        elif isinstance(node.op, AbstractBatchNormTrainGrad) and (
                node.inputs[3] in other):
            other.update(zip(node.outputs, normalized_gradient(node, average)))
    return other


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
        deviation, variance = mean + 1, mean + 1
    else:
        mean = average(_mean(x, node))
        variance = average(_mean(T.sqr(x - mean), node))
        deviation = T.inv(T.sqrt(variance + epsilon))
    found = [(x - mean) * (scale * deviation) + bias, mean, deviation]
    for running, new in zip(node.inputs[5:], (mean, variance)):
        found.append(running * (1 - factor) + new * factor)
    return [T.patternbroadcast(T.cast(a, b.dtype), b.broadcastable)
            for a, b in zip(found, node.outputs)]


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
        around = given - average(_mean(given, node)) - inner * average(
            _mean(given * inner, node))
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
