"""A function that trains: every call is a step of all ranks."""
import numpy as np
from theano.compile.function_module import Function

from ..errors import FlipconvError
from .checking import Comparison
from .graphs import toposort
from .outputs import combined
from .picking import Picked
from .randomness import Streams, states_of
from .processes.ranks import current
from .sharing import Fixed, share
from .splitting import (Arguments, digest, is_own, joined, of_the_batch,
                        refuse_sparse)

__all__ = ["Training"]

#: A step so often the values of shared variables are compared.
EVERY = 100

#: Steps that are compared with those of one rank: the first, and fewer and
#: fewer later ones, as masks may be full at first, and nothing be clipped.
COMPARED = {0, *(4 ** i for i in range(20))}

#: Until it is known how outputs are put together, so many first ones are.
MOST = 5


class Training(Function):
    """A function of Theano that computes a part of every batch.

    `Training.of` makes one; a copy would be an ordinary function.
    """

    @classmethod
    def of(cls, function, inputs, averages, outputs, mode, states):
        """Make a function that Theano compiled one that trains.

        Parameters
        ----------
        function : theano.compile.function_module.Function
            The function; it is changed.
        inputs : list of theano.In
            Arguments and shared variables.
        averages, outputs : list of theano.Variable
            What is averaged over the ranks, and what it returns.
        mode : theano.compile.Mode, str or None
            As for `theano.function`.
        states : set of theano.Variable
            Of random generators, from which each rank draws its own numbers.

        Returns
        -------
        Training
            The same object.
        """
        function.__class__ = cls
        function.step = Step(inputs, averages, outputs, mode, states,
                             function.name)
        return function

    def __call__(self, *args, **kwargs):
        """Compute this rank's part; return the outputs of the whole."""
        if current() is None:
            return super().__call__(*args, **kwargs)
        if "output_subset" in kwargs:
            raise FlipconvError("%s: output_subset=%r; expected all outputs "
                                "of a step that is made by several ranks. "
                                "Pick those that you want of the result." % (
                                    self.step.where, kwargs["output_subset"]))
        return self.step(super().__call__, args, kwargs)

    def copy(self, *args, **kwargs):
        """Refuse: the copy would not know of the other ranks."""
        raise FlipconvError(
            "%s: a copy was asked for with --data-parallel; expected one "
            "function for one training. Call theano.function again." %
            self.step.where)

    def __reduce_ex__(self, protocol):
        """Refuse to be pickled, which would be a copy."""
        return self.copy()


class Step:
    """What the calls of one training function share.

    Parameters
    ----------
    inputs : list of theano.In
        Arguments and shared variables.
    averages, outputs : list of theano.Variable
        What is averaged over the ranks, and what the function returns.
    mode : theano.compile.Mode, str or None
        As for `theano.function`.
    states : set of theano.Variable
        Of random generators, from which each rank draws its own numbers.
    name : str or None
        Of the function.
    """

    def __init__(self, inputs, averages, outputs, mode, states, name):
        ranks = current()
        self.where = "function %s" % name if name else "training function"
        self._number, self._calls = next(ranks.numbers), 0
        self._arguments = [i for i in inputs if not i.shared]
        refuse_sparse(self._arguments, self.where)
        self._own = {i.variable for i in inputs if i.shared and is_own(i)}
        self._drawn = states
        shared = [i for i in inputs if i.shared]
        self._streams = Streams(
            [i.value for i in shared if i.variable in states],
            ranks.rank, self._number)
        self._recipe = inputs, averages, outputs, mode
        states = states_of(self._nodes())
        self._values = [(i, i.update is not None and i.variable not in states,
                         i.variable in states) for i in shared]
        self._fixed = Fixed([
            i.value for i in shared if i.update is None
            and i.variable not in states])
        ranks.trained.update(i.value for i in shared if i.update is not None)
        self._comparison, self._picked, self._rules = None, None, None
        self._unsure = False

    def __call__(self, function, args, kwargs):
        """Make a step.

        Parameters
        ----------
        function : callable
            What computes it.
        args, kwargs : tuple and dict
            What the script passed: the whole batch, or after `shard` this
            rank's part.

        Returns
        -------
        numpy.ndarray, list, dict or None
            As Theano returns outputs; of the whole batch.
        """
        ranks = current()
        given = Arguments(self._arguments, args, kwargs, self.where)
        if given.wrong:
            return function(*args, **kwargs)  # which raises
        part = self._part(given, ranks)
        if self._calls % EVERY == 0:
            self._agree(given, ranks)
            share(self._values, ranks, self._calls > 0)
        ranks.ask_whether_same(digest(
            [self._fixed.digests(ranks)], self._digest(given, ranks)))
        if self._is_due():
            ranks.agree()
            self._compare(given, part, ranks)
        self._calls += 1
        found = self._computed(function, part, ranks)
        return self._together(found, ranks)

    def _part(self, given, ranks):
        if not ranks.lengths:
            return given.part(ranks.rank, ranks.size)
        return given.args, given.kwargs

    def _digest(self, given, ranks):
        """Return a number that is the same on all ranks if all is well."""
        if not ranks.lengths:
            return digest(given.all(), self._number)
        return digest([np.int64(v.shape[0]) for v in given.batch.values()]
                      + list(given.whole.values()), self._number)

    def _nodes(self):
        """Return all that the function computes, causes first."""
        inputs, averages, outputs, _ = self._recipe
        return toposort(averages + outputs + [
            i.update for i in inputs if i.update is not None])

    def _refuse_split_later(self):
        """Refuse what would have been made otherwise for data of this rank."""
        inputs = self._recipe[0]
        late = [i.variable for i in inputs if i.shared and is_own(i)
                and i.variable not in self._own]
        if not late:
            return
        nodes = self._nodes()
        own = of_the_batch(inputs, nodes)
        drawn = states_of(node for node in nodes if node.outputs[-1] in own)
        follow = [i.variable for i in inputs if (
            i.update in own and i.variable not in drawn)]
        follow += sorted(drawn - self._drawn, key=str)
        if follow:
            raise FlipconvError(
                "%s: %s has as many rows as what distributed.shard returned, "
                "which it had not when the function was made, and %s follows "
                "from it; expected the data first. Call shard, and give "
                "shared variables their rows, before theano.function." % (
                    self.where, late[0], follow[0]))

    def _agree(self, given, ranks):
        """Refuse early, before anything that takes long."""
        ranks.ask_whether_same(self._digest(given, ranks))
        ranks.agree()

    def _is_due(self):
        """Tell whether this step is compared with that of one rank.

        Without its normalization a network that was trained is another one.
        """
        settled = self._rules is not None and all(
            len(rules) == 1 for rules in self._rules)
        normalized = self._comparison and self._comparison.normalized
        return (self._calls in COMPARED and not normalized
                or not settled and (self._calls < MOST or self._unsure))

    def _compare(self, given, part, ranks):
        """Compare a step with that of one rank; keep the rules that fit."""
        self._refuse_split_later()
        inputs, averages, outputs, mode = self._recipe
        if ranks.lengths and self._picked is None:
            self._picked = Picked(inputs, averages + outputs, mode)
        rows = self._picked(*part) if ranks.lengths else {}
        if ranks.lengths and not (given.batch or rows):
            if self._rules is None:
                ranks.tell("%s: reads its batch from shared variables, so "
                           "that it cannot be compared with one process; of "
                           "its outputs, single floats are taken for means, "
                           "integers for sums." % self.where)
            self._rules = [[_likely(v)] for v in outputs]
            return
        first = self._comparison is None
        if first:
            entries = self._picked.entries if rows else []
            given_as = {entry.variable for entry in entries}
            self._comparison = Comparison(
                entries + [i for i in inputs if i.variable not in given_as],
                averages, outputs, mode, self.where)
        whole = given.args, given.kwargs
        if ranks.lengths:
            whole = given.together(ranks.all_have(given.batch))
            whole = _before({**joined(ranks.all_have(rows)),
                             **self._picked.sized(ranks.size)}, whole)
            part = _before({**rows, **self._picked.sized(1)}, part)
        found = self._comparison(ranks, part, whole, self._rules)
        self._rules = found.rules
        if first:
            length = len(rows[0]) if rows else given.length()
            self._say(found, length * (ranks.size if ranks.lengths else 1),
                      ranks)

    def _say(self, found, length, ranks):
        ranks.tell("%s: %d of %d samples a rank; the gradient is that of one "
                   "process (largest difference %.1e of its norm)." % (
                       self.where, length // ranks.size, length,
                       found.difference))
        if found.normalized:
            ranks.tell("%s: batch normalization takes the statistics of each "
                       "rank's own %d samples, not of all %d; what was "
                       "compared leaves it out, and losses will differ from "
                       "those of one process by that. --sync-batch-norm "
                       "takes those of all." % (
                           self.where, length // ranks.size, length))

    def _computed(self, function, part, ranks):
        """Compute, with this rank's random numbers."""
        args, kwargs = part
        ranks.stage, ranks.problem = "parts", None
        try:
            with self._streams.own():
                return function(*args, **kwargs)
        except Exception as error:
            if ranks.problem is not None:
                raise FlipconvError(ranks.problem) from None
            ranks.failed(error)
            raise
        finally:
            ranks.stage = None

    def _together(self, found, ranks):
        """Return outputs of the whole, in the form that Theano has them."""
        if found is None:
            return None
        if isinstance(found, dict):
            return dict(zip(found, self._together(list(found.values()),
                                                  ranks)))
        values = found if isinstance(found, list) else [found]
        whole = combined(values, [rules[0] for rules in self._rules], ranks,
                         self.where)
        unsure = {i: "the same on all ranks" for i in self._differing(
            values, ranks)}
        unsure.update((i, "zero") for i, rules in enumerate(self._rules)
                      if {"mean", "sum"} <= set(rules) and np.any(whole[i]))
        for i, was in sorted(unsure.items()):
            ranks.tell("%s: output %d was %s in all steps that were compared; "
                       "it is taken for a %s in this step." % (
                           self.where, i, was, self._rules[i][0]))
        self._unsure = bool(unsure)
        return whole if isinstance(found, list) else whole[0]

    def _differing(self, values, ranks):
        """Return which outputs differ between ranks, of those that did not.

        They may be means, or the same on all.
        """
        places = [i for i, rules in enumerate(self._rules)
                  if "same" in rules[1:]]
        if not places:
            return []
        digests = ranks.rows_of_all(np.array(
            [digest([values[i]]) for i in places], "int64"))
        return [i for i, differs in zip(places, np.any(
            digests != digests[0], axis=0)) if differs]


def _before(rows, arguments):
    """Return arguments with those before them that were picked."""
    args, kwargs = arguments
    return [*rows.values(), *args], kwargs


def _likely(variable):
    """Return a rule for an output that could not be compared."""
    if variable.ndim:
        return "rows"
    return "mean" if "float" in variable.dtype else "sum"
