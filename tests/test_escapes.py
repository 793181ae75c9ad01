"""No text of a file and no path commands a terminal, whatever prints it."""
import io
import json
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import lasagne
import numpy as np
import pytest
from lasagne_flipconv import cli, load, read
from lasagne_flipconv.cli import output
from lasagne_flipconv.errors import FlipconvError, escaped
from lasagne_flipconv.layers import Conv2DLayer

import files
from files import has

sys.path.insert(0, str(Path(__file__).parent / "attacks"))
import containers  # noqa: E402
from containers import field  # noqa: E402

#: What can command a terminal, or hide or reorder what it shows.
BAD = ("\x1b[2J\x1b]0;title\x07", "\r\nfile     fine", "\x08\x7f", "\x9b31m",
       "\u202e\u2066\u200f", "\u200b\u2060\ufeff\u00ad\u3164\ufe0f",
       "\u2028\x85\x0b\x0c", "\U000e0041")
NAME = "W" + "".join(BAD)
LATIN = "W\x1b[2J\x07\r\n\x9b31m"

KERNEL = np.arange(54, dtype="f4").reshape(2, 3, 3, 3)


def npz(path, name):
    np.savez(path, **{name: KERNEL})


def pickled(path, name):
    path.write_bytes(pickle.dumps({name: KERNEL}, 2))


def safetensors(path, name):
    path.write_bytes(containers.safetensors(
        {"__metadata__": {name: "x"}, name: {
            "dtype": "F32", "shape": [2, 3, 3, 3], "data_offsets": [0, 216]}},
        KERNEL.tobytes()))


def onnx(path, name):
    import onnx
    from onnx import helper
    node = helper.make_node("Conv", ["x", name], ["y"])
    graph = helper.make_graph([node], "g", [], [], [
        onnx.numpy_helper.from_array(KERNEL, name)])
    path.write_bytes(helper.make_model(
        graph, producer_name=name).SerializeToString())


def hdf5(path, name):
    import h5py
    with h5py.File(str(path), "w") as file:
        file[name.replace("/", "")] = KERNEL
        file.attrs["backend"] = name


def keras(path, name):
    import h5py
    with h5py.File(str(path), "w") as file:
        group = file.create_group("layer")
        file.attrs["layer_names"] = [b"layer"]
        file.attrs["keras_version"] = name.encode()
        group.attrs["weight_names"] = [name.encode()]
        group[name] = KERNEL


def caffe(path, name):
    blob = field(5, KERNEL.tobytes()) + field(7, field(1, bytes(KERNEL.shape)))
    path.write_bytes(containers.caffe_model(
        field(1, name.encode()) + field(2, b"Convolution") + field(7, blob)))


def torch(path, name):
    import torch
    torch.save(OrderedDict([(name, torch.tensor(KERNEL))]), str(path))


MAKERS = [(npz, ".npz", None), (pickled, ".pkl", None),
          (safetensors, ".safetensors", "safetensors"),
          (onnx, ".onnx", "onnx"), (hdf5, ".h5", "h5py"),
          (keras, ".h5", "h5py"), (caffe, ".caffemodel", None),
          (torch, ".pt", "torch")]
MAKERS = [pytest.param((make, suffix), id=make.__name__,
                       marks=pytest.mark.skipif(
                           bool(needs) and not has(needs),
                           reason="needs %s" % needs))
          for make, suffix, needs in MAKERS]


def harmless(text):
    """Tell whether a text is plain lines."""
    return all(escaped(line) == line for line in text.split("\n"))


@pytest.mark.parametrize("text", BAD + ("\ud800", "\udc80", "\x00", "\x1b"))
def test_escaped_says_what_it_was(text):
    told = escaped("a" + text + "b")
    assert told.isprintable() and told.isascii()
    assert told.encode().decode("unicode_escape") == "a" + text + "b"
    assert escaped(told) == told


@pytest.mark.parametrize("text", [
    "conv1.W", "Gewichte für Größen", "重み", "веса", "a×b → c", "🙂",
    "\\x1b"])
def test_what_is_plain_stays(text):
    assert escaped(text) == text


@pytest.mark.parametrize("text", BAD + ("\ud800",))
def test_every_error_is_escaped(text):
    for cls in [FlipconvError] + FlipconvError.__subclasses__():
        error = cls("%s: is wrong" % text)
        assert str(error) == escaped(text) + ": is wrong"
        assert repr(error).isprintable()
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.fixture(params=MAKERS)
def bad_file(request, tmp_path):
    """Return a file whose names are bad, and whose own name is."""
    make, suffix = request.param
    path = tmp_path / ("f" + "".join(BAD[:5]) + suffix)
    make(path, NAME)
    return str(path)


@pytest.mark.parametrize("command", [
    ["inspect"], ["inspect", "--json"], ["check"], ["convert", "--to",
                                                   "convolution"]])
def test_the_command_shows_a_bad_file_plainly(bad_file, command, capsys):
    target = [bad_file + ".npz"] if command[0] == "convert" else []
    cli.main([command[0], bad_file] + target + command[1:])
    out, err = capsys.readouterr()
    assert out + err and harmless(out) and harmless(err)
    if command[-1] == "--json":
        assert json.loads(out)["path"] == bad_file
    else:
        assert "f\\x1b[2J" in out + err
        assert not any(line.startswith("file     fine")
                       for line in out.split("\n"))


def test_errors_of_a_load_are_plain(bad_file):
    with pytest.raises(FlipconvError) as caught:
        load(bad_file, files.network(), orientation="correlation")
    assert harmless(str(caught.value)) and repr(caught.value).isprintable()


def test_the_picture_shows_names_plainly(bad_file, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert cli.main(["inspect", bad_file, "--plot",
                     str(tmp_path / "out.png")]) == 0
    assert (tmp_path / "out.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["$a^^b$", "$", "\\$a$", "$$", "$\\frac$_^",
                                  "\ud800$x_{$", "a" * 1024])
def test_names_are_no_formulas(name, tmp_path):
    pytest.importorskip("matplotlib")
    from lasagne_flipconv.cli.filters import plot_filters
    path = tmp_path / "$b^^c$.pkl"
    pickled(path, name)
    plot_filters(path, tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["\ud800", "a\udc80b"])
def test_halves_of_pairs_can_be_shown(name, tmp_path, capsys):
    pickled(tmp_path / "half.pkl", name)
    safetensors(tmp_path / "half.safetensors", name)
    assert cli.main(["inspect", str(tmp_path / "half.pkl")]) == 0
    assert ascii(name)[1:-1] in capsys.readouterr().out
    assert cli.main(["check", str(tmp_path / "half.safetensors")]) in (0, 1)


def test_a_terminal_of_few_characters_is_no_error(monkeypatch, tmp_path):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    npz(tmp_path / "a.npz", "重み")
    assert cli.main(["inspect", str(tmp_path / "a.npz")]) == 0
    assert b"\\u91cd\\u307f    2\\xd73\\xd73\\xd73" in raw.getvalue()


@pytest.mark.parametrize("argv", [
    ["check", "a", NAME], ["explain", NAME], ["inspect", NAME],
    ["convert", NAME, "x.npz"], [NAME], ["run", NAME], ["run", "-m", NAME],
    ["convert", "a.npz", NAME + ".npz", "--to", NAME]])
def test_wrong_arguments_are_told_plainly(argv, capsys, tmp_path, monkeypatch,
                                          uninstalled):
    monkeypatch.chdir(tmp_path)
    npz(tmp_path / "a.npz", "W")
    with pytest.raises(SystemExit):
        sys.exit(cli.main(argv))
    out, err = capsys.readouterr()
    assert not out and err and harmless(err)


def test_layers_of_a_script_are_told_plainly(tmp_path, capsys, uninstalled):
    script = tmp_path / "script.py"
    script.write_text(
        "from lasagne.layers import Conv2DLayer\n"
        "Conv2DLayer((None, 3, 9, 9), 4, 3, name=%s)" % ascii(NAME))
    assert cli.main(["run", "--report", str(script)]) == 0
    assert "W\\x1b[2J" in capsys.readouterr().err


def test_records_and_entries_are_plain_when_shown(bad_file):
    with read(bad_file) as checkpoint:
        assert repr(checkpoint).isprintable()
    layer = Conv2DLayer(lasagne.layers.InputLayer((None, 3, 9, 9)), 2, 3,
                        b=None, name="c")
    try:
        shown = repr(load(bad_file, layer, orientation="correlation",
                          strict=False))
    except FlipconvError as error:  # where the file has no order of layers
        shown = str(error)
    assert shown.isprintable()


def test_the_command_prints_by_one_function_only():
    folder = Path(output.__file__).parent
    for path in folder.glob("*.py"):
        allowed = {"output.py": 1, "completion.py": 1}.get(path.name, 0)
        text = path.read_text(encoding="utf-8")
        assert text.count("print(") == allowed, path.name
        assert text.count(".write(") == (path.name == "output.py"), path.name
