"""The table of operators: kind of a part → nodes of ONNX.

A row takes the part, the graph, and the names of the part's inputs.
"""
import numpy as np
from onnx import helper

from . import cells, loops

__all__ = ["OPERATORS"]

_MOST = 2 ** 63 - 1

#: Kinds that are one operator with no options.
_PLAIN = {
    "identity": "Identity", "relu": "Relu", "sigmoid": "Sigmoid",
    "tanh": "Tanh", "softplus": "Softplus", "add": "Add", "sub": "Sub",
    "mul": "Mul", "div": "Div", "pow": "Pow",
    "maximum": "Max", "minimum": "Min", "neg": "Neg", "exp": "Exp",
    "log": "Log", "sqrt": "Sqrt", "abs": "Abs", "sign": "Sign",
    "floor": "Floor", "ceil": "Ceil", "round": "Round", "sin": "Sin",
    "cos": "Cos", "erf": "Erf", "where": "Where", "greater": "Greater",
    "greater_equal": "GreaterOrEqual", "less": "Less",
    "less_equal": "LessOrEqual", "equal": "Equal", "and": "And", "or": "Or",
    "not": "Not", "matmul": "MatMul"}


def plain(part, graph, *inputs):
    """Add the operator of `_PLAIN`."""
    return graph.node(_PLAIN[part.kind], inputs, part.name)


def int_div(part, graph, x, y):
    """Add Div of what it divides without a rest: it would round to 0."""
    rest = graph.node("Mod", [x, y], part.name + ".rest")
    whole = graph.node("Sub", [x, rest], part.name + ".whole")
    return graph.node("Div", [whole, y], part.name)


def constant(part, graph):
    """Add nothing but the array."""
    return graph.tensor(part.name, part.arrays["value"])


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
                dilations=options["dilation"], pads=_pads(options["pad"]))


def _pads(pairs):
    """Return padding as ONNX has it: all before, then all after."""
    return [pair[0] for pair in pairs] + [pair[1] for pair in pairs]


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
        return graph.node("ReduceSum", [x, _ints(part, graph, axes)],
                          part.name, keepdims=keep)
    return graph.node("Reduce" + part.kind.capitalize(), [x], part.name,
                      axes=axes, keepdims=keep)


def _ints(part, graph, values, role="axes"):
    return graph.tensor("%s.%s" % (part.name, role),
                        np.asarray(values, np.int64))


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


def passed(part, graph, x):
    """Add nothing: what comes in goes out."""
    graph.alias[part.name] = x
    return x


def concat(part, graph, *inputs):
    """Add Concat."""
    return graph.node("Concat", inputs, part.name, axis=part.options["axis"])


def flatten_end(part, graph, x):
    """Add Flatten, or a shape that keeps the first sizes."""
    axis = part.options["axis"]
    if axis == 1:
        return graph.node("Flatten", [x], part.name, axis=1)
    dims = _ints(part, graph, [0] * axis + [-1], "shape")
    return graph.node("Reshape", [x, dims], part.name)


def reshape(part, graph, x, *sizes):
    """Add Reshape, its sizes fixed or computed."""
    return graph.node("Reshape", [x, _shape(part, graph, sizes)], part.name)


def _shape(part, graph, sizes):
    """Return a vector of sizes, of which those that are None are computed."""
    dims = part.options["dims"]
    if None not in dims:
        return _ints(part, graph, dims, "shape")
    given, axis = iter(sizes), _ints(part, graph, [0])
    pieces = [_ints(part, graph, [size], "known") if size is not None else
              graph.node("Unsqueeze", [next(given), axis],
                         "%s.size_%d" % (part.name, i))
              for i, size in enumerate(dims)]
    return graph.node("Concat", pieces, part.name + ".shape", axis=0)


def full(part, graph, value, *sizes):
    """Add Expand of one value."""
    return graph.node("Expand", [value, _shape(part, graph, sizes)],
                      part.name)


def fill(part, graph, like, value):
    """Add Expand of a value to the shape of another."""
    shape = graph.node("Shape", [like], part.name + ".shape")
    return graph.node("Expand", [value, shape], part.name)


def dimshuffle(part, graph, x):
    """Add Squeeze, Transpose and Unsqueeze, as far as they are needed."""
    pattern, ndim = part.options["pattern"], part.options["ndim"]
    kept = [axis for axis in pattern if axis != "x"]
    steps = []
    gone = [axis for axis in range(ndim) if axis not in kept]
    if gone:
        steps.append(("Squeeze", [_ints(part, graph, gone)], {}))
    order = [sorted(kept).index(axis) for axis in kept]
    if order != sorted(order):
        steps.append(("Transpose", [], {"perm": order}))
    new = [i for i, axis in enumerate(pattern) if axis == "x"]
    if new:
        steps.append(("Unsqueeze", [_ints(part, graph, new)], {}))
    return _chain(part, graph, x, steps or [("Identity", [], {})])


def _chain(part, graph, x, steps):
    """Add operators one after the other; the last has the part's name."""
    for i, (operator, more, attributes) in enumerate(steps):
        last = i + 1 == len(steps)
        name = part.name if last else "%s.%s" % (part.name, operator.lower())
        x = graph.node(operator, [x, *more], name, **attributes)
    return x


def unsqueeze(part, graph, x):
    """Add Unsqueeze."""
    return graph.node("Unsqueeze", [x, _ints(part, graph, part.options[
        "axes"])], part.name)


def pad(part, graph, x):
    """Add Pad with one value."""
    value = graph.tensor(part.name + ".value",
                         np.float32(part.options["value"]))
    pads = _ints(part, graph, _pads(part.options["pairs"]), "pads")
    return graph.node("Pad", [x, pads, value], part.name)


def slice_(part, graph, x):
    """Add Slice."""
    axes, starts, stops, steps = zip(*part.options["slices"])
    starts = [(0 if step > 0 else _MOST) if start is None else start
              for start, step in zip(starts, steps)]
    stops = [(_MOST if step > 0 else -_MOST) if stop is None else stop
             for stop, step in zip(stops, steps)]
    return graph.node("Slice", [x] + [
        _ints(part, graph, values, role) for role, values in (
            ("starts", starts), ("stops", stops), ("axes", axes),
            ("steps", steps))], part.name)


def index(part, graph, x):
    """Add Gather of one place."""
    place = graph.tensor(part.name + ".index",
                         np.int64(part.options["index"]))
    return graph.node("Gather", [x, place], part.name,
                      axis=part.options["axis"])


def size(part, graph, x):
    """Add the length of an axis."""
    shape = graph.node("Shape", [x], part.name + ".shape")
    axis = graph.tensor(part.name + ".axis", np.int64(part.options["axis"]))
    return graph.node("Gather", [shape, axis], part.name, axis=0)


def cast(part, graph, x):
    """Add Cast."""
    return graph.node("Cast", [x], part.name, to={
        "float32": 1, "int64": 7, "bool": 9}[part.options["dtype"]])


def wrap(part, graph, x):
    """Add Cast to a narrower type of integers, and back."""
    held = graph.node("Cast", [x], part.name + ".held",
                      to=helper.np_dtype_to_tensor_dtype(
                          np.dtype(part.options["dtype"])))
    return graph.node("Cast", [held], part.name, to=7)


def embedding(part, graph, x):
    """Add Gather of rows."""
    return graph.node("Gather", [*_arrays(part, graph, "W"), x], part.name)


def repeat(part, graph, x):
    """Add Resize to a multiple, each value repeated."""
    scales = graph.tensor(part.name + ".scales", np.float32(
        (1, 1) + part.options["factors"]))
    return graph.node("Resize", [x, "", scales], part.name, mode="nearest",
                      coordinate_transformation_mode="asymmetric",
                      nearest_mode="floor")


def dilate(part, graph, x):
    """Add ConvTranspose with a kernel of one: zeros between the values."""
    factors = part.options["factors"]
    channels, n = part.shape[1], len(factors)
    one = graph.tensor(part.name + ".one",
                       np.ones((channels, 1) + (1,) * n, "float32"))
    return graph.node("ConvTranspose", [x, one], part.name, strides=factors,
                      kernel_shape=(1,) * n, group=channels,
                      output_padding=[factor - 1 for factor in factors])


def transform(part, graph, x, theta):
    """Add GridSample on an affine grid."""
    graph.opset = max(graph.opset, 16)
    name, (rows, columns) = part.name, part.options["size"]
    y, x_ = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns),
                        indexing="ij")
    base = graph.tensor(name + ".grid", np.stack(
        [x_.ravel(), y.ravel(), np.ones(rows * columns)], 1))
    theta = graph.node("Reshape", [theta, _ints(part, graph, [-1, 2, 3],
                                                "split")], name + ".matrix")
    theta = graph.node("Transpose", [theta], name + ".turned", perm=[0, 2, 1])
    grid = graph.node("MatMul", [base, theta], name + ".places")
    grid = graph.node("Reshape", [grid, _ints(
        part, graph, [-1, rows, columns, 2], "shape")], name + ".places_2d")
    return graph.node("GridSample", [x, grid], name, mode="bilinear",
                      padding_mode="border", align_corners=1)


def recurrent(part, graph, *inputs):
    """Add RNN, GRU or LSTM, or a loop where these do not reach."""
    kind = cells if cells.fits(part) else loops
    return kind.recurrent(part, graph, *inputs)


#: Kind of a part → its row.
OPERATORS = {kind: plain for kind in _PLAIN}
OPERATORS.update({kind: reduction for kind in ("sum", "mean", "max", "min",
                                               "prod")})
OPERATORS.update({
    "int_div": int_div, "constant": constant, "conv": conv,
    "conv_transpose": conv_transpose,
    "dense": dense, "batch_norm": batch_norm, "lrn": lrn, "max_pool": pool,
    "average_pool": pool, "leaky_relu": leaky_relu, "elu": elu, "selu": selu,
    "prelu": prelu, "softmax": softmax, "log_softmax": softmax,
    "argmax": argmax, "log1p": log1p, "expm1": expm1, "dropout": passed,
    "concat": concat, "flatten_end": flatten_end, "reshape": reshape,
    "full": full, "fill": fill, "dimshuffle": dimshuffle,
    "unsqueeze": unsqueeze,
    "pad": pad, "slice": slice_, "index": index, "size": size, "cast": cast,
    "wrap": wrap, "embedding": embedding, "repeat": repeat, "dilate": dilate,
    "transform": transform, "recurrent": recurrent})
