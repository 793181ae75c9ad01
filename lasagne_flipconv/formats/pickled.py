"""Pickles as Lasagne users write them, plain or compressed."""
import bz2
import io
import re
import zlib

from ..errors import CheckpointError, FlipconvError, UnsafeFileError
from .pickles.structure import Several, checkpoint_of
from .pickles.unpickle import unpickle

__all__ = ["read", "read_bz2", "read_gzip", "sniff", "sniff_bz2",
           "sniff_gzip"]

_CHUNK = 1 << 16

#: The opcodes that any pickle begins with, all of them ones that push.
_BEGINS = b"\x80(]})cNIJKMLFGSTUVXBC"
#: A number or text by itself, as protocols 0 and 1 write it before others.
_ALONE = re.compile(rb"(?:(?:[IFL]-?[\d.]|[SV])[^\n]{0,200}\n|K.|M..|J....|"
                    rb"G.{8}|U.[ -~]{0,255}?|X..\0\0[^\0]{0,999}?)"
                    rb"(?:p\d+\n|q.)?\.", re.DOTALL)
#: The module whose classes stand for arrays in files of joblib.
_JOBLIB = b"joblib.numpy_pickle"


def sniff(head):
    """Tell whether a file begins as pickles do, of any protocol."""
    if head[:1] == b"\x80":
        return head[1:2] in b"\x00\x01\x02\x03\x04\x05"
    return head[:1] in (b"(", b"]", b"}", b"c", b")", b"d", b"l", b"i") or (
        _ALONE.match(head) is not None)


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
    try:
        values = list(_values(data, where, limits))
    except FlipconvError as error:
        if _JOBLIB not in data:
            raise
        raise type(error)(
            "%s: was written by joblib, which puts the elements of arrays "
            "between the opcodes of a pickle; expected a plain pickle. If you "
            "trust the file as you would a program, numpy.savez('weights.npz',"
            " *joblib.load(path)) of a list of arrays gives one that is read."
            % where) from error
    return checkpoint_of(values[0] if len(values) == 1 else Several(values),
                         data, where, form, limits)


def _values(data, where, limits):
    """Yield what pickle.dump wrote into a file, one after the other."""
    end, count = 0, 0
    while end < len(data):
        if count and data[end] not in _BEGINS:
            raise CheckpointError(
                "%s: has %d bytes after the end of the pickle; expected none, "
                "or another pickle." % (where, len(data) - end))
        count += 1
        if count > limits.members:
            raise UnsafeFileError("%s: holds more than %d pickles; expected "
                                  "fewer." % (where, limits.members))
        value, end = unpickle(data, where, limits, end)
        yield value
