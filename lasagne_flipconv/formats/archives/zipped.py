"""Read a ZIP archive strictly: every byte has one owner, or it is refused.

Lenient readers disagree about archives with contradicting headers, gaps,
overlaps or twice the same name; such disagreement is what attacks live on.
"""
import re
import struct
from collections import namedtuple

from ...errors import UnsafeFileError
from .unzipped import DEFLATED, STORED, broken

__all__ = ["Member", "members_of"]

#: One file in an archive: where its bytes are, and what the archive says.
Member = namedtuple("Member", "name at stored size crc method comment")

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")

_DESCRIPTOR, _UTF8 = 0x8, 0x800
_LARGE = 0xFFFFFFFF
#: What fields of the end record are where only that of 64 bits can tell.
_MARKS = (0xFFFF,) * 4 + (_LARGE,) * 2
#: Extra fields with a name or comment in Unicode; only some readers take it.
_RENAMING = (0x7075, 0x6375)
#: Where a colon is no drive or stream: before the number of a variable of
#: TensorFlow, and within a folder of Chainer, ``updater/model:main``.
_COLON = re.compile(r":[0-9]+\.npy\Z|(?<=\w\w):(?=\w+/)")
#: Kinds of file, in the highest bits of the attributes: none told, a file.
_FILES, _LINK = (0, 8), 10
#: Deflate cannot come to more than this many times its size.
_DEFLATE_RATIO = 1032


def members_of(file, limits):
    """Return the members of an archive and its comment, all of it checked.

    Parameters
    ----------
    file : binary file
        The archive, with a ``name``.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    members : list of Member
        In the order of their bytes.
    comment : bytes
        The comment of the archive.

    Raises
    ------
    CheckpointError
        If it is damaged.
    UnsafeFileError
        If its parts contradict each other, overlap, leave gaps, have unsafe
        names or declare more than can be there.
    """
    size = file.seek(0, 2)
    count, start, end, comment = _directory(file, size)
    if count > limits.members:
        raise UnsafeFileError("%s: holds %d members; expected at most %d."
                              % (file.name, count, limits.members))
    if end - start > limits.header:
        raise UnsafeFileError(
            "%s: has a table of contents of %d bytes; expected at most %d."
            % (file.name, end - start, limits.header))
    members = _central(file, count, start, end, limits)
    members.sort(key=lambda pair: pair[1])
    _check_names([member for member, _ in members], file.name, limits)
    found, at = [], 0
    for member, local in members:
        if local != at:
            raise UnsafeFileError(
                "%s: has %s at byte %d; expected %r there. Bytes without an "
                "owner, or with two, are refused." % (
                    file.name, "a gap" if local > at else "an overlap",
                    at, member.name))
        member, at = _local(file, member, local, limits)
        found.append(member)
    if at != start:
        raise UnsafeFileError(
            "%s: has %d bytes between its members and its table of contents; "
            "expected none." % (file.name, start - at))
    _check_total(found, size, file.name, limits)
    return found, comment


def _at(file, at, layout, signature, what):
    data = b""
    if at + layout.size <= file.seek(0, 2):
        file.seek(at)
        data = file.read(layout.size)
    if data[:4] != signature:
        raise broken(file, "no %s at byte %d" % (what, at))
    return layout.unpack(data)[1:]


def _directory(file, size):
    """Return count, begin and end of the directory, and the comment."""
    at = _find_end(file, size)
    *told, spare = _at(file, at, _END, b"PK\5\6", "end record")
    comment = file.read(spare)
    if at + _END.size + spare != size:
        raise UnsafeFileError(
            "%s: has %d bytes after its end; expected none."
            % (file.name, size - at - _END.size - spare))
    end = at
    if at >= _LOCATOR64.size + _END64.size:
        file.seek(at - _LOCATOR64.size)
        if file.read(4) == b"PK\6\7":
            end, told = _directory64(file, at - _LOCATOR64.size, told)
    disk, disk2, here, count, length, start = told
    if disk or disk2 or here != count:
        raise UnsafeFileError("%s: is a part of several archives; expected "
                              "one." % file.name)
    if start + length != end:
        raise UnsafeFileError(
            "%s: has a table of contents that ends at byte %d; expected %d. "
            "Something was put before or behind it."
            % (file.name, start + length, end))
    return count, start, end, comment


def _find_end(file, size):
    """Return where the last end record is that fits its own comment."""
    start = max(0, size - _END.size - 0xFFFF)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(b"PK\5\6")
    last = at
    while at >= 0:
        spare = int.from_bytes(tail[at + 20:at + 22], "little")
        if at + _END.size + spare == len(tail):
            return start + at
        at = tail.rfind(b"PK\5\6", 0, at)
    if last >= 0 and last + _END.size <= len(tail):
        return start + last
    raise broken(file, "no end record")


def _directory64(file, at, told):
    """Return where the end record of 64 bits is, and what both tell.

    What the other one tells has to be the same, or the mark of a field that
    is too small.
    """
    disk, end, disks = _at(file, at, _LOCATOR64, b"PK\6\7", "locator")
    length, _, _, *found = _at(file, end, _END64, b"PK\6\6",
                               "end record of 64 bits")
    if end + _END64.size != at or length != _END64.size - 12 or (
            disk, disks) != (0, 1):
        raise UnsafeFileError(
            "%s: has an end record of 64 bits that does not take the %d bytes "
            "to byte %d; expected it, and nothing between."
            % (file.name, _END64.size, at))
    if any(short not in (mark, long) for short, mark, long in zip(
            told, _MARKS, found)):
        raise UnsafeFileError(
            "%s: has two end records that contradict each other, %r and %r; "
            "expected the same, as readers differ in which they take."
            % (file.name, tuple(told), tuple(found)))
    return end, found


def _central(file, count, start, end, limits):
    """Return members as the directory tells, and where each begins."""
    file.seek(start)
    table = file.read(end - start)
    found, at = [], 0
    for _ in range(count):
        if at + _CENTRAL.size > len(table):
            raise broken(file, "a table of contents that is too short")
        member, local, at = _central_row(file, table, at, limits)
        found.append((member, local))
    if at != len(table):
        raise UnsafeFileError(
            "%s: has %d bytes in its table of contents that belong to no "
            "member; expected none." % (file.name, len(table) - at))
    return found


def _central_row(file, table, at, limits):
    (signature, _, _, flags, method, _, _, crc, stored, size, n, extra, spare,
     disk, _, attributes, local) = _CENTRAL.unpack_from(table, at)
    if signature != b"PK\1\2" or disk not in (0, 0xFFFF):
        raise broken(file, "no entry at byte %d of its table" % at)
    at += _CENTRAL.size
    name, extras, comment = (table[at:at + n], table[at + n:at + n + extra],
                             table[at + n + extra:at + n + extra + spare])
    size, stored, local = _large(file, extras, [size, stored, local])
    name = _name(file, name, flags)
    _check_flags(file, name, flags, method, attributes)
    if stored > file.seek(0, 2) or local > file.seek(0, 2):
        raise UnsafeFileError(
            "%s: %s declares %d bytes at %d; expected them within the file."
            % (file.name, name, stored, local))
    return (Member(name, None, stored, size, crc, method, comment), local,
            at + n + extra + spare)


def _large(file, extras, fields):
    """Return fields with those taken from the 64-bit extra that are there."""
    bodies = [body for kind, body in _extras(file, extras) if kind == 1]
    if len(bodies) > 1:
        raise broken(file, "sizes of 64 bits twice")
    for i, value in enumerate(fields):
        if bodies and value == _LARGE:
            if len(bodies[0]) < 8:
                raise broken(file, "a short field of 64 bits")
            fields[i] = int.from_bytes(bodies[0][:8], "little")
            bodies[0] = bodies[0][8:]
    return fields


def _extras(file, data):
    at = 0
    while at < len(data):
        kind = int.from_bytes(data[at:at + 2], "little")
        size = int.from_bytes(data[at + 2:at + 4], "little")
        if at + 4 + size > len(data):
            raise broken(file, "an extra field that is too short")
        if kind in _RENAMING:
            raise UnsafeFileError(
                "%s: gives a member another name in an extra field; expected "
                "one name, as readers differ in which they take." % file.name)
        yield kind, data[at + 4:at + 4 + size]
        at += 4 + size


def _name(file, raw, flags):
    try:
        return raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError as error:
        raise broken(file, "a name that is no text") from error


def _check_flags(file, name, flags, method, attributes):
    if flags & ~(_DESCRIPTOR | _UTF8 | 0x6):
        raise UnsafeFileError(
            "%s: %s has flags 0x%x (encrypted, patched or masked); expected "
            "none of these." % (file.name, name, flags))
    if method not in (STORED, DEFLATED):
        raise UnsafeFileError(
            "%s: %s is compressed by method %d; expected 0 (stored) or 8 "
            "(deflate)." % (file.name, name, method))
    kind = attributes >> 28
    if kind not in _FILES:
        raise UnsafeFileError(
            "%s: %s is a %s; expected a file."
            % (file.name, name, "symbolic link" if kind == _LINK
               else "device, pipe or folder"))


def _check_names(members, where, limits):
    seen = set()
    for member in members:
        name = member.name
        parts = name.split("/")
        if (not name or len(name) > limits.name or "\0" in name
                or "\\" in name or ":" in _COLON.sub("", name)
                or any(part in ("", ".", "..") for part in parts)):
            raise UnsafeFileError(
                "%s: holds a member named %.80r; expected a relative name "
                "within the archive." % (where, name))
        if name in seen:
            raise UnsafeFileError(
                "%s: holds %r twice; expected each name once, as readers "
                "differ in which of the two they take." % (where, name))
        seen.add(name)


def _local(file, member, at, limits):
    """Return the member with its place, and where the next one begins."""
    (_, flags, method, _, _, crc, stored, size, n, extra) = _at(
        file, at, _LOCAL, b"PK\3\4", "member")
    raw, extras = file.read(n), file.read(extra)
    _check_flags(file, member.name, flags, method, 0)
    size, stored = _large(file, extras, [size, stored])
    told = (_name(file, raw, flags), method, crc, stored, size)
    if flags & _DESCRIPTOR:
        told = told[:2] + tuple(
            ours or theirs for ours, theirs in zip(
                told[2:], (member.crc, member.stored, member.size)))
    if told != (member.name, member.method, member.crc, member.stored,
                member.size):
        raise UnsafeFileError(
            "%s: %s has another name, size, checksum or method in its own "
            "header than in the table of contents; expected the same."
            % (file.name, member.name))
    begin = at + _LOCAL.size + n + extra
    end = begin + member.stored
    if flags & _DESCRIPTOR:
        end += _descriptor(file, member, end)
    return member._replace(at=begin), end


def _descriptor(file, member, at):
    """Return the length of the descriptor behind a member's bytes."""
    file.seek(at)
    data = file.read(24)
    for form, prefix in (("<4sLLL", 1), ("<4sLQQ", 1), ("<LLL", 0),
                         ("<LQQ", 0)):
        fields = struct.unpack_from(form, data.ljust(24, b"\0"))
        if fields[prefix:] == (member.crc, member.stored, member.size) and (
                not prefix or fields[0] == b"PK\7\x08"):
            return struct.calcsize(form)
    raise UnsafeFileError(
        "%s: %s is followed by sizes that are not those in the table of "
        "contents; expected the same." % (file.name, member.name))


def _check_total(members, size, where, limits):
    for member in members:
        most = (member.stored if member.method == STORED
                else _DEFLATE_RATIO * member.stored)
        if member.size > most or (member.method == STORED
                                  and member.size != member.stored):
            raise UnsafeFileError(
                "%s: %s declares %d bytes out of %d; expected at most %d."
                % (where, member.name, member.size, member.stored, most))
    total = sum(member.size for member in members)
    if total > limits.unpacked(size):
        raise UnsafeFileError(
            "%s: unpacks %d bytes into %d; expected at most %d. Pass "
            "limits=LIMITS._replace(expansion=…) if you know the file."
            % (where, size, total, limits.unpacked(size)))
