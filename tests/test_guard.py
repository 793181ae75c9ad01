"""Nothing but the package's own errors passes the guard around the readers.

Each reader is made to raise each error, at once and when values are read.
"""
import importlib
import os
import pickle
import struct
import sys
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from lasagne_flipconv import cli, inspect_file, load, read, save
from lasagne_flipconv.cli import filters
from lasagne_flipconv.weights.checkpoint import Entry
from lasagne_flipconv.weights.converting import convert_file
from lasagne_flipconv.errors import (CheckpointError, ConventionError,
                                     FlipconvError, UnsafeFileError)
from lasagne_flipconv.formats import FORMATS, HEAD, format_of
from lasagne_flipconv.formats.common.record import Checkpoint
from lasagne_flipconv.weights.inspecting import check_file

import files
from golden_files import golden_files

sys.path.insert(0, str(Path(__file__).parent / "attacks"))
from containers import caffe_layer, caffe_model  # noqa: E402


class Foreign(Exception):
    """What a library raises that has no class we know."""


def endless():
    """Return a value that takes for ever to print."""
    value = ()
    for _ in range(64):
        value = (value, value)
    return value


ERRORS = [
    ValueError("wrong\x1b[2J\nvalue"), TypeError("no"), OverflowError("much"),
    KeyError("key"), KeyError(endless()), IndexError(3), AttributeError("a"),
    struct.error("unpack"), zlib.error("inflate"), EOFError(),
    OSError(5, "io"), PermissionError(13, "denied"), RecursionError("deep"),
    MemoryError(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "start byte"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
    ZeroDivisionError(), AssertionError(), NotImplementedError(),
    StopIteration(), pickle.UnpicklingError("bad"), ImportError("library"),
    SyntaxError("literal"), FloatingPointError("nan"), BufferError("held"),
    ArithmeticError(), Foreign(b"\xff", endless())]

SURFACES = {
    "read": lambda path: read(path).values(),
    "inspect": inspect_file,
    "check": check_file,
    "filters": filters.filters_of,
    "convert": lambda path: convert_file(path, path + ".npz"),
    "load": lambda path: load(path, files.network(),
                              orientation="correlation"),
    "detect": lambda path: load(path, files.network(), orientation="detect",
                                inputs=np.zeros((4, 3, 9, 8), files.FLOAT)),
}


def one_a_format():
    """Return one golden file of each format."""
    found = {}
    for path in golden_files():
        with open(str(path), "rb") as file:
            found.setdefault(format_of(file.read(HEAD), path.name), path)
    return found


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Return what makes the reader of a format raise, or its entries."""
    def make(name, read):
        path = tmp_path / one_a_format()[name].name
        path.write_bytes(one_a_format()[name].read_bytes())
        module = importlib.import_module(
            "lasagne_flipconv.formats." + FORMATS[name].module)
        monkeypatch.setattr(module, "read" + FORMATS[name].suffix, read)
        return str(path)
    return make


def raising(error):
    """Return a function that raises."""
    def function(*args):
        raise error
    return function


def late(error):
    """Return a reader whose entries raise when they are read."""
    values = files.values_of(files.network())
    return lambda file, limits: Checkpoint(file.name, "x", tuple(
        Entry("a%d" % i, value.shape, value.dtype, raising(error))
        for i, value in enumerate(values)))


def check(error, path, text):
    """Check that an error is ours, names the file, and cannot command."""
    assert isinstance(error, FlipconvError)
    assert type(error) is (UnsafeFileError if text == "MemoryError"
                           else CheckpointError)
    assert path in str(error) and "expected" in str(error)
    assert len(str(error)) < 999 and str(error).isprintable()
    assert text in str(error) or text == "MemoryError"
    cause = error.__cause__
    assert all(arg.isprintable() for arg in cause.args
               if isinstance(arg, str))


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("name", FORMATS)
def test_no_reader_lets_another_error_out(shown, name, error):
    path = shown(name, raising(error))
    with pytest.raises(FlipconvError) as caught:
        read(path)
    check(caught.value, path, type(error).__name__)


def numbers_of_files():
    """Return those of the files that are open, where Linux tells."""
    folder = "/proc/self/fd"
    return set(os.listdir(folder)) if os.path.isdir(folder) else set()


@pytest.mark.parametrize("name", FORMATS)
def test_every_checkpoint_can_be_closed_and_leaves_no_file_open(name):
    path = one_a_format()[name]
    before = numbers_of_files()
    checkpoint = read(str(path))
    checkpoint.close()
    checkpoint.close()
    with checkpoint:
        pass
    assert not numbers_of_files() - before


@pytest.mark.parametrize("surface", sorted(set(SURFACES) - {"inspect"}))
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_nothing_passes_when_values_are_read(shown, error, surface):
    path = shown("npz", late(error))
    with pytest.raises(FlipconvError) as caught:
        SURFACES[surface](path)
    check(caught.value, path, type(error).__name__)


@pytest.mark.parametrize("command", ["check", "inspect", "convert"])
@pytest.mark.parametrize("make", [raising, late])
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_the_command_says_it_in_one_line(shown, tmp_path, capsys, error, make,
                                         command):
    path = shown("npz", make(error))
    options = [str(tmp_path / "out.npz")] if command == "convert" else (
        ["--plot", str(tmp_path / "out.png")] if command == "inspect" else [])
    assert cli.main([command, path] + options) in (1, 2)
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and path in err
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_wants_to_stop_can(shown, error):
    with pytest.raises(error):
        read(shown("npz", raising(error())))


@pytest.mark.parametrize("path", ["a\0b.npz", "\ud800.npz"])
@pytest.mark.parametrize("surface", SURFACES)
def test_a_path_that_no_file_can_have(surface, path, monkeypatch):
    with pytest.raises(CheckpointError):
        SURFACES[surface](path)


@pytest.mark.parametrize("path", ["a\0b.npz", "\ud800.npz"])
def test_a_target_that_no_file_can_have(tmp_path, path, capsys, uninstalled):
    source = str(tmp_path / "source.npz")
    np.savez(source, np.zeros((2, 3)))
    with pytest.raises(CheckpointError, match="cannot be the name"):
        convert_file(source, path)
    assert cli.main(["convert", source, path]) == 1
    assert cli.main(["check", path]) == 1
    assert cli.main(["run", path]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("told", [np.nan, np.inf, -1e-5, "small", [1, 2]])
def test_epsilon_is_a_number(told, tmp_path):
    net = files.network(norm=True)
    save(tmp_path / "net.npz", net)
    with pytest.raises(ConventionError, match="^epsilon: got .* such as 1e-5"):
        load(tmp_path / "net.npz", net, epsilon=told)


@pytest.mark.parametrize("one, other, said", [
    ({"a.b": np.ones(2)}, {"a": {"b": np.ones(3)}}, "2 arrays named 'a.b'"),
    ({1: np.ones(2)}, {"1": np.ones(3)}, "2 arrays named '1'"),
    ({None: np.ones(2)}, {"None": np.ones(3)}, "2 arrays named 'None'"),
    ({"W": np.ones(2)}, {b"W": np.ones(3)}, "the key 'W' twice"),
])
@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_two_arrays_of_one_name_are_refused(kind, protocol, one, other, said,
                                            tmp_path):
    path = tmp_path / "net.pkl"
    for both in ({**one, **other}, {**other, **one}):
        path.write_bytes(pickle.dumps(kind(both), protocol))
        with pytest.raises(CheckpointError, match=said):
            read(path)


@pytest.mark.parametrize("names", [("arr_0", "param_0"), ("01", "1")])
@pytest.mark.parametrize("write", [
    lambda file, held: np.savez(file, **held),
    lambda file, held: file.write(pickle.dumps(held, 4))])
def test_two_names_of_one_number_are_in_no_order(write, names, tmp_path):
    with open(tmp_path / "net", "wb") as file:
        write(file, dict.fromkeys(names, np.ones(2)))
    with read(tmp_path / "net") as checkpoint:
        assert not checkpoint.ordered


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_one_name_recorded_twice_is_refused(suffix, tmp_path):
    path = tmp_path / ("net" + suffix)
    save(path, files.network())
    end = b'"' if suffix == ".npz" else b'\\\\\\"'  # JSON in JSON in JSON
    path.write_bytes(path.read_bytes().replace(b"conv1.W" + end,
                                               b"conv2.W" + end))
    if suffix == ".npz":
        files.without_checksum(path)
    with pytest.raises(CheckpointError, match="2 arrays named 'conv2.W'"):
        read(path)


def test_layers_of_caffe_of_one_name(tmp_path):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(caffe_model(*[caffe_layer() for _ in range(3)]))
    with read(path) as checkpoint:
        assert list(checkpoint.values()) == ["conv/0", "conv#2/0", "conv#3/0"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name")
def test_a_pipe_does_not_hang(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    os.mkfifo(path)
    with pytest.raises(UnsafeFileError, match="pipe or device"):
        read(path)
    regular = os.stat(__file__)  # as if it was put there after a look
    monkeypatch.setattr(os, "stat", lambda *a, **k: regular)
    with pytest.raises(UnsafeFileError, match="pipe or device"):
        read(path)


@pytest.mark.parametrize("path", [os.sep, "/dev/null", "/dev/zero"])
def test_what_is_no_file(path):
    with pytest.raises(UnsafeFileError, match="folder, pipe or device"):
        read(path)


LATER = [path for path in golden_files() if path.stat().st_size > 200]


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.name)
def test_a_file_cut_after_it_was_looked_at(path, tmp_path):
    """Each array is what it was, or an error; never zeros or the like."""
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    with read(path) as checkpoint:
        expected = [entry.read() for entry in checkpoint.entries]
    with read(copy) as checkpoint:
        os.truncate(copy, 100)
        for entry, right in zip(checkpoint.entries, expected):
            try:
                found = entry.read()
            except CheckpointError:
                continue
            assert found.tobytes() == right.tobytes()
