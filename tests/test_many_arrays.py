"""Ten thousand small arrays load from every format, as deep networks have."""
import bz2
import importlib.util
import io
import json
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from lasagne_flipconv import read
from lasagne_flipconv.weights.checkpoint import write
from lasagne_flipconv.formats import FORMATS

sys.path.insert(0, str(Path(__file__).parent / "attacks"))
from containers import (LEGACY_HEAD, caffe_layer,  # noqa: E402
                        caffe_model, gzipped, member, npy, onnx_model,
                        onnx_tensor, safetensors, tensor, text, torch_zip,
                        with_end64, zipped)

MANY = 10000
LAYERS = MANY // 2
needs_h5py = pytest.mark.skipif(not importlib.util.find_spec("h5py"),
                                reason="h5py makes the file")


def arrays():
    """Return small arrays, no two the same."""
    return [np.full(1 + i % 3, i, "f4") for i in range(MANY)]


def pairs():
    """Return the arrays by layer, two in each."""
    flat = arrays()
    return [flat[i:i + 2] for i in range(0, MANY, 2)]


def named():
    """Return the arrays by name."""
    return {"layer%d.%s" % (i, role): array for i, layer in enumerate(pairs())
            for role, array in zip(("weight", "bias"), layer)}


#: What is pickled: lists, dicts, lists and dicts of these, objects.
STRUCTURES = {
    "list": arrays, "list of lists": pairs, "dict": named,
    "ordered": lambda: OrderedDict(named()),
    "dict of lists": lambda: dict(enumerate(pairs())),
    "dict of dicts": lambda: {"l%d" % i: dict(zip("Wb", layer))
                              for i, layer in enumerate(pairs())},
    "one each": lambda: [[array] for array in arrays()],
    "under a key": lambda: {"param values": arrays(), "epoch": 3,
                            "classes": ["cat"] * 1000},
}


def torch_pickle():
    """Return the pickle of one tensor for each storage."""
    return b"\x80\x02}(" + b"".join(
        text("p%d" % i) + tensor(
            1, 0, b"K\x01\x85", b"K\x01\x85", b"FloatStorage", b"%05d" % i
        ).replace(b"X\1\0\0\0%05d" % i, text("%05d" % i))
        for i in range(MANY)) + b"u."


def torch():
    """Return an archive of PyTorch."""
    return torch_zip(torch_pickle(), *[
        member("archive/data/%05d" % i, np.float32(i).tobytes())
        for i in range(MANY)], storage=b"")


def torch_legacy():
    """Return a file in the form before PyTorch 1.6."""
    return (LEGACY_HEAD + torch_pickle()
            + b"\x80\x02](" + b"".join(text("%05d" % i)
                                       for i in range(MANY)) + b"e."
            + b"".join((1).to_bytes(8, "little") + np.float32(i).tobytes()
                       for i in range(MANY)))


def numpy_zip():
    """Return an archive of arrays."""
    return zipped(*[member("arr_%d.npy" % i, npy(
        (1,), body=np.float32(i).tobytes())) for i in range(MANY)])


def objects(save):
    """Return what NumPy saves of a list of arrays."""
    held = np.empty(MANY, object)
    held[:] = arrays()
    file = io.BytesIO()
    save(file, held)
    return file.getvalue()


def tensors():
    """Return a safetensors file."""
    return safetensors({"l%d" % i: {
        "dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]}
        for i in range(MANY)}, bytes(4 * MANY))


def keras_archive():
    """Return a ``.keras`` archive of dense layers."""
    import h5py
    file = io.BytesIO()
    names = ["dense_%d" % i if i else "dense" for i in range(LAYERS)]
    with h5py.File(file, "w") as opened:
        for name in names:
            place = opened.create_group("layers/%s/vars" % name)
            place["0"] = np.zeros((1, 1), "f4")
            place["1"] = np.zeros(1, "f4")
    layers = [{"class_name": "Dense", "config": {"name": name, "units": 1}}
              for name in names]
    return zipped(
        member("metadata.json", b"{}"),
        member("config.json", json.dumps({
            "class_name": "Sequential", "config": {"layers": layers}}
        ).encode()),
        member("model.weights.h5", file.getvalue()))


def keras_weights():
    """Return what ``model.save_weights`` of Keras 2 writes."""
    import h5py
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        opened.attrs["layer_names"] = np.array(
            [b"d%d" % i for i in range(LAYERS)])
        opened.attrs["keras_version"] = b"2.4.0"
        opened.attrs["backend"] = b"tensorflow"
        for i in range(LAYERS):
            group = opened.create_group("d%d" % i)
            group.attrs["weight_names"] = np.array([b"kernel:0", b"bias:0"])
            group["kernel:0"] = np.zeros((1, 1), "f4")
            group["bias:0"] = np.zeros(1, "f4")
    return file.getvalue()


def plain_hdf5():
    """Return an HDF5 file of one dataset for each array."""
    import h5py
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        for i in range(MANY):
            opened["p%d" % i] = np.float32([i])
    return file.getvalue()


def onnx():
    """Return a model of so many initializers."""
    return onnx_model(*[onnx_tensor((1,), bytes(4), rest=b"\x42" + bytes([
        len(name)]) + name) for name in (b"p%d" % i for i in range(MANY))])


def caffe():
    """Return a model of so many blobs."""
    return caffe_model(*[caffe_layer((1,), 1, b"c%d" % i)
                         for i in range(MANY)])


FILES = {
    ("npz", "flat"): (".npz", numpy_zip),
    ("npz", "objects"): (".npz", lambda: objects(
        lambda file, held: np.savez(file, held))),
    ("npy", "objects"): (".npy", lambda: objects(np.save)),
    ("torch", "flat"): (".pt", torch),
    ("torch-legacy", "flat"): (".pth", torch_legacy),
    ("keras", "dense"): (".keras", keras_archive),
    ("hdf5", "keras"): (".h5", keras_weights),
    ("hdf5", "plain"): (".h5", plain_hdf5),
    ("gzip", "list"): (".pkl.gz", lambda: gzipped(pickle.dumps(arrays(), 2))),
    ("bz2", "list"): (".pkl.bz2", lambda: bz2.compress(
        pickle.dumps(arrays(), 0))),
    ("safetensors", "flat"): (".safetensors", tensors),
    ("onnx", "flat"): (".onnx", onnx),
    ("caffe", "flat"): (".caffemodel", caffe),
    ("pickle", "one after the other"): (".pkl", lambda: b"".join(
        pickle.dumps(array, 2) for array in arrays())),
}
FILES.update({
    ("pickle", "%s, protocol %d" % (name, protocol)): (
        ".pkl", lambda make=make, protocol=protocol: pickle.dumps(
            make(), protocol))
    for name, make in STRUCTURES.items() for protocol in (0, 2, 5 if
        pickle.HIGHEST_PROTOCOL >= 5 else 4)})


each_file = pytest.mark.parametrize("form, which", [
    pytest.param(*key, marks=needs_h5py if key[0] in ("keras", "hdf5")
                 else ()) for key in FILES],
    ids=["-".join(key) for key in FILES])


@each_file
def test_ten_thousand_arrays(form, which, tmp_path):
    suffix, make = FILES[form, which]
    path = tmp_path / ("net" + suffix)
    path.write_bytes(make())
    with read(path) as checkpoint:
        assert checkpoint.format == form
        assert len(checkpoint.values()) == MANY


def calls_to_read(path):
    """Return how many calls of Python functions it takes to open a file."""
    count = [0]

    def profile(_frame, event, _arg):
        count[0] += event == "call"

    with read(path):  # what is called once in a process
        pass
    sys.setprofile(profile)
    try:
        with read(path):
            pass
    finally:
        sys.setprofile(None)
    return count[0]


@each_file
def test_work_grows_with_the_number_of_arrays(form, which, tmp_path,
                                              monkeypatch):
    calls = []
    for many in (200, 400):
        monkeypatch.setitem(globals(), "MANY", many)
        monkeypatch.setitem(globals(), "LAYERS", many // 2)
        suffix, make = FILES[form, which]
        path = tmp_path / ("%d%s" % (many, suffix))
        path.write_bytes(make())
        calls.append(calls_to_read(path))
    assert calls[0] <= calls[1] < 2.5 * calls[0]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_written_is_read(suffix, tmp_path):
    source, path = tmp_path / "net.pkl", tmp_path / ("net" + suffix)
    source.write_bytes(pickle.dumps(named()))
    with read(source) as checkpoint:
        write(path, checkpoint)
    with read(path) as checkpoint:
        found = checkpoint.values()
    assert list(found) == list(named())
    assert all(map(np.array_equal, found.values(), arrays()))


def test_every_format_is_there():
    assert {form for form, _ in FILES} == set(FORMATS)


def test_an_end_record_of_64_bits_may_be_there(tmp_path):
    path = tmp_path / "net.npz"
    path.write_bytes(with_end64(zipped(member("a.npy", npy()))))
    with read(path) as checkpoint:
        assert list(checkpoint.values()) == ["a"]
