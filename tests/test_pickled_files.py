"""Pickles as people make them: several in a file, lists in npz, joblib's."""
import bz2
import collections
import gzip
import io
import lzma
import pickle
import zlib

import joblib
import numpy as np
import pytest
from lasagne_flipconv import load, read, unpickle
from lasagne_flipconv.errors import CheckpointError, UnsafeFileError
from lasagne_flipconv.limits import LIMITS

import files

ARRAYS = [np.arange(6, dtype="f4").reshape(2, 3), np.ones(3), np.zeros((3, 3))]


def dumped(path, values, protocol=2):
    """Pickle values into a file, one after the other."""
    with open(path, "wb") as file:
        for value in values:
            pickle.dump(value, file, protocol)
    return path


def held(path):
    """Return arrays by name, metadata, and whether they have an order."""
    with read(path) as checkpoint:
        return checkpoint.values(), checkpoint.metadata, checkpoint.ordered


def same(found, expected=ARRAYS):
    """Tell whether arrays are those expected, in order."""
    return len(found) == len(expected) and all(
        map(np.array_equal, found, expected))


#: What is pickled one after the other: names of the arrays, and metadata.
SEVERAL = {
    "arrays": (ARRAYS, ["arr_0", "arr_1", "arr_2"], {}),
    "a number first": ([3] + ARRAYS, ["arr_0", "arr_1", "arr_2"], {"0": 3}),
    "a text first": (["net"] + ARRAYS, ["arr_0", "arr_1", "arr_2"],
                     {"0": "net"}),
    "others between": (ARRAYS[:2] + [{"lr": .5}, None] + ARRAYS[2:],
                       ["arr_0", "arr_1", "arr_2"],
                       {"2": {"lr": .5}, "3": None}),
    "lists": ([ARRAYS[:2], ARRAYS[2:]], ["0.0", "0.1", "1.0"], {}),
    "one list": ([2.5, ARRAYS], ["arr_0", "arr_1", "arr_2"], {"0": 2.5}),
    "a dict": ([{"a": ARRAYS[0], "b": ARRAYS[1], "c": ARRAYS[2]}, 7],
               ["a", "b", "c"], {"1": 7}),
}


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize("which", SEVERAL)
def test_several_pickles_in_one_file(which, protocol, tmp_path):
    values, names, metadata = SEVERAL[which]
    found = held(dumped(tmp_path / "net.pkl", values, protocol))
    assert same(list(found[0].values())) and found[1] == metadata
    assert list(found[0]) == names


def test_a_network_loads_from_one_pickle_for_each_array(tmp_path):
    net, other = files.network(names=False), files.network(names=False)
    files.fill(other, 5)
    path = dumped(tmp_path / "net.pkl", files.values_of(other))
    load(path, net, orientation="convolution")
    assert files.unchanged(net, files.values_of(other))


@pytest.mark.parametrize("rest", [b"\0", b"hello", b"PK\3\4", b"\n"])
def test_what_follows_has_to_be_a_pickle(rest, tmp_path):
    path = dumped(tmp_path / "net.pkl", ARRAYS)
    path.write_bytes(path.read_bytes() + rest)
    with pytest.raises(CheckpointError, match="%d bytes after the end"
                       % len(rest)):
        read(path)


def test_the_last_pickle_is_as_safe_as_the_first(tmp_path):
    path = dumped(tmp_path / "net.pkl", ARRAYS)
    path.write_bytes(path.read_bytes() + b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(UnsafeFileError, match="asks for os.system"):
        read(path)


def test_too_many_pickles(tmp_path):
    path = dumped(tmp_path / "net.pkl", ARRAYS + [3])
    limits = LIMITS._replace(members=3)
    with pytest.raises(UnsafeFileError, match="more than 3 pickles"):
        read(path, limits=limits)


def objects(items):
    """Return an array of objects."""
    array = np.empty(len(items), object)
    array[:] = items
    return array


def test_a_list_saved_without_a_star(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, objects(ARRAYS))
    found = held(path)
    assert same(list(found[0].values())) and found[1:] == ({}, True)
    assert list(found[0]) == ["arr_0", "arr_1", "arr_2"]
    np.savez_compressed(path, objects(ARRAYS))
    assert same(list(held(path)[0].values()))


def test_lists_beside_arrays_and_texts(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, params=objects(ARRAYS), mean=np.ones(2),
             classes=objects(["cat", "dog"]), about=np.array({"lr": .5}))
    values, metadata, ordered = held(path)
    assert list(values) == ["params.arr_0", "params.arr_1", "params.arr_2",
                            "mean"]
    assert same(list(values.values())[:3]) and not ordered
    assert metadata == {"classes": ["cat", "dog"], "about": {"lr": .5}}


def test_a_network_loads_from_a_list_saved_without_a_star(tmp_path):
    net, other = files.network(names=False), files.network(names=False)
    files.fill(other, 5)
    np.savez(tmp_path / "net.npz", objects(files.values_of(other)))
    load(tmp_path / "net.npz", net, orientation="convolution")
    assert files.unchanged(net, files.values_of(other))


def test_objects_in_npz_are_as_safe_as_pickles(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("executed",)

    path = tmp_path / "net.npz"
    for held_there in (objects([Evil()]), np.array(Evil())):
        np.savez(path, a=np.ones(2), b=held_there)
        with pytest.raises(UnsafeFileError, match="asks for builtins.print"):
            read(path)


@pytest.mark.parametrize("name", ["net.pkl", "net.joblib"])
@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3)])
def test_files_of_joblib_are_named(compress, name, tmp_path):
    path = tmp_path / name
    joblib.dump(ARRAYS, path, compress=compress)
    with pytest.raises(CheckpointError, match="joblib.*numpy.savez"):
        read(path)


def test_joblib_in_memory_is_a_plain_pickle(tmp_path):
    path = tmp_path / "net.pkl"
    file = io.BytesIO()
    joblib.dump({"epoch": 3}, file)
    path.write_bytes(file.getvalue())
    with pytest.raises(CheckpointError, match="holds a dict with the keys"):
        read(path)


@pytest.mark.parametrize("key", ["100%", "%d", "%(a)s", "{0}", "a\\nb"])
@pytest.mark.parametrize("value", [ARRAYS, [ARRAYS[:1], ARRAYS[1:]],
                                   ARRAYS[0]])
def test_names_are_no_formats(key, value, tmp_path):
    values = [{key: value, "b": ARRAYS[1]}]
    found, _, _ = held(dumped(tmp_path / "net.pkl", values))
    assert "b" in found and any(name.startswith(key) for name in found)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
@pytest.mark.parametrize("name", ["net.pkl", "net"])
def test_a_whole_network_that_was_compressed(pack, name, tmp_path):
    """Which `load` refuses; also in two parts, as `cat` joins them."""
    path, net = tmp_path / name, files.network()
    data = pickle.dumps(net, 2)
    for content in (pack(data), pack(data[:99]) + pack(data[99:])):
        path.write_bytes(content)
        with pytest.raises(UnsafeFileError, match="flipconv.unpickle.path"):
            load(path, net)
        assert files.unchanged(unpickle(path), files.values_of(net))


def whole(save, **names):
    """Return a file of NumPy with a network in it."""
    file = io.BytesIO()
    save(file, *names.values(), **{} if save is np.save else names)
    return file.getvalue()


PICKLED = pickle.dumps([1, 2, 3], 2)
NETWORK = np.array({"a": collections.OrderedDict()})
#: What is no pickle to run, the error, and its text.
NOT_TO_RUN = {
    "xz": (lzma.compress(PICKLED), CheckpointError, "xz -d"),
    "zlib": (zlib.compress(PICKLED), CheckpointError, "joblib.load"),
    "npy": (whole(np.save, a=NETWORK), CheckpointError,
            "numpy.load.path, allow_pickle=True"),
    "npz": (whole(np.savez, a=NETWORK), CheckpointError,
            "numpy.load.path, allow_pickle=True"),
    "npz in gzip": (gzip.compress(whole(np.savez, a=NETWORK)),
                    CheckpointError, "content is npz"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\n",
                CheckpointError, "git lfs pull"),
    "cut": (gzip.compress(PICKLED)[:-9], CheckpointError, "Get it again"),
    "cut within": (gzip.compress(PICKLED[:-3]), CheckpointError,
                   "Get it again"),
    "bomb": (gzip.compress(bytes(1 << 25)), UnsafeFileError,
             "Unpack it first"),
    "bomb of bzip2": (bz2.compress(bytes(1 << 25)), UnsafeFileError,
                      "Unpack it first"),
    "protocol 9": (b"\x80\x09.", CheckpointError, "pickle protocol: 9"),
    "a function that fails": (b"cbuiltins\nint\n(S'a'\ntR.",
                              CheckpointError, "base 10: 'a'"),
    "a function of less": (b"cbuiltins\ndivmod\n(I1\ntR.", CheckpointError,
                           "TypeError"),
    "a division": (b"cbuiltins\ndivmod\n(I1\nI0\ntR.", CheckpointError,
                   "ZeroDivisionError"),
}


@pytest.mark.parametrize("what", NOT_TO_RUN)
def test_what_is_no_pickle_to_run_is_named(what, tmp_path):
    content, error, said = NOT_TO_RUN[what]
    path = tmp_path / "net"
    path.write_bytes(content)
    with pytest.raises(error, match=said) as caught:
        unpickle(path)
    assert str(caught.value).startswith("%s: " % path)


@pytest.mark.parametrize("encoding", ["no such", None, 3])
def test_an_encoding_that_is_none(encoding, tmp_path):
    with pytest.raises(CheckpointError, match="^encoding: got .*expected"):
        unpickle(dumped(tmp_path / "a.pkl", [3]), encoding=encoding)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(OSError):
            unpickle(path)
