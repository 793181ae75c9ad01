"""Pickles as Lasagne users write them, plain or compressed."""
import bz2
import io
import zlib

from ..errors import CheckpointError, UnsafeFileError
from .structure import checkpoint_of
from .unpickle import unpickle

__all__ = ["read", "read_bz2", "read_gzip", "sniff", "sniff_bz2",
           "sniff_gzip"]

_CHUNK = 1 << 16


def sniff(head):
    """Tell whether a file begins as pickles do, of any protocol."""
    if head[:1] == b"\x80":
        return head[1:2] in b"\x00\x01\x02\x03\x04\x05"
    return head[:1] in (b"(", b"]", b"}", b"c", b")", b"d", b"l", b"i")


def sniff_gzip(head):
    """Tell whether a file is compressed by gzip."""
    return head.startswith(b"\x1f\x8b")


def sniff_bz2(head):
    """Tell whether a file is compressed by bzip2."""
    return head.startswith(b"BZh")


def read(file, limits):
    """Describe the arrays of a pickle."""
    return _from_bytes(file.read(), file.name, "pickle", limits)


def read_gzip(file, limits):
    """Describe the arrays of a pickle that is compressed by gzip."""
    data = _unpacked(file, limits, lambda: zlib.decompressobj(31), zlib.error)
    return _from_bytes(data, file.name, "gzip", limits)


def read_bz2(file, limits):
    """Describe the arrays of a pickle that is compressed by bzip2."""
    data = _unpacked(file, limits, bz2.BZ2Decompressor, OSError)
    return _from_bytes(data, file.name, "bz2", limits)


def _unpacked(file, limits, decompressor, failure):
    """Return what a file unpacks to, if that is not too much."""
    size = file.seek(0, 2)
    file.seek(0)
    ceiling, made = limits.unpacked(size), io.BytesIO()
    unpack, chunk, parts = decompressor(), b"", 1
    try:
        while True:
            chunk = chunk or file.read(_CHUNK)
            if not chunk and unpack.eof:
                return made.getvalue()
            if unpack.eof:
                unpack, parts = decompressor(), parts + 1
            part, chunk = _next(unpack, chunk or None)
            made.write(part)
            if made.tell() > ceiling or parts > limits.members:
                raise UnsafeFileError(
                    "%s: unpacks %d bytes into more than %d, or more than %d "
                    "parts; expected less. Pass limits=LIMITS._replace("
                    "expansion=…) if you know the file."
                    % (file.name, size, ceiling, limits.members))
    except (failure, EOFError) as error:
        raise CheckpointError(
            "%s: is badly compressed or truncated (%s); expected a whole "
            "file. Get it again." % (file.name, error)) from error


def _next(unpack, chunk):
    """Return some output, and the input that is left."""
    if chunk is None and getattr(unpack, "needs_input", True):
        raise EOFError("the end is missing")
    part = unpack.decompress(chunk or b"", 1 << 20)
    rest = getattr(unpack, "unconsumed_tail", b"") or unpack.unused_data
    return part, rest


def _from_bytes(data, where, form, limits):
    if not sniff(data):
        raise CheckpointError(
            "%s: unpacks to something that begins with %r; expected a pickle. "
            "Unpack it, then read what is in it." % (where, data[:8]))
    value, end = unpickle(data, where, limits)
    if end != len(data):
        raise CheckpointError(
            "%s: has %d bytes after the end of the pickle; expected none. "
            "Keep one pickle in one file." % (where, len(data) - end))
    return checkpoint_of(value, data, where, form, limits)
