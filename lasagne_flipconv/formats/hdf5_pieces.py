"""Where the pieces of an HDF5 array are, in each index that HDF5 has."""
from ..errors import UnsafeFileError
from .hdf5_blocks import NOWHERE, leaves
from .hdf5_types import bytes_of

__all__ = ["old_pieces", "pieces_of"]

_SINGLE, _IMPLICIT, _FIXED, _GROWING, _TREE = 1, 2, 3, 4, 5


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
    piece = tuple(body.number(width) for _ in range(rank))
    body.expect(width, item)
    _check_size(blocks, piece, sizes[0], item, where)
    kind, size = body.number(1), bytes_of(piece, item)
    if kind == _SINGLE:
        told = (body.number(8), body.number(4)) if flags & 2 else (size, 0)
        found = {0: (body.number(8),) + told}
    elif kind == _IMPLICIT and not packed:
        at = body.number(8)
        found = {i: (at + i * size, size, 0) for i in range(_count(
            blocks, sizes[0], piece) if at != NOWHERE else 0)}
    elif kind == _FIXED:
        body.take(1)
        found = _array(blocks, body.number(8), size, packed)
    else:
        raise UnsafeFileError(
            "%s: lists its pieces in an index that is new in HDF5 1.10; "
            "expected the one that h5py writes by default. Write it again "
            "without libver='latest' or without maxshape." % where)
    if flags & 1 and any(n % p for n, p in zip(sizes[0], piece)):
        raise UnsafeFileError(
            "%s: leaves filters out at its edges; expected the pieces that "
            "h5py writes." % where)
    return piece, _placed(blocks, found, sizes, piece)


def _count(blocks, shape, piece):
    """Return how many pieces there are; more than fit are refused."""
    count = bytes_of([-(-n // p) for n, p in zip(shape, piece)])
    if count > blocks.size:
        raise blocks.broken("%d pieces of an array" % count)
    return count


def _placed(blocks, found, sizes, piece):
    """Return pieces by the indices of their first elements."""
    shape, most = sizes
    counts = [-(-n // p) for n, p in zip(most, piece)]
    placed = {}
    for number, told in found.items():
        if told[0] == NOWHERE:
            continue
        place = []
        for count, p in zip(reversed(counts), reversed(piece)):
            number, i = divmod(number, count)
            place.insert(0, i * p)
        if number or any(i >= n for i, n in zip(place, shape)):
            raise blocks.broken("a piece of an array outside")
        placed[tuple(place)] = told
    return placed


def _array(blocks, at, size, packed):
    """Return address, bytes and filters of pieces, by their number."""
    if at == NOWHERE:
        return {}
    top = blocks.block(at, 28, "an index of pieces", b"FAHD")
    top.check_sum()
    top.expect(1, 0)
    top.expect(1, int(packed))
    width, page = top.number(1), top.number(1)
    count, at = top.number(8), top.number(8)
    if at == NOWHERE:
        return {}
    if not (13 <= width <= 20 if packed else width == 8) or not (
            0 < page < 32) or count > blocks.size:
        raise blocks.broken("an index of %d pieces" % count)
    found = {}
    for start, part, entries in _pages(blocks, at, width, 1 << page, count):
        for i in range(start, start + entries):
            address = part.number(8)
            found[i] = (address, part.number(width - 12),
                        part.number(4)) if packed else (address, size, 0)
    return found


def _pages(blocks, at, width, page, count):
    """Yield the pages of an index: first number, entries, how many."""
    pages = -(-count // page) if count > page else 0
    marks = -(-pages // 8)
    body = count * width if not pages else marks
    head = blocks.block(at, 18 + body, "an index of pieces", b"FADB")
    head.check_sum()
    head.take(10)
    if not pages:
        yield 0, head, count
        return
    used, at = head.take(marks), at + 18 + body
    for i in range(pages):
        entries = min(page, count - i * page)
        if used[i // 8] >> 7 - i % 8 & 1:
            part = blocks.block(at, entries * width + 4, "a page of an index")
            part.check_sum()
            yield i * page, part, entries
        at += entries * width + 4
