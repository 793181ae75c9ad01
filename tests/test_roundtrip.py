"""What is written is what is read, bit for bit, in every convention."""
import bz2
import gzip
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lasagne_flipconv.weights.checkpoint import (Checkpoint, Entry,
                                                 orientation_of, read, write)
from lasagne_flipconv.weights.converting import convert_file
from lasagne_flipconv.kernels import Convention, convert_kernel

import files
import reference
from test_golden import FILES

AXES = ("OIW", "IOW", "WIO", "OIHW", "IOHW", "HWIO", "HWOI", "IHWO", "OIDHW",
        "IODHW", "DHWIO", "OIHWhw", "OHWhw")
CONVENTIONS = [Convention(axes, orientation) for axes in AXES
               for orientation in ("convolution", "correlation")]


WRITTEN = ["npz"] + ["safetensors"] * files.has("safetensors")
#: Layer, role, rows, epsilon and name of an array.
RECORDS = [(None, None, None, None, "arr_0"),
           ("conv1", "W", "channels_last", 1e-5, "conv1.W"),
           ("dec.é", None, "unknown", .1, "ä\n"), ("a/b", "b", None, 1e-3, "")]
cases_of_200 = settings(max_examples=200, deadline=None, database=None,
                        suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def no_disk(monkeypatch):
    """Do not wait for the disk, which is not what is tested here."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


@st.composite
def entries(draw, dtypes, convention):
    """Draw an array with its record; a kernel if it has a convention."""
    shape = None
    if convention is not None:
        shape = draw(st.tuples(*[st.integers(0, 3)] * len(convention.axes)))
    array = draw(files.any_array(dtypes, shape))
    layer, role, rows, epsilon, name = draw(st.sampled_from(RECORDS))
    return Entry(name, array.shape, array.dtype, lambda: array.copy("K"),
                 layer=layer, role=role, convention=convention,
                 epsilon=epsilon, rows=rows)


def checkpoints(dtypes):
    """Draw files that hold a kernel of every convention, and one array."""
    rows = [entries(dtypes, c) for c in CONVENTIONS + [None]]
    return st.tuples(*rows).map(
        lambda e: Checkpoint("drawn", "drawn", of_names_of_their_own(e)))


def of_names_of_their_own(found):
    """Return entries whose names differ, as those of a file have to."""
    return tuple(entry._replace(name="%s#%d" % (entry.name, i) if i
                                else entry.name)
                 for i, entry in enumerate(found))


def assert_equal(ours, theirs):
    """Compare two checkpoints: records and values."""
    assert len(ours.entries) == len(theirs.entries)
    for one, two in zip(ours.entries, theirs.entries):
        assert one._replace(read=0, dtype=0) == two._replace(read=0, dtype=0)
        assert files.same(one.read(), two.read())


@pytest.mark.parametrize("suffix", WRITTEN)
def test_every_convention_is_read_as_written(suffix, tmp_path):
    path = tmp_path / ("file." + suffix)

    @cases_of_200
    @given(checkpoints(files.NUMPYS if suffix == "npz" else files.COMMON))
    def check(checkpoint):
        write(path, checkpoint)
        with read(path) as back:
            assert_equal(back, checkpoint)

    check()


def pickled(protocol, opened=open):
    def write(path, found):
        with opened(path, "wb") as file:
            pickle.dump(found, file, protocol)
    return write


def saved_objects(path, found):
    objects = np.empty(len(found), object)
    objects[:] = found
    with open(path, "wb") as file:
        np.save(file, objects)


def saved_torch(legacy):
    def write(path, found):
        import torch
        torch.save({"arr_%d" % i: torch.from_numpy(np.array(a, order="C"))
                    for i, a in enumerate(found)}, path,
                   _use_new_zipfile_serialization=not legacy)
    return write


def saved_hdf5(path, found):
    import h5py
    with h5py.File(path, "w") as file:
        for i, array in enumerate(found):
            file["param_%02d" % i] = array


def saved_safetensors(path, found):
    from safetensors.numpy import save_file
    save_file({"arr_%d" % i: np.array(array, order="C")
               for i, array in enumerate(found)}, path)


def saved_onnx(path, found):
    import onnx
    tensors = [onnx.numpy_helper.from_array(np.array(array, order="C"),
                                            "arr_%d" % i)
               for i, array in enumerate(found)]
    graph = onnx.helper.make_graph([], "drawn", [], [], tensors)
    onnx.save(onnx.helper.make_model(graph), path)


FLOATS = ("<f4", "<f8", "<f2")
#: Name → suffix, library, writer, types.
FOREIGN = {
    "npz": ("npz", "numpy", lambda p, f: np.savez(p, *f), files.NUMPYS),
    "npz packed": ("npz", "numpy", lambda p, f: np.savez_compressed(p, *f),
                   files.NUMPYS),
    "npy of objects": ("npy", "numpy", saved_objects, files.NUMPYS),
    "gzip": ("pkl.gz", "gzip", pickled(2, gzip.open), files.NUMPYS),
    "bzip2": ("pkl.bz2", "bz2", pickled(4, bz2.open), files.NUMPYS),
    "torch": ("pt", "torch", saved_torch(False), files.COMMON),
    "torch legacy": ("pth", "torch", saved_torch(True), files.COMMON),
    "HDF5": ("h5", "h5py", saved_hdf5, files.NUMPYS),
    "safetensors": ("safetensors", "safetensors", saved_safetensors,
                    files.COMMON),
    "ONNX": ("onnx", "onnx", saved_onnx, FLOATS),
    **{"pickle %d" % protocol: ("pkl", "pickle", pickled(protocol),
                                files.NUMPYS) for protocol in range(6)},
}
INSTALLED = [name for name, row in FOREIGN.items() if files.has(row[1])]


@pytest.mark.parametrize("form", INSTALLED)
def test_what_other_libraries_write_is_read_bit_for_bit(form, tmp_path):
    suffix, _, writer, dtypes = FOREIGN[form]

    @cases_of_200
    @given(st.lists(files.any_array(dtypes), min_size=2, max_size=4))
    def check(found):
        path = str(tmp_path / ("file." + suffix))
        writer(path, found)
        with read(path) as back:
            numbered = {int(e.name.split("_")[1]): e for e in back.entries}
            assert sorted(numbered) == list(range(len(found)))
            for i, array in enumerate(found):
                assert files.same(numbered[i].read(), array)

    check()


TURNABLE = [c for c in CONVENTIONS if c.axes[-1] != "w"]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_every_convention_to_every_other_and_back(suffix, tmp_path):
    one, two, three = (tmp_path / name for name in (
        "one.npz", "two." + suffix, "three.npz"))

    @cases_of_200
    @given(st.data(), st.sampled_from(TURNABLE))
    def check(data, target):
        source = data.draw(st.sampled_from([
            c for c in TURNABLE if sorted(c.axes) == sorted(target.axes)]))
        drawn = [data.draw(entries(files.COMMON, c)) for c in (source, None)]
        start = Checkpoint("drawn", "drawn", of_names_of_their_own((
            drawn[0]._replace(kind="conv"), drawn[1]._replace(kind="dense"))))
        write(one, start)
        convert_file(one, two, wanted=":".join(target))
        convert_file(two, three, wanted=":".join(source))
        with read(two) as made, read(three) as back:
            assert made.entries[0].convention == target
            assert files.same(made.entries[0].read(), convert_kernel(
                start.entries[0].read(), source, target))
            assert_equal(back, start)

    check()


@pytest.mark.parametrize("first", WRITTEN)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_format_through_every_other(path, first, tmp_path):
    one, two = tmp_path / ("one." + first), tmp_path / "two.npz"
    convert_file(path, one)
    convert_file(one, two)
    with read(path) as start, read(one) as middle, read(two) as end:
        assert start.ordered == middle.ordered == end.ordered
        for rows in zip(start.entries, middle.entries, end.entries):
            told = {row._replace(read=0, dtype=0) for row in rows}
            assert len(told) == 1
            values = [row.read() for row in rows]
            assert files.same(values[0], values[1])
            assert files.same(values[0], values[2])


@pytest.mark.parametrize("path", [p for p in FILES
                                  if "named" in p.name or "keras" in p.name],
                         ids=lambda path: path.name)
def test_kernels_turned_and_turned_back(path, tmp_path):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    with read(path) as start:
        kernel = next(e for e in start.entries if len(e.shape) == 4)
        known, value = orientation_of(kernel), kernel.read()
        axes = [i for i, n in enumerate(kernel.shape) if n in (2, 5)]
    told = None if known else "convolution"
    if path.name == "keras1-keras.h5":  # Keras 1 does not tell the order
        told = "%s:%s" % ("OIHW" if axes == [2, 3] else "HWIO",
                          known or "convolution")
    there, back = ("correlation", "convolution")[::-1 if known ==
                                                 "correlation" else 1]
    record = convert_file(path, one, told, there)
    convert_file(one, two, None, back)
    assert len(record.turned) == 1
    with read(one) as middle, read(two) as end:
        turned, back = (next(e.read() for e in c.entries if len(e.shape) == 4)
                        for c in (middle, end))
    assert files.same(back, value)
    assert files.same(turned, reference.reverse(value, axes))
