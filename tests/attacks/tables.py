"""Tables of contents, messages, names that lie, and HDF5."""
import bz2
import zlib

from containers import (Attack, caffe_layer, caffe_model, call, deep_message,
                        field, good_npy, npz, onnx_model, onnx_tensor,
                        safetensors, tensor_pickle, torch_zip, varint)
from gadgets import SHELL


def tables():
    """Yield safetensors, ONNX and Caffe files."""
    def row(name, data, text, error, suffix, advisory=""):
        return Attack(name + suffix, data, suffix[1:], "table: " + name,
                      advisory, error, text)

    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    for name, header, body, text, error in (
            ("overlap", {"a": entry, "b": entry}, b"\0" * 8,
             "safetensors refuses", "broken"),
            ("hole", {"a": dict(entry, data_offsets=[8, 16])}, b"\0" * 16,
             "safetensors refuses", "broken"),
            ("outside", {"a": dict(entry, data_offsets=[0, 1 << 40])}, b"",
             "safetensors refuses", "broken"),
            ("shape", {"a": dict(entry, shape=[1 << 40])}, b"\0" * 8,
             "safetensors refuses", "broken"),
            ("trailing", {"a": entry}, b"\0" * 12, "safetensors refuses",
             "broken"),
            ("twice", b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
             b',"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', b"",
             "names something twice", "unsafe"),
            ("deep", b'{"a":' + b"[" * 100000, b"", "no JSON", "broken"),
            ("integer", b'{"a":' + b"9" * 5000 + b"}", b"", "5000 digits",
             "broken"),
            ("list", b'{"a":[]}', b"",
             "safetensors refuses", "broken"),
            ("negative", {"a": dict(entry, data_offsets=[-8, 0])}, b"\0" * 8,
             "safetensors refuses", "broken"),
            ("reversed", {"a": dict(entry, data_offsets=[8, 0])}, b"\0" * 8,
             "safetensors refuses", "broken"),
            ("overflow", {"a": dict(entry, shape=[1 << 63, 1 << 63])},
             b"\0" * 8, "safetensors refuses", "broken"),
            ("metadata", {"__metadata__": {"a": ["b"]}, "a": entry},
             b"\0" * 8, "safetensors refuses", "broken"),
            ("record", {"__metadata__": {"lasagne_flipconv": "[[" * 9999},
                        "a": entry}, b"\0" * 8, "cannot be read", "broken"),
            ("record-other", {"__metadata__": {"lasagne_flipconv":
                                               '[["b", "{}"]]'}, "a": entry},
             b"\0" * 8, "record of other arrays", "broken"),
            ("type", {"a": dict(entry, dtype="PICKLE")}, b"\0" * 8,
             "safetensors refuses", "broken")):
        yield row("safetensors-" + name, safetensors(header, body), text,
                  error, ".safetensors")
    yield row("safetensors-header-size", safetensors(
        b"{" + b" " * 8, size=(1 << 48) - 1), "declares a header", "unsafe",
        ".safetensors")
    external = field(13, field(1, b"location") + field(
        2, b"../../../../etc/passwd")) + field(14, 1)
    yield row("onnx-external", onnx_model(onnx_tensor(
        raw=b"", rest=external)), "in another file", "unsafe", ".onnx",
        "ONNX CVE-2024-27318")
    yield row("onnx-external-absolute", onnx_model(onnx_tensor(
        raw=b"", rest=external.replace(b"../../../../etc/passwd",
                                       b"/etc/ssh/ssh_host_key__"[:22]))),
        "in another file", "unsafe", ".onnx", "ONNX CVE-2022-25882")
    for name, word in (("url", b"file:///etc/passwd"), ("link", b"a/../../b"),
                       ("windows", b"C:\\a")):
        yield row("onnx-external-" + name, onnx_model(onnx_tensor(
            raw=b"", rest=field(13, field(1, b"location") + field(2, word))
            + field(14, 1))), "in another file", "unsafe", ".onnx",
            "ONNX CVE-2024-5187" if name == "link" else "")
    yield row("onnx-external-beside-raw", onnx_model(onnx_tensor(
        rest=external)), "in another file", "unsafe", ".onnx")
    yield row("onnx-texts", onnx_model(onnx_tensor(
        (0,), b"", kind=8)), "expected numbers", "unsafe", ".onnx")
    yield row("onnx-sparse", field(1, 8) + field(7, field(2, b"g") + field(
        15, b"")) + field(8, b""), "1 sparse", "unsafe", ".onnx")
    yield row("onnx-nodes", field(1, 8) + field(7, field(1, b"") * 10001)
              + field(8, b""), "10001 nodes", "unsafe", ".onnx")
    yield row("onnx-length", field(1, 8) + b"\x3a" + varint(1 << 62)
              + field(8, b""), "no message", "broken", ".onnx")
    yield row("onnx-deep", field(1, 8) + field(7, deep_message(500))
              + field(8, b""), "ONNX refuses", "broken", ".onnx")
    yield row("onnx-segment", onnx_model(onnx_tensor(rest=field(
        3, field(1, 0) + field(2, 1 << 40)))), "declares 2 elements",
        "unsafe", ".onnx")
    yield row("onnx-shape", onnx_model(onnx_tensor((1 << 40,))),
              "declares 1099511627776 elements", "unsafe", ".onnx")
    yield row("onnx-negative", onnx_model(onnx_tensor(((1 << 64) - 2,))),
              "declares shape", "unsafe", ".onnx")
    yield row("onnx-axes", onnx_model(onnx_tensor((1,) * 50)),
              "declares shape", "unsafe", ".onnx")
    yield row("onnx-mismatch", onnx_model(onnx_tensor((3,))),
              "ONNX refuses", "broken", ".onnx")
    yield row("onnx-twice", onnx_model(onnx_tensor(), onnx_tensor()),
              "twice", "unsafe", ".onnx")
    yield row("onnx-cut", onnx_model(onnx_tensor())[:-3], "no message",
              "broken", ".onnx")
    nodes = b"".join([b""] * 1)
    yield row("onnx-fields", field(1, 8) + b"\x72\0" * 30000 + nodes,
              "more than 10000 fields", "unsafe", ".onnx")
    yield row("caffe-shape", caffe_model(caffe_layer((1 << 40,))),
              "4398046511104 bytes", "unsafe", ".caffemodel")
    yield row("caffe-negative", caffe_model(caffe_layer(
        ((1 << 64) - 2,))), "more than 2**", "unsafe", ".caffemodel")
    yield row("caffe-axes", caffe_model(caffe_layer((1,) * 50)),
              "more than 8 axes", "unsafe", ".caffemodel")
    yield row("caffe-packed-odd", caffe_model(field(1, b"c") + field(
        2, b"Convolution") + field(7, field(5, b"\0" * 7) + field(
            7, field(1, b"\2")))), "bytes", "unsafe", ".caffemodel")
    yield row("caffe-group", b"\x0a\x03net\xa2\x06\x02\x0b\x0c", "no message",
              "broken", ".caffemodel")
    yield row("caffe-name-long", caffe_model(field(1, b"a" * 5000)),
              "no name", "broken", ".caffemodel")
    yield row("caffe-cut", caffe_model(caffe_layer())[:-3], "no message",
              "broken", ".caffemodel")
    yield row("caffe-length", b"\x0a\x03net\xa2\x06" + varint(1 << 60),
              "no message", "broken", ".caffemodel")
    yield row("caffe-varint", b"\x0a\x03net\xa2\x06" + b"\xff" * 40,
              "no message", "broken", ".caffemodel")
    yield row("caffe-fields", caffe_model(b"\x0a\0" * 30000),
              "more than 10000 fields", "unsafe", ".caffemodel")


def suffixes():
    """Yield files whose suffix promises something else."""
    system = call("os", "system", (SHELL,))
    for suffix, data, content in (
            (".npz", system, "pickle"), (".h5", system, "pickle"),
            (".safetensors", system, "pickle"), (".onnx", system, "pickle"),
            (".caffemodel", system, "pickle"), (".npy", npz(), "npz"),
            (".pkl", npz(), "npz"), (".pkl", good_npy(), "npy"),
            (".keras", torch_zip(tensor_pickle()), "torch"),
            (".npz", torch_zip(tensor_pickle()), "torch"),
            (".gz", bz2.compress(system), "bz2")):
        yield Attack("suffix-%s%s" % (content, suffix), data, content,
                     "suffix that lies", "picklescan CVE-2025-10155",
                     "broken", "but its content is " + content)
    yield Attack("suffix-none", call("os", "system", (SHELL,)), "pickle",
                 "no suffix", "picklescan CVE-2025-10155", "unsafe",
                 "asks for os.system")
    yield Attack("suffix-config.p", call("os", "system", (SHELL,)), "pickle",
                 "suffix that scanners skip",
                 "picklescan GHSA-769v-p64c-89pr", "unsafe",
                 "asks for os.system")
    yield Attack("text.pkl", b"#!/bin/sh\n" + SHELL.encode(), "none",
                 "script", "", "broken", "no format")
    yield Attack("compressed.pkl", zlib.compress(b"].", 9), "none",
                 "unknown compression", "", "broken", "no format")


def hdf5s():
    """Yield HDF5 files and archives of Keras; they need h5py."""
    from hdf5_files import FILES as made
    for name, data, text, error, advisory in made():
        yield Attack(name, data, "keras" if name.endswith(".keras")
                     else "hdf5", "HDF5: " + name.split(".")[0], advisory,
                     error, text)
