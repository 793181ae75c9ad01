"""Types and shapes of HDF5: numbers that NumPy has, and texts."""
from collections import namedtuple

import numpy as np

from ...errors import UnsafeFileError

__all__ = ["Kind", "bytes_of", "kind_of", "shape_of"]

#: Type of the elements: what they are, bytes of one, their NumPy type, and
#: that in which they are returned, which differs for truth values.
Kind = namedtuple("Kind", "name size dtype shown")

_INTEGER, _FLOAT, _TEXT, _ENUM, _VARIABLE = 0, 1, 3, 8, 9
_NAMES = {_INTEGER: "number", _FLOAT: "number", _TEXT: "text",
          _ENUM: "number", _VARIABLE: "variable text"}

#: Bytes of a float → place and size of exponent, of mantissa, bias; and the
#: place of the sign.
_FLOATS = {2: (b"\x0a\x05\0\x0a\x0f\0\0\0", 15),
           4: (b"\x17\x08\0\x17\x7f\0\0\0", 31),
           8: (b"\x34\x0b\0\x34\xff\x03\0\0", 63)}
_IMPLIED = 0x20
_MOST = 1 << 47


def kind_of(body):
    """Return what a datatype message says.

    Parameters
    ----------
    body : Layout
        The message.

    Returns
    -------
    Kind
        Numbers or texts.

    Raises
    ------
    UnsafeFileError
        If it is another, or has a form that NumPy has not.
    """
    word = body.number(1)
    version, form = word >> 4, word & 15
    bits, size = body.number(3), body.number(4)
    if not 1 <= version <= 5 or not 0 < size <= body.blocks.limits.header:
        raise body.blocks.broken("a type of %d bytes" % size)
    if form not in _NAMES or form == _VARIABLE and bits & 15 != 1:
        raise UnsafeFileError(
            "%s: holds elements of class %d, no text or number; expected "
            "numbers." % (body.blocks.where, form))
    if form == _ENUM:
        return _named_numbers(body, version, bits & 0xFFFF, size)
    if form == _VARIABLE:
        kind_of(body)
        if size != 16:
            raise body.blocks.broken("a place of a text of %d bytes" % size)
        return Kind("variable text", size, None, None)
    if form == _TEXT:
        dtype = np.dtype("S%d" % size)
        return Kind("text", size, dtype, dtype)
    return _number(body, form, size, bits)


def _number(body, form, size, bits):
    """Return a number that NumPy has as well."""
    offset, precision = body.number(2), body.number(2)
    letter = "i" if bits & 8 else "u"
    fits = size in (1, 2, 4, 8)
    if form == _FLOAT:
        letter, told = "f", (body.take(8), bits >> 8 & 0xFF)
        fits = told == _FLOATS.get(size) and bits & 0x70 == _IMPLIED
    if not fits or (offset, precision) != (0, 8 * size):
        raise UnsafeFileError(
            "%s: holds numbers of %d bytes in another form than NumPy's; "
            "expected integers or floats." % (body.blocks.where, size))
    dtype = np.dtype("%s%s%d" % ("<>"[bits & 1], letter, size))
    return Kind("number", size, dtype, dtype)


def _named_numbers(body, version, count, size):
    """Return the type of an enumeration; h5py has truth values so."""
    base = kind_of(body)
    if (base.name, base.size) != ("number", size) or base.dtype.kind == "f":
        raise body.blocks.broken("names of no integers")
    names = [_padded_name(body, 8 if version < 3 else 1)
             for _ in range(count)]
    values = np.frombuffer(body.take(size * count), base.dtype).tolist()
    if size == 1 and sorted(zip(names, values)) == [(b"FALSE", 0),
                                                    (b"TRUE", 1)]:
        return base._replace(shown=np.dtype(bool))
    return base


def _padded_name(body, multiple):
    end = body.data.find(b"\0", body.at)
    if end < 0:
        raise body.blocks.broken("a name that does not end")
    length = end + 1 - body.at
    return body.take(length + -length % multiple).rstrip(b"\0")


def shape_of(body):
    """Return the shape that a dataspace message says, None for nothing.

    Parameters
    ----------
    body : Layout
        The message.

    Returns
    -------
    shape : tuple of int or None
        Sizes.
    most : tuple of int
        What they may grow to; -1 for any size.

    Raises
    ------
    UnsafeFileError
        If it has more axes than allowed, or no array can have it.
    """
    version, rank, flags = (body.expect(1, 1, 2), body.number(1),
                            body.number(1))
    if rank > body.blocks.limits.axes or flags > 1:
        raise UnsafeFileError(
            "%s: declares %d axes; expected at most %d."
            % (body.blocks.where, rank, body.blocks.limits.axes))
    kind = body.number(1) if version == 2 else int(rank > 0)
    body.take(5 if version == 1 else 0)
    shape = tuple(body.number(8) for _ in range(rank))
    most = tuple(body.number(8) for _ in range(rank)) if flags else shape
    if kind == 2 and not rank:
        return None, ()
    if kind != int(rank > 0):
        raise body.blocks.broken("a shape of kind %d" % kind)
    # NumPy multiplies all but the zeros as well
    if bytes_of([n or 1 for n in shape]) > _MOST:
        raise UnsafeFileError(
            "%s: declares shape %r; expected one that fits into memory."
            % (body.blocks.where, shape))
    if any(n < m for n, m in zip(most, shape)):
        raise body.blocks.broken("a shape that is larger than its largest")
    return shape, most


def bytes_of(shape, size=1):
    """Return how many bytes so many elements have."""
    for n in shape:
        size *= n
    return size
