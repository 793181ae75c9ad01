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


#: What is said of a kernel of five axes, and what is wanted → whether it may
#: be reversed over its last three axes, or over two for each position.
FIVE = [
    ("convolution", "correlation", None), ("correlation", "theano", None),
    ("theano", "correlation", None), ("correlation", "torch", None),
    ("convolution", "convolution", None), ("Conv2DLayer", "torch", None),
    ("LocallyConnected2DLayer", "correlation", None),
    ("Conv3DLayer", "correlation", (2, 3, 4)),
    (layers.Conv3DLayer, "correlation", (2, 3, 4)),
    ("convolution", "Conv3DDNNLayer", (2, 3, 4)),
    ("OIDHW:convolution", "correlation", (2, 3, 4)),
    ("torch", "convolution", (2, 3, 4)), ("caffe", "theano", (2, 3, 4)),
    ("OHWhw:convolution", "correlation", (1, 2)),
    (Convention("OHWhw", "correlation"), "convolution", (1, 2))]


@pytest.mark.parametrize("name", ["arr_0", "local.W"])
@pytest.mark.parametrize("told, wanted, axes", FIVE, ids=str)
def test_five_axes_may_be_of_two_layers(tmp_path, told, wanted, axes, name):
    before, after = tmp_path / "plain.npz", tmp_path / "converted.npz"
    kernel = cases.values((4, 3, 2, 7, 6), 1, "f4")
    np.savez(before, **{name: kernel})
    if axes is None:
        with pytest.raises(ConventionError, match="%s in .* has 5 axes.*"
                           "'Conv3DLayer', or 'OHWhw:" % name):
            convert_file(before, after, told, wanted)
        assert not after.exists()
        return
    convert_file(before, after, told, wanted)
    with load(after) as checkpoint:
        assert np.array_equal(checkpoint.entries[0].read(),
                              np.flip(kernel, axes))



#: Layers with axes of their own, and the words for a file of such layers.
OWN = {
    "dilated": (lambda i, o, s: layers.DilatedConv2DLayer(
        (None, i, 9, 9), o, s, b=None, name="own"), "IOHW",
        "DilatedConv2DLayer"),
    "c01b": (lambda i, o, s: layers.Conv2DCCLayer(
        (i, 40, 40, None), o, s, b=None, name="own", dimshuffle=False),
        "IHWO", ("IHWO", "correlation"))}

ASKED = [
    ("dilated", 4, 4, 3, True), ("dilated", 4, 4, 1, True),
    ("dilated", 4, 3, 3, False), ("dilated", 3, 4, 1, False),
    ("dilated", 1, 1, 3, False), ("c01b", 16, 16, 16, True),
    ("c01b", 16, 16, 3, False), ("c01b", 16, 32, 16, False)]


@pytest.mark.parametrize("converted", [False, True])
@pytest.mark.parametrize("layer, i, o, size, open_", ASKED)
def test_axes_of_their_own_are_asked_for(tmp_path, layer, i, o, size, open_,
                                         converted):
    """An orientation does not tell them, where those of others fit too."""
    make, axes, own = OWN[layer]
    net, path = make(i, o, size), tmp_path / "w.npz"
    sizes = dict(zip("OIHW", (o, i, size, size)))
    for order, word in (("OIHW", "Conv2DDNNLayer"), (axes, own),
                        ("OIHW", "torch")):
        kernel = cases.values([sizes[axis] for axis in order], 1, "f4")
        np.savez(path, kernel)
        if converted:
            convert_file(path, tmp_path / "c.npz", "correlation")
            path = tmp_path / "c.npz"
        wanted = kernel.transpose([order.index(axis) for axis in axes])
        if open_:
            with pytest.raises(ConventionError, match="own.W.*'%s'.*'OIHW'.*"
                               "'own.W'" % axes):
                load(path, net, orientation="correlation")
        elif wanted.shape == kernel.shape:
            load(path, net, orientation="correlation")
            assert np.array_equal(net.W.get_value(), kernel.astype(
                net.W.dtype))
        else:
            with pytest.raises(CheckpointError, match="has shape"):
                load(path, net, orientation="correlation")
        load(path, net, orientation={"own.W": word})
        assert np.array_equal(net.W.get_value(), wanted.astype(net.W.dtype))
        path = tmp_path / "w.npz"


@pytest.mark.parametrize("converted", [False, True])
@pytest.mark.parametrize("size", [1, 3])
def test_a_kernel_of_a_convolution_is_none_of_a_dilated_layer(tmp_path, size,
                                                              converted):
    net, path = OWN["dilated"][0](4, 4, size), tmp_path / "w.npz"
    kernel = cases.values((4, 4, size, size), 1, "f4")
    np.savez(path, kernel)
    if converted:
        convert_file(path, tmp_path / "c.npz", "convolution")
        path = tmp_path / "c.npz"
    with pytest.raises(ConventionError, match="own.W.*Pass orientation="):
        load(path, net, orientation="convolution")
    load(path, net, orientation={"own": ("OIHW", "convolution")})
    assert np.array_equal(net.W.get_value(), kernel.swapaxes(0, 1)[
        :, :, ::-1, ::-1].astype(net.W.dtype))


@pytest.mark.parametrize("axes, order", [
    ("OIHW", (1, 0, 2, 3)), ("IOHW", (0, 1, 2, 3))])
def test_a_kernel_that_was_turned_by_convert_is_asked_for_too(tmp_path, axes,
                                                              order):
    net, path = OWN["dilated"][0](4, 4, 3), tmp_path / "w.npz"
    kernel = cases.values((4, 4, 3, 3), 1, "f4")
    np.savez(path, kernel)
    convert_file(path, tmp_path / "c.npz", "correlation", "convolution")
    with pytest.raises(ConventionError, match=r"'own.W': \('%s', 'convolution"
                       % axes):
        load(tmp_path / "c.npz", net)
    load(tmp_path / "c.npz", net, orientation={"own": (axes, "convolution")})
    assert np.array_equal(net.W.get_value(), kernel.transpose(order).astype(
        net.W.dtype))


@pytest.mark.parametrize("word, turned", [
    ("torch", True), ("correlation", True), ("convolution", False),
    ("theano", False), ("TransposedConv2DLayer", False),
    ("Conv2DLayer", None), ("Conv2DDNNLayer", None),
    (layers.Conv2DLayer, None)], ids=str)
def test_a_transposed_layer_with_as_many_channels(tmp_path, word, turned):
    """Its axes are the same everywhere, but are not those of a Conv2DLayer."""
    path = tmp_path / "w.npz"
    net = layers.TransposedConv2DLayer((None, 4, 5, 5), 4, 3, b=None,
                                       name="up")
    kernel = cases.values((4, 4, 3, 3), 1, "f4")
    np.savez(path, kernel)
    if turned is None:
        with pytest.raises(ConventionError, match="up.W.*is said to be of a "
                           "Conv2D.*TransposedConv2DLayer"):
            load(path, net, orientation=word)
        return
    load(path, net, orientation=word)
    assert np.array_equal(net.W.get_value(), (
        kernel[:, :, ::-1, ::-1] if turned else kernel).astype(net.W.dtype))


def test_a_transposed_kernel_is_of_no_forward_layer(tmp_path):
    net = layers.Conv2DLayer((None, 4, 5, 5), 4, 3, b=None, name="conv")
    np.savez(tmp_path / "w.npz", cases.values((4, 4, 3, 3), 1, "f4"))
    with pytest.raises(ConventionError, match="said to be of a Transposed"):
        load(tmp_path / "w.npz", net, orientation="TransposedConv2DLayer")
