"""Read members of a ZIP archive that has been checked, within their sizes."""
import zlib

from ...errors import CheckpointError

__all__ = ["DEFLATED", "STORED", "broken", "read_into", "read_member",
           "verify"]

#: How a member may be compressed, by the numbers of the format.
STORED, DEFLATED = 0, 8
_CHUNK = 1 << 18


def broken(file, what):
    """Return the error of an archive that is damaged."""
    return CheckpointError(
        "%s: is no whole ZIP archive: %s; expected one. The file is "
        "truncated or damaged; get it again." % (file.name, what))


def read_member(file, member):
    """Return the bytes of a small member.

    Parameters
    ----------
    file : binary file
        The archive.
    member : Member
        One of its members.

    Returns
    -------
    bytearray
        Its content, which the checksum has been compared with.
    """
    data = bytearray(member.size)
    read_into(file, member, data)
    return data


def read_into(file, member, target, head=0):
    """Read a member into memory that is there.

    Parameters
    ----------
    file : binary file
        The archive.
    member : Member
        One of its members.
    target : writable buffer
        Where its bytes go, but for the first `head`.
    head : int
        How many bytes at its begin are left out.

    Raises
    ------
    CheckpointError
        If the bytes do not agree with size or checksum.
    """
    view = memoryview(target).cast("B")
    crc, at = 0, -head
    for chunk in _chunks(file, member):
        crc = zlib.crc32(chunk, crc)
        if at < 0:
            chunk, at = chunk[-at:], min(0, at + len(chunk))
        if at + len(chunk) > len(view):
            raise broken(file, "%s is longer than declared" % member.name)
        view[at:at + len(chunk)] = chunk
        at += len(chunk)
    if at != len(view) or crc != member.crc:
        raise broken(file, "%s does not agree with its checksum"
                      % member.name)


def verify(file, member):
    """Compare size and checksum of a member, a piece at a time.

    Parameters
    ----------
    file : binary file
        The archive.
    member : Member
        One of its members.

    Raises
    ------
    CheckpointError
        If the bytes do not agree with size or checksum.
    """
    crc, size = 0, 0
    for chunk in _chunks(file, member):
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    if (crc, size) != (member.crc, member.size):
        raise broken(file, "%s does not agree with its checksum"
                      % member.name)


def _chunks(file, member):
    unpack = zlib.decompressobj(-15) if member.method == DEFLATED else None
    file.seek(member.at)
    left, made = member.stored, 0
    while left and made <= member.size:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise broken(file, "%s ends early" % member.name)
        left -= len(chunk)
        for part in [chunk] if unpack is None else _inflated(
                file, member, unpack, chunk):
            made += len(part)
            yield part
    if unpack is not None and (left or not unpack.eof or unpack.unused_data):
        raise broken(file, "%s is badly compressed" % member.name)


def _inflated(file, member, unpack, chunk):
    part = None
    while chunk or part and not unpack.eof:
        try:
            part = unpack.decompress(chunk, _CHUNK)
        except zlib.error as error:
            raise broken(file, "%s is badly compressed (%s)"
                          % (member.name, error)) from error
        chunk = unpack.unconsumed_tail
        yield part
