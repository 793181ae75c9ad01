"""A step, compared with that of the whole batch on one rank."""
from collections import namedtuple

import numpy as np
import theano
from theano.compile.function_module import orig_function

from ..errors import FlipconvError
from .graphs import comparable, reading
from .outputs import ROUGH, brief, candidates, near, no_rule, norm_of
from .splitting import has_batch_axis

__all__ = ["Comparison", "Findings"]

#: What was found: rules that fit each output, the largest difference of a
#: gradient relative to its norm, whether there was batch normalization.
Findings = namedtuple("Findings", "rules difference normalized")

#: By how many units in the last place values are moved, and how many times as
#: much as by that a gradient may differ from the average of its parts.
ROUNDED, MOVED = 64, 3


class Comparison:
    """A function that computes what ranks send and return, and sets nothing.

    Parameters
    ----------
    inputs : list of theano.In
        Of the training function.
    averages : list of theano.Variable
        What is averaged over the ranks.
    outputs : list of theano.Variable
        What it returns.
    mode : theano.compile.Mode, str or None
        As for `theano.function`.
    where : str
        The function, for errors.

    Attributes
    ----------
    normalized : bool
        Whether it had batch normalization, which is left out.
    """

    def __init__(self, inputs, averages, outputs, mode, where):
        self._where, self._count = where, len(averages)
        self._updates = [v.name for v in averages]
        self._defaults = [
            str(i.variable) for i in inputs if not i.shared
            and i.value is not None and has_batch_axis(i.variable)]
        self._containers = [i.value for i in inputs if i.shared]
        self._scale = 0  # the largest norm of a gradient in any step
        variables, found, self.normalized = comparable(
            [i.variable for i in inputs], averages + outputs)
        with theano.change_flags(compute_test_value="off"):
            self._function = orig_function(
                [reading(i, v) for i, v in zip(inputs, variables)],
                found, mode, on_unused_input="ignore")

    def __call__(self, ranks, part, whole, known=None):
        """Compare; every rank has to.

        Parameters
        ----------
        ranks : lasagne_flipconv.distributed.processes.ranks.Ranks
            Which have parts.
        part : tuple
            Arguments (by place, by name) of this rank.
        whole : tuple
            Arguments of the whole batch; of rank 0.
        known : list of list of str, optional
            The rules that fitted each output in earlier steps.

        Returns
        -------
        Findings
            On every rank.

        Raises
        ------
        FlipconvError
            On every rank, if it would be another training.
        """
        try:
            parts = self._compute(ranks, "parts", part)
        except Exception as error:
            if ranks.problem is not None:
                raise FlipconvError(ranks.problem) from None
            ranks.failed(error)
            raise self._failed(
                "a part of the batch", self._any_number(), error) from None
        outputs = ranks.all_have(parts[self._count:])
        verdict = None
        if ranks.rank == 0:
            try:
                alone = self._compute(ranks, "alone", whole)
                verdict = self._judged(
                    parts, outputs, alone, ranks.size, known,
                    lambda: self._rounding(ranks, whole, alone))
            except Exception as error:
                verdict = error if isinstance(error, FlipconvError) else (
                    self._failed("the whole batch on one rank",
                                 self._any_number() + ", or choose a smaller "
                                 "batch", error))
        verdict = ranks.first_has(verdict)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    def _compute(self, ranks, stage, arguments):
        args, kwargs = arguments
        ranks.stage, ranks.problem = stage, None
        try:
            return self._function(*args, **kwargs)
        finally:
            ranks.stage = None

    def _rounding(self, ranks, whole, alone):
        """Return how far what is averaged moves when values are rounded.

        Some of what is averaged may follow from signs of numbers that are
        nearly zero.
        """
        args, kwargs = whole
        kept = [(c, c.storage[0]) for c in self._containers]
        try:
            for container, value in kept:
                container.storage[0] = rounded(value)
            moved = self._compute(ranks, "alone", (
                [rounded(v) for v in args],
                {key: rounded(v) for key, v in kwargs.items()}))
        finally:
            for container, value in kept:
                container.storage[0] = value
        return [_apart(a, b) for a, b in zip(moved[:self._count], alone)]

    def _judged(self, parts, outputs, alone, size, known, rounding):
        """Return the findings, or raise what is wrong."""
        found, expected = (x[:self._count] for x in (parts, alone))
        scale = self._scale = max([self._scale, *map(norm_of, expected)])
        far = [i for i, (a, b) in enumerate(zip(found, expected))
               if not near(a, b, scale)]
        moved = rounding() if far else None
        for i in far:
            name, a, b = self._updates[i], found[i], expected[i]
            if not (near(a, b, scale, times=ROUGH)
                    and _apart(a, b) <= MOVED * moved[i]):
                raise (self._another_value(name, a, b, size) if name
                       else self._another(a, b, size))
        rules = []
        for i, whole in enumerate(alone[self._count:]):
            given = [np.asarray(o[i]) for o in outputs]
            fitting = candidates(given, np.asarray(whole))
            rules.append([r for r in known[i] if r in fitting] if known
                         else fitting)
            if not rules[i]:
                raise no_rule(self._where, i, given, whole)
        return Findings(rules, max([_difference(a, b, scale) for a, b in zip(
            found, expected)], default=0), self.normalized)

    def _another(self, found, expected, size):
        """Return an error that says why it would be another training."""
        if np.shape(found) == np.shape(expected):
            ratio = norm_of(expected) / (norm_of(found) or 1)
            if near(found * size, expected, 0.0, times=ROUGH):
                why = ("of the batch, the sum is %d times the average of its "
                       "parts: the loss is a sum over the samples, where a "
                       "mean was meant" % size)
            else:
                why = ("norm %.6g, %.6g times as large as averaged over the "
                       "ranks: the loss is no mean over the samples, counts "
                       "the rows that shard gave this rank for all, or the "
                       "first axis of an argument is not that of the batch"
                       % (norm_of(expected), ratio))
        else:
            why = "%s on one rank, %s averaged" % (
                brief(expected), brief(found))
        return FlipconvError(
            "%s: the gradient of the whole batch is not the average of those "
            "of its %d parts (%s); expected the same. Take the mean over the "
            "samples as loss, pass the batch along the first axis, or run the "
            "script in one process." % (self._where, size, why))

    def _another_value(self, name, found, expected, size):
        """Return an error of an update that takes the batch otherwise."""
        return FlipconvError(
            "%s: the update of %s by the whole batch, norm %.6g, is not the "
            "average of those by its %d parts, norm %.6g; expected the same. "
            "Let it follow from means over the samples, set it in a function "
            "of its own, which does not train, or run the script in one "
            "process." % (self._where, name, norm_of(expected), size,
                          norm_of(found)))

    def _any_number(self):
        """Return what may let a step be computed for more or less samples."""
        passed = self._defaults and (
            ", pass what is of the batch instead of leaving it to a default "
            "(%s)" % ", ".join(self._defaults))
        return ("Let layers take any number of samples, None in their shapes"
                + (passed or ""))

    def _failed(self, what, way_out, error):
        return FlipconvError(
            "%s: could not be computed for %s (%s: %s); expected a step to "
            "compare. %s." % (self._where, what, type(error).__name__,
                              (str(error).splitlines() or [""])[0], way_out))


def rounded(value):
    """Return a value as if its numbers had been rounded a few times.

    Parameters
    ----------
    value : object
        An array of floats; others are returned as they are.

    Returns
    -------
    object
        Of the same type.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    noise = np.random.RandomState(1).standard_normal(value.shape)
    return np.asarray(value * (1 + ROUNDED * np.finfo(value.dtype).eps
                               * noise), value.dtype)


def _difference(found, expected, scale):
    """Return how far apart two are, relative to the norm of one."""
    return _apart(found, expected) / (
        max(norm_of(expected), 1e-3 * scale) or 1)


def _apart(found, expected):
    with np.errstate(invalid="ignore"):
        return norm_of(np.asarray(found, "float64") - expected)
