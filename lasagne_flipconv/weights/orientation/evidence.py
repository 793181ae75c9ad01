"""Weigh what a network gives one way, the other, and with other kernels.

An answer is believed only if it is good in itself, better than the reverse by
a margin, and better than what no right network gives: kernels whose positions
are shuffled, and kernels mirrored or transposed, which tell inputs that are.
"""
from __future__ import annotations

from collections import namedtuple
from typing import NamedTuple, Optional, Tuple

import numpy as np

from ...axes import CONVOLUTION, CORRELATION
from .measuring import ENTROPY, NOT_FINITE, RECONSTRUCTION

__all__ = ["Evidence", "LayerEvidence", "Runs", "UNDECIDED", "weighed"]

UNDECIDED = "undecided"
DIVERGENCE = "divergence"


class Runs(namedtuple("Runs", "convolution correlation mirrored shuffled")):
    """Hold what was measured in each run of a network.

    Parameters
    ----------
    convolution, correlation : measuring.Run
        Run as such.
    mirrored : list of measuring.Run
        With kernels mirrored along some axes, or transposed.
    shuffled : list of measuring.Run
        With the positions of each kernel in another order.
    """

    __slots__ = ()


#: Fewer inputs are no evidence.
FEWEST = 16

#: What an output needs. `good`: no higher; `margin`: how far below the
#: reverse; `shuffled`: how high shuffled kernels have to be at least, since
#: where they are sure of what they say as well, as for inputs that are far too
#: large, sureness tells nothing; `normed`: the same where batch normalisation
#: has been found to fit the inputs.
_Needs = namedtuple("_Needs", "good margin shuffled normed")
NEEDS = {ENTROPY: _Needs(.45, .12, .75, .6),
         RECONSTRUCTION: _Needs(np.log(.3), 1., np.log(.3), np.log(.3))}

#: By how many standard errors over the inputs the better way is below the
#: other, and by how many deviations of the shuffled below these.
BETTER_THAN_REVERSE, BETTER_THAN_SHUFFLED = 4., 3.

#: The same for divergences, whose logarithms are averaged over layers, and how
#: far below the shuffled and the reverse they have to be at least, in nats.
LAYERS_BETTER_THAN_REVERSE, LAYERS_BETTER_THAN_SHUFFLED = 6., 8.
FITS, LAYERS_MARGIN = 1., .5


#: The margin of one of the two from which it may contradict the other.
LEANS = 1.5


class LayerEvidence(NamedTuple):
    """Tell how well one batch normalisation fits what reaches it.

    Parameters
    ----------
    name : str
        Name of the layer.
    convolution, correlation : float
        Divergence of the activations from the stored mean and deviation, run
        as such (in nats, mean over the channels).
    """

    name: str
    convolution: float
    correlation: float


class Evidence(NamedTuple):
    """Tell which way round a checkpoint is, and why.

    Printed, it is a table.

    Parameters
    ----------
    answer : {'convolution', 'correlation', 'undecided'}
        What the evidence says.
    margin : float
        By how many deviations the better way is below the other: of the
        shuffled for divergences, else of the mean over the inputs.
    statistic : {'divergence', 'entropy', 'reconstruction', None}
        What was measured, the lower the better; None if there is nothing to
        measure.
    convolution, correlation : float
        It, run as such: for ``'divergence'``, its logarithm, mean over the
        layers; for ``'entropy'``, the share (0…1) that the answers do not
        tell of what they could, which is the mean entropy and what the
        answers lack of being spread over the classes; for
        ``'reconstruction'``, the logarithm of the relative error.
    shuffled : tuple of float
        Mean and deviation of it for kernels of shuffled positions.
    layers : tuple of LayerEvidence
        The divergences, layer by layer.
    confidence : tuple of float
        Mean entropy of the class probabilities, run as a convolution and as a
        correlation (in nats); None where the output is none.
    reason : str
        Why there is no answer; empty if there is one.
    """

    answer: str
    margin: float
    statistic: Optional[str]
    convolution: float
    correlation: float
    shuffled: Tuple[float, ...]
    layers: Tuple[LayerEvidence, ...]
    confidence: Optional[Tuple[float, float]]
    reason: str

    def __repr__(self) -> str:
        """Tell the answer in one line."""
        return "<Evidence: %s, by %s, margin %.1f>" % (
            self.answer, self.statistic, self.margin)

    def __str__(self) -> str:
        """Tell the answer and what led to it, as a table."""
        lines = ["%s%s" % (self.answer, self.reason and ": " + self.reason)]
        if self.statistic:
            lines += ["%-28s %11s  %11s" % ("", CONVOLUTION, CORRELATION),
                      _row(self.statistic, self.convolution,
                           self.correlation),
                      _row("shuffled, ± deviation", *self.shuffled)]
        return "\n".join(lines + [_row(*layer) for layer in self.layers])


def _row(name, *numbers):
    return "%-28s %11.3f  %11.3f" % ((name,) + numbers)


def weighed(runs):
    """Weigh what was measured.

    Parameters
    ----------
    runs : Runs
        One run for each kind of kernels.

    Returns
    -------
    Evidence
        The answer, or why there is none.
    """
    found = [weigh(runs) for weigh in (_by_layers, _by_output)]
    found = [evidence for evidence in found if evidence]
    if not found:
        return _evidence(runs, None, (0., 0.), None, 0., (
            "the output is neither probabilities nor like the input, and "
            "there is no batch normalisation; expected one of these, such as "
            "a softmax at the end"))
    best = next((e for e in found if e.answer != UNDECIDED), found[-1])
    if best.answer != UNDECIDED and any(
            _lean(other) * _lean(best) < 0 for other in found):
        return best._replace(answer=UNDECIDED, reason=(
            "batch normalisation and the output say the opposite"))
    return best


def _lean(evidence):
    """Return which way evidence leans, 0 if by no more than chance."""
    if not evidence.margin > LEANS:
        return 0
    return 1 if evidence.convolution < evidence.correlation else -1


def _evidence(runs, statistic, both, shuffled, margin, reason):
    layers = tuple(
        LayerEvidence(name, value, runs.correlation.divergences[name])
        for name, value in runs.convolution.divergences.items())
    answer = CONVOLUTION if both[0] < both[1] else CORRELATION
    return Evidence(UNDECIDED if reason else answer, float(margin), statistic,
                    float(both[0]), float(both[1]), shuffled, layers,
                    (runs.convolution.certainty, runs.correlation.certainty),
                    reason)


def _by_layers(runs):
    """Return the evidence of batch normalisation, None without any."""
    if not runs.convolution.divergences:
        return None
    both = _fit(runs.convolution), _fit(runs.correlation)
    shuffled = [_fit(run) for run in runs.shuffled]
    mean, deviation = _spread(shuffled)
    best, other = sorted(both)
    margin = (other - best) / deviation
    reason = _first(
        (_few(runs), "the inputs are fewer than %d" % FEWEST),
        (_unfit(runs, best), _UNFIT),
        (not margin > LAYERS_BETTER_THAN_REVERSE
         or not other - best > LAYERS_MARGIN,
         "both ways fit what batch normalisation stored about equally well"),
        (not mean - best > LAYERS_BETTER_THAN_SHUFFLED * deviation,
         "shuffled kernels fit it about as well"),
        (_mirrored(best, other, map(_fit, runs.mirrored)), _MIRRORED))
    return _evidence(runs, DIVERGENCE, both, (mean, deviation), margin, reason)


_UNFIT = ("neither way fits what batch normalisation stored; are the inputs "
          "prepared as in training?")
_MIRRORED = ("kernels that are mirrored or transposed do better still; are "
             "the inputs?")


def _fit(run):
    """Return the mean logarithm of the divergences."""
    return float(np.mean(np.log(np.maximum(
        list(run.divergences.values()), 0) + 1e-6)))


def _unfit(runs, best):
    """Tell if not even the better way fits the inputs."""
    return not np.mean([_fit(run) for run in runs.shuffled]) - best > FITS


def _by_output(runs):
    """Return the evidence of the output, None if it cannot be measured."""
    kinds = {run.output for run in (runs.convolution, runs.correlation)}
    if NOT_FINITE in kinds:
        return _evidence(runs, None, (0., 0.), None, 0.,
                         "the output is not a number or infinite")
    if len(kinds) > 1 or None in kinds:
        return None
    kind, needs = runs.convolution.output, NEEDS[runs.convolution.output]
    both = [run.scores.mean() for run in runs[:2]]
    better, worse = sorted(runs[:2], key=lambda run: run.scores.mean())
    best, other = sorted(both)
    mean, deviation = _spread([
        run.scores.mean() for run in runs.shuffled if run.output == kind])
    error = np.std(worse.scores - better.scores, ddof=1) / np.sqrt(
        len(better.scores)) + 1e-6
    margin = (other - best) / error
    normed = bool(runs.convolution.divergences)
    reason = _first(
        (_few(runs), "the inputs are fewer than %d" % FEWEST),
        (normed and _unfit(runs, min(map(_fit, runs[:2]))), _UNFIT),
        (not best < needs.good, "neither way does well; are the inputs "
         "prepared as in training?"),
        (not mean > (needs.normed if normed else needs.shuffled),
         "shuffled kernels do well, too; are the inputs of the scale of "
         "training?"),
        (not other - best > needs.margin or not margin > BETTER_THAN_REVERSE,
         "both ways do about equally well"),
        (not mean - best > BETTER_THAN_SHUFFLED * deviation,
         "shuffled kernels do about as well"),
        (_mirrored(best, other, (run.scores.mean() for run in runs.mirrored
                                 if run.output == kind)), _MIRRORED))
    return _evidence(runs, kind, both, (mean, deviation), margin, reason)


def _few(runs):
    return len(runs.convolution.scores) < FEWEST


def _first(*tests):
    """Return the first reason whose condition holds, or ""."""
    return next((reason for holds, reason in tests if holds), "")


def _spread(values):
    """Return mean and standard deviation."""
    return float(np.mean(values)), float(np.std(values, ddof=1) + 1e-3)


def _mirrored(best, other, mirrored):
    """Tell whether the best is beaten by half of what it beats the other."""
    return any(best - value > (other - best) / 2 for value in mirrored)
