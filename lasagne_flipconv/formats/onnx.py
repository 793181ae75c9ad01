"""Initialisers of an ONNX model, by the nodes that use them.

Nothing is run and no other file is opened: external data is refused. The
messages are read here, one field after the other, so that memory follows what
is kept of them and not what they hold.
"""
from collections import namedtuple
from itertools import dropwhile

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .common.order import is_only_order
from .common.protobuf import Budget, fields_of, integers_of, signed, text_of
from .common.record import Checkpoint, Entry
from .parts.onnx_tensors import tensor_of
from .parts.views import check_repeated, entries_recorded, record_in

__all__ = ["read", "sniff"]

#: Operator → role of its inputs, by position.
_INPUTS = {
    "Conv": (None, "W", "b"), "ConvTranspose": (None, "W", "b"),
    "Gemm": (None, "W", "b"), "MatMul": (None, "W"), "Add": ("b", "b"),
    "BatchNormalization": (None, "gamma", "beta", "mean", "variance"),
    "PRelu": (None, "alpha"),
}
_KINDS = {"Conv": "conv", "ConvTranspose": "transposed", "Gemm": "dense",
          "MatMul": "dense"}

#: Those of operators that are ONNX's own. Others have weights in other orders,
#: as a Conv of ONNX Runtime's in blocks of channels.
_DOMAINS = ("", "ai.onnx")

# Fields of a ModelProto, and which of them every model has; of a GraphProto,
# a NodeProto, a ValueInfoProto and an AttributeProto.
_IR_VERSION, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSET = 1, 2, 3, 7, 8
_METADATA = 14
_NODE, _INITIALIZER, _OUTPUT_OF_GRAPH, _SPARSE = 1, 5, 12, 15
_INPUT, _OUTPUT, _NAME, _OPERATOR, _ATTRIBUTE, _DOMAIN = 1, 2, 3, 4, 5, 7
_NAME_OF_OUTPUT = 1
_NAME_OF_ATTRIBUTE, _FLOAT, _INTEGER, _TENSOR, _INTEGERS = 1, 2, 3, 5, 8

#: Attributes that are looked at, and the field that each is in.
_ATTRIBUTES = {"epsilon": _FLOAT, "transB": _INTEGER, "perm": _INTEGERS,
               "value": _TENSOR, "alpha": _FLOAT, "beta": _FLOAT}
#: What a Gemm multiplies the product, so its weights, and its bias by.
_FACTORS = {"W": "alpha", "b": "beta"}

#: What is kept of a node: names of its inputs as far as they have a role,
#: and of its outputs.
Node = namedtuple("Node", "operator name inputs outputs attributes")
_MOST_INPUTS = max(map(len, _INPUTS.values()))

Graph = namedtuple("Graph", "nodes tensors outputs")


def sniff(head):
    """Tell whether a file begins like a ModelProto: with its version."""
    return head[:1] == b"\x08" and head[1:2] < b"\x40" and head[2:3] in (
        b"\x12", b"\x1a", b"\x22", b"\x28", b"\x32", b"\x3a", b"\x42",
        b"\x72")


def read(file, limits):
    """Describe the initialisers of an ONNX model, in the order of use."""
    data, where = memoryview(file.read()), file.name
    budget = Budget(where, len(data), limits)
    model, metadata = {}, []
    for number, value in fields_of(data, where, budget):
        if number == _METADATA:
            metadata.append(value)
        if number == _GRAPH and number in model:
            raise UnsafeFileError("%s: holds two graphs; expected one, as "
                                  "readers differ in which they take." % where)
        model[number] = value
    if not {_IR_VERSION, _GRAPH, _OPSET} <= set(model):
        raise CheckpointError(
            "%s: has no graph or no version of its operators; expected a "
            "whole model of ONNX. It may be truncated." % where)
    graph = _graph(model[_GRAPH], where, budget, limits)
    record, ordered = record_in(metadata, where, budget, limits), True
    if record is not None:
        entries = entries_recorded(record, graph.tensors, where, len(data),
                                   limits)
    else:
        sources = _sources(graph, lambda message: tensor_of(
            message, where, budget, limits))
        entries, ordered = _entries(graph, sources, len(data), where, limits)
        if not entries:
            raise CheckpointError("%s: holds no initialisers; expected "
                                  "weights." % where)
    writer = " ".join(filter(None, (
        text_of(model[field], where, limits)
        for field in (_PRODUCER, _PRODUCER_VERSION) if field in model)))
    return Checkpoint(where, "onnx", tuple(entries), {}, writer or None,
                      ordered, siblings="as joined" if record is None
                      else "as here")


def _graph(message, where, budget, limits):
    """Return nodes and initialisers; those within nodes are left."""
    nodes, tensors, outputs, sparse, names = [], {}, [], 0, 0
    for number, value in fields_of(message, where, budget, {
            _NODE, _INITIALIZER, _OUTPUT_OF_GRAPH, _SPARSE}):
        if number == _NODE:
            nodes.append(_node(value, where, budget, limits))
            names += len(nodes[-1].outputs)
        elif number == _OUTPUT_OF_GRAPH:
            outputs += [text_of(name, where, limits) for _, name in fields_of(
                value, where, budget, {_NAME_OF_OUTPUT})]
        elif number == _SPARSE:
            sparse += 1
        else:
            tensor = tensor_of(value, where, budget, limits)
            if tensor.name in tensors:
                raise UnsafeFileError(
                    "%s: holds %.80r twice; expected each name once."
                    % (where, tensor.name))
            tensors[tensor.name] = tensor
        if sparse or max(len(nodes), len(tensors), len(outputs),
                         names // 4) > limits.members:
            raise UnsafeFileError(
                "%s: holds %d arrays, %d sparse ones and %d nodes; expected "
                "at most %d, none sparse."
                % (where, len(tensors), sparse, len(nodes), limits.members))
    return Graph(nodes, tensors, outputs)


def _node(message, where, budget, limits):
    """Return what matters of a node."""
    found = {_NAME: b"", _OPERATOR: b"", _DOMAIN: b""}
    names, attributes = {_INPUT: [], _OUTPUT: []}, {}
    for number, value in fields_of(message, where, budget, {
            _INPUT, _OUTPUT, _NAME, _OPERATOR, _ATTRIBUTE, _DOMAIN}):
        if number == _ATTRIBUTE:
            attributes.update(_attribute(value, where, budget, limits))
        elif number in found:
            found[number] = value
        elif number == _OUTPUT or len(names[_INPUT]) < _MOST_INPUTS:
            names[number].append(text_of(value, where, limits))
    operator, name, domain = (text_of(found[field], where, limits)
                              for field in (_OPERATOR, _NAME, _DOMAIN))
    if operator in _INPUTS and domain not in _DOMAINS:
        operator = domain + "." + operator
    return Node(operator, name, names[_INPUT],
                names[_OUTPUT], attributes)


def _attribute(message, where, budget, limits):
    """Return the value of an attribute by its name, if it is looked at."""
    name, values = b"", {}
    for number, value in fields_of(message, where, budget, {
            _NAME_OF_ATTRIBUTE, *_ATTRIBUTES.values()}):
        if number == _NAME_OF_ATTRIBUTE:
            name = value
        elif number == _INTEGERS:
            if len(values.setdefault(number, [])) <= limits.axes:
                values[number].append(value)
        else:
            values[number] = value
    name = text_of(name, where, limits)
    field = _ATTRIBUTES.get(name)
    if field not in values:
        return {}
    value = values[field]
    if field == _INTEGERS:
        value = integers_of(value, where, limits.axes)
    elif field == _INTEGER and isinstance(value, int):
        value = signed(value)
    elif field == _FLOAT and isinstance(value, memoryview) and len(value) == 4:
        value = float(np.frombuffer(value, "<f4")[0])
    elif field != _TENSOR:
        raise CheckpointError("%s: has %s that is no number; expected one."
                              % (where, name))
    return {name: value}


def _entries(graph, sources, size, where, limits):
    """Return the entries of all nodes in order, then of what none uses.

    That has a role of its own: what becomes of it is not known, so neither its
    order nor its shape tells what it is for. With them, whether they can be in
    no other order.
    """
    rows, columns = _rows(graph.nodes), _columns(graph.nodes)
    entries, used, layers, names, held = [], set(), set(), set(), {}
    biases, products = _biases(graph.nodes), {}
    for i, node in enumerate(graph.nodes):
        roles = _INPUTS.get(node.operator, ())
        found = [(name, role) for name, role in zip(node.inputs, roles)
                 if role is not None and name in sources]
        if not found or node.operator == "Add" and all(
                name in used for name, _ in found):
            continue
        shared = any(name in names for name, _ in found)
        layer = _layer_name(node, i, roles, layers if shared else set())
        layer = products.get(biases.get(i), layer)
        layers.add(layer)
        held[i] = [(sources[name].name, (
            node.operator, role, sources[name].shape)) for name, role in found]
        for name, role in found:
            entry = _entry(_unused(name, layer, role, names), sources[name],
                           layer, role, node, where)
            if entry.kind == "dense":
                products[i] = layer
            elif node.operator == "Add" and biases.get(i) not in products:
                entry = entry._replace(convention="onnx")
            if entry.kind not in ("conv", "transposed"):
                entry = entry._replace(
                    rows=rows.get(node.inputs[0]),
                    columns=columns.get((*node.outputs[:1], False)))
            entries.append(entry)
            names.add(entry.name)
            used.update((name, sources[name].name))
    check_repeated(entries, size, where, limits)
    rest = [_plain(name, tensor)._replace(layer=name, role="initializer")
            for name, tensor in graph.tensors.items()
            if name not in used and tensor.dtype.kind == "f"]
    return entries + rest, is_only_order(
        [(node.inputs, node.outputs) for node in graph.nodes], graph.outputs,
        held)


def _biases(nodes):
    """Return for each Add to what a product gives the place of that product.
    """
    made, found = {}, {}
    for i, node in enumerate(nodes):  # sorted, as in _sources
        product = next((made[name] for name in node.inputs[:2]
                        if name in made), None)
        if _KINDS.get(node.operator) == "dense" and len(node.inputs) == 2:
            product = i
        elif node.operator == "Add" and product is not None:
            found[i] = product
            continue
        elif node.operator not in _SAME:
            continue
        if product is not None:
            made.update(dict.fromkeys(node.outputs[:1], product))
    return found


def _sources(graph, tensor_in):
    """Return the tensor that each name stands for.

    That is itself, what a Constant holds, or either through an Identity:
    PyTorch writes a value that several parameters have in common once.
    """
    found = dict(graph.tensors)
    wanted = {name for node in graph.nodes for name in node.inputs
              if node.operator in _INPUTS or node.operator == "Identity"}
    for node in graph.nodes:  # sorted: an output comes before it is an input
        tensor = None
        if not wanted.intersection(node.outputs[:1]):
            continue
        if node.operator == "Constant" and "value" in node.attributes:
            tensor = tensor_in(node.attributes["value"])
            if set(tensor.shape) <= {1}:
                continue  # a number to add or multiply by
        elif node.operator == "Identity" and node.inputs:
            tensor = found.get(node.inputs[0])
        if tensor is not None and tensor.dtype.kind == "f":
            found.setdefault(node.outputs[0], tensor)
    return found


def _unused(name, layer, role, names):
    """Return the name of an array, another if a node before has it."""
    if name in names:
        name = "%s.%s" % (layer, role)
    while name in names:
        name += "'"
    return name


def _rows(nodes):
    """Return the order of the axes that values were flattened from, by name.

    Models that came from TensorFlow move the channels to the end before. What
    is in no other order than the network's is left out.
    """
    moved, flat = {}, {}
    for node in nodes:  # sorted, as in _sources
        if node.operator not in _PASSED | _BINARY | {"Concat"}:
            continue
        before, flattened = (_one_of({found[name] for name in node.inputs
                                      if name in found})
                             for found in (moved, flat))
        if node.operator == "Transpose":
            order = node.attributes.get("perm", [])
            last = order and order == [0, *range(2, len(order)), 1]
            before = "moved" if last else "unknown"
        if node.operator in ("Reshape", "Flatten"):
            flattened = before or flattened
        for found, value in ((moved, before), (flat, flattened)):
            if value is not None:
                found.update(dict.fromkeys(node.outputs[:1], value))
    return flat


def _one_of(orders):
    """Return the one order that is told, None without any."""
    return "unknown" if len(orders) > 1 else next(iter(orders), None)


def _columns(nodes):
    """Return the order of the axes that values are reshaped to.

    Models that came from TensorFlow move the channels to the second axis
    afterwards. The keys are the name of a value, and whether it is reshaped.
    """
    found = {}
    for node in nodes[::-1]:
        out = node.outputs[0] if node.outputs else None
        plain, reshaped = (found.get((out, word)) for word in (False, True))
        if node.operator == "Reshape":
            plain, reshaped = reshaped, None
        elif node.operator == "Transpose":
            order = node.attributes.get("perm", [])
            second = [0, len(order) - 1, *range(1, len(order) - 1)]
            plain, reshaped = None, (
                "channels_last" if order == second else "unknown")
        elif node.operator not in _PASSED | _BINARY:
            continue
        for name in node.inputs[:None if node.operator in _BINARY else 1]:
            for word, value in ((False, plain), (True, reshaped)):
                if value is not None:
                    found.setdefault((name, word), value)
    return found


#: Nodes between a flatten and a dense node that keep the order of the units.
_PASSED = frozenset("""
    Reshape Flatten Transpose Squeeze Unsqueeze Identity Dropout Cast
    BatchNormalization InstanceNormalization LayerNormalization LpNormalization
    MeanVarianceNormalization LRN Abs Acos Acosh Asin Asinh Atan Atanh Ceil
    Celu Clip Cos Cosh DequantizeLinear Elu Erf Exp FastGelu Floor Gelu
    HardSigmoid HardSwish Hardmax LeakyRelu Log LogSoftmax Mish Neg Not
    QuantizeLinear QuickGelu Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin
    Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu
    """.split())
#: Those of them that change no value.
_SAME = frozenset(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity",
                   "Cast"])
#: Those of several inputs.
_BINARY = frozenset("""
    Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod
    Mul Or PRelu Pow Sub Sum Where Xor
    """.split())


def _layer_name(node, i, roles, layers):
    """Return the common begin of the names of a node's weights.

    One that another layer has is none: two nodes may share weights.
    """
    names = [name for name, role in zip(node.inputs, roles) if role]
    heads = {name.rpartition(".")[0] for name in names}
    if len(heads) == 1 and heads != {""} and not heads & layers:
        return heads.pop()
    if node.name and node.name not in layers:
        return node.name
    return "%s#%d" % (node.operator, i)


def _entry(name, tensor, layer, role, node, where):
    kind = _KINDS.get(node.operator) if role == "W" else None
    convention = "onnx" if role in ("W", "alpha") else None
    if kind == "dense":
        turned = (node.operator == "Gemm"
                  and node.attributes.get("transB", 0))
        convention = "OI" if turned else "IO"
    entry = _plain(name, tensor)
    if role in ("b", "alpha"):  # they meet the last axes of activations
        shape = tuple(dropwhile((1).__eq__, tensor.shape)) or (1,)
        entry = entry._replace(shape=shape, read=lambda: (
            tensor.read().reshape(shape)))
    factor = node.attributes.get(_FACTORS.get(role), 1)
    if node.operator == "Gemm" and factor != 1:
        read = entry.read
        entry = entry._replace(
            read=lambda: (read() * factor).astype(entry.dtype, copy=False))
    epsilon = node.attributes.get("epsilon", 1e-5)
    if not 0 <= epsilon < np.inf:
        raise CheckpointError("%s in %s: has epsilon %r; expected a number, "
                              "0 or more." % (name, where, epsilon))
    return entry._replace(layer=layer, role=role, kind=kind, epsilon=epsilon,
                          convention=convention)


def _plain(name, tensor):
    return Entry(name, tensor.shape, tensor.dtype, tensor.read)
