"""Recurrent layers as Scan, where ONNX's own cells do not reach.

A loop over the steps has masks with gaps, any function for each gate, and the
output gate of Lasagne 0.1.
"""
import numpy as np
from onnx import TensorProto, helper

from .graph import Graph

__all__ = ["recurrent", "start"]

_FUNCTIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu",
              "identity": "Identity"}


class _Body(Graph):
    """Hold the graph of one step."""

    def __init__(self, outer, part):
        super().__init__(outer)
        self.part, self.count = part, 0

    def do(self, operator, *inputs, **attributes):
        """Add a node, whose output gets a name of its own."""
        self.count += 1
        return self.node(operator, inputs, "%s.step_%d" % (
            self.part.name, self.count), **attributes)

    def array(self, role, value=None):
        """Return the name of an array of the part."""
        value = self.part.arrays[role] if value is None else value
        return self.tensor("%s.%s" % (self.part.name, role), value)

    def function(self, which, x):
        """Add the nonlinearity of a gate."""
        return self.do(_FUNCTIONS[self.part.options["functions"][which]], x)

    def split(self, x, count):
        """Return the columns of each gate."""
        units = self.part.arrays["W_hid"].shape[0]
        names = ["%s.gate_%d_%d" % (self.part.name, self.count, i)
                 for i in range(count)]
        sizes = self.array("sizes", np.full(count, units))
        self.node("Split", [x, sizes], names, axis=1)
        self.count += 1
        return names


def simple(body, x, hid):
    """Add a step of a plain recurrent layer."""
    total = body.do("Add", x, body.do("MatMul", hid, body.array("W_hid")))
    return [body.function(0, total)]


def gru(body, x, hid):
    """Add a step: the update gate says how much of the new is taken."""
    inputs = body.split(x, 3)
    states = body.split(body.do("MatMul", hid, body.array("W_hid")), 3)
    reset, update = (body.function(i, body.do("Add", inputs[i], states[i]))
                     for i in range(2))
    new = body.function(2, body.do("Add", inputs[2], body.do(
        "Mul", reset, states[2])))
    kept = body.do("Mul", hid, body.do("Sub", body.array(
        "one", np.float32(1)), update))
    return [body.do("Add", kept, body.do("Mul", update, new))]


def lstm(body, x, hid, cell):
    """Add a step: three gates around a memory, which they may see."""
    gates = body.split(body.do("Add", x, body.do(
        "MatMul", hid, body.array("W_hid"))), 4)
    into = body.function(0, _peep(body, gates[0], cell, 0))
    forget = body.function(1, _peep(body, gates[1], cell, 1))
    new = body.function(2, gates[2])
    cell = body.do("Add", body.do("Mul", forget, cell),
                   body.do("Mul", into, new))
    out = _out(body, gates[3], cell)
    return [body.do("Mul", out, body.function(4, cell)), cell]


def _out(body, gate, cell):
    if body.part.options["late_peephole"]:
        return _peep(body, body.function(3, gate), cell, 2)
    return body.function(3, _peep(body, gate, cell, 2))


def _peep(body, gate, cell, which):
    peepholes = body.part.arrays.get("peepholes")
    if peepholes is None:
        return gate
    weights = body.array("peephole_%d" % which, peepholes[which])
    return body.do("Add", gate, body.do("Mul", cell, weights))


_CELLS = {"simple": (simple, ("hid_init",)), "gru": (gru, ("hid_init",)),
          "lstm": (lstm, ("hid_init", "cell_init"))}


def recurrent(part, graph, x, *others):
    """Add a loop over the second axis, its input multiplied before.

    Parameters
    ----------
    part : Part
        Of the kind ``recurrent``.
    graph : Graph
        Takes the nodes.
    x : str
        Name of the input, axes (batch, steps, inputs).
    *others : str
        Names of mask and initial states, in the order of ``takes``.

    Returns
    -------
    str
        Name of the output.
    """
    given = dict(zip(part.options["takes"], others))
    step, states = _CELLS[part.options["cell"]]
    starts = [given.get(role) or start(part, graph, x, role)
              for role in states]
    sequences = [_multiplied(part, graph, x)]
    if "mask" in given:
        sequences.append(graph.node("Cast", [given["mask"]],
                                    part.name + ".here", to=TensorProto.BOOL))
    body = _body(part, graph, step, len(states), len(sequences))
    direction = [int(part.options["backwards"])]
    finals = ["%s.final_%d" % (part.name, i) for i in range(len(states))]
    final = part.options["final"]
    outputs = finals + [part.name + ".all" if final else part.name]
    if final:
        outputs[0] = part.name
    graph.node("Scan", starts + sequences, outputs, body=body,
               num_scan_inputs=len(sequences),
               scan_input_axes=[1] * len(sequences), scan_output_axes=[1],
               scan_input_directions=direction * len(sequences),
               scan_output_directions=direction)
    return part.name


def _multiplied(part, graph, x):
    """Add the product of all steps with the weights of the input."""
    W = graph.tensor(part.name + ".W_in", part.arrays["W_in"])
    product = graph.node("MatMul", [x, W], part.name + ".product")
    if "b" not in part.arrays:
        return product
    b = graph.tensor(part.name + ".b", part.arrays["b"])
    return graph.node("Add", [product, b], part.name + ".input")


def start(part, graph, x, role):
    """Add an initial state, the same for each example.

    Parameters
    ----------
    part : Part
        Of the kind ``recurrent``.
    graph : Graph
        Takes the nodes.
    x : str
        Name of the input, axes (batch, steps, inputs).
    role : {'hid_init', 'cell_init'}
        Which state.

    Returns
    -------
    str
        Name of the state, axes (batch, units).
    """
    state = part.arrays[role].reshape(1, -1)
    name = "%s.%s" % (part.name, role)
    shape = graph.node("Shape", [x], name + ".shape")
    zero = graph.tensor(part.name + ".zero", np.zeros(1, np.int64))
    batch = graph.node("Gather", [shape, zero], name + ".batch", axis=0)
    units = graph.tensor(name + ".units", np.int64([state.shape[1]]))
    both = graph.node("Concat", [batch, units], name + ".size", axis=0)
    return graph.node("Expand", [graph.tensor(name, state), both],
                      name + ".start")


def _body(part, outer, step, states, sequences):
    """Return the graph of one step."""
    body = _Body(outer, part)
    names = ["%s.before_%d" % (part.name, i) for i in range(states)]
    x, mask = part.name + ".x", part.name + ".mask"
    new = step(body, x, *names)
    if sequences == 2:
        new = _masked(body, mask, new, names)
    new = [body.do("Identity", value) for value in new]
    every = body.do("Identity", new[0])
    return helper.make_graph(
        body.nodes, part.name, _infos(names + [x]) + _infos(
            [mask][:sequences - 1], TensorProto.BOOL), _infos(new + [every]))


def _masked(body, mask, new, before):
    """Keep the states where the mask is 0."""
    here = body.do("Unsqueeze", mask, body.array("last", np.int64([1])))
    return [body.do("Where", here, *pair) for pair in zip(new, before)]


def _infos(names, dtype=TensorProto.FLOAT):
    return [helper.make_tensor_value_info(name, dtype, None)
            for name in names]
