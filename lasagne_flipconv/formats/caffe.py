"""Caffe: ``.caffemodel`` and HDF5 weights.

Kernels have axes OIHW and are correlated; dense weights have axes (output,
input). Batch normalisation is two layers there, one of them with a factor
that mean and variance have to be divided by.
"""
import re

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .arrays import StoredArray, check_shape
from .protobuf import fields_of, integers_of
from .record import Checkpoint, Entry

__all__ = ["from_hdf5", "read", "sniff"]

# Numbers of the fields, in NetParameter, LayerParameter and its old form
# V1LayerParameter, BlobProto.
_LAYER, _OLD_LAYER = 100, 2
_NAME, _TYPE, _BLOBS, _NORM = 1, 2, 7, 139
_OLD_NAME, _OLD_TYPE, _OLD_BLOBS = 4, 5, 6
_DATA, _SHAPE, _DOUBLE = 5, 7, 8
_EPSILON = 2

_OLD_TYPES = {4: "Convolution", 14: "InnerProduct", 39: "Deconvolution"}

#: Type of a layer → what its blobs are.
_ROLES = {"BatchNorm": ("mean", "variance", None), "Scale": ("gamma", "beta"),
          "PReLU": ("alpha",)}
_KINDS = {"Convolution": "conv", "Deconvolution": "transposed",
          "InnerProduct": "dense"}


def sniff(head):
    """Tell whether a file begins like a NetParameter of Caffe."""
    if head[:1] == b"\x0a" and b"\0" < head[1:2] < b"\x80":
        after = head[2 + head[1]:4 + head[1]]
        return after[:1] in (b"\x12", b"\x1a") or after == b"\xa2\x06"
    return head[:1] == b"\x12" and _is_old(head) or head[:2] == b"\xa2\x06"


def _is_old(head):
    return re.match(rb"\x12[\x80-\xff]*[\0-\x7f][\x0a\x12\x1a\x22\x28]", head,
                    re.S) is not None


def read(file, limits):
    """Describe the blobs of a ``.caffemodel``, layer by layer."""
    data, where = memoryview(file.read()), file.name
    fields = fields_of(data, where, limits, {_LAYER, _OLD_LAYER})
    if len(fields) > limits.members:
        raise UnsafeFileError("%s: holds %d layers; expected at most %d."
                              % (where, len(fields), limits.members))
    entries = []
    for number, layer in fields:
        if not isinstance(layer, memoryview):
            raise CheckpointError("%s: has a number where a layer should be; "
                                  "expected a model of Caffe." % where)
        entries += _layer(layer, number == _OLD_LAYER, where, limits)
    if not entries:
        raise CheckpointError("%s: holds no weights; expected those of a "
                              "model of Caffe." % where)
    return Checkpoint(where, "caffe", tuple(entries), {}, "Caffe")


def _layer(message, old, where, limits):
    """Return the entries of one layer."""
    fields = fields_of(message, where, limits)
    names, types, blobs = ((_OLD_NAME, _OLD_TYPE, _OLD_BLOBS) if old
                           else (_NAME, _TYPE, _BLOBS))
    name = _text(next((v for n, v in fields if n == names), b""), where)
    kind = next((v for n, v in fields if n == types), None)
    kind = _OLD_TYPES.get(kind) if old else _text(kind or b"", where)
    epsilon = next((_epsilon(v, where, limits) for n, v in fields
                    if n == _NORM and not old), 1e-5)
    arrays = [_blob(v, "%s in %s" % (name, where), limits)
              for n, v in fields if n == blobs]
    if kind == "BatchNorm":
        arrays = _divided(arrays, name, where)
    roles = _ROLES.get(kind, ("W", "b"))
    roles = (roles + (None,) * len(arrays))[:len(arrays)]
    arrays = [_without_padding(array, 4 if kind != "InnerProduct" else 2)
              if role == "W" else _without_padding(array, 1)
              for array, role in zip(arrays, roles)]
    return [Entry("%s/%d" % (name, i), array.shape, array.dtype, array.read,
                  name, role, _KINDS.get(kind) if role == "W" else None,
                  "caffe" if role == "W" else None, epsilon=epsilon)
            for i, (array, role) in enumerate(zip(arrays, roles))]


def _text(value, where):
    if isinstance(value, int) or len(value) > 1024:
        raise CheckpointError("%s: has no name where one should be; expected "
                              "a model of Caffe." % where)
    return bytes(value).decode("utf-8", "replace")


def _epsilon(message, where, limits):
    found = [v for n, v in fields_of(message, where, limits) if n == _EPSILON]
    return float(np.frombuffer(found[-1], "<f4")[0]) if found and len(
        found[-1]) == 4 else 1e-5


def _blob(message, where, limits):
    """Return the array of one blob."""
    if not isinstance(message, memoryview):
        raise CheckpointError("%s: has a number where a blob should be; "
                              "expected a model of Caffe." % where)
    old, shape, data = {}, None, {_DATA: [], _DOUBLE: []}
    for number, value in fields_of(message, where, limits):
        if number in (1, 2, 3, 4) and isinstance(value, int):
            old[number] = value
        elif number == _SHAPE and isinstance(value, memoryview):
            shape = [n for k, v in fields_of(value, where, limits) if k == 1
                     for n in ([v] if isinstance(v, int) else
                               integers_of(v, where, limits))]
        elif number in data and isinstance(value, memoryview):
            data[number].append(value)
    dtype = np.dtype("<f8" if data[_DOUBLE] else "<f4")
    parts = data[_DOUBLE] or data[_DATA]
    raw = parts[0] if len(parts) == 1 else b"".join(parts)
    if shape is None:
        shape = [old.get(i, 1) for i in (1, 2, 3, 4)]
    return StoredArray(dtype, check_shape(tuple(shape), dtype, len(raw),
                                          where, limits), False, raw)


def _without_padding(array, axes):
    """Return an array without the leading axes of 1 that old Caffe adds."""
    spare = len(array.shape) - axes
    if spare > 0 and set(array.shape[:spare]) == {1}:
        return array._replace(shape=array.shape[spare:])
    return array


def _divided(arrays, name, where):
    """Return mean and variance, which Caffe stores times a factor."""
    if len(arrays) != 3 or arrays[2].shape not in ((1,), ()):
        raise CheckpointError(
            "%s in %s: has %d blobs; expected mean, variance and their factor."
            % (name, where, len(arrays)))
    factor = float(arrays[2].read().reshape(()))
    found = []
    for array in arrays[:2]:
        values = array.read() / (factor or 1)
        found.append(StoredArray(array.dtype, array.shape, False,
                                 values.astype(array.dtype).tobytes()))
    return found


def from_hdf5(tree, where, limits):
    """Return the checkpoint of an HDF5 file that Caffe wrote, or None."""
    found = {name: re.fullmatch("data/(.+)/([0-9]{1,5})", name)
             for name in tree.datasets}
    if not found or not all(found.values()):
        return None
    layers = {}
    for name, match in found.items():
        layers.setdefault(match.group(1), {})[int(match.group(2))] = name
    entries = [entry for layer, names in layers.items()
               for entry in _hdf5_layer(tree, layer, names, where)]
    return Checkpoint(where, "hdf5", tuple(entries), {}, "Caffe", False)


def _hdf5_layer(tree, layer, names, where):
    """Return the entries of one layer; its kind shows in its shapes."""
    blobs = [tree.datasets[name] for _, name in sorted(names.items())]
    axes = [len(blob.shape) for blob in blobs]
    kind, roles = None, ("W", "b")
    if axes == [1, 1, 1] and blobs[2].shape == (1,):
        arrays = _divided([_stored(blob) for blob in blobs], layer, where)
        return [Entry("data/%s/%d" % (layer, i), array.shape, array.dtype,
                      array.read, layer, role, epsilon=1e-5)
                for i, (array, role) in enumerate(zip(arrays, (
                    "mean", "variance")))]
    if axes[0] < 2:
        roles = ("gamma", "beta") if len(blobs) > 1 else ("alpha",)
    elif axes[0] == 2:
        kind = "dense"
    roles = (roles + (None,) * len(blobs))[:len(blobs)]
    return [_hdf5_entry(blob, name, layer, role, kind)
            for blob, (_, name), role in zip(blobs, sorted(names.items()),
                                             roles)]


def _stored(blob):
    return StoredArray(blob.dtype, tuple(blob.shape), False,
                       blob.read().tobytes())


def _hdf5_entry(blob, name, layer, role, kind):
    return Entry(name, tuple(blob.shape), blob.dtype, blob.read, layer, role,
                 kind if role == "W" else None,
                 "caffe" if role == "W" else None)
