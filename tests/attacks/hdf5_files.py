"""Make HDF5 files and archives of Keras that must be refused."""
import io
import json

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


def FILES():
    """Yield name, bytes, what the error says, its kind, and an advisory."""
    text = h5py.string_dtype()
    for name, fill, says in (
            ("external-link", lambda f: f.__setitem__(
                "a", h5py.ExternalLink("/etc/passwd", "/a")), "a link to"),
            ("soft-link", lambda f: f.__setitem__(
                "a", h5py.SoftLink("/b")), "a link to '/b'"),
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
                "a", data=["a", "b"], dtype=text), "holds object"),
            ("references", lambda f: f.create_dataset(
                "a", (2,), h5py.ref_dtype), "holds object"),
            ("compound", lambda f: f.create_dataset(
                "a", (2,), [("a", "f4"), ("b", "i4")]), "holds"),
            ("null", lambda f: f.create_dataset(
                "a", data=h5py.Empty("f4")), "holds float32"),
            ("named-type", named_type, "a named type"),
            ("vlen-attribute", lambda f: f.attrs.create(
                "a", np.zeros(2), dtype=h5py.ref_dtype)
             if False else f.attrs.create("a", f.ref, dtype=h5py.ref_dtype),
             "no text or number"),
            ("keras-lambda", lambda_model, "carries code")):
        yield "hdf5-%s.h5" % name, hdf5(fill), says, "unsafe", ""
    yield ("hdf5-missing-layer.h5", hdf5(missing_layer), "lacks the layer",
           "broken", "")
    good = hdf5(lambda f: f.create_dataset("a", data=np.zeros(99)))
    yield "hdf5-cut.h5", good[:len(good) // 2], "HDF5 refuses", "broken", ""
    yield "hdf5-head-only.h5", good[:8], "HDF5 refuses", "broken", ""
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
