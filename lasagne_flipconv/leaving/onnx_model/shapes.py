"""Operators of ONNX that change shapes and types, or move values."""
from typing import Callable, Dict

import numpy as np
from onnx import helper

from ..record import GIVEN
from .graph import ints, pads_of

__all__ = ["SHAPES"]

_MOST = 2 ** 63 - 1


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
    dims = ints(part, graph, [0] * axis + [-1], "shape")
    return graph.node("Reshape", [x, dims], part.name)


def reshape(part, graph, x, *sizes):
    """Add Reshape, its sizes fixed or computed."""
    return graph.node("Reshape", [x, _shape(part, graph, sizes)], part.name)


def _shape(part, graph, sizes):
    """Return a vector of sizes, of which those that are None are computed."""
    given = iter(sizes)
    return _vector(part, graph, [next(given) if size is None else size
                                 for size in part.options["dims"]], "shape")


def _vector(part, graph, values, role):
    """Return a vector of integers, some of which may be names of such."""
    if not any(isinstance(value, str) for value in values):
        return ints(part, graph, values, role)
    axis = ints(part, graph, [0])
    pieces = [graph.node("Unsqueeze", [value, axis], "%s.%s_%d" % (
        part.name, role, i)) if isinstance(value, str) else
        ints(part, graph, [value], "known") for i, value in enumerate(values)]
    return graph.node("Concat", pieces, "%s.%s" % (part.name, role), axis=0)


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
        steps.append(("Squeeze", [ints(part, graph, gone)], {}))
    order = [sorted(kept).index(axis) for axis in kept]
    if order != sorted(order):
        steps.append(("Transpose", [], {"perm": order}))
    new = [i for i, axis in enumerate(pattern) if axis == "x"]
    if new:
        steps.append(("Unsqueeze", [ints(part, graph, new)], {}))
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
    return graph.node("Unsqueeze", [x, ints(part, graph, part.options[
        "axes"])], part.name)


def pad(part, graph, x):
    """Add Pad with one value."""
    value = graph.tensor(part.name + ".value",
                         np.float32(part.options["value"]))
    pads = ints(part, graph, pads_of(part.options["pairs"]), "pads")
    return graph.node("Pad", [x, pads, value], part.name)


def slice_(part, graph, x, *sizes):
    """Add Slice, its ends fixed or computed."""
    axes, starts, stops, steps = zip(*part.options["slices"])
    given = iter(sizes)
    ends = [(_end(start, 0 if step > 0 else _MOST, given),
             _end(stop, _MOST if step > 0 else -_MOST, given))
            for start, stop, step in zip(starts, stops, steps)]
    starts, stops = zip(*ends)
    return graph.node("Slice", [x] + [
        _vector(part, graph, values, role) for role, values in (
            ("starts", starts), ("stops", stops), ("axes", axes),
            ("steps", steps))], part.name)


def _end(end, default, given):
    return next(given) if end == GIVEN else default if end is None else end


def index(part, graph, x, *given):
    """Add Gather of one place."""
    place = given[0] if given else graph.tensor(
        part.name + ".index", np.int64(part.options["index"]))
    return graph.node("Gather", [x, place], part.name,
                      axis=part.options["axis"])


def gather(part, graph, x, *indices):
    """Add Gather by one array of indices, GatherND by several."""
    if len(indices) == 1:
        return graph.node("Gather", [x, *indices], part.name, axis=0)
    zero = graph.node("Sub", [indices[0]] * 2, part.name + ".zero")
    for i, each in enumerate(indices[1:], 1):  # of the shape of all
        none = graph.node("Sub", [each, each], "%s.none_%d" % (part.name, i))
        zero = graph.node("Add", [zero, none], "%s.zero_%d" % (part.name, i))
    last = ints(part, graph, [-1])
    whole = [graph.node("Add", [each, zero], "%s.whole_%d" % (part.name, i))
             for i, each in enumerate(indices)]
    columns = [graph.node("Unsqueeze", [each, last], "%s.column_%d" % (
        part.name, i)) for i, each in enumerate(whole)]
    places = graph.node("Concat", columns, part.name + ".places", axis=-1)
    return graph.node("GatherND", [x, places], part.name)


def arange(part, graph, start, stop, step, _):
    """Add Range."""
    return graph.node("Range", [start, stop, step], part.name)


def arrange(part, graph, x):
    """Add TopK of all values, the smallest first, or its indices."""
    shape = graph.node("Shape", [x], part.name + ".shape")
    number = graph.node("Gather", [shape, ints(
        part, graph, [part.options["axis"]])], part.name + ".number", axis=0)
    outputs = [part.name, part.name + ".places"]
    if part.kind == "argsort":
        outputs = [part.name + ".values", part.name]
    graph.node("TopK", [x, number], outputs, axis=part.options["axis"],
               largest=0)
    return part.name


def size(part, graph, x):
    """Add the length of an axis."""
    shape = graph.node("Shape", [x], part.name + ".shape")
    axis = graph.tensor(part.name + ".axis", np.int64(part.options["axis"]))
    return graph.node("Gather", [shape, axis], part.name, axis=0)


def cast(part, graph, x):
    """Add Cast."""
    return graph.node("Cast", [x], part.name, to={
        "float32": 1, "int64": 7, "bool": 9, "float64": 11}[
            part.options["dtype"]])


def wrap(part, graph, x):
    """Add Cast to a narrower type of integers, and back."""
    held = graph.node("Cast", [x], part.name + ".held",
                      to=helper.np_dtype_to_tensor_dtype(
                          np.dtype(part.options["dtype"])))
    return graph.node("Cast", [held], part.name, to=7)


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


#: Kind of a part → its row.
SHAPES: Dict[str, Callable[..., str]] = {
    "dropout": passed, "concat": concat, "flatten_end": flatten_end,
    "reshape": reshape, "full": full, "fill": fill, "dimshuffle": dimshuffle,
    "unsqueeze": unsqueeze, "pad": pad, "slice": slice_, "index": index,
    "gather": gather, "arange": arange, "sort": arrange, "argsort": arrange,
    "size": size, "cast": cast, "wrap": wrap, "repeat": repeat,
    "dilate": dilate}
