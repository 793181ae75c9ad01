"""Tell which way round the kernels of a checkpoint are, by running it.

The right way round gives activations with the mean and deviation that batch
normalisation stored, and answers that are sure and differ between inputs. How
much is chance is found by running the same kernels with their positions
shuffled, mirrored and transposed: what was trained loses by that, what is
random does not.
"""
from __future__ import annotations

import itertools
import os
from typing import Any

import numpy as np

from ...axes import CORRELATION
from ...errors import ConventionError
from ...formats.common.record import Checkpoint, is_kernel, orientation_of
from ..applying import value_of
from ..networks import Network, outputs_of
from ..planning import Options, plan_load
from ..reading import read
from ..told.arguments import check_options
from .evidence import UNDECIDED, Evidence, LayerEvidence, Runs, weighed
from .measuring import measurer, read_inputs

__all__ = ["Evidence", "LayerEvidence", "UNDECIDED", "detect", "evidence_for"]

#: How many shuffled networks are run.
SHUFFLES = 16


def detect(network: Network,
           checkpoint: Checkpoint | str | os.PathLike[str], inputs: Any,
           options: Options | None = None) -> Evidence:
    """Tell which way round the kernels of a checkpoint are.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers of the network that the checkpoint is for, or
        all its layers by name. Its values are put back afterwards.
    checkpoint : Checkpoint, str or os.PathLike
        What :func:`lasagne_flipconv.read` returned, or the file's name. What
        it says about orientation is left aside.
    inputs : array, list of array, or dict of Layer or str to array
        A few inputs as the network was trained on, no labels; the first axis
        is the batch. Less than 16 give no answer, 32 or more are good. For
        several input layers a list in the order of ``get_all_layers``, or a
        dict from layer or name.
    options : lasagne_flipconv.weights.planning.Options, optional
        How to match names.

    Returns
    -------
    Evidence
        The answer, by how much, and the evidence layer by layer and in all;
        printed, a table.

    Raises
    ------
    CheckpointError
        If the checkpoint does not fit the network.
    ConventionError
        If the orientation does not matter, or the inputs or options do not
        fit.
    TypeError
        If it is no name of a file, or no network.
    """
    _check_options(options)
    if not isinstance(checkpoint, Checkpoint):
        with read(checkpoint) as opened:
            return detect(network, opened, inputs, options)
    return evidence_for(network, checkpoint, options)(inputs)


def _check_options(options):
    if options is None:
        return
    if not isinstance(options, Options):
        raise ConventionError(
            "options: got %.80r; expected a record, such as lasagne_flipconv."
            "weights.planning.Options(prefix='net.')." % (options,))
    check_options(options)


def evidence_for(network, checkpoint, options=None):
    """Return a function that weighs one batch of inputs after the other.

    The network is compiled and the checkpoint read once.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        As for :func:`detect`.
    checkpoint : Checkpoint
        As for :func:`detect`; it has to be open.
    options : lasagne_flipconv.weights.planning.Options, optional
        How to match names.

    Returns
    -------
    callable
        Of inputs; it returns an `Evidence`.

    Raises
    ------
    CheckpointError
        If the checkpoint does not fit the network.
    ConventionError
        If the orientation does not matter.
    """
    network = outputs_of(network, "detect")
    plans = plan_load(network, checkpoint, (options or Options())._replace(
        blind=True, orientation=CORRELATION))[0]
    kernels = [plan for plan in plans if _matters(plan)]
    if not kernels:
        raise ConventionError(
            "%s: has no kernel with more than one position; expected one. "
            "The orientation does not matter: pass either." % checkpoint.where)
    values = {plan.slot.param: value_of(plan) for plan in plans}
    turnable = {plan.slot.param: plan.target.spatial for plan in kernels}
    measure = measurer(network)

    def weigh(inputs):
        batch = read_inputs(network, inputs)
        old = {param: param.get_value(borrow=True) for param in values}
        try:
            _set(values)
            return weighed(_runs(values, turnable, lambda: measure(batch)))
        finally:
            _set(old)

    return weigh


def _matters(plan):
    return plan.target is not None and any(
        plan.entry.shape[i] > 1 for i in plan.source.spatial)


def _set(values):
    for param, value in values.items():
        param.set_value(value, borrow=True)


def _runs(values, turnable, measure):
    """Return what the network does both ways, mirrored and shuffled."""
    def run(change):
        _set({param: np.ascontiguousarray(change(values[param], axes))
              for param, axes in turnable.items()})
        return measure()

    sizes = {tuple(values[param].shape[i] for i in axes)
             for param, axes in turnable.items()}
    most = max(map(len, sizes))
    square = most > 1 and all(len(set(shape)) == 1 for shape in sizes)
    ways = list(itertools.product((False, True)[:1 + square],
                                  itertools.product((1, -1), repeat=most)))
    found = {way: run(lambda value, axes, way=way: _mirrored(
        value, axes, *way)) for way in ways}
    random = np.random.RandomState(0)
    shuffled = [run(lambda value, axes: _shuffled(value, axes, random))
                for _ in range(SHUFFLES)]
    correlation = found.pop((False, (1,) * most))
    convolution = found.pop((False, (-1,) * most))
    return Runs(convolution, correlation, list(found.values()), shuffled)


def _mirrored(value, axes, transposed, steps):
    """Return a kernel with some of its axes reversed, and their order."""
    if transposed:
        value = np.moveaxis(value, axes, axes[::-1])
    index = [slice(None)] * value.ndim
    for axis, step in zip(axes, steps):
        index[axis] = slice(None, None, step)
    return value[tuple(index)]


def _shuffled(value, axes, random):
    """Return a kernel with its positions in another order in each slice."""
    last = tuple(range(value.ndim - len(axes), value.ndim))
    moved = np.moveaxis(value, axes, last)
    flat = moved.reshape(moved.shape[:-len(axes)] + (-1,))
    order = random.random_sample(flat.shape).argsort(-1)
    flat = np.take_along_axis(flat, order, -1)
    return np.moveaxis(flat.reshape(moved.shape), last, axes)


def detected(network, checkpoint, options):
    """Return the orientation that the evidence tells, or refuse.

    Where the file says it, nothing is run.

    Parameters
    ----------
    network : lasagne.layers.Layer
        Output layer.
    checkpoint : Checkpoint
        The file.
    options : lasagne_flipconv.weights.planning.Options
        With inputs.

    Returns
    -------
    {'convolution', 'correlation', None}
        The answer; None if the file says it, or it does not matter.

    Raises
    ------
    ConventionError
        If there are no inputs, or the evidence is not clear.
    """
    if _is_told(network, checkpoint, options):
        return None
    if options.inputs is None:
        raise ConventionError(
            "%s: orientation='detect' has no inputs to run; expected a few, "
            "without labels. Pass inputs=." % checkpoint.where)
    evidence = detect(network, checkpoint, options.inputs, options)
    if evidence.answer == UNDECIDED:
        raise ConventionError(
            "%s: running it does not tell whether its kernels are for "
            "convolution or correlation: %s%s; expected a clear difference. "
            "Pass more inputs=, prepared as in training, or the orientation."
            % (checkpoint.where, evidence.reason, _numbers(evidence)))
    return evidence.answer


def _numbers(evidence):
    """Return what was measured, for an error."""
    return " (%s %.3g and %.3g, shuffled %.3g)" % (
        evidence.statistic, evidence.convolution, evidence.correlation,
        evidence.shuffled[0]) if evidence.statistic else ""


def _is_told(network, checkpoint, options):
    """Tell whether the file can be loaded without an answer."""
    kernels = [entry for entry in checkpoint.entries if is_kernel(entry)]
    if any(orientation_of(entry) is None for entry in kernels):
        try:
            plan_load(network, checkpoint, options._replace(orientation=None))
        except ConventionError:
            return False
    return True
