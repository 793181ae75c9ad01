"""What exponentials are in, said as Theano rewrites it to stay finite."""

__all__ = ["FINITE", "quotient"]


def _logarithm(walk, value):
    """Say the logarithm of what exponentials are in, as Theano rewrites it.

    Computed one after the other, they get infinite; None for all else.
    """
    made = walk.part_of(value)
    if made.kind == "softmax":
        return walk.add("log_softmax", *made.inputs, **made.options)
    if made.kind == "sigmoid":
        return _less_softplus(walk, walk.add("neg", *made.inputs))
    if made.kind == "add":
        return _logarithm_of_sum(walk, *made.inputs)
    if made.kind == "sub" and made.inputs[0] == 1:
        inner = walk.part_of(made.inputs[1])
        if inner.kind == "sigmoid":
            return _less_softplus(walk, *inner.inputs)
    if made.kind == "dimshuffle":
        inner = _logarithm(walk, *made.inputs)
        return inner and walk.add("dimshuffle", inner, **made.options)
    if made.kind == "sum" and _inside(walk, "exp", *made.inputs):
        return _logarithm_of_all(walk, made)
    return None


def _logarithm_of_sum(walk, one, other):
    """Say log(1 + exp(x)), and log(exp(x) + exp(y)) by the larger one."""
    rest = _beside_one(one, other)
    if rest is not None:
        return _logarithm_of_more(walk, rest)
    x, y = (_inside(walk, "exp", value) for value in (one, other))
    if None in (x, y):
        return None
    larger = walk.add("maximum", x, y)
    return walk.add("add", larger, walk.add("softplus", walk.add(
        "sub", walk.add("minimum", x, y), larger)))


def _logarithm_of_all(walk, made):
    """Say the logarithm of a sum of exponentials by the largest of them."""
    axes, x = made.options["axes"], _inside(walk, "exp", *made.inputs)
    less = walk.add("sub", x, walk.add("max", x, axes=axes, keepdims=True))
    rest = walk.add("sum", walk.add("exp", less), **made.options)
    return walk.add("add", walk.add("max", x, **made.options),
                    walk.add("log", rest))


def _logarithm_of_more(walk, value):
    """Say log(1 + exp(x))."""
    x = _inside(walk, "exp", value)
    return x and walk.add("softplus", x)


def quotient(walk, over, under):
    """Say quotients of exponentials: softmax, and sigmoid, by hand."""
    x, made = _inside(walk, "exp", over), walk.part_of(under)
    if x is not None and made.kind == "dimshuffle" and (
            made.options["pattern"] == (0, "x")):  # the one that Theano knows
        total = walk.part_of(*made.inputs)
        if total.kind == "sum" and total.inputs == (over,) and (
                total.options["axes"] == (1,)):
            return walk.add("softmax", x, axis=1)
    other = _beside_one(*made.inputs) if made.kind == "add" else None
    if other is None:
        return None
    y = _inside(walk, "exp", other)
    if y is None or y == x:
        return y and walk.add("sigmoid", y)
    inner = walk.part_of(y)
    falling = walk.add("sigmoid", inner.inputs[0] if inner.kind == "neg"
                       else walk.add("neg", y))
    return falling if over == 1 else walk.add("mul", over, falling)


def _beside_one(one, other):
    """Return what 1 is added to, None where neither is 1."""
    return other if one == 1 else one if other == 1 else None


def _inside(walk, kind, value):
    """Return what a part of a kind takes in, None for another part."""
    made = walk.part_of(value)
    return made.inputs[0] if made.kind == kind else None


def _less_softplus(walk, value):
    return walk.add("neg", walk.add("softplus", value))


#: Kind → what says it otherwise, or returns None.
FINITE = {"log": _logarithm, "log1p": _logarithm_of_more, "div": quotient}
