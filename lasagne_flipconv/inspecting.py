"""What is in a checkpoint, whether it is valid, and another one made of it."""
import os
from collections import namedtuple

import numpy as np

from .checkpoint import read, write
from .conventions import FORMAT_CONVENTIONS
from .errors import CheckpointError, ConventionError, FlipconvError
from .formats.record import is_kernel, orientation_of
from .kernels import ORIENTATIONS, SPATIAL, Convention, convert_kernel
from .limits import LIMITS

__all__ = ["ArrayReport", "FileReport", "check_file", "convert_file",
           "convention_told", "inspect_file"]

#: What :func:`inspect_file` tells of an array. `orientation` is None if it is
#: no kernel, "any" if it is 1×1.
ArrayReport = namedtuple("ArrayReport", "name shape dtype bytes axes "
                         "orientation")

#: What :func:`inspect_file` tells of a file; `metadata` are the keys.
FileReport = namedtuple("FileReport", "path format writer bytes ordered "
                        "arrays metadata")

NOT_RECORDED, ANY = "not recorded", "any"


def inspect_file(path, limits=LIMITS):
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
        return FileReport(
            os.fspath(path), checkpoint.format, checkpoint.writer,
            os.path.getsize(path), checkpoint.ordered,
            tuple(_report(entry) for entry in checkpoint.entries),
            tuple(str(key) for key in checkpoint.metadata))


def _report(entry):
    axes, orientation = None, None
    if is_kernel(entry):
        axes = _axes(entry)
        orientation = orientation_of(entry) or NOT_RECORDED
        if axes is not None and all(
                n == 1 for n, a in zip(entry.shape, axes) if a in "DHW"):
            orientation = ANY
    return ArrayReport(entry.name, tuple(int(n) for n in entry.shape),
                       str(entry.dtype), entry.nbytes, axes, orientation)


def _axes(entry):
    """Return the axes of a kernel, or None if they are not known."""
    told = entry.convention
    if isinstance(told, Convention):
        return told.axes
    n = len(entry.shape) - 2
    if told in FORMAT_CONVENTIONS and n in SPATIAL:
        forward, adjoint, _ = FORMAT_CONVENTIONS[told]
        return (adjoint if entry.kind == "transposed" else forward).replace(
            "*", SPATIAL[n])
    return None


def check_file(path, limits=LIMITS):
    """Read all of a file, and tell why it is refused if it is.

    Parameters
    ----------
    path : str or os.PathLike
        A file.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    str or None
        Why it is refused; None if it is fine.

    Raises
    ------
    OSError
        If it cannot be looked at.
    """
    with open(path, "rb"):
        pass
    try:
        with read(path, limits=limits) as checkpoint:
            for entry in checkpoint.entries:
                entry.read()
    except FlipconvError as error:
        if "cannot be read without" in str(error):
            raise OSError(str(error)) from error
        return str(error)
    return None


def convention_told(text, n, transposed=False):
    """Return the convention that a word stands for.

    Parameters
    ----------
    text : str
        ``convolution``, ``correlation``, a format such as ``torch``, or axes
        and orientation such as ``HWIO:correlation``.
    n : int
        Number of spatial axes.
    transposed : bool
        Whether the kernel belongs to a transposed convolution.

    Returns
    -------
    Convention
        Axes and orientation.

    Raises
    ------
    ConventionError
        If it is no such word.

    Examples
    --------
    >>> convention_told("tensorflow", 2)
    Convention(axes='HWIO', orientation='correlation')
    """
    if text in ORIENTATIONS:
        return Convention(("IO" if transposed else "OI") + SPATIAL[n], text)
    if text in FORMAT_CONVENTIONS:
        forward, adjoint, orientation = FORMAT_CONVENTIONS[text]
        return Convention((adjoint if transposed else forward).replace(
            "*", SPATIAL[n]), orientation)
    axes, _, orientation = text.partition(":")
    if orientation:
        return Convention(axes, orientation)
    raise ConventionError(
        "%r: is no convention; expected 'convolution', 'correlation', one of "
        "%s, or axes and orientation such as 'HWIO:correlation'."
        % (text, ", ".join(FORMAT_CONVENTIONS)))


def convert_file(source, target, told=None, wanted=None, progress=None,
                 limits=LIMITS):
    """Make a checkpoint of another format, its kernels in another convention.

    One array is in memory at a time, where the format allows it.

    Parameters
    ----------
    source, target : str or os.PathLike
        The file to read, and the one to write: ``.npz`` or ``.safetensors``.
    told : str, optional
        Convention of the kernels in `source`, where it does not say.
    wanted : str, optional
        That of those in `target`; by default the same.
    progress : callable, optional
        Called as ``progress(bytes done, bytes in all)`` after each array.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    tuple of str
        Names of the kernels that were turned or permuted.

    Raises
    ------
    ConventionError
        If a convention is asked for, and that of the source is not known.
    CheckpointError, UnsafeFileError
        If the source is refused, or the target's format cannot hold it.
    """
    with read(source, limits=limits) as checkpoint:
        _refuse_itself(source, target)
        entries, changed = [], []
        for entry in checkpoint.entries:
            made = _converted(entry, told, wanted)
            entries.append(made)
            if made.convention != entry.convention and wanted:
                changed.append(made.name)
        write(target, checkpoint._replace(
            entries=_watched(entries, progress)))
    return tuple(changed)


def _refuse_itself(source, target):
    if os.path.exists(target) and os.path.samefile(source, target):
        raise CheckpointError("%s: is the file to read as well; expected "
                              "another name to write." % target)


def _converted(entry, told, wanted):
    """Return an entry in the wanted convention."""
    n = len(entry.shape) - 2
    if not is_kernel(entry) or n not in SPATIAL:
        return entry
    transposed = entry.kind == "transposed"
    source = _source(entry, told, n, transposed)
    if wanted is None:
        return entry if source is None else entry._replace(convention=source)
    if source is None:
        raise ConventionError(
            "%s: the file does not say whether its kernels are for "
            "convolution or correlation; expected to be told. Pass --from, "
            "such as --from correlation." % entry.name)
    target = convention_told(wanted, n, transposed)
    if wanted in ORIENTATIONS:
        target = Convention(source.axes, wanted)
    shape = tuple(entry.shape[source.axes.index(a)] for a in target.axes)

    def values():
        return convert_kernel(entry.read(), source, target, entry.name)

    return entry._replace(read=values, shape=shape, convention=target)


def _source(entry, told, n, transposed):
    """Return the convention of a kernel in the file, or None."""
    known = entry.convention
    if known is not None and not isinstance(known, Convention):
        known = convention_told(known, n, transposed)
    if told is None:
        return known
    given = convention_told(told, n, transposed)
    if known is None:
        return given
    if known.orientation not in (None, given.orientation):
        raise ConventionError(
            "%s: the file says %r, --from says %r; expected both to agree. "
            "Leave --from out: the file knows."
            % (entry.name, known.orientation, given.orientation))
    return known._replace(orientation=given.orientation)


def _watched(entries, progress):
    """Return entries that tell their progress as they are read."""
    if progress is None:
        return tuple(entries)
    total, done = sum(entry.nbytes for entry in entries), [0]

    def watched(entry):
        def values():
            array = entry.read()
            done[0] += entry.nbytes
            progress(done[0], total)
            return array
        return entry._replace(read=values)

    return tuple(watched(entry) for entry in entries)


def filters_of(path, limits=LIMITS, most=16):
    """Return the first kernel with more than one position, and its reverse.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    most : int
        How many filters at most.

    Returns
    -------
    name : str
        Name of the kernel.
    filters, reverses : numpy.ndarray
        Axes (filter, channel, height, width).
    orientation : str or None
        What the file says.

    Raises
    ------
    CheckpointError
        If there is no kernel over two axes.
    """
    with read(path, limits=limits) as checkpoint:
        for entry in checkpoint.entries:
            if is_kernel(entry) and len(entry.shape) == 4:
                axes = _axes(entry) or "OIHW"
                kernel = convert_kernel(
                    entry.read(), Convention(axes, "correlation"),
                    Convention("OIHW", "correlation"), entry.name)[:most]
                if kernel.shape[2] * kernel.shape[3] > 1:
                    return (entry.name, kernel, np.flip(kernel, (2, 3)),
                            orientation_of(entry))
    raise CheckpointError("%s: has no kernel over two axes that is more than "
                          "1×1; expected one to draw." % os.fspath(path))
