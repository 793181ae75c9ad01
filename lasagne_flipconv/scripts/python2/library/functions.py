"""What is built into Python 2, and what translated code calls."""
import builtins
import functools
import importlib
import io
import itertools
import math
import operator
import sys
import weakref
from decimal import ROUND_HALF_UP, Decimal
from types import ModuleType

import numpy as np

from ....compat.numpy_names import buffer_of
from .. import files, lookups
from . import arithmetic, division, texts
from .arithmetic import bytes_of, compare, shown
from .arrays import stored
from .attributes import LENT, SUCCESSORS, attribute, listed, sort_by
from .equality import each, every, indices, is_or_equals, item, part

__all__ = ["NAMES_THEN", "end_line", "helpers"]


def _map(function, *iterables):
    if function is None:
        function = (lambda *items: items) if len(iterables) > 1 else _same
    if function is str:
        function = shown
    iterables = list(map(each, iterables))
    if len(iterables) == 1:
        return list(map(function, iterables[0]))
    return [function(*items) for items in itertools.zip_longest(*iterables)]


def _same(x):
    return x


def _filter(function, iterable):
    kept = list(filter(function, each(iterable)))
    if isinstance(iterable, str):
        return "".join(kept)
    return tuple(kept) if isinstance(iterable, tuple) else kept


def _range(*args):
    return list(range(*args))


def _zip(*iterables):
    return list(zip(*map(each, iterables)))


def _enumerate(sequence, start=0):
    return enumerate(each(sequence), start)


def _iter(thing, *sentinel):
    return iter(thing if sentinel else each(thing), *sentinel)


def _reduce(function, iterable, *initial):
    return functools.reduce(function, each(iterable), *initial)


def _extreme(choose, better):
    """Return ``min`` or ``max``, of whatever is to be compared."""
    @functools.wraps(choose)
    def extreme(*things, **options):
        things = tuple(map(each, things)) if len(things) == 1 else things
        if len(things) == 1 and not hasattr(things[0], "__len__"):
            things = (list(things[0]),)
        try:
            return choose(*things, **options)
        except TypeError:
            key = options.pop("key", _same)
            return choose(*things, **options,
                          key=lambda x: arithmetic.Ordered(key(x)))
    return extreme


def _round(number, ndigits=0):
    """Round half away from zero, to a float."""
    try:
        exact = Decimal(float(number))
    except TypeError:
        return round(number, ndigits)
    if not math.isfinite(number) or ndigits > 300:
        return float(number)
    return float(exact.quantize(Decimal(1).scaleb(-ndigits), ROUND_HALF_UP)
                 if exact.adjusted() + ndigits < 27 else exact)


def _input(prompt=""):
    frame = sys._getframe(1)
    return eval(input(prompt), frame.f_globals, frame.f_locals)


def _reload(module):
    """Load a module again, but for ``sys``, which was for an encoding."""
    return module if module is sys else importlib.reload(module)


def _ord(text):
    """Return a number of a text, of a byte its value."""
    number = text if isinstance(text, int) else ord(text)
    return number - _BYTES if 128 <= number - _BYTES < 256 else number


def _chr(number):
    """Return a byte as a text: beyond ASCII what stands for one of a file."""
    number = operator.index(number)
    if not 0 <= number < 256:
        raise ValueError("chr() arg not in range(256)")
    return chr(number if number < 128 else _BYTES + number)


#: What Python adds to a byte that is not of the encoding of a text.
_BYTES = 0xdc00


def _format(thing, specification=""):
    return format(arithmetic.as_argument(thing), specification)


def _oct(number):
    return oct(number).replace("o", "", 1) if number else "0"


def _coerce(a, b):
    kind = type(a + b)
    return kind(a), kind(b)


def _apply(function, args=(), kwargs=None):
    return function(*args, **(kwargs or {}))


def _unicode(string="", encoding=None, errors="strict"):
    """Return a text, of bytes or anything."""
    text = string
    if encoding:
        text = bytes_of(text)
    if isinstance(text, (bytes, builtins.bytearray)):
        return bytes(text).decode(encoding or "utf-8", errors)
    if isinstance(text, str):
        return text
    own = getattr(type(text), "__unicode__", None)
    return shown(text) if own is None else own(text)


def _str(object="", *args, **options):
    return str(object, *args, **options) if args or options else shown(object)


class _Kind(type):
    """The type of types that stand for others."""

    def __instancecheck__(cls, thing):
        return isinstance(thing, cls.kinds)

    def __subclasscheck__(cls, other):
        return issubclass(other, cls.kinds)


class basestring(metaclass=_Kind):
    """What texts are instances of."""

    kinds = (str, bytes)


class file(metaclass=_Kind):
    """What files are instances of; called, it opens one."""

    kinds = (io.IOBase, files.BinaryFile)

    def __new__(cls, *args, **options):
        return files.open_file(*args, **options)


class buffer(metaclass=_Kind):
    """The bytes of an array or a text, or a part of them."""

    kinds = (memoryview,)

    def __new__(cls, thing, offset=0, size=-1):
        return buffer_of(bytes_of(thing), offset, None if size < 0 else size)


class bytearray(metaclass=_Kind):
    """Bytes that can be changed, of a text as well."""

    kinds = (builtins.bytearray,)

    def __new__(cls, source=b"", *args):
        return builtins.bytearray(bytes_of(source))


#: What is built in, where it is not as today.
_OWN = {
    "map": _map, "filter": _filter, "range": _range, "xrange": range,
    "zip": _zip, "enumerate": _enumerate, "iter": _iter, "reduce": _reduce,
    "apply": _apply,
    "sorted": sort_by, "min": _extreme(min, -1), "max": _extreme(max, 1),
    "cmp": compare, "round": _round, "raw_input": input, "input": _input,
    "reload": _reload, "intern": sys.intern, **lookups.BUILT_IN,
    "unichr": chr, "chr": _chr, "ord": _ord, "oct": _oct,
    "format": _format, "coerce": _coerce,
    "unicode": str, "long": int, "basestring": basestring, "file": file,
    "bytearray": bytearray, "repr": arithmetic.represented,
    "open": files.open_file, "buffer": buffer,
    "StandardError": Exception,
}

#: The module ``__builtin__`` of translated code.
BUILTINS = ModuleType("__builtin__")
vars(BUILTINS).update({name: value for name, value in vars(builtins).items()
                       if name not in ("__name__", "__loader__", "__spec__")},
                      **_OWN)

#: Names that only Python 2 has: functions, attributes, contents of modules.
NAMES_THEN = frozenset(
    name for name in _OWN if not hasattr(builtins, name)) | frozenset(
    name for module, name in LENT
    if not hasattr(sys.modules.get(module), name)) | frozenset(
    name for name in SUCCESSORS if name not in ("fromstring", "tostring")
    ) | {"decode", "message"}


class _print:
    """Print as the statement did, one thing after another.

    It is called with each thing as soon as that is known, and without any for
    the end of the line.
    """

    def __init__(self, file):
        self._file = file

    def __call__(self, *things):
        place = sys.stdout if self._file is None else self._file
        for thing in things:
            text = shown(thing)
            texts.write_text(place, (" " if _soft(place) else "") + text)
            _set_soft(place, not text[-1:].isspace() or text[-1:] == " ")
        if not things:
            texts.write_text(place, "\n")
            _set_soft(place, False)
        return self


def end_line():
    """End the last line, as Python 2 did at the end of a program."""
    if _soft(sys.stdout):
        _print(None)()


#: Files after whose last text a space is due.
_SOFT = {}


def _soft(file):
    return id(file) in _SOFT and _SOFT[id(file)]() is file


def _set_soft(file, soft):
    if not soft:
        _SOFT.pop(id(file), None)
        return
    try:
        _SOFT[id(file)] = weakref.ref(file)
    except TypeError:
        _SOFT[id(file)] = lambda: file


def _error(kind, value=None, traceback=None):
    """Return the error of ``raise kind, value, traceback``."""
    while isinstance(kind, tuple):
        kind = kind[0]
    if isinstance(kind, BaseException) or not isinstance(kind, type):
        error = kind
    elif value is None:
        error = kind()
    elif isinstance(value, kind):
        error = value
    else:
        error = kind(*value) if isinstance(value, tuple) else kind(value)
    return error if traceback is None else error.with_traceback(traceback)


def _items(thing):
    """Return what the items of a thing are looked up in: ``error[0]``."""
    return (thing.args if isinstance(thing, BaseException)
            and not hasattr(thing, "__getitem__") else thing)


class _Target:
    """An array, items of which are set by the indices of a list.

    Or a group of an HDF5 file, where texts are stored as bytes.
    """

    __slots__ = ("_array",)

    def __init__(self, array):
        self._array = array

    def __getitem__(self, key):
        return item(self._array, key)

    def __setitem__(self, key, value):
        if isinstance(self._array, np.ndarray):
            self._array[indices(key)] = value
        else:
            self._array[key] = stored(value)


def _target(thing):
    return _Target(thing) if isinstance(thing, np.ndarray) or type(
        thing).__module__.startswith("h5py.") else thing


def _complete(cls):
    """Give a class the special methods that stand for those of Python 2."""
    own = vars(cls)
    for old, new in (("next", "__next__"), ("__nonzero__", "__bool__"),
                     ("__div__", "__truediv__"),
                     ("__rdiv__", "__rtruediv__"),
                     ("__idiv__", "__itruediv__")):
        if old in own and new not in own:
            setattr(cls, new, own[old])
        elif old in own and own[old] is not own[new] and "div" in old:
            division.TWO_WAYS.add(cls)
    if "__cmp__" in own:
        for name in ("lt", "le", "gt", "ge", "eq", "ne"):
            _compare_by(cls, "__%s__" % name)
    if "__eq__" in own and own.get("__hash__", 0) is None:
        del cls.__hash__  # that of the base, not none
        if cls.__hash__ is None:
            cls.__hash__ = object.__hash__
    for name in ("get", "set", "del"):
        if "__%sslice__" % name in own:
            _slice_by(cls, "__%sitem__" % name, own["__%sslice__" % name])
    return cls


def _compare_by(cls, name):
    if name not in vars(cls):
        accepts = getattr(int, name)
        setattr(cls, name, lambda self, other: accepts(
            int(self.__cmp__(other)), 0))


def _slice_by(cls, name, function):
    item = getattr(cls, name, None)

    def by_slice(self, key, *value):
        if isinstance(key, slice) and key.step is None:
            bounds = (key.start or 0,
                      sys.maxsize if key.stop is None else key.stop)
            if min(bounds) < 0 and hasattr(self, "__len__"):
                bounds = [at + len(self) if at < 0 else at for at in bounds]
            return function(self, *bounds, *value)
        return item(self, key, *value)
    setattr(cls, name, by_slice)


def helpers():
    """Return all functions that translated code calls, by their names.

    Returns
    -------
    dict of str to callable
        What is put into the built-in names.
    """
    found = {**division.DIVISION, **arithmetic.OPERATORS,
             "Ordered": arithmetic.Ordered, "formatted": arithmetic.formatted,
             "stop": StopIteration, "attribute": attribute,
             "listed": listed, "print": _print,
             "error": _error, "items": _items, "class": _complete,
             "slice": slice, "item": item, "target": _target, "each": each,
             "every": every, "keywords": lookups.keywords,
             "key": lookups.key,
             "same": is_or_equals, "part": part, "unicode": _unicode,
             "str": _str}
    return {"__python2_%s__" % name: value for name, value in found.items()}


vars(BUILTINS).update(helpers())
