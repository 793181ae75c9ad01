"""What h5py writes is read bit for bit as h5py reads it, and safely.

The package has its own reader for HDF5; h5py is needed for these tests only.
"""
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lasagne_flipconv.weights.checkpoint import read
from lasagne_flipconv.errors import CheckpointError, UnsafeFileError
from lasagne_flipconv.formats.hdf5_file.filters import unfiltered
from lasagne_flipconv.formats.hdf5_file.sums import lookup3
from lasagne_flipconv.formats.hdf5_file.tree import opened
from lasagne_flipconv.limits import LIMITS

h5py = pytest.importorskip("h5py")
TESTS = Path(__file__).parent
FILES = sorted(path for folder in ("golden", "keras_networks")
               for path in (TESTS / folder).glob("*.h5"))
VERSIONS = [None, "latest", "earliest", ("v108", "v110")]
DTYPES = ["<f4", ">f4", "<f8", ">f8", "<f2", ">f2", "i1", "u1", "<i8", ">u2",
          "<u4", "?"]
VALUES = ["text", "", "caf\xe9 \u4e2d", 3, 2.5, True, np.arange(4),
          np.zeros(0, "f4"), np.array([b"ab", b"cde"]), np.bytes_(b"xy"),
          np.float32(2), np.arange(6, dtype=">i2").reshape(2, 3),
          np.array(["x", "yyy"], object)]


def assert_same(path):
    """Compare all arrays and attributes with what h5py reads."""
    with open(str(path), "rb") as file, h5py.File(str(path), "r") as theirs:
        tree = opened(file, str(path), LIMITS)
        found = {}
        theirs.visititems(found.__setitem__)
        arrays = {name: item for name, item in found.items()
                  if isinstance(item, h5py.Dataset)}
        assert set(arrays) == set(tree.datasets)
        assert set(found) - set(arrays) | {""} == set(tree.groups)
        for name, item in arrays.items():
            ours, told = tree.datasets[name], np.asarray(item[()], item.dtype)
            values = ours.read()
            assert ours.shape == values.shape == told.shape
            assert ours.dtype == values.dtype == told.dtype
            assert values.tobytes() == told.tobytes() and (
                values.flags.writeable)
        for name, ours in tree.groups.items():
            assert_attributes_are_same(ours, theirs[name or "/"].attrs)


def assert_attributes_are_same(ours, theirs):
    assert set(ours) == set(theirs)
    for name, told in theirs.items():
        if isinstance(told, h5py.Empty):
            assert ours[name] is None
            continue
        assert np.shape(ours[name]) == np.shape(told)
        assert np.ravel(ours[name]).tolist() == np.ravel(told).tolist()
        if np.asarray(told).dtype.kind not in "OU":
            assert np.asarray(told).dtype == np.asarray(ours[name]).dtype


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_keras_and_caffe(path):
    assert_same(path)


@st.composite
def datasets(draw):
    """Return type, shape, and options of a dataset."""
    shape = tuple(draw(st.lists(st.sampled_from([0, 1, 2, 3, 7, 20]),
                                max_size=4)))
    options = {}
    if shape and all(shape) and draw(st.booleans()):
        options = {
            "chunks": tuple(draw(st.integers(1, n)) for n in shape),
            "compression": draw(st.sampled_from([None, "gzip", "lzf"])),
            "shuffle": draw(st.booleans()),
            "fletcher32": draw(st.booleans()),
            "maxshape": tuple(draw(st.sampled_from([None, n, n + 3]))
                              for n in shape)}
    dtype = draw(st.sampled_from(DTYPES))
    if dtype != "?" and draw(st.booleans()):
        options["fillvalue"] = 5
    return dtype, shape, options, draw(st.sampled_from(
        ["all", "equal", "some", "nothing"]))


def write(group, name, case, seed):
    """Write a dataset: all of it, a part or nothing."""
    dtype, shape, options, what = case
    values = (50 * np.random.RandomState(seed).randn(*shape)).astype(
        dtype) if shape else np.asarray(3).astype(dtype)
    if what in ("all", "equal"):
        group.create_dataset(name, data=values if what == "all" else np.full(
            shape, 3).astype(dtype), **options)
        return
    made = group.create_dataset(name, shape, dtype, **options)
    if what == "some" and shape and all(shape):
        made[0] = values[0]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(VERSIONS), st.booleans(),
       st.lists(datasets(), min_size=1, max_size=4),
       st.lists(st.sampled_from(VALUES), max_size=14),
       st.sampled_from([0, 3, 12, 70]))
def test_what_h5py_writes(tmp_path_factory, version, ordered, cases, values,
                          groups):
    path = tmp_path_factory.getbasetemp() / "written.h5"
    with h5py.File(str(path), "w", libver=version,
                   track_order=ordered) as file:
        for i, case in enumerate(cases):
            write(file, "a/%d/c" % i, case, i)
        for i, value in enumerate(values):
            file.attrs["attribute %d" % i] = value
        for i in range(groups):
            file.create_group("group/%d" % (i * 37 % 101))
    assert_same(path)


@pytest.mark.parametrize("packed", [None, "gzip"])
@pytest.mark.parametrize("most", [
    (30, 40), (None, 40), (30, None), (None, None), (33, 40)])
@pytest.mark.parametrize("version", VERSIONS[:2])
def test_every_index_of_pieces(version, most, packed, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(str(path), "w", libver=version) as file:
        file.create_dataset("all", data=np.arange(1200.).reshape(30, 40),
                            chunks=(1, 1), maxshape=most, compression=packed)
        made = file.create_dataset("some", (30, 40), "f4", chunks=(1, 3),
                                   maxshape=most, compression=packed,
                                   fillvalue=7)
        made[29], made[:, 39], made[3, 3:20] = 1, 2, 3
    assert_same(path)


@pytest.mark.parametrize("most, count", [
    (None, 1), (None, 40), (None, 9000), (9000, 1025), (9000, 8999)])
def test_long_indices_have_pages(most, count, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(str(path), "w", libver="latest") as file:
        file.create_dataset("all", data=np.arange(count), chunks=(1,),
                            maxshape=(most,))
        made = file.create_dataset("some", (9000,), "f4", chunks=(1,),
                                   maxshape=(most,))
        made[8000:8010], made[3] = 1, 2
    assert_same(path)


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("version", VERSIONS[:2])
def test_large_groups(version, ordered, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(str(path), "w", libver=version,
                   track_order=ordered) as file:
        for i in range(1200):
            file.create_group("a layer with a long name %d" % i)
            file.attrs["attribute %d" % i] = "x" * (i % 200)
    assert_same(path)


def test_order_of_making_is_kept_where_it_is_recorded(tmp_path):
    names = ["b", "a", "d", "c"] + ["e%d" % (i * 7 % 20) for i in range(20)]
    for ordered in (False, True):
        with h5py.File(str(tmp_path / "a.h5"), "w",
                       track_order=ordered) as file:
            for name in names:
                file[name] = 1.
        with read(tmp_path / "a.h5") as checkpoint:
            assert [e.name for e in checkpoint.entries] == (
                names if ordered else sorted(names))


def test_a_file_that_is_cut_after_it_was_read_gives_no_zeros(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(str(path), "w") as file:
        file["whole"] = np.arange(1e5)  # more than what Python reads ahead
        file.create_dataset("pieces", data=np.arange(3e5), chunks=(900,),
                            compression="gzip")
    with read(path) as checkpoint:
        with open(str(path), "r+b") as file:
            file.truncate(3000)
        for entry in checkpoint.entries:
            with pytest.raises(CheckpointError, match="became shorter"):
                entry.read()


def test_h5py_is_not_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for path in FILES:
        with read(path) as checkpoint:
            checkpoint.values()


@pytest.mark.parametrize("data, seed", [
    (b"", 0xDEADBEEF), (b"Four score and seven years ago", 0x17770551)])
def test_lookup3_is_that_of_its_author(data, seed):
    assert lookup3(data) == seed


LZF = (32000, ())


@pytest.mark.parametrize("stored, made", [
    (b"\x02abc", b"abc"), (b"\x00a\x20\x00", b"aaaa"),
    (b"\x01ab\x40\x01", b"ababab"), (b"\x00a\xe0\x03\x00", b"a" * 13)])
def test_lzf(stored, made):
    assert unfiltered(stored, [LZF], 0, 1, len(made), "a.h5") == made


@pytest.mark.parametrize("stored", [
    b"", b"\x02ab", b"\x20\x00", b"\x00a\x20", b"\x00a\xe0\x03",
    b"\x00a\x21\x00"])
def test_lzf_that_is_damaged(stored):
    for size in (1, 2, 3, 4, 64):
        with pytest.raises(UnsafeFileError, match="does not unpack"):
            unfiltered(stored, [LZF], 0, 1, size, "a.h5")


def test_nothing_is_found_in_nothing():
    with pytest.raises(CheckpointError, match="past its end"):
        opened(io.BytesIO(b""), "a.h5", LIMITS)
