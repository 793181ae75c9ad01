"""Initialisers of an ONNX model, by the nodes that use them.

Nothing is run and no other file is opened: external data is refused.
"""
import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .optional import library
from .protobuf import fields_of
from .record import Checkpoint, Entry

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

# Fields of a ModelProto, and which of them every model has.
_IR_VERSION, _GRAPH, _OPSET = 1, 7, 8


def sniff(head):
    """Tell whether a file begins like a ModelProto: with its version."""
    return head[:1] == b"\x08" and head[1:2] < b"\x40" and head[2:3] in (
        b"\x12", b"\x1a", b"\x22", b"\x28", b"\x32", b"\x3a", b"\x42",
        b"\x72")


def read(file, limits):
    """Describe the initialisers of an ONNX model, in the order of use."""
    data = file.read()
    numbers = {n for n, _ in fields_of(memoryview(data), file.name, limits)}
    if not {_IR_VERSION, _GRAPH, _OPSET} <= numbers:
        raise CheckpointError(
            "%s: has no graph or no version of its operators; expected a "
            "whole model of ONNX. It may be truncated." % file.name)
    onnx = library("onnx", file.name)
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # whatever protobuf raises for a bad file
        raise CheckpointError(
            "%s: ONNX refuses it (%.200s); expected a whole model. The file "
            "is truncated or damaged; get it again." % (file.name, error)
        ) from error
    graph = model.graph
    if max(len(graph.initializer), len(graph.node)) > limits.members or (
            graph.sparse_initializer):
        raise UnsafeFileError(
            "%s: holds %d arrays, %d sparse ones and %d nodes; expected at "
            "most %d, none sparse."
            % (file.name, len(graph.initializer),
               len(graph.sparse_initializer), len(graph.node),
               limits.members))
    tensors = {}
    for tensor in graph.initializer:
        if tensor.name in tensors:
            raise UnsafeFileError("%s: holds %.80r twice; expected each name "
                                  "once." % (file.name, tensor.name))
        tensors[tensor.name] = _array(onnx, tensor, file.name, limits)
    entries = _entries(graph, tensors)
    if not entries:
        raise CheckpointError("%s: holds no initialisers; expected weights."
                              % file.name)
    writer = " ".join(filter(None, (model.producer_name,
                                    model.producer_version)))
    return Checkpoint(file.name, "onnx", tuple(entries), {}, writer or None)


def _array(onnx, tensor, where, limits):
    """Return an initialiser as an array, its size checked before."""
    where = "%.80s in %s" % (tensor.name, where)
    if tensor.data_location == onnx.TensorProto.EXTERNAL or (
            tensor.external_data):
        raise UnsafeFileError(
            "%s: keeps its data in another file, %.200r; expected it in the "
            "model. Save it with save_as_external_data=False."
            % (where, {e.key: e.value for e in tensor.external_data}
               .get("location")))
    if len(tensor.dims) > limits.axes or any(n < 0 for n in tensor.dims):
        raise UnsafeFileError("%s: declares shape %r; expected at most %d "
                              "sizes." % (where, list(tensor.dims)[:99],
                                          limits.axes))
    count = 1
    for n in tensor.dims:
        count *= n
    stored = len(tensor.raw_data) or 4 * sum(len(getattr(tensor, field))
                                             for field in _FIELDS)
    if count > stored or tensor.HasField("segment"):
        raise UnsafeFileError(
            "%s: declares %d elements; expected no more than %d bytes hold."
            % (where, count, stored))
    if tensor.data_type == onnx.TensorProto.STRING:
        raise UnsafeFileError("%s: holds texts; expected numbers." % where)
    try:
        return onnx.numpy_helper.to_array(tensor)
    except Exception as error:  # whatever ONNX raises for a bad tensor
        raise CheckpointError(
            "%s: ONNX refuses it (%.200s); expected an array."
            % (where, error)) from error


_FIELDS = ("float_data", "int32_data", "int64_data", "double_data",
           "uint64_data")


def _entries(graph, tensors):
    """Return the entries of all nodes in order, then of what none uses."""
    entries, left = [], dict(tensors)
    makers = {name: node for node in graph.node for name in node.output}
    for i, node in enumerate(graph.node):
        attributes = {a.name: a for a in node.attribute}
        roles = _INPUTS.get(node.op_type, ())
        layer = _layer_name(node, i, roles)
        if node.op_type == "Add" and entries and entries[-1].kind == "dense":
            layer = entries[-1].layer  # the bias of a MatMul
        for name, role in zip(node.input, roles):
            if role is not None and name in left:
                entry = _entry(name, left.pop(name), layer, role, node,
                               attributes)
                if entry.kind == "dense":
                    entry = entry._replace(rows=_rows(node, makers))
                entries.append(entry)
    numeric = [name for name in left if left[name].dtype.kind == "f"]
    return entries + [_plain(name, left[name]) for name in numeric]


def _rows(node, makers):
    """Return the order of the axes that were flattened before a dense node.

    Models that came from TensorFlow move the channels to the end before.
    """
    flat = False
    for _ in range(len(makers)):
        node = makers.get(node.input[0]) if node.input else None
        if node is None or node.op_type not in _PASSED:
            return None
        flat = flat or node.op_type in ("Reshape", "Flatten")
        if node.op_type == "Transpose" and flat:
            order = [list(a.ints) for a in node.attribute if a.name == "perm"]
            n = len(order[0]) if order else 0
            last = order == [[0, *range(2, n), 1]]
            return "channels_last" if last else "unknown"
    return None


#: Nodes between a flatten and a dense node that keep the order of the units.
_PASSED = frozenset([
    "Reshape", "Flatten", "Transpose", "Identity", "Dropout", "Cast", "Relu",
    "LeakyRelu", "Elu", "Sigmoid", "Tanh", "BatchNormalization"])


def _layer_name(node, i, roles):
    """Return the common begin of the names of a node's weights."""
    names = [name for name, role in zip(node.input, roles) if role]
    heads = {name.rpartition(".")[0] for name in names}
    return heads.pop() if len(heads) == 1 and "" not in heads else (
        node.name or "%s#%d" % (node.op_type, i))


def _entry(name, array, layer, role, node, attributes):
    kind = _KINDS.get(node.op_type) if role == "W" else None
    convention = "onnx" if role == "W" else None
    if kind == "dense":
        turned = node.op_type == "Gemm" and _number(attributes, "transB", 0)
        convention = "OI" if turned else "IO"
    if role in ("b", "alpha"):
        array = array.reshape(-1)
    epsilon = _number(attributes, "epsilon", 1e-5)
    return _plain(name, array)._replace(
        layer=layer, role=role, kind=kind, epsilon=float(epsilon),
        convention=convention)


def _number(attributes, name, default):
    if name not in attributes:
        return default
    found = attributes[name]
    return found.f or found.i


def _plain(name, array):
    return Entry(name, array.shape, array.dtype, lambda: np.array(array))
