"""ZIP archives, single arrays, and files of PyTorch."""

from containers import (MAGIC, Attack, bomb, call, good_npy, gzipped, member,
                        npy, npz, tensor, tensor_pickle, torch_zip,
                        with_end64)
from gadgets import SHELL


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
    yield row("polyglot-gzip", npz(prefix=gzipped(b"].")),
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
    for name, at in (("outside", (1 << 64) - 1), ("inside", 0)):
        yield row("end-of-64-bits-" + name, npz()[:-22] + b"PK\6\7" + bytes(4)
                  + at.to_bytes(8, "little") + b"\1\0\0\0" + npz()[-22:],
                  "no end record of 64 bits", "broken")
    for name, told, text in (
            ("contradicts", {"count": 1}, "contradict each other"),
            ("start", {"start": 7}, "contradict each other"),
            ("hidden", {"hidden": b"evil"}, "nothing between"),
            ("disk", {"disk": 3}, "contradict each other"),
            ("other-disk", {"locator": 1}, "nothing between")):
        yield row("end-of-64-bits-" + name, with_end64(npz(member(
            "arr_1.npy", good)), **told), text)
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
        "asks for os.system")
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
    each = tensor(1 << 20, 0, b"J\0\0\x10\0\x85", b"K\x01\x85",
                  b"FloatStorage", b"0")
    yield row("many-on-one-storage", torch_zip(
        b"\x80\x02}(" + b"".join(
            b"X\3\0\0\0%03d" % i + each for i in range(300)) + b"u.",
        storage=b"\0" * (1 << 22), method=8), "in 300 tensors until")
    yield row("within-itself", torch_zip(
        b"\x80\x02}q\0U\x05modelh\0s."), "nests or repeats dicts")
    yield row("doubled", torch_zip(
        b"\x80\x02}q\x000" + b"".join(
            b"}q%c(U\1ah%cU\1bh%cu0" % (i + 1, i, i) for i in range(15))
        + b"h\x0f."), "nests or repeats dicts")
    yield row("long-names", torch_zip(
        b"\x80\x02}X\0\x04\0\0" + b"a" * 1024 + b"}U\1W"
        + tensor_pickle()[6:-2] + b"ss."), "a name of 1026 characters")
    yield row("tar", b"pickle\0".ljust(257, b"\0") + b"ustar\x0000"
              + b"\0" * 760, "no format", "broken",
              advisory="CVE-2025-32434")
    yield row("plain-pickle", system, "but its content is pickle", "broken",
              ".pth", advisory="CVE-2025-10155")
    head = MAGIC + b"\x80\x02M\xe9\x03." + (
        b"\x80\x02}(U\rlittle_endian\x88u.")
    legacy = head + tensor_pickle() + b"\x80\x02]X\1\0\0\x000a."
    good = legacy + (4).to_bytes(8, "little") + b"\0" * 16
    for name, data, text, error in (
            ("system", head + system, "asks for os.system", "unsafe"),
            ("magic-only", MAGIC, "truncated", "broken"),
            ("info-system", MAGIC + b"\x80\x02M\xe9\x03." + system,
             "asks for os.system", "unsafe"),
            ("keys-system", head + tensor_pickle() + system,
             "asks for os.system", "unsafe"),
            ("cut", good[:-1], "ends within a storage", "broken"),
            ("part-outside", head + tensor_pickle().replace(
                b"tQ", b"X\1\0\0\x001K\2K\3\x87tQ"),
             "reaches beyond its 4 elements", "unsafe"),
            ("trailing", good + b"\0", "after its storages", "unsafe"),
            ("count", legacy + (1 << 40).to_bytes(8, "little"),
             "elements in a storage", "unsafe")):
        yield row("legacy-" + name, data, text, error, ".pth",
                  "CVE-2025-32434" if "system" in name else "",
                  "torch-legacy")
