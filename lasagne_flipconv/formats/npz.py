"""The ``.npz`` format: a ZIP archive of ``.npy`` members.

What we record about an array is the comment of its member, so that
``numpy.load`` sees nothing but ``arr_0``, ``arr_1``, …. ZIP has checksums of
members alone: that of what we record is in the comment of the archive.
"""
import re
import struct
import zlib

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .archives.unzipped import STORED, read_into, read_member
from .archives.zipped import members_of
from .common.arrays import check_shape, numeric_dtype, pieces_of
from .common.naming import describe
from .common.numbering import by_position
from .common.notes import (OURS, entry_of_note, note_of, siblings_to_tell,
                           siblings_told)
from .common.record import Checkpoint, Entry
from .npy import OBJECTS, START, header_of, objects_of, parse_header
from .pickles.structure import OTHER

__all__ = ["read", "sniff", "write"]

#: Where in the header of a member its checksum is.
_CRC_AT = 14
#: End of the archive's comment if the order of the arrays means nothing, and
#: what precedes what it says of layers side by side.
_UNORDERED, _SIBLINGS = b" unordered", b" siblings "
#: Its begin, with the checksum of what is recorded. Older files have none.
_BEGIN = re.compile(OURS.encode() + b" 1 crc ([0-9a-f]{8})")
#: What we record of an array: JSON, with its name.
_NOTE = re.compile(rb'\{.*"name": ".*\}', re.DOTALL)


def sniff(head):
    """Tell whether a file may be a ``.npz``, by the name it begins with."""
    size = int.from_bytes(head[26:28], "little")
    return head.startswith(b"PK\3\4") and head[30:30 + size].endswith(
        b".npy") or head[:4] == b"PK\5\6"


def read(file, limits):
    """Describe the arrays of a ``.npz``, ordered by number if all have one, or
    if there is one list.

    The order of the archive means nothing: in files that Python 2 wrote it is
    that of a dict. A list that was saved without a star is one array of
    objects, whose arrays are taken.
    """
    members, comment = members_of(file, limits)
    ours = comment.startswith(OURS.encode())
    found = [(member, _read(file, member, limits, objects=not ours))
             for member in members]
    notes = [member.comment for member in members]
    if ours:
        entries = [entry_of_note(entry, note, file.name)
                   for (_, entry), note in zip(found, notes)]
        _check_notes(notes, comment, file.name)  # after them: they tell where
        return Checkpoint(file.name, "npz", tuple(entries), {}, OURS,
                          not comment.endswith(_UNORDERED), file.close,
                          siblings_told(
                              comment.partition(_SIBLINGS)[2].decode()))
    _check_notes(notes, comment, file.name)
    held = [(member.name[:-4], part) for member, part in found]
    metadata = _metadata([part for _, part in held if _are_texts(part)],
                         file.name, limits)
    held = [pair for pair in held if not _are_texts(pair[1])]
    listed = by_position((name for name, _ in held), held)
    ordered = listed is not None or len(held) == 1
    entries, beside, known = _flattened(listed or held)
    return Checkpoint(file.name, "npz", describe(entries),
                      dict(metadata, **beside), None, ordered and known,
                      file.close)


def _are_texts(part):
    return isinstance(part, Entry) and part.dtype.kind in "SU"


def _flattened(held):
    """Return the entries, metadata, and whether lists in it have an order."""
    entries, metadata, ordered = [], {}, True
    for name, part in held:
        if isinstance(part, Entry):
            entries.append(part)
            continue
        prefix = name + "." if len(held) > 1 else ""
        entries += [entry._replace(name=prefix + entry.name)
                    for entry in part.entries]
        metadata.update(part.metadata if part.entries
                        else {name: part.metadata[OTHER]})
        ordered = ordered and part.ordered
    return entries, metadata, ordered


def _metadata(texts, where, limits):
    """Return the arrays of texts of a file: a title, names of classes."""
    size = sum(entry.nbytes for entry in texts)
    if size > limits.header:
        raise UnsafeFileError(
            "%s: holds %d bytes of texts beside its arrays; expected at most "
            "%d." % (where, size, limits.header))
    return {entry.name: _decoded(entry.read().tolist()) for entry in texts}


def _decoded(value):
    """Return texts for the bytes that Python 2 wrote."""
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _read(file, member, limits, objects):
    """Return the array in a member, or the checkpoint of its objects."""
    where = "%s in %s" % (member.name, file.name)
    if not member.name.endswith(".npy"):
        raise UnsafeFileError(
            "%s: is no array; expected members named *.npy only. Save the "
            "arrays alone." % where)
    code, shape, fortran, start = parse_header(_head(file, member, where),
                                               where)
    if objects and code in OBJECTS:
        return objects_of(bytes(read_member(file, member)), start, shape,
                          where, limits, beside=True)
    dtype = numeric_dtype(code, where, texts=True)
    check_shape(shape, dtype, member.size - start, where, limits)

    def values():
        array = np.empty(shape, dtype, order="F" if fortran else "C")
        flat = array.reshape(-1, order="A") if array.ndim else array
        read_into(file, member, flat.view("u1") if array.ndim
                  else array.reshape(1).view("u1"), start)
        return array

    return Entry(member.name[:-4], shape, dtype, values)


def _head(file, member, where):
    """Return the begin of a member, unpacked: its header at least."""
    file.seek(member.at)
    most = min(member.size, START + 10000)
    data = file.read(min(member.stored, 1 << 15))
    if member.method == STORED:
        return data[:most]
    try:
        return zlib.decompressobj(-15).decompress(data, most)
    except zlib.error as error:
        raise CheckpointError(
            "%s: is badly compressed (%s); expected an array. The file is "
            "damaged; get it again." % (where, error)) from error


def write(file, checkpoint):
    """Write a ``.npz`` of ``arr_0``, ``arr_1``, …, one array at a time."""
    notes = [note_of(entry).encode() for entry in checkpoint.entries]
    rows = [_write_member(file, "arr_%d.npy" % i, entry, note)
            for i, (entry, note) in enumerate(zip(checkpoint.entries, notes))]
    start = file.tell()
    for row in rows:
        file.write(row)
    said = siblings_to_tell(checkpoint)
    more = (_UNORDERED if not checkpoint.ordered else
            _SIBLINGS + said.encode() if said else b"")
    _write_end(file, len(rows), start, b"%s 1 crc %08x%s" % (
        OURS.encode(), _crc_of(notes, more), more))


def _check_notes(notes, comment, where):
    """Refuse what we recorded if it is not what we wrote."""
    begin = _BEGIN.match(comment)
    if not comment.startswith(OURS.encode()):
        wrong = any(map(_NOTE.fullmatch, notes))
    else:
        wrong = begin and int(begin.group(1), 16) != _crc_of(
            notes, comment[begin.end():])
    if wrong:
        raise CheckpointError(
            "%s: what it records of its arrays is not what was written, by "
            "its checksum; expected the same. The file is damaged; get it "
            "again." % where)


def _crc_of(notes, more):
    """Return the checksum of the notes of all arrays and of what follows."""
    return zlib.crc32(b"\n".join([*notes, more]))


def _write_member(file, name, entry, note):
    """Write one array; return its row for the table of contents."""
    array = entry.read()
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    head = header_of(array.dtype, array.shape, fortran)
    size, at, raw = len(head) + array.nbytes, file.tell(), name.encode()
    extra = struct.pack("<2H2Q", 1, 16, size, size)
    file.write(struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 33, 0,
                           0xFFFFFFFF, 0xFFFFFFFF, len(raw), len(extra))
               + raw + extra + head)
    crc = zlib.crc32(head)
    for piece in pieces_of(array.T if fortran else array):
        crc = zlib.crc32(piece, crc)
        file.write(piece)
    _patch(file, at + _CRC_AT, crc)
    extra = struct.pack("<2H3Q", 1, 24, size, size, at)
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 0, 0, 33, crc,
                       0xFFFFFFFF, 0xFFFFFFFF, len(raw), len(extra),
                       len(note), 0, 0, 0o600 << 16, 0xFFFFFFFF
                       ) + raw + extra + note


def _patch(file, at, crc):
    """Write the checksum of a member, which is known only now."""
    end = file.tell()
    file.seek(at)
    file.write(struct.pack("<L", crc))
    file.seek(end)


def _write_end(file, count, start, comment):
    """Write the end of the archive, with its 64-bit form where needed."""
    end = file.tell()
    if count >= 0xFFFF or end >= 0xFFFFFFFF:
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0,
                               count, count, end - start, start)
                   + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
    file.write(struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF),
        min(end - start, 0xFFFFFFFF), min(start, 0xFFFFFFFF), len(comment))
        + comment)
