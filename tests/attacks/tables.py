"""Tables of contents, messages, names that lie, and HDF5."""
import bz2
import zlib

from containers import (Attack, bomb, caffe_layer, caffe_model, call,
                        deep_message, field, good_npy, node, npz, onnx_model,
                        onnx_tensor, safetensors, tensor_pickle, torch_zip,
                        varint)
from gadgets import SHELL


def tables():
    """Yield safetensors, ONNX and Caffe files."""
    yield from of_safetensors()
    yield from of_onnx()
    yield from of_caffe()


def row(name, data, text, error, suffix, advisory=""):
    """Return an attack that is named like its table."""
    return Attack(name + suffix, data, suffix[1:], "table: " + name,
                  advisory, error, text)


def of_safetensors():
    """Yield headers that contradict the bytes, or are of other types."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    for name, header, body, text, error in (
            ("overlap", {"a": entry, "b": entry}, b"\0" * 8,
             "data of b at byte 0", "broken"),
            ("hole", {"a": dict(entry, data_offsets=[8, 16])}, b"\0" * 16,
             "data of a at byte 8", "broken"),
            ("outside", {"a": dict(entry, data_offsets=[0, 1 << 40])}, b"",
             "declares shape", "unsafe"),
            ("shape", {"a": dict(entry, shape=[1 << 40])}, b"\0" * 8,
             "declares shape", "unsafe"),
            ("trailing", {"a": entry}, b"\0" * 12, "expected the 8",
             "broken"),
            ("twice", b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
             b',"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', b"",
             "names something twice", "unsafe"),
            ("deep", b'{"a":' + b"[" * 100000, b"", "no JSON", "broken"),
            ("integer", b'{"a":' + b"9" * 5000 + b"}", b"", "5000 digits",
             "broken"),
            ("list", b'{"a":[]}', b"", "described by a list", "broken"),
            ("row-number", {"a": 7}, b"", "described by a int", "broken"),
            ("row-empty", {"a": {}}, b"", "that are none", "broken"),
            ("row-dtype", {"a": dict(entry, dtype={"F32": "F32"})},
             b"\0" * 8, "that are none", "broken"),
            ("row-shape", {"a": dict(entry, shape={"2": 2})}, b"\0" * 8,
             "that are none", "broken"),
            ("row-fraction", {"a": dict(entry, shape=[2.0])}, b"\0" * 8,
             "that are none", "broken"),
            ("row-true", {"a": dict(entry, shape=[True, 2])}, b"\0" * 8,
             "that are none", "broken"),
            ("row-offsets", {"a": dict(entry, data_offsets=[0, 8, 8])},
             b"\0" * 8, "that are none", "broken"),
            ("axes", {"a": dict(entry, shape=[1] * 70 + [2])}, b"\0" * 8,
             "declares 71 axes", "unsafe"),
            ("empty-endless", {"a": dict(entry, shape=[0, 1 << 63],
                                         data_offsets=[0, 0])}, b"",
             "less than 2**63", "unsafe"),
            ("empty-endless-product", {
                "a": dict(entry, shape=[1 << 40, 0, 1 << 40],
                          data_offsets=[0, 0])}, b"", "less than 2**63",
             "unsafe"),
            ("negative", {"a": dict(entry, data_offsets=[-8, 0])}, b"\0" * 8,
             "that are none", "broken"),
            ("reversed", {"a": dict(entry, data_offsets=[8, 0])}, b"\0" * 8,
             "declares shape", "unsafe"),
            ("reversed-pair", {
                "a": dict(entry, shape=[0], data_offsets=[0, 0]),
                "b": dict(entry, data_offsets=[8, 16])}, b"\0" * 8,
             "data of b at byte 8", "broken"),
            ("overflow", {"a": dict(entry, shape=[1 << 63, 1 << 63])},
             b"\0" * 8, "more than 2**", "unsafe"),
            ("metadata", {"__metadata__": {"a": ["b"]}, "a": entry},
             b"\0" * 8, "metadata that are no texts", "broken"),
            ("metadata-list", {"__metadata__": [], "a": entry},
             b"\0" * 8, "metadata that are no texts", "broken"),
            ("record", {"__metadata__": {"lasagne_flipconv": "[[" * 9999},
                        "a": entry}, b"\0" * 8, "no JSON", "broken"),
            ("record-number", {"__metadata__": {"lasagne_flipconv": "7"},
                               "a": entry}, b"\0" * 8, "cannot be read",
             "broken"),
            ("record-rows", {"__metadata__": {
                "lasagne_flipconv": '[[["a"], {}]]'}, "a": entry},
             b"\0" * 8, "cannot be read", "broken"),
            ("record-large", {"__metadata__": {
                "lasagne_flipconv": '[["a", "%s"]]' % ("[" * 70000)},
                "a": entry}, b"\0" * 8, "at most 65535", "broken"),
            ("record-other", {"__metadata__": {"lasagne_flipconv":
                                               '[["b", "{}"]]'}, "a": entry},
             b"\0" * 8, "record of other arrays", "broken"),
            ("type", {"a": dict(entry, dtype="PICKLE")}, b"\0" * 8,
             "type PICKLE", "broken")):
        yield row("safetensors-" + name, safetensors(header, body), text,
                  error, ".safetensors")
    yield row("safetensors-header-size", safetensors(
        b"{" + b" " * 8, size=(1 << 48) - 1), "declares a header", "unsafe",
        ".safetensors")


def of_onnx():
    """Yield models that name other files, or have parts without end."""
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
    yield row("onnx-outputs", onnx_model(nodes=field(1, field(2, b"a") * 50000
                                                     )),
              "0 arrays, 0 sparse ones and 1 nodes", "unsafe", ".onnx")
    yield row("onnx-two-graphs", onnx_model(onnx_tensor()) + field(
        7, field(5, onnx_tensor())), "two graphs", "unsafe", ".onnx")
    gemms = b"".join(node("Gemm", ("a", "w%d" % i)) for i in range(3000))
    yield row("onnx-circle", onnx_model(nodes=node(
        "Identity", ("a",), ("a",)) + gemms), "no initialisers", "broken",
        ".onnx")
    yield row("onnx-circle-long", onnx_model(nodes=b"".join(
        node("Identity", ("a%d" % ((i + 1) % 3000),), ("a%d" % i,))
        for i in range(3000)) + gemms), "no initialisers", "broken", ".onnx")
    yield row("onnx-shared", onnx_model(onnx_tensor((4096,), bomb(1 << 14)),
                                        nodes=node("Gemm", ("x", "W")) * 2000),
              "share their arrays", "unsafe", ".onnx")
    yield row("onnx-empty-endless", onnx_model(onnx_tensor(
        (0, (1 << 63) - 1), b"")), "less than 2**63", "unsafe", ".onnx")
    yield row("onnx-name", onnx_model(field(1, 0) + field(2, 1) + field(
        8, b"\xff\xfe")), "no UTF-8", "broken", ".onnx")
    yield row("onnx-producer", onnx_model(onnx_tensor((2,))) + field(
        2, b"\xff"), "no UTF-8", "broken", ".onnx")
    yield row("onnx-producer-number", onnx_model(onnx_tensor((2,))) + field(
        2, 7), "no name", "broken", ".onnx")
    yield row("onnx-graph-number", field(1, 8) + field(2, b"attack") + field(
        7, 7) + field(8, b""),
              "has a number", "broken", ".onnx")
    yield row("onnx-node-number", field(1, 8) + field(7, field(1, 7)) + field(
        8, b""), "has a number", "broken", ".onnx")
    yield row("onnx-tensor-number", onnx_model(7), "has a number", "broken",
              ".onnx")
    yield row("onnx-raw-number", onnx_model(
        field(1, 2) + field(2, 1) + field(8, b"W") + field(9, 8)),
        "has integers", "broken", ".onnx")
    yield row("onnx-floats-number", onnx_model(
        field(1, 2) + field(2, 1) + field(8, b"W") + field(4, 8) * 2),
        "has integers", "broken", ".onnx")
    yield row("onnx-type", onnx_model(onnx_tensor(kind=99)), "type 99",
              "broken", ".onnx")
    yield row("onnx-type-text", onnx_model(
        field(1, 2) + field(2, b"1") + field(8, b"W") + field(9, b"\0" * 8)),
        "type None", "broken", ".onnx")
    yield row("onnx-packed", onnx_model(
        field(1, 100000) + field(2, 7) + field(8, b"W") + field(
            7, b"\1" * 99999)), "declares shape", "unsafe", ".onnx")
    yield row("onnx-packed-dims", onnx_model(
        field(1, b"\1" * 99999) + field(2, 1) + field(8, b"W")),
        "more than 8 axes", "unsafe", ".onnx")
    yield row("onnx-packed-open", onnx_model(
        field(1, 1) + field(2, 10) + field(8, b"W") + field(
            5, b"\1" + b"\xff" * 99)), "no message", "broken", ".onnx")
    yield row("onnx-epsilon", onnx_model(onnx_tensor(), nodes=node(
        "BatchNormalization", ("x", "W"), rest=field(5, field(
            1, b"epsilon") + b"\x15\0\0\xc0\x7f"))), "epsilon nan",
        "broken", ".onnx")
    yield row("onnx-epsilon-text", onnx_model(onnx_tensor(), nodes=node(
        "BatchNormalization", ("x", "W"), rest=field(5, field(
            1, b"epsilon") + field(2, b"1e-5!")))), "is no number",
        "broken", ".onnx")
    yield row("onnx-length", field(1, 8) + b"\x3a" + varint(1 << 62)
              + field(8, b""), "no message", "broken", ".onnx")
    yield row("onnx-deep", field(1, 8) + field(7, deep_message(500))
              + field(8, b""), "no initialisers", "broken", ".onnx")
    yield row("onnx-segment", onnx_model(onnx_tensor(rest=field(
        3, field(1, 0) + field(2, 1 << 40)))), "is a segment",
        "unsafe", ".onnx")
    yield row("onnx-shape", onnx_model(onnx_tensor((1 << 40,))),
              "declares shape (1099511627776)", "unsafe", ".onnx")
    yield row("onnx-negative", onnx_model(onnx_tensor(((1 << 64) - 2,))),
              "declares shape", "unsafe", ".onnx")
    yield row("onnx-axes", onnx_model(onnx_tensor((1,) * 50)),
              "declares shape", "unsafe", ".onnx")
    yield row("onnx-mismatch", onnx_model(onnx_tensor((3,))),
              "declares shape (3)", "unsafe", ".onnx")
    yield row("onnx-twice", onnx_model(onnx_tensor(), onnx_tensor()),
              "twice", "unsafe", ".onnx")
    yield row("onnx-cut", onnx_model(onnx_tensor())[:-3], "no message",
              "broken", ".onnx")
    yield row("onnx-fields", field(1, 8) + b"\x72\0" * 180000,
              "fields; expected", "unsafe", ".onnx")


def of_caffe():
    """Yield models with parts without end, or of other types."""
    yield row("caffe-shape", caffe_model(caffe_layer((1 << 40,))),
              "4398046511104 bytes", "unsafe", ".caffemodel")
    yield row("caffe-negative", caffe_model(caffe_layer(
        ((1 << 64) - 2,))), "a shape that is none", "broken", ".caffemodel")
    yield row("caffe-empty-endless", caffe_model(caffe_layer(
        (0, (1 << 63) - 1), 0)), "less than 2**63", "unsafe", ".caffemodel")
    for name, value, text in (
            ("number", 7, "has a number"), ("text", field(3, b"abc"),
                                            "epsilon that is no number"),
            ("nan", b"\x1d\0\0\xc0\x7f", "epsilon nan"),
            ("negative", b"\x1d\0\0\x80\xbf", "epsilon -1.0")):
        yield row("caffe-norm-" + name, caffe_model(field(
            1, b"n") + field(2, b"BatchNorm") + field(139, value)), text,
            "broken", ".caffemodel")
    for number, what in ((1, "no name"), (2, "no name"), (7, "has a number")):
        yield row("caffe-number-%d" % number, caffe_model(field(number, 7)),
                  what, "broken", ".caffemodel")
    yield row("caffe-layer-number", caffe_model(caffe_layer()) + field(
        100, 7),
              "has a number", "broken", ".caffemodel")
    yield row("caffe-shape-number", caffe_model(field(1, b"n") + field(
        7, field(7, 7))), "has a number", "broken", ".caffemodel")
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
    yield row("caffe-fields", caffe_model(b"\x0a\0" * 180000),
              "fields; expected", "unsafe", ".caffemodel")
    yield row("caffe-blobs", caffe_model(b"\x3a\0" * 10001),
              "more than 10000 blobs", "unsafe", ".caffemodel")
    yield row("caffe-layers", b"\x0a\x03net" + field(100, b"") * 10001,
              "more than 10000 layers", "unsafe", ".caffemodel")


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
                 "unknown compression", "", "broken",
                 "is compressed by zlib")


def hdf5s():
    """Yield HDF5 files and archives of Keras; they need h5py."""
    from hdf5_files import FILES as made
    for name, data, text, error, advisory in made():
        yield Attack(name, data, "keras" if name.endswith(".keras")
                     else "hdf5", "HDF5: " + name.split(".")[0], advisory,
                     error, text)
