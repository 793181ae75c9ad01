"""The safetensors format: a table of contents as JSON, then the bytes."""
import itertools
import json

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .arrays import pieces_of
from .jsontext import parsed_json
from .naming import describe
from .notes import OURS, entry_of_note, note_of
from .optional import library
from .record import Checkpoint, Entry

__all__ = ["read", "sniff", "write"]

#: Key of our metadata if the order of the arrays means nothing.
_UNORDERED = OURS + " unordered"

_CODES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8",
          "I32": "<i4", "I16": "<i2", "I8": "|i1", "U64": "<u8",
          "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1"}
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
    _check(file)
    metadata = header.pop("__metadata__", {})
    notes = _notes(metadata, file.name)
    entries = [_entry(name, row, 8 + size, file) for name, row
               in header.items()]
    if notes is not None:
        by_name = {entry.name: entry for entry in entries}
        if sorted(by_name) != sorted(name for name, _ in notes):
            raise CheckpointError(
                "%s: carries a record of other arrays than it holds; expected "
                "the same. It was changed after it was written." % file.name)
        entries = [entry_of_note(by_name[name], note, file.name)
                   for name, note in notes]
        return Checkpoint(file.name, "safetensors", tuple(entries), {}, OURS,
                          _UNORDERED not in metadata, file.close)
    torch = metadata.get("format") == "pt"
    if torch:
        entries = [entry._replace(convention="torch", epsilon=1e-5)
                   for entry in entries]
    return Checkpoint(file.name, "safetensors", describe(entries), metadata,
                      "PyTorch" if torch else None, False, file.close)


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
    if len(header) > limits.members or any(
            len(name) > limits.name for name in header):
        raise UnsafeFileError("%s: holds %d arrays or names too long; "
                              "expected at most %d."
                              % (where, len(header), limits.members))
    return header


def _check(file):
    """Let the library check every offset and size in the header."""
    safetensors = library("safetensors", file.name)
    try:
        with safetensors.safe_open(file.name, framework="numpy"):
            pass
    except Exception as error:  # whatever the library raises for a bad file
        raise CheckpointError(
            "%s: safetensors refuses it (%.200s); expected a table of "
            "contents that covers every byte once. The file is damaged; get "
            "it again." % (file.name, error)) from error


def _entry(name, row, start, file):
    code, shape = row["dtype"], tuple(row["shape"])
    at = start + row["data_offsets"][0]
    if code == "BF16":
        return Entry(name, shape, np.dtype("f4"),
                     lambda: _bfloat16(_array(file, at, shape, "<u2")))
    if code not in _CODES:
        raise CheckpointError(
            "%s in %s: has elements of type %.40s, which NumPy lacks; "
            "expected one of %s. Convert it to F32 where it comes from."
            % (name, file.name, code, ", ".join(_CODES)))
    return Entry(name, shape, np.dtype(_CODES[code]),
                 lambda: _array(file, at, shape, _CODES[code]))


def _array(file, at, shape, code):
    """Read one array; the library would map the whole file into memory."""
    array = np.empty(shape, code)
    file.seek(at)
    read = file.readinto(memoryview(array.reshape(-1).view("u1")))
    if read != array.nbytes:
        raise CheckpointError(
            "%s: ends at byte %d; expected %d more. The file was changed "
            "while it was read." % (file.name, at + read,
                                    array.nbytes - read))
    return array


def _bfloat16(halves):
    """Return float32 values, given their upper halves."""
    values = (halves.reshape(-1).astype("<u4") << 16).view("<f4")
    return values.reshape(halves.shape)


def _notes(metadata, where):
    """Return what we recorded as (name in the file, note), in order."""
    if OURS not in metadata:
        return None
    try:
        return [(str(name), note) for name, note
                in json.loads(metadata[OURS])]
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(
            "%s: carries a record that cannot be read (%s); expected one that "
            "lasagne_flipconv wrote." % (where, type(error).__name__)
        ) from error


def write(file, checkpoint):
    """Write a safetensors file, one array at a time."""
    header, notes, at = {"__metadata__": {}}, [], 0
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
