"""Run a network on a few inputs, and measure how well its parts fit.

Three things can be measured without labels, each the lower the better: how far
activations are from what batch normalisation stored, how little the answers
tell of the inputs, and how far an autoencoder's output is from its input.
"""
from collections import namedtuple

import numpy as np
import theano
from lasagne.layers import InputLayer, get_all_layers, get_output

from ...errors import ConventionError
from ..networks import names_of

__all__ = ["ENTROPY", "NOT_FINITE", "RECONSTRUCTION", "Run", "measurer",
           "read_inputs"]

ENTROPY, RECONSTRUCTION = "entropy", "reconstruction"
NOT_FINITE = "not finite"

#: How many inputs are run at once where the network does not say.
AT_ONCE = 128


class Run(namedtuple("Run", "divergences output scores certainty")):
    """Tell what one run of a network gave.

    Parameters
    ----------
    divergences : dict of str to float
        Layer with batch normalisation → divergence, in nats.
    output : {'entropy', 'reconstruction', 'not finite', None}
        What the output was measured by, or why not.
    scores : numpy.ndarray
        That measure for each input, the lower the better: the share (0…1) that
        an answer does not tell of what it could; or the logarithm of an
        autoencoder's error, relative to the variance of its input.
    certainty : float or None
        Mean entropy of the probabilities, in nats.
    """

    __slots__ = ()


def measurer(network):
    """Return a function that runs a network with the values it has.

    Parameters
    ----------
    network : lasagne.layers.Layer or list of lasagne.layers.Layer
        Output layer or layers.

    Returns
    -------
    callable
        Of the arrays that :func:`read_inputs` returns; it returns a `Run`.
    """
    layers = get_all_layers(network)
    _refuse_loose(layers)
    norms = [layer for layer in layers
             if hasattr(layer, "inv_std") and hasattr(layer, "mean")]
    ends = list(network) if isinstance(network, (list, tuple)) else [network]
    parts = get_output([norm.input_layer for norm in norms] + ends,
                       deterministic=True)
    moments = [part.mean(norm.axes) for norm, part in zip(norms, parts)] + [
        part.var(norm.axes) for norm, part in zip(norms, parts)]
    sources = _sources(layers)
    run = theano.function([source.input_var for source in sources],
                          moments + parts[len(norms):],
                          on_unused_input="ignore")
    named = names_of(layers)
    names = [named[norm] for norm in norms]
    readings = [_reading(end, sources) for end in ends]

    size = _batch(sources) or AT_ONCE

    def measure(inputs):
        chunks = [[value[i:i + size] for value in inputs]
                  for i in range(0, len(inputs[0]), size)]
        ran = [run(*chunk) for chunk in chunks]
        means, variances = _pooled([r[:len(moments)] for r in ran],
                                   [len(chunk[0]) for chunk in chunks])
        found = [read(np.concatenate([r[len(moments) + i] for r in ran]),
                      inputs) for i, read in enumerate(readings)]
        return Run({name: _divergence(norm, *both) for name, norm, *both
                    in zip(names, norms, means, variances)}, *_joined(found))

    return measure


def _refuse_loose(layers):
    """Refuse a network of which a layer has no input layer to feed it."""
    names = names_of(layers)
    for layer in layers:
        if None in (getattr(layer, "input_layer", layer),
                    *getattr(layer, "input_layers", ())):
            raise ConventionError(
                "detect: %s is built on a shape, so that nothing can be put "
                "in; expected an input layer below it. Build it on "
                "lasagne.layers.InputLayer(shape)." % names[layer])


def _sources(layers):
    return [layer for layer in layers if isinstance(layer, InputLayer)]


def read_inputs(network, inputs):
    """Return one array for each input layer, as many in each as fill batches.

    Parameters
    ----------
    network : lasagne.layers.Layer or list of lasagne.layers.Layer
        Output layer or layers.
    inputs : array, list of array, or dict of Layer or str to array
        The array of the only input layer; else one for each, in the order
        of ``get_all_layers``, by layer or by name.

    Returns
    -------
    list of numpy.ndarray
        The arrays, in the order of ``get_all_layers``.

    Raises
    ------
    ConventionError
        If there is not one array for each, or one does not fit.
    """
    sources = _sources(get_all_layers(network))
    values = [_read(source, value) for source, value
              in zip(sources, _assigned(sources, inputs))]
    if len({len(value) for value in values}) != 1 or not len(values[0]):
        raise ConventionError(
            "detect: the inputs have %s rows; expected as many in each, at "
            "least one. The first axis is the batch."
            % " and ".join(str(len(value)) for value in values))
    batch = _batch(sources)
    count = len(values[0])
    index = np.arange(-(-count // batch) * batch if batch else count) % count
    return [value[index] for value in values]


def _assigned(sources, inputs):
    """Return the values in the order of the input layers."""
    if isinstance(inputs, dict):
        found = [inputs.get(source, inputs.get(source.name))
                 for source in sources]
    elif len(sources) == 1:
        found = [inputs]
    else:
        found = list(inputs) if isinstance(inputs, (list, tuple)) else []
    if len(found) != len(sources) or any(value is None for value in found):
        raise ConventionError(
            "detect: inputs is %s; expected one array for each of the %d "
            "input layers. Pass a list of arrays in the order of "
            "get_all_layers, or a dict from layer or name to array." % (
                _described(inputs), len(sources)))
    return found


def _described(inputs):
    if isinstance(inputs, dict):
        return "a dict with the keys %s" % ", ".join(map(str, inputs))
    if isinstance(inputs, (list, tuple)):
        return "a list of %d" % len(inputs)
    return "one %s" % type(inputs).__name__


def _numbers(value):
    """Return an array of numbers, or refuse what is none."""
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):  # rows of several lengths
        found = np.asarray(None)
    if found.dtype.kind not in "biuf":
        raise ConventionError(
            "detect: the inputs are %s; expected an array of numbers, the "
            "first axis being the batch."
            % (found.dtype if found.ndim else "one " + type(value).__name__))
    return found


def _read(source, value):
    value, dtype = _numbers(value), np.dtype(source.input_var.dtype)
    if dtype.kind in "iu" and value.dtype.kind == "f":
        raise ConventionError(
            "detect: the inputs are %s; expected %s, as %s takes."
            % (value.dtype, dtype, source.name or "the input layer"))
    value, wanted = value.astype(dtype), source.shape
    if value.ndim != len(wanted) or any(
            size not in (None, got) for got, size
            in zip(value.shape[1:], wanted[1:])):
        raise ConventionError(
            "detect: the inputs have shape %r; expected %r, as %s takes. The "
            "first axis is the batch." % (value.shape, wanted, source.name
                                          or "the input layer"))
    return value


def _batch(sources):
    """Return the size of batch that the network asks for, or None."""
    sizes = {source.shape[0] for source in sources} - {None}
    if len(sizes) > 1:
        raise ConventionError(
            "detect: the input layers take batches of %s; expected one size. "
            "Build the network with None as the first size."
            % " and ".join(map(str, sorted(sizes))))
    return sizes.pop() if sizes else None


def _pooled(moments, sizes):
    """Return means and variances of all chunks together."""
    weights = np.array(sizes) / sum(sizes)
    half = len(moments[0]) // 2
    means, variances = [], []
    for i in range(half):
        each = np.array([m[i] for m in moments], "float64")
        spread = np.array([m[half + i] for m in moments], "float64")
        means.append(weights @ each)
        variances.append(weights @ spread
                         + weights @ (each - means[-1]) ** 2)
    return means, variances


def _divergence(layer, mean, variance):
    """Return how far activations are from what a layer normalises by.

    That of two normal distributions, mean over the channels, in nats.
    """
    stored = np.asarray(layer.mean.get_value(), "float64")
    scale = np.asarray(layer.inv_std.get_value(), "float64") ** 2
    ratio = (variance + 1e-8) * scale
    return float(np.mean(ratio + (mean - stored) ** 2 * scale - 1
                         - np.log(ratio)) / 2)


def _reading(end, sources):
    """Return a function of output and inputs: kind, scores, certainty."""
    marks = _is_sigmoid(end)

    def read(output, inputs):
        if not np.isfinite(output).all():
            return NOT_FINITE, np.zeros(0), None
        for value in inputs:
            if value.size == output.size and value.ndim > 2:
                return RECONSTRUCTION, _errors(output, value), None
        chances = _chances(output, marks)
        if chances is None:
            return None, np.zeros(0), None
        return (ENTROPY,) + _untold(chances, len(inputs[0]))

    return read


def _is_sigmoid(layer):
    """Tell whether outputs are one probability each."""
    while getattr(layer, "nonlinearity", None) is None and hasattr(
            layer, "input_layer"):
        layer = layer.input_layer
    kind = getattr(layer, "nonlinearity", None)
    return "sigmoid" in str(getattr(kind, "__name__",
                                    getattr(kind, "name", "")))


def _errors(output, value):
    """Return the logarithm of each reconstruction's relative error."""
    flat = value.reshape(len(value), -1).astype("float64")
    wrong = np.square(output.reshape(flat.shape) - flat).mean(1)
    return np.log(wrong / (np.var(flat) + 1e-12) + 1e-12)


def _chances(output, marks):
    """Return probabilities, axes (row, question, answer), None if none."""
    for axis in (1, -1):
        if output.ndim < 2 or output.shape[axis] < 2 or (output < 0).any():
            continue
        if np.abs(output.sum(axis) - 1).max() < 1e-3:
            last = np.moveaxis(output, axis, -1).astype("float64")
            return last.reshape(-1, 1, last.shape[-1])
    if marks:
        flat = output.astype("float64")
        flat = np.moveaxis(flat, 1, -1).reshape(-1, flat.shape[1]) if (
            flat.ndim > 1) else flat[:, None]
        return np.stack([flat, 1 - flat], -1)
    return None


def _untold(chances, count):
    """Return what each input's answers do not tell, and the mean entropy."""
    logs = np.log(chances + 1e-12)
    told = (chances * (logs - np.log(chances.mean(0) + 1e-12))).sum(-1)
    most = _most(chances.shape[1:], count)
    told = told.mean(1).reshape(count, -1).mean(1) if (
        len(chances) % count == 0) else told.mean(1)
    return 1 - told / most, float(-(chances * logs).sum(-1).mean())


def _most(shape, count):
    """Return how much an answer can tell, in nats.

    Of several questions with two answers each, one in as many as there are is
    taken to be answered by yes, as where each class has a sigmoid.
    """
    questions, answers = shape
    if questions == 1:
        return np.log(min(answers, count))
    rate = 1 / questions
    return -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)


def _joined(found):
    """Return the first output that can be measured."""
    for kind, scores, certainty in found:
        if kind:
            return kind, scores, certainty
    return None, np.zeros(0), None
