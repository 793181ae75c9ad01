"""What our export writes beside a model: where each parameter is in it.

A parameter is a view of one tensor: some of its columns or of its values,
another shape, another order of axes, reversed along some, an inverse deviation
that is there as a variance, or its negative.
"""
import hashlib
from collections import namedtuple

import numpy as np

from ...errors import CheckpointError, UnsafeFileError
from ..common.arrays import are_sizes
from ..common.jsontext import parsed_json
from ..common.notes import OURS, entry_of_note
from ..common.protobuf import fields_of, text_of
from ..common.record import Entry

__all__ = ["View", "check_repeated", "digest", "entries_recorded",
           "record_in", "rows_in"]

# Fields of a StringStringEntryProto.
_KEY, _VALUE = 1, 2


class View(namedtuple(
        "View", "tensor columns shape order reverse epsilon span negative",
        defaults=(None, None, (), (), None, None, False))):
    """Tell how a parameter is made of a tensor.

    Parameters
    ----------
    tensor : str
        Name of the tensor.
    columns : (int, int) or None
        First and last plus one of the columns that are taken; None for all.
    shape : tuple of int
        What these are reshaped to.
    order : tuple of int
        Order of axes then; empty for the same.
    reverse : tuple of int
        Axes to reverse then.
    epsilon : float or None
        Of a variance that has to be an inverse deviation; else None.
    span : (int, int) or None
        First and last plus one of all values in C order that are taken, in
        the place of columns; None for all.
    negative : bool
        Whether the values are to be subtracted from 0.
    """

    __slots__ = ()

    def pick(self, array):
        """Return the values that are taken, where they are to be.

        Parameters
        ----------
        array : numpy.ndarray
            Values of the tensor.

        Returns
        -------
        numpy.ndarray
            A view of it, where that can be.
        """
        if self.columns is not None:
            array = array[..., slice(*self.columns)]
        if self.span is not None:
            array = array.reshape(-1)[slice(*self.span)]
        array = array.reshape(self.shape)
        array = array.transpose(self.order) if self.order else array
        return np.flip(array, self.reverse) if self.reverse else array

    def of(self, array):
        """Return the parameter.

        Parameters
        ----------
        array : numpy.ndarray
            Values of the tensor.

        Returns
        -------
        numpy.ndarray
            Another array.
        """
        array = self.pick(array)
        if self.epsilon is not None:
            array = 1 / np.sqrt(array.astype("float64") + self.epsilon)
        array = 0 - array if self.negative else array
        return np.array(array, "float32", order="C")

    @property
    def final_shape(self):
        """Return the shape of the parameter."""
        return tuple(self.shape[i] for i in self.order) or self.shape


def digest(array):
    """Return what tells the values of a tensor from others.

    Parameters
    ----------
    array : numpy.ndarray
        The values.

    Returns
    -------
    str
        The beginning of their SHA-256.
    """
    values = np.ascontiguousarray(array, "<f4")
    return hashlib.sha256(values.tobytes()).hexdigest()[:16]


def record_in(messages, where, budget, limits):
    """Return our record among the metadata of a model.

    Parameters
    ----------
    messages : list of memoryview
        Each an entry of the metadata.
    where : str
        Name of the file for error texts.
    budget : lasagne_flipconv.formats.common.protobuf.Budget
        Counts the fields of the file.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    list or None
        What was recorded; None if there is nothing.

    Raises
    ------
    CheckpointError
        If it is none of ours.
    """
    for message in messages:
        found = dict(fields_of(message, where, budget, {_KEY, _VALUE}))
        key, value = (found.get(field, b"") for field in (_KEY, _VALUE))
        if text_of(key, where, limits) == OURS:
            return rows_in(bytes(value), where, limits)
    return None


def rows_in(text, where, limits):
    """Return the rows of a record.

    Parameters
    ----------
    text : str or bytes
        The record, as JSON.
    where : str
        Name of the file for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    list
        Each row a view and a note, unless it was changed, and a digest of
        the tensor where other views of it had the same values.

    Raises
    ------
    CheckpointError
        If it is none of ours.
    """
    rows = parsed_json(text, "%s: its record" % where, limits)
    if not isinstance(rows, list):
        raise _unreadable(where)
    return rows


def entries_recorded(rows, tensors, where, size, limits):
    """Return the parameters that a record describes.

    Parameters
    ----------
    rows : list
        What :func:`rows_in` returned.
    tensors : dict of str to Tensor or Entry
        Of the model.
    where : str
        Name of the file for error texts.
    size : int
        Bytes of the file.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    list of Entry
        In the order of the record.

    Raises
    ------
    CheckpointError
        If it does not fit what the model holds.
    UnsafeFileError
        If it takes the same so often that it fills the memory.
    """
    entries = [_entry(row, tensors, where) for row in rows]
    check_repeated(entries, size, where, limits)
    return entries


def check_repeated(entries, size, where, limits):
    """Refuse entries that share arrays so often that they fill the memory.

    Parameters
    ----------
    entries : list of Entry
        All of a file.
    size : int
        Its bytes.
    where : str
        Its name for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Raises
    ------
    UnsafeFileError
        If they do.
    """
    declared, most = sum(entry.nbytes for entry in entries), (
        limits.floor + 2 * size)
    if declared > most:
        raise UnsafeFileError(
            "%s: has nodes or parameters that share their arrays, which come "
            "to %d bytes; expected at most %d in a file of %d."
            % (where, declared, most, size))


def _entry(row, tensors, where):
    if not (isinstance(row, list) and len(row) in (2, 3) and isinstance(
            row[0], list) and all(isinstance(text, str) for text in row[1:])):
        raise _unreadable(where)
    view = _view(row[0], where)
    tensor = tensors.get(view.tensor)
    if tensor is None or tensor.dtype != np.float32 or not _fits(
            view, tensor.shape):
        raise CheckpointError(
            "%s: carries a record of %.80r as %r, which it does not hold so; "
            "expected what the model has. It was changed after it was "
            "written." % (where, view.tensor, view.shape))
    entry = Entry(view.tensor, view.final_shape, np.dtype("<f4"),
                  lambda: view.of(_as_recorded(tensor.read(), row, where)))
    return entry_of_note(entry, row[1], where)


def _as_recorded(array, row, where):
    """Return the values of a tensor that are those of the record."""
    if row[2:] and digest(array) != row[2]:
        raise CheckpointError(
            "%s: %.80r has other values than when lasagne_flipconv recorded "
            "it, where several parts of it had the same, so that the record "
            "does not tell which is which; expected those. Save it without "
            "the metadata, and pass names= or orientation=." % (
                where, row[0][0]))
    return array


def _view(values, where):
    """Return a view of which each part has its type."""
    oldest = View._fields.index("span")  # what was added is left out there
    if not oldest <= len(values) <= len(View._fields):
        raise _unreadable(where)
    view = View(*values)
    lists = [view.shape, view.order, view.reverse] + [
        part for part in (view.columns, view.span) if part is not None]
    if not isinstance(view.tensor, str) or not all(
            isinstance(part, list) and are_sizes(part) for part in lists) or (
            not _is_epsilon(view.epsilon)) or (
            not isinstance(view.negative, bool)):
        raise _unreadable(where)
    shape, order, reverse = map(tuple, lists[:3])
    return view._replace(shape=shape, order=order, reverse=reverse)


def _is_epsilon(value):
    return value is None or type(value) in (int, float) and (
        0 <= value < float("inf"))


def _fits(view, shape):
    """Tell whether a view can be taken of a tensor of this shape."""
    axes = list(range(len(view.shape)))
    if view.order and sorted(view.order) != axes or len(set(
            view.reverse)) < len(view.reverse) or not set(
            view.reverse) <= set(axes):
        return False
    if view.columns is not None:
        if not shape or not _is_within(view.columns, shape[-1]):
            return False
        shape = shape[:-1] + (view.columns[1] - view.columns[0],)
    if view.span is not None:
        if not _is_within(view.span, _count(shape)):
            return False
        shape = (view.span[1] - view.span[0],)
    return _count(view.shape) == _count(shape)


def _is_within(span, size):
    return len(span) == 2 and 0 <= span[0] <= span[1] <= size


def _count(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def _unreadable(where):
    return CheckpointError(
        "%s: carries a record that cannot be read; expected one that "
        "lasagne_flipconv wrote." % where)
