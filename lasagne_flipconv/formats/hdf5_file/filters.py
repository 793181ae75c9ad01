"""The filters that pieces of an HDF5 array went through, undone."""
import zlib

import numpy as np

from ...errors import UnsafeFileError
from .sums import fletcher32

__all__ = ["check_parameters", "filters_of", "has_sum", "unfiltered"]

_DEFLATE, _SHUFFLE, _SUMS, _LZF = 1, 2, 3, 32000
#: In this order h5py applies filters: shuffle, compress, checksum.
_ORDER = (_SHUFFLE, _DEFLATE, _LZF, _SUMS)
_MOST = 32


def filters_of(body):
    """Return what a message says of filters.

    Parameters
    ----------
    body : Layout
        The message.

    Returns
    -------
    list of (int, tuple of int)
        Number and parameters of each, in the order they were applied.

    Raises
    ------
    UnsafeFileError
        If one is unknown, or stands where h5py puts none.
    """
    version, count = body.expect(1, 1, 2), body.number(1)
    if count > _MOST:
        raise body.blocks.broken("%d filters" % count)
    body.take(6 if version == 1 else 0)
    found = []
    for _ in range(count):
        code = body.number(2)
        length = body.number(2) if version == 1 or code >= 256 else 0
        body.take(2)
        count = body.number(2)
        body.take(length + (-length % 8 if version == 1 else 0))
        found.append((code, tuple(body.number(4) for _ in range(count))))
        body.take(4 * (count % 2) if version == 1 else 0)
    codes = [code for code, _ in found]
    if [code for code in _ORDER if code in codes] != codes:
        raise UnsafeFileError(
            "%s: needs the HDF5 filters %s, of which one is a plugin or "
            "stands out of order; expected shuffle, deflate or lzf, "
            "fletcher32." % (body.blocks.where,
                             ", ".join(map(str, codes[:8]))))
    return found


def check_parameters(filters, item, size, where):
    """Refuse parameters that contradict the array.

    Parameters
    ----------
    filters : list of (int, tuple of int)
        Number and parameters of each.
    item, size : int
        Bytes of an element, and of a piece.
    where : str
        Name of file and array for error texts.
    """
    for code, told in filters:
        expected = {_SHUFFLE: told == (item,), _SUMS: not told,
                    _DEFLATE: len(told) == 1 and told[0] <= 9,
                    _LZF: len(told) < 3 or told[2] in (0, size)}[code]
        if not expected:
            raise UnsafeFileError(
                "%s: has the HDF5 filter %d with the parameters %r; expected "
                "those of elements of %d bytes in pieces of %d."
                % (where, code, told[:4], item, size))


def has_sum(filters):
    """Tell whether pieces can show that they are damaged."""
    return any(code != _SHUFFLE for code, _ in filters)


def unfiltered(data, filters, skipped, item, size, where):
    """Return a piece as it was before the filters.

    Parameters
    ----------
    data : bytes
        The piece as it is stored.
    filters : list of (int, tuple of int)
        Number and parameters of each, in the order they were applied.
    skipped : int
        Bits of those that this piece did not go through.
    item, size : int
        Bytes of an element, and of the piece: no more are made.
    where : str
        Name of file and array for error texts.

    Returns
    -------
    bytes
        Just `size` of them.

    Raises
    ------
    UnsafeFileError
        If the piece unpacks to anything else.
    """
    length, made = len(data), data
    for i, (code, _) in reversed(list(enumerate(filters))):
        if made is not None and not skipped >> i & 1:
            made = _UNDO[code](made, item, size)
    if made is None or len(made) != size:
        raise UnsafeFileError(
            "%s: has a piece of %d bytes that does not unpack to %d; expected "
            "it to. The file is damaged or made to exhaust memory."
            % (where, length, size))
    return made


def _inflated(data, item, size):
    unpack = zlib.decompressobj()
    try:
        made = unpack.decompress(data, size + 1)
    except zlib.error:
        return None
    return made if unpack.eof and not unpack.unused_data else None


def _unshuffled(data, item, size):
    """Return elements whose first bytes were stored first, then the next."""
    if len(data) != size:
        return None
    made, n = bytearray(size), size // item
    for k in range(item):  # several times as fast as NumPy's transpose
        made[k::item] = data[k * n:(k + 1) * n]
    return bytes(made)


def _summed(data, item, size):
    """Return what a checksum stands behind, if it is right."""
    if len(data) < 4:
        return None
    first, second = np.frombuffer(data[-4:], "<u2").tolist()
    told = first % 65535, second % 65535
    found = fletcher32(data[:-4])
    # before 1.6.3, HDF5 swapped the bytes on little-endian machines
    swapped = tuple((n >> 8 | n << 8 & 0xFF00) % 65535 for n in (first,
                                                                second))
    return data[:-4] if found in (told, swapped) else None


def _unlzf(data, item, size):
    """Return what LZF packed, None if it is no whole stream of its size."""
    made, at, end = bytearray(), 0, len(data)
    while at < end:
        word = data[at]
        at += 1
        if word < 32:  # so many bytes and one, as they are
            made += data[at:at + word + 1]
            at += word + 1
        else:  # bytes that were there before, so far back
            length = word >> 5
            if at + (length == 7) >= end:
                return None
            if length == 7:
                length += data[at]
                at += 1
            start = len(made) - ((word & 31) << 8 | data[at]) - 1
            at += 1
            if start < 0:
                return None
            _repeat(made, start, length + 2)
        if len(made) > size:
            return None
    return bytes(made) if at == end else None


def _repeat(made, start, length):
    """Append bytes from a place, which may come to be only now."""
    pattern = made[start:start + length]
    made += (pattern * (length // len(pattern) + 1))[:length]


_UNDO = {_DEFLATE: _inflated, _SHUFFLE: _unshuffled, _SUMS: _summed,
         _LZF: _unlzf}
