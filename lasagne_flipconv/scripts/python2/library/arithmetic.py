"""Operators of Python 2: what ``<``, ``==``, ``in``, ``%`` gave."""
import operator
import re

import numpy as np

from ..strings import bytes_of, text_of
from .division import by_zero, is_integer
from .equality import contains, equal, unequal

__all__ = ["OPERATORS", "Ordered", "as_argument", "bytes_of", "compare",
           "contains", "equal", "formatted", "ordered", "represented", "shown"]


#: What compares by itself; else the order was that of the types' names.
_PLAIN = (type(None), int, float, str, bytes, list, tuple, dict, set,
          frozenset)


def _is_plain(x):
    return (type(x) in _PLAIN + (bool,) or isinstance(x, np.generic)
            or type(x).__lt__ is object.__lt__)


def compare(a, b):
    """Compare as ``cmp`` did, also what has no order today.

    Parameters
    ----------
    a, b : object
        What to compare.

    Returns
    -------
    int
        Negative, zero or positive.

    Examples
    --------
    >>> compare(None, 1), compare("a", 1), compare((1, None), (1, 2))
    (-1, 1, -1)
    """
    try:
        return int(bool(a > b)) - int(bool(a < b))
    except TypeError:
        if not (_is_plain(a) and _is_plain(b)):
            raise
    if type(a) is type(b) and isinstance(a, (list, tuple)):
        return _compare_items(a, b)
    if type(a) is type(b) is dict:
        return compare(len(a), len(b)) or _compare_items(
            ordered(a.items()), ordered(b.items()))
    first, second = _rank(a), _rank(b)
    return (first > second) - (first < second)


def _compare_items(a, b):
    for x, y in zip(a, b):
        if not equal(x, y):
            return compare(x, y)
    return compare(len(a), len(b))


def _rank(x):
    """Return what things of different types are ordered by."""
    if x is None:
        return 0, "", "", 0
    if isinstance(x, (int, float, np.number, np.bool_)):
        return 1, "", "", x
    if isinstance(x, (str, bytes)):
        return 2, "str", text_of(x) if isinstance(x, bytes) else x, 0
    return 2, type(x).__name__, "", id(x)


class Ordered:
    """What orders a thing as Python 2 did.

    Parameters
    ----------
    thing : object
        What to compare with others that are within an ``Ordered``.
    """

    __slots__ = ("thing",)
    __hash__ = None

    def __init__(self, thing):
        self.thing = thing


def ordered(things, **options):
    """Return a sorted list, whatever is in it.

    Parameters
    ----------
    things : iterable
        What to sort.
    **options : dict
        As for :func:`sorted`.

    Returns
    -------
    list
        Sorted; what has no order today as Python 2 sorted it.
    """
    things = list(things)
    try:
        return sorted(things, **options)
    except TypeError:
        key = options.pop("key", None) or (lambda thing: thing)
        return sorted(things, key=lambda thing: Ordered(key(thing)),
                      **options)


def _ordering(compares, accepts):
    """Return an operator that falls back on the order of Python 2."""
    def compared(a, b):
        try:
            return compares(a, b)
        except TypeError:
            if not (_is_plain(a) and _is_plain(b)):
                raise
            return accepts(compare(a, b), 0)
    return compared


#: How each operator of the grammar compares two things.
OPERATORS = {
    "Lt": _ordering(operator.lt, operator.lt),
    "Gt": _ordering(operator.gt, operator.gt),
    "LtE": _ordering(operator.le, operator.le),
    "GtE": _ordering(operator.ge, operator.ge),
    "Eq": equal,
    "NotEq": unequal,
    "In": lambda item, container: contains(container, item),
    "NotIn": lambda item, container: not contains(container, item),
}
for _name, _operator in zip(("lt", "gt", "le", "ge", "eq", "ne"),
                            OPERATORS.values()):
    setattr(Ordered, "__%s__" % _name,
            lambda self, other, compares=_operator: compares(self.thing,
                                                             other.thing))


def shown(x):
    """Return what ``str`` made of a thing.

    Parameters
    ----------
    x : object
        Anything.

    Returns
    -------
    str
        Numbers have up to twelve digits, bytes are texts.

    Examples
    --------
    >>> shown(.1 + .2), shown(b"text")
    ('0.3', 'text')
    """
    if isinstance(x, (bytes, bytearray, memoryview)):
        return text_of(x)
    if type(x) is float:
        return _twelve_digits(x)
    if type(x) is complex:
        return _complex_digits(x)
    return represented(x) if type(x) in _HOLDERS else str(_as_unicode(x))


#: What may hold sets or bytes.
_HOLDERS = (list, tuple, dict, set, frozenset)

#: What is in the text of a list in which something may be shown otherwise.
_OTHERWISE = re.compile(r"b['\"]|set\(\)|\{(?!\})")


def represented(object):
    """Return what ``repr`` made of a thing, with ``set([1])`` for a set.

    Parameters
    ----------
    object : object
        Anything.

    Returns
    -------
    str
        Bytes are shown as texts.

    Examples
    --------
    >>> represented([{1}, b"a"])
    "[set([1]), 'a']"
    """
    text = repr(object)
    if type(object) is bytes:
        return text[1:]
    if type(object) not in _HOLDERS or "..." in text or (
            not _OTHERWISE.search(text)):
        return text
    if type(object) is dict:
        return "{%s}" % ", ".join("%s: %s" % tuple(map(represented, pair))
                                  for pair in object.items())
    within = ", ".join(map(represented, object))
    return _BRACKETS[type(object)] % (
        within + "," * (type(object) is tuple and len(object) == 1))


#: How what holds things is shown.
_BRACKETS = {list: "[%s]", tuple: "(%s)", set: "set([%s])",
             frozenset: "frozenset([%s])"}


def _as_unicode(x):
    """Return an array of bytes as one of texts."""
    return (np.char.decode(x, "utf-8", "surrogateescape")
            if isinstance(x, np.ndarray) and x.dtype.kind == "S" else x)


def _complex_digits(x):
    """Return both parts with twelve digits, or one where there is no other."""
    if x.real == 0 and not np.signbit(x.real):
        return "%.12gj" % x.imag
    return "(%.12g%+.12gj)" % (x.real, x.imag)


def _twelve_digits(x):
    text = "%.12g" % x
    if set(text) & set(".einf"):
        return text
    if abs(x) < 1e11:
        return text + ".0"
    digits, exponent = ("%.11e" % x).split("e")
    return "%se%s" % (digits.rstrip("0").rstrip("."), exponent)


class _Float(float):
    """A number that shows twelve digits."""

    def __str__(self):
        return shown(float(self))

    def __format__(self, specification):
        if not specification:
            return str(self)
        twelve = ".12" if _NO_DIGITS.match(specification) else ""
        return format(float(self), specification + twelve)


class _Complex(complex):
    """A number whose parts show twelve digits."""

    def __str__(self):
        return shown(complex(self))

    def __format__(self, specification):
        return (format(complex(self), specification) if specification
                else str(self))


#: How a number is formatted, but not with how many digits.
_NO_DIGITS = re.compile(r"(.?[<>=^])?[-+ ]?0?\d*,?\Z")


#: Numbers of Python → what shows them with twelve digits.
_NUMBERS = {float: _Float, complex: _Complex}


class _Shown:
    """A thing that can be formatted with a width, by its text."""

    def __init__(self, thing):
        self._thing = thing

    def __format__(self, specification):
        return format(shown(self._thing), specification)

    def __getattr__(self, name):
        return as_argument(getattr(self._thing, name))

    def __getitem__(self, key):
        return as_argument(self._thing[key])

    def __str__(self):
        return shown(self._thing)

    def __repr__(self):
        return represented(self._thing)


class _NumPys(_Shown):
    """A number of NumPy, or an array of one, formatted as Python's."""

    def __format__(self, specification):
        value = self._thing.item()
        if isinstance(value, np.longdouble):
            value = float(value)
        return format(as_argument(value), specification)


def as_argument(x):
    """Return what is formatted today as a thing was in Python 2.

    Parameters
    ----------
    x : object
        Anything.

    Returns
    -------
    object
        The same if it is formatted as it was.
    """
    if type(x) in _NUMBERS:
        return _NUMBERS[type(x)](x)
    if isinstance(x, (bytes, memoryview)):
        return text_of(x)
    x = _as_unicode(x)
    if isinstance(x, (np.floating, np.ndarray)) and x.ndim == 0:
        return _NumPys(x)
    return _Shown(x) if type(x).__format__ is object.__format__ else x


def formatted(template, arguments):
    """Return ``template % arguments``, where texts are formatted as before.

    Parameters
    ----------
    template, arguments : object
        Two numbers are left to Python.

    Returns
    -------
    object
        A text, or the remainder.

    Examples
    --------
    >>> formatted("%s %s", (.1 + .2, b"RIFF")), formatted(7, 4)
    ('0.3 RIFF', 3)
    """
    if isinstance(template, bytes):
        template = text_of(template)
    if not isinstance(template, str):
        try:
            return template % arguments
        except ZeroDivisionError as error:
            raise (by_zero(template, arguments) if is_integer(template)
                   and is_integer(arguments) else error) from error
    if type(arguments) is tuple:
        return template % tuple(map(_percent_argument, arguments))
    if type(arguments) is dict:
        return template % {key: _percent_argument(value)
                           for key, value in arguments.items()}
    return template % _percent_argument(arguments)


def _percent_argument(x):
    return (as_argument(x) if type(x) in _NUMBERS or type(x) in _HOLDERS
            or isinstance(x, (bytes, memoryview)) else _as_unicode(x))
