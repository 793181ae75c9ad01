"""Caffe: ``.caffemodel`` and HDF5 weights.

Kernels have axes OIHW and are correlated; dense weights have axes (output,
input). Batch normalisation is two layers there, one of them with a factor
that mean and variance have to be divided by.
"""
import re
from collections import namedtuple

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .common.arrays import StoredArray, check_shape
from .common.naming import unique
from .common.order import is_only_order
from .common.protobuf import (Budget, fields_of, integers_of, joined, signed,
                              text_of)
from .common.record import Checkpoint, Entry

__all__ = ["from_hdf5", "read", "sniff"]

# Numbers of the fields, in NetParameter, LayerParameter and its old form
# V1LayerParameter, BlobProto.
_LAYER, _OLD_LAYER = 100, 2
_NAME, _TYPE, _BOTTOM, _TOP, _BLOBS, _PRODUCT, _NORM = 1, 2, 3, 4, 7, 117, 139
_OLD_NAME, _OLD_TYPE, _OLD_BOTTOM, _OLD_TOP, _OLD_BLOBS, _OLD_PRODUCT = (
    4, 5, 2, 3, 6, 17)
_DATA, _SHAPE, _DOUBLE = 5, 7, 8
_EPSILON, _TRANSPOSE = 3, 6

#: Caffe itself never minded in which encoding names are.
_LENIENT = "backslashreplace"

_OLD_TYPES = {4: "Convolution", 14: "InnerProduct", 39: "Deconvolution"}

#: Type of a layer → what its blobs are.
_ROLES = {"BatchNorm": ("mean", "variance", None), "Scale": ("gamma", "beta"),
          "PReLU": ("alpha",), "Bias": ("b",)}
_KINDS = {"Convolution": "conv", "Deconvolution": "transposed",
          "InnerProduct": "dense"}


#: What a layer is called, does, holds, reads and writes.
Layer = namedtuple("Layer", "name kind epsilon blobs order bottoms tops")


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
    budget = Budget(where, len(data), limits)
    entries, layers, taken, held = [], [], {}, {}
    for number, message in fields_of(data, where, budget,
                                     {_LAYER, _OLD_LAYER}):
        layer = _parts(message, number == _OLD_LAYER, where, budget, limits)
        found = _layer(layer, where, budget, limits, taken)
        if found:
            held[len(layers)] = [(entry.name, (
                layer.kind, entry.role, entry.shape)) for entry in found]
        layers.append((layer.bottoms, layer.tops))
        entries += found
        if max(len(layers), len(entries)) > limits.members:
            raise UnsafeFileError("%s: holds more than %d layers or blobs; "
                                  "expected fewer." % (where, limits.members))
    if not entries:
        raise CheckpointError(
            "%s: holds no weights; expected those of a model of Caffe. If it "
            "is of Caffe before 2014, its upgrade_net_proto_binary makes a "
            "newer one." % where)
    return Checkpoint(where, "caffe", tuple(entries), {}, "Caffe",
                      is_only_order(layers, _outputs(layers), held),
                      siblings="as joined")


def _outputs(layers):
    """Return what layers write and none reads."""
    found = {}
    for bottoms, tops in layers:
        for name in bottoms:
            found.pop(name, None)
        found.update(dict.fromkeys(tops))
    return list(found)


def _layer(layer, where, budget, limits, taken):
    """Return the entries of one layer."""
    name, kind, epsilon, blobs, order = layer[:5]
    name = unique(name, taken)
    arrays = [_blob(blob, "%s in %s" % (name, where), budget, limits)
              for blob in blobs]
    factor = 1
    if kind == "BatchNorm":
        factor = _factor(arrays, name, where)
        arrays = arrays[:2]
    roles = _ROLES.get(kind, ("W", "b"))
    roles = (roles + (None,) * len(arrays))[:len(arrays)]
    kernels = kind != "InnerProduct"  # which have more axes than are padded
    arrays = [array if role == "W" and kernels else
              _without_padding(array, 2 if role == "W" else 1)
              for array, role in zip(arrays, roles)]
    return [Entry("%s/%d" % (name, i), array.shape, array.dtype,
                  _divided(array, factor), name, role,
                  _KINDS.get(kind) if role == "W" else None,
                  order if role == "W" else None, epsilon=epsilon)
            for i, (array, role) in enumerate(zip(arrays, roles))]


def _parts(message, old, where, budget, limits):
    """Return what one layer is."""
    names, types, bottom, top, blobs, product = (
        (_OLD_NAME, _OLD_TYPE, _OLD_BOTTOM, _OLD_TOP, _OLD_BLOBS, _OLD_PRODUCT)
        if old else (_NAME, _TYPE, _BOTTOM, _TOP, _BLOBS, _PRODUCT))
    first, lists = {}, {blobs: [], bottom: [], top: []}
    for number, value in fields_of(message, where, budget, {
            names, types, bottom, top, blobs, product, _NORM}):
        if number not in lists:
            first.setdefault(number, value)
            continue
        lists[number].append(value)
        if len(lists[number]) > limits.members:
            raise UnsafeFileError("%s: has more than %d blobs in a layer; "
                                  "expected fewer." % (where, limits.members))
    name, kind = first.get(names, b""), first.get(types, 0 if old else b"")
    kind = (_OLD_TYPES.get(kind) if isinstance(kind, int) and old
            else text_of(kind, where, limits, _LENIENT))
    epsilon = 1e-5
    if _NORM in first and not old:
        epsilon = _epsilon(first[_NORM], where, budget)
    order = "caffe"
    if product in first and kind == "InnerProduct" and any(
            value for _, value in fields_of(first[product], where, budget,
                                            {_TRANSPOSE})):
        order = "IO"
    return Layer(
        text_of(name, where, limits, _LENIENT), kind, epsilon, lists[blobs],
        order, *([text_of(value, where, limits, _LENIENT)
                  for value in lists[number]] for number in (bottom, top)))


def _epsilon(message, where, budget):
    found = 1e-5
    for _, value in fields_of(message, where, budget, {_EPSILON}):
        if not isinstance(value, memoryview) or len(value) != 4:
            raise CheckpointError("%s: has an epsilon that is no number; "
                                  "expected a float." % where)
        found = float(np.frombuffer(value, "<f4")[0])
    if not 0 <= found < np.inf:
        raise CheckpointError("%s: has epsilon %r; expected a number, 0 or "
                              "more." % (where, found))
    return found


def _blob(message, where, budget, limits):
    """Return the array of one blob."""
    old, shape, raw, dtype = {}, None, b"", np.dtype("<f4")
    for number, value in fields_of(message, where, budget):
        if number in (1, 2, 3, 4) and isinstance(value, int):
            old[number] = value
        elif number == _SHAPE:
            shape = integers_of((n for _, n in fields_of(
                value, where, budget, {1})), where, limits.axes)
        elif number in (_DATA, _DOUBLE) and isinstance(value, memoryview):
            if number == _DOUBLE and dtype.itemsize == 4:
                raw, dtype = b"", np.dtype("<f8")
            if number == _DATA and dtype.itemsize == 8:
                continue  # of two copies, the one with more digits
            raw = joined(raw, value)
    if shape is None:
        shape = [signed(old.get(i, 1)) for i in (1, 2, 3, 4)]
    return StoredArray(dtype, check_shape(tuple(shape), dtype, len(raw),
                                          where, limits), False, raw)


def _without_padding(array, axes):
    """Return an array without the leading axes of 1 that old Caffe adds."""
    spare = len(array.shape) - axes
    if spare > 0 and set(array.shape[:spare]) == {1}:
        return array._replace(shape=array.shape[spare:])
    return array


def _factor(arrays, name, where):
    """Return what Caffe stores mean and variance times; 0 before training."""
    if len(arrays) != 3 or tuple(arrays[2].shape) not in ((1,), ()):
        raise CheckpointError(
            "%s in %s: has %d blobs; expected mean, variance and their factor."
            % (name, where, len(arrays)))
    return float(arrays[2].read().reshape(()))


def _divided(array, factor):
    """Return what reads an array and divides it by a factor.

    By 0 as Caffe does: all is 0 then.
    """
    if factor == 1:
        return array.read

    def values():
        with np.errstate(all="ignore"):
            value = array.read() / factor if factor else array.read() * 0
            return value.astype(array.dtype, copy=False)

    return values


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
        factor = _factor(blobs, layer, where)
        return [Entry("data/%s/%d" % (layer, i), tuple(blob.shape),
                      blob.dtype, _divided(blob, factor), layer, role,
                      epsilon=1e-5)
                for i, (blob, role) in enumerate(zip(blobs, (
                    "mean", "variance")))]
    if axes[0] < 2:
        roles = ("gamma", "beta") if len(blobs) > 1 else ("alpha",)
    elif axes[0] == 2:
        kind = "dense"
    roles = (roles + (None,) * len(blobs))[:len(blobs)]
    return [_hdf5_entry(blob, name, layer, role, kind)
            for blob, (_, name), role in zip(blobs, sorted(names.items()),
                                             roles)]


def _hdf5_entry(blob, name, layer, role, kind):
    return Entry(name, tuple(blob.shape), blob.dtype, blob.read, layer, role,
                 kind if role == "W" else None,
                 "caffe" if role == "W" else None)
