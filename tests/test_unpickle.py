"""Networks that were pickled whole, by older Pythons and Lasagnes."""
import collections
import collections.abc
import os
import pickle
import sys
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano
from lasagne_flipconv import CheckpointError, layers, load, unpickle
from lasagne_flipconv.scripts import installing

import cases

#: Made by networks/make_networks.py in Python 2.7; it printed OUTPUT.
OLD = Path(__file__).with_name("networks") / "lasagne-0.1-python2.pkl"
OUTPUT = [[0.1481727, 0.51392156, 0.20840146, 0.1295043],
          [0.1131805, 0.43566832, 0.272629, 0.17852221]]


def pickled(tmp_path, thing):
    path = tmp_path / "thing.pkl"
    path.write_bytes(pickle.dumps(thing, 2))
    return path


def without(layer, *names):
    """Take attributes away, as from a layer of an older Lasagne."""
    for name in names:
        vars(layer).pop(name, None)
    return layer


def test_a_network_of_python_2_and_lasagne_0_1():
    net = unpickle(OLD)
    size = 2 * 2 * 6 * 5
    x = ((np.arange(size) * 7 % size) / size - .5).reshape(2, 2, 6, 5)
    run = theano.function([net["input"].input_var], lasagne.layers.get_output(
        net["dense"], deterministic=True))
    np.testing.assert_allclose(run(x.astype("float32")), OUTPUT, rtol=1e-5)
    assert type(net["conv"]) is layers.Conv2DLayer
    assert net["conv"].convention.orientation == "convolution"
    # what 0.2.dev1 asks its layers for, and what trains
    assert net["dense"].num_leading_axes == 1
    assert net["drop"].shared_axes == () and net["join"].cropping is None
    train = lasagne.layers.get_output(net["dense"])
    assert np.isfinite(train.eval({
        net["input"].input_var: x.astype("float32")})).all()


@pytest.mark.parametrize("name, flip", [("Conv2DLayer", True),
                                        ("Conv2DDNNLayer", False)])
def test_layers_without_the_newer_attributes(tmp_path, name, flip):
    layer = without(getattr(layers, name)((None, 3, 9, 9), 4, 3),
                    "flip_filters", "num_groups", "n", "get_output_kwargs")
    found = unpickle(pickled(tmp_path, [layer]))[0]
    assert (found.flip_filters, found.num_groups, found.n) == (flip, 1, 2)
    assert list(found.get_output_kwargs) == []
    x = cases.values((2, 3, 9, 9), 1, theano.config.floatX)
    np.testing.assert_array_equal(cases.run(found, x), cases.run(layer, x))


@pytest.mark.parametrize("name", [
    name for name in layers.__all__ if "Conv" in name or "Local" in name])
def test_a_layer_is_what_it_was(tmp_path, name):
    cls = getattr(layers, name)
    layer = cls((None, 16) + (9,) * cls.n, 16, 3, **(
        {"pad": "same"} if "Local" in name else {}))
    found = unpickle(pickled(tmp_path, layer))
    assert set(vars(found)) == set(vars(layer))
    assert found.output_shape == layer.output_shape
    x = cases.values((2, 16) + (9,) * cls.n, 1, theano.config.floatX)
    np.testing.assert_array_equal(cases.run(found, x), cases.run(layer, x))


@pytest.mark.parametrize("network", [False, True])
def test_a_normalization_of_2015_kept_a_variance(network, tmp_path):
    """As Lasagne did from August on, until January 2016."""
    below = lasagne.layers.InputLayer((None, 3))
    layer = layers.BatchNormLayer(below, name="norm", mean=cases.values(
        (3,), 1), inv_std=np.array([.5, 2, 4]), epsilon=.25)
    layer.var = layer.__dict__.pop("inv_std")
    layer.var.name = "norm.var"
    for param in layer.mean, layer.var:
        layer.params[param].discard("batch_norm_stat")
    found = unpickle(pickled(tmp_path, lasagne.layers.DropoutLayer(
        layer) if network else layer))
    found = found.input_layer if network else found
    np.testing.assert_allclose(found.inv_std.get_value(), (
        np.array([.5, 2, 4]) + .25) ** -.5, rtol=1e-6)
    assert found.inv_std.name == "norm.inv_std" and not hasattr(found, "var")
    assert found.get_params(batch_norm_stat=True) == [found.mean,
                                                      found.inv_std]
    x = cases.values((2, 3), 2, theano.config.floatX)
    np.testing.assert_allclose(found.get_output_for(
        theano.shared(x), deterministic=True).eval(), (
            x - found.mean.get_value()) * found.inv_std.get_value(), rtol=1e-5)


class Halved(lasagne.layers.Conv2DLayer):
    """A class of one's own, derived from Lasagne's."""


def test_a_class_of_ones_own_keeps_its_class(tmp_path):
    layer = without(Halved((None, 3, 9, 9), 4, 3), "flip_filters", "n",
                    "num_groups")
    found = unpickle(pickled(tmp_path, {"conv": layer}))["conv"]
    assert type(found) is Halved
    assert found.output_shape == (None, 4, 7, 7)


@pytest.mark.parametrize("module, name, ours", [
    ("lasagne.layers.dnn", "Conv2DDNNLayer", layers.Conv2DDNNLayer),
    ("lasagne.layers.cuda_convnet", "NINLayer_c01b", layers.NINLayer_c01b),
    ("lasagne.layers.conv", "Conv2DLayer", layers.Conv2DLayer),
    ("lasagne.layers.conv", "BatchNormLayer", layers.BatchNormLayer),
    ("lasagne.layers.nowhere", "InputLayer", lasagne.layers.InputLayer)])
def test_classes_that_moved(tmp_path, module, name, ours):
    path = tmp_path / "class.pkl"
    path.write_bytes(b"c%s\n%s\n." % (module.encode(), name.encode()))
    assert unpickle(path) is ours


@pytest.mark.parametrize("content, said", [
    (b"", "EOFError"), (b"no pickle", "expected a whole pickle"),
    (b"cno_such_module\nThing\n.", "no_such_module"),
    (b"clasagne.layers.conv\nNoSuchLayer\n.", "NoSuchLayer"),
    (pickle.dumps(list(range(99)))[:-9], "expected a whole pickle")])
def test_what_cannot_be_unpickled(tmp_path, content, said):
    path = tmp_path / "bad.pkl"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said) as caught:
        unpickle(path)
    assert str(caught.value).startswith(os.fspath(path) + ": ")


@pytest.mark.parametrize("content, said", [
    (b"cno_such_module\nThing\n.", "Install the package 'no_such_module'; if "
     "it is a script, put its folder into sys.path"),
    (b"c__main__\nNoSuchLayer\n.", "Define or import it there first"),
    (b"ctheano.sandbox.cuda\nCudaNdarrayType\n.", "on a GPU of that "
     "time.*get_all_param_values"),
    (b"ccollections\nNoSuchName\n.", "Define or import it there"),
    (b"", "Get it again if it is cut")])
def test_the_way_out_is_that_of_the_error(tmp_path, content, said):
    path = tmp_path / "bad.pkl"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        unpickle(path)


def test_names_that_were_removed_are_there_while_it_loads(tmp_path):
    """As nolearn imports them; nothing stays that was not there."""
    path = tmp_path / "old.pkl"
    path.write_bytes(b"ccollections\nIterable\n.")
    assert unpickle(path) is collections.abc.Iterable
    if sys.version_info >= (3, 10):  # before, collections has it itself
        assert installing.installed() or not hasattr(collections, "Iterable")
    (tmp_path / "made_in_2015.py").write_text(
        "from collections import Iterable\n"
        "from lasagne.layers.dnn import Conv2DDNNLayer as Layer\n")
    sys.path.insert(0, str(tmp_path))
    try:
        path.write_bytes(b"cmade_in_2015\nLayer\n.")
        assert unpickle(path) is layers.Conv2DDNNLayer
    finally:
        sys.path.remove(str(tmp_path))


def test_the_refusal_of_a_pickled_network_names_unpickle(tmp_path):
    path = pickled(tmp_path, layers.Conv2DLayer((None, 3, 9, 9), 4, 3))
    with pytest.raises(ValueError, match=r"lasagne_flipconv.unpickle\(path\)"):
        load(path)
    path.write_bytes(pickle.dumps({1, 2}, 4))
    with pytest.raises(ValueError, match=r"lasagne_flipconv.unpickle\(path\)"):
        load(path)
