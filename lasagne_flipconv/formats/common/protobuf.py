"""Fields of a protocol buffer message, without knowing what it describes."""
import numpy as np

from ...errors import CheckpointError, UnsafeFileError

__all__ = ["Budget", "count_varints", "fields_of", "integers_of", "joined",
           "signed", "text_of", "varints_of"]

_FIXED = {1: 8, 5: 4}
#: Fields that a file may have beside one for so many of its bytes.
_PER_MEMBER, _BYTES = 16, 32
#: Bytes of packed integers that are looked at together.
_PIECE = 1 << 18


class Budget:
    """Count the fields that one file may still have, in any message.

    Parameters
    ----------
    where : str
        Name of the file for the error text.
    size : int
        Its bytes.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    """

    def __init__(self, where, size, limits):
        self.where = where
        self.most = self.left = _PER_MEMBER * limits.members + size // _BYTES

    def refuse(self):
        """Say that there were more."""
        raise UnsafeFileError("%s: has more than %d fields; expected fewer."
                              % (self.where, self.most))


def fields_of(data, where, budget, wanted=None):
    """Yield the fields of a message, each within its bytes.

    Parameters
    ----------
    data : memoryview
        The message.
    where : str
        Name of file and message for error texts.
    budget : Budget
        Counts the fields.
    wanted : set of int, optional
        The numbers of the fields to yield; by default all.

    Yields
    ------
    number : int
        Which field.
    value : int or memoryview
        An integer, or the bytes.

    Raises
    ------
    CheckpointError
        If it is no message, or a field does not end within it.
    UnsafeFileError
        If there are too many.

    Examples
    --------
    >>> from lasagne_flipconv.limits import LIMITS
    >>> list(fields_of(memoryview(b"\\x08\\x96\\x01"), "a",
    ...                Budget("a", 3, LIMITS)))
    [(1, 150)]
    """
    if not isinstance(data, memoryview):
        raise CheckpointError("%s: has a number where a message should be; "
                              "expected bytes. The file is damaged." % where)
    budget.left -= 1  # an empty message takes time as well
    at, end = 0, len(data)
    while at < end:
        budget.left -= 1
        if budget.left < 0:
            budget.refuse()
        key, at = data[at], at + 1
        if key > 0x7f:
            key, at = _varint(data, at - 1, where)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at, where)
        else:
            size, at = _size(data, at, wire, where)
            value = data[at:at + size]
            at += size
        if number == 0 or at > end:
            raise _broken(where, at)
        if wanted is None or number in wanted:
            yield number, value


def text_of(value, where, limits, errors="strict"):
    """Return a field as a text.

    Parameters
    ----------
    value : int or memoryview
        The field.
    where : str
        Name of file and message for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    errors : {'strict', 'backslashreplace'}
        What to do with bytes that are no UTF-8.

    Returns
    -------
    str
        The text.

    Raises
    ------
    CheckpointError
        If it is a number, too long or no UTF-8.
    """
    if isinstance(value, int) or len(value) > limits.name:
        raise CheckpointError(
            "%s: has no name where one should be; expected a text of at most "
            "%d bytes." % (where, limits.name))
    try:
        return bytes(value).decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise CheckpointError(
            "%s: has a name that is no UTF-8, %r; expected a text. The file "
            "is damaged." % (where, bytes(value[:40]))) from error


def integers_of(values, where, most):
    """Return the integers of a repeated field, packed or one by one.

    Parameters
    ----------
    values : list of int or memoryview
        The fields.
    where : str
        Name of file and message for error texts.
    most : int
        How many there may be.

    Returns
    -------
    list of int
        Its values, with their signs.

    Raises
    ------
    UnsafeFileError
        If there are more.
    """
    found = []
    for value in values:
        data = value if isinstance(value, memoryview) else b""
        at = 0
        if isinstance(value, int):
            found.append(value)
        while at < len(data) and len(found) <= most:
            number, at = _varint(data, at, where)
            found.append(number)
        if len(found) > most:
            raise UnsafeFileError("%s: declares shape with more than %d axes; "
                                  "expected fewer." % (where, most))
    return [signed(number) for number in found]


def joined(before, value):
    """Return the bytes of a repeated field, given those before.

    Parameters
    ----------
    before : bytes, memoryview or bytearray
        Those before; a bytearray grows in place.
    value : memoryview
        The next ones.

    Returns
    -------
    memoryview or bytearray
        All; not copied if they are the first.
    """
    if not len(before):
        return value
    if not isinstance(before, bytearray):
        before = bytearray(before)
    before += value
    return before


def signed(number):
    """Return a 64-bit integer as the format means it."""
    return number - (1 << 64) if number >> 63 else number


def count_varints(data):
    """Return how many integers are packed: those bytes that end one.

    Parameters
    ----------
    data : memoryview
        A packed field.

    Returns
    -------
    int
        Their number.
    """
    return sum(int(np.count_nonzero(np.frombuffer(
        data[at:at + _PIECE], "u1") < 0x80))
        for at in range(0, len(data), _PIECE))


def varints_of(data, where, dtype, found):
    """Put packed integers into an array, some hundred kilobytes at a time.

    Parameters
    ----------
    data : memoryview
        A packed field.
    where : str
        Name of file and message for error texts.
    dtype : numpy.dtype
        Type to read them as: the last bytes of 64 bits count.
    found : numpy.ndarray
        Takes as many as :func:`count_varints` says.

    Raises
    ------
    CheckpointError
        If one is longer than ten bytes, or the last does not end.
    """
    at = done = 0
    while at < len(data):
        piece = np.frombuffer(data[at:at + _PIECE], "u1")
        ends = np.flatnonzero(piece < 0x80)
        starts = np.concatenate([[0], ends[:-1] + 1])
        if not len(ends) or (ends - starts).max() > 9:
            raise _broken(where, at)
        values = np.zeros(len(ends), "u8")
        for i in range((ends - starts).max() + 1):
            there = starts + i <= ends
            values[there] |= (piece[starts[there] + i] & 0x7f).astype(
                "u8") << np.uint64(7 * i)
        found[done:done + len(ends)] = values.astype(dtype)
        done += len(ends)
        at += int(ends[-1]) + 1


def _size(data, at, wire, where):
    if wire == 2:
        return _varint(data, at, where)
    if wire not in _FIXED:
        raise _broken(where, at)
    return _FIXED[wire], at


def _varint(data, at, where):
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise _broken(where, at)


def _broken(where, at):
    return CheckpointError(
        "%s: is no message of protocol buffers at byte %d; expected one. The "
        "file is truncated, damaged or of another format." % (where, at))
