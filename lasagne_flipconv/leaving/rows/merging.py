"""Rows of the layers that take several inputs."""
import theano.tensor as T

__all__ = ["ROWS"]

_FUNCTIONS = {T.add: "add", T.mul: "mul", T.sub: "sub", T.maximum: "maximum",
              T.minimum: "minimum", T.true_div: "div"}


def concat(layer, scope, *inputs):
    """Add a concatenation."""
    if getattr(layer, "cropping", None) is not None and any(layer.cropping):
        return None
    return scope.add("concat", *inputs, shape=scope.shape,
                     axis=layer.axis % len(scope.shape))


def merge(layer, scope, first, *others):
    """Add what merges two, once for each further input."""
    kind = _FUNCTIONS.get(layer.merge_function)
    cropping = getattr(layer, "cropping", None)
    if kind is None or cropping is not None and any(cropping):
        return None
    inputs = [first, *others]
    for i, coefficient in enumerate(getattr(layer, "coeffs", ())):
        if coefficient != 1:
            inputs[i] = scope.add("mul", inputs[i], float(coefficient),
                                  suffix="scaled_%d" % i)
    for i, other in enumerate(inputs[1:]):
        last = i + 2 == len(inputs)
        inputs[0] = scope.add(kind, inputs[0], other, shape=scope.shape,
                              suffix="" if last else "part_%d" % i)
    return inputs[0]


ROWS = {"ConcatLayer": concat, "ElemwiseMergeLayer": merge,
        "ElemwiseSumLayer": merge}
