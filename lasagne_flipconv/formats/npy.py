"""The ``.npy`` format: one array behind a header that is a Python literal.

The header is read by a grammar of its own, never evaluated.
"""
import re

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .common.arrays import check_shape, numeric_dtype
from .common.record import Checkpoint, Entry
from .pickles.constructors import shape_of_objects
from .pickles.structure import checkpoint_of
from .pickles.unpickle import unpickle

__all__ = ["MAGIC", "OBJECTS", "header_of", "objects_of", "parse_header",
           "read", "sniff"]

MAGIC = b"\x93NUMPY"
#: Of a header: magic, version, and the length of what follows.
START = 12

#: Codes of arrays of objects, which are pickled.
OBJECTS = ("O", "|O", "|O8", "|O4")

_LENGTH = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
_FIELD = re.compile(
    r"\s*'(descr|fortran_order|shape)'\s*:\s*"
    r"('[^'\\]{1,16}'|True|False|\(\s*\)|"
    r"\((?:\s*\d{1,19}L?\s*,)+(?:\s*\d{1,19}L?)?\s*\))\s*(?:,|(?=\}))")
#: Bytes of a header; NumPy refuses more than 10000 unless told otherwise.
_LONGEST = 10000


def sniff(head):
    """Tell whether a file is an array by itself."""
    return head.startswith(MAGIC)


def parse_header(head, where):
    """Read the header of an array.

    Parameters
    ----------
    head : bytes
        The begin of the file: at least its header.
    where : str
        Name of file and array for error texts.

    Returns
    -------
    code : str
        Byte order, kind and size of the elements.
    shape : tuple of int
        Shape.
    fortran : bool
        Whether the first axis varies fastest.
    start : int
        Where the elements begin.

    Raises
    ------
    CheckpointError
        If it is no such header.
    UnsafeFileError
        If it is longer than any.

    Examples
    --------
    >>> parse_header(header_of(np.dtype("f4"), (2, 3)), "a.npy")
    ('<f4', (2, 3), False, 128)
    """
    length = _LENGTH.get(tuple(head[6:8]))
    if not head.startswith(MAGIC) or length is None:
        raise CheckpointError(
            "%s: begins with %r; expected %r and version 1.0 to 3.0 of the "
            "format of NumPy arrays." % (where, bytes(head[:8]), MAGIC))
    start = 8 + length
    size = int.from_bytes(head[8:start], "little")
    if size > _LONGEST:
        raise UnsafeFileError(
            "%s: declares a header of %d bytes; expected at most %d, as "
            "arrays of numbers have." % (where, size, _LONGEST))
    text = bytes(head[start:start + size]).decode("latin-1")
    fields = _fields(text)
    if len(text) != size or fields is None:
        raise CheckpointError(
            "%s: has the header %.200r; expected a dict of 'descr' (the type "
            "of numbers), 'fortran_order' and 'shape'." % (where, text))
    return (fields["descr"], fields["shape"], fields["fortran_order"],
            start + size)


def _fields(text):
    """Return the fields of a header, or None if they are not those three."""
    text = text.strip()
    if text[:1] != "{" or text[-1:] != "}":
        return None
    found, at = {}, 1
    for _ in range(3):
        match = _FIELD.match(text, at)
        if match is None:
            return None
        found[match.group(1)] = _literal(match.group(2))
        at = match.end()
    kinds = [type(found.get(key)) for key in ("descr", "fortran_order",
                                              "shape")]
    if text[at:].strip() != "}" or kinds != [str, bool, tuple]:
        return None
    return found


def _literal(text):
    if text.startswith("("):
        return tuple(int(n) for n in re.findall(r"\d+", text))
    return text[1:-1] if text.startswith("'") else text == "True"


def header_of(dtype, shape, fortran=False):
    """Return the header of an array, as NumPy writes it.

    Parameters
    ----------
    dtype : numpy.dtype
        Type of the elements.
    shape : tuple of int
        Shape.
    fortran : bool
        Whether the first axis varies fastest.

    Returns
    -------
    bytes
        Magic, version, length and dict, padded to a multiple of 64 bytes.
    """
    text = "{'descr': %r, 'fortran_order': %r, 'shape': %r, }" % (
        dtype.str, bool(fortran), tuple(int(n) for n in shape))
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return MAGIC + b"\1\0" + len(text).to_bytes(2, "little") + text.encode()


def read(file, limits):
    """Read a ``.npy``: one array, or objects: a list or dict of arrays."""
    data = file.read()
    code, shape, fortran, start = parse_header(data[:_LONGEST + START],
                                               file.name)
    if code in OBJECTS:
        return objects_of(data, start, shape, file.name, limits)
    dtype = numeric_dtype(code, file.name)
    check_shape(shape, dtype, len(data) - start, file.name, limits)

    def values():
        flat = np.frombuffer(data, dtype, offset=start).copy()
        return flat.reshape(shape, order="F" if fortran else "C")

    return Checkpoint(file.name, "npy", (Entry("arr_0", shape, dtype,
                                               values),))


def objects_of(data, start, shape, where, limits, beside=False):
    """Return the checkpoint of an array of objects: a list or dict of arrays.

    Parameters
    ----------
    data : bytes
        The array, header included.
    start : int
        Where its pickle begins.
    shape : tuple of int
        Its shape, as the header says.
    where : str
        Name of file and array for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    beside : bool
        Whether it is beside other arrays, and may hold texts or numbers only.

    Returns
    -------
    Checkpoint
        The arrays in it.

    Raises
    ------
    UnsafeFileError
        If the objects are others.
    """
    value, end = unpickle(data, where, limits, start)
    held = getattr(value, "stored", None)
    if end != len(data) or shape_of_objects(held) != shape:
        raise UnsafeFileError(
            "%s: holds objects of shape %r that are no list of arrays; "
            "expected one axis, its items being arrays, or no axis and a "
            "dict of arrays." % (where, shape))
    return checkpoint_of(value, data, where, "npy", limits, beside)
