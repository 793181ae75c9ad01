"""Fields of a protocol buffer message, without knowing what it describes."""
from ..errors import CheckpointError, UnsafeFileError

__all__ = ["fields_of", "integers_of"]

_FIXED = {1: 8, 5: 4}


def fields_of(data, where, limits, wanted=None):
    """Return the fields of a message, all of them within its bytes.

    Parameters
    ----------
    data : memoryview
        The message.
    where : str
        Name of file and message for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    wanted : set of int, optional
        The numbers of the fields to return; by default all.

    Returns
    -------
    list of (int, int or memoryview)
        Number and value: an integer, or the bytes.

    Raises
    ------
    CheckpointError
        If a field does not end within the message.
    UnsafeFileError
        If there are too many.

    Examples
    --------
    >>> from lasagne_flipconv.limits import LIMITS
    >>> fields_of(memoryview(b"\\x08\\x96\\x01"), "a", LIMITS)
    [(1, 150)]
    """
    found, at, count = [], 0, 0
    while at < len(data):
        key, at = _varint(data, at, where)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at, where)
        else:
            size, at = _size(data, at, wire, where)
            value = data[at:at + size]
            at += size
        if number == 0 or at > len(data):
            raise _broken(where, at)
        count += 1
        if count > limits.members:
            raise UnsafeFileError("%s: has more than %d fields; expected "
                                  "fewer." % (where, limits.members))
        if wanted is None or number in wanted:
            found.append((number, value))
    return found


def integers_of(data, where, limits):
    """Return the integers in a packed field.

    Parameters
    ----------
    data : memoryview
        The field.
    where : str
        Name of file and message for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    list of int
        Its values.
    """
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at, where)
        found.append(value)
        if len(found) > limits.axes:
            raise UnsafeFileError("%s: declares more than %d axes; expected "
                                  "fewer." % (where, limits.axes))
    return found


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
            return value, at
    raise _broken(where, at)


def _broken(where, at):
    return CheckpointError(
        "%s: is no message of protocol buffers at byte %d; expected one. The "
        "file is truncated, damaged or of another format." % (where, at))
