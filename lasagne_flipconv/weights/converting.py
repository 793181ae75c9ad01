"""Make another checkpoint of one: format, axes and orientation of kernels."""
from __future__ import annotations

import os
from typing import Callable, NamedTuple, Tuple, Union

import numpy as np

from ..axes import ORIENTATIONS, Convention
from ..conventions import (FORMAT_CONVENTIONS, OPEN_AXES, convention_told,
                           orders_of, row_told)
from ..errors import CheckpointError, ConventionError
from ..formats.common.record import is_kernel, is_one_by_one
from ..kernels import plan_conversion, refuse_either
from ..limits import LIMITS, Limits
from .checkpoint import write
from .inspecting import watched
from .orientation.words import is_told_of_all
from .reading import read
from .told.arguments import check_progress, path_told

__all__ = ["ConvertRecord", "convert_file"]

#: A convention as a user tells it: itself, a word, axes and orientation.
Words = Union[str, type, Convention, Tuple[str, str], None]


class ConvertRecord(NamedTuple):
    """Tell what a conversion did.

    Parameters
    ----------
    arrays : int
        How many arrays there are.
    turned : tuple of str
        Kernels that were reversed along their spatial axes.
    permuted : tuple of str
        Kernels whose axes were put in another order.
    left : tuple of str
        What was left out, as the new file holds arrays only.
    """

    arrays: int
    turned: Tuple[str, ...]
    permuted: Tuple[str, ...]
    left: Tuple[str, ...]


def convert_file(source: str | os.PathLike[str],
                 target: str | os.PathLike[str],
                 told: Words = None, wanted: Words = None,
                 progress: Callable[[int, int], object] | None = None,
                 limits: Limits = LIMITS) -> ConvertRecord:
    """Make a checkpoint of another format, its kernels in another convention.

    One array is in memory at a time, where the source's format allows it.

    Parameters
    ----------
    source, target : str or os.PathLike
        The file to read, and the one to write: ``.npz`` or ``.safetensors``.
    told : str, Convention or tuple of (str, str), optional
        Convention of the kernels in `source`, where it does not say: a word
        that :func:`lasagne_flipconv.conventions.convention_told` knows, or
        axes and orientation.
    wanted : str, Convention or tuple of (str, str), optional
        That of those in `target`; by default the same.
    progress : callable, optional
        Called as ``progress(bytes done, bytes in all)`` after each array.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    ConvertRecord
        What was turned and permuted, by name.

    Raises
    ------
    ConventionError
        If a convention is asked for, and that of the source, or which of its
        arrays are kernels, is not known.
    CheckpointError, UnsafeFileError
        If the source is refused, or the target's format cannot hold it.
    OSError
        If the target cannot be written.
    """
    told, wanted = _checked(told), _checked(wanted)
    source, target = path_told(source), path_told(target)
    check_progress(progress)
    with read(source, limits=limits) as checkpoint:
        _refuse_itself(source, target)
        if (told, wanted) != (None, None):
            _refuse_unclear(checkpoint.entries, checkpoint.where)
        made = [_converted(entry, told, wanted, checkpoint.where)
                for entry in checkpoint.entries]
        entries = [entry for entry, _ in made]
        write(target, checkpoint._replace(
            entries=watched(entries, progress)))
    return ConvertRecord(
        len(made), tuple(e.name for e, plan in made if plan and plan.reverse),
        tuple(e.name for e, plan in made if plan and plan.permutation),
        tuple(map(str, checkpoint.metadata)))


def _checked(word):
    """Return a word, or a convention for a pair; refuse what is neither."""
    convention = None if word is None else convention_told(word, 2)
    return word if isinstance(word, (str, type)) else convention


def _refuse_itself(source, target):
    if os.path.exists(target) and os.path.samefile(source, target):
        raise CheckpointError("%s: is the file to read as well; expected "
                              "another name to write." % target)


def _refuse_unclear(entries, where):
    """Refuse a file that does not tell which of its arrays are kernels.

    Biases of each position, say, have an axis less than the kernels.
    """
    unclear = {len(entry.shape): entry.name for entry in entries
               if entry.kind is entry.convention is None
               and len(entry.shape) > {None: 2, "W": 5}.get(entry.role, 99)}
    if len(unclear) > 1 or max(unclear, default=0) > 5:
        raise ConventionError(
            "%s: has %s, and does not say which are kernels; expected names, "
            "or one number of axes, 3 to 5, in all that may be one. Load it "
            "into its network, and save that." % (where, " and ".join(
                "%s with %d axes" % (unclear[axes], axes)
                for axes in sorted(unclear))))


def _converted(entry, told, wanted, where):
    """Return an entry in the wanted convention, and what has to be done."""
    if not is_kernel(entry):
        return _with_told(entry, told), None
    if entry.convention is told is None and is_one_by_one(entry):
        return entry, None
    if entry.convention is None and entry.role not in (None, "W"):
        _refuse_unsure(entry, told, wanted, where)
        return entry, None
    _refuse_local(entry, told, wanted, where)
    entry = _with_kind_told(entry, told, wanted)
    if entry.convention in OPEN_AXES and (told, wanted) != (None, None):
        entry = _with_axes_told(entry, told, where)
    known = _known(entry, told, where)
    if wanted is None:
        return entry._replace(convention=known), None
    source = known and _full(known, entry)
    if source is None or source.orientation is None and not is_one_by_one(
            entry, source.axes):
        raise ConventionError(
            "%s in %s: the file does not say whether its kernels are for "
            "convolution or correlation; expected to be told. Pass told=, or "
            "--from on the command line, such as 'correlation'."
            % (entry.name, where))
    target = _wanted(source, known, wanted, entry)
    plan = plan_conversion(entry.shape, source, target, entry.name)
    if known in ORIENTATIONS and wanted in ORIENTATIONS:
        target = wanted  # the axes stay those of whatever layer it is for
    elif entry.kind is None and isinstance(known, str) and (
            isinstance(wanted, str)):
        target = _for_any_layer(known, wanted, target, entry, where)
    return _changed(entry, plan)._replace(convention=target), plan


def _refuse_local(entry, told, wanted, where):
    """Refuse to change a kernel of 5 axes that may be one of two: over three
    axes, or over two for each position, of a locally connected layer that
    keeps its channels apart. Words of other libraries are for none such."""
    foreign = isinstance(told, str) and told in FORMAT_CONVENTIONS and (
        told != "theano")
    if len(entry.shape) == 5 and entry.convention is entry.kind is None and (
            wanted is not None and not foreign
            and not any(map(_names_five, (told, wanted)))):
        raise ConventionError(
            "%s in %s: has 5 axes and may be the kernel of a Conv3DLayer, or "
            "of a channelwise LocallyConnected2DLayer; expected to be told. "
            "Pass told= or wanted=, --from or --to on the command line, such "
            "as 'Conv3DLayer', or 'OHWhw:convolution' if it is of the other."
            % (entry.name, where))


def _names_five(word):
    """Tell whether a word is a class, or axes, of a kernel of five axes."""
    return word is not None and not (
        isinstance(word, str) and word in (*ORIENTATIONS, *FORMAT_CONVENTIONS)
        ) and len(convention_told(word, 3).axes) == 5


def _changed(entry, plan):
    """Return a kernel of which all that reads it tells the change."""
    shape = tuple(entry.shape[i] for i in
                  plan.permutation or range(len(entry.shape)))

    def values():
        # views: what writes them takes a few bytes at a time
        array = entry.read()
        if plan.permutation:
            array = array.transpose(plan.permutation)
        return np.flip(array, plan.reverse) if plan.reverse else array

    return entry._replace(read=values, shape=shape, shared=(
        entry.shared and tuple((kind, _as_changed(convention, plan))
                               for kind, convention in entry.shared)))


def _with_told(entry, told):
    """Return what is no kernel with what is told of its file, if that says
    something of it: nobody is to say it once more."""
    if entry.told is None and entry.convention is None and (
            is_told_of_all(told)):
        return entry._replace(told=told if told in FORMAT_CONVENTIONS
                              else convention_told(told, 2))
    return entry


def _with_kind_told(entry, told, wanted):
    """Return a kernel with the kind of layer that a class among the words is.
    """
    rows = [row for row in map(row_told, (told, wanted)) if row]
    if entry.kind is None and rows:
        transposed = any(row.family == "transposed" for row in rows)
        return entry._replace(kind="transposed" if transposed else "conv")
    return entry


def _for_any_layer(known, wanted, target, entry, where):
    """Return a format for a kernel of which no layer is known, if both sides
    are one: its axes are others for a transposed layer."""
    if wanted in ORIENTATIONS:
        *axes, orientation = FORMAT_CONVENTIONS[known]
        return known if orientation == wanted else next((
            name for name, row in FORMAT_CONVENTIONS.items()
            if row == (*axes, wanted)), target)
    if wanted not in FORMAT_CONVENTIONS:
        return target
    moves = [_moves(known, wanted, len(entry.shape) - 2, transposed)
             for transposed in (False, True)]
    if moves[0] != moves[1]:
        raise ConventionError(
            "%s in %s: may be of a transposed layer or of another, whose axes "
            "become those of %r in other ways; expected to be told. Load it "
            "into its network, and save that." % (entry.name, where, wanted))
    return wanted


def _moves(known, wanted, n, transposed):
    """Return where each axis of one format is in another."""
    ours, theirs = (convention_told(word, n, transposed).axes
                    for word in (known, wanted))
    return [ours.index(axis) for axis in theirs]


def _refuse_unsure(entry, told, wanted, where):
    """Refuse to change kernels beside what may be one, or may not."""
    if (told, wanted) != (None, None):
        raise ConventionError(
            "%s in %s: has %d axes and may be a kernel, but the file does not "
            "say so; expected kernels named W. Load it into its network, "
            "transfer that to one of other layers, and save it."
            % (entry.name, where, len(entry.shape)))


def _as_changed(convention, plan):
    """Return how a layer that shares a kernel reads it after a change."""
    if convention is None:
        return None
    axes, orientation = convention
    if plan.reverse:
        orientation = next(o for o in ORIENTATIONS if o != orientation)
    return Convention("".join(axes[i] for i in plan.permutation
                              or range(len(axes))), orientation)


def _full(known, entry):
    """Return axes and orientation for what is known of a kernel."""
    if isinstance(known, Convention):
        return known
    return convention_told(known, len(entry.shape) - 2,
                           entry.kind == "transposed")


def _wanted(source, known, wanted, entry):
    if wanted in ORIENTATIONS:
        return Convention(source.axes, wanted)
    target = convention_told(wanted, len(source.spatial),
                             entry.kind == "transposed")
    if entry.kind is None:
        refuse_either(source, wanted, entry.name)
        refuse_either(target, known, entry.name)
    return target


def _with_axes_told(entry, told, where):
    """Return a kernel whose file lacks its axes with those that are told."""
    if told is None or told in ORIENTATIONS:
        orders = orders_of(OPEN_AXES[entry.convention], len(entry.shape) - 2)
        raise ConventionError(
            "%s in %s: the file does not say in which order the axes of its "
            "kernels are, which may be %s; expected to be told. Pass told=, "
            "or --from on the command line, such as '%s:correlation'."
            % (entry.name, where, " or ".join(map(repr, orders)), orders[0]))
    return entry._replace(convention=_full(told, entry))


def _known(entry, told, where):
    """Return what is known of a kernel from the file and from the user."""
    known = entry.convention
    if told is None:
        return known
    given = _full(told, entry)
    if known is None:
        return told if told in ORIENTATIONS or entry.kind is None and (
            isinstance(told, str) and told in FORMAT_CONVENTIONS) else given
    known = _full(known, entry)
    if known.orientation is None:
        return known._replace(orientation=given.orientation)
    if given.orientation not in (None, known.orientation):
        raise ConventionError(
            "%s in %s: the file says %r, told= (--from) says %r; expected "
            "both to agree. Leave it out: the file knows."
            % (entry.name, where, known.orientation, given.orientation))
    return entry.convention
