"""Walk the groups of an HDF5 file; return what is in them."""
from operator import itemgetter

from ...errors import UnsafeFileError
from ..common.guard import check_name
from .arrays import array_of
from .blocks import NOWHERE, Blocks, Layout, leaves
from .heaps import Heap
from .messages import MESSAGES, attribute_of
from .records import ATTRIBUTES, LINKS, records_of

__all__ = ["walked"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CONTINUED, _TABLE, _LINK = 0x10, 0x11, 0x06
_LINK_INFO, _ATTRIBUTE, _ATTRIBUTE_INFO = 0x02, 0x0C, 0x15
_HARD = 0


def walked(file, where, limits, stored=None):
    """Follow all blocks of an HDF5 file, or refuse it.

    Parameters
    ----------
    file : binary file
        The file.
    where : str
        Its name for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    stored : int, optional
        Bytes of the archive that the file was unpacked from.

    Returns
    -------
    datasets : dict of str to Dataset
        The arrays by path.
    groups : dict of str to dict
        The attributes of all groups by path.

    Raises
    ------
    CheckpointError
        If it is truncated or damaged.
    UnsafeFileError
        If its parts share bytes, or it holds what no checkpoint needs.
    """
    blocks = Blocks(file, where, limits, stored)
    datasets, groups = {}, {}
    root, cached = _superblock(blocks)
    queue = [(root, "", 0, cached)]
    while queue:
        at, path, depth, cached = queue.pop()
        inner = _object(blocks, at, path, depth, cached, datasets, groups)
        queue.extend(reversed(inner))
    blocks.check()
    return datasets, groups


def _superblock(blocks):
    """Return where the root group is, and what is cached about it."""
    version = blocks.peek(8, 1)[0]
    if version > 3:
        raise blocks.broken("version %d" % version)
    if version > 1:
        return _new_superblock(blocks), None
    top = blocks.block(0, 96 + 4 * version, "the superblock", _SIGNATURE)
    top.expect(1, version)
    top.expect(4, 0)
    top.expect(2, 0x0808)
    top.take(1)
    blocks.leaf, blocks.inner = top.number(2), top.number(2)
    top.take(4)
    if version:
        blocks.chunk = top.number(2)
        top.take(2)
    if not 0 < min(blocks.leaf, blocks.inner, blocks.chunk) <= max(
            blocks.leaf, blocks.inner, blocks.chunk) <= 1024:
        raise blocks.broken("groups of %d by %d" % (blocks.leaf,
                                                    blocks.inner))
    top.expect(8, 0)
    top.expect(8, NOWHERE)
    top.expect(8, blocks.size)
    top.expect(8, NOWHERE)
    _, root, cached = _entry(top)
    return root, cached


def _new_superblock(blocks):
    top = blocks.block(0, 48, "the superblock", _SIGNATURE)
    top.expect(1, 2, 3)
    top.expect(2, 0x0808)
    top.take(1)
    top.expect(8, 0)
    top.expect(8, NOWHERE)
    top.expect(8, blocks.size)
    root, _ = top.number(8), top.check_sum()
    return root


def _entry(layout):
    """Return name, header and cached table of an entry of a group."""
    name, at = layout.number(8), layout.number(8)
    kind = layout.number(4)
    layout.take(4)
    scratch = layout.number(8), layout.number(8)
    if kind == 2:
        raise UnsafeFileError(
            "%s: holds a link to another name; expected data within the file."
            % layout.blocks.where)
    if kind > 1:
        raise layout.blocks.broken("an entry of kind %d" % kind)
    return name, at, scratch if kind == 1 else None


def _object(blocks, at, path, depth, cached, datasets, groups):
    """Check a group or dataset; return what is in it, as arguments."""
    if at in blocks.known:
        raise UnsafeFileError(
            "%s: %.200s is reached by two paths; expected each array and "
            "group once." % (blocks.where, path or "/"))
    blocks.known.add(at)
    limits = blocks.limits
    if len(datasets) > limits.members or (
            len(blocks.known) > limits.containers):
        raise UnsafeFileError(
            "%s: holds more than %d arrays, or %d groups and arrays; expected "
            "fewer." % (blocks.where, limits.members, limits.containers))
    if depth > blocks.limits.depth:
        raise UnsafeFileError(
            "%s: nests groups deeper than %d; expected fewer levels."
            % (blocks.where, blocks.limits.depth))
    messages = _header(blocks, at)
    kinds = [kind for kind, _ in messages]
    attributes = _attributes(blocks, messages)
    if _TABLE in kinds or _LINK_INFO in kinds or _LINK in kinds:
        groups[path] = attributes
        begin = path + "/" if path else ""
        return [(to, begin + name, depth + 1, inner)
                for name, to, inner, _ in _members(blocks, messages, cached)]
    datasets[path] = array_of(blocks, dict(messages), "%.200s in %s" % (
        path, blocks.where))
    return []


def _attributes(blocks, messages):
    """Return the attributes in a header by name."""
    found = {}
    for kind, body in messages:
        parts = [body] if kind == _ATTRIBUTE else _dense(
            body, ATTRIBUTES) if kind == _ATTRIBUTE_INFO else ()
        for name, value in map(attribute_of, parts):
            if name in found:
                raise blocks.broken("the attribute %.80r twice" % name)
            found[name] = value
    return found


def _members(blocks, messages, cached):
    """Return the links of a group, in the order that they were made.

    Where that is not recorded, they are sorted by name.
    """
    found, names = [], set()
    for kind, body in messages:
        if kind == _TABLE:
            tree, heap = body.number(8), body.number(8)
            if cached not in (None, (tree, heap)):
                raise blocks.broken("a group in two places")
            found += _table(blocks, tree, heap)
        elif kind == _LINK:
            found.append(_link(body))
        elif kind == _LINK_INFO:
            found += map(_link, _dense(body, LINKS))
    for name, _, _, _ in found:
        if not name or name in names or "/" in name:
            raise blocks.broken("the name %.80r twice, or one that is none"
                                % name)
        check_name(name, blocks.where, blocks.limits)
        names.add(name)
    made = all(order is not None for _, _, _, order in found)
    return sorted(found, key=itemgetter(3 if made else 0))


def _link(body):
    """Return name, header, no table and number of a hard link."""
    body.expect(1, 1)
    flags = body.number(1)
    kind = body.number(1) if flags & 8 else _HARD
    order = body.number(8) if flags & 4 else None
    body.take(1 if flags & 16 else 0)
    name = body.take(body.number(1 << (flags & 3)))
    if kind != _HARD:
        raise UnsafeFileError(
            "%s: %.80r is a link to %.200r; expected data within the file."
            % (body.blocks.where, name.decode("latin-1"),
               body.take(body.left())))
    return _decoded(body.blocks, name), body.number(8), None, order


def _decoded(blocks, name):
    """Return a name as text; two names may not become one."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        raise blocks.broken("the name %.80r, which is no UTF-8" % name
                            ) from None


def _dense(body, kind):
    """Yield the links or attributes that are kept in a heap of their own."""
    body.expect(1, 0)
    if body.number(1) & 1:  # how many were ever made
        body.take(8 if kind == LINKS else 2)
    heap, tree = body.number(8), body.number(8)
    if heap == NOWHERE:
        return
    heap = Heap(body.blocks, heap)
    for record in records_of(body.blocks, tree, kind):
        if kind == LINKS:
            record.take(4)  # a hash of the name comes first
        yield heap.object(record)


# Headers of objects: a list of messages, in one or more pieces.

def _header(blocks, at):
    """Return all messages of an object as (kind, body)."""
    if blocks.peek(at, 4) == b"OHDR":
        return _new_header(blocks, at)
    prefix = blocks.block(at, 16, "a header")
    prefix.expect(1, 1)
    prefix.take(1)
    count = prefix.number(2)
    prefix.take(4)
    pieces = [blocks.block(at + 16, prefix.number(4), "a header")]
    found = []
    for piece in pieces:
        while piece.left() >= 8:
            kind, size = piece.number(2), piece.number(2)
            flags = piece.number(1)
            piece.take(3)
            _message(blocks, kind, flags, piece.take(size), found, pieces)
    if len(found) != count:
        raise blocks.broken("a header of %d messages, not %d"
                            % (len(found), count))
    return _known(blocks, found)


def _message(blocks, kind, flags, data, found, pieces):
    """Note a message; follow it if it says where the header goes on."""
    if flags & 0x02:
        raise UnsafeFileError(
            "%s: has types that arrays share; expected a type by each array, "
            "no named type." % blocks.where)
    body = Layout(blocks, data, "a message of kind %d" % kind)
    found.append((kind, body))
    if kind == _CONTINUED:
        at, size = body.number(8), body.number(8)
        pieces.append(blocks.block(at, size, "a header"))


def _new_header(blocks, at):
    """Return the messages of a header of the second version."""
    flags = blocks.peek(at + 5, 1)[0]
    begin = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(blocks.peek(at + begin, width), "little")
    whole = blocks.block(at, begin + width + size + 4, "a header", b"OHDR")
    whole.check_sum()
    whole.expect(1, 2)
    whole.take(begin + width - 5)
    pieces, found = [whole], []
    for piece in pieces:
        if piece is not whole and piece.take(4) != b"OCHK":
            raise blocks.broken("no header where one goes on")
        if piece is not whole:
            piece.check_sum()
        while piece.left() >= 8 + (2 if flags & 4 else 0):
            kind, length, marks = (piece.number(1), piece.number(2),
                                   piece.number(1))
            piece.take(2 if flags & 4 else 0)
            _message(blocks, kind, marks, piece.take(length), found, pieces)
    return _known(blocks, found)


def _known(blocks, messages):
    """Check all messages that say something by themselves."""
    once = [kind for kind, _ in messages if kind in (1, 3, 5, 8, 11, 17, 2)]
    if len(once) != len(set(once)):
        raise blocks.broken("a message twice")
    for kind, body in messages:
        if kind not in MESSAGES:
            raise UnsafeFileError(
                "%s: has a message of kind %d, which no checkpoint needs; "
                "expected arrays and groups only." % (blocks.where, kind))
        if MESSAGES[kind] is not None:
            MESSAGES[kind](body)
    return messages


# Groups of the first version: a tree of tables of names in a heap.

def _table(blocks, tree, heap):
    names = _heap(blocks, heap)
    found = []
    for at in leaves(blocks, tree, 0, blocks.inner, 8,
                     lambda key: names(key.number(8))):
        node = blocks.block(at, 8 + 80 * blocks.leaf, "a table of names",
                            b"SNOD")
        node.expect(2, 1)
        count = node.number(2)
        if count > 2 * blocks.leaf:
            raise blocks.broken("a table of %d names" % count)
        for _ in range(count):
            name, to, cached = _entry(node)
            found.append((names(name), to, cached, None))
    return found


def _heap(blocks, at):
    """Return a function from offset to name."""
    top = blocks.block(at, 32, "a heap", b"HEAP")
    top.expect(4, 0)
    size, free, at = top.number(8), top.number(8), top.number(8)
    data = blocks.block(at, size, "names").data
    seen = set()
    while free != 1:
        if free in seen or free + 16 > size:
            raise blocks.broken("a heap that is damaged")
        seen.add(free)
        length = int.from_bytes(data[free + 8:free + 16], "little")
        if not 16 <= length <= size - free:
            raise blocks.broken("a heap that is damaged")
        free = int.from_bytes(data[free:free + 8], "little")

    def name(start):
        end = data.find(b"\0", start)
        if end < 0 or start > size:
            raise blocks.broken("a name that does not end")
        return _decoded(blocks, data[start:end])

    return name
