"""The arrays of an HDF5 file: whole, or in pieces that cover them."""
import itertools
from collections import namedtuple

import numpy as np

from ...errors import UnsafeFileError
from .blocks import NOWHERE
from .filters import check_parameters, filters_of, has_sum, unfiltered
from .messages import filled
from .pieces import old_pieces, pieces_of
from .types import bytes_of, kind_of, shape_of

__all__ = ["Dataset", "array_of"]

#: An array in a file; `read` returns a new array.
Dataset = namedtuple("Dataset", "shape dtype read")

#: How an array in pieces is stored: type, value where nothing was written,
#: shape of a piece, filters, and the pieces that there are.
Pieces = namedtuple("Pieces", "kind fill piece filters found")

_SPACE, _TYPE, _EXTERNAL, _LAYOUT, _FILTERS = 0x01, 0x03, 0x07, 0x08, 0x0B
_COMPACT, _WHOLE, _CHUNKED, _VIRTUAL = 0, 1, 2, 3


def array_of(blocks, messages, where):
    """Check type, shape, filters and place of an array.

    Parameters
    ----------
    blocks : Blocks
        The file.
    messages : dict of int to Layout
        Its header.
    where : str
        Name of file and array for error texts.

    Returns
    -------
    Dataset
        The array, which is read when asked for.

    Raises
    ------
    CheckpointError
        If the file is damaged.
    UnsafeFileError
        If it is no array of numbers, or not in the file.
    """
    for kind in (_SPACE, _TYPE, _LAYOUT):
        if kind not in messages:
            raise UnsafeFileError("%s: is no array or group; expected one, "
                                  "no named type." % where)
    if _EXTERNAL in messages:
        raise _elsewhere(where)
    kind = kind_of(messages[_TYPE].again())
    shape, most = shape_of(messages[_SPACE].again())
    if kind.name != "number" or shape is None:
        raise UnsafeFileError(
            "%s: holds %ss, or nothing; expected an array of numbers."
            % (where, kind.name))
    filters = filters_of(messages[_FILTERS].again()) if (
        _FILTERS in messages) else []
    fill = filled(messages)
    if fill is not None and len(fill) != kind.size:
        raise blocks.broken("a fill value of %d bytes" % len(fill))
    read = _place(blocks, messages[_LAYOUT].again(), (shape, most), kind,
                  fill, filters, where)

    def values():
        array = read()
        return np.array(array != 0) if kind.shown.kind == "b" else array

    return Dataset(shape, kind.shown, values)


def _elsewhere(where):
    return UnsafeFileError(
        "%s: keeps its data in other files or arrays; expected it in the "
        "file." % where)


def _place(blocks, body, sizes, kind, fill, filters, where):
    """Check where the bytes of an array are; return what reads them."""
    version, form = body.number(1), body.number(1)
    shape = sizes[0]
    if version >= 4 and form == _VIRTUAL:
        raise _elsewhere(where)
    if version not in (3, 4, 5) or form > _CHUNKED:
        raise UnsafeFileError(
            "%s: is stored in a form that is newer than HDF5 2.0, or as old "
            "as 1.4; expected the one that h5py writes by default. Write it "
            "again with h5py." % where)
    if form == _CHUNKED:
        return _chunked(blocks, body, version, sizes, kind, fill, filters,
                        where)
    declared = bytes_of(shape, kind.size)
    if form == _COMPACT:
        data = body.take(body.number(2))
        at, size = None, len(data)
    else:
        at, size = body.number(8), body.number(8)
    if size != declared or filters:
        raise _other_size(where, shape, declared, size)
    blocks.declare(size, shape, where)
    if form == _COMPACT:
        return lambda: np.frombuffer(data, kind.dtype).reshape(shape).copy()
    if at == NOWHERE:
        return lambda: _everywhere(shape, kind, fill)
    if size:
        blocks.own(at, size, "an array")
    return lambda: _whole(blocks, at, shape, kind)


def _other_size(where, shape, declared, size):
    return UnsafeFileError(
        "%s: declares shape %r, which is %d bytes; expected no more than the "
        "%d that are there can hold." % (where, shape, declared, size))


def _everywhere(shape, kind, fill):
    """Return an array of which nothing was written."""
    if fill is None:
        return np.zeros(shape, kind.dtype)
    return np.full(shape, np.frombuffer(fill, kind.dtype)[0], kind.dtype)


def _whole(blocks, at, shape, kind):
    array = np.empty(shape, kind.dtype)
    blocks.read_into(at, memoryview(array.reshape(-1).view("u1")))
    return array


def _chunked(blocks, body, version, sizes, kind, fill, filters, where):
    """Check that pieces lie within an array, and unpack to their size."""
    shape = sizes[0]
    piece, found = (old_pieces if version == 3 else pieces_of)(
        blocks, body, sizes, kind.size, bool(filters), where)
    size = bytes_of(piece, kind.size)
    # a piece at the edge is whole as well
    blocks.declare(max(size * len(found), bytes_of(shape, kind.size)), shape,
                   where)
    check_parameters(filters, kind.size, size, where)
    pieces = Pieces(kind, fill, piece, filters, found)
    for place, (at, length, _) in found.items():
        blocks.own(at, length, "an array")
        if has_sum(filters):
            _piece(blocks, pieces, place, where)
        elif length != size:
            unfiltered(b"", [], 0, 1, size, where)
    return lambda: _assembled(blocks, shape, pieces, where)


def _piece(blocks, pieces, place, where):
    """Return the elements of a piece."""
    at, length, skipped = pieces.found[place]
    data = unfiltered(blocks.peek(at, length), pieces.filters, skipped,
                      pieces.kind.size,
                      bytes_of(pieces.piece, pieces.kind.size), where)
    return np.frombuffer(data, pieces.kind.dtype).reshape(pieces.piece)


def _assembled(blocks, shape, pieces, where):
    """Return an array made of its pieces."""
    needed = bytes_of([-(-n // p) for n, p in zip(shape, pieces.piece)])
    array = np.empty(shape, pieces.kind.dtype) if (
        len(pieces.found) == needed) else _everywhere(shape, pieces.kind,
                                                      pieces.fill)
    for place in pieces.found:
        ends = [min(i + p, n) for i, p, n in zip(place, pieces.piece, shape)]
        within = tuple(itertools.starmap(slice, zip(place, ends)))
        kept = tuple(slice(end - i) for i, end in zip(place, ends))
        array[within] = _piece(blocks, pieces, place, where)[kept]
    return array
