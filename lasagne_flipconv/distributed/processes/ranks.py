"""The ranks of a training, and the messages between them.

All ranks send the same messages in the same order; whoever is not there in
time is named.
"""
import collections
import datetime
import itertools
import pickle

import numpy as np

from ...errors import FlipconvError

__all__ = ["Ranks", "current", "set_current"]

#: Bytes of gradients that go in one message at most.
BUCKET = 64 << 20

#: How many messages are kept, empty, after they have come.
KEPT = 1000

#: How long a rank waits for another that lives, in minutes.
PATIENCE = 30

#: How long a rank whose step failed waits for others to fail too, in seconds.
ALIKE = 20

_state = {"ranks": None}


def current():
    """Return the ranks that this process is one of.

    Returns
    -------
    Ranks or None
        None where there is one process only.
    """
    return _state["ranks"]


def set_current(ranks):
    """Let `current` return this from now on.

    Parameters
    ----------
    ranks : Ranks or None
        The ranks.
    """
    _state["ranks"] = ranks


class Ranks:
    """The processes that train one network.

    Parameters
    ----------
    rank, size : int
        Which of how many this is.
    distributed : module
        ``torch.distributed``, joined already.
    from_numpy : callable
        ``torch.from_numpy``.
    lifeline : lasagne_flipconv.distributed.processes.lifeline.Lifeline
        Knows who is gone.
    tell : callable
        Takes what the user is to read; on rank 0 alone it says something.

    Attributes
    ----------
    stage : str or None
        What Average does: 'parts', average over the ranks; 'alone', nothing;
        None, refuse, as no step is being made.
    synchronized : bool
        Whether batch normalization takes the statistics of all ranks.
    lengths : set of int
        Of the arrays that the script had split by `shard`; empty if none.
    trained : set of theano.gof.Container
        Of the shared variables that training functions update.
    store : torch.distributed.Store or None
        Where a rank leaves word that its step failed.
    problem : str or None
        What went wrong last, as Theano changes the errors of its Ops.
    numbers : iterator of int
        The same on all ranks, as all run the same script.
    """

    def __init__(self, rank, size, distributed, from_numpy, lifeline, tell):
        self.rank, self.size, self.tell = rank, size, tell
        self.lifeline, self.synchronized = lifeline, False
        self._distributed, self._tensor = distributed, from_numpy
        self._asked, self._steps = None, 0
        self._sent = collections.deque(maxlen=KEPT)
        self._failed, self._alone, self.store = None, False, None
        self.stage, self.lengths, self.problem = None, set(), None
        self.numbers, self.trained = itertools.count(), set()

    def _send(self, name, *args, **kwargs):
        """Begin to send and receive, and keep the message for a while.

        The thread of PyTorch that sends it would free it otherwise, and make
        itself known to Python for that. A child that is forked in that moment
        never begins (seen on Python 3.11), and keeps the connections of this
        rank open, so that the others do not hear of its end.
        """
        try:
            work = getattr(self._distributed, name)(
                *args, async_op=True, **kwargs)
        except RuntimeError as error:
            raise self._explained(error) from None
        self._sent.append(work)
        return work

    def _received(self, work):
        """Wait for a message; an error becomes one that names the rank."""
        try:
            work.wait()
        except RuntimeError as error:
            raise self._explained(error) from None

    def _exchange(self, name, *arrays, **kwargs):
        """Send and receive arrays, or lists of them, in place."""
        tensors = [[self._tensor(part) for part in array] if isinstance(
            array, list) else self._tensor(array) for array in arrays]
        self._received(self._send(name, *tensors, **kwargs))
        for part in tensors:
            for tensor in part if isinstance(part, list) else [part]:
                tensor.set_()  # the message that is kept holds no array

    def _explained(self, error):
        gone = self.lifeline.who_is_gone()
        return self._noted(
            "rank %d of %d: %s; expected all ranks at the same step. Start "
            "them again, from the last checkpoint if there is one." % (
                self.rank, self.size, gone or "messages between the ranks "
                "failed (%s)" % str(error).splitlines()[0]))

    def _noted(self, text):
        self.problem = text
        return FlipconvError(text)

    def sum_up(self, array):
        """Replace an array by the sum of those of all ranks.

        Parameters
        ----------
        array : numpy.ndarray
            Contiguous; the same shape and type on each rank.
        """
        self._exchange("all_reduce", array)

    def average(self, arrays):
        """Return the averages over all ranks, in few large messages.

        Parameters
        ----------
        arrays : list of numpy.ndarray
            Of floats; the same shapes and types on each rank.

        Returns
        -------
        list of numpy.ndarray
            New ones, in the same order and shapes.
        """
        self.agree()
        found = [None] * len(arrays)
        for places in buckets(arrays):
            flat = np.concatenate([arrays[i].ravel() for i in places])
            self.sum_up(flat)
            flat /= flat.dtype.type(self.size)
            end = 0
            for i in places:
                start, end = end, end + arrays[i].size
                found[i] = flat[start:end].reshape(arrays[i].shape)
        return found

    def joined(self, array):
        """Return the arrays of all ranks, one after another on axis 0.

        Parameters
        ----------
        array : numpy.ndarray
            The same type on each rank, and the same shape but for the number
            of rows.

        Returns
        -------
        numpy.ndarray
            With the rows of all.
        """
        return np.concatenate(self._of_all(array))

    def _of_all(self, array):
        """Return the array of each rank, of any number of rows."""
        counts = self.rows_of_all(np.array([len(array)], "int64"))[:, 0]
        kept = np.zeros((counts.max(),) + array.shape[1:], array.dtype)
        kept[:len(array)] = array
        whole = np.empty((self.size,) + kept.shape, array.dtype)
        if kept.size:  # as bytes: Gloo does not have all types
            self._exchange("all_gather", [
                part.reshape(-1).view("uint8") for part in whole],
                kept.reshape(-1).view("uint8"))
        return [part[:count] for part, count in zip(whole, counts)]

    def rows_of_all(self, row):
        """Return the rows of all ranks, one a rank.

        Parameters
        ----------
        row : numpy.ndarray
            Of integers; as many on each rank.

        Returns
        -------
        numpy.ndarray
            Axes (rank, number).
        """
        whole = np.zeros((self.size,) + row.shape, row.dtype)
        whole[self.rank] = row
        self.sum_up(whole)
        return whole

    def all_have(self, value):
        """Return what each rank has, on every rank.

        Parameters
        ----------
        value : object
            Small; what pickle can.

        Returns
        -------
        list
            One value a rank.
        """
        return [pickle.loads(part.tobytes())
                for part in self._of_all(_pickled(value))]

    def first_has(self, value):
        """Return what rank 0 has, on every rank.

        Parameters
        ----------
        value : object
            What pickle can; that of other ranks is not looked at.

        Returns
        -------
        object
            The value of rank 0.
        """
        text = _pickled(value if self.rank == 0 else None)
        length = np.array([len(text)], "int64")
        self._exchange("broadcast", length, src=0)
        if self.rank:
            text = np.empty(length[0], "uint8")
        self._exchange("broadcast", text, src=0)
        return pickle.loads(text.tobytes())

    def ask_whether_same(self, number):
        """Begin to compare a number with those of the other ranks.

        Parameters
        ----------
        number : int
            Of at most 62 bits. The answer is waited for in `agree`.
        """
        import torch
        self._refuse_failed()
        self._steps += 1
        pair = torch.tensor([number, -number])
        work = self._send("all_reduce", pair, self._distributed.ReduceOp.MAX)
        self._asked = work, pair, number

    def failed(self, error):
        """Note that a step could not be computed here, as on others or not.

        Parameters
        ----------
        error : Exception
            Why.
        """
        self._failed = "%s: %s" % (type(error).__name__, (
            str(error).splitlines() or [""])[0])
        self.store.set("failed in %d on %d" % (self._steps, self.rank), "yes")

    def _refuse_failed(self):
        """Refuse another step if others wait in one that failed here alone."""
        if self._failed is None:
            return
        self._alone = self._alone or not self._failed_on_all()
        if self._alone:
            raise self._noted(
                "rank %d of %d: a step failed here (%s), and not on all; "
                "expected all ranks at the same step. Check a batch before "
                "the step, not by its error: each rank has a part of it." % (
                    self.rank, self.size, self._failed))
        self._failed = self._asked = None

    def _failed_on_all(self):
        """Tell whether all ranks left word, within some time."""
        try:
            self.store.wait(["failed in %d on %d" % (self._steps, rank)
                             for rank in range(self.size)],
                            datetime.timedelta(seconds=ALIKE))
        except RuntimeError:
            return False
        return True

    def agree(self):
        """Refuse to go on where the number that was asked for differs.

        Raises
        ------
        FlipconvError
            On all ranks alike.
        """
        if self._asked is None:
            return
        (work, pair, number), self._asked = self._asked, None
        self._received(work)
        if int(pair[0]) == -int(pair[1]):
            return
        others = self.all_have(number)
        odd = next(r for r, other in enumerate(others) if other != others[0])
        raise self._noted(
            "rank %d was given another batch than rank 0, another function, "
            "or other values of shared variables, as a learning rate; "
            "expected all ranks to run the script alike. Let it draw "
            "from seeded generators, go through sets and folders in sorted "
            "order, and not stop by the clock; or split the data yourself "
            "with lasagne_flipconv.distributed.shard." % odd)

    def leave(self):
        """Close the connections, after the last message."""
        self._distributed.destroy_process_group()


def _pickled(value):
    """Return a value as bytes in an array, which may be written to."""
    return np.frombuffer(bytearray(pickle.dumps(value)), "uint8")


def buckets(arrays):
    """Yield the places of arrays that go in one message: of one type, small.

    Parameters
    ----------
    arrays : list of numpy.ndarray
        What is to be sent.

    Yields
    ------
    list of int
        Places in the list, each once.
    """
    for dtype in dict.fromkeys(a.dtype for a in arrays):
        places, size = [], 0
        for i, array in enumerate(arrays):
            if array.dtype != dtype:
                continue
            if places and size + array.nbytes > BUCKET:
                yield places
                places, size = [], 0
            places.append(i)
            size += array.nbytes
        yield places


def patience():
    """Return how long to wait for a message of a rank that lives.

    Returns
    -------
    datetime.timedelta
        For torch.distributed.
    """
    return datetime.timedelta(minutes=PATIENCE)
