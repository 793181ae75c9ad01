"""Theano's functions of each element: scalar Op → what part it is."""
import math
import operator
from itertools import product

import numpy as np
import theano.scalar as S
from theano.compile.ops import Shape, Shape_i
from theano.gof.graph import Constant
from theano.tensor import Reshape, elemwise, subtensor
from theano.tensor.nnet import nnet, sigm

from ..errors import LeavingError
from .exact import exact, has_exact, is_exact
from .finite import FINITE, quotient

__all__ = ["ELEMENTWISE", "NARROW", "elementwise", "is_float", "same"]

#: Scalar Op → kind of part.
ELEMENTWISE = {
    S.Add: "add", S.Sub: "sub", S.Mul: "mul", S.TrueDiv: "div", S.Pow: "pow",
    S.Neg: "neg", S.Exp: "exp", S.Log: "log", S.Log1p: "log1p",
    S.Expm1: "expm1", S.Sqrt: "sqrt", S.Abs: "abs", S.Sgn: "sign",
    S.Floor: "floor", S.Ceil: "ceil", S.Sin: "sin", S.Cos: "cos",
    S.Erf: "erf", S.Tanh: "tanh", S.GT: "greater", S.GE: "greater_equal",
    S.LT: "less", S.LE: "less_equal", S.EQ: "equal", S.AND: "and",
    S.OR: "or", S.Switch: "where",
    sigm.ScalarSigmoid: "sigmoid", sigm.ScalarSoftplus: "softplus",
    S.Second: "fill", S.RoundHalfToEven: "round", S.Tan: "tan",
    S.ArcSin: "asin", S.ArcCos: "acos", S.ArcTan: "atan", S.Sinh: "sinh",
    S.Cosh: "cosh", S.ArcSinh: "asinh", S.ArcCosh: "acosh",
    S.ArcTanh: "atanh", S.IsNan: "isnan", S.IsInf: "isinf"}
for _name, _kind in (("ScalarMaximum", "maximum"), ("Maximum", "maximum"),
                     ("ScalarMinimum", "minimum"), ("Minimum", "minimum")):
    if hasattr(S, _name):
        ELEMENTWISE[getattr(S, _name)] = _kind

#: What only moves values; an input is of no kind.
_MOVED = ("", "dimshuffle", "reshape", "slice", "index", "concat",
          "flatten_end", "identity", "dropout", "fill", "full")
_FOLDED = {"add": operator.add, "mul": operator.mul, "maximum": max,
           "minimum": min}
_LOGICAL = ("and", "or", "where")
_COMPARED = ("greater", "greater_equal", "less", "less_equal", "equal")

#: Nodes that compute none of the values that they give out.
_MOVING = (elemwise.DimShuffle, Reshape, subtensor.Subtensor)

#: What may give integers beyond those that go in.
_CUT = (S.Add, S.Sub, S.Mul, S.Pow, S.Neg, S.Abs, S.Sqr)

#: Integers that are held in less than what all are computed with.
NARROW = ("int8", "uint8", "int16", "uint16", "uint32")


def elementwise(walk, node):
    """Say a function of each element, with all inputs of one type."""
    if any(x.dtype.startswith("complex") for x in node.inputs + node.outputs):
        raise LeavingError(
            "%s: computes %s of complex numbers; expected real ones. Write it "
            "with their real and imaginary parts." % (
                walk.scope.layer, node.op.scalar_op))
    if has_exact(walk, node):
        made, walk = node.outputs[0], exact(walk)
        if made.dtype == "float64":
            return walk.narrow(made)
    values = [_operand(walk, node, x) for x in node.inputs]
    if not any(isinstance(value, str) for value in values):
        return _computed(node, values)
    op = type(node.op.scalar_op)
    return _SPECIAL[op](walk, node) if op in _SPECIAL else _said(walk, node)


def _computed(node, values):
    """Return what a function gives of numbers, as its type holds it."""
    with np.errstate(all="ignore"):
        value = node.op.scalar_op.impl(*(
            np.asarray(value).astype(x.dtype)[()]
            for value, x in zip(values, node.inputs)))
        return np.asarray(value).astype(node.outputs[0].dtype).item()


def _said(walk, node):
    """Say a function that is one kind of part."""
    kind = ELEMENTWISE.get(type(node.op.scalar_op))
    if node.outputs[0].dtype == "bool":
        kind = {"mul": "and", "add": "or"}.get(kind, kind)
    if kind is None:
        return None
    values = _of_one_type(walk, node, kind)
    if kind == "where" and not isinstance(values[0], str):
        return _chosen(walk, node, *values)
    if kind in _FOLDED:
        while len(values) > 2:
            values[:2] = [_joined(walk, kind, *values[:2])]
    finite = kind in FINITE and FINITE[kind](walk, *values)
    return _held(walk, node, finite or walk.add(kind, *values))


def _joined(walk, kind, one, other):
    """Say a function of two of several."""
    if isinstance(one, str) or isinstance(other, str):
        return walk.add(kind, one, other)
    return _FOLDED[kind](one, other)


def _chosen(walk, node, test, *values):
    """Return one of two, where the test is known, in the shape of both."""
    kept, made = node.inputs[1 if test else 2], node.outputs[0]
    value = values[0 if test else 1]
    if isinstance(value, str) and kept.broadcastable == made.broadcastable:
        return value
    return walk.add("where", walk.scope.constant(
        np.array(bool(test)), "test", False), *values)


def _held(walk, node, value):
    """Return integers that their type holds; those that are cast are cut.

    Theano cuts what it adds and multiplies, unless it rewrites that with
    floats beside it.
    """
    made = node.outputs[0]
    if made.dtype == "int32" and isinstance(node.op.scalar_op, _CUT):
        return _cut(walk, node, value)
    if made.dtype not in NARROW:
        return value
    least, most = _reach(node, [_bounds(walk, x) for x in node.inputs])
    holds = np.iinfo(made.dtype)
    if holds.min <= least and most <= holds.max:
        walk.bounds[made] = least, most
    elif isinstance(node.op.scalar_op, S.Cast):
        return walk.add("wrap", value, dtype=made.dtype)
    else:
        raise LeavingError(
            "%s: computes %s in %s, of %s to %s; expected integers that it "
            "holds, %d to %d. Cast what goes in to int32 first." % (
                walk.scope.layer, node.op.scalar_op, made.dtype, least, most,
                holds.min, holds.max))
    return value


def _cut(walk, node, value):
    """Return what is computed of int32 as Theano has it: beyond, it is cut."""
    least, most = _reach(node, [_bounds(walk, x) for x in node.inputs])
    holds = np.iinfo("int32")
    if holds.min <= least and most <= holds.max or all(
            map(_is_of_sizes, node.inputs)):
        return value
    return walk.add("wrap", value, dtype="int32")


def _is_of_sizes(x):
    """Tell whether sizes and numbers alone lead to integers."""
    if isinstance(x, Constant) or x.owner is None:
        return isinstance(x, Constant)
    return isinstance(x.owner.op, (Shape, Shape_i)) or not is_float(
        x) and all(_is_of_sizes(each) for each in x.owner.inputs)


def _bounds(walk, x):
    """Return the least and the largest that a variable may be."""
    if x.dtype == "bool":
        return 0, 1
    if walk.is_fixed(x) and not is_float(x):
        value = walk.array_of(x)
        return int(value.min(initial=0)), int(value.max(initial=0))
    if x not in walk.bounds and x.owner and isinstance(
            x.owner.op, _MOVING):
        return _bounds(walk, x.owner.inputs[0])
    holds = np.finfo("float32") if is_float(x) else np.iinfo(x.dtype)
    return walk.bounds.get(x, (holds.min, holds.max))


#: Scalar Op → what it may compute, by the bounds of its inputs.
_REACHES = {
    S.Neg: lambda lows, highs: (-highs[0], -lows[0]),
    S.Abs: lambda lows, highs: (0, max(-lows[0], highs[0])),
    S.Sqr: lambda lows, highs: (0, max(lows[0] ** 2, highs[0] ** 2)),
    S.Second: lambda lows, highs: (lows[1], highs[1])}


def _reach(node, bounds):
    """Return the least and the largest that a node may compute."""
    op, (lows, highs) = node.op.scalar_op, zip(*bounds)
    if isinstance(op, S.Add):
        return sum(lows), sum(highs)
    if isinstance(op, S.Sub):
        return lows[0] - highs[1], highs[0] - lows[1]
    if isinstance(op, S.Mul):
        ends = [math.prod(each) for each in product(*bounds)]
        return min(ends), max(ends)
    if isinstance(op, S.Pow) and 0 <= lows[1] <= highs[1] < 64:
        ends = [low ** high for low, high in product(*bounds)]
        return min(0, *ends), max(1, *ends)
    if isinstance(op, S.Mod):  # of the sign of the divisor
        return min(0, lows[1]), max(0, highs[1])
    if type(op) in _REACHES:
        return _REACHES[type(op)](lows, highs)
    if isinstance(op, (S.Cast, S.Switch)) or ELEMENTWISE.get(
            type(op)) in _FOLDED:  # the smaller or larger of some
        return min(lows), max(highs)
    return -np.inf, np.inf


def _of_one_type(walk, node, kind):
    """Return the inputs of a node, integers cast where others are floats."""
    others = node.inputs[1:] if kind == "where" else node.inputs
    wanted = "f" if any(is_float(x) for x in (
        *others, *([] if kind in _COMPARED else node.outputs))) else None
    values = []
    for i, x in enumerate(node.inputs):
        value = _operand(walk, node, x)
        if kind == "where" and i == 0:
            value = value if x.dtype == "bool" else walk.add(
                "cast", value, dtype="bool")
        elif wanted and not is_float(x):
            value = float(value) if not isinstance(value, str) else walk.add(
                "cast", value, dtype="float32")
        elif not wanted and _is_narrow(walk, kind, x, value):
            value = walk.add("cast", value, dtype="int64")
        elif isinstance(value, bool) and kind not in _LOGICAL:
            value = int(value)
        values.append(value)
    return values


def _is_narrow(walk, kind, x, value):
    """Tell whether integers are held in less than ONNX computes with.

    All that is computed of integers is int64; an input may be int32.
    """
    if x.dtype == "bool":
        return isinstance(value, str) and kind not in _LOGICAL
    return x.dtype == "int32" and walk.part_of(value).kind in _MOVED and (
        isinstance(value, str))


def _operand(walk, node, x):
    """Return an input; a number where it is broadcast to others anyway."""
    if x.ndim and all(x.broadcastable) and walk.is_fixed(x) and any(
            not walk.is_fixed(other) for other in node.inputs) and (
                not walk.is_trained(x)):
        return walk.array_of(x).item()
    return walk.value_of(x)


def is_float(variable):
    """Tell whether the values of a variable are floats.

    Parameters
    ----------
    variable : theano.Variable
        The variable.

    Returns
    -------
    bool
        Of whatever width.
    """
    return variable.dtype.startswith("float")


def _cast(walk, node):
    x, = node.inputs
    value, dtype = walk.value_of(x), node.outputs[0].dtype
    if x.dtype == dtype or is_float(x) and is_float(node.outputs[0]):
        return walk.narrow(x) if dtype != "float64" and is_exact(
            walk) else value
    return _held(walk, node, walk.add(
        "cast", value, dtype="float32" if dtype.startswith("float") else
        "bool" if dtype == "bool" else "int64"))


def _inverse(walk, node):
    value = walk.value_of(node.inputs[0])
    return quotient(walk, 1., value) or walk.add("div", 1., value)


def _square(walk, node):
    value, = _of_one_type(walk, node, "mul")
    return _held(walk, node, walk.add("mul", value, value, suffix="square"))


def _clip(walk, node):
    value, low, high = _of_one_type(walk, node, "clip")
    return _joined(walk, "minimum", _joined(walk, "maximum", value, low),
                   high)


def _not_equal(walk, node):
    return walk.add("not", walk.add("equal", *_of_one_type(walk, node,
                                                           "equal")))


def _not(walk, node):
    if node.inputs[0].dtype != "bool":
        return None
    return walk.add("not", walk.value_of(node.inputs[0]))


def _not_both(walk, node):
    """Say an exclusive or of tests."""
    if node.outputs[0].dtype != "bool":
        return None
    return _not_equal(walk, node)


def _one_float(walk, node):
    """Return the only input of a node, as a float."""
    return _of_one_type(walk, node, "float")[0]


def _logarithm_to(base):
    """Return the rule of a logarithm to a base."""
    def rule(walk, node):
        return walk.add("mul", walk.add("log", _one_float(walk, node)),
                        1 / math.log(base))

    return rule


def _power_of_two(walk, node):
    return walk.add("pow", 2., _one_float(walk, node))


def _cut_off(walk, node):
    """Say what is before the point."""
    value = _one_float(walk, node)
    return walk.add("mul", walk.add("sign", value), walk.add(
        "floor", walk.add("abs", value)))


def _softsign(walk, node):
    value = _one_float(walk, node)
    return walk.add("div", value, walk.add("add", walk.add("abs", value), 1.))


def same(walk, node):
    """Pass on what only tells Theano something."""
    return walk.value_of(node.inputs[0])


def _int_div(walk, node):
    """Say a quotient that is rounded down, of floats in two steps."""
    if is_float(node.outputs[0]):
        return walk.add("floor", walk.add("div", *_of_one_type(walk, node,
                                                               "div")))
    return walk.add("int_div", *_of_one_type(walk, node, "int_div"))


def _rest(walk, node):
    """Say what a quotient that is rounded down leaves."""
    kind = "rest" if is_float(node.outputs[0]) else "int_rest"
    return _held(walk, node, walk.add(kind, *_of_one_type(walk, node, kind)))


_SPECIAL = {S.IntDiv: _int_div, S.Mod: _rest, S.Cast: _cast, S.Inv: _inverse,
            S.Sqr: _square, S.Clip: _clip,
            S.NEQ: _not_equal, S.Invert: _not, S.Identity: same,
            S.XOR: _not_both, S.Log2: _logarithm_to(2),
            S.Log10: _logarithm_to(10), S.Exp2: _power_of_two,
            S.Trunc: _cut_off, nnet.ScalarSoftsign: _softsign}
