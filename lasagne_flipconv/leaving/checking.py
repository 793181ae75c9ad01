"""Run a network and its export on the same random input, and compare."""
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from .errors import LeavingError
from .inputs import other, random_inputs, rounded

__all__ = ["TOLERANCE", "Agreement", "Oracle"]

#: Largest difference of an output, as a share of the largest output, and at
#: least what counts as none.
TOLERANCE, _NOTHING = 1e-5, 1e-8

#: The same for what comes from parts of such kinds: a sigmoid of ONNX Runtime
#: is off by what float32 rounds 1 by, however small it is.
_OF_ONE, _SIGMOIDS = 2e-7, ("sigmoid", "recurrent")

#: Parts whose numbers say no more how large those are that they are made of.
_AMONG_THEMSELVES = ("softmax", "log_softmax")

#: Sizes that are tried for axes whose length the network leaves open: the
#: second and third, and those after.
_OPEN = ((7, 8), (10, 9), (12, 14), (33, 36), (64, 96), (128, 160),
         (224, 256))

#: How many of the next sizes are compared as well, up to which.
_MORE, _LARGEST = 2, 128

#: Pairs of batches that are tried where the first size is open: the later
#: ones for networks that take several examples, or rows, as one.
_BATCHES = ((1, 3), *((n, 2 * n) for n in (*range(2, 17), 20, 24, 25, 32)))

#: By what an input is multiplied to see whether numbers stay finite.
_LARGE = np.float32(1000)

#: What is made of an input where outputs stay as they are with another one:
#: pictures of 0 to 255, and larger numbers; then it is the large one.
_OTHERS = (lambda value: np.abs(value) % 1 * 255, lambda value: value * 30)

#: How far an output has to move to tell anything, as a share of the largest,
#: and how many times what counts as none.
_MOVES, _TIMES = 1e-3, 10

#: Of the way that an output moves, how far an export may be off, at most.
_OF_MOVE = 1e-2

#: How many times as far as rounding of the input moves an output an export may
#: be off.
_OF_ROUNDING = 10

#: What is tried as the largest of integers, if no layer says it: small ones
#: only where large ones fail, since a layer of somebody's own looks them up.
_MOST = (2 ** 15 - 1, 1)


class Agreement:
    """Hold how far an export and the network agree.

    Parameters
    ----------
    difference : float
        Largest of an output.
    largest : float
        Largest output of the network.
    tells : bool
        Whether the outputs differ from input to input.
    """

    def __init__(self, difference, largest, tells=True):
        self.difference, self.largest = difference, largest
        self.tells = tells


class _Moving(NamedTuple):
    """Inputs from which outputs differ that else stay, and the outputs.

    Of each of these, by its place, how far an export may be off.
    """

    values: dict
    outputs: list
    allowed: dict


class Oracle:
    """Know what a network computes of random inputs.

    Parameters
    ----------
    source : Source
        The network.
    plan : Plan
        Its plan, for what goes in.
    """

    def __init__(self, source, plan):
        self.plan, run = plan, source.function()
        parts = {part.name: part for part in plan.parts}
        self.nothing = [_OF_ONE if _is_of_sigmoid(name, parts) else _NOTHING
                        for name in plan.outputs]
        self.cases = self._cases(run, source)
        self.large = self._changed_case(run, lambda value: value * _LARGE)
        self.still = self._still(
            self.cases[-1][1], self._again(run, self.cases[-1][0], other))
        self.moving = self._moving_case(run) if self.still else None

    def _cases(self, run, source):
        """Return inputs and outputs: of two batches, and of more sizes."""
        errors, pairs = [], _batches(self.plan)
        for batches in pairs:
            sizes = _OPEN if batches is pairs[0] else _OPEN[:_MORE]
            running = [self._running(run, batch, sizes, source, errors)
                       for batch in batches]
            first = [next(cases, None) for cases in running]
            if None not in first:
                more = islice(running[0], _MORE)
                return [*first[:1], *more, *first[1:]]
        tried = [batch for batches in pairs for batch in batches]
        raise LeavingError(
            "%s: the network itself fails on random input of %s: %s; expected "
            "that it runs. Check the shapes of its input layers." % (
                source.where, "a batch of %d" % tried[0] if len(tried) == 1
                else "batches of %d to %d" % (min(tried), max(tried)),
                str(errors[0] if errors else "its layers get empty, or their "
                    "shapes do not fit").split("\n")[0])) from (
                        errors[0] if errors else None)

    def _running(self, run, batch, tried, source, errors):
        """Yield inputs and outputs for one batch, at each size that runs."""
        found = False
        for sizes in tried if _is_open(self.plan) else tried[:1]:
            if found and sizes[0] > _LARGEST:
                return
            case = self._case(run, batch, sizes, source, errors)
            if case is not None:
                found = True
                yield case

    def _case(self, run, batch, sizes, source, errors):
        """Return inputs and outputs, None where the network does not run."""
        for most in _MOST:
            values = random_inputs(self.plan, batch, sizes, most)
            if not source.fits([value.shape for value in values.values()]):
                return None
            try:
                return values, run(*values.values())
            except Exception as failed:  # of any Op, for any reason
                errors.append(failed)
        return None

    def _changed_case(self, run, change):
        """Return inputs of which floats are changed, with outputs.

        None where nothing can be said.
        """
        floats = {put.name for put in self.plan.inputs if put.kind == "float"}
        values = {name: change(value).astype(value.dtype)
                  if name in floats else value
                  for name, value in self.cases[-1][0].items()}
        outputs = _attempted(run, values.values()) if floats else None
        return outputs and (values, outputs)

    def _moving_case(self, run):
        """Return the first case in which all outputs move that else stay.

        None if there is none: of outputs that do not depend on what goes in,
        nothing can be told.
        """
        cases = (self._changed_case(run, change) for change in _OTHERS)
        for case in chain(cases, [self.large]):
            moved = case and self._again(run, case[0], other)
            if moved and not self._still(case[1], moved) & self.still:
                return _Moving(*case, self._allowed(run, *case, moved))
        return None

    def _allowed(self, run, values, outputs, moved):
        """Return how far those that else stay may be off, by place.

        A network may make rounding large, such as a sigmoid far from zero.
        """
        near = self._again(run, values, rounded) or outputs
        return {at: _allowed(outputs[at], moved[at], near[at],
                             self.nothing[at]) for at in self.still}

    def _still(self, outputs, moved):
        """Return the places of outputs that other inputs hardly move.

        None of those of which nothing is known, if `moved` is None.
        """
        return {at for at, (one, another, nothing) in enumerate(
                    zip(outputs, moved or (), self.nothing))
                if np.asarray(one).dtype.kind == "f"
                and _difference(one, another) <= max(
                    _MOVES * _largest(one), _TIMES * nothing)}

    def _again(self, run, values, change):
        """Return the outputs for changed inputs, None where that fails."""
        random = np.random.RandomState(1)
        return _attempted(run, [change(put, values[put.name], random)
                                for put in self.plan.inputs])

    def check(self, run, where):
        """Compare an export with the network.

        Parameters
        ----------
        run : callable
            Takes a dict of arrays by name, returns a list of arrays.
        where : str
            What is to be written.

        Returns
        -------
        Agreement
            How far they agree.

        Raises
        ------
        LeavingError
            If they do not.
        """
        got = [_run(run, values, where) for values, _ in self.cases]
        each = [_agreement(ours, theirs, nothing, where)
                for ours, theirs, nothing in zip(zip(*got), zip(
                    *(expected for _, expected in self.cases)), self.nothing)]
        if self.large is not None:
            _check_finite(_run(run, self.large[0], where), self.large[1],
                          where)
        if self.moving is not None:
            self._check_moving(run, where)
        return Agreement(max(found.difference for found in each),
                         max(found.largest for found in each),
                         not self.still or self.moving is not None)

    def _check_moving(self, run, where):
        """Compare outputs by how far they move, for other inputs."""
        values, outputs, allowed = self.moving
        got = _run(run, values, where)
        for at in sorted(self.still):
            _check_shape(got[at], outputs[at], where)
            _check_difference(_difference(got[at], outputs[at]),
                              _largest(outputs[at]), allowed[at], where)


def _attempted(run, values):
    """Return the outputs for some inputs, None where the network fails."""
    try:
        return run(*values)
    except Exception:  # of any Op, for any reason
        return None


def _is_of_sigmoid(name, parts):
    """Tell whether numbers of a sigmoid come out, multiplied by no weights."""
    pending, seen = [name], set()
    while pending:
        part = parts.get(pending.pop())
        if part is None or part.name in seen:
            continue
        seen.add(part.name)
        if part.kind in _SIGMOIDS:
            return True
        if not part.arrays and part.kind not in _AMONG_THEMSELVES:
            pending += [each for each in part.inputs if isinstance(each, str)]
    return False


def _allowed(output, moved, near, nothing):
    """Return how far an output may be off that moves from one to another."""
    off = max(_OF_ROUNDING * _difference(output, near), nothing)
    off = min(off, _OF_MOVE * _difference(output, moved))
    return max(_OF_MOVE * _MOVES * _largest(output),
               off if np.isfinite(off) else 0.)


def _agreement(ours, theirs, nothing, where):
    """Return how far one output agrees in all cases; refuse if it does not.

    Beside an output of large numbers another may not be wrong.
    """
    difference = largest = 0.
    _check_numbers(theirs, where)
    for got, expected in zip(ours, theirs):
        _check_shape(got, expected, where)
        largest = max(largest, _largest(expected))
        difference = float(np.maximum(  # not a number stays it
            difference, _difference(got, expected)))
    _check_difference(difference, largest,
                      max(TOLERANCE * largest, nothing), where)
    return Agreement(difference, largest)


def _check_difference(difference, largest, allowed, where):
    if not difference <= allowed:
        raise LeavingError(
            "%s: differs from the network by %.2g (largest output %.3g); "
            "expected at most %.2g. Nothing was written."
            % (where, difference, largest, allowed))


def _largest(outputs):
    return float(_finite(outputs).max(initial=0))


def _finite(expected):
    """Return the sizes of an output's finite numbers, by which it is judged.
    """
    sizes = np.abs(np.asarray(expected, "float64"))
    return sizes[np.isfinite(sizes)]


def _check_numbers(theirs, where):
    """Refuse an output without finite numbers: anything agrees with it."""
    if any(map(np.size, theirs)) and not any(
            _finite(expected).size for expected in theirs):
        raise LeavingError(
            "%s: the network computes nothing but infinite values and what is "
            "not a number, of random inputs; expected numbers to compare. "
            "Look for such values among its parameters. Nothing was written."
            % where)


def _check_finite(ours, theirs, where):
    """Refuse what overflows where the network does not, as Theano rewrites
    it, or computes in float64: a softmax written by hand, for one.
    """
    with np.errstate(over="ignore"):
        lost = sum(int((np.isfinite(np.float32(expected))
                        & ~np.isfinite(got)).sum())
                   for got, expected in zip(ours, theirs))
    if lost:
        raise LeavingError(
            "%s: %d values are infinite or not a number for an input %d times "
            "as large, where Theano, which rewrites the network or has "
            "float64, keeps them finite; expected finite ones. Write "
            "exponentials and what divides them as T.nnet.softmax, "
            "T.nnet.sigmoid or T.nnet.softplus. Nothing was written." % (
                where, lost, _LARGE))


def _run(run, values, where):
    """Return what an export computes; say it is the export that fails."""
    try:
        return run(values)
    except Exception as error:  # of any program, for any reason
        raise LeavingError(
            "%s: fails where the network runs: %s; expected that it runs. If "
            "integers go in, cast them by an ExpressionLayer to float32. "
            "Nothing was written." % (where, " ".join(str(error).split()))
        ) from error


def _check_shape(ours, theirs, where):
    if np.shape(ours) != np.shape(theirs):
        raise LeavingError(
            "%s: has an output of shape %r; expected %r as of the network. "
            "Nothing was written." % (where, np.shape(ours),
                                      np.shape(theirs)))


def _difference(ours, theirs):
    """Return the largest difference; values that are the same count as 0."""
    ours, theirs = (np.asarray(x, "float64") for x in (ours, theirs))
    same = (ours == theirs) | np.isnan(ours) & np.isnan(theirs)
    with np.errstate(invalid="ignore"):
        return float(np.where(same, 0, np.abs(ours - theirs)).max(initial=0))


def _batches(plan):
    """Return what is tried, the first that works being taken."""
    fixed = {put.shape[0] for put in plan.inputs if put.shape} - {None}
    return (sorted(fixed)[:1],) if fixed else _BATCHES


def _is_open(plan):
    return any(None in put.shape[1:] for put in plan.inputs)
