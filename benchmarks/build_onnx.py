"""Write described networks as ONNX models, which `run_onnx` runs."""
import os

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .description import EPSILON, of_node, shapes

OPSET = 15


# --- one function an operation: (name, inputs, options, shape) -> nodes ------

def _attributes(options):
    return {"kernel_shape": options["size"], "strides": options["stride"],
            "pads": options["pad"] * 2}


def _conv(node, inputs, shape):
    return [helper.make_node("Conv", inputs, [node.name],
                             **_attributes(node.options))]


def _up(node, inputs, shape):
    size = node.options["size"]
    return [helper.make_node("ConvTranspose", inputs, [node.name],
                             kernel_shape=size, strides=size)]


def _norm(node, inputs, shape):
    return [helper.make_node("BatchNormalization", inputs, [node.name],
                             epsilon=EPSILON)]


def _pool(node, inputs, shape):
    attributes = _attributes(node.options)
    if node.options["mode"] == "max":
        return [helper.make_node("MaxPool", inputs, [node.name],
                                 **attributes)]
    return [helper.make_node("AveragePool", inputs, [node.name],
                             count_include_pad=1, **attributes)]


def _global_pool(node, inputs, shape):
    mean = node.name + ".mean"
    return [helper.make_node("GlobalAveragePool", inputs, [mean]),
            helper.make_node("Flatten", [mean], [node.name])]


def _dense(node, inputs, shape):
    flat = node.name + ".flat"
    return [helper.make_node("Flatten", inputs[:1], [flat]),
            helper.make_node("Gemm", [flat] + inputs[1:], [node.name],
                             transB=1)]


def _subsample(node, inputs, shape):
    missing = node.options["filters"] - shape[0]
    before = missing // 2
    numbers = {"starts": [0, 0], "ends": [2 ** 31 - 1] * 2, "axes": [2, 3],
               "steps": [2, 2],
               "pads": [0, before, 0, 0, 0, missing - before, 0, 0]}
    made = [helper.make_node(
        "Constant", [], ["%s.%s" % (node.name, key)],
        value=numpy_helper.from_array(np.array(value, "int64")))
        for key, value in numbers.items()]
    small, names = node.name + ".small", [c.output[0] for c in made]
    return made + [
        helper.make_node("Slice", inputs + names[:4], [small]),
        helper.make_node("Pad", [small, names[4]], [node.name])]


def _plain(op, **attributes):
    return lambda node, inputs, shape: [
        helper.make_node(op, inputs, [node.name], **attributes)]


BUILD = {
    "conv": _conv, "up": _up, "norm": _norm, "pool": _pool, "dense": _dense,
    "subsample": _subsample, "global_pool": _global_pool,
    "relu": _plain("Relu"), "add": _plain("Add"),
    "concat": _plain("Concat", axis=1),
}

#: The order in which ONNX takes the parameters of a node.
_ORDER = ("W", "gamma", "b", "beta", "mean", "var")


def model(network, values):
    """Return the ONNX model of a network, its batch size left open."""
    of, nodes = shapes(network), []
    for node in network.nodes:
        own = of_node(values, node)
        names = ["%s.%s" % (node.name, p) for p in _ORDER if p in own]
        nodes += BUILD[node.op](node, list(node.inputs) + names,
                                of[node.inputs[0]])
    last = network.nodes[-1].name
    graph = helper.make_graph(
        nodes, network.name, [_value("input", of)], [_value(last, of)],
        [numpy_helper.from_array(value, name)
         for name, value in values.items()])
    return helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", OPSET)])


def _value(name, of):
    return helper.make_tensor_value_info(
        name, onnx.TensorProto.FLOAT, ("batch",) + tuple(of[name]))


def write(network, values, path):
    """Write the model to a file unless it is there."""
    if not os.path.exists(path):
        onnx.save(model(network, values), path)
