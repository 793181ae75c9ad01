"""Run a network and its export on the same random input, and compare."""
from itertools import product

import numpy as np

from .errors import LeavingError

__all__ = ["TOLERANCE", "Agreement", "Oracle"]

#: Largest difference of an output, as a share of the largest output, and at
#: least what counts as none.
TOLERANCE, _NOTHING = 1e-5, 1e-8

#: Sizes that are tried for axes whose length the network leaves open: the
#: second and third, and those after.
_OPEN = ((7, 8), (12, 14), (33, 36), (64, 96), (128, 160), (224, 256))

#: By what an input is multiplied to see whether numbers stay finite.
_LARGE = np.float32(1000)

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
    """

    def __init__(self, difference, largest):
        self.difference, self.largest = difference, largest


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
        self.cases = [self._case(run, batch, source)
                      for batch in _batches(plan)]
        self.large = self._large_case(run)

    def _case(self, run, batch, source):
        """Return inputs and outputs for one batch size."""
        error = None
        for sizes, most in product(
                _OPEN if _is_open(self.plan) else _OPEN[:1], _MOST):
            values = random_inputs(self.plan, batch, sizes, most)
            if not source.fits([value.shape for value in values.values()]):
                continue
            try:
                return values, run(*values.values())
            except Exception as failed:  # of any Op, for any reason
                error = failed
        raise LeavingError(
            "%s: the network itself fails on random input: %s; expected that "
            "it runs. Check the shapes of its input layers." % (
                source.where, str(error or "its layers get empty").split(
                    "\n")[0])) from error

    def _large_case(self, run):
        """Return inputs a thousand times as large, with outputs.

        None where nothing can be said.
        """
        floats = {put.name for put in self.plan.inputs if put.kind == "float"}
        values = {name: value * _LARGE if name in floats else value
                  for name, value in self.cases[-1][0].items()}
        try:
            return (values, run(*values.values())) if floats else None
        except Exception:  # of any Op, for any reason
            return None

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
        each = [_agreement(ours, theirs, where) for ours, theirs in zip(
            zip(*got), zip(*(expected for _, expected in self.cases)))]
        if self.large is not None:
            _check_finite(_run(run, self.large[0], where), self.large[1],
                          where)
        return Agreement(max(found.difference for found in each),
                         max(found.largest for found in each))


def _agreement(ours, theirs, where):
    """Return how far one output agrees in all cases; refuse if it does not.

    Beside an output of large numbers another may not be wrong.
    """
    difference = largest = 0.
    _check_numbers(theirs, where)
    for got, expected in zip(ours, theirs):
        _check_shape(got, expected, where)
        largest = max(largest, float(_finite(expected).max(initial=0)))
        difference = float(np.maximum(  # not a number stays it
            difference, _difference(got, expected)))
    allowed = max(TOLERANCE * largest, _NOTHING)
    if not difference <= allowed:
        raise LeavingError(
            "%s: differs from the network by %.2g (largest output %.3g); "
            "expected at most %.2g. Nothing was written."
            % (where, difference, largest, allowed))
    return Agreement(difference, largest)


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
    fixed = {put.shape[0] for put in plan.inputs if put.shape} - {None}
    return sorted(fixed)[:1] if fixed else (1, 3)


def _is_open(plan):
    return any(None in put.shape[1:] for put in plan.inputs)


def random_inputs(plan, batch, sizes, most=1, seed=0):
    """Return a value for each input, of the kind that it takes.

    Parameters
    ----------
    plan : Plan
        For what goes in.
    batch : int
        For the first axis, where it is open.
    sizes : (int, int)
        For the second and third axis, and for those after.
    most : int
        Largest of integers that no layer looks up.
    seed : int
        Of the random numbers.

    Returns
    -------
    dict of str to numpy.ndarray
        By name.
    """
    random = np.random.RandomState(seed)
    return {put.name: _values(put, _shape(put, batch, sizes), random, most)
            for put in plan.inputs}


def _shape(put, batch, sizes):
    each = (batch, sizes[0], sizes[0])
    return tuple((each[axis] if axis < 3 else sizes[1]) if known is None
                 else known for axis, known in enumerate(put.shape))


def _values(put, shape, random, most):
    if put.kind == "mask":  # of which no two examples are equally long
        lengths = random.randint(1, shape[1] + 1, shape[0])
        mask = np.arange(shape[1]) < lengths[:, None]
        return mask.astype(put.dtype)
    if put.kind == "index":
        return _integers(put, shape, random, most)
    return random.normal(size=shape).astype(put.dtype)


def _integers(put, shape, random, most):
    """Return indices that are there, or whatever the type holds."""
    if put.most is not None:
        return random.randint(0, put.most, shape).astype(put.dtype)
    holds = (0, 1) if put.dtype == "bool" else (
        np.iinfo(put.dtype).min, np.iinfo(put.dtype).max)
    low = 0 if most == 1 else max(holds[0], -most)
    return random.randint(low, min(holds[1], most) + 1, shape).astype(
        put.dtype)
