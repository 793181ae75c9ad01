"""The batch that a step takes from data of its rank."""
import numpy as np
import theano
from theano.compile import In
from theano.compile.function_module import orig_function
from theano.tensor import subtensor

from .graphs import reading, toposort
from .splitting import has_batch_axis, is_own

__all__ = ["Picked"]

#: Rows of data of each rank that a full batch is compared by.
SAMPLE = 256


class Picked:
    """A function that computes the batch taken from data of this rank.

    That is a minibatch, or where the data is used as it is, its first rows.

    Parameters
    ----------
    inputs : list of theano.In
        Of the training function.
    results : list of theano.Variable
        What it averages and returns.
    mode : theano.compile.Mode, str or None
        As for `theano.function`.

    Attributes
    ----------
    entries : list of theano.In
        For the rows of each variable, then for what is asked for its shape
        only; empty if data of this rank is used otherwise, so that what is
        the batch is not known.
    """

    def __init__(self, inputs, results, mode):
        own = [i.variable for i in inputs if i.shared and is_own(i)]
        nodes, found, sized = toposort(results), [], []
        if not set(own).intersection(results):
            found = _rows(own, nodes)
            found, sized = (found, own) if found else (_used(own, nodes), [])
        if not all(map(has_batch_axis, found)) or found and not sized and any(
                has_batch_axis(i.variable) for i in inputs if not i.shared):
            found, sized = [], []
        self.entries = [In(v) for v in found + sized]
        self._sized, self._count = [], len(found)
        rows = found if sized else [v[:SAMPLE] for v in found]
        self._function = orig_function(
            [reading(i, i.variable) for i in inputs],
            rows + [part for v in sized for part in (v[:1], v.shape[0])],
            mode, on_unused_input="ignore")

    def __call__(self, args, kwargs):
        """Return the rows of this rank.

        Parameters
        ----------
        args, kwargs : list and dict
            Of the training function.

        Returns
        -------
        dict of int to numpy.ndarray
            By the places of `entries`.
        """
        found = self._function(*args, **kwargs)
        sized = found[self._count:]
        self._sized = list(zip(sized[::2], sized[1::2]))
        return dict(enumerate(found[:self._count]))

    def sized(self, times):
        """Return what is asked for its shape, as in the last call.

        Parameters
        ----------
        times : int
            How many ranks' data it stands for.

        Returns
        -------
        dict of int to numpy.ndarray
            By the places of `entries`.
        """
        return {i: np.broadcast_to(row, (int(length) * times,) + row.shape[1:])
                for i, (row, length) in enumerate(self._sized, self._count)}


def _rows(own, nodes):
    """Return what is taken last of each of some variables, row by row.

    Parameters
    ----------
    own : list of theano.Variable
        Of which rows are taken.
    nodes : list of theano.gof.Apply
        A graph, causes first.

    Returns
    -------
    list of theano.Variable
        None if one is used otherwise; its shape may be asked for.
    """
    readers = dict.fromkeys(own, ())
    for node in nodes:
        for variable in node.inputs:
            if not isinstance(node.op, theano.tensor.Shape):
                readers[variable] = [*readers.get(variable, ()), node]

    def is_whole(variable):
        return bool(readers.get(variable)) and all(
            _picks(node) or _alike(node) and is_whole(node.outputs[0])
            for node in readers[variable])

    own, rows = set(own), []
    for node in nodes:
        if not any(node in readers[v] for v in own.intersection(node.inputs)):
            continue
        if own.intersection(node.inputs[1:]):
            return []
        if is_whole(node.outputs[0]):
            own.add(node.outputs[0])
        elif _picks(node):
            rows.append(node.outputs[0])
        else:
            return []
    return rows


def _used(own, nodes):
    """Return which of some variables are used, if no rows of them are taken.

    Parameters
    ----------
    own : list of theano.Variable
        Which they are.
    nodes : list of theano.gof.Apply
        A graph, causes first.

    Returns
    -------
    list of theano.Variable
        None if rows are taken of one.
    """
    alike = set(own)
    for node in nodes:
        if alike.intersection(node.inputs):
            if _picks(node):
                return []
            if _alike(node):
                alike.update(node.outputs)
    return [v for v in own if any(v in node.inputs for node in nodes)]


def _picks(node):
    """Tell whether a node takes rows of its first operand."""
    return isinstance(node.op, (
        subtensor.Subtensor, subtensor.AdvancedSubtensor1,
        subtensor.AdvancedSubtensor)) and not _keeps_rows(node)


def _alike(node):
    """Tell whether a node does the same to each row, as a cast does."""
    return _keeps_rows(node) or isinstance(
        node.op, theano.tensor.Elemwise) and len(node.inputs) == 1


def _keeps_rows(node):
    """Tell whether a node indexes along other axes than the first."""
    return isinstance(node.op, subtensor.Subtensor) and (
        node.op.idx_list[:1] in ((), (slice(None),)))
