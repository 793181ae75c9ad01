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
    for node in nodes:
        node.inputs[:] = [other.get(v, v) for v in node.inputs]
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
    none = T.zeros_like(total)
    if not squared or isinstance(summed.owner.op, CAReduce):
        return none
    count = 1
    for axis in _kind(node)[1]:
        count = count * summed.shape[axis]
    return none + T.cast(count, total.dtype)


def normalized(node):
    """Return the outputs of Theano's own batch normalization, likewise.

    Parameters
    ----------
    node : theano.gof.Apply
        Its AbstractBatchNormTrain.

    Returns
    -------
    list of theano.Variable
        What is normalized, mean, inverse deviation, running statistics.
    """
    x, scale, bias = node.inputs[:3]
    zero = T.zeros_like(scale)
    return [x * scale + bias, zero, zero + 1, zero, zero + 1][
        :len(node.outputs)]


def normalized_gradient(node):
    """Return the gradient of that.

    Parameters
    ----------
    node : theano.gof.Apply
        Theano's AbstractBatchNormTrainGrad.

    Returns
    -------
    list of theano.Variable
        For what is normalized, scale and bias.
    """
    x, given, scale = node.inputs[:3]
    axes = node.op.axes

    def total(of):
        return T.addbroadcast(of.sum(axes, keepdims=True), *axes)

    return [given * scale, total(given * x), total(given)]
