"""Print the time and memory of each reader for files that are worst for it.

    python tests/measure_readers.py [MEBIBYTES ...]

makes files of 1, 4 and 16 MiB, of as many, as small or as deeply nested parts
as fit into them, and reads each in a child, as `make safety` does: time of the
processor, memory above the size of the file, and what became of it. Both have
to grow no faster than the file.
"""
import bz2
import json
import pickle
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS / "attacks")]

import safety  # noqa: E402
from containers import (caffe_layer, caffe_model, deep_message,  # noqa: E402
                        field, good_npy, gzipped, member, onnx_model,
                        onnx_tensor, safetensors, tensor, torch_zip, varint,
                        zipped)
from gadgets import MARKER  # noqa: E402,F401

try:
    import hdf5_files
except ImportError:  # it makes its files with h5py
    hdf5_files = None


def repeated(part, size, before=b"", after=b"."):
    """Return as many equal parts as fit, between two texts."""
    room = size - len(before) - len(after)
    return before + part * (room // len(part)) + after


def numbered(part, size, join=b"".join):
    """Return as many parts as fit; `part(i)` makes the one of a number."""
    parts, left, i = [], size, 0
    while True:
        made = part(i)
        left -= len(made)
        if left < 0:
            return join(parts)
        parts.append(made)
        i += 1


def short(i):
    """Return a short text of pickle."""
    text = b"%x" % i
    return b"U" + bytes([len(text)]) + text


#: Name of a pickle → a function of its size.
PICKLES = {
    "none": lambda n: repeated(b"N", n, b"\x80\x02](", b"e."),
    "numbers": lambda n: repeated(b"K\1", n, b"\x80\x02](", b"e."),
    "long numbers": lambda n: repeated(b"\x8a\x01\1", n, b"\x80\x02](", b"e."),
    "texts": lambda n: b"\x80\x02](" + numbered(short, n - 6) + b"e.",
    "keys": lambda n: b"\x80\x02}(" + numbered(
        lambda i: short(i) + b"N", n - 6) + b"u.",
    "empty lists": lambda n: repeated(b"]", n, b"\x80\x02](", b"e."),
    "nested lists": lambda n: repeated(b"]", n // 2, b"\x80\x02", b"") + (
        repeated(b"a", n // 2)),
    "nested tuples": lambda n: repeated(b"\x85", n, b"\x80\x02)"),
    "doubled tuples": lambda n: repeated(b"2\x86", n, b"\x80\x04)", b")\x81."),
    "marks": lambda n: repeated(b"(", n, b"\x80\x02"),
    "memo": lambda n: repeated(b"\x94", n, b"\x80\x04]"),
    "memo texts": lambda n: b"\x80\x02]" + numbered(
        lambda i: b"p%d\n" % i, n - 4) + b".",
    "recalled": lambda n: repeated(b"h\0", n, b"\x80\x02]q\0(", b"e."),
    "thrown away": lambda n: repeated(b"N0", n, b"\x80\x02"),
    "decimals": lambda n: b"(I" + b"9" * (n - 6) + b"\nl.",
    "one text": lambda n: b"\x80\x02X" + struct.pack("<I", n - 8) + (
        b"a" * (n - 8)) + b".",
    "escapes": lambda n: b"(S'" + b"\\x41" * ((n - 8) // 4) + b"'\nl.",
    "arrays": lambda n: b"\x80\x02](" + numbered(
        lambda i: pickle.dumps(i * 1.5, 2)[2:-1], n - 6) + b"e.",
}


def many_members(size, method=0, data=b""):
    """Return an archive of as many members as fit."""
    count = size // (len(zipped(member("000000.npy", data, method))) - 22)
    count = min(count, 65535)  # what the short end record can tell
    return zipped(*[member("%06d.npy" % i, data, method)
                    for i in range(count)])


def one_storage(size):
    """Return a PyTorch file of many tensors on one storage."""
    each = tensor(1 << 18, 0, b"J\0\0\4\0\x85", b"K\x01\x85",
                  b"FloatStorage", b"0")
    names = repeated(short(7) + each, size // 4, b"\x80\x02}(", b"u.")
    return torch_zip(names, storage=b"\0" * (1 << 20))


def many_storages(size):
    """Return a PyTorch file of many tensors of one number each."""
    def one(i):
        return short(i) + tensor(1, 0, b"K\1\x85", b"K\x01\x85",
                                 b"FloatStorage", b"0")
    return torch_zip(b"\x80\x02}(" + numbered(one, size - 400) + b"u.",
                     storage=b"\0" * 4)


def json_of(size, kind):
    """Return JSON of as many or as deeply nested parts as fit."""
    return {"numbers": lambda: b"[" + b"1," * (size // 2 - 2) + b"1]",
            "lists": lambda: b"[" + b"[]," * (size // 3 - 2) + b"[]]",
            "nested": lambda: b"[" * (size // 2) + b"]" * (size // 2),
            "keys": lambda: b"{" + numbered(
                lambda i: b'"%x":0,' % i, size - 9) + b'"a b":0}',
            "rows": lambda: b"{" + numbered(
                lambda i: b'"%x":{"dtype":"F32","shape":[0],'
                          b'"data_offsets":[0,0]},' % i,
                size - 80) + b'"a b":{"dtype":"F32","shape":[0],'
                             b'"data_offsets":[0,0]}}'}[kind]()


def class_names(size):
    """Return a configuration of Keras that is class names within others."""
    name = "a" * (size - 20 * 320)
    for _ in range(320):
        name = {"class_name": name}
    return json.dumps(name).encode()


def keras(config, packed=False):
    """Return an archive of Keras with any configuration."""
    small = hdf5_files.hdf5(lambda f: f.create_dataset(
        "layers/a/vars/0", data=[[0.]]))
    return zipped(member("metadata.json", b"{}"),
                  member("config.json", config, 8 if packed else 0),
                  member("model.weights.h5", small))


def many_groups(size, what):
    """Return an HDF5 file of as many groups, arrays, names … as fit."""
    def fill(file):
        count = size // what[1]
        for i in range(count):
            if i % what[2] == 0:
                place = file.create_group("in%x" % i) if i else file
            what[0](place, "%x" % i)
    return hdf5_files.hdf5(fill)


#: What fills an HDF5 file, about how many bytes each takes, and how many are
#: put into one group: libhdf5 writes the attributes of one in quadratic time.
HDF5 = {
    "groups": (lambda f, name: f.create_group(name), 1000, 1 << 24),
    "arrays": (lambda f, name: f.create_dataset(name, data=0.), 400,
               1 << 24),
    "attributes": (lambda f, name: f.attrs.__setitem__(name, 0), 57, 2000),
    "texts": (lambda f, name: f.attrs.__setitem__(name, "a"), 95, 2000),
}


def hdf5_chunks(size):
    """Return an HDF5 file of one array in pieces of one number."""
    return hdf5_files.hdf5(lambda f: f.create_dataset(
        "a", data=[0.] * (size // 40), chunks=(1,)))


def hdf5_names(size):
    """Return a file of Keras whose lists of names repeat their entries."""
    def fill(file):
        for i in range(size // 60000):
            file.attrs["layer_names%d" % i] = np.full(60000, b"a")
        group = file.create_group("a")
        group.attrs["weight_names"] = [b"a/b"] * 8
        group.create_dataset("a/b", data=[[0.]])
    return hdf5_files.hdf5(fill)


def onnx_nodes(node, size):
    """Return a model with as many equal nodes as fit."""
    return onnx_model(nodes=repeated(field(1, node), size - 60, after=b""))


def identities(size):
    """Return a model of nodes that hand one array on, in a ring."""
    def node(i):
        return field(1, field(1, b"%x" % i) + field(2, b"%x" % (i + 1))
                     + field(4, b"Identity"))
    count = len(numbered(node, size // 2, list))
    ring = b"".join(node(i) for i in range(count)) + field(1, field(
        1, b"%x" % count) + field(2, b"0") + field(4, b"Identity"))
    gemm = field(1, field(1, b"x") + field(1, b"0") + field(2, b"y")
                 + field(4, b"Gemm"))
    return onnx_model(nodes=repeated(gemm, size // 2 - 80, ring, b""))


#: Format → what a file is full of → a function of its size.
FILES = {
    "npz": {
        "members": many_members,
        "packed members": lambda n: many_members(n, 8, good_npy()),
        "empty members": lambda n: many_members(n, 0, b"")},
    "npy": {
        "header": lambda n: b"\x93NUMPY\2\0" + struct.pack(
            "<I", n - 12) + b"(" * (n - 12)},
    "pickle": {name + " ": make for name, make in PICKLES.items()},
    "gzip": {name: lambda n, make=make: gzipped(make(n))
             for name, make in PICKLES.items()},
    "bz2": {name: lambda n, make=make: bz2.compress(make(n))
            for name, make in PICKLES.items()},
    "torch": {
        "tensors on one storage": one_storage,
        "tensors of one number": many_storages,
        "storages": lambda n: torch_zip(b"\x80\x02}.", *[
            member("archive/data/%d" % i, b"\0" * 4)
            for i in range(1, min(n // 140, 65000))])},
    "torch-legacy": {
        "pickles": lambda n: repeated(
            b"\x80\x02].", n,
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
            b"\x80\x02}.", b"")},
    "safetensors": {
        kind: lambda n, kind=kind: safetensors(
            b'{"__metadata__":' + json_of(n - 30, kind) + b"}"
            if kind != "rows" else json_of(n - 8, kind))
        for kind in ("numbers", "lists", "nested", "keys", "rows")},
    "onnx": {
        "empty nodes": lambda n: onnx_nodes(b"", n),
        "empty inputs": lambda n: onnx_nodes(
            field(1, b"") * 1000 + field(4, b"Add"), n),
        "packed numbers": lambda n: onnx_model(
            onnx_tensor((n,), b"") + field(5, b"\1" * (n - 100))),
        "packed sizes": lambda n: onnx_model(field(1, b"\1" * (n - 100))),
        "tensors": lambda n: onnx_model(*[onnx_tensor((0,), b"")] * (n // 16)),
        "ring of identities": identities,
        "graphs within graphs": lambda n: onnx_model(
            nodes=deep_message(90) + field(1, b"\0" * (n - 2000)))},
    "caffe": {
        "layers": lambda n: caffe_model(*[b""] * (n // 3)),
        "sizes": lambda n: caffe_model(caffe_layer(dims=(1,) * (n - 100))),
        "blobs": lambda n: caffe_model(
            field(1, b"a") + field(2, b"Convolution")
            + field(7, b"") * (n // 2 - 40)),
        "numbers": lambda n: caffe_model(field(1, b"a") + field(
            7, b"".join([b"\x2d\0\0\0\0"] * (n // 5 - 20)))),
        "varints": lambda n: caffe_model(varint(1 << 3) + b"\1"
                                         + b"\x08\1" * (n // 2 - 40))},
}
if hdf5_files:
    FILES["hdf5"] = dict({
        name: lambda n, what=what: many_groups(n, what)
        for name, what in HDF5.items()},
        **{"pieces": hdf5_chunks, "names": hdf5_names})
    FILES["keras"] = dict({
        kind: lambda n, kind=kind: keras(json_of(n, kind))
        for kind in ("numbers", "lists", "nested", "keys")},
        **{"class names": lambda n: keras(class_names(n)),
           "packed numbers": lambda n: keras(json_of(64 * n, "numbers"), True),
           "packed lists": lambda n: keras(json_of(64 * n, "lists"), True)})


def measured(data, folder):
    """Return what reading a file takes: a Result of safety.py."""
    Path(folder, "file").write_bytes(data)
    row = {"file": "file", "error": "unsafe", "text": ""}
    return safety.in_child(row, Path(folder))


def main(arguments):
    """Print a row for each kind of file, a column for each size."""
    sizes = [int(a) for a in arguments] or [1, 4, 16]
    safety.preload()
    print("%-13s %-24s %s" % ("format", "full of", "  ".join(
        "%3d MiB: ms, MiB" % n for n in sizes)))
    with tempfile.TemporaryDirectory() as folder:
        for form, kinds in FILES.items():
            for name, make in kinds.items():
                results = [measured(make(n << 20), folder) for n in sizes]
                print("%-13s %-24s %s  %.60s" % (form, name, "  ".join(
                    "%7.0f %8.1f" % (r.ms, r.memory / 2**20)
                    for r in results), results[-1].error), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
