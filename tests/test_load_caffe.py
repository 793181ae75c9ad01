"""Weights of Caffe: correlation, dense layers transposed, two-layer norms."""
import numpy as np
import pytest
from lasagne.layers import DenseLayer
from lasagne_flipconv import layers, load
from lasagne_flipconv.errors import CheckpointError

import cases
import files
import reference
from test_golden import GOLDEN

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
