"""Recognise a ReLU, leaky ReLU or ELU of a variable in the graph.

The forms differ: Lasagne's `rectify` is ``0.5 * (x + |x|)``, its leaky one
``a * x + b * |x|``; others take a maximum or a switch.
"""
import theano.tensor as T
from theano import scalar
from theano.tensor.elemwise import Elemwise

__all__ = ["find_activation", "find_line"]

_DEPTH = 4  # steps from a variable to the end of the longest form


def find_activation(x):
    """Find an activation of `x` that all uses of `x` belong to.

    Parameters
    ----------
    x : theano.Variable
        Part of a graph.

    Returns
    -------
    tuple or None
        The activated variable, 'relu', 'elu' or 'positive', and the slope
        below zero or factor of the exponential. Not-a-number stays what it
        is, but for 'positive', which is zero for all that is not above.
    """
    for candidate in _downstream(x):
        if candidate.type != x.type:
            continue
        inner = set()
        for name, match in _ACTIVATIONS.items():
            slope = match(candidate, x, inner)
            if slope is not None and _closed(x, {candidate}, inner):
                return candidate, name, slope
    return None


def find_line(x, gradient=None):
    """Find ``p * x + q * |x|`` that all uses of `x` belong to.

    Parameters
    ----------
    x : theano.Variable
        Part of a graph.
    gradient : theano.Variable or None
        With respect to `x`, as the chain rule makes it of the same form; may
        use `x`, too.

    Returns
    -------
    tuple or None
        The last variable of this form, (p, q), and the gradient with respect
        to that variable, None without.
    """
    undone, apart = None, set()
    if gradient is not None:
        undone = _without_line(gradient, x, apart)
        if undone is None:
            return None
    for candidate in reversed(_downstream(x)):
        inner = set()
        line = _line(candidate, x, inner)
        if (line is not None and candidate.type == x.type
                and _closed(x, {candidate, gradient}, inner | apart)):
            if undone and undone[1] != line:
                return None
            return candidate, line, undone and undone[0]
    return None


def _without_line(gradient, x, inner):
    """Return `g` and (p, q) if `gradient` is ``g * (p + q * sgn(x))``."""
    if not _operation(gradient, scalar.Add):
        return None
    inner.add(gradient.owner)
    slopes, bases = [0., 0.], set()
    for term in gradient.owner.inputs:
        factor, signs, base = _product_with_sign(term, x, inner)
        if signs > 1 or base is None or base.type != x.type:
            return None
        slopes[signs] += factor
        bases.add(base)
    return (bases.pop(), tuple(slopes)) if len(bases) == 1 else None


def _product_with_sign(v, x, inner):
    """Return v as constant factor, number of ``sgn(x)``, and what is left."""
    factor, signs, path = 1., 0, []
    while _operation(v, scalar.Mul):
        rest, node = [], v.owner
        path.append(node)
        for term in node.inputs:
            value = _constant(term)
            if value is not None:
                factor *= value
            elif _operation(term, scalar.Sgn) and term.owner.inputs[0] is x:
                signs += 1
                inner.update(path, [term.owner])
            else:
                rest.append(term)
        if len(rest) == len(node.inputs):
            break  # a product of other things
        v = rest[0] if len(rest) == 1 else None
    return factor, signs, v


def _downstream(x):
    found, layer = [], [x]
    for _ in range(_DEPTH):
        layer = [node.outputs[0] for v in layer for node, _ in v.clients
                 if hasattr(node, "op") and type(node.op) is Elemwise]
        found += [v for v in layer if v not in found]
    return found


def _closed(x, results, inner):
    """Tell whether nothing else uses `x`, nor what lies between."""
    inside = inner | {v.owner for v in results if v is not None}
    between = {x} | {node.outputs[0] for node in inner} - results
    return all(user in inside for v in between for user, _ in v.clients)


def _operation(v, kinds):
    node = None if v is None else v.owner
    return (node is not None and type(node.op) is Elemwise
            and isinstance(node.op.scalar_op, kinds))


def _constant(v):
    try:
        return float(T.get_scalar_constant_value(v))
    except (T.NotScalarConstantError, TypeError):
        return None


def _line(v, x, inner):
    """Return (p, q) if `v` is ``p * x + q * |x|``, else None.

    The nodes on the way are added to `inner`.
    """
    if v is x:
        return 1., 0.
    if _constant(v) == 0:
        return 0., 0.
    if _operation(v, scalar.Abs) and v.owner.inputs[0] is x:
        inner.add(v.owner)
        return 0., 1.
    if _operation(v, (scalar.Add, scalar.Sub)):
        return _sum_of_lines(v, x, inner)
    if _operation(v, scalar.Mul):
        return _scaled_line(v, x, inner)
    return None


def _sum_of_lines(v, x, inner):
    lines = [_line(term, x, inner) for term in v.owner.inputs]
    if None in lines:
        return None
    inner.add(v.owner)
    if isinstance(v.owner.op.scalar_op, scalar.Sub):
        lines[1] = tuple(-part for part in lines[1])
    return tuple(sum(parts) for parts in zip(*lines))


def _scaled_line(v, x, inner):
    factor, rest = 1., []
    for term in v.owner.inputs:
        value = _constant(term)
        if value is None:
            rest.append(term)
        else:
            factor *= value
    line = _line(rest[0], x, inner) if len(rest) == 1 else None
    if line is None:
        return None
    inner.add(v.owner)
    return tuple(factor * part for part in line)


def _is_one(value):
    return abs(value - 1) < 1e-6  # of constants rounded to float32


def _relu(v, x, inner):
    """Return the slope of a ReLU below zero; above, it has to be 1."""
    line = _line(v, x, inner)
    if line is not None:
        return line[0] - line[1] if _is_one(sum(line)) else None
    if _operation(v, scalar.Maximum):
        slopes = [_slope(term, x, inner) for term in v.owner.inputs]
        low = None if None in slopes else min(slopes)
        return low if low is not None and _is_one(max(slopes)) else None
    branches = _branches(v, x, inner)
    if branches and branches[0] is x and not _is_positive(v):
        return _slope(branches[1], x, inner)
    return None


def _positive(v, x, inner):
    """Return 0 if `v` is ``switch(x > 0, x, 0)``."""
    branches = _branches(v, x, inner)
    return 0. if branches and branches[0] is x and _is_positive(v) else None


def _is_positive(v):
    """Tell whether a switch gives zero for what is not a number."""
    return _constant(v.owner.inputs[2]) == 0


def _elu(v, x, inner):
    """Return the factor of an ELU."""
    branches = _branches(v, x, inner)
    if not branches or branches[0] is not x:
        return None
    below, factor = branches[1], 1.
    if _operation(below, scalar.Mul) and len(below.owner.inputs) == 2:
        for constant, other in (below.owner.inputs, below.owner.inputs[::-1]):
            if _constant(constant) is not None:
                factor, inner_v = _constant(constant), other
                inner.add(below.owner)
                below = inner_v
                break
    if _operation(below, scalar.Expm1) and below.owner.inputs[0] is x:
        inner.add(below.owner)
        return factor
    return None


def _slope(v, x, inner):
    """Return `a` if `v` is ``a * x``, else None."""
    line = _line(v, x, inner)
    return line[0] if line is not None and line[1] == 0 else None


def _branches(v, x, inner):
    """Return what a switch gives above and below zero, else None."""
    if not _operation(v, scalar.Switch):
        return None
    condition, first, second = v.owner.inputs
    for kinds, branches in (((scalar.GT, scalar.GE), (first, second)),
                            ((scalar.LT, scalar.LE), (second, first))):
        if (_operation(condition, kinds)
                and condition.owner.inputs[0] is x
                and _constant(condition.owner.inputs[1]) == 0):
            inner.add(condition.owner)
            return branches
    return None


_ACTIVATIONS = {"relu": _relu, "elu": _elu, "positive": _positive}
