"""Each ceiling holds: a file just within it is read, one past it refused."""
import bz2
import csv
import gzip
import importlib.util
import io
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from lasagne_flipconv.weights.checkpoint import read
from lasagne_flipconv.errors import CheckpointError, UnsafeFileError
from lasagne_flipconv.formats.common.jsontext import parsed_json
from lasagne_flipconv.limits import LIMITS, Limits

ATTACKS = Path(__file__).parent / "attacks"
sys.path.insert(0, str(ATTACKS))
import containers  # noqa: E402
from containers import caffe_layer, caffe_model, member, npy  # noqa: E402

NESTED = b"\x80\x02" + b"]" * 3 + containers.array_pickle()[:-1] + b"aaa."
HAS_H5PY = importlib.util.find_spec("h5py") is not None


def npz(*names, **options):
    """Return an archive of small arrays."""
    return containers.zipped(*(member(name + ".npy", npy(), **options)
                               for name in names))


def caffe(axes):
    """Return a model with one kernel of so many axes, two values in all."""
    return caffe_model(caffe_layer((2,) + (1,) * (axes - 1)))


def packed_zeros(size):
    """Return an archive of one array of zeros, compressed."""
    return containers.zipped(member(
        "arr_0.npy", npy((size // 4,), body=bytes(size)), method=8))


def hdf5(depth=0, arrays=1, axes=1, zeros=0, name="a"):
    """Return an HDF5 file."""
    import h5py
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        group = opened.require_group("/" + "/".join("g" * depth))
        for i in range(arrays):
            group["%s%d" % (name, i)] = np.zeros((1,) * axes, "f4")
        if zeros:
            group.create_dataset("z", data=np.zeros(zeros // 4, "f4"),
                                 compression="gzip")
    return file.getvalue()


def safetensors(*names):
    """Return a file of empty arrays."""
    return containers.safetensors(
        {name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
         for name in names})


#: Limit, suffix, and the file that is within and past the value.
CASES = {
    "file": ("file", ".npz", npz("arr_0"), npz("arr_0", "arr_1"),
             len(npz("arr_0"))),
    "members of an archive": (
        "members", ".npz", npz("arr_0", "arr_1"),
        npz("arr_0", "arr_1", "arr_2"), 2),
    "fields of a message": (
        "members", ".caffemodel", caffe(1), caffe_model(
            *[caffe_layer()] * 5), 4),
    "arrays of a pickle": (
        "members", ".pkl", b"](" + containers.array_pickle()[:-1] * 2 + b"e.",
        b"](" + containers.array_pickle()[:-1] * 13 + b"e.", 12),
    "parts of a compressed file": (
        "members", ".pkl.gz", gzip.compress(NESTED), gzip.compress(
            NESTED[:20]) + gzip.compress(NESTED[20:]) + gzip.compress(
                b"") * 200, 100),
    "names in an archive": (
        "name", ".npz", npz("a" * 8), npz("a" * 9), 12),
    "axes of a member": (
        "axes", ".npz", containers.zipped(member("a.npy", npy((2, 1, 1)))),
        containers.zipped(member("a.npy", npy((2, 1, 1, 1)))), 3),
    "axes of a blob": ("axes", ".caffemodel", caffe(3), caffe(4), 3),
    "axes in a pickle": (
        "axes", ".pkl", containers.array_pickle(shape="(I2\nI1\nt"),
        containers.array_pickle(shape="(I2\nI1\nI1\nt"), 2),
    "opcodes": ("opcodes", ".pkl", NESTED[:2] + b"N0" * 3 + NESTED[2:],
                NESTED[:2] + b"N0" * 50 + NESTED[2:], 60),
    "depth of a pickle": ("depth", ".pkl", NESTED,
                          NESTED[:2] + b"]" * 5 + NESTED[2:-1] + b"aaaaa.",
                          4),
    "floor of a compressed pickle": (
        "floor", ".pkl.bz2", bz2.compress(NESTED), bz2.compress(
            NESTED[:-1] + b"N0" * 6000 + b"."), 8000),
    "floor of an archive": ("floor", ".npz", packed_zeros(4096),
                            packed_zeros(16384), 8000),
    "expansion of an archive": ("expansion", ".npz", packed_zeros(4096),
                                packed_zeros(1 << 16), 30),
    "header of an archive": ("header", ".npz", npz("a"), npz(*"abcdefgh"),
                             150),
}
CASES_OF_HDF5 = {
    "depth of groups": ("depth", ".h5", dict(depth=3), dict(depth=5), 4),
    "members of a file": ("members", ".h5", dict(arrays=5),
                          dict(arrays=40), 9),
    "axes of a dataset": ("axes", ".h5", dict(axes=3), dict(axes=4), 3),
    "names in a file": ("name", ".h5", {}, dict(name="a" * 20), 8),
    "expansion of a file": ("expansion", ".h5", dict(zeros=4096),
                            dict(zeros=1 << 20), 9),
    "header of a file": ("header", ".h5", {}, dict(depth=5, arrays=60),
                         2500),
}


def limits_of(field, value):
    """Return the default limits with one made small."""
    limits = LIMITS._replace(**{field: value})
    return limits._replace(floor=0) if field == "expansion" else (
        limits._replace(expansion=0) if field == "floor" else limits)


def check(tmp_path, field, suffix, within, past, value):
    """Read both files under the limit, and the second without it."""
    limits = limits_of(field, value)
    for data, name in ((within, "within"), (past, "past")):
        (tmp_path / (name + suffix)).write_bytes(data)
    with read(tmp_path / ("within" + suffix), limits=limits) as checkpoint:
        assert checkpoint.values()
    with pytest.raises(UnsafeFileError):
        with read(tmp_path / ("past" + suffix), limits=limits) as checkpoint:
            checkpoint.values()
    with read(tmp_path / ("past" + suffix)) as checkpoint:
        assert checkpoint.values()


@pytest.mark.parametrize("case", CASES)
def test_limit_holds(case, tmp_path):
    check(tmp_path, *CASES[case])


@pytest.mark.skipif(not HAS_H5PY, reason="needs h5py")
@pytest.mark.parametrize("case", CASES_OF_HDF5)
def test_limit_holds_in_hdf5(case, tmp_path):
    field, suffix, within, past, value = CASES_OF_HDF5[case]
    check(tmp_path, field, suffix, hdf5(**within), hdf5(**past), value)


def test_every_limit_has_a_case():
    assert {row[0] for row in CASES.values()} == set(Limits._fields)


@pytest.mark.skipif(importlib.util.find_spec("safetensors") is None,
                    reason="needs safetensors")
@pytest.mark.parametrize("field, value, past", [
    ("members", 2, safetensors("a", "b", "c")),
    ("name", 4, safetensors("abcde", "b")),
    ("header", 130, safetensors("a", "b", "c"))],
    ids=["members", "name", "header"])
def test_limit_holds_in_safetensors(field, value, past, tmp_path):
    check(tmp_path, field, ".safetensors", safetensors("a", "b"), past,
          value)


def test_unpacked_is_the_larger_of_floor_and_multiple():
    limits = LIMITS._replace(floor=100, expansion=3)
    assert [limits.unpacked(n) for n in (0, 33, 34, 1000)] == [
        100, 100, 102, 3000]


@pytest.mark.parametrize("text, error, says", [
    (b'{"a": 1, "a": 1}', UnsafeFileError, "twice"),
    (b"9" * 25, CheckpointError, "25 digits"),
    (b"[" * 100000, CheckpointError, "no JSON"),
    (b'"\xff"', CheckpointError, "no JSON"),
    (b'"' + b"a" * 200 + b'"', UnsafeFileError, "202 bytes")])
def test_json_is_bounded(text, error, says):
    limits = LIMITS if text[:1] == b"[" else LIMITS._replace(header=100)
    with pytest.raises(error, match=says) as caught:
        parsed_json(text, "a.json", limits)
    assert type(caught.value) is error


def test_json_reads_what_is_within():
    text = json.dumps({"a": [1, -2.5, None, "ä"], "b": 10**20})
    assert parsed_json(text, "a.json", LIMITS) == json.loads(text)


@pytest.mark.skipif(not HAS_H5PY, reason="needs h5py")
def test_piece_of_hdf5_that_unpacks_to_more_is_refused(tmp_path):
    """However little the array declares, no more of it is made."""
    import h5py
    with h5py.File(str(tmp_path / "a.h5"), "w") as file:
        data = file.create_dataset("a", (4,), "f4", chunks=(4,),
                                   compression="gzip")
        data.id.write_direct_chunk((0,), zlib.compress(bytes(17)))
    with pytest.raises(UnsafeFileError, match="does not unpack to 16"):
        read(tmp_path / "a.h5")


#: One attack for each check that is neither a ceiling nor needs a library.
ONE_OF_EACH = (
    "call-00-system.pkl", "opcode-binpersid.pkl", "exhaust-encoded-again.pkl",
    "exhaust-text-as-arrays.pkl", "exhaust-shared-metadata.pkl",
    "exhaust-array-shape-short.pkl", "npy-shape-8PiB.npy",
    "zip-local-size.npz", "zip-extra-unicode-name.npz",
    "torch-offset-outside.pt", "hdf5-data-in-header.h5",
    "hdf5-tree-in-itself.h5", "hdf5-free-zero.h5")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_check_is_made(name):
    with open(str(ATTACKS / "manifest.tsv"), encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file, delimiter="\t")
                   if row["file"] == name)
    with pytest.raises(CheckpointError if row["error"] == "broken"
                       else UnsafeFileError) as caught:
        with read(ATTACKS / "files" / name) as checkpoint:
            checkpoint.values()
    assert row["text"] in str(caught.value)
