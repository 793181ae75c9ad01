"""Write the attack files and their manifest: python tests/attacks/make.py.

All are small and harmless when executed: at most they make a file named as in
gadgets.MARKER. The HDF5 files need h5py; everything else is made from bytes.
"""
import bz2
import csv
import gzip
import io
import sys
import zlib
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from containers import (array_pickle, bomb, caffe_layer,  # noqa: E402
                        caffe_model, call, deep_message, field, good_npy, member, npy, npz,
                        onnx_model, onnx_tensor, safetensors, tensor_pickle,
                        torch_zip, varint)
from gadgets import GADGETS, MARKER, SHELL  # noqa: E402

FILES = HERE / "files"
MANIFEST = HERE / "manifest.tsv"

#: One attack: its file, what it is modelled on, and the error it must get:
#: "unsafe" is an UnsafeFileError, "broken" a CheckpointError.
Attack = namedtuple("Attack", "file data format kind advisory error text")

NETWORKS = ("lasagne", "nolearn", "theano")


def gadgets():
    """Yield a pickle for each known gadget, by either of two opcodes."""
    for i, (module, name, arguments, advisory) in enumerate(GADGETS):
        style = ("global", "stack_global")[i % 2]
        text = "asks for %s.%s" % (module, name)
        if module.split(".")[0] in NETWORKS:
            text += ": it is the pickle of a whole network"
        if (module, name) == ("numpy", "ndarray"):
            text = "calls numpy.ndarray"
        yield Attack("call-%02d-%s.pkl" % (i, name.split(".")[-1].strip("_")),
                     call(module, name, arguments, style), "pickle",
                     "call of %s.%s" % (module, name), advisory, "unsafe",
                     text)


def opcodes():
    """Yield pickles that reach a call by other opcodes, or hide it."""
    def row(name, data, text, error="unsafe", advisory="", kind="opcode"):
        return Attack("opcode-%s.pkl" % name, data, "pickle", kind + ": "
                      + name, advisory, error, text)

    system = call("os", "system", (SHELL,))
    yield row("inst", call("os", "system", (), "inst"), "INST")
    yield row("obj", call("pty", "spawn", (), "obj"), "OBJ",
              advisory="fickling GHSA-r7v6-mfhq-g3m2")
    yield row("obj-known", b"(ccollections\nOrderedDict\no.", "OBJ")
    yield row("newobj", call("subprocess", "Popen", (["touch", MARKER],),
                             "newobj"), "asks for subprocess.Popen")
    yield row("newobj-known", call("numpy", "ndarray", ((1 << 40,),),
                                   "newobj"), "makes an object")
    yield row("newobj-ex", call("os", "system", (SHELL,), "newobj_ex"),
              "NEWOBJ_EX")
    yield row("build", call("types", "SimpleNamespace", (), "build"),
              "asks for types.SimpleNamespace",
              advisory="fickling GHSA-mhc9-48gj-9gp3")
    yield row("build-function", b"cnumpy.core.multiarray\n_reconstruct\n}"
              b"(S'__globals__'\nNub.", "no valid pickle", "broken")
    yield row("popped", call("os", "system", (SHELL,), "popped"),
              "asks for os.system",
              advisory="fickling, call whose result is popped")
    for code, name in ((b"\x82\x01", "ext1"), (b"\x83\x01\0", "ext2"),
                       (b"\x84\x01\0\0\0", "ext4")):
        yield row(name, b"\x80\x02" + code + b".", name.upper())
    yield row("persid", b"(Pos.system\nl.", "PERSID")
    yield row("binpersid", b"\x80\x02U\x01aQ.", "BINPERSID")
    yield row("next-buffer", b"\x80\x05\x97.", "NEXT_BUFFER")
    yield row("readonly-buffer", b"\x80\x05N\x98.", "READONLY_BUFFER")
    yield row("broken-after", system[:-1] + b"\xff\xff\xff",
              "no pickle opcode", "broken",
              "picklescan GHSA-9gvj-pp9x-gcfr")
    yield row("truncated-after", system[:-1], "truncated", "broken",
              "picklescan GHSA-9gvj-pp9x-gcfr")
    yield row("second-pickle", b"].".replace(b"]", b"]") + system,
              "after the end", "broken")
    yield row("stack-global-number", b"\x80\x04K\x01K\x02\x93.",
              "no valid pickle", "broken",
              "picklescan, STACK_GLOBAL of no texts")
    yield row("stack-global-memo",
              b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c"
              + bytes([len(SHELL)]) + SHELL.encode() + b"\x85R.",
              "asks for os.system")
    yield row("stack-global-memo-moved", b"\x80\x04\x8c\x02osq\x05\x8c\x04"
              b"mathq\0\x8c\x06systemq\x010h\x05h\x01\x93\x8c"
              + bytes([len(SHELL)]) + SHELL.encode() + b"\x85R.",
              "asks for os.system", advisory="picklescan issue 22")
    yield row("stack-global-memo-overwritten", b"\x80\x04\x8c\x05numpyq\0"
              b"\x8c\x02osq\x000h\0\x8c\x06system\x93N\x85R.",
              "asks for os.system", advisory="picklescan issue 22")
    yield row("stack-global-of-bytes", b"\x80\x04U\x02osU\x06system\x93N\x85"
              b"R.", "no valid pickle", "broken")
    yield row("stack-global-made", b"\x80\x04c_codecs\nencode\n\x8c\x02os\x8c"
              b"\x06latin1\x86R\x8c\x06system\x93N\x85R.",
              "no valid pickle", "broken")
    yield row("global-with-nul", b"cos\0\nsystem\n(tR.", "asks for os")
    yield row("global-look-alike", "c\u043es\nsystem\n(tR.".encode(),
              "asks for \u043es.system")
    yield row("reduce-again", b"\x80\x02ccollections\nOrderedDict\n)R)R.",
              "no valid pickle", "broken")
    yield row("build-on-dict", b"\x80\x02}}U\x0a__setstate__"[:-3]
              + b"K\x01sb.", "no pickle opcode", "broken")
    yield row("build-twice-dtype", b"\x80\x02cnumpy\ndtype\nU\x02f4K\0K\x01"
              b"\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
              b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb.",
              "no valid pickle", "broken")
    yield row("dtype-structured", b"\x80\x02cnumpy\ndtype\nU\x02V8K\0K\x01"
              b"\x87R(K\x03U\x01|NU\x01a\x85}U\x01aN\x86sK\x08K\x01K\x10tb.",
              "elements of type 'V8'")
    yield row("dtype-huge", b"\x80\x02cnumpy\ndtype\nU\x0bV2147483647"
              b"K\0K\x01\x87R.", "elements of type")
    yield row("dtype-text", b"\x80\x02cnumpy\ndtype\nU\x05i4,i4K\0K\x01\x87R.",
              "elements of type")
    yield row("scalar-object", b"\x80\x02cnumpy.core.multiarray\nscalar\n"
              b"cnumpy\ndtype\nU\x02O8K\0K\x01\x87RU\x04N.q\0\x86R.",
              "elements of type 'O8'")
    yield row("scalar-huge", b"\x80\x02cnumpy.core.multiarray\nscalar\n"
              b"cnumpy\ndtype\nU\x07S999999K\0K\x01\x87RU\x01a\x86R.",
              "999999 bytes")
    yield row("frombuffer-object", b"\x80\x04cnumpy.core.numeric\n_frombuffer"
              b"\n(C\x08" + b"\0" * 8 + b"cnumpy\ndtype\nU\x02O8K\0K\x01\x87R"
              b"K\x01\x85U\x01CtR.", "elements of type 'O8'")
    yield row("frombuffer-larger", b"\x80\x04cnumpy.core.numeric\n_frombuffer"
              b"\n(C\x08" + b"\0" * 8 + b"cnumpy\ndtype\nU\x02f4K\0K\x01\x87R"
              b"\x8a\x06\0\0\0\0\0\x01\x85U\x01CtR.", "bytes; expected the 8")
    yield row("ordered-dict-of-itself", b"\x80\x02ccollections\nOrderedDict\n"
              b"](]q\0(h\0h\0eeR"[:-1] + b"\x85R.", "no valid pickle",
              "broken")
    yield row("stack-global-get-missing", b"\x80\x04h\x07h\x08\x93.",
              "no valid pickle", "broken")
    yield row("global-newline", b"cos\r\nsystem\r\n(S'" + SHELL.encode()
              + b"'\ntR.", "asks for os")
    yield row("dotted-global", b"\x80\x04\x8c\x05numpy\x8c\x11"
              b"core.os.system.__call__"[:-6] + b"\x93.",
              "asks for numpy.core.os.system")
    yield row("set-item-on-array", b"\x80\x02" + array_pickle()[:-1]
              + b"K\x00K\x01s.", "no valid pickle", "broken",
              "CVE-2026-24747")
    yield row("append-to-dict", b"}K\x01a.", "no valid pickle", "broken",
              "CVE-2026-24747")
    yield row("call-of-a-text", b"(S'os.system'\n)Rl.", "no valid pickle",
              "broken")
    yield row("codecs-encode-rot13", call("_codecs", "encode",
                                          ("flfgrz", "rot13")), "encodes")
    yield row("codecs-decode", call("_codecs", "decode", (b"a", "zip")),
              "asks for _codecs.decode")
    yield row("bytes-of-number", call("builtins", "bytes", (1 << 40,)),
              "calls bytes with arguments")


def exhausting():
    """Yield pickles that would use up memory or time."""
    def row(name, data, text, error="unsafe", suffix=".pkl", form="pickle",
            advisory=""):
        return Attack("exhaust-%s%s" % (name, suffix), data, form,
                      "exhaustion: " + name, advisory, error, text)

    yield row("reconstruct-72TiB", call(
        "numpy.core.multiarray", "_reconstruct", ()).replace(
            b")R", b"(cnumpy\nndarray\n(L%dL\ntS'b'\ntR" % 10**13),
        "makes an array of another class or shape")
    laughs = b"(lp0\n" + b"".join(
        b"(g%d\ng%d\ng%d\ng%d\ng%d\ng%d\ng%d\ng%d\ng%d\ng%d\nlp%d\n"
        % ((i,) * 10 + (i + 1,)) for i in range(12)) + b"."
    yield row("billion-laughs", b"(" + laughs[:-1] + b"l.".replace(
        b"l", b"l"), "nests or repeats")
    yield row("shared-array", b"\x80\x02](" + array_pickle(
        shape="(I4096\nt", raw=b"\0" * 16384)[:-1] + b"q\1"
        + b"h\1" * 2000 + b"e.", "repeats 69683 bytes", form="pickle")
    row_of = b"\x80\x02](" + array_pickle(
        shape="(I8192\nt", raw=b"\0" * 32768)[:-1] + b"q\1"
    yield row("shared-metadata", b"}(" + array_pickle()[:-1].join([
        b"X\x06\0\0\0values]", b"a"]) + b"X\1\0\0\0b" + row_of + b"h\1" * 2000
        + b"eu.", "until they come to")
    text = b"X" + (65536).to_bytes(4, "little") + b"a" * 65536 + b"q\0"
    again = array_pickle(shape="(I16384\nt", raw="h\0")[:-1]
    yield row("text-as-arrays", b"](" + text + again * 600 + b"l.",
              "repeats its content")
    yield row("long-key-of-bytes", b"\x80\x03](B" + (65536).to_bytes(
        4, "little") + b"a" * 65536 + b"q\0}h\0Nse.", "no valid pickle",
        "broken")
    yield row("memo-growth", b"]" + b"".join(
        b"r" + i.to_bytes(4, "little") for i in range(35000)) + b".",
        "more than 30000 pickle opcodes")
    yield row("memo-index", b"\x80\x02]r\xff\xff\xff\xff.", "holds a list",
              "broken")
    yield row("memo-text-index", b"]p99999999999999999999\n.",
              "no valid pickle", "broken")
    yield row("protocol", b"\x80\x06].", "no format", "broken")
    yield row("protocol-later", b"]\x80\x06.", "no valid pickle", "broken")
    yield row("opcodes", b"]" + b"N0" * 30000 + b".", "more than 30000")
    yield row("deep-tuples", b")" + b"\x85" * 25000 + b".", "nests or repeats")
    yield row("deep-lists", b"]" * 14000 + b"a" * 13999 + b".",
              "nests or repeats")
    yield row("deep-marks", b"(" * 25000 + b".", "leaves 0 values", "broken")
    yield row("list-in-itself", b"]q\0h\0a.", "nests or repeats")
    yield row("long-text-number", b"(I" + b"9" * 30000 + b"\nl.", "number of")
    yield row("long-integer", b"(\x8b\x00\x40\0\0" + b"\x7f" * 16384 + b"l.",
              "integer of 16384 bytes")
    yield row("declared-bytes", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x0f.",
              "truncated", "broken")
    yield row("declared-bytearray", b"\x80\x05\x96" + b"\xff" * 7 + b"\x0f.",
              "truncated", "broken")
    yield row("declared-text", b"\x80\x02X\xff\xff\xff\x7f.", "truncated",
              "broken")
    yield row("negative-string", b"(T\xff\xff\xff\xffl.", "truncated",
              "broken")
    yield row("declared-frame", b"\x80\x04\x95" + b"\xff" * 7 + b"\x0f].",
              "truncated", "broken")
    encoded = (b"\x80\x02X\x10\x27\0\0" + b"a" * 10000
               + b"q\0U\x06latin1q\x010")
    again = b"c_codecs\nencode\nq\2" + b"0" + b"h\2h\0h\1\x86R0" * 2000
    yield row("encoded-again", encoded + b"0" + again + b"N.",
              "repeats its content")
    yield row("colliding-keys", b"\x80\x02}(" + b"".join(
        b"\x8a\x10" + ((2**61 - 1) * i).to_bytes(16, "little") + b"N"
        for i in range(1, 500)) + b"u.", "no valid pickle", "broken")
    for name, state, text in (
            ("shape-8EiB", dict(shape="(L1152921504606846976L\nt"),
             "which is 4611686018427387904 bytes"),
            ("shape-overflow", dict(shape="(L4294967296L\nL4294967296L\nt"),
             "more than 2**"),
            ("shape-short", dict(shape="(I1\nt"), "which is 4 bytes"),
            ("object-dtype", dict(dtype="O8", raw="(lS'a'\na"),
             "array of objects"),
            ("void-dtype", dict(dtype="V8"), "elements of type 'V8'"),
            ("text-dtype", dict(dtype="m8[s]"), "elements of type"),
            ("many-axes", dict(shape="(" + "I1\n" * 40 + "t"), "40 axes")):
        yield row("array-" + name, array_pickle(**state), text)
    yield row("array-negative", array_pickle(shape="(I-2\nt"), "no",
              "broken")
    yield row("array-built-twice", array_pickle(extra="(I1\n(I2\ntNI00\nNtb"),
              "no valid pickle", "broken")
    yield row("gzip", gzip.compress(b"]" + bomb(1 << 24), mtime=0),
              "unpacks", suffix=".pkl.gz", form="gzip")
    yield row("gzip-of-gzip", gzip.compress(gzip.compress(
        b"]" + bomb(1 << 20), mtime=0), mtime=0), "unpacks to something",
        "broken", ".pkl.gz", "gzip")
    yield row("bz2", bz2.compress(b"]" + bomb(1 << 24)), "unpacks",
              suffix=".pkl.bz2", form="bz2")
    many = gzip.compress(bomb(1 << 20), mtime=0)
    yield row("gzip-members", gzip.compress(b"]", mtime=0) + many * 50,
              "unpacks", suffix=".pkl.gz", form="gzip")
    yield row("bz2-members", bz2.compress(b"]") + bz2.compress(
        bomb(1 << 20)) * 50, "unpacks", suffix=".pkl.bz2", form="bz2")
    yield row("gzip-name", b"\x1f\x8b\x08\x08" + b"\0" * 6
              + b"../../a\0" + b"\xff" * 8, "badly compressed", "broken",
              ".pkl.gz", "gzip")
    yield row("gzip-trailing", gzip.compress(b"].", mtime=0) + b"PK\3\4",
              "badly compressed", "broken", ".pkl.gz", "gzip")
    yield row("gzip-checksum", gzip.compress(b"].", mtime=0)[:-8] + b"\0" * 8,
              "badly compressed", "broken", ".pkl.gz", "gzip")


def archives():
    """Yield archives whose parts contradict each other."""
    def row(name, data, text, error="unsafe", advisory=""):
        return Attack("zip-%s.npz" % name, data, "npz", "archive: " + name,
                      advisory, error, text)

    good = good_npy()
    more = lambda *a, **k: npz(member(*a, **k))  # noqa: E731
    yield row("encrypted-flag", more("arr_1.npy", good, flags=1), "flags 0x1",
              advisory="picklescan GHSA-w8jq-xcqf-f792")
    yield row("local-flag", more("arr_1.npy", good, local={"flags": 1}),
              "flags 0x1", advisory="picklescan GHSA-w8jq-xcqf-f792")
    yield row("strong-encryption-flag", more("arr_1.npy", good, flags=0x40),
              "flags 0x40", advisory="picklescan GHSA-w8jq-xcqf-f792")
    yield row("masked-header-flag", more("arr_1.npy", good, flags=0x2000),
              "flags 0x2000", advisory="picklescan GHSA-w8jq-xcqf-f792")
    yield row("local-name", more("arr_1.npy", good,
                                 local={"name": "evil1.npy"}),
              "another name", advisory="picklescan GHSA-7q5r-7gvp-wc82")
    yield row("local-size", more("arr_1.npy", good, local={"size": 1 << 30}),
              "another name, size")
    yield row("local-method", more("arr_1.npy", good, local={"method": 8}),
              "another name, size")
    yield row("checksum", more("arr_1.npy", good, crc=1, local={"crc": 2}),
              "another name, size", advisory="picklescan CVE-2025-10156")
    yield row("checksum-both", more("arr_1.npy", good, crc=1), "checksum",
              "broken", "picklescan CVE-2025-10156")
    yield row("twice", more("arr_0.npy", good), "twice")
    yield row("overlap", npz(member("arr_1.npy", good, at=0)),
              "an overlap")
    yield row("gap", npz(member("arr_1.npy", good, gap=b"evil"),
                         member("arr_2.npy", good)), "a gap")
    yield row("gap-before-table", npz(member("arr_1.npy", good, gap=b"evil")),
              "between its members")
    yield row("prefix", npz(prefix=b"MZ" + b"\0" * 62), "no format",
              "broken")
    yield row("polyglot-gzip", npz(prefix=gzip.compress(b"].", mtime=0)),
              "but its content is gzip", "broken")
    yield row("polyglot-pickle", npz(prefix=call("os", "system", (SHELL,))),
              "but its content is pickle", "broken")
    yield row("trailing-data", npz(suffix=b"evil"), "after its end")
    yield row("trailing-archive", npz() + npz(), "ends at byte")
    yield row("count", npz(count=7), "too short", "broken")
    yield row("fewer-told", npz(member("arr_1.npy", good), count=1),
              "belong to no member")
    yield row("multi-disk", npz(disk=1), "part of several")
    yield row("table-outside", npz(start=1 << 31), "ends at byte")
    for name, word in (("absolute", "/etc/cron.d/a.npy"),
                       ("parent", "../../a.npy"),
                       ("backslash", "..\\a.npy"), ("drive", "C:a.npy"),
                       ("nul", "a\0.npy"), ("empty", ""),
                       ("long", "a" * 5000 + ".npy"), ("folder", "a/")):
        yield row("name-" + name, more(word, good), "a member named")
    for name, word in (("double-slash", "a//b.npy"), ("dot", "./a.npy"),
                       ("stream", "a.npy:b.npy"), ("share", "\\\\a\\b.npy"),
                       ("inside", "a/../arr_0.npy")):
        yield row("name-" + name, more(word, good), "a member named")
    yield row("name-other-encoding", more("a\u00e9.npy", good, flags=0x800,
                                          local={"flags": 0}),
              "another name")
    yield row("device", more("arr_1.npy", b"", attributes=0o020666 << 16),
              "a device")
    yield row("extra-64-bits", more("arr_1.npy", good, size=0xFFFFFFFF,
                                    extra=b"\1\0\x08\0" + b"\xff" * 8),
              "declares 18446744073709551615 bytes")
    yield row("extra-twice", more("arr_1.npy", good, size=0xFFFFFFFF,
                                  extra=(b"\1\0\x08\0" + b"\x88" + b"\0" * 7)
                                  * 2), "twice", "broken")
    yield row("extra-unicode-name", more(
        "arr_1.npy", good, extra=b"up\x0e\0\x01" + b"\0" * 4 + b"evil1.npy"),
        "another name in an extra field")
    yield row("two-ends", npz(comment=npz()[-22:]), "ends at byte")
    yield row("comment-archive", npz(comment=npz()), "ends at byte")
    yield row("symlink", more("arr_1.npy", b"/etc/passwd",
                              attributes=0o120777 << 16), "symbolic link")
    yield row("pickle-member", more("data.pkl", call(
        "os", "system", (SHELL,))), "is no array",
        advisory="picklescan GHSA-769v-p64c-89pr")
    yield row("nested", more("arr_1.npy", npz()), "begins with", "broken")
    yield row("nested-npz", more("arr_1.npz", npz()), "is no array")
    yield row("lzma", more("arr_1.npy", good, method=14), "compressed by "
              "method 14")
    yield row("declared-8PiB", npz(member(
        "arr_1.npy", npy((1 << 51,))[:80], size=1 << 31, local={})),
        "declares 2147483648 bytes out of")
    yield row("shape-8PiB", more("arr_1.npy", npy((1 << 51,))),
              "9007199254740992 bytes")
    yield row("shape-overflow", more("arr_1.npy", npy((1 << 33, 1 << 33))),
              "more than 2**")
    yield row("deflate-bomb", npz(member("arr_1.npy", npy(
        (1 << 22,), body=bomb(1 << 24)), method=8)), "unpacks")
    short = member("arr_1.npy", npy((1024,), body=bomb(4096)), method=8)
    yield row("deflate-short", npz(dict(short, body=short["body"][:-9],
                                        stored=short["stored"] - 9)),
              "badly compressed", "broken")
    long = member("arr_1.npy", npy((1024,), body=bomb(4096)), method=8,
                  size=len(npy((512,), body=bomb(2048))))
    yield row("deflate-long", npz(long), "bytes", "unsafe")
    yield row("many-members", npz(count=10001), "holds 10001 members")
    yield row("object-member", more("arr_1.npy", npy(
        code="|O", body=call("os", "system", (SHELL,)))),
        "elements of type '|O'")
    yield row("extra-field", more("arr_1.npy", good, extra=b"\1\0\xff\xff"),
              "too short", "broken")
    yield row("cut", npz()[:100], "no end record", "broken")


def arrays():
    """Yield single arrays."""
    def row(name, data, text, error="unsafe"):
        return Attack("npy-%s.npy" % name, data, "npy", "array: " + name, "",
                      error, text)

    yield row("shape-8PiB", npy((1 << 51,)), "9007199254740992 bytes")
    yield row("object", npy((1,), "|O", call("os", "system", (SHELL,))),
              "asks for os.system")
    yield row("object-72TiB", npy((1,), "|O", call(
        "numpy", "ndarray", ((10**13,),))), "calls numpy.ndarray")
    yield row("object-no-list", npy((1,), "|O", b"]."), "are no list")
    yield row("object-no-dict", npy((), "|O", b"]."), "are no list")
    yield row("object-dict", npy((), "|O", b"}(" + b"X\1\0\0\0a" + call(
        "os", "system", (SHELL,))[:-1] + b"u."), "asks for os.system")
    yield row("structured", npy(header="{'descr': [('a', 'O')], "
                                "'fortran_order': False, 'shape': (1,)}"),
              "has the header", "broken")
    yield row("header-code", npy(header="{'descr': __import__('os').system("
                                 "%r), 'shape': (1,)}" % SHELL),
              "has the header", "broken")
    yield row("header-deep", npy(header="{'descr': " + "(" * 5000),
              "has the header", "broken")
    yield row("header-long", npy()[:8] + b"\xff\xff" + b" " * 65535,
              "header of 65535 bytes")
    yield row("header-v2", b"\x93NUMPY\2\0\xff\xff\xff\xff",
              "header of 4294967295 bytes")
    yield row("shape-power", npy(header="{'descr': '<f4', 'fortran_order': "
                                 "False, 'shape': (9**9**9,)}"),
              "has the header", "broken")
    for name, header in (
            ("lambda", "{'descr': (lambda: 'f4')(), 'fortran_order': False, "
             "'shape': (1,)}"),
            ("join", "{'descr': '<' 'f4', 'fortran_order': False, 'shape': "
             "(1,)}"),
            ("twice", "{'descr': '<f4', 'shape': (1,), 'shape': (2,)}"),
            ("more", "{'descr': '<f4', 'fortran_order': False, 'shape': "
             "(2,), 'evil': 1}"),
            ("nul", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)"
             "}\0"),
            ("digits", "{'descr': '<f4', 'fortran_order': False, 'shape': ("
             + "9" * 5000 + ",)}"),
            ("backtracking", "{'shape': (" + " 1 " * 3000),
            ("subarray", "{'descr': ('<f4', (1000000,)), 'fortran_order': "
             "False, 'shape': (1,)}")):
        yield row("header-" + name, npy(header=header), "has the header",
                  "broken")
    for name, code, text in (
            ("code-object-hidden", "O", "are no list"),
            ("code-void", "|V2147483647", "elements of type"),
            ("code-text", "<U500000000", "elements of type"),
            ("code-many", "i4,i4", "elements of type"),
            ("code-name", "float32", "elements of type")):
        yield row(name, npy(code=code, body=b"]." if code == "O"
                            else b"\0" * 8), text)
    yield row("version", b"\x93NUMPY\x09\0" + npy()[8:], "version 1.0",
              "broken")
    yield row("shape-negative", npy((-2,)), "has the header", "broken")
    yield row("trailing", npy(body=b"\0" * 12), "which is 8 bytes")
    yield row("date", npy(code="<M8[s]", body=b"\0" * 16),
              "elements of type")


def torches():
    """Yield archives and legacy files of PyTorch."""
    def row(name, data, text, error="unsafe", suffix=".pt", advisory="",
            form="torch"):
        return Attack("torch-%s%s" % (name, suffix), data, form,
                      "PyTorch: " + name, advisory, error, text)

    system = call("os", "system", (SHELL,))
    yield row("system", torch_zip(system), "asks for os.system")
    yield row("flag", torch_zip(tensor_pickle(), member(
        "archive/data/1", b"", flags=1)), "flags 0x1",
        advisory="picklescan GHSA-w8jq-xcqf-f792")
    yield row("other-pickle", torch_zip(tensor_pickle(), member(
        "archive/evil.pkl", system)), "just one data.pkl",
        advisory="picklescan GHSA-769v-p64c-89pr")
    yield row("other-suffix", torch_zip(tensor_pickle(), member(
        "archive/config.p", system)), "beside the tensors",
        advisory="picklescan GHSA-769v-p64c-89pr")
    yield row("torchscript", torch_zip(tensor_pickle(), member(
        "archive/code/__torch__.py", b"")), "beside the tensors")
    yield row("checksum", torch_zip(tensor_pickle(), member(
        "archive/data/1", b"abcd", crc=5)), "checksum", "broken",
        advisory="picklescan CVE-2025-10156")
    yield row("set-item-on-tensor", torch_zip(tensor_pickle(
        after=b"K\x00K\x01s")), "no valid pickle", "broken",
        advisory="CVE-2026-24747")
    yield row("storage-larger", torch_zip(tensor_pickle(count=1 << 28)),
              "storage 0 declares", advisory="CVE-2026-24747")
    yield row("storage-smaller", torch_zip(tensor_pickle(count=2)),
              "storage 0 declares", advisory="CVE-2026-24747")
    yield row("tensor-outside", torch_zip(tensor_pickle(
        shape=b"K\xff\x85")), "reaches element 254",
        advisory="CVE-2026-24747")
    yield row("offset-outside", torch_zip(tensor_pickle(offset=200)),
              "reaches element 203", advisory="CVE-2026-24747")
    yield row("stride-outside", torch_zip(tensor_pickle(
        stride=b"J\xff\xff\xff\x7f\x85")), "reaches element",
        advisory="CVE-2026-24747")
    yield row("stride-zero", torch_zip(tensor_pickle(
        shape=b"J\xff\xff\xff\x7f\x85", stride=b"K\0\x85")), "of its storage")
    yield row("negative-stride", torch_zip(tensor_pickle(
        stride=b"J\xff\xff\xff\xff\x85")), "no valid pickle", "broken")
    yield row("storage-missing", torch_zip(tensor_pickle(key=b"7")),
              "lacks storage", "broken")
    yield row("storage-class", torch_zip(tensor_pickle(kind=b"load")),
              "asks for torch.load")
    yield row("object", torch_zip(call("torch.nn.modules.linear", "Linear",
                                       ())), "asks for torch.nn")
    yield row("numel-overflow", torch_zip(tensor_pickle(
        shape=b"\x8a\x05\0\0\0\0\x01\x8a\x05\0\0\0\0\x01\x86",
        stride=b"K\0K\0\x86")), "of its storage",
        advisory="CVE-2026-24747")
    yield row("append-to-storage", torch_zip(tensor_pickle(
        after=b"K\x01a")), "no valid pickle", "broken",
        advisory="CVE-2026-24747")
    yield row("setitems-on-storage", torch_zip(tensor_pickle(
        after=b"(K\0K\x01u")), "no valid pickle", "broken",
        advisory="CVE-2026-24747")
    yield row("build-on-tensor", torch_zip(tensor_pickle(
        after=b"}U\x01aK\x01sb")), "no valid pickle", "broken",
        advisory="CVE-2025-32434")
    yield row("storage-path", torch_zip(tensor_pickle(key=b"/")),
              "lacks storage", "broken")
    yield row("storages-share-bytes", torch_zip(tensor_pickle(), member(
        "archive/data/1", b"\0" * 16, at=0)), "an overlap")
    yield row("set-state", torch_zip(call(
        "torch._utils", "_rebuild_wrapper_subclass", (1,))),
        "asks for torch._utils._rebuild_wrapper_subclass",
        advisory="CVE-2025-32434")
    yield row("from-node", torch_zip(call(
        "torch._tensor", "_rebuild_from_type_v2", (1,))),
        "asks for torch._tensor._rebuild_from_type_v2",
        advisory="CVE-2025-32434")
    yield row("tar", b"pickle\0".ljust(257, b"\0") + b"ustar\x0000"
              + b"\0" * 760, "no format", "broken",
              advisory="CVE-2025-32434")
    yield row("plain-pickle", system, "but its content is pickle", "broken",
              ".pth", advisory="CVE-2025-10155")
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    head = magic + b"\x80\x02M\xe9\x03." + (
        b"\x80\x02}(U\rlittle_endian\x88u.")
    legacy = head + tensor_pickle() + b"\x80\x02]X\1\0\0\x000a."
    good = legacy + (4).to_bytes(8, "little") + b"\0" * 16
    for name, data, text, error in (
            ("system", head + system, "asks for os.system", "unsafe"),
            ("magic-only", magic, "truncated", "broken"),
            ("info-system", magic + b"\x80\x02M\xe9\x03." + system,
             "asks for os.system", "unsafe"),
            ("keys-system", head + tensor_pickle() + system,
             "asks for os.system", "unsafe"),
            ("cut", good[:-1], "ends within a storage", "broken"),
            ("trailing", good + b"\0", "after its storages", "unsafe"),
            ("count", legacy + (1 << 40).to_bytes(8, "little"),
             "elements in a storage", "unsafe")):
        yield row("legacy-" + name, data, text, error, ".pth",
                  "CVE-2025-32434" if "system" in name else "",
                  "torch-legacy")


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
    yield row("onnx-deep", field(1, 8) + field(7, deep_message(500)) + field(8, b""),
              "ONNX refuses", "broken", ".onnx")
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


GROUPS = (gadgets, opcodes, exhausting, archives, arrays, torches, tables,
          suffixes, hdf5s)


def attacks(groups=GROUPS):
    """Return all attacks, each file name once."""
    found = {}
    for group in groups:
        for attack in group():
            name = attack.file
            while name in found:
                name = "x" + name
            found[name] = attack._replace(file=name)
    return list(found.values())


def main():
    """Write all files and the manifest."""
    rows = attacks()
    FILES.mkdir(exist_ok=True)
    for row in rows:
        (FILES / row.file).write_bytes(row.data)
    out = io.StringIO()
    table = csv.writer(out, delimiter="\t", lineterminator="\n")
    table.writerow(field for field in Attack._fields if field != "data")
    for row in rows:
        table.writerow(row[:1] + row[2:])
    MANIFEST.write_text(out.getvalue(), encoding="utf-8")
    print("%d attack files, %d bytes, %d with an advisory" % (
        len(rows), sum(len(row.data) for row in rows),
        sum(bool(row.advisory) for row in rows)))


if __name__ == "__main__":
    main()
