"""Arrays as files describe them: checked against the bytes before any is made.
"""
import re
import sys
from collections import namedtuple

import numpy as np

from ...errors import CheckpointError, UnsafeFileError

__all__ = ["StoredArray", "are_sizes", "check_shape", "check_sizes",
           "float32_of", "numeric_dtype", "pieces_of", "read_at"]

_PIECE = 1 << 22

#: Booleans, integers, floats, complex numbers; texts in lists of class names.
_NUMERIC = re.compile(r"[<>|=]?(b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32))")
_TEXT = re.compile(r"[<>|=]?[SUa][1-9]\d{0,5}")


class StoredArray(namedtuple("StoredArray", "dtype shape fortran raw")):
    """Describe an array whose bytes are known to be there.

    Parameters
    ----------
    dtype : numpy.dtype
        Type of the elements, byte order included.
    shape : tuple of int
        Shape.
    fortran : bool
        Whether the first axis varies fastest.
    raw : bytes or memoryview
        The elements.

    Examples
    --------
    >>> StoredArray(np.dtype("<u2"), (2,), False, b"abcd").read()
    array([25185, 25699], dtype=uint16)
    """

    __slots__ = ()

    def read(self):
        """Return a new array.

        Returns
        -------
        numpy.ndarray
            Writable, in the order that is stored.
        """
        flat = np.frombuffer(self.raw, self.dtype).copy()
        return flat.reshape(self.shape, order="F" if self.fortran else "C")


def are_sizes(values):
    """Tell whether all values are integers, 0 or more.

    Parameters
    ----------
    values : iterable
        Anything.

    Returns
    -------
    bool
        False for True, 1.0 and the like as well.
    """
    return all(type(n) is int and n >= 0 for n in values)


def read_at(file, at, array):
    """Fill an array with the bytes at some place of a file.

    Parameters
    ----------
    file : binary file
        The file, with a ``name``.
    at : int
        Where the bytes begin.
    array : numpy.ndarray
        Contiguous; may have no axis or no element.

    Raises
    ------
    CheckpointError
        If the file has become shorter than it was.
    """
    file.seek(at)
    count = file.readinto(memoryview(array.reshape(-1).view("u1")))
    if count != array.nbytes:
        raise CheckpointError(
            "%s: ends at byte %d; expected %d more. The file was changed "
            "while it was read." % (file.name, at + count,
                                    array.nbytes - count))


def float32_of(halves):
    """Return the values of bfloat16, which NumPy lacks.

    Parameters
    ----------
    halves : numpy.ndarray
        Their bits, as integers of 16 bits: the upper halves of float32.

    Returns
    -------
    numpy.ndarray
        As float32, in the same shape.

    Examples
    --------
    >>> float32_of(np.array([[0x3F80, 0xC000]], "u2"))
    array([[ 1., -2.]], dtype=float32)
    """
    values = (halves.reshape(-1).astype("<u4") << 16).view("<f4")
    return values.reshape(halves.shape)


def check_shape(shape, dtype, size, where, limits):
    """Refuse a shape that does not come to just the bytes there are.

    Parameters
    ----------
    shape : tuple of int
        As the file declares it.
    dtype : numpy.dtype
        Type of the elements.
    size : int
        Bytes there are.
    where : str
        Name of file and array for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    tuple of int
        The shape.

    Raises
    ------
    CheckpointError
        If it is no shape.
    UnsafeFileError
        If it declares other sizes than there are.
    """
    if not isinstance(shape, tuple) or not are_sizes(shape):
        raise CheckpointError(
            "%s: declares a shape that is none; expected a tuple of sizes."
            % where)
    if len(shape) > limits.axes:
        raise UnsafeFileError("%s: declares %d axes; expected at most %d."
                              % (where, len(shape), limits.axes))
    declared = dtype.itemsize
    for n in shape:
        declared *= n
    if declared != size:
        raise UnsafeFileError(
            "%s: declares shape %s of %s, which is %s bytes; expected the %d "
            "that are there. The file is damaged or made to exhaust memory."
            % (where, _short(shape), dtype, _number(declared), size))
    check_sizes(shape, dtype, where)
    return shape


def check_sizes(shape, dtype, where):
    """Refuse sizes that NumPy cannot hold, though one of them may be 0.

    Parameters
    ----------
    shape : tuple of int
        Sizes, none of them negative.
    dtype : numpy.dtype
        Type of the elements.
    where : str
        Name of file and array for error texts.

    Raises
    ------
    UnsafeFileError
        If the others come to more than an array can have.
    """
    size = max(dtype.itemsize, 1)
    for n in shape:
        size *= int(n) or 1
        if size > sys.maxsize:
            raise UnsafeFileError(
                "%s: declares shape %s of %s; expected sizes that come to "
                "less than 2**63. The file is damaged or made to exhaust "
                "memory." % (where, _short(shape), dtype))


def _number(n):
    return str(n) if n < 1 << 63 else "more than 2**%d" % (n.bit_length() - 1)


def _short(shape):
    return "(%s)" % ", ".join(_number(n) for n in shape)


def numeric_dtype(code, where, texts=False):
    """Return the dtype of a code such as ``<f4``.

    Parameters
    ----------
    code : str
        Byte order, kind and size.
    where : str
        Name of file and array for error texts.
    texts : bool
        Whether fixed-width texts are fine as well.

    Returns
    -------
    numpy.dtype
        Numbers or booleans (or texts).

    Raises
    ------
    UnsafeFileError
        If the type is another: object, structured, void, date.
    CheckpointError
        If this machine does not have the type.
    """
    if not isinstance(code, str) or not (
            _NUMERIC.fullmatch(code) or texts and _TEXT.fullmatch(code)):
        raise UnsafeFileError(
            "%s: has elements of type %.80r; expected numbers. Objects would "
            "have to be unpickled, which can execute code." % (where, code))
    try:
        return np.dtype(code)
    except TypeError as error:
        raise CheckpointError(
            "%s: has elements of type %r, which this machine lacks; expected "
            "float16, float32 or float64." % (where, code)) from error


def pieces_of(array):
    """Yield the bytes of an array in C order, a few at a time.

    Parameters
    ----------
    array : numpy.ndarray
        Any array of numbers; turned and permuted views are never copied as a
        whole.

    Yields
    ------
    memoryview
        The next bytes.

    Examples
    --------
    >>> [bytes(piece) for piece in pieces_of(np.arange(4, dtype="u1")[::-1])]
    [b'\\x03\\x02\\x01\\x00']
    """
    if array.flags.c_contiguous:
        yield memoryview(array.reshape(-1).view("u1"))
        return
    row = array.nbytes // len(array)
    if row > _PIECE:
        for part in array:
            yield from pieces_of(part)
        return
    step = _PIECE // max(row, 1)
    for i in range(0, len(array), step):
        yield from pieces_of(np.ascontiguousarray(array[i:i + step]))
