"""Make pickles, ZIP archives, arrays and messages, right or wrong on purpose.
"""
import gzip
import io
import json
import pickle
import struct
import zlib
from collections import namedtuple

import numpy as np

from gadgets import MARKER, SHELL

#: One attack: its file, what it is modelled on, and the error it must get:
#: "unsafe" is an UnsafeFileError, "broken" a CheckpointError.
Attack = namedtuple("Attack", "file data format kind advisory error text")


def gzipped(data):
    """Return a gzip stream, the same from every version of Python.

    They differ in the byte that names the system, Unix from 3.11 on, and in
    how hard they try if they are not told, 6 from 3.15 on.
    """
    stream = gzip.compress(data, 9, mtime=0)
    return stream[:9] + b"\3" + stream[10:]



def call(module, name, arguments, style="global"):
    """Return a pickle that calls something, by one of several opcodes."""
    inner = pickle.dumps(tuple(arguments), 2)[2:-1]
    named = ("c%s\n%s\n" % (module, name)).encode()
    stacked = b"".join(b"\x8c" + bytes([len(word)]) + word
                       for word in (module.encode(), name.encode())) + b"\x93"
    if style == "global":
        return b"\x80\x02" + named + inner + b"R."
    if style == "stack_global":
        return b"\x80\x04" + stacked + inner + b"R."
    if style == "inst":
        return ("(S%r\ni%s\n%s\n." % (SHELL, module, name)).encode()
    if style == "obj":
        return b"(" + named + b"S'" + SHELL.encode() + b"'\no."
    if style == "newobj":
        return b"\x80\x02" + named + inner + b"\x81."
    if style == "newobj_ex":
        return b"\x80\x04" + stacked + inner + b"}\x92."
    if style == "build":
        return b"\x80\x02" + named + b")R}(U\x01aK\x01ub."
    if style == "popped":
        return b"\x80\x02" + named + inner + b"R0N."
    raise ValueError(style)


def array_pickle(dtype="f4", shape="(I2\nt", raw=b"\0" * 8, fortran="I00\n",
                 before="(I0\nt", extra=""):
    """Return a pickle of an array with any state, in protocol 0."""
    raw = b"S" + repr(raw)[1:].encode() + b"\n" if isinstance(
        raw, bytes) else raw.encode()
    text = ("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n%s"
            "S'b'\ntR(I1\n%scnumpy\ndtype\n(S'%s'\nI0\nI1\ntR(I3\nS'<'\n"
            "NNNI-1\nI-1\nI0\ntb%s" % (before, shape, dtype, fortran))
    return text.encode() + raw + ("tb%s." % extra).encode()


def npy(shape=(2,), code="<f4", body=b"\0" * 8, header=None, fortran=False):
    """Return the bytes of an array file."""
    text = header if header is not None else (
        "{'descr': %r, 'fortran_order': %r, 'shape': %r, }\n"
        % (code, fortran, shape))
    return (b"\x93NUMPY\x01\0" + struct.pack("<H", len(text))
            + text.encode("latin-1") + body)


def good_npy():
    """Return an array file that nothing is wrong with."""
    file = io.BytesIO()
    np.save(file, np.arange(2, dtype="f4"))
    return file.getvalue()


def member(name, data, method=0, flags=0, **wrong):
    """Describe a member of an archive; `wrong` replaces what it says."""
    packed = data
    if method == 8:
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = pack.compress(data) + pack.flush()
    told = dict(name=name, crc=zlib.crc32(data), stored=len(packed),
                size=len(data), method=method, flags=flags, attributes=0,
                extra=b"", comment=b"", local={}, gap=b"", at=None)
    told.update(wrong)
    return dict(told, body=packed)


def zipped(*members, prefix=b"", suffix=b"", comment=b"", **end):
    """Return an archive of members, with what is wrong with it."""
    out, rows = bytearray(prefix), []
    for m in members:
        at = len(out)
        local = dict(m, **m["local"])
        name = local["name"].encode()
        out += struct.pack("<4s5H3L2H", b"PK\3\4", 20, local["flags"],
                           local["method"], 0, 33, local["crc"],
                           local["stored"], local["size"], len(name),
                           len(local["extra"]))
        out += name + local["extra"] + m["body"] + m["gap"]
        name = m["name"].encode()
        rows.append(struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 0x314, 20, m["flags"], m["method"], 0,
            33, m["crc"], m["stored"], m["size"], len(name), len(m["extra"]),
            len(m["comment"]), 0, 0, m["attributes"],
            at if m["at"] is None else m["at"])
            + name + m["extra"] + m["comment"])
    start = len(out)
    out += b"".join(rows)
    told = dict(count=len(members), length=len(out) - start, start=start,
                disk=0)
    told.update(end)
    out += struct.pack("<4s4H2LH", b"PK\5\6", told["disk"], told["disk"],
                       told["count"], told["count"], told["length"],
                       told["start"], len(comment)) + comment
    return bytes(out) + suffix


def with_end64(archive, hidden=b"", locator=0, **told):
    """Return an archive with an end record of 64 bits that tells the same.

    `told` is what it tells else; `hidden` are bytes at its end.
    """
    _, disk, disk2, here, count, length, start, _ = struct.unpack(
        "<4s4H2LH", archive[-22:])
    fields = dict(disk=disk, disk2=disk2, here=here, count=count,
                  length=length, start=start)
    fields.update(told)
    return archive[:-22] + struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44 + len(hidden), 45, 45,
        *fields.values()) + hidden + struct.pack(
            "<4sLQL", b"PK\6\7", locator, len(archive) - 22, 1
        ) + archive[-22:]


def npz(*wrong, **end):
    """Return an archive of two arrays; `wrong` are members to add."""
    return zipped(member("arr_0.npy", good_npy()), *wrong, **end)


def torch_zip(data, *others, storage=b"\0" * 16, root="archive", method=0):
    """Return an archive as torch.save lays it out, or compressed."""
    return zipped(member(root + "/data.pkl", data),
                  member(root + "/version", b"3\n"),
                  member(root + "/data/0", storage, method), *others)


#: What a file of PyTorch before 1.6 begins with: a number as a pickle; and
#: that, the version and the machine.
MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
LEGACY_HEAD = (MAGIC + b"\x80\x02M\xe9\x03."
               b"\x80\x02}U\x0dlittle_endian\x88s.")


def text(word):
    """Return the opcode for a text."""
    return b"X" + len(word).to_bytes(4, "little") + word.encode()


def tensor_pickle(count=4, offset=0, shape=b"K\x04\x85", stride=b"K\x01\x85",
                  kind=b"FloatStorage", key=b"0", after=b""):
    """Return the pickle of a state dict with one tensor."""
    return (b"\x80\x02}U\x01W" + tensor(count, offset, shape, stride, kind,
                                        key) + after + b"s.")


def tensor(count, offset, shape, stride, kind, key):
    """Return the opcodes that make a tensor."""
    return (b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\n"
            + kind + b"\nX\x01\0\0\0" + key + b"X\x03\0\0\0cpuJ"
            + struct.pack("<i", count) + b"tQK" + bytes([offset]) + shape
            + stride + b"\x89ccollections\nOrderedDict\n)RtR")


def safetensors(header, body=b"", size=None):
    """Return a safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(
        header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def varint(n):
    """Return an integer as protocol buffers store it."""
    out = bytearray()
    while True:
        out.append(n & 0x7f | (0x80 if n > 0x7f else 0))
        n >>= 7
        if not n:
            return bytes(out)


def field(number, value):
    """Return a field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def deep_message(depth):
    """Return graphs of ONNX within each other, by attributes of nodes."""
    found = b""
    for _ in range(depth):
        found = field(1, field(5, field(6, found)))
    return found


def onnx_model(*tensors, nodes=b""):
    """Return a model with initialisers."""
    graph = nodes + field(2, b"g") + b"".join(field(5, t) for t in tensors)
    return field(1, 8) + field(2, b"attack") + field(7, graph) + field(
        8, field(2, 13))


def node(operator, inputs, outputs=(), rest=b""):
    """Return a node of a graph."""
    return field(1, b"".join(field(1, name.encode()) for name in inputs)
                 + b"".join(field(2, name.encode()) for name in outputs)
                 + field(4, operator.encode()) + rest)


def onnx_tensor(dims=(2,), raw=b"\0" * 8, kind=1, rest=b""):
    """Return an initialiser."""
    return (b"".join(field(1, n) for n in dims) + field(2, kind)
            + field(8, b"W") + field(9, raw) + rest)


def caffe_model(*layers):
    """Return a model of Caffe."""
    return field(1, b"net") + b"".join(field(100, layer) for layer in layers)


def caffe_layer(dims=(2,), count=2, name=b"conv", kind=b"Convolution"):
    """Return a layer with one blob."""
    shape = field(1, b"".join(varint(n) for n in dims))
    return field(1, name) + field(2, kind) + field(
        7, field(5, b"\0" * 4 * count) + field(7, shape))


def bomb(n):
    """Return zeros."""
    return b"\0" * n


assert MARKER in SHELL
