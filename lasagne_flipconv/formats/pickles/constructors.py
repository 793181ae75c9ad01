"""Make what a pickle may make: dtypes, arrays, dicts, bytes, all checked.

A pickle names a constructor; CALLS is the whole list of those there are. Each
is a function of the machine that reads the pickle and of the arguments.
"""
from collections import namedtuple

from ...errors import UnsafeFileError
from ..common.arrays import StoredArray, check_shape, numeric_dtype

__all__ = ["Array", "CALLS", "DType", "EMPTY_DICTS", "NoKey", "Ordered",
           "Symbol", "TurnedArray", "TwoOfAKey", "as_text", "build",
           "is_bytes", "only", "pairs_of", "shape_of_objects", "with_pairs"]

#: A module's name and a name in it, as the file says; never looked up.
Symbol = namedtuple("Symbol", "module name")

_LARGEST_KEY = 1 << 31
#: Of keys, codes and other words: each is decoded whenever it is used.
_LONGEST_WORD = 1024


class DType:
    """Hold a dtype while the pickle still says more about it."""

    __slots__ = ("code", "dtype")

    def __init__(self, code):
        self.code = code
        self.dtype = None


class Array:
    """Hold an array while the pickle still says more about it."""

    __slots__ = ("stored",)

    def __init__(self):
        self.stored = None


class TurnedArray(StoredArray):
    """Hold an array whose bytes are in order before its axes are put into
    another, `axes`, as ``numpy.transpose`` takes it."""

    def read(self):
        """Return a new array, with its bytes as they are stored."""
        stored = tuple(self.shape[self.axes.index(i)]
                       for i in range(len(self.axes)))
        return StoredArray(self.dtype, stored, False, self.raw).read(
            ).transpose(self.axes)


class Ordered(dict):
    """Hold an OrderedDict, whose order means something even in Python 2."""


def as_text(value):
    """Return a text, given one or the bytes that Python 2 had for it."""
    if not (isinstance(value, str) or is_bytes(value)) or (
            len(value) > _LONGEST_WORD):
        raise ValueError("no word")
    return value if isinstance(value, str) else bytes(value).decode("latin-1")


def is_bytes(value):
    """Tell whether a value is bytes."""
    return isinstance(value, (bytes, memoryview))


def only(value, kind):
    """Return a value if it is of just this type (or both are dicts)."""
    if type(value) is not kind and not (kind is dict
                                        and type(value) is Ordered):
        raise TypeError("not a %s" % kind.__name__)
    return value


def pairs_of(items):
    """Return a dict of keys and values that take turns."""
    return with_pairs({}, items)


def with_pairs(found, items):
    """Put keys and values that take turns into a dict, and return it."""
    if len(items) % 2:
        raise ValueError("a key without a value")
    for key, value in zip(map(key_of, items[::2]), items[1::2]):
        if key in found:  # as bytes and as a text
            raise TwoOfAKey("%.80r" % (key,))
        found[key] = value
    return found


def key_of(key):
    """Return a key for a dict: a text, None, or a small number.

    Large numbers could be chosen so that all of them collide.
    """
    if is_bytes(key):
        return as_text(key)
    if isinstance(key, int) and abs(key) < _LARGEST_KEY:
        return key
    if key is not None and not isinstance(key, str):
        raise NoKey(type(key).__name__)
    return key


class NoKey(TypeError):
    """A key of a dict is neither text nor small number; tells its type."""


class TwoOfAKey(ValueError):
    """A dict has a key twice, of which one would be lost; tells the key."""


def build(machine, built, state):
    """Fill in what BUILD says about a dtype or an array."""
    if type(built) is DType and built.dtype is None:
        _build_dtype(machine, built, state)
    elif type(built) is Array and built.stored is None:
        _build_array(machine, built, state)
    else:
        only(built, dict)
        only(state, dict)


def _build_dtype(machine, built, state):
    order = as_text(state[1])
    if order not in ("<", ">", "|", "=") or any(
            part is not None for part in state[2:5]):
        raise UnsafeFileError(
            "%s: holds a structured array; expected arrays of numbers."
            % machine.where)
    code = built.code.lstrip("<>|=")
    if code == "O8":
        built.dtype = "object"
        return
    built.dtype = numeric_dtype(("" if order in "|=" else order) + code,
                                machine.where, texts=True)


def _build_array(machine, built, state):
    shape, dtype, fortran, raw = state[-4:]
    if len(state) > 5:
        raise ValueError("no state of an array")
    if only(dtype, DType).dtype == "object":
        built.stored = _objects(machine, shape, raw)
        return
    built.stored = _stored(machine, dtype, shape, fortran, raw)


def _objects(machine, shape, items):
    """Return what an array of objects holds: its list, or its one dict."""
    if type(items) is list and len(items) == 1 and shape == ():
        items = items[0]  # numpy.save of a dict
    if shape_of_objects(items) != shape:
        raise UnsafeFileError(
            "%s: holds an array of objects that is no list of arrays; "
            "expected one axis and as many items, or no axis and a dict."
            % machine.where)
    return items


def shape_of_objects(held):
    """Return the shape of an array of objects, or None if it holds others.

    Parameters
    ----------
    held : value
        What the array holds: a list for one axis, a dict for none.

    Returns
    -------
    tuple of int or None
        The shape.
    """
    if type(held) in (dict, Ordered):
        return ()
    return (len(held),) if type(held) is list else None


def _stored(machine, dtype, shape, fortran, raw):
    if isinstance(raw, str):
        machine.spend(len(raw))
        raw = raw.encode("latin-1")
    if not is_bytes(raw) or type(fortran) not in (bool, int):
        raise TypeError("no bytes")
    dtype = only(dtype, DType).dtype or numeric_dtype(
        dtype.code, machine.where, texts=True)
    if dtype == "object":
        raise TypeError("objects as bytes")
    check_shape(shape, dtype, len(raw), "%s: array" % machine.where,
                machine.limits)
    return StoredArray(dtype, shape, bool(fortran), raw)


def _ready(machine, dtype, shape, fortran, raw):
    array = Array()
    array.stored = _stored(machine, dtype, shape, fortran, raw)
    return array


def _call_dtype(machine, arguments):
    code = as_text(arguments[0])
    if len(arguments) > 3 or not all(n in (0, 1) for n in arguments[1:]):
        raise ValueError("no dtype")
    if code.lstrip("<>|=") not in ("O8", "O"):
        numeric_dtype(code, machine.where, texts=True)
    return DType("O8" if code.endswith("O") else code)


def _call_reconstruct(machine, arguments):
    kind, shape, code = arguments
    if kind != Symbol("numpy", "ndarray") or shape != (0,) or (
            as_text(code) != "b"):
        raise UnsafeFileError(
            "%s: makes an array of another class or shape than NumPy ever "
            "writes; expected numpy.ndarray, (0,), 'b'." % machine.where)
    return Array()


def _call_scalar(machine, arguments):
    dtype, raw = arguments
    return _ready(machine, dtype, (), False, raw)


def _call_frombuffer(machine, arguments):
    """Return an array from its bytes; since NumPy 2.5 there may be an order
    of axes behind, into which they are put once the array has its shape."""
    raw, dtype, shape, order, *rest = arguments
    order = as_text(order)
    if order not in ("C", "F", "K") or len(rest) > 1:
        raise ValueError("no order of elements")
    array = _ready(machine, dtype, shape, order == "F", raw)
    if order == "K":
        array.stored = _turned(array.stored, *rest)
    elif rest not in ([], [None]):
        raise ValueError("two orders of axes")
    return array


def _turned(stored, axes):
    if type(axes) is not tuple or {int} != {int, *map(type, axes)} or (
            sorted(axes) != list(range(len(stored.shape)))):
        raise ValueError("no order of axes")
    turned = TurnedArray(stored.dtype, tuple(stored.shape[i] for i in axes),
                         False, stored.raw)
    turned.axes = axes
    return turned


def _call_encode(machine, arguments):
    text, encoding = arguments
    if as_text(encoding) not in ("latin1", "latin-1"):
        raise UnsafeFileError(
            "%s: encodes a text as %.40r; expected 'latin1', as pickles of "
            "bytes do." % (machine.where, as_text(encoding)))
    machine.spend(len(text))
    return text.encode("latin-1")


def _call_empty(machine, arguments):
    if arguments != ():
        raise UnsafeFileError(
            "%s: calls bytes with arguments; expected none, as pickles of "
            "empty bytes do." % machine.where)
    return b""


def _call_dict(machine, arguments):
    if not arguments:
        return Ordered()
    pairs, = arguments
    machine.spend(len(only(pairs, list)))
    return Ordered(pairs_of([part for key, value in pairs
                             for part in (key, value)]))


_ORDERED = Symbol("collections", "OrderedDict")
EMPTY_DICTS = frozenset([_ORDERED])

#: What a pickle may name; None if it may only be named, not called.
CALLS = {
    Symbol("numpy", "ndarray"): None,
    Symbol("numpy", "dtype"): _call_dtype,
    _ORDERED: _call_dict,
    Symbol("_codecs", "encode"): _call_encode,
    Symbol("__builtin__", "bytes"): _call_empty,
    Symbol("builtins", "bytes"): _call_empty,
}
for _core in ("numpy.core.", "numpy._core."):
    CALLS.update({
        Symbol(_core + "multiarray", "_reconstruct"): _call_reconstruct,
        Symbol(_core + "multiarray", "scalar"): _call_scalar,
        Symbol(_core + "numeric", "_frombuffer"): _call_frombuffer,
    })
