"""The table of operators: kind of a part → nodes of ONNX.

A row takes the part, the graph, and the names of the part's inputs.
"""
from typing import Callable, Dict

import numpy as np

from . import cells, loops
from .graph import ints, pads_of
from .shapes import SHAPES

__all__ = ["OPERATORS"]

#: Kinds that are one operator with no options.
_PLAIN = {
    "identity": "Identity", "detach": "Identity", "relu": "Relu",
    "sigmoid": "Sigmoid", "tanh": "Tanh", "softplus": "Softplus",
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "pow": "Pow",
    "maximum": "Max", "minimum": "Min", "neg": "Neg", "exp": "Exp",
    "log": "Log", "sqrt": "Sqrt", "abs": "Abs", "sign": "Sign",
    "floor": "Floor", "ceil": "Ceil", "round": "Round", "sin": "Sin",
    "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos",
    "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Asinh",
    "acosh": "Acosh", "atanh": "Atanh", "isnan": "IsNaN", "isinf": "IsInf",
    "erf": "Erf", "where": "Where", "greater": "Greater",
    "greater_equal": "GreaterOrEqual", "less": "Less",
    "less_equal": "LessOrEqual", "equal": "Equal", "and": "And", "or": "Or",
    "not": "Not", "int_rest": "Mod", "matmul": "MatMul"}


def plain(part, graph, *inputs):
    """Add the operator of `_PLAIN`."""
    return graph.node(_PLAIN[part.kind], inputs, part.name)


def int_div(part, graph, x, y):
    """Add Div of what it divides without a rest: it would round to 0."""
    rest = graph.node("Mod", [x, y], part.name + ".rest")
    whole = graph.node("Sub", [x, rest], part.name + ".whole")
    return graph.node("Div", [whole, y], part.name)


def rest(part, graph, x, y):
    """Add Mod of floats, which has the sign of what is divided; mend that."""
    name = part.name
    left = graph.node("Mod", [x, y], name + ".left", fmod=1)
    zero = graph.tensor(name + ".zero", 0., "wide" in part.options)
    below = [graph.node("Less", [value, zero], "%s.below_%d" % (name, i))
             for i, value in enumerate((left, y))]
    other = graph.node("Xor", below, name + ".other")
    is_none = graph.node("Equal", [left, zero], name + ".is_none")
    some = graph.node("Not", [is_none], name + ".some")
    return graph.node("Where", [
        graph.node("And", [other, some], name + ".wrong"),
        graph.node("Add", [left, y], name + ".mended"), left], name)


def running(part, graph, x):
    """Add CumSum; products have no operator."""
    axis = graph.tensor(part.name + ".axis", np.int64(part.options["axis"]))
    return graph.node("CumSum", [x, axis], part.name)


def constant(part, graph):
    """Add nothing but the array."""
    return graph.tensor(part.name, part.arrays["value"],
                        "wide" in part.options)


def _arrays(part, graph, *roles):
    """Return names of the arrays of a part, empty where it has none."""
    return [graph.tensor("%s.%s" % (part.name, role), part.arrays[role])
            if role in part.arrays else "" for role in roles]


def _without_last(names):
    return names if names[-1] else names[:-1]


def conv(part, graph, x):
    """Add Conv."""
    return graph.node(
        "Conv", _without_last([x, *_arrays(part, graph, "W", "b")]),
        part.name, **_sliding(part))


def conv_transpose(part, graph, x):
    """Add ConvTranspose."""
    return graph.node(
        "ConvTranspose", _without_last([x, *_arrays(part, graph, "W", "b")]),
        part.name, output_padding=part.options["extra"], **_sliding(part))


def _sliding(part):
    options = part.options
    return dict(kernel_shape=part.arrays["W"].shape[2:],
                strides=options["stride"], group=options["groups"],
                dilations=options["dilation"], pads=pads_of(options["pad"]))


def dense(part, graph, x):
    """Add Gemm; for more than two axes, a product and a sum."""
    if part.options["ndim"] == 2:
        return graph.node("Gemm", _without_last(
            [x, *_arrays(part, graph, "W", "b")]), part.name, transB=1)
    W = graph.tensor(part.name + ".W", part.arrays["W"].T)
    b = part.arrays.get("b")
    if b is None:
        return graph.node("MatMul", [x, W], part.name)
    product = graph.node("MatMul", [x, W], part.name + ".product")
    return graph.node("Add", [product, *_arrays(part, graph, "b")], part.name)


def batch_norm(part, graph, x):
    """Add BatchNormalization, which wants a scale and a shift."""
    mean = part.arrays["mean"]
    names = [graph.tensor("%s.%s" % (part.name, role),
                          part.arrays.get(role, default))
             for role, default in (("gamma", np.ones_like(mean)),
                                   ("beta", np.zeros_like(mean)),
                                   ("mean", mean), ("variance", mean))]
    return graph.node("BatchNormalization", [x, *names], part.name,
                      epsilon=part.options["epsilon"])


def lrn(part, graph, x):
    """Add LRN."""
    options = part.options
    return graph.node("LRN", [x], part.name, alpha=options["alpha"],
                      beta=options["beta"], bias=options["k"],
                      size=options["n"])


def pool(part, graph, x):
    """Add pooling; what partial regions lack is padded.

    Programs differ in what ``ceil_mode`` gives for small inputs.
    """
    options = part.options
    more = {} if part.kind == "max_pool" else {
        "count_include_pad": int(options["include_pad"])}
    return graph.node(
        "MaxPool" if part.kind == "max_pool" else "AveragePool", [x],
        part.name, kernel_shape=options["size"], strides=options["stride"],
        pads=list(options["pad"]) + [p + r for p, r in zip(
            options["pad"], options["rest"])], **more)


def reduction(part, graph, x):
    """Add a reduction; only that of a sum has its axes as an input."""
    axes, keep = list(part.options["axes"]), int(part.options["keepdims"])
    if part.kind == "sum":
        return graph.node("ReduceSum", [x, ints(part, graph, axes)],
                          part.name, keepdims=keep)
    return graph.node("Reduce" + part.kind.capitalize(), [x], part.name,
                      axes=axes, keepdims=keep)


def leaky_relu(part, graph, x):
    """Add LeakyRelu."""
    return graph.node("LeakyRelu", [x], part.name,
                      alpha=part.options["slope"])


def elu(part, graph, x):
    """Add Elu."""
    return graph.node("Elu", [x], part.name, alpha=part.options["alpha"])


def selu(part, graph, x):
    """Add Selu."""
    return graph.node("Selu", [x], part.name, alpha=part.options["alpha"],
                      gamma=part.options["scale"])


def prelu(part, graph, x):
    """Add PRelu."""
    return graph.node("PRelu", [x, *_arrays(part, graph, "alpha")],
                      part.name)


def softmax(part, graph, x):
    """Add Softmax, or its logarithm."""
    return graph.node(
        "Softmax" if part.kind == "softmax" else "LogSoftmax", [x],
        part.name, axis=part.options["axis"])


def argmax(part, graph, x):
    """Add ArgMax."""
    return graph.node("ArgMax", [x], part.name, axis=part.options["axis"],
                      keepdims=0)


def log1p(part, graph, x):
    """Add 2 atanh(x / (2 + x)) near 0, where the logarithm loses digits."""
    name = part.name
    one, two, half = (
        graph.tensor("%s.%s" % (name, word), np.float32(value))
        for word, value in (("one", 1), ("two", 2), ("half", .5)))
    size = graph.node("Abs", [x], name + ".size")
    near = graph.node("Less", [size, half], name + ".near")
    more = graph.node("Add", [x, two], name + ".more")
    share = graph.node("Div", [x, more], name + ".share")
    whole = graph.node("Atanh", [share], name + ".half_of_it")
    whole = graph.node("Mul", [whole, two], name + ".small")
    log = graph.node("Log", [graph.node("Add", [x, one], name + ".sum")],
                     name + ".log")
    return graph.node("Where", [near, whole, log], name)


def expm1(part, graph, x):
    """Add tanh(x / 2) (exp(x) + 1), which keeps the digits of small ones."""
    name = part.name
    one, half = (graph.tensor("%s.%s" % (name, word), np.float32(value))
                 for word, value in (("one", 1), ("half", .5)))
    tanh = graph.node("Tanh", [graph.node("Mul", [x, half], name + ".halved")],
                      name + ".tanh")
    more = graph.node("Add", [graph.node("Exp", [x], name + ".exp"), one],
                      name + ".sum")
    return graph.node("Mul", [tanh, more], name)


def embedding(part, graph, x):
    """Add Gather of rows."""
    return graph.node("Gather", [*_arrays(part, graph, "W"), x], part.name)


def transform(part, graph, x, theta):
    """Add GridSample on an affine grid."""
    graph.opset = max(graph.opset, 16)
    name, (rows, columns) = part.name, part.options["size"]
    y, x_ = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns),
                        indexing="ij")
    base = graph.tensor(name + ".grid", np.stack(
        [x_.ravel(), y.ravel(), np.ones(rows * columns)], 1))
    theta = graph.node("Reshape", [theta, ints(part, graph, [-1, 2, 3],
                                                "split")], name + ".matrix")
    theta = graph.node("Transpose", [theta], name + ".turned", perm=[0, 2, 1])
    grid = graph.node("MatMul", [base, theta], name + ".places")
    grid = graph.node("Reshape", [grid, ints(
        part, graph, [-1, rows, columns, 2], "shape")], name + ".places_2d")
    return graph.node("GridSample", [x, grid], name, mode="bilinear",
                      padding_mode="border", align_corners=1)


def recurrent(part, graph, *inputs):
    """Add RNN, GRU or LSTM, or a loop where these do not reach."""
    kind = cells if cells.fits(part) else loops
    return kind.recurrent(part, graph, *inputs)


#: Kind of a part → its row.
OPERATORS: Dict[str, Callable[..., str]] = {kind: plain for kind in _PLAIN}
OPERATORS.update({kind: reduction for kind in ("sum", "mean", "max", "min",
                                               "prod")})
OPERATORS.update(SHAPES)
OPERATORS.update({
    "int_div": int_div, "rest": rest, "cumsum": running,
    "constant": constant, "conv": conv,
    "conv_transpose": conv_transpose, "dense": dense,
    "batch_norm": batch_norm, "lrn": lrn, "max_pool": pool,
    "average_pool": pool, "leaky_relu": leaky_relu, "elu": elu, "selu": selu,
    "prelu": prelu, "softmax": softmax, "log_softmax": softmax,
    "argmax": argmax, "log1p": log1p, "expm1": expm1, "embedding": embedding,
    "transform": transform, "recurrent": recurrent})
