"""What in the user's configuration keeps Theano from being imported.

Theano tells of it in the middle of its import, mostly without the line.
"""
import configparser
import os
import re
import traceback
from collections import namedtuple

from ..theano_flags import (flags_of, lines_of, place_of, theano_files,
                            user_flag)

__all__ = ["Fault", "find_fault", "refused_flag", "without"]

Fault = namedtuple("Fault", "problem mend")
Fault.__doc__ = """What Theano cannot read, or refuses.

Parameters
----------
problem : str
    The file and line, or the variable; what is wrong, what was expected.
mend : str
    The way out.
"""

#: What ``configparser`` refuses, and what it expected.
_EXPECTED = (
    (configparser.MissingSectionHeaderError, "a section first, as [global]"),
    (configparser.DuplicateSectionError, "each section once"),
    (configparser.DuplicateOptionError, "each option once"),
    (configparser.Error, "'option = value'"))

#: Flags that are told of with the folder that they name.
_FOLDERS = ("compiledir", "base_compiledir")


def find_fault():
    """Find what Theano cannot read of what the user configured.

    Returns
    -------
    Fault or None
        The first; None if it can read all.
    """
    faults = [_fault_of_flags(), _fault_of_threads(),
              *map(_fault_of_file, theano_files())]
    return next(filter(None, faults), None)


def _fault_of_flags():
    told = os.environ.get("THEANO_FLAGS", "")
    try:
        flags_of(told)
    except ValueError as error:  # what shlex says
        return Fault("THEANO_FLAGS: %s in %s; expected each quote closed"
                     % (str(error).lower(), told), "unset THEANO_FLAGS")


def _fault_of_threads():
    told = os.environ.get("OMP_NUM_THREADS", "")
    try:
        int(told or 1)
    except ValueError:
        outer = re.match(r"\s*(\d+)\s*,", told)  # OpenMP has levels
        return Fault(
            "OMP_NUM_THREADS: '%s'; expected a whole number" % told,
            "export OMP_NUM_THREADS=" + outer.group(1) if outer
            else "unset OMP_NUM_THREADS")


def _fault_of_file(path):
    try:
        configparser.RawConfigParser().read([path])
    except UnicodeDecodeError as error:
        return _fault_at(path, _line_not_in(error.encoding, path),
                         "text in " + error.encoding)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or error.errors[0][0]
        return _fault_at(path, line, next(
            text for kind, text in _EXPECTED if isinstance(error, kind)))


def _fault_at(path, line, expected):
    """Return the fault of a line of a file."""
    return Fault("%s, line %d: '%s'; expected %s" % (
        path, line, lines_of(path)[line - 1].strip(), expected),
        "correct line %d of %s" % (line, path))


def _line_not_in(encoding, path):
    """Return the number of the first line that is in another encoding."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        data = data[:error.start]
    return data.count(b"\n") + 1


def refused_flag(error):
    """Find the flag whose value Theano refused when it was imported.

    Parameters
    ----------
    error : Exception or None
        What the import of Theano raised.

    Returns
    -------
    Fault or None
        None if it was no flag of the user, or one of the compile cache.
    """
    for frame, _ in traceback.walk_tb(getattr(error, "__traceback__", None)):
        flag = getattr(frame.f_locals.get("configparam"), "fullname", None)
        if flag not in (None, *_FOLDERS) and user_flag(flag) is not None:
            said = " ".join(str(error).split())
            return Fault("%s: %s" % (_as_set(flag), said), without(flag))


def without(flag):
    """Tell how to take a flag from where the user set it.

    Parameters
    ----------
    flag : str
        Its name, as ``"cxx"``.

    Returns
    -------
    str
        What to remove, and from where.
    """
    return "remove %s=%s from %s" % (flag, user_flag(flag), _place(flag))


def _as_set(flag):
    """Return the place, name and value of a flag."""
    return "%s, %s=%s" % (_place(flag), flag, user_flag(flag))


def _place(flag):
    """Return where a flag is set, in words."""
    place, line = place_of(flag)
    return place if place == "THEANO_FLAGS" else "%s, line %d" % (place, line)
