"""Fractal heaps: where HDF5 keeps the links and attributes of large groups."""
from bisect import bisect_right

from ...errors import UnsafeFileError
from .blocks import NOWHERE
from .sums import lookup3

__all__ = ["Heap"]

_MANAGED, _TINY = 0, 2


class Heap:
    """Read objects from a heap.

    Parameters
    ----------
    blocks : Blocks
        The file.
    at : int
        Where the heap is.

    Raises
    ------
    CheckpointError
        If the file is damaged.
    UnsafeFileError
        If blocks share bytes.
    """

    def __init__(self, blocks, at):
        self.blocks, self.at = blocks, at
        top = blocks.block(at, 146, "a heap of objects", b"FRHP")
        top.check_sum()
        top.expect(1, 0)
        self.width = top.number(2)
        top.expect(2, 0)  # no filters
        self.summed = top.number(1) & 2
        largest = top.number(4)
        top.take(96)
        self.columns, self.first = top.number(2), top.number(8)
        direct, bits = top.number(8), top.number(2)
        top.take(2)
        root, rows = top.number(8), top.number(2)
        if not (_is_power(self.columns) and _is_power(self.first)
                and _is_power(direct) and self.first <= direct <= 1 << 32
                and 0 < bits <= 64 and rows <= 64):
            raise blocks.broken("a heap that is damaged")
        self.offset_bytes = -(-bits // 8)
        self.size_bytes = min(_bytes(direct), _bytes(largest))
        self.direct = (direct // self.first).bit_length() + 1
        self.begins, self.parts = [], []
        if root != NOWHERE:
            self._walk(root, rows)

    def _walk(self, root, rows):
        """Note all blocks with objects, in the order of the heap."""
        if not rows:
            self._part(root, 0, self.first)
            return
        left = [(root, 0, rows)]
        while left:
            at, offset, rows = left.pop()
            part = self._block(at, offset, 8 * rows * self.columns
                               + self._head() + 4, b"FHIB")
            part.check_sum()
            for row in range(rows):
                size = self.first << max(0, row - 1)
                for _ in range(self.columns):
                    inner = part.number(8)
                    if inner != NOWHERE and row < self.direct:
                        self._part(inner, offset, size)
                    elif inner != NOWHERE:
                        left.append((inner, offset, (size // (
                            self.first * self.columns)).bit_length()))
                    offset += size
        order = sorted(range(len(self.begins)), key=self.begins.__getitem__)
        self.begins = [self.begins[i] for i in order]
        self.parts = [self.parts[i] for i in order]

    def _head(self):
        return 13 + self.offset_bytes

    def _block(self, at, offset, size, signature):
        part = self.blocks.block(at, size, "a part of a heap", signature)
        part.expect(1, 0)
        part.expect(8, self.at)
        part.expect(self.offset_bytes, offset)
        return part

    def _part(self, at, offset, size):
        part = self._block(at, offset, size, b"FHDB")
        if self.summed:
            begin, told = part.at, part.number(4)
            if lookup3(part.data[:begin] + b"\0\0\0\0"
                       + part.data[begin + 4:]) != told:
                raise self.blocks.broken("a heap whose checksum is another")
        self.begins.append(offset)
        self.parts.append((part.data, part.at))

    def object(self, record):
        """Return the object that a record names.

        Parameters
        ----------
        record : Layout
            Begins with the identity of the object.

        Returns
        -------
        Layout
            Its bytes.
        """
        name = record.inner(self.width)
        kind = name.number(1)
        if kind >> 4 == _TINY and self.width <= 18:
            return name.inner((kind & 15) + 1)
        if kind >> 4 != _MANAGED:
            raise UnsafeFileError(
                "%s: has a link or attribute of more than 4096 bytes in a "
                "heap; expected smaller ones. Write it again without "
                "libver='latest' and track_order." % self.blocks.where)
        at, size = name.number(self.offset_bytes), name.number(
            self.size_bytes)
        i = bisect_right(self.begins, at) - 1
        data, head = self.parts[i] if i >= 0 else (b"", 0)
        at -= self.begins[i] if i >= 0 else 0
        if not head <= at <= at + size <= len(data):
            raise self.blocks.broken("an object that its heap does not have")
        self.blocks.tell(size)
        return type(record)(self.blocks, data[at:at + size],
                            "an object of a heap")


def _is_power(n):
    return n > 0 and not n & n - 1


def _bytes(limit):
    return (max(limit, 1).bit_length() - 1) // 8 + 1
