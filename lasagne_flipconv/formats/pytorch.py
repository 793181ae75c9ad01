"""PyTorch state dicts, zipped or legacy, read without PyTorch.

Where the bytes of each storage are in the file; what the tensors are is in
:mod:`.torch_tensors`. PyTorch itself never sees a file: its releases differ
in what ``torch.load(weights_only=True)`` lets through (CVE-2025-32434,
CVE-2026-24747).
"""
import re

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .archives.unzipped import STORED, read_member, verify
from .archives.zipped import members_of
from .common.arrays import read_at
from .parts.torch_tensors import checkpoint_of, unpickled
from .pickles.constructors import as_text, is_bytes
from .pickles.opcodes import ENDS_WITHIN
from .pickles.unpickle import unpickle

__all__ = ["read", "read_legacy", "sniff", "sniff_legacy"]

#: The integer that a legacy file begins with, as a pickle of any protocol
#: that PyTorch has, from the fourth on maybe in a frame.
_LEGACY = re.compile(b"\x80[\x02-\x05](\x95.{8})?"
                     b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19[.]", re.DOTALL)

#: How many members there may be that are no storages.
_BESIDES = 8


def sniff(head):
    """Tell whether a file is a ZIP archive of PyTorch."""
    size = int.from_bytes(head[26:28], "little")
    name = head[30:30 + size]
    return head.startswith(b"PK\3\4") and (
        name == b"data.pkl" or name.endswith((b"/data.pkl",
                                              b"/.format_version",
                                              b"/version", b"/byteorder")))


def sniff_legacy(head):
    """Tell whether a file has the magic number of legacy files."""
    return _LEGACY.match(head) is not None


def read(file, limits):
    """Describe the tensors of a state dict in a ZIP archive."""
    members, _ = members_of(file, limits._replace(
        members=limits.members + _BESIDES))
    by_name = {member.name: member for member in members}
    pickles = [name for name in by_name if name.endswith(".pkl")]
    if len(pickles) != 1 or pickles[0].rpartition("/")[2] != "data.pkl":
        raise UnsafeFileError(
            "%s: holds %s; expected just one data.pkl, as torch.save writes "
            "it. TorchScript archives hold code and are refused: save "
            "model.state_dict()." % (file.name, ", ".join(pickles[:4])
                                     or "no data.pkl"))
    root = pickles[0][:-len("data.pkl")]
    _refuse_others(file, by_name, root)
    _refuse_big_endian(file, by_name, root)
    member = by_name[pickles[0]]
    if member.size > limits.header:
        raise _too_large(file, limits)
    storages = _Storages(file, by_name, root)
    value, end = unpickled(bytes(read_member(file, member)), file.name,
                           limits, 0, storages.check)
    if end != member.size:
        raise UnsafeFileError("%s: has %d bytes after its pickle; expected "
                              "none." % (file.name, member.size - end))
    storages.verify(members)
    return checkpoint_of(file, value, "torch", limits, storages.read_into)


def _too_large(file, limits):
    return UnsafeFileError(
        "%s: has a pickle of more than %d bytes beside its tensors; expected "
        "less. Save model.state_dict() alone." % (file.name, limits.header))


def _refuse_others(file, by_name, root):
    allowed = re.compile(re.escape(root) + r"(data\.pkl|data/\w+|byteorder|"
                         r"version|\.format_version|\.storage_alignment|"
                         r"\.data/serialization_id)")
    other = next((n for n in by_name if not allowed.fullmatch(n)), None)
    if other is not None:
        raise UnsafeFileError(
            "%s: holds %.80r beside the tensors; expected what torch.save "
            "writes for model.state_dict(), and nothing else."
            % (file.name, other))


def _refuse_big_endian(file, by_name, root):
    order = by_name.get(root + "byteorder")
    if order is not None and order.size < 16:
        if bytes(read_member(file, order)) != b"little":
            raise CheckpointError(
                "%s: was written on a big-endian machine; expected little-"
                "endian tensors. Save it as safetensors there." % file.name)


class _Storages:
    """The members of an archive that hold storages.

    PyTorch stores them as they are. Those that another program compressed are
    unpacked once, and kept, as any number of tensors may lie on each.
    """

    def __init__(self, file, by_name, root):
        self.file, self.by_name, self.root = file, by_name, root
        self.kept = {}

    def member(self, storage):
        return self.by_name.get("%sdata/%s" % (self.root, storage.key))

    def check(self, storage):
        """Refuse a storage that is not there, or of another size."""
        member = self.member(storage)
        if member is None:
            raise CheckpointError(
                "%s: lacks storage %.40r; expected all that are named."
                % (self.file.name, storage.key))
        if member.size != storage.count * storage.dtype.itemsize:
            raise UnsafeFileError(
                "%s: storage %s declares %d elements of %d bytes; expected "
                "the %d bytes that are there."
                % (self.file.name, storage.key, storage.count,
                   storage.dtype.itemsize, member.size))

    def verify(self, members):
        """Compare the checksums of all members."""
        for member in members:
            if member.method == STORED:
                verify(self.file, member)
            else:
                self.kept[member.name] = read_member(self.file, member)

    def read_into(self, storage, begin, target):
        """Read bytes of a storage, from an element on."""
        member, at = self.member(storage), begin * storage.dtype.itemsize
        kept = self.kept.get(member.name)
        if kept is not None:
            target[:] = np.frombuffer(kept, "u1")[at:at + len(target)]
        else:
            read_at(self.file, member.at + at, target)


class _LegacyStorages:
    """The storages of a legacy file, which follow its pickles."""

    def __init__(self, file):
        self.file, self.used, self.places = file, {}, {}

    def check(self, storage):
        """Note a storage that is named; it has to be the same each time."""
        whole = storage._replace(begin=0, size=storage.count)
        if self.used.setdefault(storage.key, whole) != whole:
            raise UnsafeFileError(
                "%s: declares storage %.40s twice, of other sizes; expected "
                "the same." % (self.file.name, storage.key))

    def locate(self, keys, at, size):
        """Find the storages from a byte on, which have to take all to the end.
        """
        if sorted(keys) != sorted(self.used):
            raise UnsafeFileError("%s: lists other storages than its tensors "
                                  "use; expected the same." % self.file.name)
        for key in keys:
            self.places[key] = at + 8
            at = _legacy_storage(self.file, at, size, self.used[key])
        if at != size:
            raise UnsafeFileError("%s: has %d bytes after its storages; "
                                  "expected none." % (self.file.name,
                                                      size - at))

    def read_into(self, storage, begin, target):
        """Read bytes of a storage, from an element on."""
        read_at(self.file, self.places[storage.key]
                + begin * storage.dtype.itemsize, target)


def read_legacy(file, limits):
    """Describe the tensors of a state dict in the form before PyTorch 1.6."""
    data = file.read(limits.header)
    size = file.seek(0, 2)
    storages = _LegacyStorages(file)
    try:
        value, keys, at = _legacy_pickles(file, data, limits, storages.check)
    except CheckpointError as error:
        if len(data) == size or ENDS_WITHIN not in str(error):
            raise
        raise _too_large(file, limits) from error
    storages.locate(keys, at, size)
    return checkpoint_of(file, value, "torch-legacy", limits,
                         storages.read_into)


def _legacy_pickles(file, data, limits, check):
    """Return the state dict, the keys of the storages, and where they are."""
    at, parts = 0, []
    for _ in range(3):
        value, at = unpickle(data, file.name, limits, at)
        parts.append(value)
    if parts[1] != 1001 or type(parts[2]) is not dict or (
            parts[2].get("little_endian") is not True):
        raise CheckpointError(
            "%s: has another version or byte order of the legacy format; "
            "expected version 1001, little-endian." % file.name)
    value, at = unpickled(data, file.name, limits, at, check)
    keys, at = unpickle(data, file.name, limits, at)
    if type(keys) is not list or not all(isinstance(key, str) or is_bytes(key)
                                         for key in keys):
        keys = []
    return value, [as_text(key) for key in keys], at


def _legacy_storage(file, at, size, storage):
    """Check one storage of a legacy file; return where the next one is."""
    file.seek(at)
    count = int.from_bytes(file.read(8), "little", signed=True)
    if count != storage.count:
        raise UnsafeFileError(
            "%s: has %d elements in a storage; expected those that its pickle "
            "declares." % (file.name, count))
    end = at + 8 + count * storage.dtype.itemsize
    if end > size:
        raise CheckpointError(
            "%s: ends within a storage at byte %d; expected %d more. The file "
            "is truncated; get it again." % (file.name, at, end - size))
    return end
