"""PyTorch state dicts, zipped or legacy.

The pickle in the file is walked and its tensors are checked against the bytes
of their storages before ``torch.load(weights_only=True)`` sees it: releases
of PyTorch differ in what that flag lets through (CVE-2025-32434,
CVE-2026-24747).
"""
import io
import re
from collections import namedtuple

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .constructors import Symbol, as_text, is_bytes, only
from .naming import describe
from .optional import library
from .record import Checkpoint, Entry
from .unpickle import unpickle
from .unzipped import read_member, verify
from .zipped import members_of

__all__ = ["read", "read_legacy", "sniff", "sniff_legacy"]

#: The integer that a legacy file begins with, as a pickle.
LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."

#: Elements of a storage, by the last word of its class.
_STORAGES = {"Double": "f8", "Float": "f4", "Half": "f2", "BFloat16": "V2",
             "Long": "i8", "Int": "i4", "Short": "i2", "Char": "i1",
             "Byte": "u1", "Bool": "?"}

#: What a persistent id stands for; what a tensor is before torch makes it.
Storage = namedtuple("Storage", "key dtype size")
Tensor = namedtuple("Tensor", "storage offset shape stride")

_KEYS = ("state_dict", "model_state_dict", "model", "net", "weights",
         "params", "generator", "g_ema")


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
    return head.startswith(LEGACY)


def read(file, limits):
    """Describe the tensors of a state dict in a ZIP archive."""
    members, _ = members_of(file, limits)
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
        raise UnsafeFileError("%s: has a pickle of %d bytes beside its "
                              "tensors; expected at most %d."
                              % (file.name, member.size, limits.header))

    def size_of(key):
        found = by_name.get("%sdata/%s" % (root, key))
        return None if found is None else found.size

    data = bytes(read_member(file, member))
    value, end = _unpickled(data, file.name, limits, 0, size_of)
    if end != len(data):
        raise UnsafeFileError("%s: has %d bytes after its pickle; expected "
                              "none." % (file.name, len(data) - end))
    for member in members:
        verify(file, member)
    return _checkpoint(file, value, "torch", limits)


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


def _unpickled(data, where, limits, start, size_of, used=None):
    """Return what a pickle holds, its storages checked and noted in `used`."""
    calls = {
        Symbol("torch._utils", "_rebuild_tensor"): _rebuild_tensor,  # ≤ 0.3
        Symbol("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        Symbol("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    }
    for kind in _STORAGES:
        calls[Symbol("torch", kind + "Storage")] = None

    def persistent(machine, told):
        found = _storage(machine, told, size_of)
        if used is not None and used.setdefault(found.key, found) != found:
            raise UnsafeFileError(
                "%s: declares storage %.40s twice, of other sizes; expected "
                "the same." % (machine.where, found.key))
        return found

    return unpickle(data, where, limits, start, calls, persistent)


def _storage(machine, told, size_of):
    word, symbol, key, _, count = told[:5]
    if word != "storage" or type(count) is not int or count < 0:
        raise UnsafeFileError(
            "%s: asks for something that is no storage of its own; expected "
            "storages only." % machine.where)
    key, symbol = as_text(key), only(symbol, Symbol)
    dtype = np.dtype(_STORAGES[symbol.name[:-len("Storage")]])
    there = size_of(key)
    if there is not None and there != count * dtype.itemsize:
        raise UnsafeFileError(
            "%s: storage %s declares %d elements of %d bytes; expected the "
            "%d bytes that are there."
            % (machine.where, key, count, dtype.itemsize, there))
    if there is None and size_of is not _later:
        raise CheckpointError("%s: lacks storage %.40r; expected all that "
                              "are named." % (machine.where, key))
    return Storage(key, dtype, count)


def _later(key):
    """Say that the size of a storage is not known yet, as in legacy files."""


def _rebuild_tensor(machine, arguments):
    storage, offset, shape, stride = arguments[:4]
    only(storage, Storage)
    for part in (shape, stride):
        if type(part) is not tuple or len(part) > machine.limits.axes or any(
                type(n) is not int or n < 0 for n in part):
            raise ValueError("no shape")
    if len(shape) != len(stride) or type(offset) is not int or offset < 0:
        raise ValueError("no tensor")
    last = offset + sum((n - 1) * s for n, s in zip(shape, stride))
    count = int(np.prod([n for n in shape], dtype=object)) if shape else 1
    if count and last >= storage.size or count > max(storage.size, 1):
        raise UnsafeFileError(
            "%s: has a tensor of shape %r that reaches element %d; expected "
            "at most the %d of its storage."
            % (machine.where, shape, last, storage.size))
    return Tensor(storage, offset, shape, stride)


def _rebuild_parameter(machine, arguments):
    return only(arguments[0], Tensor)


def read_legacy(file, limits):
    """Describe the tensors of a state dict in the form before PyTorch 1.6."""
    data = file.read()
    at, parts = 0, []
    for _ in range(3):
        value, at = unpickle(data, file.name, limits, at)
        parts.append(value)
    if parts[1] != 1001 or type(parts[2]) is not dict or (
            parts[2].get("little_endian") is not True):
        raise CheckpointError(
            "%s: has another version or byte order of the legacy format; "
            "expected version 1001, little-endian." % file.name)
    used = {}
    value, at = _unpickled(data, file.name, limits, at, _later, used)
    keys, at = unpickle(data, file.name, limits, at)
    if type(keys) is not list or not all(isinstance(key, str) or is_bytes(key)
                                         for key in keys):
        keys = []
    keys = [as_text(key) for key in keys]
    if sorted(keys) != sorted(used):
        raise UnsafeFileError("%s: lists other storages than its tensors "
                              "use; expected the same." % file.name)
    for key in keys:
        at = _legacy_storage(file, data, at, used[key])
    if at != len(data):
        raise UnsafeFileError("%s: has %d bytes after its storages; expected "
                              "none." % (file.name, len(data) - at))
    return _checkpoint(file, value, "torch-legacy", limits)


def _legacy_storage(file, data, at, storage):
    """Check one storage of a legacy file; return where the next one is."""
    count = int.from_bytes(data[at:at + 8], "little", signed=True)
    if count != storage.size:
        raise UnsafeFileError(
            "%s: has %d elements in a storage; expected those that its pickle "
            "declares." % (file.name, count))
    end = at + 8 + count * storage.dtype.itemsize
    if end > len(data):
        raise CheckpointError(
            "%s: ends within a storage at byte %d; expected %d more. The file "
            "is truncated; get it again." % (file.name, at, end - len(data)))
    return end


def _tensors(value, limits, where, prefix="", depth=0):
    """Return all tensors of a state dict by name, in order."""
    if depth > limits.depth or not isinstance(value, dict):
        raise CheckpointError(
            "%s: holds a %s where its state dict should be; expected a dict "
            "of tensors. Save model.state_dict()."
            % (where, type(value).__name__))
    for key in _KEYS:
        if isinstance(value.get(key), dict) and not prefix:
            return _tensors(value[key], limits, where, "", depth + 1)
    return {prefix + str(key): tensor for key, tensor in value.items()
            if type(tensor) is Tensor}


def _checkpoint(file, value, form, limits):
    tensors = _tensors(value, limits, file.name)
    if not tensors:
        raise CheckpointError(
            "%s: holds no tensors; expected a state dict. Save "
            "model.state_dict()." % file.name)
    torch = library("torch", file.name)
    loaded = _loaded(torch, file, tensors)
    entries = [_entry(torch, name, loaded[name]) for name in tensors]
    return Checkpoint(file.name, form, describe(entries), {}, "PyTorch")


def _loaded(torch, file, tensors):
    file.seek(0)
    try:
        value = torch.load(io.BytesIO(file.read()), map_location="cpu",
                           weights_only=True)
    except Exception as error:  # whatever PyTorch raises for a bad file
        raise CheckpointError(
            "%s: PyTorch %s refuses it (%s: %.300s); expected a state dict. "
            "Save model.state_dict()." % (file.name, torch.__version__,
                                          type(error).__name__, error)
        ) from error
    for key in _KEYS:
        while isinstance(value.get(key), dict) and not set(tensors) <= set(
                value):
            value = value[key]
    return value


def _entry(torch, name, tensor):
    tensor = tensor.detach()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    array = tensor.numpy()

    def values():
        return np.array(array, order="C")

    return Entry(name, array.shape, array.dtype, values, convention="torch",
                 epsilon=1e-5)
