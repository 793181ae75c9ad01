"""What we record about an array beside it, so that loading need not ask."""
import json
import sys

from ...axes import ORIENTATIONS, Convention
from ...conventions import DENSE_AXES, FORMAT_CONVENTIONS, OPEN_AXES
from ...errors import CheckpointError
from .record import SIBLINGS

__all__ = ["OURS", "entry_of_note", "note_of", "siblings_to_tell",
           "siblings_told"]

OURS = "lasagne_flipconv"


def siblings_to_tell(checkpoint):
    """Return what we record of layers side by side.

    Parameters
    ----------
    checkpoint : Checkpoint
        What to write.

    Returns
    -------
    str
        Empty if they are in the order of Lasagne.
    """
    return "" if checkpoint.siblings == SIBLINGS[0] else checkpoint.siblings


def siblings_told(word):
    """Return what is known of layers side by side.

    Parameters
    ----------
    word : str
        What :func:`siblings_to_tell` returned.

    Returns
    -------
    str
        One of :data:`lasagne_flipconv.formats.common.record.SIBLINGS`.
    """
    return (word if word in SIBLINGS else SIBLINGS[-1]) if word else (
        SIBLINGS[0])


def note_of(entry):
    """Return what we record about an entry, as JSON.

    Parameters
    ----------
    entry : Entry
        An array of a checkpoint.

    Returns
    -------
    str
        Its name, place and convention.

    Raises
    ------
    CheckpointError
        If it has what :func:`entry_of_note` would refuse.
    """
    told = {key: getattr(entry, key) for key in _MEMBERS
            if getattr(entry, key) is not None}
    _check(told, "%s: would be recorded with" % entry.name,
           "Correct it in the source, or with entry._replace.")
    note = json.dumps(told, sort_keys=True)
    if len(note) > _LONGEST:
        raise CheckpointError(
            "%.200s: would be recorded in %d bytes, as %d layers share it; "
            "expected at most %d. Save the values alone: numpy.savez(path, "
            "*lasagne.layers.get_all_param_values(network))."
            % (entry.name, len(note), 1 + len(entry.shared or ()), _LONGEST))
    return note


def entry_of_note(entry, note, where):
    """Return an entry with what was recorded about it.

    Parameters
    ----------
    entry : Entry
        As the file describes it.
    note : str or bytes
        What :func:`note_of` returned.
    where : str
        Name of the file for error texts.

    Returns
    -------
    Entry
        The same array.

    Raises
    ------
    CheckpointError
        If the record is none of ours.
    """
    where = "%s in %s" % (entry.name, where)
    if len(note) > _LONGEST:
        raise CheckpointError(
            "%s: carries a record of %d bytes; expected at most %d. %s"
            % (where, len(note), _LONGEST, _CHANGED))
    try:
        told = json.loads(note)
        told = {"name": told["name"], **{key: told[key] for key in _MEMBERS
                                         if told.get(key) is not None}}
    except (ValueError, KeyError, TypeError, AttributeError,
            RecursionError) as error:
        raise CheckpointError(
            "%s: carries a record that cannot be read (%s: %.200s); expected "
            "one that lasagne_flipconv wrote. %s"
            % (where, type(error).__name__, error, _CHANGED)) from error
    _check(told, "%s: is recorded with" % where, _CHANGED)
    for key in {"convention", "told"} & set(told):
        told[key] = _convention(told[key])
    if "shared" in told:
        told["shared"] = tuple((kind, _convention(convention))
                               for kind, convention in told["shared"])
    return entry._replace(**told)


def _convention(value):
    """Return what a record says, whose pairs JSON made lists."""
    return Convention(*value) if isinstance(value, list) else value

#: Bytes of a record, as many as the comment of a member of a ZIP archive has:
#: two names of 1024 characters take a third of it.
_LONGEST = (1 << 16) - 1

_CHANGED = ("The file was changed after it was written, or a newer version "
            "wrote it; get it again, or save it again.")


def _check(told, where, way_out):
    """Refuse values that are none of those in `_MEMBERS`."""
    for key, value in told.items():
        is_one, expected = _MEMBERS[key]
        if not is_one(value):
            raise CheckpointError("%s %s=%.200r; expected %s. %s" % (
                where, key, value, expected, way_out))


def _is_text(value):
    return isinstance(value, str)


def _is_epsilon(value):
    # a number in a range: JSON also has NaN, Infinity and true
    return isinstance(value, (int, float)) and not isinstance(
        value, bool) and 0 <= value <= sys.float_info.max


def _is_convention(value):
    if not isinstance(value, (list, tuple)):
        return _is_text(value) and value in _CONVENTIONS
    try:
        return bool(Convention(*value))
    except (ValueError, TypeError):
        return False


def _is_told(value):
    return _is_convention(value) and not (
        isinstance(value, str) and value not in FORMAT_CONVENTIONS)


def _is_shared(value):
    return isinstance(value, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2
        and (pair[0] is None or _is_text(pair[0]) and pair[0] in _KINDS)
        and (pair[1] is None or _is_convention(pair[1])) for pair in value)


def _among(*words):
    """Return whether a value is one of these, and how to say so."""
    return (lambda value: value in words), " or ".join(map(repr, words))


_CONVENTIONS = (*ORIENTATIONS, *sorted(set(DENSE_AXES.values()) | {"IO"}),
                *FORMAT_CONVENTIONS, *OPEN_AXES)

_KINDS = ("conv", "transposed", "dense")

#: What a record may say: what tells whether a value is one, and its words.
_MEMBERS = {
    "name": (_is_text, "a text"),
    "layer": (_is_text, "a text"),
    "role": (_is_text, "a text"),
    "kind": _among(*_KINDS),
    "epsilon": (_is_epsilon, "a number, 0 or more"),
    "rows": _among("channels_last", "moved", "unknown", "either"),
    "columns": _among("channels_last", "unknown"),
    "convention": (_is_convention, "axes and orientation such as ['OIHW', "
                   "'correlation'], or one of %s" % ", ".join(_CONVENTIONS)),
    "reader": (_is_text, "a text"),
    "computes": (_is_text, "a text"),
    "shared": (_is_shared, "pairs of a kind and a convention, or of nulls"),
    "told": (_is_told, "axes and orientation, or one of %s"
             % ", ".join(FORMAT_CONVENTIONS)),
}
