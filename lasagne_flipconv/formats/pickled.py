"""Pickles as Lasagne users write them, plain or compressed."""
import bz2
import io
import re
import zlib

from ..errors import CheckpointError, FlipconvError, UnsafeFileError
from .pickles.structure import Several, checkpoint_of
from .pickles.unpickle import unpickle

__all__ = ["read", "read_bz2", "read_gzip", "sniff", "sniff_bz2",
           "sniff_gzip", "unpacked"]

_CHUNK = 1 << 16
#: What unpacks a file, and the error that it raises.
_GZIP = (lambda: zlib.decompressobj(31)), zlib.error
_BZ2 = bz2.BZ2Decompressor, OSError

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
    data = _unpacked(file, limits, *_GZIP)
    return _from_bytes(data, file.name, "gzip", limits)


def read_bz2(file, limits):
    """Describe the arrays of a pickle that is compressed by bzip2."""
    data = _unpacked(file, limits, *_BZ2)
    return _from_bytes(data, file.name, "bz2", limits)


def unpacked(file, limits):
    """Return a file to read a pickle from, whatever it is compressed by.

    Parameters
    ----------
    file : buffered binary file
        Of which nothing has been read.
    limits : lasagne_flipconv.limits.Limits
        Ceilings of what is compressed.

    Returns
    -------
    buffered binary file
        The same, if it is not compressed by gzip or bzip2.

    Raises
    ------
    CheckpointError
        If it is badly compressed.
    UnsafeFileError
        If it unpacks to too much.
    """
    head = file.peek(4)
    for sniffs, packing in ((sniff_gzip, _GZIP), (sniff_bz2, _BZ2)):
        if sniffs(head):
            data = _unpacked(file, limits, *packing, way_out=(
                "Unpack it first if you know the file."))
            return io.BufferedReader(io.BytesIO(data))
    return file


def _unpacked(file, limits, decompressor, failure, way_out=(
        "Pass limits=LIMITS._replace(expansion=…) if you know the file.")):
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
                    "parts; expected less. %s" % (
                        file.name, size, ceiling, limits.members, way_out))
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
