"""Read what a file says about its arrays; nothing in it is executed."""
from __future__ import annotations

import os
import stat
from typing import BinaryIO, List

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from ..formats import HEAD, format_of, function_of, pickled, said_of
from ..formats.common.guard import guarded, guarded_entries
from ..formats.common.record import Checkpoint
from ..limits import LIMITS, Limits
from .told.arguments import check_limits, path_told

__all__ = ["pickle_in", "read", "read_npz", "said_of"]


def read(path: str | os.PathLike[str], *,
         limits: Limits = LIMITS) -> Checkpoint:
    """Read what a file says about its arrays, and check all of it.

    Nothing in the file is ever executed, imported or opened. The values are
    read when they are asked for.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint of any format in
        :data:`lasagne_flipconv.formats.FORMATS`; the content decides.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    Checkpoint
        Its arrays, metadata and conventions. Use it in a ``with`` statement,
        or call its ``close``, as it may keep the file open.

    Raises
    ------
    CheckpointError
        If it is damaged, of no known format, or not what its suffix says.
    UnsafeFileError
        If it would execute something or exhaust the machine.
    ConventionError
        If `limits` is no such record.
    TypeError
        If `path` is no name of a file.
    """
    where = path_told(path)
    check_limits(limits)
    with guarded(where):
        return _read(where, limits)


def _read(where, limits):
    file = _opened(where, limits)
    try:
        name = format_of(file.read(HEAD), where)
        file.seek(0)
        checkpoint = function_of(name, "read")(file, limits)
        checkpoint = checkpoint._replace(
            entries=guarded_entries(checkpoint.entries, where))
    except BaseException:
        file.close()
        raise
    if checkpoint.close is None:
        file.close()
        return checkpoint._replace(close=file.close)  # which does no more
    return checkpoint


def _opened(where, limits):
    """Open a file and look at what was opened, which never waits."""
    try:
        file = open(where, "rb", opener=_without_waiting)
    except IsADirectoryError:
        raise UnsafeFileError(_NO_FILE % where) from None
    except OSError as error:
        raise CheckpointError("%s: cannot be opened (%s); expected a file "
                              "that is there." % (where, error)) from error
    try:
        _check_kind(os.fstat(file.fileno()), where, limits)
    except BaseException:
        file.close()
        raise
    return file


def _without_waiting(path, flags):
    """Open a path; a pipe is opened at once, whoever writes into it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


_NO_FILE = "%s: is a folder, pipe or device; expected a file."


def _check_kind(kind, where, limits):
    if not stat.S_ISREG(kind.st_mode):
        raise UnsafeFileError(_NO_FILE % where)
    if not 0 < kind.st_size <= limits.file:
        raise UnsafeFileError("%s: has %d bytes; expected 1 to %d."
                              % (where, kind.st_size, limits.file))


def pickle_in(file: BinaryIO) -> BinaryIO:
    """Return a file to run a pickle from, whatever it is compressed by.

    Parameters
    ----------
    file : buffered binary file
        Of which nothing has been read.

    Returns
    -------
    buffered binary file
        What is in it.

    Raises
    ------
    CheckpointError
        If it is badly compressed.
    UnsafeFileError
        If it unpacks to more than the default ceilings allow.
    """
    return pickled.unpacked(file, LIMITS)


def read_npz(path: str | os.PathLike[str]) -> List[np.ndarray]:
    """Return the values in a file, in the order of the layers.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint.

    Returns
    -------
    list of numpy.ndarray
        As they are in the file.
    """
    with read(path) as checkpoint:
        return [entry.read() for entry in checkpoint.entries]
