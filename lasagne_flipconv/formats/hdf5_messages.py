"""Check what the headers of an HDF5 file say about arrays and attributes."""
import zlib
from collections import namedtuple

from ..errors import UnsafeFileError
from .hdf5_blocks import NOWHERE, leaves

__all__ = ["MESSAGES", "check_data", "refuse_dense"]

#: Type of the elements: its class, and bytes of one.
Kind = namedtuple("Kind", "name size")

_INTEGER, _FLOAT, _TEXT, _ENUM, _VARIABLE = 0, 1, 3, 8, 9
_NAMES = {_INTEGER: "number", _FLOAT: "number", _TEXT: "text",
          _ENUM: "number", _VARIABLE: "variable text"}
_PROPERTIES = {_INTEGER: 4, _FLOAT: 12, _TEXT: 0}

_SPACE, _TYPE, _EXTERNAL, _LAYOUT, _FILTERS = 0x01, 0x03, 0x07, 0x08, 0x0B
_COMPACT, _WHOLE, _CHUNKED, _VIRTUAL = 0, 1, 2, 3
_DEFLATE, _SHUFFLE, _SUMS, _LZF = 1, 2, 3, 32000
#: In this order h5py applies filters: shuffle, compress, checksum.
_ORDER = (_SHUFFLE, _DEFLATE, _LZF, _SUMS)
_RATIO = 1032


def check_data(blocks, messages, where):
    """Check type, shape, filters and place of an array.

    Parameters
    ----------
    blocks : Blocks
        The file.
    messages : dict of int to Layout
        Its header.
    where : str
        Name of file and array for error texts.
    """
    for kind in (_SPACE, _TYPE, _LAYOUT):
        if kind not in messages:
            raise UnsafeFileError("%s: is no array or group; expected one, "
                                  "no named type." % where)
    if _EXTERNAL in messages:
        raise _elsewhere(where)
    kind = _kind(_again(messages[_TYPE]))
    shape = _space(_again(messages[_SPACE]))
    if kind.name != "number" or shape is None:
        raise UnsafeFileError(
            "%s: holds %ss, or nothing; expected an array of numbers."
            % (where, kind.name))
    blocks.declared += _product(shape, kind.size)
    filters = _filters(_again(messages[_FILTERS])) if (
        _FILTERS in messages) else []
    _place(blocks, _again(messages[_LAYOUT]), kind, shape, filters, where)


def _again(body):
    body.at = 0
    return body


def _elsewhere(where):
    return UnsafeFileError(
        "%s: keeps its data in other files or arrays; expected it in the "
        "file." % where)


def _kind(body):
    """Return what a datatype message says."""
    word = body.number(1)
    version, form = word >> 4, word & 15
    bits, size = body.number(3), body.number(4)
    if not 1 <= version <= 3 or not 0 < size <= body.blocks.limits.header:
        raise body.blocks.broken("a type of %d bytes" % size)
    if form not in _NAMES or form == _VARIABLE and bits & 15 != 1:
        raise UnsafeFileError(
            "%s: holds elements of class %d, no text or number; expected "
            "numbers." % (body.blocks.where, form))
    if form == _ENUM:
        base = _kind(body)
        if base != Kind("number", size):
            raise body.blocks.broken("names of no numbers")
        for _ in range(bits & 0xFFFF):
            _padded_name(body, 8 if version < 3 else 1)
        body.take(size * (bits & 0xFFFF))
    elif form == _VARIABLE:
        _kind(body)
    else:
        _numeric(body, form, size, bits)
    return Kind(_NAMES[form], size)


def _numeric(body, form, size, bits):
    """Check that a number is one that NumPy has as well."""
    found = body.take(_PROPERTIES[form])
    offset = int.from_bytes(found[:2], "little")
    precision = int.from_bytes(found[2:4], "little")
    if form == _TEXT:
        return
    if size not in (1, 2, 4, 8) or (offset, precision) != (0, 8 * size) or (
            form == _FLOAT and (size, found[4:8], bits >> 8 & 0xFF)
            not in _FLOATS):
        raise UnsafeFileError(
            "%s: holds numbers of %d bytes in another form than NumPy's; "
            "expected integers or floats." % (body.blocks.where, size))


#: Bytes, places and sizes of exponent and mantissa, and place of the sign.
_FLOATS = {(2, b"\x0a\x05\0\x0a", 15), (4, b"\x17\x08\0\x17", 31),
           (8, b"\x34\x0b\0\x34", 63)}


def _padded_name(body, multiple):
    end = body.data.find(b"\0", body.at)
    if end < 0:
        raise body.blocks.broken("a name that does not end")
    length = end + 1 - body.at
    body.take(length + -length % multiple)


def _space(body):
    """Return the shape that a dataspace message says, None for nothing."""
    version, rank, flags = body.number(1), body.number(1), body.number(1)
    if version not in (1, 2) or rank > body.blocks.limits.axes or flags > 1:
        raise UnsafeFileError(
            "%s: declares %d axes; expected at most %d."
            % (body.blocks.where, rank, body.blocks.limits.axes))
    kind = body.number(1) if version == 2 else 1
    body.take(5 if version == 1 else 0)
    shape = tuple(body.number(8) for _ in range(rank))
    if flags:
        body.take(8 * rank)
    if kind == 2:
        return None
    return shape


def _product(shape, size=1):
    for n in shape:
        size *= n
    return size


def _filters(body):
    """Return the numbers of the filters, in the order they are applied."""
    version, count = body.number(1), body.number(1)
    body.take(6 if version == 1 else 0)
    found = []
    for _ in range(min(count, 32)):
        code = body.number(2)
        named = version == 1 or code >= 256
        length = body.number(2) if named else 0
        body.take(2)
        values = body.number(2)
        body.take(length + (-length % 8 if version == 1 else 0))
        body.take(4 * (values + (values % 2 if version == 1 else 0)))
        found.append(code)
    if [code for code in _ORDER if code in found] != found:
        raise UnsafeFileError(
            "%s: needs the HDF5 filters %s, of which one is a plugin or "
            "stands out of order; expected shuffle, deflate or lzf, "
            "fletcher32."
            % (body.blocks.where, ", ".join(map(str, found[:8]))))
    return found


def _place(blocks, body, kind, shape, filters, where):
    """Check where the bytes of an array are."""
    version, form = body.number(1), body.number(1)
    if version == 4 and form == _VIRTUAL:
        raise _elsewhere(where)
    if version != 3 or form > _CHUNKED:
        raise UnsafeFileError(
            "%s: is stored in a form that is new in HDF5 1.10, or as old as "
            "1.4; expected the one that h5py writes by default. Write it "
            "again without libver='latest'." % where)
    declared = _product(shape, kind.size)
    if form == _CHUNKED:
        _check_chunks(blocks, body, kind, shape, filters, where)
        return
    if form == _COMPACT:
        size = body.number(2)
        body.take(size)
    else:
        at, size = body.number(8), body.number(8)
        if at == NOWHERE:
            size = 0
        elif size:
            blocks.own(at, size, "an array")
    if size != declared or filters:
        raise _other_size(where, shape, declared, size)


def _other_size(where, shape, declared, size):
    return UnsafeFileError(
        "%s: declares shape %r, which is %d bytes; expected no more than the "
        "%d that are there can hold." % (where, shape, declared, size))


def _check_chunks(blocks, body, kind, shape, filters, where):
    """Check that the pieces of an array cover it once, and unpack to it."""
    rank = body.number(1) - 1
    root = body.number(8)
    piece = tuple(body.number(4) for _ in range(rank))
    body.expect(4, kind.size)
    size = _product(piece, kind.size)
    if rank != len(shape) or not 0 < size <= blocks.limits.unpacked(
            blocks.size):
        raise UnsafeFileError(
            "%s: has pieces of %d bytes; expected at most %d."
            % (where, size, blocks.limits.unpacked(blocks.size)))
    needed = _product([-(-n // p) for n, p in zip(shape, piece)])
    stored = {}

    def key(node):
        length, skipped = node.number(4), node.number(4)
        place = tuple(node.number(8) for _ in range(rank))
        node.expect(8, 0)
        if place in stored or any(i % p or i >= n for i, p, n in zip(
                place, piece, shape)):
            raise blocks.broken("a piece of an array twice or outside")
        stored[place] = length, skipped

    found = [] if root == NOWHERE else leaves(
        blocks, root, 1, blocks.chunk, 8 * rank + 16, key)
    if len(found) != needed:
        raise _other_size(where, shape, _product(shape, kind.size),
                          len(found) * size)
    _check_total(blocks)
    for at, (length, skipped) in zip(found, stored.values()):
        blocks.own(at, length, "an array")
        _check_piece(blocks, at, length, skipped, filters, size, where)


def _check_total(blocks):
    ceiling = blocks.limits.unpacked(blocks.size)
    if blocks.declared > ceiling:
        raise UnsafeFileError(
            "%s: unpacks %d bytes into %d; expected at most %d. Pass "
            "limits=LIMITS._replace(expansion=…) if you know the file."
            % (blocks.where, blocks.size, blocks.declared, ceiling))


def _check_piece(blocks, at, length, skipped, filters, size, where):
    """Check that a piece unpacks to just its size."""
    used = [code for i, code in enumerate(filters) if not skipped >> i & 1]
    most = length - 4 * (_SUMS in used)
    if _LZF in used and 0 < most <= size:
        return
    if _DEFLATE in used and most > 0:
        unpack = zlib.decompressobj()
        try:
            made = len(unpack.decompress(blocks.peek(at, most), size + 1))
        except zlib.error:
            made = -1
        if made == size and unpack.eof and not unpack.unused_data:
            return
    elif most == size:
        return
    raise UnsafeFileError(
        "%s: has a piece of %d bytes that does not unpack to %d; expected it "
        "to. The file is damaged or made to exhaust memory."
        % (where, length, size))


# What messages say by themselves: attributes, fill values, times.

def _attribute(body):
    """Check an attribute: name, type, shape and value, all there."""
    version = body.number(1)
    if version not in (1, 2, 3):
        raise body.blocks.broken("an attribute of version %d" % version)
    shared = body.number(1)
    sizes = [body.number(2) for _ in range(3)]
    body.take(1 if version == 3 else 0)
    if version > 1 and shared:
        raise body.blocks.broken("an attribute of a shared type")
    parts = []
    for size in sizes:
        start = body.at
        body.take(size + (-size % 8 if version == 1 else 0))
        parts.append(type(body)(body.blocks, body.data[start:start + size],
                                "an attribute"))
    kind, shape = _kind(parts[1]), _space(parts[2])
    size = 0 if shape is None else _product(shape, kind.size)
    if size > body.blocks.limits.header:
        raise UnsafeFileError(
            "%s: the attribute %.80r has %d bytes; expected at most %d."
            % (body.blocks.where, parts[0].data, size,
               body.blocks.limits.header))
    value = body.take(size)
    if kind.name == "variable text":
        _check_texts(body.blocks, value)


def _check_texts(blocks, value):
    """Check texts that are kept elsewhere in the file."""
    if len(value) > 16 * blocks.limits.members:
        raise UnsafeFileError("%s: has an attribute of %d texts; expected at "
                              "most %d." % (blocks.where, len(value) // 16,
                                            blocks.limits.members))
    for i in range(0, len(value), 16):
        length, at, number = (int.from_bytes(value[i + a:i + b], "little")
                              for a, b in ((0, 4), (4, 12), (12, 16)))
        texts = _collection(blocks, at) if at not in (0, NOWHERE) else {0: 0}
        blocks.told += length
        if texts.get(number) != length or (
                blocks.told > 4 * blocks.limits.header):
            raise UnsafeFileError(
                "%s: has a text of %d bytes that is not there, or texts that "
                "repeat; expected all there once." % (blocks.where, length))


def _collection(blocks, at):
    """Return the sizes of the texts in a collection, by number."""
    known = blocks.__dict__.setdefault("collections", {})
    if at not in known:
        size = blocks.size_at(at, 8, 8, b"GCOL", "a collection of texts")
        body = blocks.block(at, size, "a collection of texts", b"GCOL")
        body.expect(4, 1)
        body.take(8)
        known[at] = {}
        while body.left() >= 16:
            number, _ = body.number(2), body.take(6)
            length = body.number(8)
            if number == 0:
                break
            if number in known[at]:
                raise blocks.broken("a text twice")
            known[at][number] = length
            body.take(length + -length % 8)
    return known[at]


def _old_fill(body):
    body.take(body.number(4))


def _fill(body):
    version = body.expect(1, 1, 2, 3)
    if version == 3:
        defined = body.number(1) & 0x20
    else:
        body.take(2)
        defined = body.number(1) or version == 1
    if defined:
        body.take(body.number(4))


def refuse_dense(body, what):
    """Refuse links or attributes that are kept in a heap of their own.

    Parameters
    ----------
    body : Layout
        The message that tells where they are.
    what : {'links', 'attributes'}
        What they are.
    """
    body.expect(1, 0)
    if body.number(1) & 1:
        body.take(8 if what == "links" else 2)
    if body.number(8) != NOWHERE:
        raise UnsafeFileError(
            "%s: stores %s in a form that is new in HDF5 1.8; expected the "
            "one that h5py writes by default. Write it again without "
            "libver='latest' and track_order." % (body.blocks.where, what))


def _no_dense_attributes(body):
    refuse_dense(body, "attributes")


#: Kind of message → what checks it by itself. Others are refused.
MESSAGES = {
    0x00: None, _SPACE: _space, 0x02: None, _TYPE: _kind, 0x04: _old_fill,
    0x05: _fill, 0x06: None, _EXTERNAL: None, _LAYOUT: None, 0x0A: None,
    _FILTERS: _filters, 0x0C: _attribute, 0x10: None, 0x11: None, 0x12: None,
    0x15: _no_dense_attributes, 0x16: None,
}
