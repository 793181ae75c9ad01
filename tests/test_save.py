"""What is saved, how the usual snippet loads it, and that it is never half."""
import errno
import os
import stat
import sys
import zipfile

import numpy as np
import pytest
import theano
from lasagne.layers import (DenseLayer, InputLayer, Layer,
                            get_all_param_values, set_all_param_values)
from lasagne_flipconv import layers, load, read, save, transfer
from lasagne_flipconv.errors import (CheckpointError, ConventionError,
                                     FlipconvError)
from lasagne_flipconv.formats import npz
from lasagne_flipconv.formats.common.record import Checkpoint, Entry
from lasagne_flipconv.formats.common.writing import replaced_together
from lasagne_flipconv.layers import (Conv2DCCLayer, Conv2DDNNLayer,
                                     Conv2DLayer, TransposedConv2DLayer)
from lasagne_flipconv.weights.checkpoint import write

import files
import measure_files
import reference


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.npz"


def test_the_usual_snippet_loads_what_we_save(path):
    source, target = files.network(norm=True), files.network(norm=True)
    files.fill(target, 1)
    save(path, source)
    with np.load(path) as f:
        param_values = [f['arr_%d' % i] for i in range(len(f.files))]
    set_all_param_values(target, param_values)
    assert files.unchanged(target, files.values_of(source))


def test_the_record_is_no_member_of_the_archive(path):
    save(path, files.network())
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["arr_%d.npy" % i for i in range(6)]
    with read(path) as checkpoint:
        assert [entry.name for entry in checkpoint.entries] == [
            "conv1.W", "conv1.b", "conv2.W", "conv2.b", "dense.W", "dense.b"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_the_convention_of_each_kernel_is_recorded(tmp_path, suffix):
    if suffix != ".npz":
        pytest.importorskip("safetensors")
    path = tmp_path / ("weights" + suffix)
    net = Conv2DLayer((None, 4, 9, 8), 4, 3, name="one")
    net = Conv2DDNNLayer(net, 4, 3, name="two")
    net = Conv2DDNNLayer(net, 4, 1, flip_filters=True, name="three")
    net = TransposedConv2DLayer(net, 4, 3, name="four")
    net = layers.DilatedConv2DLayer(net, 4, 3, name="five")
    net = layers.LocallyConnected2DLayer(net, 4, 3, name="six")
    save(path, DenseLayer(net, 4, name="seven"))
    with read(path) as checkpoint:
        told = {entry.layer: entry.convention if entry.kind == "dense"
                else tuple(entry.convention)
                for entry in checkpoint.entries if entry.convention}
    assert told == {
        "one": ("OIHW", "convolution"), "two": ("OIHW", "correlation"),
        "three": ("OIHW", "convolution"), "four": ("IOHW", "convolution"),
        "five": ("IOHW", "correlation"), "six": ("OIHWhw", "convolution"),
        "seven": "IO"}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("layer", [
    lambda: DenseLayer((None, 4), 4), lambda: DenseLayer((None, 4), 3),
    lambda: layers.NINLayer((None, 4, 2, 2), 4)])
@pytest.mark.parametrize("said, fits", [
    (None, True), ("theano", True), ("convolution", True), ("keras", True),
    ({"*.W": "IO"}, True), ("torch", False), ("caffe", False),
    ({"*.W": "OI"}, False)])
def test_a_matrix_is_not_transposed_again(tmp_path, suffix, layer, said,
                                          fits):
    """What is said is said of files that do not know it."""
    net, new, path = layer(), layer(), tmp_path / ("weights" + suffix)
    if suffix != ".npz":
        pytest.importorskip("safetensors")
    save(path, net)
    before = new.W.get_value()
    if fits:
        load(path, new, orientation=said)
    else:
        with pytest.raises(ConventionError, match="the file says axes 'IO', "
                           "orientation=.* says 'OI'; expected both to agree"):
            load(path, new, orientation=said)
    assert np.array_equal(new.W.get_value(),
                          net.W.get_value() if fits else before)


#: Layers that can hold the same kernel, and how each is built.
FAMILY = {
    "convolution": lambda: Conv2DLayer((None, 4, 9, 8), 16, (2, 3), b=None),
    "correlation": lambda: Conv2DDNNLayer((None, 4, 9, 8), 16, (2, 3),
                                          b=None),
    "dilated": lambda: layers.DilatedConv2DLayer((None, 4, 9, 8), 16, (2, 3),
                                                 b=None),
    "c01b": lambda: Conv2DCCLayer((4, 9, 9, None), 16, 2, b=None,
                                  dimshuffle=False),
}


@pytest.mark.parametrize("target", ["convolution", "correlation", "dilated"])
@pytest.mark.parametrize("source", ["convolution", "correlation", "dilated"])
def test_saved_from_one_layer_loads_into_every_other(path, source, target):
    one, two = FAMILY[source](), FAMILY[target]()
    files.fill(one)
    save(path, one)
    load(path, two)
    kernel = one.W.get_value()
    if "dilated" in (source, target) and source != target:
        kernel = kernel.transpose(1, 0, 2, 3)
    if (source == "convolution") != (target == "convolution"):
        kernel = reference.reverse(kernel, (2, 3))
    assert files.same(two.W.get_value(), kernel)


def test_axes_of_another_order(path):
    one = FAMILY["c01b"]()
    two = Conv2DLayer((None, 4, 9, 9), 16, 2, b=None)
    files.fill(one)
    save(path, one)
    record = load(path, two)
    assert record.permuted == record.turned != ()
    assert files.same(two.W.get_value(), reference.reverse(
        one.W.get_value().transpose(3, 0, 1, 2), (2, 3)))


def test_another_suffix_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CheckpointError, match="expected one of .npz, "
                       ".safetensors"):
        save(tmp_path / "weights.pkl", files.network())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("moment", ["write", "sync", "rename"])
def test_a_failure_leaves_the_old_file(path, moment, monkeypatch):
    save(path, files.network())
    before = path.read_bytes()

    def fail(*args):
        raise OSError("no space")

    name = {"write": "lasagne_flipconv.formats.npz.pieces_of",
            "sync": "os.fsync", "rename": "os.replace"}[moment]
    monkeypatch.setattr(name, fail)
    with pytest.raises(OSError, match="no space"):
        save(path, files.network(norm=True))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize("call", range(3))
def test_files_that_belong_together_change_together(moment, call, tmp_path,
                                                    monkeypatch):
    """Whenever the user interrupts it."""
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(b"old")
    stock, calls = getattr(os, moment), []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == call + 1:
            raise KeyboardInterrupt
        return stock(*args)

    monkeypatch.setattr(os, moment, interrupted)
    with pytest.raises(KeyboardInterrupt), replaced_together(
            list(map(str, paths))) as opened:
        for file in opened:
            file.write(b"new")
    assert sorted(tmp_path.iterdir()) == paths
    assert {path.read_bytes() for path in paths} == {
        b"new" if moment == "replace" and call else b"old"}


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_disk_without_modes_or_folders_that_sync(path, monkeypatch):
    """As of FAT, and of many that lie on another machine."""
    sync = os.fsync

    def fail(*args):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("os.chmod", fail)
    monkeypatch.setattr("os.fsync", lambda handle: (
        fail if stat.S_ISDIR(os.fstat(handle).st_mode) else sync)(handle))
    net = files.network()
    save(path, net)
    assert os.listdir(path.parent) == [path.name]
    assert load(path, net).copied


def test_a_full_disk_is_told_with_the_file(path, monkeypatch):
    def fail(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="space left on device: .*" + path.name):
        save(path, files.network())
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("name", ["x" * 251, "\u5b57" * 83, "\U0001f3db" * 62])
def test_a_name_as_long_as_a_folder_takes(name, tmp_path):
    path = tmp_path / (name + ".npz")
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this folder takes shorter names")
    save(path, files.network())
    assert load(path).entries


def test_nowhere_to_save_is_an_error_of_the_system(tmp_path):
    path = tmp_path / "missing" / "weights.npz"
    with pytest.raises(OSError) as error:
        save(path, files.network())
    assert error.value.filename == str(path)


def test_a_folder_by_a_sign_of_shells(tmp_path, monkeypatch):
    (tmp_path / "~").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="~/net.npz: begins with ~, "):
        save("~/net.npz", files.network())
    assert not os.listdir("~")
    save("./~/net.npz", files.network())


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", None)])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_not_replaced(path, make, linked):
    there = path.with_name("there.npz") if linked else path
    make(str(there))
    if linked:
        path.symlink_to(there)
    kind = there.stat().st_mode
    with pytest.raises(CheckpointError, match="weights.npz: is a folder, pipe "
                       "or device; expected a file"):
        save(path, files.network())
    assert there.stat().st_mode == kind
    assert len(os.listdir(path.parent)) == 1 + linked


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_and_links_stay(path):
    path.write_bytes(b"old")
    path.chmod(0o640)
    link = path.parent / "link.npz"
    link.symlink_to(path)
    save(link, files.network())
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    load(path, files.network())


def test_what_is_saved_is_a_copy(path):
    net = files.network()
    save(path, net)
    before = files.values_of(net)
    files.fill(net, 1)
    load(path, net)
    assert files.unchanged(net, before)


class Outer(Layer):
    """A layer that gives out the parameters of one within it."""

    def __init__(self, incoming, conv, **kwargs):
        super().__init__(incoming, **kwargs)
        self.inner = [conv(InputLayer(self.input_shape), 4, (3, 2),
                           name="inner")]
        self.given = theano.shared(np.ones(4, files.FLOAT), "given")

    def get_params(self, **tags):
        return [self.given] + self.inner[0].get_params(**tags)

    def get_output_shape_for(self, input_shape):
        return self.inner[0].get_output_shape_for(input_shape)


def test_layers_within_a_layer_of_ones_own(path):
    source, target = (DenseLayer(Outer((None, 3, 6, 5), conv, name="outer"),
                                 5, name="fc")
                      for conv in (Conv2DLayer, Conv2DDNNLayer))
    save(path, source)
    with np.load(path) as saved:
        assert [saved[name].shape for name in saved.files] == [
            value.shape for value in files.values_of(source)]
    record = load(path, target)
    assert record.turned == ("inner.W",)
    assert record.copied == ("outer.given", "inner.b", "fc.W", "fc.b")
    assert transfer(source, target).turned == ("inner.W",)


def test_many_layers_of_one_name(path):
    net = DenseLayer((None, 3), 3, b=None, name="same")
    net = DenseLayer(net, 3, b=None, name="same")
    files.fill(net)
    for suffix in [".npz"] + [".safetensors"] * files.has("safetensors"):
        save(path.with_suffix(suffix), net)
        with read(path.with_suffix(suffix)) as checkpoint:
            assert all(map(np.array_equal, files.values_of(net),
                           [e.read() for e in checkpoint.entries]))


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_no_kill_leaves_half_a_file(tmp_path):
    assert measure_files.kill_saves(20, tmp_path)[:2] == (0, 0)


def test_values_of_lasagne_come_back_in_their_order(path):
    net = files.network(norm=True)
    save(path, net)
    with read(path) as checkpoint:
        for entry, value in zip(checkpoint.entries,
                                get_all_param_values(net)):
            assert files.same(entry.read(), value)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_two_arrays_of_one_name_are_not_written(suffix, tmp_path):
    path = tmp_path / ("net" + suffix)
    path.write_bytes(b"before")
    entry = Entry("W", (2,), np.dtype("f4"), lambda: np.zeros(2, "f4"))
    with pytest.raises(CheckpointError, match="2 arrays named 'W'"):
        write(path, Checkpoint("made", "made", (entry, entry)))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ordered", [True, False])
def test_no_bit_that_turned_changes_what_is_told_of_arrays(tmp_path, ordered):
    """Of a .npz, whose own checksums are those of its members alone."""
    path = tmp_path / "net.npz"
    values = np.arange(4, dtype="f4")
    with open(str(path), "wb") as file:
        npz.write(file, Checkpoint("a", "test", tuple(
            Entry(name, (4,), values.dtype, lambda: values, "layer", role,
                  epsilon=.001) for name, role in [
                      ("a.var", "variance"), ("b.beta", "beta")]),
            {}, None, ordered))

    def told():
        with read(path) as checkpoint:
            values = checkpoint.values()  # all are read
            return checkpoint.ordered, [
                (entry._replace(read=None, reader=None),
                 values[entry.name].tolist()) for entry in checkpoint.entries]

    data, expected = path.read_bytes(), told()
    begin, refused = data.index(b"PK\1\2"), 0
    for at in range(begin, len(data)):
        turned = bytearray(data)
        turned[at] ^= 1 << at % 8
        path.write_bytes(bytes(turned))
        try:
            assert told() == expected, (at - begin, bytes(data[at - 9:at + 9]))
        except FlipconvError:
            refused += 1
    assert refused > (len(data) - begin) / 2
