"""JSON as it stands in the headers of files: bounded, each name once."""
import json

import numpy as np

from ...errors import CheckpointError, UnsafeFileError

__all__ = ["parsed_json"]

#: Python takes quadratic time for longer integers, or refuses them.
_LONGEST_INTEGER = 24

#: Each value costs Python up to 64 bytes, however short its text. A layer of
#: Keras has about 200, an array of safetensors 20.
_VALUES_A_MEMBER = 30
_BEGINS = np.zeros(256, "u1")
_BEGINS[list(b"[{,:")] = 1


def parsed_json(data, where, limits):
    """Return what a JSON text says.

    Parameters
    ----------
    data : bytes or str
        The text.
    where : str
        Name of the file and part for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    value
        Dicts, lists, texts and numbers.

    Raises
    ------
    CheckpointError
        If it is no JSON.
    UnsafeFileError
        If it is too long, has too many values, or names something twice in
        one object: readers differ in which of the two they take.

    Examples
    --------
    >>> from lasagne_flipconv.limits import LIMITS
    >>> parsed_json(b'{"a": [1, 2.5]}', "a.json", LIMITS)
    {'a': [1, 2.5]}
    """
    if len(data) > limits.header:
        raise UnsafeFileError("%s: has %d bytes; expected at most %d."
                              % (where, len(data), limits.header))

    values, most = values_in(data), _VALUES_A_MEMBER * limits.members
    if values > most:
        raise UnsafeFileError(
            "%s: has %d values in %d bytes of JSON; expected at most %d."
            % (where, values, len(data), most))

    def once(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise UnsafeFileError("%s: names something twice; expected each "
                                  "name once." % where)
        return found

    try:
        if not isinstance(data, str):  # json would guess other encodings
            data = bytes(data).decode("utf-8")
        return json.loads(data, object_pairs_hook=once, parse_int=_integer)
    except (UnsafeFileError, MemoryError):
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            "%s: is no JSON (%s: %.80s); expected a text in JSON. The file is "
            "truncated or damaged; get it again."
            % (where, type(error).__name__, error)) from error


def values_in(data):
    """Return how many values a JSON text has, before any is made.

    Parameters
    ----------
    data : bytes or str
        The text.

    Returns
    -------
    int
        Texts, and places where a list, an object or a value in one begins.

    Examples
    --------
    >>> values_in(b'{"a": [1, 2.5, "],"]}')
    7
    """
    data = data.encode("utf-8", "replace") if isinstance(
        data, str) else bytes(data)
    chars = np.frombuffer(data.replace(b"\\\\", b"").replace(
        b"\\\"", b""), "u1")
    quotes = chars == ord('"')
    inside = np.cumsum(quotes, dtype="u1") & 1
    return int(np.count_nonzero(_BEGINS[chars] & ~inside)
               + np.count_nonzero(quotes) // 2)


def _integer(digits):
    if len(digits) > _LONGEST_INTEGER:
        raise ValueError("an integer of %d digits" % len(digits))
    return int(digits)
