"""Indices of pieces that are new in HDF5 1.10: arrays, fixed and growing."""
from .blocks import NOWHERE

__all__ = ["fixed", "growing"]


class _Elements:
    """What elements of an index are: addresses, or with bytes and filters."""

    def __init__(self, top, packed, size):
        self.packed, self.size = packed, size
        top.expect(1, 0)
        top.expect(1, int(packed))
        self.width = top.number(1)
        if not (13 <= self.width <= 20 if packed else self.width == 8):
            raise top.blocks.broken("an index with elements of %d bytes"
                                    % self.width)

    def read(self, part, start, count, found):
        """Note elements from a number on: address, bytes, filters left out.
        """
        for i in range(start, start + count):
            at = part.number(8)
            told = (part.number(self.width - 12), part.number(4)) if (
                self.packed) else (self.size, 0)
            if at != NOWHERE:
                found[i] = (at,) + told

    def paged(self, blocks, at, used, span, start, count, found):
        """Read pages one after the other, of which some are not used."""
        for i in range(-(-count // span)):
            if used[i // 8] >> 7 - i % 8 & 1:
                part = blocks.block(at, span * self.width + 4,
                                    "a page of an index")
                part.check_sum()
                self.read(part, start + i * span, span, found)
            at += span * self.width + 4


def fixed(blocks, at, size, packed):
    """Return the pieces that a fixed array lists.

    Parameters
    ----------
    blocks : Blocks
        The file.
    at : int
        Where it is.
    size : int
        Bytes of a piece.
    packed : bool
        Whether the pieces went through filters.

    Returns
    -------
    dict of int to (int, int, int)
        Number of a piece → address, bytes, filters left out.

    Raises
    ------
    CheckpointError
        If the file is damaged.
    """
    found = {}
    if at == NOWHERE:
        return found
    top = blocks.block(at, 28, "an index of pieces", b"FAHD")
    top.check_sum()
    elements = _Elements(top, packed, size)
    bits, count, at = top.number(1), top.number(8), top.number(8)
    if not 0 < bits < 32 or count > blocks.size:
        raise blocks.broken("an index of %d pieces" % count)
    if at == NOWHERE:
        return found
    span = 1 << bits
    pages = -(-count // span) if count > span else 0
    body = -(-pages // 8) if pages else count * elements.width
    head = blocks.block(at, 18 + body, "an index of pieces", b"FADB")
    head.check_sum()
    head.take(10)
    if not pages:
        elements.read(head, 0, count, found)
        return found
    used, at, whole = head.take(body), at + 18 + body, count // span * span
    elements.paged(blocks, at, used, span, 0, whole, found)
    if whole < count and used[-1] >> 7 - (pages - 1) % 8 & 1:
        at += whole // span * (span * elements.width + 4)
        part = blocks.block(at, (count - whole) * elements.width + 4,
                            "a page of an index")
        part.check_sum()
        elements.read(part, whole, count - whole, found)
    return found


def growing(blocks, at, size, packed):
    """Return the pieces that an extensible array lists.

    Its first elements are in its first block, the next in blocks of data
    that double in size and number; see :func:`fixed`.
    """
    found = {}
    if at == NOWHERE:
        return found
    top = blocks.block(at, 72, "an index of pieces", b"EAHD")
    top.check_sum()
    elements, header = _Elements(top, packed, size), at
    bits, first, least, pointers, page_bits = (top.number(1)
                                               for _ in range(5))
    top.take(48)
    at = top.number(8)
    if at == NOWHERE:
        return found
    if not (bits <= 64 and _is_power(least) and _is_power(pointers)
            and pointers > 1 and page_bits < 32):
        raise blocks.broken("an index that is damaged")
    levels = 1 + bits - (least.bit_length() - 1)
    direct = 2 * (pointers.bit_length() - 1)
    shape = _Growing(elements, header, -(-bits // 8), 1 << page_bits, least)
    near = 2 * (pointers - 1)
    body = blocks.block(at, 18 + first * elements.width + 8 * (
        near + max(0, levels - direct)), "an index of pieces", b"EAIB")
    body.check_sum()
    _own_header(body, header)
    elements.read(body, 0, first, found)
    start = first
    for level in range(levels):
        count, span = _level(level, least)
        if level < direct:
            for _ in range(count):
                shape.data(blocks, body.number(8), span, start, None, found)
                start += span
        else:
            shape.level(blocks, body.number(8), level, start, found)
            start += count * span
    return found


def _level(level, least):
    """Return how many blocks of data a level has, and elements of one."""
    return 1 << level // 2, least << (level + 1) // 2


def _own_header(part, header):
    part.take(2)
    part.expect(8, header)


class _Growing:
    """What the blocks of an extensible array have in common."""

    def __init__(self, elements, header, width, page, least):
        self.elements, self.header, self.width = elements, header, width
        self.page, self.least = page, least

    def _begun(self, blocks, at, size, signature):
        part = blocks.block(at, size, "an index of pieces", signature)
        _own_header(part, self.header)
        part.take(self.width)  # libhdf5 counts here in two ways, reads none
        return part

    def level(self, blocks, at, level, start, found):
        """Read a block that lists the blocks of data of one level."""
        if at == NOWHERE:
            return
        count, span = _level(level, self.least)
        marks = -(-span // self.page // 8) if span > self.page else 0
        part = self._begun(blocks, at, 18 + self.width + count * (8 + marks),
                           b"EASB")
        part.check_sum()
        used = [part.take(marks) for _ in range(count)]
        for i in range(count):
            self.data(blocks, part.number(8), span, start + i * span,
                      used[i], found)

    def data(self, blocks, at, span, start, used, found):
        """Read a block of data, which has pages if it is large."""
        if at == NOWHERE:
            return
        head, width = 18 + self.width, self.elements.width
        if span <= self.page:
            part = self._begun(blocks, at, head + span * width, b"EADB")
            part.check_sum()
            self.elements.read(part, start, span, found)
            return
        self._begun(blocks, at, head, b"EADB").check_sum()
        self.elements.paged(blocks, at + head, used or b"\xff" * span,
                            self.page, start, span, found)


def _is_power(n):
    return n > 0 and not n & n - 1
