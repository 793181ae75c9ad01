"""Tell which way round the kernels of a checkpoint are, by running it.

Where there is batch normalisation, the right way round gives activations with
the stored mean and deviation; elsewhere it gives surer answers. How much is
chance is found by running the same kernels with their positions shuffled:
what was trained loses by that, what is random does not.
"""
from collections import namedtuple

import numpy as np
import theano
from lasagne.layers import InputLayer, get_all_layers, get_output

from .checkpoint import Checkpoint, read
from .errors import ConventionError
from .formats.record import is_kernel, orientation_of
from .kernels import CONVOLUTION, CORRELATION, ORIENTATIONS
from .networks import output_of
from .planning import Options, plan_load, value_of

__all__ = ["Evidence", "LayerEvidence", "UNDECIDED", "detect"]

UNDECIDED = "undecided"

#: How many shuffled networks are run, and by how many of their standard
#: deviations the answer has to be better than they and than the reverse.
SHUFFLES, BETTER_THAN_SHUFFLED, BETTER_THAN_REVERSE = 24, 8., 6.


class LayerEvidence(namedtuple("LayerEvidence", "name convolution "
                               "correlation")):
    """Tell how well one batch normalisation fits what reaches it.

    Parameters
    ----------
    name : str
        Name of the layer.
    convolution, correlation : float
        Divergence of the activations from the stored mean and deviation, run
        as such (in nats, mean over the channels).
    """

    __slots__ = ()


class Evidence(namedtuple("Evidence", "answer margin statistic convolution "
                          "correlation shuffled layers confidence")):
    """Tell which way round a checkpoint is, and why.

    Parameters
    ----------
    answer : {'convolution', 'correlation', 'undecided'}
        What the evidence says.
    margin : float
        By how many deviations of the shuffled the better is below the other.
    statistic : {'divergence', 'entropy', None}
        What was measured, the lower the better; None if there is nothing to
        measure.
    convolution, correlation : float
        Its logarithm, run as such (for divergences, mean over the layers).
    shuffled : tuple of float
        Mean and deviation of it for kernels of shuffled positions.
    layers : tuple of LayerEvidence
        The divergences, layer by layer.
    confidence : tuple of float
        Mean entropy of the class probabilities, run as a convolution and as a
        correlation (in nats); None where the output is none.
    """

    __slots__ = ()


def detect(network, checkpoint, inputs, options=None):
    """Tell which way round the kernels of a checkpoint are.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer of the network that the checkpoint is for, or all its
        layers by name. Its values are put back afterwards.
    checkpoint : Checkpoint, str or os.PathLike
        What :func:`lasagne_flipconv.read` returned, or the file's name. What
        it says about orientation is left aside.
    inputs : numpy.ndarray
        A few inputs as the network was trained on, no labels; the first axis
        is the batch. Eight or more are good.
    options : lasagne_flipconv.planning.Options, optional
        How to match names.

    Returns
    -------
    Evidence
        The answer, by how much, and the evidence layer by layer and in all.

    Raises
    ------
    CheckpointError
        If the checkpoint does not fit the network.
    """
    if not isinstance(checkpoint, Checkpoint):
        with read(checkpoint) as opened:
            return detect(network, opened, inputs, options)
    network = output_of(network, "detect")
    options = (options or Options())._replace(blind=True)
    plans = {o: plan_load(network, checkpoint, options._replace(
        orientation=o))[0] for o in ORIENTATIONS}
    kernels = [plan for plan in plans[CORRELATION] if _matters(plan)]
    if not kernels:
        raise ConventionError(
            "%s: has no kernel with more than one position; expected one. "
            "The orientation does not matter: pass either." % checkpoint.where)
    old = {plan.slot.param: plan.slot.param.get_value(borrow=True)
           for plan in plans[CORRELATION]}
    try:
        runs = _runs(network, plans, kernels, inputs)
    finally:
        for param, value in old.items():
            param.set_value(value, borrow=True)
    return _weighed(runs)


def _matters(plan):
    return plan.target is not None and any(
        plan.entry.shape[i] > 1 for i in plan.source.spatial)


def _runs(network, plans, kernels, inputs):
    """Return what the network does both ways, and shuffled."""
    measure = _measure(network, np.asarray(inputs, theano.config.floatX))
    runs = {}
    for orientation in (CONVOLUTION, CORRELATION):
        for plan in plans[orientation]:
            plan.slot.param.set_value(value_of(plan), borrow=True)
        runs[orientation] = measure()
    random = np.random.RandomState(0)
    runs["shuffled"] = []
    for _ in range(SHUFFLES):
        for plan in kernels:
            plan.slot.param.set_value(_shuffled(plan, random), borrow=True)
        runs["shuffled"].append(measure())
    return runs


def _shuffled(plan, random):
    """Return a kernel with its positions in another order."""
    value, axes = value_of(plan), plan.target.spatial
    last = tuple(range(value.ndim - len(axes), value.ndim))
    moved = np.moveaxis(value, axes, last)
    flat = moved.reshape(moved.shape[:-len(axes)] + (-1,))
    flat = flat[..., random.permutation(flat.shape[-1])]
    return np.ascontiguousarray(np.moveaxis(flat.reshape(moved.shape), last,
                                            axes))


#: What one run gives: name → divergence, and entropy of the output or None.
_Run = namedtuple("_Run", "divergences entropy")


def _measure(network, inputs):
    """Return a function that runs the network with the values it has."""
    layers = get_all_layers(network)
    norms = [layer for layer in layers
             if hasattr(layer, "inv_std") and hasattr(layer, "mean")]
    source = _only_input(layers)
    outputs = get_output([layer.input_layer for layer in norms] + [network],
                         deterministic=True)
    run = theano.function([source.input_var], outputs)

    def measure():
        *activations, output = run(inputs)
        return _Run({_name(layer, layers): _divergence(layer, values)
                     for layer, values in zip(norms, activations)},
                    _entropy(output))

    return measure


def _only_input(layers):
    sources = [x for x in layers if isinstance(x, InputLayer)]
    if len(sources) != 1:
        raise ConventionError(
            "detect: the network has %d input layers; expected one. Pass the "
            "orientation instead." % len(sources))
    return sources[0]


def _name(layer, layers):
    return layer.name or "%s#%d" % (type(layer).__name__, layers.index(layer))


def _divergence(layer, values):
    """Return how far activations are from what a layer normalises by.

    That of two normal distributions, mean over the channels, in nats.
    """
    axes = tuple(layer.axes)
    mean, variance = values.mean(axes), values.var(axes) + 1e-8
    stored = np.asarray(layer.mean.get_value())
    scale = np.asarray(layer.inv_std.get_value()) ** 2
    ratio = variance * scale
    return float(np.mean(ratio + (mean - stored) ** 2 * scale - 1
                         - np.log(ratio)) / 2)


def _entropy(output):
    """Return the mean entropy of class probabilities, None if it has none."""
    if output.ndim != 2 or output.shape[1] < 2 or (output < 0).any() or (
            np.abs(output.sum(1) - 1) > 1e-3).any():
        return None
    return float(-(output * np.log(output + 1e-12)).sum(1).mean())


def _weighed(runs):
    """Return the evidence that two runs and those shuffled give."""
    both = [runs[CONVOLUTION], runs[CORRELATION]]
    layers = tuple(LayerEvidence(name, both[0].divergences[name],
                                 both[1].divergences[name])
                   for name in both[0].divergences)
    confidence = tuple(run.entropy for run in both)
    if not layers and confidence[0] is None:
        return Evidence(UNDECIDED, 0., None, None, None, None, (), confidence)
    statistic = "divergence" if layers else "entropy"
    convolution, correlation = map(_score, both)
    shuffled = [_score(run) for run in runs["shuffled"]]
    mean, deviation = np.mean(shuffled), np.std(shuffled, ddof=1) + 1e-3
    best, other = sorted((convolution, correlation))
    margin = (other - best) / deviation
    answer = UNDECIDED
    if (margin > BETTER_THAN_REVERSE
            and mean - best > BETTER_THAN_SHUFFLED * deviation):
        answer = CONVOLUTION if convolution < correlation else CORRELATION
    return Evidence(answer, float(margin), statistic, convolution,
                    correlation, (float(mean), float(deviation)), layers,
                    confidence)


def _score(run):
    """Return one number for a run, the lower the better: a logarithm."""
    if run.divergences:
        return float(np.mean(np.log(np.maximum(
            list(run.divergences.values()), 0) + 1e-6)))
    return float(np.log(run.entropy + 1e-6))


def detected(network, checkpoint, options):
    """Return the orientation that the evidence tells, or refuse.

    Where the file says it, nothing is run.

    Parameters
    ----------
    network : lasagne.layers.Layer
        Output layer.
    checkpoint : Checkpoint
        The file.
    options : lasagne_flipconv.planning.Options
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
            "convolution or correlation (log %s %s and %s, shuffled %s); "
            "expected a clear difference. Pass more or other inputs=, or the "
            "orientation." % (checkpoint.where, evidence.statistic,
                              evidence.convolution, evidence.correlation,
                              evidence.shuffled))
    return evidence.answer


def _is_told(network, checkpoint, options):
    """Tell whether the file can be loaded without an answer."""
    kernels = [entry for entry in checkpoint.entries if is_kernel(entry)]
    if any(orientation_of(entry) is None for entry in kernels):
        try:
            plan_load(network, checkpoint, options._replace(orientation=None))
        except ConventionError:
            return False
    return True
