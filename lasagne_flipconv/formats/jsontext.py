"""JSON as it stands in the headers of files: bounded, each name once."""
import json

from ..errors import CheckpointError, UnsafeFileError

__all__ = ["parsed_json"]

#: Python takes quadratic time for longer integers, or refuses them.
_LONGEST_INTEGER = 24


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
        If it is too long, or names something twice in one object: readers
        differ in which of the two they take.

    Examples
    --------
    >>> from lasagne_flipconv.limits import LIMITS
    >>> parsed_json(b'{"a": [1, 2.5]}', "a.json", LIMITS)
    {'a': [1, 2.5]}
    """
    if len(data) > limits.header:
        raise UnsafeFileError("%s: has %d bytes; expected at most %d."
                              % (where, len(data), limits.header))

    def once(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise UnsafeFileError("%s: names something twice; expected each "
                                  "name once." % where)
        return found

    try:
        return json.loads(data, object_pairs_hook=once, parse_int=_integer)
    except (UnsafeFileError, MemoryError):
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            "%s: is no JSON (%s: %.80s); expected a text in JSON. The file is "
            "truncated or damaged; get it again."
            % (where, type(error).__name__, error)) from error


def _integer(digits):
    if len(digits) > _LONGEST_INTEGER:
        raise ValueError("an integer of %d digits" % len(digits))
    return int(digits)
