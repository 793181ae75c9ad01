"""Graphs, changed in place; and what is taken out of one to compare ranks.

Random numbers and the statistics of batch normalization differ between a
batch and its parts, as they should. For the comparison every rank draws the
same number, and normalizes by a mean of 0 and a variance of 1.
"""
import theano.tensor as T
from theano.compile import In
from theano.gof.graph import clone_get_equiv, io_toposort
from theano.tensor.raw_random import RandomFunction

from .normalization import without_statistics
from .randomness import draws

__all__ = ["Entry", "comparable", "reading", "substitute", "toposort"]

#: What is drawn for the comparison: dropout keeps all, unless it keeps less
#: than an eighth. Theano makes one half of all normal numbers by the sine of
#: so much of a circle, the other by its cosine: they are the same.
DRAWN = .125


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
    cut = without_statistics(nodes)
    other.update(cut)
    substitute(other, toposort(found + list(other.values())),
               [Entry(found, i) for i in range(len(found))])
    return [copies[v] for v in inputs], found, bool(cut)


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


def reading(entry, variable):
    """Return an input of a function that reads the same, and changes nothing.

    Parameters
    ----------
    entry : theano.In
        An argument, or a shared variable.
    variable : theano.Variable
        What stands for it in the function.

    Returns
    -------
    theano.In
        With the value that `entry` has.
    """
    if entry.shared:
        return In(variable, value=entry.value, mutable=False, borrow=True,
                  shared=True)
    return In(variable, name=entry.name, value=entry.value,
              strict=entry.strict, allow_downcast=entry.allow_downcast)
