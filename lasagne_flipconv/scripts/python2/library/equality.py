"""``==``, ``in`` and items of Python 2, for which bytes were texts."""
import collections
import contextlib
import io
import itertools
import operator

import numpy as np

from ...old_names.arguments.ragged import of_objects
from ..strings import Bytes, bytes_of, native, text_of, words_of

__all__ = ["ITERTOOLS", "METHODS", "alike", "as_texts", "contains", "each",
           "equal", "every", "indices", "is_or_equals", "item", "part",
           "unequal"]


def equal(a, b):
    """Compare as ``==`` did, for which bytes were texts.

    Parameters
    ----------
    a, b : object
        What to compare.

    Returns
    -------
    object
        A bool, or what the objects make of it.

    Examples
    --------
    >>> equal(b"RIFF", "RIFF")
    True
    """
    return _compared(operator.eq, *alike(a, b), False)


def unequal(a, b):
    """Compare as ``!=`` did, for which bytes were texts.

    Parameters
    ----------
    a, b : object
        What to compare.

    Returns
    -------
    object
        A bool, or what the objects make of it.
    """
    return _compared(operator.ne, *alike(a, b), True)


def _compared(compares, a, b, otherwise):
    """Compare; arrays of other lengths are unequal, as until NumPy 1.25.

    Those of a list of rows are compared with them, as until 1.24.
    """
    try:
        return compares(a, b)
    except ValueError:
        if not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray):
            raise
    with contextlib.suppress(ValueError):  # of rows that were no array then
        rows = of_objects(a), of_objects(b)
        if rows[0] is not a or rows[1] is not b:
            return compares(*rows)
    return otherwise


def alike(a, b):
    """Return two things, texts both if one is bytes and one a text.

    Parameters
    ----------
    a, b : object
        Arrays and lists of them as well.

    Returns
    -------
    tuple
        Of two.
    """
    a, b = _as_array(a, b), _as_array(b, a)
    kinds = _kind_of(a) + _kind_of(b)
    return (as_texts(a) if kinds in ("SU", "OU", "L", "LL") else a,
            as_texts(b) if kinds in ("US", "UO", "L", "LL") else b)


def _as_array(x, other):
    """Return an array of texts for a list that is compared with one."""
    if isinstance(x, (list, tuple)) and isinstance(other, np.ndarray) \
            and other.dtype.kind in "SUO":
        with contextlib.suppress(ValueError):  # of unequal lengths
            return np.asarray(x)
    return x


_LISTS = (list, tuple, set, frozenset)


def _kind_of(x):
    """Return what things or arrays of bytes and of texts have for a type."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind
    if type(x) in _LISTS:
        return "L" if _holds_bytes(x) else ""
    return ("S" if isinstance(x, (bytes, bytearray))
            else "U" * isinstance(x, str))


def _holds_bytes(x):
    kinds = set(map(type, x))
    return any(issubclass(kind, bytes) for kind in kinds) or (
        not kinds.isdisjoint(_LISTS)
        and any(_holds_bytes(item) for item in x if type(item) in _LISTS))


def as_texts(x):
    """Return a text, a list of them, or an array of objects with them.

    Parameters
    ----------
    x : object
        Of bytes.

    Returns
    -------
    object
        Anything else as it is.
    """
    if type(x) in _LISTS:
        return type(x)(map(as_texts, x))
    if not isinstance(x, np.ndarray):
        return text_of(x) if isinstance(x, (bytes, bytearray)) else x
    found = np.empty(x.shape, object)
    found.flat = [as_texts(item) for item in x.flat]
    return found


def contains(container, item):
    """Look for something as ``in`` did, for which bytes were texts.

    Parameters
    ----------
    container, item : object
        Where, and what.

    Returns
    -------
    bool
        Whether it is there.

    Examples
    --------
    >>> contains((b"jpg", b"png"), "png"), contains(b"a.png", ".png")
    (True, True)
    """
    if not isinstance(item, (str, bytes)):
        try:
            return item in container
        except ValueError:
            if type(container) not in (list, tuple):
                raise
            return any(is_or_equals(item, other) for other in container)
    if isinstance(container, bytes):
        return bytes_of(item) in bytes(container)
    if isinstance(container, str):
        return (text_of(item) if isinstance(item, bytes) else item
                ) in container
    if isinstance(container, np.ndarray):
        return bool(np.any(equal(container, item)))
    other = (text_of(item) if isinstance(item, bytes)
             else bytes_of(item))
    return item in container or (
        isinstance(container, (list, tuple, set, frozenset, dict))
        and other in container)


def is_or_equals(a, b):
    """Tell whether two things are the same, or equal, as to ``in``.

    No array is None, as until NumPy 1.12.

    Parameters
    ----------
    a, b : object
        What to compare.

    Returns
    -------
    bool
        Whether they are.
    """
    with_none = a is None or b is None
    if with_none and isinstance(b if a is None else a, np.ndarray):
        return False
    return a is b or bool(equal(a, b))


_INDICES = (list, tuple, slice, np.ndarray, type(None), type(Ellipsis))


def indices(key):
    """Return several indices for a list in brackets, as until NumPy 1.23.

    Parameters
    ----------
    key : object
        What is in the brackets of an array.

    Returns
    -------
    object
        A tuple, if it is a list that was one.

    Examples
    --------
    >>> indices([[0, 1], [1, 2]]), indices([0, 1])
    (([0, 1], [1, 2]), [0, 1])
    """
    return tuple(key) if type(key) is list and len(key) <= 32 and any(
        isinstance(part, _INDICES) for part in key) else key


#: What an item of bytes may be.
_OF_BYTES = {int, bytes, np.bytes_}


def item(thing, key):
    """Look an item up, as a text if it is one of an array of bytes.

    Parameters
    ----------
    thing, key : object
        Where, and what.

    Returns
    -------
    object
        Of bytes, a text of one.

    Examples
    --------
    >>> item(np.array([b"cat"]), 0), item(b"RIFF", 1)
    ('cat', 'I')
    """
    if type(key) is list and isinstance(thing, np.ndarray):
        key = indices(key)
    try:
        found = thing[key]
    except KeyError:
        if type(key) is not bytes:
            raise
        found = thing[Bytes(key)]
    kind = type(found)
    if kind not in _OF_BYTES:  # as most, which has to be fast
        return found
    if isinstance(thing, bytes):
        return text_of([found]) if kind is int else native(found)
    if kind is int:
        return found
    return (words_of(found) if kind is np.bytes_ or hasattr(thing, "dtype")
            else Bytes(found))


def part(found):
    """Return a slice, of bytes as a text if it is one of ASCII.

    Parameters
    ----------
    found : object
        What was found.

    Returns
    -------
    object
        Anything else as it is.
    """
    return native(found) if isinstance(found, bytes) else found


def each(things, rows=False):
    """Return what a loop runs over: texts for an array of bytes.

    Parameters
    ----------
    things : object
        What is to be iterated.
    rows : bool, default False
        Whether each item is a row that is taken apart.

    Returns
    -------
    iterable
        The same thing, if it is no such array.

    Examples
    --------
    >>> each(np.array([b"cat", b"dog"])), each(b"RI"), each((1, 2))
    (['cat', 'dog'], ['R', 'I'], (1, 2))
    """
    kind = type(things)
    if kind in _PLAIN:  # as most
        return things
    if isinstance(things, bytes):
        return [text_of([byte]) for byte in bytes(things)]
    if isinstance(things, (io.BufferedIOBase, io.RawIOBase)):
        return map(native, things)
    if isinstance(things, np.flatiter) and things.base.dtype.kind in "SO":
        things = things.copy()
    if not isinstance(things, (np.ndarray, np.void)):
        return map(words_of, things) if _is_stored(things) else things
    if rows and (things.ndim > 1 or things.dtype.names):
        return map(each, things)
    if things.dtype.names and not things.ndim or (
            things.dtype.kind in "SO" and things.ndim == 1):
        return list(map(words_of, things))
    return things


#: What is iterated as it is.
_PLAIN = frozenset([list, tuple, dict, set, str, range])


def _is_stored(things):
    """Tell whether a thing is an array of texts in a file of HDF5."""
    return type(things).__module__.startswith("h5py") and (
        getattr(getattr(things, "dtype", None), "kind", "") in ("S", "O")
        and things.ndim == 1)


def every(arguments, rows=False):
    """Return what loops run over for each of several arguments.

    Parameters
    ----------
    arguments : iterable
        What is passed as ``*arguments``.
    rows : bool, default False
        As for :func:`each`.

    Returns
    -------
    list
        One for each.

    Examples
    --------
    >>> every(([1], b"RI"))
    [[1], ['R', 'I']]
    """
    return [each(argument, rows) for argument in arguments]


def _gives_texts(name):
    """Return what gives an array of bytes a method that returns its items."""
    def given(array):
        if getattr(getattr(array, "dtype", None), "kind", "") not in (
                "S", "V"):
            return None
        return lambda *args: words_of(getattr(array, name)(*args))
    return given


def _loops(name, kinds):
    """Return what gives a container a method that takes what is iterated."""
    return lambda thing: (lambda *things, **more: getattr(thing, name)(
        *map(each, things), **more)) if isinstance(thing, kinds) else None


#: Method → what is given for it, None to look further.
METHODS = {**{name: _gives_texts(name) for name in ("item", "tolist")},
           "extend": _loops("extend", (list, collections.deque)),
           "update": _loops("update", (set, collections.Counter))}

#: What ``itertools`` is lent.
ITERTOOLS = {
    "izip": lambda *things: zip(*map(each, things)),
    "ifilter": lambda function, things: filter(function, each(things)),
    "izip_longest": lambda *things, **more: itertools.zip_longest(
        *map(each, things), **more),
    "ifilterfalse": itertools.filterfalse}
