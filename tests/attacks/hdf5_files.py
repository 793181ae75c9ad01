"""Make HDF5 files and archives of Keras that must be refused."""
import io
import json
import zlib

import h5py
import numpy as np

from containers import member, zipped
from gadgets import CODE


def hdf5(fill):
    """Return the bytes of an HDF5 file that a function fills."""
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        fill(opened)
    return file.getvalue()


def keras(config, weights=None, *others):
    """Return the bytes of a ``.keras`` archive."""
    if weights is None:
        weights = hdf5(lambda f: f.create_dataset(
            "layers/dense/vars/0", data=np.zeros((2, 2), "f4")))
    return zipped(member("metadata.json", b"{}"),
                  member("config.json", json.dumps(config).encode()
                         if isinstance(config, dict) else config),
                  member("model.weights.h5", weights), *others)


def layer(name, **config):
    """Return the configuration of a model with one layer."""
    return {"class_name": "Sequential", "config": {"layers": [
        {"class_name": name, "config": dict(config, name="a")}]}}


def external_data(file):
    """Keep the data of a dataset in another file."""
    file.create_dataset("a", (2,), "f4", external=[("/etc/passwd", 0, 8)])


def virtual(file):
    """Map a dataset onto one in another file."""
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "a", (2,))
    file.create_virtual_dataset("a", layout)


def unallocated(shape, **options):
    """Return a function that declares a dataset and writes nothing."""
    return lambda file: file.create_dataset("a", shape, "f4", **options)


def cycle(file):
    """Put a group into itself."""
    file["a/b"] = 1.
    file["a/c"] = file["a"]


def deep(file):
    """Nest groups."""
    file["/".join("a" * 40)] = 1.


def plugin(file):
    """Ask for a filter that HDF5 would look for in a plugin."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_filter(32768, h5py.h5z.FLAG_OPTIONAL, (0,))
    h5py.h5d.create(file.id, b"a", h5py.h5t.IEEE_F32LE,
                    h5py.h5s.create_simple((4,)), plist)


def named_type(file):
    """Store a type by itself."""
    file["a"] = np.dtype("f4")


def lambda_model(file):
    """Store a model with code, as Keras 2 does."""
    file.attrs["layer_names"] = np.array([b"a"])
    file.attrs["model_config"] = json.dumps(layer(
        "Lambda", function=[CODE, None, None]))
    file.create_group("a").attrs["weight_names"] = np.array([b"b"])
    file["a/b"] = np.zeros(2, "f4")


def missing_layer(file):
    """List a layer that is not there."""
    file.attrs["layer_names"] = np.array([b"../a"])
    file["a"] = np.zeros(2, "f4")


def vlen():
    """Return an array of arrays."""
    found = np.empty(1, object)
    found[0] = np.zeros(2, "f4")
    return found


def inflating(file):
    """Store a piece that unpacks to far more than the array has."""
    data = file.create_dataset("a", (1024,), "f4", chunks=(1024,),
                               compression="gzip")
    data.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 26), 9))


def filtered(*codes):
    """Return a function that stores an array through filters."""
    def fill(file):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4,))
        for code in codes:
            plist.set_filter(code, h5py.h5z.FLAG_OPTIONAL, (1,))
        h5py.h5d.create(file.id, b"a", h5py.h5t.IEEE_F32LE,
                        h5py.h5s.create_simple((4,)), plist)
    return fill


def dense(file):
    """Keep an attribute in a heap that is too long for its blocks."""
    group = file.create_group("group", track_order=True)
    for i in range(9):
        group.attrs["a%d" % i] = "a" * 5 if i else np.zeros(1000)


def damaged():
    """Yield name, bytes, and what the error says."""
    good = hdf5(lambda f: f.create_dataset("a", data=np.arange(7.)))
    tree, heap = good.index(b"TREE"), good.index(b"HEAP")
    place = good.index(b"\3\1" + good.index(
        np.arange(7.).tobytes()).to_bytes(8, "little"))
    for name, at, value, says, error in (
            ("tree-in-itself", tree + 4, 0xFFFFFFFF00010100, "", ""),
            ("heap-loop", heap + 16, 8, "a heap that is damaged", "broken"),
            ("base", 24, 512, "the superblock with 512", "broken"),
            ("driver", 48, 96, "the superblock with 96", "broken"),
            ("root-outside", 64, 1 << 40, "past its end", "broken"),
            ("data-outside", place + 2, 1 << 50, "past its end", "broken"),
            ("data-in-header", place + 2, 104, "share the bytes", "unsafe")):
        data = bytearray(good)
        data[at:at + 8] = value.to_bytes(8, "little")
        if name == "tree-in-itself":
            data[tree + 32:tree + 40] = tree.to_bytes(8, "little")
            says, error = "share the bytes", "unsafe"
        yield name, bytes(data), says, error
    yield "trailing", good + b"evil", "the superblock with", "broken"
    yield ("version", good[:8] + b"\x09" + good[9:], "version 9", "broken")
    texts = hdf5(lambda f: f.attrs.__setitem__("b", "text"))
    at = texts.index(b"GCOL")
    yield ("texts-missing", texts[:at] + b"gone" + texts[at + 4:],
           "no a collection", "broken")
    yield ("text-longer", texts.replace(
        (4).to_bytes(4, "little") + at.to_bytes(8, "little"),
        (1 << 30).to_bytes(4, "little") + at.to_bytes(8, "little")),
        "text of 1073741824 bytes", "unsafe")


def lzf(parameters, stored, size=1 << 20):
    """Return an HDF5 file with one piece that LZF is said to have packed."""
    def fill(file):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((size,))
        plist.set_filter(32000, h5py.h5z.FLAG_OPTIONAL, parameters)
        data = h5py.h5d.create(file.id, b"w", h5py.h5t.IEEE_F32LE,
                               h5py.h5s.create_simple((size,)), plist)
        data.write_direct_chunk((0,), stored)
    return hdf5(fill)


def patched():
    """Yield files with a field that libhdf5 follows, and what they say."""
    told = (4).to_bytes(4, "little") + (261).to_bytes(4, "little")
    short = lzf((4, 261, 8), b"\x07ABCDEFGH")
    at = short.index(told) + 8
    yield "lzf-short", short, "does not unpack to 4194304", "unsafe"
    yield ("lzf-parameter", short[:at] + (8).to_bytes(4, "little")
           + short[at + 4:], "with the parameters (4, 261, 8)", "unsafe")
    for name, stored in (("before", b"\x20\xff"), ("long", b"\x00A" + b"\xe0"
                         b"\xff\x00" * 9), ("cut", b"\x1fA")):
        yield ("lzf-" + name, lzf((4, 261, 64), stored, 16),
               "does not unpack to 64", "unsafe")
    sums = hdf5(lambda f: f.create_dataset(
        "a", data=np.arange(7.), fletcher32=True))
    yield ("sum", sums.replace(np.float64(3).tobytes(),
                               np.float64(5).tobytes()),
           "does not unpack to 56", "unsafe")
    texts = hdf5(lambda f: f.attrs.__setitem__("b", "text"))
    heap = texts.index(b"GCOL")
    free = heap + 16 + 24
    for name, size in (("zero", 0), ("long", 1 << 20), ("short", 16)):
        yield ("free-" + name, texts[:free + 8] + size.to_bytes(8, "little")
               + texts[free + 16:], "a collection of texts that is damaged",
               "broken")
    floats = hdf5(lambda f: f.create_dataset("a", data=np.zeros(3, "f4")))
    bias = floats.index(b"\x17\x08\0\x17\x7f\0\0\0")
    yield ("bias", floats[:bias + 4] + b"\x80" + floats[bias + 5:],
           "another form than NumPy's", "unsafe")
    yield ("name-no-utf8", hdf5(lambda f: f.create_dataset(
        b"caf\xe9", data=1.)), "which is no UTF-8", "broken")
    yield ("shape-empty", hdf5(unallocated((0, 1 << 62))), "declares shape",
           "unsafe")
    yield ("pieces-large", hdf5(lambda f: [f.create_dataset(
        "a%d" % i, (1,), "f4", chunks=(1 << 20,), maxshape=(None,),
        compression="gzip", data=np.zeros(1)) for i in range(40)]),
        "unpacks", "unsafe")


def listing(names, weights, **attributes):
    """Return a file of Keras with any lists of names."""
    def fill(file):
        file.attrs["layer_names"] = names
        file.create_group("a").attrs["weight_names"] = weights
        file["a/b"] = np.zeros((2, 2), "f4")
        for name, value in attributes.items():
            file.attrs[name] = value
    return hdf5(fill)


def lists():
    """Yield files of Keras with lists and attributes that are none."""
    one = np.array([b"a"]), np.array([b"b"])
    yield ("layers-repeat", listing(np.full(8000, b"a"), np.full(8, b"b")),
           "lists the", "unsafe")
    yield ("weights-repeat", listing(one[0], np.full(8, b"b")),
           "lists the array 'b' twice", "unsafe")
    yield ("layers-many", listing(np.full(20000, b"a"), one[1]),
           "more than 10000 texts", "unsafe")
    yield ("layers-numbers", listing(np.arange(3), one[1]),
           "that are no texts", "broken")
    for name, value, says in (
            ("number", 7, "that are no texts"), ("list", "[]", "a list"),
            ("text", '"a"', "a str"), ("nothing", "null", "a NoneType")):
        yield ("config-" + name, listing(*one, model_config=value), says,
               "broken")
    yield ("backend-number", listing(*one, backend=1), "are no texts",
           "broken")
    yield ("keras-version-number", listing(*one, keras_version=2.),
           "are no texts", "broken")
    yield ("digit", hdf5(lambda f: f.create_dataset("vars/\xb2", data=1.)),
           "holds no arrays of layers", "broken")


def configurations():
    """Yield archives of Keras whose configuration has strange values."""
    nested = "a" * 1000000
    for _ in range(320):
        nested = {"class_name": nested}
    for name, config, says, error in (
            ("class-list", {"class_name": []}, "class_name: list", "broken"),
            ("class-nested", nested, "class_name: dict", "broken"),
            ("module-map", {"module": {}}, "module: dict", "broken"),
            ("name-list", {"config": [{"name": []}]}, "name: list", "broken"),
            ("format-list", layer("Dense", data_format=[]),
             "data_format: list", "broken"),
            ("ordering-map", layer("Dense", dim_ordering={}),
             "dim_ordering: dict", "broken"),
            ("epsilon-nan", layer("Dense", epsilon=float("nan")),
             "epsilon: nan", "broken"),
            ("epsilon-inf", layer("Dense", epsilon=float("inf")),
             "epsilon: inf", "broken"),
            ("epsilon-negative", layer("Dense", epsilon=-1.), "epsilon: -1.0",
             "broken"),
            ("epsilon-text", layer("Dense", epsilon="1"), "epsilon: str",
             "broken"),
            ("config-list", b"[]", "a list", "broken"),
            ("json-lists", b"[" + b"[]," * 1000000 + b"[]]", "of JSON",
             "unsafe"),
            ("json-maps", b"[" + b"{}," * 1000000 + b"{}]", "of JSON",
             "unsafe"),
            ("json-keys", b"{" + b",".join(
                b'"%d":0' % i for i in range(140000)) + b"}", "of JSON",
             "unsafe"),
            ("json-utf16", "[]".encode("utf-16"), "no JSON", "broken"),
            ("json-long", b" " * 5000000, "has 5000000 bytes", "unsafe")):
        if isinstance(config, dict):
            config = json.dumps(config).encode()
        yield ("keras-%s.keras" % name, zipped(
            member("metadata.json", b"{}"), member("config.json", config, 8),
            member("model.weights.h5", hdf5(lambda f: f.create_dataset(
                "layers/dense/vars/0", data=np.zeros((2, 2), "f4"))))), says,
            error, "")
    inner = hdf5(lambda f: f.create_dataset(
        "layers/dense/vars/0", data=np.zeros(1 << 22, "f4"),
        chunks=(1 << 20,), compression="gzip"))
    yield ("keras-packed-bomb.keras", zipped(
        member("metadata.json", b"{}"), member("config.json", b"{}"),
        member("model.weights.h5", inner, 8)), "unpacks", "unsafe", "")


def FILES():
    """Yield name, bytes, what the error says, its kind, and an advisory."""
    text = h5py.string_dtype()
    for name, fill, says in (
            ("external-link", lambda f: f.__setitem__(
                "a", h5py.ExternalLink("/etc/passwd", "/a")), "a link to"),
            ("soft-link", lambda f: f.__setitem__(
                "a", h5py.SoftLink("/b")), "a link to another"),
            ("soft-link-outside", lambda f: f.__setitem__(
                "a", h5py.SoftLink("../../etc/passwd")), "a link to"),
            ("external-data", external_data, "in other files"),
            ("virtual", virtual, "in other files"),
            ("declared-8PiB", unallocated((1 << 51,)), "declares shape"),
            ("declared-chunks", unallocated((1 << 40,), chunks=(1 << 10,)),
             "declares shape"),
            ("declared-packed", unallocated((1 << 40,), chunks=(1 << 10,),
                                            compression="gzip"),
             "declares shape"),
            ("packed-bomb", lambda f: f.create_dataset(
                "a", data=np.zeros(1 << 22, "f4"), chunks=(1 << 20,),
                compression="gzip"), "unpacks"),
            ("hard-link-cycle", cycle, "reached by two paths"),
            ("deep-groups", deep, "deeper than"),
            ("plugin-filter", plugin, "a plugin"),
            ("objects", lambda f: f.create_dataset(
                "a", data=["a", "b"], dtype=text), "holds variable texts"),
            ("references", lambda f: f.create_dataset(
                "a", (2,), h5py.ref_dtype), "elements of class 7"),
            ("compound", lambda f: f.create_dataset(
                "a", (2,), [("a", "f4"), ("b", "i4")]), "elements of class 6"),
            ("null", lambda f: f.create_dataset(
                "a", data=h5py.Empty("f4")), "or nothing"),
            ("named-type", named_type, "no named type"),
            ("reference-attribute", lambda f: f.attrs.create(
                "a", f.ref, dtype=h5py.ref_dtype), "no text or number"),
            ("vlen-attribute", lambda f: f.attrs.create(
                "a", vlen(), dtype=h5py.vlen_dtype("f4")),
             "no text or number"),
            ("piece-inflates", inflating, "does not unpack to 4096"),
            ("filters-twice", filtered(1, 1), "out of order"),
            ("filters-szip", filtered(4), "a plugin"),
            ("dense-attribute", dense, "more than 4096 bytes in a heap"),
            ("keras-lambda", lambda_model, "carries code")):
        yield "hdf5-%s.h5" % name, hdf5(fill), says, "unsafe", ""
    for name, data, says, error in damaged():
        yield "hdf5-%s.h5" % name, data, says, error, ""
    yield ("hdf5-missing-layer.h5", hdf5(missing_layer), "lacks the layer",
           "broken", "")
    good = hdf5(lambda f: f.create_dataset("a", data=np.zeros(99)))
    yield ("hdf5-cut.h5", good[:len(good) // 2], "the superblock with",
           "broken", "")
    for name, data, says, error in patched():
        yield "hdf5-%s.h5" % name, data, says, error, ""
    for name, data, says, error in lists():
        yield "hdf5-%s.h5" % name, data, says, error, ""
    yield from configurations()
    yield "hdf5-head-only.h5", good[:8], "past its end", "broken", ""
    code = layer("Lambda", function={"class_name": "__lambda__",
                                     "config": {"code": "4wEA"}})
    yield ("keras-lambda.keras", keras(code), "carries code", "unsafe",
           "Keras CVE-2024-3660")
    yield ("keras-lambda-default.keras", keras(layer(
        "Dense", activation={"class_name": "__lambda__"})), "carries code",
        "unsafe", "Keras CVE-2025-9906")
    yield ("keras-wrapper.keras", keras(layer("TorchModuleWrapper",
                                              module="UEs=")),
           "carries code", "unsafe", "Keras CVE-2025-49655")
    for name, module, called in (("module", "os", "system"),
                                 ("module-builtins", "builtins", "eval"),
                                 ("module-look-alike", "keras_evil", "a")):
        yield ("keras-%s.keras" % name, keras({
            "class_name": "Functional", "module": "keras", "config": {
                "layers": [{"module": module, "class_name": called,
                            "config": {"arguments": [CODE]}}]}}),
            "asks for it", "unsafe", "Keras CVE-2025-1550")
    yield ("keras-module-in-call.keras", keras(layer(
        "Dense", kernel_initializer={"module": "subprocess", "class_name":
                                     "Popen", "config": {}})),
        "asks for it", "unsafe", "Keras CVE-2025-8747")
    yield ("keras-json-twice.keras", keras(b'{"a": 1, "a": 2}'), "twice",
           "unsafe", "")
    yield ("keras-json-integer.keras", keras(b"9" * 5000), "5000 digits",
           "broken", "")
    yield ("keras-get-file.keras", keras(
        {"class_name": "Sequential", "config": {"layers": []}}, None,
        member("assets/../../evil.py", b"")), "a member named", "unsafe",
        "Keras CVE-2025-12060")
    yield ("keras-pickle.keras", keras(layer("Dense"), None, member(
        "evil.pkl", b"cos\nsystem\n.")), "holds metadata.json", "unsafe",
        "")
    yield "keras-json.keras", keras(b"{"), "no JSON", "broken", ""
    yield ("keras-json-deep.keras", keras(b"[" * 100000), "no JSON",
           "broken", "")
    yield ("keras-external.keras", keras(layer("Dense"), hdf5(external_data)),
           "in other files", "unsafe", "Keras CVE-2026-1669")
