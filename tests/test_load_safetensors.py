"""What the library of safetensors writes is read, and it reads ours."""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from lasagne_flipconv import load, read
from lasagne_flipconv.weights.checkpoint import Checkpoint, Entry, write
from lasagne_flipconv.errors import CheckpointError, FlipconvError
from lasagne_flipconv.formats.parts.views import digest

import cases
import files

sys.path.insert(0, str(Path(__file__).parent / "attacks"))
from containers import safetensors  # noqa: E402

TYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")
SHAPES = {"plain": (2, 3), "scalar": (), "empty": (0, 5), "none": (3, 0, 2)}


def arrays():
    """Return an array of each type and shape."""
    return {"%s %s" % (dtype, name): np.asarray(
        cases.values(shape, 1, "float64") * 9, dtype)
        for dtype in TYPES for name, shape in SHAPES.items()}


def test_what_the_library_writes_is_read(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(arrays(), str(tmp_path / "a.safetensors"),
                    {"format": "pt", "note": "a"})
    with read(tmp_path / "a.safetensors") as checkpoint:
        found = checkpoint.values()
        assert checkpoint.writer == "PyTorch"
    assert sorted(found) == sorted(arrays())
    assert all(files.same(found[name], array)
               for name, array in arrays().items())


def test_the_library_reads_what_we_write(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    write(tmp_path / "a.safetensors", Checkpoint("a", "test", tuple(
        Entry(name, array.shape, array.dtype, lambda array=array: array)
        for name, array in arrays().items())))
    found = numpy.load_file(str(tmp_path / "a.safetensors"))
    assert all(files.same(found[name], array)
               for name, array in arrays().items())
    with read(tmp_path / "a.safetensors") as checkpoint:
        assert list(checkpoint.values()) == list(arrays())


@pytest.mark.parametrize("metadata", [None, {}, {"a": "b"}])
def test_metadata_may_be_missing(metadata, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(safetensors(
        {"__metadata__": metadata, "a": {
            "dtype": "F32", "shape": [2], "data_offsets": [0, 8]}},
        np.float32([1, 2]).tobytes()))
    with read(tmp_path / "a.safetensors") as checkpoint:
        assert checkpoint.metadata == (metadata or {})
        assert checkpoint.values()["a"].tolist() == [1, 2]


def test_arrays_may_be_in_another_order_than_their_bytes(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(safetensors(
        {"b": {"dtype": "U8", "shape": [1], "data_offsets": [2, 3]},
         "z": {"dtype": "U8", "shape": [0], "data_offsets": [2, 2]},
         "a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}},
        b"\x80\x3f\x07"))
    with read(tmp_path / "a.safetensors") as checkpoint:
        found = {name: list(value) for name, value
                 in checkpoint.values().items()}
    assert found == {"b": [7], "z": [], "a": [1.0]}


def numbered(path, names, metadata):
    """Write one number per name, in the order of the alphabet, as the library
    does."""
    header = {"__metadata__": metadata}
    for i, name in enumerate(sorted(names)):
        header[name] = {"dtype": "F32", "shape": [1],
                        "data_offsets": [4 * i, 4 * i + 4]}
    path.write_bytes(safetensors(header, np.float32(
        [names.index(name) for name in sorted(names)]).tobytes()))


@pytest.mark.parametrize("metadata", [{}, {"format": "pt"}])
@pytest.mark.parametrize("form, ordered", [
    ("arr_%d", True), ("param_%d", True), ("%d", True), ("p%02d", True),
    ("params %d", True), ("conv%d", False), ("%d.weight", False)])
def test_numbers_alone_tell_the_order(tmp_path, form, ordered, metadata):
    """As in every other format: of a list that was saved by its places."""
    path, names = tmp_path / "a.safetensors", [form % i for i in range(12)]
    numbered(path, names, metadata)
    with read(path) as checkpoint:
        assert checkpoint.ordered is ordered
        found = [entry.read().item() for entry in checkpoint.entries]
    assert (found == list(range(12))) is ordered


def test_a_number_beside_a_name_tells_no_order(tmp_path):
    for names in (["arr_0", "arr_1", "mean"], ["arr_0", "param_0"]):
        numbered(tmp_path / "a.safetensors", names, {})
        with read(tmp_path / "a.safetensors") as checkpoint:
            assert not checkpoint.ordered


def test_a_network_gets_what_is_numbered(tmp_path):
    net = files.network()
    values = [cases.values(value.shape, i, "f4")
              for i, value in enumerate(files.values_of(net))]
    header, at = {}, 0
    for i, value in enumerate(values):
        header["arr_%d" % i] = {
            "dtype": "F32", "shape": list(value.shape),
            "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    (tmp_path / "a.safetensors").write_bytes(safetensors(
        header, b"".join(value.tobytes() for value in values)))
    load(tmp_path / "a.safetensors", net, orientation="convolution")
    assert all(np.array_equal(found, value.astype(found.dtype)) for
               found, value in zip(files.values_of(net), values))


def test_the_file_is_not_opened_again(tmp_path):
    """What is checked is what is read, whoever renames what in between."""
    path = tmp_path / "a.safetensors"
    row = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    path.write_bytes(safetensors(row, np.float32([1, 2]).tobytes()))
    with read(path) as checkpoint:
        (tmp_path / "b").write_bytes(safetensors(row, b"\xff" * 8))
        (tmp_path / "b").replace(path)
        assert checkpoint.values()["a"].tolist() == [1, 2]


def test_a_file_that_is_cut_later_is_noticed(tmp_path):
    path = tmp_path / "a.safetensors"
    row = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    path.write_bytes(safetensors(row, bytes(8)))
    with read(path) as checkpoint:
        with open(str(path), "r+b") as file:
            file.truncate(path.stat().st_size - 4)
        with pytest.raises(CheckpointError, match="expected 4 more"):
            checkpoint.values()


def test_ten_thousand_small_arrays(tmp_path):
    path = tmp_path / "a.safetensors"
    write(path, Checkpoint("a", "test", tuple(
        Entry("layer%d.W" % i, (1,), np.dtype("f4"),
              lambda i=i: np.float32([i])) for i in range(10000))))
    with read(path) as checkpoint:
        assert [v.item() for v in checkpoint.values().values()] == list(
            range(10000))
    size, = struct.unpack("<Q", path.read_bytes()[:8])
    assert len(json.loads(path.read_bytes()[8:8 + size])) == 10001


#: Views of arrays that are none: what is recorded, and what is said.
DAMAGED = {
    "no list": ("{}", "cannot be read"),
    "no JSON": ("[", "JSON"),
    "another array": ('[[["x", null, [2], [], [], null], "{}"]]',
                      "does not hold so"),
    "another shape": ('[[["a", null, [3], [], [], null], "{}"]]',
                      "does not hold so"),
    "very often": (json.dumps([[
        ["a", None, [9999], [], [], None],
        json.dumps({"name": str(i)})] for i in range(9999)]),
        "share their arrays"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_views_that_do_not_fit_are_refused(name, tmp_path):
    text, match = DAMAGED[name]
    count = 9999 if name == "very often" else 2
    values = np.zeros(count, "f4")
    write(tmp_path / "a.safetensors", Checkpoint(
        "a", "test", (Entry("a", (count,), values.dtype, lambda: values),),
        {"lasagne_flipconv views": text}))
    with pytest.raises(FlipconvError, match=match):
        read(tmp_path / "a.safetensors")


@pytest.mark.parametrize("values, match", [([0, 0], None),
                                           ([0, 1], "other values than when")])
def test_an_array_that_must_be_as_recorded(values, match, tmp_path):
    """As where its halves were equal, and are two parameters."""
    values = np.float32(values)
    rows = [[["a", None, [1], [], [], None, [i, i + 1], False],
             json.dumps({"name": str(i)}), digest(np.zeros(2, "f4"))]
            for i in (0, 1)]
    write(tmp_path / "a.safetensors", Checkpoint(
        "a", "test", (Entry("a", (2,), values.dtype, lambda: values),),
        {"lasagne_flipconv views": json.dumps(rows)}))
    with read(tmp_path / "a.safetensors") as checkpoint:
        if match is None:
            assert [v.item() for v in checkpoint.values().values()] == [0, 0]
            return
        with pytest.raises(CheckpointError, match=match):
            checkpoint.values()
