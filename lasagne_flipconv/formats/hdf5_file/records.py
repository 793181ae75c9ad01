"""Trees of version 2: the records of names, heaps and pieces in HDF5."""

__all__ = ["LINKS", "ATTRIBUTES", "PIECES", "PACKED_PIECES", "records_of"]

#: What the records of a tree are.
LINKS, ATTRIBUTES, PIECES, PACKED_PIECES = 5, 8, 10, 11
_AROUND = 10  # bytes of a node beside its records: signature to checksum


def records_of(blocks, at, kind):
    """Yield the records of a tree, each once.

    Parameters
    ----------
    blocks : Blocks
        The file.
    at : int
        Where the tree is.
    kind : int
        What its records must be, such as :data:`LINKS`.

    Yields
    ------
    Layout
        A record.

    Raises
    ------
    CheckpointError
        If the file is damaged.
    UnsafeFileError
        If nodes share bytes.
    """
    top = blocks.block(at, 38, "a tree of records", b"BTHD")
    top.check_sum()
    top.expect(1, 0)
    top.expect(1, kind)
    node, size, depth = top.number(4), top.number(2), top.number(2)
    top.take(2)
    root, count, total = top.number(8), top.number(2), top.number(8)
    if depth > blocks.limits.depth or not 0 < size <= node - _AROUND:
        raise blocks.broken("a tree of %d levels" % depth)
    widths = _widths(node, size, depth)
    left, found = [(root, count, depth)] if total else [], 0
    while left:
        at, count, level = left.pop()
        part = blocks.block(at, node, "records", b"BTIN" if level
                            else b"BTLF")
        part.expect(1, 0)
        part.expect(1, kind)
        records = [part.inner(size) for _ in range(count)]
        found += count
        if level:
            for _ in range(count + 1):
                left.append((part.number(8), part.number(widths[0]),
                             level - 1))
                part.take(widths[level - 1] if level > 1 else 0)
        part.check_sum(part.at)
        yield from records
    if found != total:
        raise blocks.broken("a tree of %d records, not %d" % (found, total))


def _widths(node, size, depth):
    """Return in how many bytes the records below a node are counted.

    Parameters
    ----------
    node, size : int
        Bytes of a node and of a record.
    depth : int
        Levels above the leaves.

    Returns
    -------
    list of int
        For a leaf, then for a node of each level with all below it.
    """
    below = (node - _AROUND) // size
    widths = [_width(below)]
    for level in range(1, depth + 1):
        pointer = 8 + widths[0] + (widths[-1] if level > 1 else 0)
        count = max(0, node - _AROUND - pointer) // (size + pointer)
        below += count * below + count
        widths.append(_width(below))
    return widths


def _width(limit):
    return (max(limit, 1).bit_length() - 1) // 8 + 1
