"""The commands inspect, convert and check: what they print and return."""
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from lasagne_flipconv import cli, inspect_file, layers, load, read, save
from lasagne_flipconv.weights import converting
from lasagne_flipconv.cli import filters
from lasagne_flipconv.errors import CheckpointError, ConventionError
from lasagne_flipconv.kernels import Convention
from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer

import cases
import files
import reference
from test_golden import GOLDEN


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved.npz"
    save(path, files.network(Conv2DDNNLayer))
    return str(path)


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.npz"
    np.savez(path, *files.values_of(files.network()), cases.values(
        (4, 3, 1, 1)))
    return str(path)


@pytest.fixture
def network_pickle(tmp_path):
    path = tmp_path / "network.pkl"
    path.write_bytes(pickle.dumps(files.network(), 2))
    return str(path)


def run(capsys, *argv):
    """Run a command; return its exit code, and what it printed where."""
    code = cli.main([str(arg) for arg in argv])
    return (code,) + tuple(capsys.readouterr())


def test_inspect_prints_all_that_is_known(saved, capsys):
    code, out, err = run(capsys, "inspect", saved)
    lines = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert ["format", "npz"] in lines
    assert ["writer", "lasagne_flipconv"] in lines
    assert ["bytes", str(os.path.getsize(saved))] in lines
    size = np.dtype(files.FLOAT).itemsize
    assert ["conv1.W", "4×3×2×3", files.FLOAT, str(72 * size), "OIHW",
            "correlation"] in lines
    assert ["dense.b", "5", files.FLOAT, str(5 * size), "-", "-"] in lines


def test_inspect_says_what_is_not_recorded(plain, capsys):
    _, out, _ = run(capsys, "inspect", plain)
    rows = {line.split()[0]: line for line in out.splitlines() if line}
    assert rows["arr_0"].endswith("not recorded")
    assert rows["arr_6"].endswith("any")
    assert rows["writer"].endswith("not recorded")


def test_inspect_tells_what_else_is_in_a_file(capsys):
    _, out, _ = run(capsys, "inspect", GOLDEN / "py2-recipes-p2.pkl")
    assert "besides  mean image, synset words" in out


def test_inspect_as_json(saved, capsys):
    code, out, _ = run(capsys, "inspect", saved, "--json")
    told = json.loads(out)
    assert code == 0 and told["format"] == "npz" and told["ordered"] is True
    assert told["arrays"][0] == {
        "name": "conv1.W", "shape": [4, 3, 2, 3], "dtype": files.FLOAT,
        "bytes": 72 * np.dtype(files.FLOAT).itemsize, "axes": "OIHW",
        "orientation": "correlation"}


def test_inspect_reads_no_values(saved, monkeypatch):
    monkeypatch.setattr("lasagne_flipconv.formats.npz.read_into", None)
    assert len(inspect_file(saved).arrays) == 6


def test_inspect_draws_the_filters(saved, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "out.png"
    assert run(capsys, "inspect", saved, "--plot", picture)[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, _, err = run(capsys, "inspect", saved, "--plot",
                       tmp_path / "out.nothing")
    assert code == 1 and "expected a name that ends in .png" in err


def test_the_filters_drawn_are_the_first_kernel_and_its_reverse(saved):
    name, kernel, reverses, orientation = filters.filters_of(saved)
    with read(saved) as checkpoint:
        expected = checkpoint.entries[0].read()
    assert (name, orientation) == ("conv1.W", "correlation")
    assert files.same(kernel, expected)
    assert files.same(reverses, reference.reverse(expected, (2, 3)))


def test_no_filters_to_draw(tmp_path, capsys):
    np.savez(tmp_path / "dense.npz", np.zeros((3, 3)))
    code, _, err = run(capsys, "inspect", tmp_path / "dense.npz", "--plot",
                       tmp_path / "out.png")
    assert code == 1 and "no kernel over two axes" in err


def test_check_of_a_fine_file(saved, capsys):
    code, out, err = run(capsys, "check", saved)
    assert (code, err) == (0, "") and "fine; npz, 6 arrays" in out


def test_check_reads_every_value(saved, capsys):
    with open(saved, "r+b") as file:
        file.seek(400)
        byte = file.read(1)
        file.seek(400)
        file.write(bytes([byte[0] ^ 1]))
    code, out, err = run(capsys, "check", saved)
    assert (code, out) == (1, "") and "checksum" in err


def test_refused_is_1_and_one_line(network_pickle, capsys):
    for command in (["check"], ["inspect"], ["inspect", "--json"]):
        code, out, err = run(capsys, *command, network_pickle)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("lasagne-flipconv %s: %s: asks for lasagne"
                              % (command[0], network_pickle))
        assert "get_all_param_values" in err


@pytest.mark.parametrize("command", ["check", "inspect"])
def test_not_looked_at_is_2(command, tmp_path, capsys):
    code, out, err = run(capsys, command, tmp_path / "missing.npz")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert run(capsys, command, tmp_path)[0] == 1  # a folder is no file


def test_bad_compression_is_refused_not_unseen(tmp_path, capsys):
    data = (GOLDEN / "py3-recipes-p2.pkl.bz2").read_bytes()
    path = tmp_path / "bad.pkl.bz2"
    path.write_bytes(data[:200] + b"\0\0\0" + data[203:])
    assert run(capsys, "check", path)[0] == 1


def test_wrong_usage_is_2(capsys):
    for argv in (["check"], ["convert", "a.npz"], ["inspect", "a", "b"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(argv)
        assert caught.value.code == 2
    capsys.readouterr()


def test_convert_turns_and_tells(plain, tmp_path, capsys):
    target = tmp_path / "out.npz"
    code, out, err = run(capsys, "convert", plain, target, "--from",
                         "convolution", "--to", "correlation")
    assert (code, err) == (0, "")
    assert "7 arrays, 2 kernels turned, 0 permuted" in out
    with read(plain) as before, read(target) as after:
        for old, new in zip(before.entries, after.entries):
            expected = old.read()
            if old.name in ("arr_0", "arr_2"):
                expected = reference.reverse(expected, (2, 3))
            assert files.same(new.read(), expected)
    assert inspect_file(target).arrays[0].orientation == "correlation"


def test_convert_says_what_it_leaves_out(tmp_path, capsys):
    _, out, _ = run(capsys, "convert", GOLDEN / "py2-recipes-p2.pkl",
                    tmp_path / "out.npz")
    assert "left out: mean image, synset words" in out


@pytest.mark.parametrize("argv, text", [
    (["--to", "correlation"], "arr_0 in .*does not say.*--from"),
    (["--from", "backwards", "--to", "torch"], "'backwards': is no convent"),
    (["--to", "HWIO:sideways", "--from", "torch"], "'sideways'")])
def test_convert_refuses_what_is_unclear(plain, tmp_path, capsys, argv, text):
    target = tmp_path / "out.npz"
    code, out, err = run(capsys, "convert", plain, target, *argv)
    assert (code, out) == (1, "") and not target.exists()
    with pytest.raises(ConventionError, match=text):
        converting.convert_file(plain, target, *(
            argv[argv.index(o) + 1] if o in argv else None
            for o in ("--from", "--to")))


@pytest.mark.parametrize("shapes, text", [
    ({"arr_0": (4, 3, 2, 2), "arr_1": (4, 5, 5)},  # a bias of each position
     "arr_1 with 3 axes and arr_0 with 4 axes"),
    ({"arr_0": (4, 3, 2, 2, 5, 5), "arr_1": (4,)}, "arr_0 with 6 axes"),
    ({"local.W": (4, 3, 2, 2, 5, 5), "local.b": (4, 5, 5)},
     "local.W with 6 axes"),
    ({"conv.W": (4, 3, 2, 2), "conv.b": (4, 5, 5)}, None),
    ({"arr_0": (4, 3, 2), "arr_1": (4, 5)}, None)])
@pytest.mark.parametrize("wanted", [None, "correlation"])
def test_convert_turns_nothing_that_may_be_no_kernel(shapes, text, wanted,
                                                     tmp_path):
    plain, out = tmp_path / "plain.npz", tmp_path / "out.npz"
    np.savez(plain, **{name: np.ones(s, "f4") for name, s in shapes.items()})
    if text:
        with pytest.raises(ConventionError, match=text):
            converting.convert_file(plain, out, "convolution", wanted)
    else:
        record = converting.convert_file(plain, out, "convolution", wanted)
        assert record.turned == (tuple(shapes)[:1] if wanted else ())


def test_convert_refuses_to_contradict_a_record(saved, tmp_path):
    with pytest.raises(ConventionError, match="the file says 'correlation', "
                       ".*says 'convolution'"):
        converting.convert_file(saved, tmp_path / "out.npz", "convolution")


def test_convert_refuses_to_write_what_it_reads(saved, capsys):
    code, _, err = run(capsys, "convert", saved, saved)
    assert code == 1 and "is the file to read as well" in err
    with read(saved) as checkpoint:
        assert len(checkpoint.entries) == 6


def test_convert_knows_only_formats_that_it_writes(saved, tmp_path):
    with pytest.raises(CheckpointError, match="ends in no format"):
        converting.convert_file(saved, tmp_path / "out.pkl")


def test_a_word_alone_leaves_the_axes_to_the_layer(tmp_path):
    net = layers.DilatedConv2DLayer((None, 3, 9, 8), 4, (2, 3), b=None)
    files.fill(net)
    np.savez(tmp_path / "plain.npz", net.W.get_value())
    converting.convert_file(tmp_path / "plain.npz", tmp_path / "out.npz",
                            "correlation", "convolution")
    other = layers.DilatedConv2DLayer((None, 3, 9, 8), 4, (2, 3), b=None)
    assert load(tmp_path / "out.npz", other).turned
    assert files.same(other.W.get_value(), net.W.get_value())


KERNEL_LAYERS = {
    "forward": lambda: Conv2DLayer((None, 4, 9, 8), 4, (2, 3), b=None),
    "dilated": lambda: layers.DilatedConv2DLayer((None, 4, 9, 8), 4, (2, 3),
                                                 b=None),
    "transposed": lambda: layers.TransposedConv2DLayer(
        (None, 4, 9, 8), 4, (2, 3), b=None)}


@pytest.mark.parametrize("kind", KERNEL_LAYERS)
@pytest.mark.parametrize("first", ["torch", "tensorflow"])
@pytest.mark.parametrize("wanted", [
    None, "correlation", "convolution", "caffe", "theano", "tensorflow",
    "keras-theano", "class"])
def test_a_format_leaves_the_axes_to_the_layer(tmp_path, kind, first, wanted):
    net, one, two = KERNEL_LAYERS[kind](), *(
        tmp_path / name for name in ("one.npz", "two.npz"))
    kernel = cases.values((4, 4, 2, 3) if first == "torch" else (2, 3, 4, 4))
    np.savez(one, kernel)
    converting.convert_file(one, two, first, type(net) if wanted == "class"
                            else wanted)
    load(two, net)
    expected = KERNEL_LAYERS[kind]()
    load(one, expected, orientation=first)
    assert files.same(net.W.get_value(), expected.W.get_value())


@pytest.mark.parametrize("wanted", [
    "keras-1-th", Convention("IOHW", "correlation")])
def test_a_format_whose_axes_differ_by_layer_is_refused(tmp_path, wanted):
    np.savez(tmp_path / "one.npz", np.ones((4, 4, 1, 1)))
    with pytest.raises(ConventionError, match="may be (of|those of) a trans"):
        converting.convert_file(tmp_path / "one.npz", tmp_path / "two.npz",
                                "torch", wanted)
    assert not (tmp_path / "two.npz").exists()


def test_local_kernels_are_turned_too(tmp_path):
    net = layers.LocallyConnected2DLayer((None, 3, 5, 6), 4, 3, b=None)
    files.fill(net)
    save(tmp_path / "saved.npz", net)
    record = converting.convert_file(
        tmp_path / "saved.npz", tmp_path / "out.npz", None, "correlation")
    assert len(record.turned) == 1
    with read(tmp_path / "out.npz") as checkpoint:
        assert files.same(checkpoint.entries[0].read(), reference.reverse(
            net.W.get_value(), (2, 3)))


def test_as_a_program(saved):
    run = subprocess.run(
        [sys.executable, "-m", "lasagne_flipconv", "inspect", saved + "x"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    assert run.returncode == 2 and "Traceback" not in run.stderr


def test_conventions_of_words():
    told = converting.convention_told
    assert told("convolution", 3, True) == ("IODHW", "convolution")
    assert told("torch", 2, True) == ("IOHW", "correlation")
    assert told("keras-theano", 2) == ("HWIO", "convolution")
    assert told("IHWO:convolution", 2) == ("IHWO", "convolution")
    assert Conv2DLayer((None, 3, 9, 8), 4, 3).convention == told(
        "convolution", 2)


@pytest.mark.parametrize("told, wanted", [
    (("HWIO", "correlation"), ("OIHW", "convolution")),
    (Convention("HWIO", "correlation"), "OIHW:convolution"),
    ("tensorflow", "Conv2DLayer")])
def test_conventions_of_pairs_and_classes(tmp_path, told, wanted):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    kernel = np.arange(120.).reshape(5, 4, 3, 2)
    np.savez(one, kernel)
    converting.convert_file(one, two, told, wanted)
    assert np.array_equal(np.load(two)["arr_0"],
                          kernel.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1])
    for wrong in (("HWIO",), 5, ("HWIO", "x"), "npz"):
        with pytest.raises(ConventionError):
            converting.convert_file("no_such_file.npz", two, wrong)
