"""The table of calls: kind of a part → how PyTorch says it.

A row takes the part and returns a :class:`Call`.
"""
import numpy as np

from ..errors import LeavingError
from .geometry import GEOMETRY
from .shapes import SHAPES
from .text import Call, arguments, number, numbers

__all__ = ["CALLS"]

#: Kinds that are an expression of their inputs, without options.
_PLAIN = {
    "identity": "{0}", "detach": "{0}.detach()", "relu": "F.relu({0})",
    "sigmoid": "torch.sigmoid({0})", "tanh": "torch.tanh({0})",
    "softplus": "F.softplus({0})", "add": "({0} + {1})",
    "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})",
    "int_div": "({0} // {1})", "rest": "({0} % {1})",
    "int_rest": "({0} % {1})", "pow": "({0} ** {1})", "neg": "(-{0})",
    "exp": "torch.exp({0})", "log": "torch.log({0})",
    "sqrt": "torch.sqrt({0})", "abs": "torch.abs({0})",
    "sign": "torch.where(torch.isnan({0}), {0}, torch.sign({0}))",
    "floor": "torch.floor({0})",
    "ceil": "torch.ceil({0})", "round": "torch.round({0})",
    **{kind: "torch.%s({0})" % kind for kind in (
        "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh",
        "acosh", "atanh", "isnan", "isinf")},
    "erf": "torch.erf({0})", "log1p": "torch.log1p({0})",
    "expm1": "torch.expm1({0})", "where": "torch.where({0}, {1}, {2})",
    "greater": "({0} > {1})", "greater_equal": "({0} >= {1})",
    "less": "({0} < {1})", "less_equal": "({0} <= {1})",
    "equal": "({0} == {1})", "and": "({0} & {1})", "or": "({0} | {1})",
    "not": "(~{0})", "matmul": "({0} @ {1})"}


def plain(part):
    """Return the expression of `_PLAIN`."""
    if part.kind == "pow" and not isinstance(part.inputs[0], str):
        return Call(None, {}, "torch.pow({0}, {1})")  # -2 ** x is -(2 ** x)
    if part.kind == "where" and "wide" in part.options and not any(
            isinstance(value, str) for value in part.inputs[1:]):
        return Call(None, {}, "torch.where({0}, torch.full_like({0}, {1}, "
                    "dtype=torch.float64), {2})")
    made = ".to({3}.dtype)" if part.kind == "where" and len(
        part.inputs) > 3 else ""
    return Call(None, {}, _PLAIN[part.kind] + made)


def extreme(part):
    """Return the larger or smaller of two, of which one may be a number."""
    name, bound = {"maximum": ("maximum", "min"),
                   "minimum": ("minimum", "max")}[part.kind]
    for place, other in ((0, 1), (1, 0)):
        if not isinstance(part.inputs[place], str):
            return Call(None, {}, "{%d}.clamp(%s={%d})" % (other, bound,
                                                           place))
    return Call(None, {}, "torch.%s({0}, {1})" % name)


def constant(part):
    """Return a parameter."""
    value, more = part.arrays["value"], ""
    if value.dtype.kind != "f" or "wide" in part.options:
        dtype = {"b": "bool", "f": "float64"}.get(value.dtype.kind, "int64")
        value, more = value.astype(dtype), ".to(torch.%s), False" % dtype
    return Call("nn.Parameter(torch.zeros%s%s)" % (
        _shape(value.shape), more), {"": value}, "{self}")


def _shape(shape):
    return "(%s)" % (numbers(shape) if len(shape) > 1 else
                     shape[0] if shape else "[]")


def dense(part):
    """Return a linear layer."""
    W, b = part.arrays["W"], part.arrays.get("b")
    state = {"weight": W} if b is None else {"weight": W, "bias": b}
    return Call("nn.Linear(%s)" % arguments(
        number(W.shape[1]), number(W.shape[0]),
        bias="False" if b is None else None), state, "{self}({0})")


def batch_norm(part):
    """Return batch normalization; both of scale and shift, or none.

    One that Lasagne has not is there, but not trained.
    """
    arrays, options = part.arrays, part.options
    mean = arrays["mean"]
    state = {"running_mean": mean, "running_var": arrays["variance"]}
    affine = "gamma" in arrays or "beta" in arrays
    if affine:
        state["weight"] = arrays.get("gamma", np.ones_like(mean))
        state["bias"] = arrays.get("beta", np.zeros_like(mean))
    momentum = options["momentum"]
    return Call("nn.BatchNorm%dd(%s)" % (
        max(1, options["ndim"] - 2), arguments(
            number(len(mean)), eps=number(options["epsilon"]),
            momentum=None if momentum == .1 else number(momentum),
            affine=None if affine else "False")), state, "{self}({0})",
        tuple(name for name, role in (("weight", "gamma"), ("bias", "beta"))
              if affine and role not in arrays))


def lrn(part):
    """Return local response normalization."""
    options = part.options
    return Call(None, {}, "F.local_response_norm(%s)" % arguments(
        "{0}", number(options["n"]), alpha=number(options["alpha"]),
        beta=number(options["beta"]), k=number(options["k"])))


def leaky_relu(part):
    """Return a leaky rectifier."""
    return Call(None, {}, "F.leaky_relu({0}, %s)" % number(
        part.options["slope"]))


def elu(part):
    """Return an exponential linear unit."""
    alpha = part.options["alpha"]
    return Call(None, {}, "F.elu({0})" if alpha == 1 else
                "F.elu({0}, %s)" % number(alpha))


def selu(part):
    """Return a scaled exponential linear unit."""
    alpha, scale = part.options["alpha"], part.options["scale"]
    if abs(alpha - 1.6732632423) + abs(scale - 1.0507009874) < 1e-9:
        return Call(None, {}, "F.selu({0})")
    return Call(None, {}, "(%s * F.elu({0}, %s))" % (number(scale),
                                                     number(alpha)))


def prelu(part):
    """Return a rectifier with slopes: one, one a channel, or any."""
    alpha = part.arrays["alpha"]
    if alpha.size == 1 or alpha.ndim > 1 and alpha.size == alpha.shape[1]:
        init = "nn.PReLU(%s)" % ("" if alpha.size == 1 else alpha.size)
        return Call(init, {"weight": alpha.ravel()}, "{self}({0})")
    init = "nn.Parameter(torch.zeros%s)" % _shape(alpha.shape)
    return Call(init, {"": alpha},
                "torch.where({0} > 0, {0}, {self} * {0})")


def softmax(part):
    """Return a softmax, or its logarithm."""
    return Call(None, {}, "F.%s({0}, %d)" % (part.kind, part.options["axis"]))


def dropout(part):
    """Return dropout, of elements or of whole channels."""
    options = part.options
    ndim, shared = options["ndim"], options["shared"]
    if not options["p"] or not options["rescale"] or shared not in (
            (), tuple(range(2, ndim))) or shared and ndim > 5:
        return Call(None, {}, "{0}")
    kind = "Dropout%dd" % (ndim - 2) if shared else "Dropout"
    return Call("nn.%s(%s)" % (kind, number(options["p"])), {},
                "{self}({0})")


_REDUCTIONS = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}


def reduction(part):
    """Return a reduction over axes."""
    axes = part.options["axes"]
    keep = "True" if part.options["keepdims"] else None
    if part.kind == "prod":  # one axis at a time, from the last
        return Call(None, {}, "{0}" + "".join(
            ".prod(%s)" % arguments(number(axis), keepdim=keep)
            for axis in sorted(axes, reverse=True)))
    one = number(axes[0]) if len(axes) == 1 else numbers(axes)
    return Call(None, {}, "{0}.%s(%s)" % (_REDUCTIONS[part.kind], arguments(
        one, keepdim=keep)))


def running(part):
    """Return sums or products of all up to each."""
    return Call(None, {}, "{0}.%s(%d)" % (part.kind, part.options["axis"]))


def argmax(part):
    """Return the index of the largest value."""
    return Call(None, {}, "{0}.argmax(%d)" % part.options["axis"])


def embedding(part):
    """Return a look-up of rows."""
    W = part.arrays["W"]
    if W.ndim == 2 and W.dtype.kind == "f":
        return Call("nn.Embedding(%d, %d)" % W.shape, {"weight": W},
                    "{self}.weight[{0}.long()]")  # those below 0 too
    table = constant(part._replace(arrays={"value": W}))
    return table._replace(text=table.text + "[{0}.long()]")


_CELLS = {"simple": "SimpleRecurrent", "gru": "GRU", "lstm": "LSTM"}


def recurrent(part):
    """Return one of the cells that this package has for PyTorch."""
    arrays, options = part.arrays, part.options
    lstm = options["cell"] == "lstm"
    inputs, units = arrays["W_in"].shape[0], arrays["W_hid"].shape[0]
    state = {role: arrays[role] for role in ("W_in", "W_hid", "b")
             if role in arrays}
    zeros = np.zeros(units, "float32")
    state["initial"] = np.stack([
        arrays.get(role, zeros).reshape(units)
        for role in ("hid_init", "cell_init")[:2 if lstm else 1]])
    if lstm:
        state["peepholes"] = arrays.get("peepholes", np.stack([zeros] * 3))
    late = lstm and options["late_peephole"] and "peepholes" in arrays
    init = "%s(%s)" % (_CELLS[options["cell"]], arguments(
        number(inputs), number(units), repr(options["functions"]),
        backwards="True" if options["backwards"] else None,
        only_last="True" if options["final"] else None,
        learn_init="True" if options["learn_init"] else None,
        bias=None if "b" in arrays else "False",
        late_peephole="True" if late else None,
        peepholes="False" if lstm and "peepholes" not in arrays else None))
    return Call(init, state, "{self}({0}%s)" % _given(part))


def _given(part):
    """Return the further inputs of a cell, in the order that it takes."""
    takes = part.options["takes"]
    if not takes:
        return ""
    if "cell_init" in takes and "hid_init" not in takes:
        raise LeavingError("%s: takes a memory from a layer, but no state; "
                           "expected both or none." % part.name)
    names = {role: "{%d}" % i for i, role in enumerate(takes, 1)}
    return "".join(", " + names.get(role, "None")
                   for role in ("mask", "hid_init", "cell_init")
                   if role in takes or role == "mask")


#: Kind of a part → its row.
CALLS = {kind: plain for kind in _PLAIN}
CALLS.update(GEOMETRY)
CALLS.update(SHAPES)
CALLS.update({kind: reduction for kind in ("mean", "sum", "max", "min",
                                           "prod")})
CALLS.update({
    "maximum": extreme, "minimum": extreme, "constant": constant,
    "dense": dense, "batch_norm": batch_norm, "lrn": lrn,
    "leaky_relu": leaky_relu, "elu": elu, "selu": selu, "prelu": prelu,
    "softmax": softmax, "log_softmax": softmax, "dropout": dropout,
    "cumsum": running, "cumprod": running, "argmax": argmax,
    "embedding": embedding, "recurrent": recurrent})
