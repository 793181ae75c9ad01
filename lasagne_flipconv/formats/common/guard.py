"""One guard around all readers: only errors of this package come out.

What a reader knows to be wrong, it says itself, and better. This is for what
nobody thought of, for what libraries raise, and for memory that is out.
"""
import contextlib
from collections import Counter

from ...errors import CheckpointError, FlipconvError, UnsafeFileError, escaped
from .arrays import check_sizes

__all__ = ["check_name", "check_names", "guarded", "guarded_entries"]


@contextlib.contextmanager
def guarded(where):
    """Make every error within one of ours that names the file.

    Parameters
    ----------
    where : str
        Name of the file, and of the array in it.

    Yields
    ------
    None

    Raises
    ------
    CheckpointError
        Instead of any other error.
    UnsafeFileError
        If the memory is out.
    """
    try:
        yield
    except FlipconvError as error:
        _quieten(error)
        raise
    except MemoryError as error:
        raise UnsafeFileError(
            "%s: needs more memory than there is; expected a file that fits. "
            "It is too large for this machine, or made to exhaust it."
            % where) from error
    except Exception as error:  # whatever it is: see above
        _quieten(error)
        raise CheckpointError(
            "%s: cannot be read (%s); expected a whole file of its format. "
            "It is damaged, or of a kind that is not known: get it again, or "
            "save it in another format." % (where, _said(error))) from error


def guarded_entries(entries, where):
    """Return entries of one name each that NumPy can hold, guarded.

    Parameters
    ----------
    entries : tuple of Entry
        What a reader found.
    where : str
        Name of the file.

    Returns
    -------
    tuple of Entry
        The same arrays.

    Raises
    ------
    CheckpointError
        If two of them have one name.
    UnsafeFileError
        If NumPy has no such sizes.
    """
    check_names(entries, where)
    return tuple(_guarded(entry, "%s in %s" % (entry.name, where))
                 for entry in entries)


def check_name(name, where, limits):
    """Refuse a name that is too long.

    Parameters
    ----------
    name : str
        Name of an array.
    where : str
        Name of the file.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Raises
    ------
    UnsafeFileError
        If it is.
    """
    if len(name) > limits.name:
        raise UnsafeFileError("%s: has a name of %d characters; expected at "
                              "most %d." % (where, len(name), limits.name))


def check_names(entries, where):
    """Refuse arrays of one name, of which all but one would be lost.

    Parameters
    ----------
    entries : tuple of Entry
        What a file holds, or is to hold.
    where : str
        Its name.

    Raises
    ------
    CheckpointError
        If two of them have one name.
    """
    names = Counter(entry.name for entry in entries)
    if len(names) < len(entries):
        raise CheckpointError(
            "%s: holds %d arrays named %r; expected each name once, as one of "
            "them would be lost. Give them names of their own where they "
            "come from." % ((where,) + names.most_common(1)[0][::-1]))


def _guarded(entry, where):
    check_sizes(entry.shape, entry.dtype, where)

    def read():
        with guarded(where):
            return entry.read()

    return entry._replace(read=read)


def _said(error):
    """Return the words of an error; its other parts may be without end."""
    words = [arg for arg in error.args if isinstance(arg, str)]
    return ("%s: %s" % (type(error).__name__, ", ".join(words)))[:200]


def _quieten(error):
    """Escape the texts of the errors that one was made from.

    Python prints them as well where nobody catches it.
    """
    for _ in range(8):
        if error is None:
            return
        error.args = tuple(escaped(arg) if isinstance(arg, str) else arg
                           for arg in error.args)
        error = error.__cause__ or error.__context__
