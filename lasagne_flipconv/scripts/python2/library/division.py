"""Division of Python 2: ``/`` and ``/=``, which rounded integers down."""
import operator

__all__ = ["DIVISION", "TWO_WAYS", "by_zero", "divide", "divide_in_place",
           "is_integer"]

#: Classes that have ``__div__`` or its kind beside ``__truediv__``.
TWO_WAYS = set()

#: Where series and sparse matrices are from, whose ``/`` was that of today.
_NEVER_ROUND = ("pandas.core.series", "scipy.sparse")


def divide(a, b):
    """Divide as ``/`` did in Python 2.

    Parameters
    ----------
    a, b : number, array or theano.Variable
        What to divide, and by what.

    Returns
    -------
    number, array or theano.Variable
        Rounded down if both are integers.

    Examples
    --------
    >>> divide(7, 2), divide(7., 2)
    (3, 3.5)
    """
    return _divided(operator.floordiv, operator.truediv, a, b)


def _divided(of_integers, of_others, a, b):
    """Divide, with the error of Python 2."""
    both = _rounds(a) and _rounds(b)
    try:
        found = _by_class(of_others, a, b)
        if found is not NotImplemented:
            return found
        return (of_integers if both else of_others)(a, b)
    except ZeroDivisionError as error:
        raise by_zero(a, b) from error


def _rounds(x):
    """Tell whether something is of whole numbers, and was divided so."""
    return is_integer(x) and not any(
        cls.__module__.startswith(_NEVER_ROUND) for cls in type(x).__mro__)


def _by_class(of_others, a, b):
    """Divide by a class of `TWO_WAYS`, as without ``division``."""
    ways = [(a, b, "__div__"), (b, a, "__rdiv__")]
    if of_others is operator.itruediv:
        ways.insert(0, (a, b, "__idiv__"))
    classes = tuple(TWO_WAYS)
    for thing, other, name in ways if classes else ():
        if isinstance(thing, classes) and hasattr(type(thing), name):
            found = getattr(type(thing), name)(thing, other)
            if found is not NotImplemented:
                return found
    return NotImplemented


def by_zero(a, b):
    """Return the error of a division, whose text Python 3.14 changed.

    Parameters
    ----------
    a, b : number
        What was divided, and by what.

    Returns
    -------
    ZeroDivisionError
        With the text of Python 2.
    """
    return ZeroDivisionError(
        "integer division or modulo by zero" if is_integer(a)
        and is_integer(b) else "float division by zero")


def divide_in_place(a, b):
    """Divide as ``/=`` did: an array stays the same, a number is another.

    Parameters
    ----------
    a, b : number, array or theano.Variable
        The operands.

    Returns
    -------
    number, array or theano.Variable
        Rounded down if both are integers.

    Examples
    --------
    >>> divide_in_place(7, 2), divide_in_place(7., 2)
    (3, 3.5)
    """
    return _divided(operator.ifloordiv, operator.itruediv, a, b)


def is_integer(x):
    """Tell whether a number, an array or a variable is of whole numbers.

    Parameters
    ----------
    x : object
        Anything.

    Returns
    -------
    bool
        True for truth values as well.
    """
    kind = getattr(x, "dtype", None)
    if kind is None:
        return isinstance(x, int)
    return str(kind).startswith(("int", "uint", "bool"))


def _divide_attribute(thing, name):
    """Divide an attribute, whose value is looked up before the divisor."""
    before = getattr(thing, name)
    return lambda by: setattr(thing, name, divide_in_place(before, by))


def _divide_item(thing, key):
    before = thing[key]
    return lambda by: operator.setitem(thing, key,
                                       divide_in_place(before, by))


#: What a translated program calls for ``/``, and for ``/=`` of each target.
DIVISION = {"divide": divide, "divided": divide_in_place,
            "divide_attribute": _divide_attribute,
            "divide_item": _divide_item}
