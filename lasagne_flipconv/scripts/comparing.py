"""Compare what a network computes before and after its layers are replaced."""
import numpy as np
import theano
from lasagne.layers import InputLayer, get_output

from ..conventions import name_of
from ..errors import ConventionError
from ..weights.networks import referred

__all__ = ["comparison"]


def comparison(outputs, reached, inputs):
    """Compute the outputs of a network to compare later ones with.

    Parameters
    ----------
    outputs : list of Layer
        Output layers.
    reached : list of Layer
        All layers that these refer to.
    inputs : array, dict of Layer to array, or None
        What goes in; random numbers if None.

    Returns
    -------
    callable
        Raises a ConventionError if the outputs are others by then.
    """
    fed = {other for layer in reached for other in referred(layer)}
    heads = [layer for layer in outputs if layer not in fed] or outputs
    values = _input_values(reached, inputs)
    before = get_output(heads, deterministic=True)

    def compare():
        after = get_output(heads, deterministic=True)
        run = theano.function([layer.input_var for layer in values],
                              before + after, on_unused_input="ignore")
        results = _computed(run, values)
        for layer, old, new in zip(heads, results, results[len(heads):]):
            _refuse_difference(layer, old, new)

    return compare


def _computed(run, values):
    try:
        return run(*values.values())
    except Exception as error:
        raise ConventionError(
            "replace_layers: outputs to check could not be computed for %s "
            "(%s: %s); expected input that the network takes. Pass it as "
            "inputs=. Nothing was replaced." % (
                ", ".join("%s of shape %s" % (name_of(layer), value.shape)
                          for layer, value in values.items()),
                type(error).__name__, (str(error).splitlines() or [""])[0])
        ) from error


def _input_values(reached, inputs):
    found = [layer for layer in reached if isinstance(layer, InputLayer)]
    if inputs is None:
        return {layer: _random_input(layer) for layer in found}
    if not isinstance(inputs, dict):
        inputs = dict.fromkeys(found, inputs)
    if set(inputs) != set(found):
        raise ConventionError(
            "replace_layers: inputs for %s; expected one for each of the "
            "input layers %s." % tuple(
                [name_of(layer) for layer in some]
                for some in (inputs, found)))
    return {layer: np.asarray(value, layer.input_var.dtype)
            for layer, value in inputs.items()}


def _random_input(layer):
    random, dtype = np.random.RandomState(1), layer.input_var.dtype
    shape = [size or (32 if axis else 2)
             for axis, size in enumerate(layer.shape)]
    if dtype.startswith("float"):
        return random.standard_normal(shape).astype(dtype)
    return random.randint(0, 2, shape).astype(dtype)


def _refuse_difference(layer, old, new):
    tolerance = {"float16": 1e-2, "float32": 1e-4}.get(str(old.dtype), 1e-9)
    scale = np.abs(old).max(initial=0)
    if not np.allclose(old, new, tolerance, tolerance * scale,
                       equal_nan=True):
        raise ConventionError(
            "replace_layers: the output of %s differs by up to %.3g of %.3g; "
            "expected the same. Nothing was replaced."
            % (name_of(layer), np.abs(old - new).max(), scale))
