"""What is in a checkpoint, and whether it is valid."""
from __future__ import annotations

import os
from typing import Callable, NamedTuple, Optional, Tuple

from ..formats.common.guard import guarded
from ..formats.common.record import (axes_of, is_kernel, is_one_by_one,
                                     orientation_of)
from ..limits import LIMITS, Limits
from .reading import read
from .told.arguments import check_progress

__all__ = ["ArrayReport", "FileReport", "check_file", "inspect_file"]

NOT_RECORDED, ANY = "not recorded", "any"


class ArrayReport(NamedTuple):
    """Tell what a file says of one array.

    Parameters
    ----------
    name : str
        Name in the file, or ``arr_0``, ``arr_1``, … by position.
    shape : tuple of int
        Shape.
    dtype : str
        Type of the elements.
    bytes : int
        Size of the values.
    axes : str or None
        Axes of a kernel or of the matrix of a dense layer, of which IO is
        Lasagne's; None of others, or if they are not recorded.
    orientation : str or None
        ``convolution``, ``correlation``, ``any`` for a 1×1 kernel, or ``not
        recorded``; None if it is no kernel.
    """

    name: str
    shape: Tuple[int, ...]
    dtype: str
    bytes: int
    axes: Optional[str]
    orientation: Optional[str]


class FileReport(NamedTuple):
    """Tell what is in a file.

    Parameters
    ----------
    path : str
        The file.
    format : str
        A key of :data:`lasagne_flipconv.formats.FORMATS`.
    writer : str or None
        What wrote it, if it says.
    bytes : int
        Size of the file.
    ordered : bool
        Whether the arrays are in the order of the layers.
    arrays : tuple of ArrayReport
        The arrays.
    metadata : tuple of str
        Names of what else is in the file.
    """

    path: str
    format: str
    writer: Optional[str]
    bytes: int
    ordered: bool
    arrays: Tuple[ArrayReport, ...]
    metadata: Tuple[str, ...]


def inspect_file(path: str | os.PathLike[str],
                 limits: Limits = LIMITS) -> FileReport:
    """Tell what is in a checkpoint, without reading the values.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint of any known format.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    FileReport
        Format, writer, and each array with name, shape, dtype, bytes, axes
        and orientation.

    Raises
    ------
    CheckpointError, UnsafeFileError
        If the file is refused.
    """
    with read(path, limits=limits) as checkpoint:
        return _report(path, checkpoint)


def check_file(path: str | os.PathLike[str], limits: Limits = LIMITS,
               progress: Callable[[int, int], object] | None = None
               ) -> FileReport:
    """Read all of a file, every value included, and keep nothing.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint of any known format.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    progress : callable, optional
        Called as ``progress(bytes done, bytes in all)`` after each array.

    Returns
    -------
    FileReport
        What is in it; it is fine.

    Raises
    ------
    CheckpointError, UnsafeFileError
        If the file is refused.
    """
    check_progress(progress)
    with read(path, limits=limits) as checkpoint:
        for entry in watched(checkpoint.entries, progress):
            entry.read()
        return _report(path, checkpoint)


def watched(entries, progress):
    """Return entries that tell their progress as they are read."""
    if progress is None:
        return tuple(entries)
    total, done = sum(entry.nbytes for entry in entries), [0]

    def counted(entry):
        def values():
            array = entry.read()
            done[0] += entry.nbytes
            progress(done[0], total)
            return array
        return entry._replace(read=values)

    return tuple(counted(entry) for entry in entries)


def _report(path, checkpoint):
    with guarded(checkpoint.where):
        size = os.path.getsize(path)
    return FileReport(
        os.fsdecode(path), checkpoint.format, checkpoint.writer, size,
        checkpoint.ordered,
        tuple(_array(entry) for entry in checkpoint.entries),
        tuple(str(key) for key in checkpoint.metadata))


def _array(entry):
    axes = entry.convention if entry.kind == "dense" else None
    orientation = None
    if is_kernel(entry):
        axes = axes_of(entry)
        orientation = orientation_of(entry) or NOT_RECORDED
        if is_one_by_one(entry, axes):
            orientation = ANY
    return ArrayReport(entry.name, tuple(int(n) for n in entry.shape),
                       str(entry.dtype), int(entry.nbytes), axes, orientation)
