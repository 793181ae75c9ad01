"""Recurrent layers as ONNX's own RNN, GRU and LSTM, where these are theirs.

What they lack is a loop over the steps, in :mod:`.loops`: masks, gates with
functions of their own, and the output gate of Lasagne 0.1.
"""
import numpy as np

from .loops import start

__all__ = ["fits", "recurrent"]

_FUNCTIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}

#: Operator, and ONNX's order of the gates, of each kind of cell.
_OPERATORS = {"simple": ("RNN", (0,)), "gru": ("GRU", (1, 0, 2)),
              "lstm": ("LSTM", (0, 3, 1, 2))}

#: Of ONNX's peepholes, in our order: input, forget and output gate.
_PEEPHOLES = (0, 2, 1)


def fits(part):
    """Tell whether ONNX has an operator that computes a recurrent part.

    Parameters
    ----------
    part : Part
        Of the kind ``recurrent``.

    Returns
    -------
    bool
        False if it needs a loop.
    """
    options, arrays = part.options, part.arrays
    functions = options["functions"]
    if "mask" in options["takes"] or not set(functions) <= set(_FUNCTIONS):
        return False
    if options["cell"] == "gru":  # its update gate is 1 less ONNX's
        return functions[0] == functions[1] == "sigmoid"
    late = options["late_peephole"] and "peepholes" in arrays
    return options["cell"] == "simple" or not late and (
        functions[0] == functions[1] == functions[3])


def recurrent(part, graph, x, *others):
    """Add a recurrent layer as one operator, steps first.

    Parameters
    ----------
    part : Part
        Of the kind ``recurrent``, which :func:`fits`.
    graph : Graph
        Takes the nodes.
    x : str
        Name of the input, axes (batch, steps, inputs).
    *others : str
        Names of initial states, in the order of ``takes``.

    Returns
    -------
    str
        Name of the output.
    """
    name, options = part.name, part.options
    operator, order = _OPERATORS[options["cell"]]
    units = part.arrays["W_hid"].shape[0]
    given = dict(zip(options["takes"], others))
    inputs = [graph.node("Transpose", [x], name + ".steps_first",
                         perm=[1, 0, 2]),
              *_weights(part, graph, order), ""] + [
        _start(part, graph, x, role, given.get(role))
        for role in ("hid_init", "cell_init")]
    if "peepholes" in part.arrays:
        inputs.append(graph.tensor(name + ".P", part.arrays["peepholes"][
            list(_PEEPHOLES)].reshape(1, -1)))
    while not inputs[-1]:
        inputs.pop()
    outputs = [name + ".all", name + ".last"]
    more = {"linear_before_reset": 1} if operator == "GRU" else {}
    graph.node(operator, inputs, outputs, hidden_size=units,
               direction="reverse" if options["backwards"] else "forward",
               activations=_activations(options), **more)
    return _output(part, graph, *outputs)


def _weights(part, graph, order):
    """Add W, R and B: (1, gates * units, inputs or units), two biases."""
    arrays, count = part.arrays, len(order)
    bias = arrays.get("b", np.zeros(arrays["W_in"].shape[1], np.float32))
    added = []
    for letter, role in ("W", arrays["W_in"]), ("R", arrays["W_hid"]), (
            "B", bias):
        gates = np.split(role, count, axis=-1)
        if part.options["cell"] == "gru":
            gates[1] = 0 - gates[1]
        value = np.concatenate([gates[i] for i in order], axis=-1).T[None]
        if letter == "B":
            value = np.concatenate([value, np.zeros_like(value)], axis=1)
        added.append(graph.tensor("%s.%s" % (part.name, letter), value))
    return added


def _activations(options):
    """Return the functions of the gates, and of what they let through."""
    functions = [_FUNCTIONS[name] for name in options["functions"]]
    return {"simple": functions, "gru": functions[1:],
            "lstm": functions[:1] + functions[2:3] + functions[4:]}[
                options["cell"]]


def _start(part, graph, x, role, given):
    """Add an initial state, axes (1, batch, units); none if it is zero."""
    if not given and not np.any(part.arrays.get(role, 0)):
        return ""
    zero = graph.tensor(part.name + ".zero", np.zeros(1, np.int64))
    return graph.node("Unsqueeze", [given or start(part, graph, x, role),
                                    zero], "%s.%s.first" % (part.name, role))


def _output(part, graph, every, last):
    """Add what takes the axis of directions away, and puts the batch first."""
    axis = graph.tensor(part.name + ".axis", np.int64(
        [0 if part.options["final"] else 1]))
    if part.options["final"]:
        return graph.node("Squeeze", [last, axis], part.name)
    squeezed = graph.node("Squeeze", [every, axis], part.name + ".squeezed")
    return graph.node("Transpose", [squeezed], part.name, perm=[1, 0, 2])
