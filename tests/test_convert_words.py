"""What a word says of a file is known after a conversion as it was before."""
import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer
from lasagne_flipconv import (CheckpointError, Convention, ConventionError,
                              convert_file, layers, load)

import cases
import files

#: Words for the kernels of a file, and arguments that its other arrays need.
WORDS = {
    "torch": {}, "onnx": {}, "caffe": {}, "theano": {}, "tensorflow": {},
    "keras": {}, "keras-theano": {}, "convolution": {}, "correlation": {},
    "Conv2DDNNLayer": {}, "HWIO:correlation": {},
    Convention("HWIO", "convolution"): {}, ("OIHW", "correlation"): {},
    layers.Conv2DMMLayer: {}}
MORE = [{}, {"data_format": "channels_last"},
        {"data_format": "channels_first"}, {"epsilon": 1e-2}]
WANTED = [None, "convolution", "tensorflow"]

#: How the arrays of a file are called: not at all, as in PyTorch, TensorFlow
#: and Lasagne.
NAMES = {
    "none": None,
    "torch": ("conv.weight", "conv.bias", "norm.weight", "norm.bias",
              "norm.running_mean", "norm.running_var", "fc.weight",
              "fc.bias"),
    "tensorflow": ("conv/kernel", "conv/bias", "norm/gamma", "norm/beta",
                   "norm/moving_mean", "norm/moving_variance", "fc/kernel",
                   "fc/bias"),
    "lasagne": ("conv.W", "conv.b", "norm.gamma", "norm.beta", "norm.mean",
                "norm.inv_std", "fc.W", "fc.b")}


def network(norm, out, bias=lasagne.init.Constant(0)):
    net = InputLayer((None, 2, 6, 6), name="in")
    net = layers.Conv2DLayer(net, 2, 3, name="conv")
    if norm:
        net = layers.BatchNormLayer(net, name="norm")
    return DenseLayer(net, out, b=bias, name="fc")


def write(path, word, names, norm, out):
    """Write a plain file of such a network, its kernel with axes of a word."""
    last = word in ("tensorflow", "keras", "keras-theano") or (
        "HWIO" in str(word))
    shapes = [(3, 3, 2, 2) if last else (2, 2, 3, 3), (2,)]
    shapes += 4 * [(2,)] if norm else []
    shapes += [(32, out), (out,)]
    named = NAMES[names] or ["arr_%d" % i for i in range(8)]
    named = named[:2 + 4 * norm] + named[6 if NAMES[names] else 2 + 4 * norm:]
    np.savez(path, **{name: abs(cases.values(shape, len(shape), "f4")) + 1
                      for name, shape in zip(named, shapes)})


def outcome(path, net, **options):
    """Return what a load makes of a file, or what it asks."""
    try:
        load(path, net, **options)
    except (CheckpointError, ConventionError) as error:
        return str(error).replace(path.name, "").partition("; expected")[0]
    return [value.tobytes() for value in files.values_of(net)]


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("word", WORDS, ids=str)
def test_a_load_asks_and_does_the_same_of_both(tmp_path, word, names, wanted):
    """Of a square matrix and another, behind a flatten, and of batch
    normalization."""
    before, after = tmp_path / "plain.npz", tmp_path / "converted.npz"
    for norm, out in ((False, 32), (False, 5), (True, 5)):
        write(before, word, names, norm, out)
        convert_file(before, after, word, wanted)
        for more in MORE:
            said = outcome(before, network(norm, out), orientation=word,
                           **more)
            then = outcome(after, network(norm, out), **more)
            assert said == then


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_was_said_is_known_after_several_conversions(tmp_path, suffix):
    write(tmp_path / "0.npz", "torch", "none", False, 32)
    paths = [tmp_path / ("%d%s" % (i, suffix)) for i in (1, 2, 3)]
    convert_file(tmp_path / "0.npz", paths[0], "torch")
    convert_file(paths[0], paths[1], None, "convolution")
    convert_file(paths[1], paths[2], "convolution", "tensorflow")
    direct, net = network(False, 32), network(False, 32)
    load(tmp_path / "0.npz", direct, orientation="torch")
    for path in paths:
        record = load(path, net)
        assert "fc.W" in record.permuted
        assert all(map(np.array_equal, files.values_of(net),
                       files.values_of(direct)))


@pytest.mark.parametrize("told, why", [
    ({"conv*": "torch"}, "orientation says 'torch' of others"),
    ({"conv*": "caffe"}, "orientation says 'caffe' of others"),
    ({"conv*": "onnx"}, "orientation says 'onnx' of others"),
    ("onnx", "comes from ONNX"),
    ({"conv*": "torch", "fc*": "onnx"}, "comes from ONNX"),
    ({"conv*": "torch", "fc*": "torch"}, True),
    ({"conv*": "torch", "fc": "OI"}, True),
    ({"conv*": "torch", "fc.W": "IO"}, False),
    ({"conv*": "torch", "fc": "as in network"}, False),
    ({"conv*": "torch", "fc": "tensorflow"}, None),
    ({"conv*": ("OIHW", "correlation")}, False),
    ({"conv*": "correlation"}, False), ("torch", True)], ids=str)
def test_a_word_for_some_leaves_a_square_matrix_open(tmp_path, told, why):
    path, net = tmp_path / "w.npz", network(False, 32)
    write(path, "torch", "none", False, 32)
    if why is None:  # the order of its rows is asked for
        why = "data_format"
    if isinstance(why, str):
        with pytest.raises(ConventionError, match=why):
            load(path, net, orientation=told)
        if why == "data_format":
            return
        also = told if isinstance(told, dict) else {"conv": told}
        for order, why in (("OI", True), ("IO", False)):
            also = {**also, "fc.W": order}
            also.pop("fc*", None)
            load(path, net, orientation=also)
            assert is_turned(net) is why
        return
    load(path, net, orientation=told)
    assert is_turned(net) is why


def is_turned(net):
    found, W = net.W.get_value(), abs(cases.values((32, 32), 2, "f4")) + 1
    turned = np.array_equal(found, W.T)
    assert turned or np.array_equal(found, W)
    return turned


def test_a_matrix_that_no_word_is_for_is_asked_for_too(tmp_path):
    """A recurrent layer's may be square as well."""
    path = tmp_path / "w.npz"
    net = layers.Conv2DLayer((None, 2, 6, 6), 2, 3, b=None, name="conv")
    net = lasagne.layers.ReshapeLayer(net, ([0], 8, 4))
    net = lasagne.layers.RecurrentLayer(net, 4, b=None, name="rec")
    values = [cases.values(value.shape, i, "f4")
              for i, value in enumerate(files.values_of(net))]
    np.savez(path, *values)
    with pytest.raises(ConventionError, match="rec.*'torch' of others.*'IO'"):
        load(path, net, orientation={"conv": "torch"})


@pytest.mark.parametrize("told, right", [
    ("channels_first", "before"), ("channels_last", "after"),
    (None, None)])
def test_slopes_of_channels_last_are_asked_for(tmp_path, told, right):
    path = tmp_path / "w.npz"
    net = layers.Conv2DLayer((None, 2, 5, 5), 3, 3, b=None, name="conv")
    net = layers.ParametricRectifierLayer(
        net, shared_axes=(0,), name="prelu")
    alpha = cases.values((3, 3, 3), 1, "f4")
    np.savez(path, **{"conv.W": cases.values((3, 3, 2, 3), 2, "f4"),
                      "prelu.alpha": alpha})
    if told is None:
        with pytest.raises(ConventionError, match="prelu.alpha.*channels_"):
            load(path, net, orientation="tensorflow")
        return
    load(path, net, orientation="tensorflow", data_format=told)
    assert np.array_equal(net.alpha.get_value(), (
        alpha if right == "before" else np.moveaxis(alpha, -1, 0)).astype(
            net.alpha.dtype))
