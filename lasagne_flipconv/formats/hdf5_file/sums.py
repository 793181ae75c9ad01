"""The checksums of HDF5."""
import numpy as np

__all__ = ["fletcher32", "lookup3"]

_MASK = 0xFFFFFFFF
_BLOCK = 1 << 16


def _turned(value, bits):
    return (value << bits | value >> 32 - bits) & _MASK


def lookup3(data):
    """Return Bob Jenkins' checksum, which HDF5 keeps of its own blocks.

    Parameters
    ----------
    data : bytes
        Any bytes.

    Returns
    -------
    int
        Of 32 bits.

    Examples
    --------
    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    last = (len(data) - 1) // 12 * 12
    words = np.frombuffer(data[:last], "<u4").tolist()
    for i in range(0, len(words), 3):
        a = (a + words[i]) & _MASK
        b = (b + words[i + 1]) & _MASK
        c = (c + words[i + 2]) & _MASK
        a = (a - c) & _MASK ^ _turned(c, 4)
        c = (c + b) & _MASK
        b = (b - a) & _MASK ^ _turned(a, 6)
        a = (a + c) & _MASK
        c = (c - b) & _MASK ^ _turned(b, 8)
        b = (b + a) & _MASK
        a = (a - c) & _MASK ^ _turned(c, 16)
        c = (c + b) & _MASK
        b = (b - a) & _MASK ^ _turned(a, 19)
        a = (a + c) & _MASK
        c = (c - b) & _MASK ^ _turned(b, 4)
        b = (b + a) & _MASK
    return _last(a, b, c, data[last:].ljust(12, b"\0"))


def _last(a, b, c, tail):
    a, b, c = ((value + int.from_bytes(tail[i:i + 4], "little")) & _MASK
               for i, value in ((0, a), (4, b), (8, c)))
    c = (c ^ b) - _turned(b, 14) & _MASK
    a = (a ^ c) - _turned(c, 11) & _MASK
    b = (b ^ a) - _turned(a, 25) & _MASK
    c = (c ^ b) - _turned(b, 16) & _MASK
    a = (a ^ c) - _turned(c, 4) & _MASK
    b = (b ^ a) - _turned(a, 14) & _MASK
    return (c ^ b) - _turned(b, 24) & _MASK


def fletcher32(data):
    """Return Fletcher's checksum of the pieces of an array.

    Parameters
    ----------
    data : bytes
        Any bytes.

    Returns
    -------
    tuple of int
        Its two sums, modulo 65535.

    Examples
    --------
    >>> fletcher32(b"abcde")
    (10695, 20464)
    """
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2")
    first = second = 0
    for i in range(0, len(words), _BLOCK):
        block = words[i:i + _BLOCK].astype("u8")
        n = len(block)
        second += n * first + int((block * np.arange(
            n, 0, -1, dtype="u8")).sum())
        first += int(block.sum())
    return first % 65535, second % 65535
