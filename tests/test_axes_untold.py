"""Kernels whose file does not say in which order their axes are."""
import itertools

import numpy as np
import pytest
from lasagne.layers import DenseLayer
from lasagne_flipconv import (Convention, ConventionError, convert_file,
                              convert_kernel, inspect_file, layers, load)

import cases
import files

#: Number of spatial axes → layer, and the two orders of Keras 1.
KINDS = {1: (layers.Conv1DLayer, "OIW", "WIO"),
         2: (layers.Conv2DLayer, "OIHW", "HWIO"),
         3: (layers.Conv3DLayer, "OIDHW", "DHWIO")}


def keras_1(path, kernel, config=None):
    """Write the weights of a model of Keras 1, which lack its configuration.
    """
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"conv"]
        file.create_group("conv").attrs["weight_names"] = [b"conv_W"]
        file["conv/conv_W"] = kernel
        if config:
            file.attrs["model_config"] = config
    return path


def keras_0(path, kernel):
    """Write the weights of a model of Keras 0.3, which numbers all."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.attrs["nb_layers"] = 2
        file.create_group("layer_0").attrs["nb_params"] = 0
        file.create_group("layer_1").attrs["nb_params"] = 1
        file["layer_1/param_0"] = kernel
    return path


def network(n, filters, channels, size):
    return KINDS[n][0]((None, channels) + (9,) * n, filters, size, b=None,
                       name="conv")


ORDERS = [(n, axes) for n in KINDS for axes in KINDS[n][1:]]


@pytest.mark.parametrize("n, axes", ORDERS)
@pytest.mark.parametrize("road", ["load", "npz"])
@pytest.mark.parametrize("write", [keras_0, keras_1])
def test_an_order_that_nobody_can_see_is_asked_for(tmp_path, n, axes, road,
                                                   write):
    kernel = cases.values((3,) * (n + 2), 1, "f4")
    path = write(tmp_path / "w.h5", kernel)
    if road == "npz":
        convert_file(path, tmp_path / "w.npz")
        path = tmp_path / "w.npz"
    net = network(n, 3, 3, 3)
    before = files.values_of(net)
    for told in ("convolution", "correlation", None):
        with pytest.raises(ConventionError, match="%r or %r; expected.*"
                           "Convention" % KINDS[n][1:]):
            load(path, net, orientation=told)
    assert files.unchanged(net, before)
    wanted = convert_kernel(kernel, (axes, "correlation"),
                            (KINDS[n][1], "convolution"))
    for told in (Convention(axes, "correlation"), axes + ":correlation",
                 {"conv": (axes, "correlation")}):
        load(path, net, orientation=told)
        assert files.same(net.W.get_value(), wanted.astype(net.W.dtype))


@pytest.mark.parametrize("config", [
    '{"class_name": "Sequential", "config": [{"class_name": "Convolution2D",'
    ' "config": {"name": "conv"}}]}'])
def test_a_configuration_without_the_order_does_not_tell(tmp_path, config):
    path = keras_1(tmp_path / "w.h5", cases.values((3,) * 4, 1, "f4"), config)
    with pytest.raises(ConventionError, match="in which order"):
        load(path, network(2, 3, 3, 3), orientation="convolution")


def test_an_order_that_the_shape_tells_is_taken(tmp_path):
    kernel = cases.values((4, 3, 3, 3), 1, "f4")
    net = network(2, 4, 3, 3)
    load(keras_1(tmp_path / "w.h5", kernel), net, orientation="convolution")
    assert np.array_equal(net.W.get_value(), kernel)


@pytest.mark.parametrize("write", [keras_1, lambda path, kernel: np.savez(
    path.with_suffix(".npz"), kernel) or path.with_suffix(".npz")])
@pytest.mark.parametrize("n", KINDS)
def test_axes_that_look_like_another_order_are_named(tmp_path, n, write):
    kernel = cases.values((3,) * (n + 1) + (4,), 1, "f4")
    path, net = write(tmp_path / "w.h5", kernel), network(n, 4, 3, 3)
    last = KINDS[n][2]
    with pytest.raises(ValueError, match="Its axes look like '%s'.*: pass "
                       r"orientation=Convention\('%s', 'correlation'\)"
                       % (last, last)):
        load(path, net, orientation="correlation")
    load(path, net, orientation=Convention(KINDS[n][2], "correlation"))
    wanted = convert_kernel(kernel, (KINDS[n][2], "correlation"),
                            (KINDS[n][1], "convolution"))
    assert files.same(net.W.get_value(), wanted.astype(net.W.dtype))


def test_dense_weights_that_look_turned_are_named(tmp_path):
    path, net = tmp_path / "w.npz", DenseLayer((None, 4), 5, b=None,
                                               name="fc")
    W = cases.values((5, 4), 1, "f4")
    np.savez(path, W)
    with pytest.raises(ValueError, match=r"look like \(output, input\): pass "
                       r"orientation=\{'fc.W': 'OI'\}.*'torch'"):
        load(path, net)
    for told in ({"fc.W": "OI"}, "torch"):
        load(path, net, orientation=told)
        assert np.array_equal(net.W.get_value(), W.T)


@pytest.mark.parametrize("told, transposed", [
    (None, None), ("correlation", None), ("torch", True), ({"fc.W": "OI"},
                                                           True),
    ({"fc.W": "IO"}, False), ("tensorflow", False), ("as in network", False)])
@pytest.mark.parametrize("names", [
    ("fc.weight", "fc.bias"), ("fc/weight", "fc/bias"),
    ("fc_weight", "fc_bias"), ("fc/W", "fc/b")])  # MXNet's, Chainer's
def test_square_dense_weights_with_names_of_pytorch(tmp_path, told,
                                                    transposed, names):
    path, net = tmp_path / "w.npz", DenseLayer((None, 4), 4, name="fc")
    W, b = cases.values((4, 4), 1, "f4"), cases.values((4,), 2, "f4")
    np.savez(path, **dict(zip(names, (W, b))))
    if transposed is None:
        with pytest.raises(ConventionError, match=r"fc.[wW].* in .* has shape "
                           r"\(4, 4\) and a name as in PyTorch.*'fc.W': 'OI'"):
            load(path, net, orientation=told)
        return
    load(path, net, orientation=told)
    assert np.array_equal(net.W.get_value(), W.T if transposed else W)


def test_convert_asks_for_the_order_too(tmp_path):
    kernel = cases.values((3,) * 4, 1, "f4")
    path, made = keras_1(tmp_path / "w.h5", kernel), tmp_path / "w.npz"
    for told, wanted in itertools.product((None, "correlation"),
                                          ("correlation", "tensorflow")):
        with pytest.raises(ConventionError, match="in which order.*told="):
            convert_file(path, made, told, wanted)
    assert not made.exists()
    convert_file(path, made, "HWIO:correlation", "convolution")
    net = network(2, 3, 3, 3)
    load(made, net)
    assert files.same(net.W.get_value(), convert_kernel(
        kernel, ("HWIO", "correlation"), ("OIHW", "convolution")).astype(
            net.W.dtype))


@pytest.mark.parametrize("shape, orientation", [
    ((4, 4, 1, 1), "not recorded"), ((1, 1, 1, 1), "any"),
    ((1, 1, 4, 4), "not recorded")])
def test_a_kernel_may_be_of_one_position_or_not(tmp_path, shape, orientation):
    path = keras_1(tmp_path / "w.h5", cases.values(shape, 1, "f4"))
    assert inspect_file(path).arrays[0].orientation == orientation
