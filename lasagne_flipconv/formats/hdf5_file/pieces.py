"""Where the pieces of an HDF5 array are, in each index that HDF5 has."""
from ...errors import UnsafeFileError
from .blocks import NOWHERE, leaves
from .indexes import fixed, growing
from .records import PACKED_PIECES, PIECES, records_of
from .types import bytes_of

__all__ = ["old_pieces", "pieces_of"]

_SINGLE, _IMPLICIT, _FIXED, _GROWING, _TREE = 1, 2, 3, 4, 5

#: Kind of an index → bytes of what is said of it before its address.
_INDEXES = {_SINGLE: 0, _IMPLICIT: 0, _FIXED: 1, _GROWING: 5, _TREE: 6}


def old_pieces(blocks, body, sizes, item, packed, where):
    """Return shape and places of pieces that a tree of version 1 lists.

    Parameters
    ----------
    blocks : Blocks
        The file.
    body : Layout
        The message that tells where the tree is.
    sizes : tuple of tuple of int
        Shape of the array, and what it may grow to.
    item : int
        Bytes of an element.
    packed : bool
        Whether the pieces went through filters.
    where : str
        Name of file and array for error texts.

    Returns
    -------
    piece : tuple of int
        Shape of a piece.
    found : dict of tuple to (int, int, int)
        Indices of its first element → address, bytes, filters left out.
    """
    shape, rank = sizes[0], body.number(1) - 1
    root = body.number(8)
    piece = tuple(body.number(4) for _ in range(rank))
    body.expect(4, item)
    _check_size(blocks, piece, shape, item, where)
    keys = {}

    def key(node):
        length, skipped = node.number(4), node.number(4)
        place = tuple(node.number(8) for _ in range(rank))
        node.expect(8, 0)
        if place in keys or any(i % p or i >= n for i, p, n in zip(
                place, piece, shape)):
            raise blocks.broken("a piece of an array twice or outside")
        keys[place] = length, skipped
        blocks.count(len(keys))

    found = [] if root == NOWHERE else leaves(
        blocks, root, 1, blocks.chunk, 8 * rank + 16, key)
    return piece, {place: (at,) + told for at, (place, told) in zip(
        found, keys.items())}


def _check_size(blocks, piece, shape, item, where):
    size = bytes_of(piece, item)
    if len(piece) != len(shape) or not piece or (
            not 0 < size <= blocks.ceiling):
        raise UnsafeFileError(
            "%s: has pieces of %d bytes; expected at most %d."
            % (where, size, blocks.ceiling))


def pieces_of(blocks, body, sizes, item, packed, where):
    """Return the same of an array in the form of HDF5 1.10."""
    flags, rank = body.number(1), body.number(1) - 1
    width = body.number(1)
    if flags & 1 and packed:
        raise UnsafeFileError(
            "%s: leaves filters out at its edges; expected pieces as h5py "
            "writes them." % where)
    piece = tuple(body.number(width) for _ in range(rank))
    body.expect(width, item)
    _check_size(blocks, piece, sizes[0], item, where)
    kind, size = body.number(1), bytes_of(piece, item)
    if kind not in _INDEXES or kind == _IMPLICIT and packed:
        raise blocks.broken("an index of pieces of kind %d" % kind)
    if kind == _SINGLE:
        told = (body.number(8), body.number(4)) if flags & 2 else (size, 0)
        found = {0: (body.number(8),) + told}
    elif kind == _IMPLICIT:
        at = body.number(8)
        found = {i: (at + i * size, size, 0) for i in range(_count(
            blocks, sizes[0], piece) if at != NOWHERE else 0)}
    else:
        body.take(_INDEXES[kind])
        at = body.number(8)
        if kind == _TREE:
            return piece, _listed(blocks, at, size, packed, sizes[0], piece)
        found = (fixed if kind == _FIXED else growing)(blocks, at, size,
                                                       packed)
    return piece, _placed(blocks, found, sizes, piece, kind == _GROWING)


def _count(blocks, shape, piece):
    """Return how many pieces there are; more than fit are refused."""
    count = bytes_of([-(-n // p) for n, p in zip(shape, piece)])
    blocks.count(count)
    return count


def _placed(blocks, found, sizes, piece, grows):
    """Return pieces by the indices of their first elements.

    They are numbered along the last axis first; an array that grows has the
    axis along which it does before all others.
    """
    shape, most = sizes
    axes = list(range(len(shape)))
    if grows:
        unlimited = [i for i in axes if most[i] == NOWHERE]
        if len(unlimited) != 1:
            raise blocks.broken("an index that grows along %d axes"
                                % len(unlimited))
        axes.insert(0, axes.pop(unlimited[0]))
    counts = [-(-n // p) for n, p in zip(most, piece)]
    placed = {}
    for number, told in found.items():
        if told[0] == NOWHERE:
            continue
        place = [0] * len(axes)
        for axis in reversed(axes):
            number, i = divmod(number, counts[axis])
            place[axis] = i * piece[axis]
        _place(blocks, placed, place, told, shape, number)
    return placed


def _place(blocks, placed, place, told, shape, beyond=0):
    """Note a piece that lies within its array, once."""
    place = tuple(place)
    if beyond or place in placed or any(i >= n for i, n in zip(place, shape)):
        raise blocks.broken("a piece of an array twice or outside")
    placed[place] = told
    blocks.count(len(placed))


def _listed(blocks, at, size, packed, shape, piece):
    """Return the pieces that a tree of version 2 lists."""
    placed = {}
    if at == NOWHERE:
        return placed
    for record in records_of(blocks, at, PACKED_PIECES if packed else PIECES):
        told = (record.number(8),)
        told += (record.number(record.left() - 4 - 8 * len(shape)),
                 record.number(4)) if packed else (size, 0)
        _place(blocks, placed, [record.number(8) * p for p in piece], told,
               shape)
    return placed
