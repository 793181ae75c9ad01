"""Batches in parts, one for each rank."""
import zlib
from typing import Any

import numpy as np
from theano.gof import Constant

from ..errors import FlipconvError
from .graphs import toposort
from .marks import Average, Mark
from .processes.ranks import current
from .randomness import draws

__all__ = ["Arguments", "digest", "has_batch_axis", "is_own", "joined",
           "of_the_batch", "refuse_sparse", "shard"]


def shard(*arrays: Any) -> Any:
    """Return this rank's part of data that the script splits itself.

    Of R ranks each gets every R-th row, so that their minibatches of k rows
    are together those of R k rows of the whole. What is over is left out: all
    ranks get as many rows. From the first call on, training functions take
    what they are given as this rank's part of the batch, and split nothing.

    Parameters
    ----------
    *arrays : numpy.ndarray or list
        With the samples on the first axis, as many in each.

    Returns
    -------
    numpy.ndarray or list of numpy.ndarray
        One for one array, a list for several. With one process, all rows.

    Raises
    ------
    FlipconvError
        If arrays have other numbers of rows, or fewer than there are ranks.

    Examples
    --------
    >>> from lasagne_flipconv.distributed import shard
    >>> shard([[1, 2], [3, 4]]).tolist()  # one process: all of it
    [[1, 2], [3, 4]]
    """
    ranks = current()
    rank, size = (ranks.rank, ranks.size) if ranks else (0, 1)
    given = [a if hasattr(a, "shape") else np.asarray(a) for a in arrays]
    lengths = {a.shape[0] if a.shape else 0 for a in given}
    if len(lengths) != 1 or min(lengths) < size:
        raise FlipconvError(
            "shard: arrays of shapes %s for %d ranks; expected the same "
            "number of rows in each, at least one a rank. Pass data and "
            "labels of the same samples." % (
                ", ".join(str(a.shape) for a in given), size))
    each = lengths.pop() // size
    parts = [a[rank:rank + (each - 1) * size + 1:size] for a in given]
    if ranks:
        ranks.lengths.add(each)
    return parts[0] if len(parts) == 1 else parts


def has_batch_axis(variable):
    """Tell whether a batch can lie along the first axis of a variable.

    Parameters
    ----------
    variable : theano.Variable
        An argument of a function.

    Returns
    -------
    bool
        False for single numbers and rows.
    """
    axes = getattr(variable.type, "broadcastable", ())
    return bool(axes) and not axes[0]


def is_own(entry):
    """Tell whether a shared variable holds what the script split itself.

    Parameters
    ----------
    entry : theano.In
        An input of a function.

    Returns
    -------
    bool
        True for one that is read only, as long as what `shard` returned.
    """
    shape = getattr(entry.value.storage[0], "shape", ())
    return entry.update is None and bool(shape) and (
        shape[0] in current().lengths)


def refuse_sparse(entries, where):
    """Refuse arguments of which no batch is split.

    Parameters
    ----------
    entries : list of theano.In
        Arguments of a function.
    where : str
        Which, for errors.

    Raises
    ------
    FlipconvError
        If one is sparse.
    """
    for entry in entries:
        kind = entry.variable.type
        if hasattr(kind, "ndim") and not hasattr(kind, "broadcastable"):
            raise FlipconvError(
                "%s: %s is of type %s, of which no batch is split; expected "
                "tensors. Pass dense minibatches (batch.toarray()), or run "
                "the script in one process." % (
                    where, entry.variable.name or "an argument", kind))


def of_the_batch(inputs, nodes):
    """Return what differs between ranks: what follows from the batch.

    Parameters
    ----------
    inputs : list of theano.In
        Of the function.
    nodes : list of theano.gof.Apply
        All, causes first.

    Returns
    -------
    set of theano.Variable
        What follows from marked gradients alone is not in it, nor what is
        drawn for them, such as noise for the weights.
    """
    own = {i.variable for i in inputs if is_data(i)}
    before = set(toposort([v for node in nodes for v in node.inputs
                           if isinstance(node.op, (Mark, Average))]))
    for node in nodes:
        if isinstance(node.op, (Mark, Average)):
            continue
        if draws(node) and node in before or any(
                v in own for v in node.inputs if not isinstance(v, Constant)):
            own.update(node.outputs)
    return own


def is_data(entry):
    """Tell whether an input of a function differs between ranks.

    Parameters
    ----------
    entry : theano.In
        An argument, or a shared variable.

    Returns
    -------
    bool
        True for an argument with an axis for the batch, and for a shared
        variable as long as what the script split itself.
    """
    if not entry.shared:
        return has_batch_axis(entry.variable)
    return is_own(entry)


def digest(values, start=0):
    """Return a number that tells whether values are the same elsewhere.

    Parameters
    ----------
    values : iterable of numpy.ndarray
        Arrays or numbers; of other things, only the class counts.
    start : int
        Another number that counts.

    Returns
    -------
    int
        Of 32 bits.
    """
    found = zlib.crc32(str(start).encode())
    for value in values:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            found = zlib.crc32(type(value).__name__.encode(), found)
            continue
        found = zlib.crc32(str((array.shape, array.dtype)).encode(), found)
        found = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(
            "uint8"), found)
    return found


def joined(parts):
    """Return the arrays of all ranks, one after another.

    Parameters
    ----------
    parts : list of dict
        Of arrays, one a rank, by the same keys.

    Returns
    -------
    dict
        Of arrays.
    """
    return {key: np.concatenate([part[key] for part in parts])
            for key in parts[0]}


class Arguments:
    """The arguments of one call, and which of them hold the batch.

    Parameters
    ----------
    inputs : list of theano.In
        Of the function, in order, without shared variables.
    args : tuple
        By place.
    kwargs : dict
        By name, or by variable.
    where : str
        What is called, for errors.

    Attributes
    ----------
    batch, whole : dict
        What is split and what goes to all ranks, by place or by name.
    wrong : bool
        Whether there are some that the function does not have, or some
        missing.
    """

    def __init__(self, inputs, args, kwargs, where):
        self.args, self.kwargs, self._where = list(args), kwargs, where
        self._names = {i: entry.variable for i, entry in enumerate(inputs)}
        known = dict(self._names)
        for entry in inputs:
            known[entry.variable] = known[entry.name] = entry.variable
        places = {**dict(enumerate(args)), **kwargs}
        found = [known.get(place) for place in places]
        self.wrong = None in found or any(
            entry.variable not in found for entry in inputs
            if entry.value is None)
        self.batch, self.whole = {}, {}
        for variable, (place, value) in zip(found, places.items()):
            kind = self.batch if variable is not None and has_batch_axis(
                variable) else self.whole
            kind[place] = value if hasattr(value, "shape") else np.asarray(
                value)

    def all(self):
        """Return all values, in the order of the call.

        Returns
        -------
        list
            Arrays and numbers.
        """
        return list(self.batch.values()) + list(self.whole.values())

    def part(self, rank, size):
        """Return the arguments of one rank.

        Parameters
        ----------
        rank, size : int
            Which of how many.

        Returns
        -------
        args : list
            By place.
        kwargs : dict
            By name.

        Raises
        ------
        FlipconvError
            If there is no batch, or it cannot be split.
        """
        each = self.length() // size
        if each * size != self.length():
            raise FlipconvError(
                "%s: a batch of %d samples, %s, for %d ranks; expected a "
                "multiple of %d. Leave the last batch out, or choose another "
                "size." % (self._where, self.length(), self._shapes(), size,
                           size))
        rows = slice(rank * each, (rank + 1) * each)
        return self._put({k: v[rows] for k, v in self.batch.items()})

    def together(self, others):
        """Return the arguments of one rank that has the parts of all.

        Parameters
        ----------
        others : list of dict
            The `batch` of each rank.

        Returns
        -------
        args : list
            By place.
        kwargs : dict
            By name.
        """
        return self._put(joined(others))

    def length(self):
        """Return how many samples there are.

        Returns
        -------
        int
            The length of the first axis.

        Raises
        ------
        FlipconvError
            If no argument has one, or they differ.
        """
        lengths = {v.shape[0] for v in self.batch.values()}
        if not lengths:
            raise FlipconvError(
                "%s: none of its arguments %shas an axis for the batch, so "
                "that there is nothing to split; expected the batch as an "
                "argument. If it reads its data from shared variables, split "
                "them with lasagne_flipconv.distributed.shard." % (
                    self._where, "(%s) " % self._shapes() if self.whole
                    else ""))
        if len(lengths) > 1:
            raise FlipconvError(
                "%s: its arguments have different lengths on the first axis, "
                "%s; expected the axis of the batch in each. Make a shared "
                "variable of what is for no single sample." % (
                    self._where, self._shapes()))
        return lengths.pop()

    def _put(self, values):
        args, kwargs = list(self.args), dict(self.kwargs)
        for place, value in values.items():
            given = args if isinstance(place, int) else kwargs
            if not hasattr(given[place], "shape"):
                value = value.tolist()  # Theano rounds what is in a list
            given[place] = value
        return args, kwargs

    def _shapes(self):
        """Return names and shapes of the arguments, in words."""
        return ", ".join("%s %s" % (
            getattr(self._names.get(place, place), "name", None) or place,
            tuple(getattr(value, "shape", ())))
            for place, value in {**self.batch, **self.whole}.items())
