"""Pickles that call, hide a call, or use up memory or time."""
import bz2

from containers import Attack, array_pickle, bomb, call, gzipped
from gadgets import GADGETS, MARKER, SHELL

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
        if module == "joblib.numpy_pickle":
            text = "was written by joblib"
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
              "asks for os.system")
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
              b"](]q\0(h\0h\0eeR"[:-1] + b"\x85R.", "a key that is a list",
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
    yield row("billion-laughs", b"(" + laughs[:-1] + b"l.",
              "holds a list; expected arrays", "broken")
    yield row("billion-arrays", b"(" + laughs[:-1].replace(
        b"(lp0\n", b"(" + array_pickle()[:-1] + b"lp0\n", 1) + b"l.",
        "nests or repeats")
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
    yield row("list-in-itself", b"]q\0h\0a.", "holds a list; expected arrays",
              "broken")
    yield row("arrays-in-themselves", b"]q\0(h\0" + array_pickle()[:-1]
              + b"e.", "nests or repeats")
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
        for i in range(1, 500)) + b"u.", "or a large number", "broken")
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
    doubled = b")" + b"2\x86" * 60
    for name, data, error in (
            ("newobj", b"\x80\x04" + doubled + b")\x81.", "unsafe"),
            ("reduce", b"\x80\x04" + doubled + b")R.", "broken"),
            ("key", b"\x80\x04}" + doubled + b"Ns.", "broken"),
            ("keys", b"\x80\x04}(" + doubled + b"Nu.", "broken"),
            ("name", b"\x80\x04" + doubled + b"\x8c\1a\x93.", "broken"),
            ("value", b"\x80\x04" + doubled + b".", "unsafe")):
        yield row("doubled-" + name, data, {
            "newobj": "makes an object", "value": "nests or repeats",
            "key": "has a dict with a key", "keys": "has a dict with a key",
        }.get(name, "no valid pickle"), error)
    yield row("gzip", gzipped(b"]" + bomb(1 << 24)),
              "unpacks", suffix=".pkl.gz", form="gzip")
    yield row("gzip-of-gzip", gzipped(gzipped(
        b"]" + bomb(1 << 20))), "unpacks to something",
        "broken", ".pkl.gz", "gzip")
    yield row("bz2", bz2.compress(b"]" + bomb(1 << 24)), "unpacks",
              suffix=".pkl.bz2", form="bz2")
    many = gzipped(bomb(1 << 20))
    yield row("gzip-members", gzipped(b"]") + many * 50,
              "unpacks", suffix=".pkl.gz", form="gzip")
    yield row("bz2-members", bz2.compress(b"]") + bz2.compress(
        bomb(1 << 20)) * 50, "unpacks", suffix=".pkl.bz2", form="bz2")
    yield row("gzip-name", b"\x1f\x8b\x08\x08" + b"\0" * 6
              + b"../../a\0" + b"\xff" * 8, "badly compressed", "broken",
              ".pkl.gz", "gzip")
    yield row("gzip-trailing", gzipped(b"].") + b"PK\3\4",
              "badly compressed", "broken", ".pkl.gz", "gzip")
    yield row("gzip-checksum", gzipped(b"].")[:-8] + b"\0" * 8,
              "badly compressed", "broken", ".pkl.gz", "gzip")
