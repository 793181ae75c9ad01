"""Weights of Caffe: correlation, dense layers transposed, two-layer norms."""
import sys
from pathlib import Path

import numpy as np
import pytest
from lasagne.layers import ConcatLayer, DenseLayer, InputLayer
from lasagne_flipconv import layers, load, read
from lasagne_flipconv.errors import CheckpointError

import cases
import files
import reference
from test_golden import GOLDEN

sys.path.insert(0, str(Path(__file__).parent / "attacks"))
from containers import field  # noqa: E402

h5py = pytest.importorskip("h5py")

SHAPES = {"conv1/0": (4, 3, 2, 5), "conv1/1": (4,), "bn1/0": (4,),
          "bn1/1": (4,), "bn1/2": (1,), "scale1/0": (4,), "scale1/1": (4,),
          "fc/0": (5, 48), "fc/1": (5,)}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.caffemodel.h5"
    with h5py.File(path, "w") as file:
        for i, (name, shape) in enumerate(SHAPES.items()):
            file["data/" + name] = abs(cases.values(shape, i, "f4")) + .1
    return path


def network():
    net = layers.Conv2DLayer((None, 3, 4, 8), 4, (2, 5), name="conv1")
    net = layers.BatchNormLayer(net, name="bn1")
    return DenseLayer(net, 5, name="fc")


def test_hdf5_of_caffe(path):
    net = network()
    record = load(path, net, names={"scale1": "bn1"})
    with h5py.File(path, "r") as file:
        stored = {name: file["data/" + name][()] for name in SHAPES}
    values = dict(zip(("W", "b", "beta", "gamma", "mean", "inv_std"),
                      files.values_of(net)))
    assert record.turned == ("conv1.W",) and "fc.W" in record.permuted
    assert files.same(values["W"].astype("f4"), reference.reverse(
        stored["conv1/0"], (2, 3)))
    factor = stored["bn1/2"][0]
    for name, expected in (
            ("gamma", stored["scale1/0"]), ("beta", stored["scale1/1"]),
            ("mean", stored["bn1/0"] / factor),
            ("inv_std", (stored["bn1/1"] / factor + 1e-5) ** -.5)):
        np.testing.assert_allclose(values[name], expected, rtol=1e-5)
    assert np.array_equal(files.values_of(net)[6], stored["fc/0"].T)


def test_a_scale_that_no_name_ties_to_its_norm_is_refused(path):
    net = network()
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match="has nothing for bn1.beta, "
                       "bn1.gamma, and holds data/scale1/0"):
        load(path, net)
    assert files.unchanged(net, before)


@pytest.mark.parametrize("factor, expected", [
    (2, [[.5, 1], [1.5, 2]]), (1, [[1, 2], [3, 4]]), (0, [[0, 0], [0, 0]])])
def test_mean_and_variance_are_those_that_caffe_has(factor, expected,
                                                    tmp_path):
    """A factor of 0 is of a layer that saw no batch: Caffe has zeros."""
    path = tmp_path / "net.caffemodel.h5"
    with h5py.File(path, "w") as file:
        for i, values in enumerate(([1, 2], [3, 4], [factor])):
            file["data/bn1/%d" % i] = np.array(values, "f4")
    with read(path) as checkpoint:
        assert [entry.read().tolist() for entry in checkpoint.entries] == (
            expected)


@pytest.mark.parametrize("strict", [True, False])
def test_what_is_not_known_of_a_layer_takes_no_place(strict, tmp_path):
    """The normalization of SegNet and its like has four blobs."""
    path = tmp_path / "net.caffemodel.h5"
    with h5py.File(path, "w") as file:
        for i in range(4):
            file["data/bn1/%d" % i] = np.full(4, i + 1., "f4")
    net = layers.BatchNormLayer(InputLayer((None, 4)), name="bn1")
    if strict:
        with pytest.raises(CheckpointError, match="nothing for bn1.mean, bn1."
                           "inv_std, and holds data/bn1/2, data/bn1/3"):
            load(path, net)
        return
    record = load(path, net, strict=False)
    assert record.copied == ("bn1.beta", "bn1.gamma")
    assert (net.gamma.get_value()[0], net.beta.get_value()[0]) == (1, 2)


@pytest.mark.parametrize("name", ["py3-named.caffemodel",
                                  "py3-named-v1.caffemodel",
                                  "py3-named-caffe.h5"])
def test_caffemodels(name):
    net = layers.Conv2DLayer((None, 3, 2, 5), 4, (2, 5), name="conv1")
    net = DenseLayer(net, 6, name="dense")
    # the golden dense layer is 6 × 5, which as Caffe's is 5 inputs, 6 outputs
    record = load(GOLDEN / name, net, strict=False)
    assert record.turned == ("conv1.W",)
    assert list(record.refused) == ["dense.W", "dense.b"]
    assert "becomes (5, 6); expected (4, 6)" in record.refused["dense.W"]


@pytest.mark.parametrize("transpose", [None, 0, 1])
@pytest.mark.parametrize("old", [False, True])
def test_a_dense_layer_may_say_that_it_is_transposed(tmp_path, transpose, old):
    path, W = tmp_path / "net.caffemodel", cases.values((5, 5), 1, "f4")
    net = DenseLayer(InputLayer((None, 5)), 5, b=None, name="fc")
    name, kind, blobs, product, layers = (4, 5, 6, 17, 2) if old else (
        1, 2, 7, 117, 100)
    told = b"" if transpose is None else field(product, field(6, transpose))
    blob = field(5, W.tobytes()) + field(7, field(1, b"\5\5"))
    model = field(1, b"net") + field(layers, field(name, b"fc") + field(
        kind, 14 if old else b"InnerProduct") + field(blobs, blob) + told)
    path.write_bytes(model)
    record = load(path, net)
    assert bool(record.permuted) != bool(transpose)
    x = cases.values((3, 5), 2, "f4")
    np.testing.assert_allclose(files.output(net, x), np.maximum(
        x @ (W if transpose else W.T), 0), atol=1e-5)


@pytest.mark.parametrize("joined, ordered", [("vu", True), ("uv", False),
                                             ("", True)])
@pytest.mark.parametrize("old", [False, True])
def test_layers_in_another_order_than_their_graph(joined, ordered, old,
                                                  tmp_path):
    """Two towers of one shape, each with a layer in place: v is first."""
    name, bottom, top, blobs, layers_ = (4, 2, 3, 6, 2) if old else (
        1, 3, 4, 7, 100)

    def layer(title, reads, writes, *held):
        return field(layers_, field(name, title.encode()) + b"".join(
            field(number, each.encode()) for number, names in (
                (bottom, reads), (top, writes)) for each in names) + b"".join(
                    field(blobs, field(5, W.tobytes()) + field(7, field(
                        1, b"\3\2\1\1"))) for W in held))

    model, path = field(1, b"net"), tmp_path / "net.caffemodel"
    for i, each in enumerate("vu"):
        model += layer("conv_" + each, "x", each, cases.values(
            (3, 2, 1, 1), i, "f4")) + layer("relu_" + each, each, each)
    if joined:
        model += layer("join", joined, "y")
    path.write_bytes(model)
    assert load(path).ordered == ordered
    image = InputLayer((None, 2, 4, 4))
    net = ConcatLayer([layers.Conv2DLayer(image, 3, 1, b=None)
                       for _ in range(2)])
    before = files.values_of(net)
    if not ordered:
        with pytest.raises(CheckpointError, match="does not tell their order"):
            load(path, net)
        assert files.unchanged(net, before)


def test_a_single_filter_over_three_axes(tmp_path):
    path, W = tmp_path / "net.caffemodel", cases.values((1, 2, 3, 2, 2), 1)
    blob = field(5, W.astype("f4").tobytes()) + field(7, field(
        1, b"\1\2\3\2\2"))
    path.write_bytes(field(1, b"net") + field(100, field(1, b"conv") + field(
        2, b"Convolution") + field(7, blob)))
    net = layers.Conv3DDNNLayer((None, 2, 4, 4, 4), 1, (3, 2, 2), b=None,
                                name="conv")
    load(path, net)
    np.testing.assert_allclose(net.W.get_value(), W, rtol=1e-6)


@pytest.mark.parametrize("name", ["shift", None])
def test_what_a_bias_layer_holds_is_a_bias(name, tmp_path):
    path, b = tmp_path / "net.caffemodel", cases.values((3,), 1)
    blob = field(5, b.astype("f4").tobytes()) + field(7, field(1, b"\3"))
    path.write_bytes(field(1, b"net") + field(100, field(1, b"shift") + field(
        2, b"Bias") + field(7, blob)))
    net = layers.BiasLayer(InputLayer((None, 3, 4, 4)), name=name)
    load(path, net)
    np.testing.assert_allclose(net.b.get_value(), b, rtol=1e-6)


@pytest.mark.parametrize("fraction, told", [
    (None, None), (.999, None), (.5, .25), (None, .25)])
def test_epsilon_is_not_what_moving_averages_keep(fraction, told, tmp_path):
    path = tmp_path / "net.caffemodel"
    mean, variance = cases.values((3,), 1, "f4"), np.float32([.5, 1, 2])
    blobs = b"".join(field(7, field(5, (2 * each).tobytes()) + field(
        7, field(1, b"\3"))) for each in (mean, variance))
    blobs += field(7, field(5, np.float32([2]).tobytes()) + field(
        7, field(1, b"\1")))
    settings = b"".join(bytes([number << 3 | 5]) + np.float32(n).tobytes()
                        for number, n in ((2, fraction), (3, told)) if n)
    path.write_bytes(field(1, b"net") + field(100, field(1, b"bn") + field(
        2, b"BatchNorm") + blobs + field(139, settings)))
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="bn", beta=None,
                                gamma=None)
    load(path, net)
    np.testing.assert_allclose(net.mean.get_value(), mean, rtol=1e-6)
    np.testing.assert_allclose(net.inv_std.get_value(), (
        variance + (told or 1e-5)) ** -.5, rtol=1e-6)
