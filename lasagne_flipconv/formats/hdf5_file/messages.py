"""What the headers of an HDF5 file say: attributes, fill values, texts."""
import numpy as np

from ...errors import UnsafeFileError
from .blocks import NOWHERE, Layout
from .filters import filters_of
from .types import bytes_of, kind_of, shape_of

__all__ = ["MESSAGES", "attribute_of", "filled"]

_SPACE, _TYPE, _LAYOUT, _FILTERS, _ATTRIBUTE = 0x01, 0x03, 0x08, 0x0B, 0x0C


def attribute_of(body):
    """Return name and value of an attribute.

    Parameters
    ----------
    body : Layout
        The message.

    Returns
    -------
    name : str
        Its name.
    value : numpy.ndarray, numpy scalar, str or None
        Numbers and texts, or None for nothing. Texts of fixed size are bytes.

    Raises
    ------
    CheckpointError
        If something is not there.
    UnsafeFileError
        If it is neither numbers nor texts, or too long.
    """
    version = body.expect(1, 1, 2, 3)
    shared = body.number(1)
    sizes = [body.number(2) for _ in range(3)]
    body.take(1 if version == 3 else 0)
    if version > 1 and shared:
        raise body.blocks.broken("an attribute of a shared type")
    parts = []
    for size in sizes:
        data = body.take(size + (-size % 8 if version == 1 else 0))
        parts.append(Layout(body.blocks, data[:size], "an attribute"))
    name = parts[0].data.partition(b"\0")[0].decode("utf-8", "replace")
    kind, (shape, _) = kind_of(parts[1]), shape_of(parts[2])
    if shape is None:
        return name, None
    size = bytes_of(shape, kind.size)
    if size > body.blocks.limits.header:
        raise UnsafeFileError(
            "%s: the attribute %.80r has %d bytes; expected at most %d."
            % (body.blocks.where, name, size, body.blocks.limits.header))
    value = body.take(size)
    if kind.name == "variable text":
        return name, _texts(body.blocks, value, shape)
    found = np.frombuffer(value, kind.dtype).reshape(shape)
    if kind.shown.kind == "b":
        found = found != 0
    return name, found[()]


def _texts(blocks, value, shape):
    """Return texts that are kept elsewhere in the file."""
    if len(value) > 16 * blocks.limits.members:
        raise UnsafeFileError("%s: has an attribute of %d texts; expected at "
                              "most %d." % (blocks.where, len(value) // 16,
                                            blocks.limits.members))
    found = np.empty(len(value) // 16, object)
    for i in range(len(found)):
        length, at, number = (int.from_bytes(
            value[16 * i + a:16 * i + b], "little")
            for a, b in ((0, 4), (4, 12), (12, 16)))
        text = _collection(blocks, at).get(number, b"") if at not in (
            0, NOWHERE) else b""
        if len(text) != length:
            raise UnsafeFileError(
                "%s: has a text of %d bytes that is not there; expected all "
                "of them." % (blocks.where, length))
        blocks.tell(length)
        found[i] = bytes(text).partition(b"\0")[0].decode("utf-8", "replace")
    return found.reshape(shape)[()]


def _collection(blocks, at):
    """Return the texts in a collection, by number."""
    if at not in blocks.collections:
        size = blocks.size_at(at, 8, 8, b"GCOL", "a collection of texts")
        body = blocks.block(at, size, "a collection of texts", b"GCOL")
        body.expect(4, 1)
        body.take(8)
        blocks.collections[at] = _objects(blocks, body)
    return blocks.collections[at]


def _objects(blocks, body):
    """Return the texts in a collection; number 0 is what is free at its end.
    """
    found, data = {}, memoryview(body.data)
    while body.left() >= 16:
        number, _ = body.number(2), body.take(6)
        length = body.number(8)
        if number == 0:
            if length != body.left() + 16:
                raise blocks.broken("a collection of texts that is damaged")
            break
        if number in found:
            raise blocks.broken("a text twice")
        start = body.at
        body.take(length + -length % 8)
        found[number] = data[start:start + length]
    return found


def filled(messages):
    """Return the bytes of what stands where nothing was written, or None.

    Parameters
    ----------
    messages : dict of int to Layout
        The header of an array.

    Returns
    -------
    bytes or None
        One element.
    """
    for kind, value_of in ((0x05, _fill), (0x04, _old_fill)):
        if kind in messages:
            return value_of(messages[kind].again()) or None
    return None


def _old_fill(body):
    return body.take(body.number(4))


def _fill(body):
    version = body.expect(1, 1, 2, 3)
    if version == 3:
        defined = body.number(1) & 0x20
    else:
        body.take(2)
        defined = body.number(1) or version == 1
    return body.take(body.number(4)) if defined else b""


#: Kind of message → what checks it by itself. Others are refused.
MESSAGES = {
    0x00: None, _SPACE: shape_of, 0x02: None, _TYPE: kind_of, 0x04: _old_fill,
    0x05: _fill, 0x06: None, 0x07: None, _LAYOUT: None, 0x0A: None,
    _FILTERS: filters_of, _ATTRIBUTE: None, 0x10: None, 0x11: None,
    0x12: None, 0x15: None, 0x16: None,
}
