"""Rows of the layers that take several inputs."""
import theano.tensor as T

from ..errors import LeavingError

__all__ = ["ROWS"]

_FUNCTIONS = {T.add: "add", T.mul: "mul", T.sub: "sub", T.maximum: "maximum",
              T.minimum: "minimum", T.true_div: "div"}


def concat(layer, scope, *inputs):
    """Add a concatenation."""
    inputs = _cropped(layer, scope, inputs)
    return scope.add("concat", *inputs, shape=scope.shape,
                     axis=layer.axis % len(scope.shape))


def merge(layer, scope, first, *others):
    """Add what merges two, once for each further input."""
    kind = _FUNCTIONS.get(layer.merge_function)
    if kind is None or any(hasattr(coefficient, "owner") for coefficient
                           in getattr(layer, "coeffs", ())):
        return None
    inputs = _cropped(layer, scope, [first, *others])
    for i, coefficient in enumerate(getattr(layer, "coeffs", ())):
        if coefficient != 1:
            inputs[i] = scope.add("mul", inputs[i], float(coefficient),
                                  suffix="scaled_%d" % i)
    for i, other in enumerate(inputs[1:]):
        last = i + 2 == len(inputs)
        inputs[0] = scope.add(kind, inputs[0], other, shape=scope.shape,
                              suffix="" if last else "part_%d" % i)
    return inputs[0]


def _cropped(layer, scope, inputs):
    """Return inputs cut to the smallest, as the layer says for each axis."""
    modes = list(getattr(layer, "cropping", None) or ())
    slices = [[] for _ in inputs]
    for axis, mode in enumerate(modes):
        sizes = [shape[axis] for shape in layer.input_shapes]
        if mode is None or len(set(sizes)) == 1 and None not in sizes:
            continue
        if None in sizes:
            raise LeavingError(
                "%s: cuts axis %d of inputs of shapes %s; expected known "
                "sizes. Name them in the input layers." % (
                    scope.layer, axis, ", ".join(map(str,
                                                     layer.input_shapes))))
        for found, size in zip(slices, sizes):
            start = {"lower": 0, "center": (size - min(sizes)) // 2,
                     "upper": size - min(sizes)}[mode]
            if size != min(sizes):
                found.append((axis, start, start + min(sizes), 1))
    return [scope.add("slice", value, slices=tuple(found),
                      suffix="cut_%d" % i) if found else value
            for i, (value, found) in enumerate(zip(inputs, slices))]


ROWS = {"ConcatLayer": concat, "ElemwiseMergeLayer": merge,
        "ElemwiseSumLayer": merge}
