"""The safetensors format: a table of contents as JSON, then the bytes."""
import io
import itertools
import json
from collections import namedtuple

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .common.arrays import (are_sizes, check_shape, float32_of, pieces_of,
                            read_at)
from .common.jsontext import parsed_json
from .common.naming import describe
from .common.numbering import by_position
from .common.notes import (OURS, entry_of_note, note_of, siblings_to_tell,
                           siblings_told)
from .common.record import Checkpoint, Entry
from .parts.views import entries_recorded, rows_in

__all__ = ["VIEWS", "read", "sniff", "write"]

#: Keys of our metadata if the order of the arrays means nothing, and for what
#: is known of layers side by side.
_UNORDERED, _SIBLINGS = OURS + " unordered", OURS + " siblings"
#: The key for where the parameters are in the arrays of a module of PyTorch.
VIEWS = OURS + " views"

_CODES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8",
          "I32": "<i4", "I16": "<i2", "I8": "|i1", "U64": "<u8",
          "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1"}
#: What the header says of one array; the bytes from begin to end are its own.
Row = namedtuple("Row", "name code shape begin end")
_NAMES = {np.dtype(code): name for name, code in _CODES.items()}


def sniff(head):
    """Tell whether a file begins with a length and a JSON object."""
    return head[8:9] == b"{" and head[6:8] == b"\0\0"


def read(file, limits):
    """Describe the arrays of a safetensors file."""
    size = int.from_bytes(file.read(8), "little")
    if size > limits.header:
        raise UnsafeFileError("%s: declares a header of %d bytes; expected "
                              "at most %d." % (file.name, size,
                                               limits.header))
    header = _parsed(file.read(size), size, file.name, limits)
    metadata = _metadata(header.pop("__metadata__", None), file.name)
    rows = [_row(name, row, "%.80s in %s" % (name, file.name), limits)
            for name, row in header.items()]
    _check_cover(rows, file.seek(0, io.SEEK_END) - 8 - size, file.name)
    notes = _notes(metadata, file.name, limits)
    entries = [_entry(row, 8 + size, file) for row in rows]
    if notes is not None:
        by_name = {entry.name: entry for entry in entries}
        if sorted(by_name) != sorted(name for name, _ in notes):
            raise CheckpointError(
                "%s: carries a record of other arrays than it holds; expected "
                "the same. It was changed after it was written." % file.name)
        if VIEWS in metadata:
            entries = entries_recorded(
                rows_in(metadata[VIEWS], file.name, limits), by_name,
                file.name, file.seek(0, io.SEEK_END), limits)
        else:
            entries = [entry_of_note(by_name[name], note, file.name)
                       for name, note in notes]
        return Checkpoint(file.name, "safetensors", tuple(entries), {}, OURS,
                          _UNORDERED not in metadata, file.close,
                          siblings_told(metadata.get(_SIBLINGS, "")))
    torch = metadata.get("format") == "pt"
    if torch:
        entries = [entry._replace(convention="torch", epsilon=1e-5)
                   for entry in entries]
    listed = by_position(header, entries)  # the file has them by the alphabet
    return Checkpoint(
        file.name, "safetensors", describe(listed or entries), metadata,
        "PyTorch" if torch else None, listed is not None, file.close)


def _parsed(data, size, where, limits):
    """Return the header, each name in it once."""
    if len(data) != size:
        raise CheckpointError(
            "%s: ends within its header of %d bytes; expected all. The file "
            "is truncated; get it again." % (where, size))
    header = parsed_json(data, "%s: its header" % where, limits)
    if not isinstance(header, dict):
        raise CheckpointError("%s: has a header that is a %s; expected names "
                              "of arrays." % (where, type(header).__name__))
    count = len(header) - ("__metadata__" in header)
    if count > limits.members or any(
            len(name) > limits.name for name in header):
        raise UnsafeFileError("%s: holds %d arrays or names too long; "
                              "expected at most %d."
                              % (where, count, limits.members))
    return header


def _metadata(found, where):
    """Return what else the file says: texts by name."""
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(
            isinstance(value, str) for value in found.values()):
        raise CheckpointError("%s: has metadata that are no texts by name; "
                              "expected those only." % where)
    return found


def _row(name, row, where, limits):
    """Return what the header says of one array, each part of its type."""
    if not isinstance(row, dict):
        raise CheckpointError("%s: is described by a %s; expected dtype, "
                              "shape and data_offsets."
                              % (where, type(row).__name__))
    code, shape, ends = (row.get(key) for key in ("dtype", "shape",
                                                  "data_offsets"))
    if not isinstance(code, str) or not all(
            isinstance(part, list) and are_sizes(part)
            for part in (shape, ends)) or len(ends) != 2:
        raise CheckpointError(
            "%s: has a dtype, shape or data_offsets that are none; expected a "
            "word, a list of sizes, and two places." % where)
    if code not in _CODES and code != "BF16":
        raise CheckpointError(
            "%s: has elements of type %.40s, which NumPy lacks; expected one "
            "of %s. Convert it to F32 where it comes from."
            % (where, code, ", ".join(_CODES)))
    dtype = np.dtype(_CODES.get(code, "<u2"))
    check_shape(tuple(shape), dtype, ends[1] - ends[0], where, limits)
    return Row(name, code, tuple(shape), *ends)


def _check_cover(rows, size, where):
    """Refuse rows that do not cover each byte of the data once."""
    at = 0
    for row in sorted(rows, key=lambda row: (row.begin, row.end)):
        if row.begin != at:
            raise CheckpointError(
                "%s: has data of %.80s at byte %d; expected them at %d, as "
                "each byte belongs to one array. The file is damaged; get it "
                "again." % (where, row.name, row.begin, at))
        at = row.end
    if at != size:
        raise CheckpointError(
            "%s: has %d bytes of data; expected the %d of its arrays. The "
            "file is truncated or damaged; get it again." % (where, size, at))


def _entry(row, start, file):
    at = start + row.begin
    if row.code == "BF16":
        return Entry(row.name, row.shape, np.dtype("f4"),
                     lambda: float32_of(_array(file, at, row.shape, "<u2")))
    code = _CODES[row.code]
    return Entry(row.name, row.shape, np.dtype(code),
                 lambda: _array(file, at, row.shape, code))


def _array(file, at, shape, code):
    """Read one array; the library would map the whole file into memory."""
    array = np.empty(shape, code)
    read_at(file, at, array)
    return array


def _notes(metadata, where, limits):
    """Return what we recorded as (name in the file, note), in order."""
    if OURS not in metadata:
        return None
    notes = parsed_json(metadata[OURS], "%s: its record" % where, limits)
    if not isinstance(notes, list) or not all(
            isinstance(row, list) and len(row) == 2
            and all(isinstance(part, str) for part in row) for row in notes):
        raise CheckpointError(
            "%s: carries a record that cannot be read; expected one that "
            "lasagne_flipconv wrote." % where)
    return notes


def write(file, checkpoint):
    """Write a safetensors file, one array at a time."""
    header, notes, at = {"__metadata__": {}}, [], 0
    if VIEWS in checkpoint.metadata:
        header["__metadata__"][VIEWS] = checkpoint.metadata[VIEWS]
    for entry in checkpoint.entries:
        # JSON knows halves of surrogates, UTF-8 does not; the note has them
        name = _unused(entry.name.encode("utf-8", "replace").decode(), header)
        dtype = entry.dtype.newbyteorder("<")
        if dtype not in _NAMES:
            raise CheckpointError(
                "%s: has dtype %s, which safetensors lacks; expected one of "
                "%s. Save it as .npz." % (entry.name, entry.dtype,
                                          ", ".join(_NAMES.values())))
        header[name] = {"dtype": _NAMES[dtype], "shape": list(entry.shape),
                        "data_offsets": [at, at + entry.nbytes]}
        notes.append((name, note_of(entry)))
        at += entry.nbytes
    header["__metadata__"][OURS] = json.dumps(notes)
    if not checkpoint.ordered:
        header["__metadata__"][_UNORDERED] = "true"
    elif siblings_to_tell(checkpoint):
        header["__metadata__"][_SIBLINGS] = siblings_to_tell(checkpoint)
    text = json.dumps(header)
    text += " " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text.encode())
    for entry in checkpoint.entries:
        array = entry.read().astype(entry.dtype.newbyteorder("<"), copy=False)
        for piece in pieces_of(array):
            file.write(piece)


def _unused(name, taken):
    """Return a name, or one like it if it is taken."""
    numbered = (("%s#%d" % (name, i)) for i in range(1, len(taken) + 1))
    return next(n for n in itertools.chain([name], numbered)
                if n not in taken)
