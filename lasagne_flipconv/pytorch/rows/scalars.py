"""What a function of single numbers is as a function of tensors.

How operands are made alike first is part of the meaning: PyTorch lets an
array without axes give way to one with, Theano never does.
"""
import theano
import torch
from theano.scalar import basic, basic_scipy
from theano.tensor.nnet import sigm

from ..rewrites import rectifier, scaled
from .table import TYPES, Untranslated

__all__ = ["SCALARS", "scalar_function"]


def sign(x):
    """Return the sign; of not-a-number itself, where PyTorch says 0."""
    if x.dtype.is_floating_point:
        return torch.where(torch.isnan(x), x, torch.sign(x))
    return torch.sign(x)


def round_away(x):
    """Round halves away from zero."""
    whole = torch.trunc(x)
    return torch.where((x - whole).abs() >= 0.5, whole + torch.sign(x), whole)


def absolute(x):
    """Return the size; of a truth value itself."""
    return x if x.dtype is torch.bool else torch.abs(x)


def floor_divide(x, y):
    """Divide and round down; numbers with a point in Theano's steps."""
    if x.dtype is torch.bool:
        return torch.div(x.byte(), y.byte(), rounding_mode="floor").bool()
    if not x.dtype.is_floating_point:
        return torch.div(x, y, rounding_mode="floor")
    result = torch.floor(x / y)
    opposite = ((x < 0) & (y > 0)) | ((x >= 0) & (y < 0))
    beyond = -torch.floor(-(x / y)) - (modulo(x, y) != 0).to(x.dtype)
    return torch.where(opposite, beyond, result)


def modulo(x, y):
    """Return what is left; PyTorch is wrong for the smallest of float32."""
    if x.dtype is torch.bool:
        return torch.remainder(x.byte(), y.byte()).bool()
    if x.dtype is torch.float32:
        return torch.remainder(x.double(), y.double()).to(x.dtype)
    return torch.remainder(x, y)


def power(x, y):
    """Raise to a power; integers by way of float64, as C does."""
    if x.dtype.is_floating_point:
        return torch.pow(x, y)
    return torch.pow(x.double(), y.double()).to(x.dtype)


def clip(x, low, high):
    """Bound from below first, which tells if the bounds are crossed."""
    return torch.where(x < low, low, torch.where(x > high, high, x))


def second(x, y):
    """Repeat the second to the shape of both."""
    shape = torch.broadcast_shapes(x.shape, y.shape)
    return y.expand(shape)


def switch(condition, x, y):
    """Choose where a condition is not zero."""
    return torch.where(condition if condition.dtype is torch.bool
                       else condition != 0, x, y)


def softplus(x):
    """Return log(1 + exp(x)), exact at both ends."""
    return torch.logaddexp(x, x.new_zeros(()))


def fast_sigmoid(x):
    """Return Theano's approximation of a sigmoid by a quotient."""
    half = 0.5 * x
    a = half.abs()
    near = torch.where(a < 1.7, 1.5 * a / (1 + a), torch.where(
        a < 3, 0.935409070603099 + 0.0458812946797165 * (a - 1.7),
        x.new_full((), 0.99505475368673)))
    return 0.5 * (torch.where(x >= 0, near, -near) + 1)


def rectify_gradient(above, x):
    """Return 0, half or all of the gradient; not-a-number by that of x.

    What is below the smallest number with all its digits counts in part.
    """
    tiny = torch.finfo(x.dtype).tiny
    part = x.clamp(-tiny, tiny).mul_(0.5 / tiny).add_(0.5)
    return part.mul_(above) if part.shape == above.shape else part * above


def subtract_scaled(a, b, c):
    """Return a - b c."""
    return torch.addcmul(a, b, c, value=-1)


def invert(x):
    """Turn bits, or truth."""
    return torch.bitwise_not(x)


def _fold(function):
    """Return a function of any number of operands from one of two."""
    def folded(*operands):
        result = operands[0]
        for operand in operands[1:]:
            result = function(result, operand)
        return result
    return folded


def _whole(function):
    """Return a rounding that leaves integers as they are."""
    return lambda x: function(x) if x.dtype.is_floating_point else x


def _any(x):
    """Return x itself."""
    return x


#: Class → function, and the type its operands are made: that of the "result",
#: that which is "common" to them, or "each" its own.
SCALARS = {
    "Add": (_fold(torch.add), "result"), "Mul": (_fold(torch.mul), "result"),
    "Sub": (torch.sub, "result"), "TrueDiv": (torch.true_divide, "result"),
    "IntDiv": (floor_divide, "result"), "Mod": (modulo, "result"),
    "Pow": (power, "result"), "Maximum": (_fold(torch.maximum), "result"),
    "Minimum": (_fold(torch.minimum), "result"), "Clip": (clip, "result"),
    "AND": (_fold(torch.bitwise_and), "result"),
    "OR": (_fold(torch.bitwise_or), "result"),
    "XOR": (_fold(torch.bitwise_xor), "result"), "Invert": (invert, "result"),
    "LT": (torch.lt, "common"), "GT": (torch.gt, "common"),
    "LE": (torch.le, "common"), "GE": (torch.ge, "common"),
    "EQ": (torch.eq, "common"), "NEQ": (torch.ne, "common"),
    "IsNan": (torch.isnan, "each"), "IsInf": (torch.isinf, "each"),
    "Switch": (switch, "branches"), "Second": (second, "last"),
    "Identity": (_any, "result"), "Cast": (_any, "result"),
    "Abs": (absolute, "result"), "Neg": (torch.neg, "result"),
    "Sgn": (sign, "result"), "Inv": (torch.reciprocal, "result"),
    "Ceil": (_whole(torch.ceil), "result"),
    "Floor": (_whole(torch.floor), "result"),
    "Trunc": (_whole(torch.trunc), "result"),
    "RoundHalfToEven": (_whole(torch.round), "result"),
    "RoundHalfAwayFromZero": (_whole(round_away), "result"),
    "Sqr": (torch.square, "result"), "Sqrt": (torch.sqrt, "result"),
    "Exp": (torch.exp, "result"), "Exp2": (torch.exp2, "result"),
    "Expm1": (torch.expm1, "result"), "Log": (torch.log, "result"),
    "Log2": (torch.log2, "result"), "Log10": (torch.log10, "result"),
    "Log1p": (torch.log1p, "result"), "Sin": (torch.sin, "result"),
    "Cos": (torch.cos, "result"), "Tan": (torch.tan, "result"),
    "ArcSin": (torch.asin, "result"), "ArcCos": (torch.acos, "result"),
    "ArcTan": (torch.atan, "result"), "ArcTan2": (torch.atan2, "result"),
    "Sinh": (torch.sinh, "result"), "Cosh": (torch.cosh, "result"),
    "Tanh": (torch.tanh, "result"), "ArcSinh": (torch.asinh, "result"),
    "ArcCosh": (torch.acosh, "result"), "ArcTanh": (torch.atanh, "result"),
    "Deg2Rad": (torch.deg2rad, "result"),
    "Rad2Deg": (torch.rad2deg, "result"),
    "Erf": (torch.erf, "result"), "Erfc": (torch.erfc, "result"),
    "Erfinv": (torch.erfinv, "result"), "GammaLn": (torch.lgamma, "result"),
    "Psi": (torch.digamma, "result"), "J0": (torch.special.bessel_j0,
                                             "result"),
    "J1": (torch.special.bessel_j1, "result"),
    "I0": (torch.special.i0, "result"), "I1": (torch.special.i1, "result"),
    "ScalarSigmoid": (torch.sigmoid, "result"),
    "UltraFastScalarSigmoid": (fast_sigmoid, "result"),
    "ScalarSoftplus": (softplus, "result"),
    "Rectify": (torch.relu, "result"),
    "RectifyGrad": (rectify_gradient, "result"),
    "AddScaled": (torch.addcmul, "result"),
    "SubtractScaled": (subtract_scaled, "result"),
}

_HOMES = (basic.__name__, basic_scipy.__name__, sigm.__name__,
          rectifier.__name__, scaled.__name__)


def scalar_function(op, inputs, output):
    """Return a scalar Op as a function of tensors of any shape.

    Parameters
    ----------
    op : theano.scalar.ScalarOp
        The Op.
    inputs : list of str
        The types of elements that it is given.
    output : str
        That of its result.

    Returns
    -------
    callable
        Of as many tensors.

    Raises
    ------
    Untranslated
        If the table has no such function.
    """
    name = type(op).__name__
    if name not in SCALARS or type(op).__module__ not in _HOMES:
        raise Untranslated("there is no row for the scalar function %s" % name)
    function, rule = SCALARS[name]
    wanted = _wanted(rule, inputs, output)
    casts = [None if a == b else TYPES[b] for a, b in zip(inputs, wanted)]
    if not any(casts):
        return _typed(function, TYPES[output])

    def cast_first(*operands):
        return function(*[x if to is None else x.to(to)
                          for x, to in zip(operands, casts)])
    return _typed(cast_first, TYPES[output])


def _wanted(rule, inputs, output):
    """Return the types that the operands are made, by the rule of a row."""
    if rule == "common":
        return [theano.scalar.upcast(*inputs)] * len(inputs)
    if rule == "branches":
        return [inputs[0], output, output]
    if rule == "last":
        return [inputs[0], output]
    return inputs if rule == "each" else [output] * len(inputs)


def _typed(function, dtype):
    """Return a function whose result has a type, whatever PyTorch thinks."""
    def typed(*operands):
        result = function(*operands)
        return result if result.dtype is dtype else result.to(dtype)
    return typed
