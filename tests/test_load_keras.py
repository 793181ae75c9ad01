"""Networks of Keras and the Lasagne networks loaded from their files agree.

What Keras computes was written by keras_networks/make_keras_networks.py, with
Keras itself.
"""
from pathlib import Path

import numpy as np
import pytest
from lasagne.layers import DenseLayer, FlattenLayer, InputLayer
from lasagne.nonlinearities import identity
from lasagne_flipconv import layers, load
from lasagne_flipconv.errors import CheckpointError, ConventionError

import files
from test_golden import GOLDEN

HERE = Path(__file__).parent / "keras_networks"


def plane(names=True, **flip):
    def named(name):
        return name if names else None

    linear = {"nonlinearity": identity}
    conv = layers.Conv2DLayer
    net = InputLayer((None, 6, 9, 8))
    net = conv(net, 4, (2, 3), stride=(1, 2), name=named("conv"), **flip)
    net = conv(net, 6, (3, 2), num_groups=2, name=named("grouped"), **flip)
    net = layers.BatchNormLayer(net, name=named("norm"))
    net = conv(net, 12, (2, 1), num_groups=6, name=named("depthwise"),
               **linear, **flip)
    net = layers.DilatedConv2DLayer(net, 5, (2, 2), dilation=(2, 1), b=None,
                                    name=named("dilated"), **linear)
    net = layers.TransposedConv2DLayer(net, 3, (2, 3), stride=2,
                                       name=named("up"), **linear, **flip)
    net = layers.ParametricRectifierLayer(net, name=named("rectifier"))
    net = layers.BatchNormLayer(FlattenLayer(net), gamma=None,
                                name=named("flat"))
    net = DenseLayer(net, 54, name=named("fc1"))
    return DenseLayer(net, 7, name=named("fc2"), **linear)


def space(names=True, **flip):
    def named(name):
        return name if names else None

    linear = {"nonlinearity": identity}
    net = InputLayer((None, 2, 4, 5, 6))
    net = layers.Conv3DLayer(net, 4, (2, 1, 3), name=named("conv"), **linear,
                             **flip)
    net = layers.BatchNormLayer(net, name=named("norm"))
    net = layers.TransposedConv3DLayer(net, 3, (2, 3, 2), stride=(2, 1, 2),
                                       name=named("up"), **linear, **flip)
    return DenseLayer(net, 4, name=named("fc"), **linear)


def nested(names=True, **flip):
    def named(name):
        return name if names else None

    net = InputLayer((None, 3, 9, 8))
    net = layers.Conv2DLayer(net, 4, (2, 3), name=named("c1"), **flip)
    net = layers.Conv2DLayer(net, 5, (3, 2), name=named("c2"),
                             nonlinearity=identity, **flip)
    return DenseLayer(net, 6, name=named("fc"), nonlinearity=identity)


NETWORKS = {"plane": plane, "space": space, "nested": nested}


def assert_agrees(net, which):
    """Compare what a network computes with what Keras computed."""
    with np.load(HERE / (which + ".npz")) as file:
        x, y = file["x"], file["y"]
    assert y.std() > .05
    got = files.output(net, np.moveaxis(x, -1, 1))
    np.testing.assert_allclose(got, y, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("which", NETWORKS)
def test_outputs_agree(which, suffix, flip):
    net = NETWORKS[which](flip_filters=flip)
    record = load(HERE / (which + suffix), net)
    assert_agrees(net, which)
    assert not record.missing + record.unused
    assert ("norm.inv_std" in record.computed) == (which != "nested")


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("which", NETWORKS)
def test_the_order_does_without_names(which, suffix):
    net = NETWORKS[which](names=False)
    load(HERE / (which + suffix), net)
    assert_agrees(net, which)


def test_weights_alone_do_not_tell_what_was_flattened():
    net, path = space(), HERE / "space.weights.h5"
    before = files.values_of(net)
    with pytest.raises(ConventionError, match="data_format='channels_last'"):
        load(path, net)
    assert files.unchanged(net, before)
    load(path, net, data_format="channels_last")
    assert_agrees(net, "space")
    with pytest.raises(CheckpointError, match="does not tell their order"):
        load(path, space(names=False), data_format="channels_last")


@pytest.mark.parametrize("name, told", [
    ("space.weights.h5", "HWC"), ("space.h5", "channels_first")])
def test_another_order_than_the_file_has_is_refused(name, told):
    with pytest.raises(ConventionError, match="(got|is) .%s." % told):
        load(HERE / name, space(), data_format=told)


def test_weights_alone_do_not_tell_gamma_from_beta():
    net, path = plane(), HERE / "plane.weights.h5"
    told = {"data_format": "channels_last"}
    with pytest.raises(CheckpointError, match="holds flat/gamma or beta"):
        load(path, net, **told)
    record = load(path, net, names={"flat/gamma or beta": "flat.beta"},
                  **told)
    expected = plane()
    load(HERE / "plane.keras", expected)
    differ = {p.name for p, ours, theirs in zip(
        files.get_all_params(net), files.values_of(net),
        files.values_of(expected)) if not np.array_equal(ours, theirs)}
    # the epsilon of that layer is its own, and in the model only
    assert differ == {"norm.inv_std"}
    assert "norm.inv_std" in record.computed


def golden_net():
    net = InputLayer((None, 3, 3, 6))
    net = layers.Conv2DLayer(net, 4, (2, 5), name="conv1")
    return DenseLayer(net, 5, name="dense")


@pytest.mark.parametrize("name, told, turned", [
    ("keras2-keras-model.h5", {}, True),
    ("keras2theano-keras-model.h5", {}, False),
    ("keras3-keras.keras", {}, True),
    ("keras1-keras-model.h5", {"orientation": "convolution"}, False),
    ("keras1-keras-model.h5", {"orientation": "correlation"}, True)])
def test_the_backend_decides(name, told, turned):
    net = golden_net()
    record = load(GOLDEN / name, net, **told)
    assert ("conv1.W" in record.turned) == turned


def test_keras_1_does_not_name_its_backend():
    with pytest.raises(ConventionError, match="does not say whether"):
        load(GOLDEN / "keras1-keras-model.h5", golden_net())
