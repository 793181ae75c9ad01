"""Networks of Keras and the Lasagne networks loaded from their files agree.

What Keras computes was written by keras_networks/make_keras_networks.py, with
Keras itself.
"""
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import theano.tensor as T
from lasagne import layers as L
from lasagne.layers import (DenseLayer, FlattenLayer, GRULayer, InputLayer,
                            LSTMLayer)
from lasagne.nonlinearities import identity
from lasagne_flipconv import convert_file, layers, load
from lasagne_flipconv.errors import CheckpointError, ConventionError
from lasagne_flipconv.weights.networks import slots_of

import cases
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


def keras_2(path, **layers_of):
    """Write a file of layers: class, arrays by their names, settings."""
    h5py, made = pytest.importorskip("h5py"), []
    with h5py.File(path, "w") as file:
        for name, (cls, arrays, *settings) in layers_of.items():
            made.append({"class_name": cls, "config": dict(
                *settings, name=name)})
            group = file.create_group(name)
            group.attrs["weight_names"] = [
                ("%s/%s" % (name, key)).encode() for key in arrays]
            for key, value in arrays.items():
                group["%s/%s" % (name, key)] = value
        file.attrs.update(
            layer_names=[name.encode() for name in layers_of],
            backend=b"tensorflow", keras_version=b"2.15.0",
            model_config=json.dumps({"config": {"layers": made}}))


def test_depthwise_kernels_over_one_axis(tmp_path):
    kernel, b = cases.values((3, 4, 2), 1), cases.values((8,), 2)
    keras_2(tmp_path / "net.h5", dw=("DepthwiseConv1D", {
        "depthwise_kernel:0": kernel, "bias:0": b}))
    net = layers.Conv1DLayer(InputLayer((None, 4, 9)), 8, 3, num_groups=4,
                             nonlinearity=identity, name="dw")
    load(tmp_path / "net.h5", net)
    x = cases.values((2, 4, 9), 3)
    windows = np.lib.stride_tricks.sliding_window_view(x, 3, 2)
    expected = np.einsum("nipw,wim->nimp", windows, kernel).reshape(
        2, 8, 7) + b[:, None]
    np.testing.assert_allclose(files.output(net, x), expected, atol=1e-5)


@pytest.mark.parametrize("names", [None, {
    "sep/sep/depthwise_kernel:0": "dw.W", "sep/b": "pw.b",
    "sep/sep/pointwise_kernel:0": "pw.W"}])
def test_a_layer_of_two_kernels_is_two_layers(names, tmp_path):
    path, depth = tmp_path / "net.h5", cases.values((2, 3, 3, 1), 1)
    point, b = cases.values((1, 1, 3, 5), 2), cases.values((5,), 3)
    keras_2(path, sep=("SeparableConv2D", {
        "depthwise_kernel:0": depth, "pointwise_kernel:0": point,
        "bias:0": b}))
    net = layers.Conv2DLayer(InputLayer((None, 3, 5, 6)), 3, (2, 3),
                             num_groups=3, nonlinearity=identity, b=None,
                             name="dw")
    net = layers.Conv2DLayer(net, 5, 1, nonlinearity=identity, name="pw")
    load(path, net, names=names)
    x = cases.values((2, 3, 5, 6), 4)
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 3), (2, 3))
    expected = np.einsum("niyxhw,hwim,io->noyx", windows, depth,
                         point[0, 0]) + b[:, None, None]
    np.testing.assert_allclose(files.output(net, x), expected, atol=1e-5)


def test_layers_of_one_name_in_models_within_a_model(tmp_path):
    h5py, path = pytest.importorskip("h5py"), tmp_path / "net.weights.h5"
    values = [cases.values((2, 3, 3, 4), 1), cases.values((2, 3, 4, 4), 2)]
    with h5py.File(path, "w") as file:
        for model, value in zip("ab", values):
            group = "layers/%s/layers/conv2d/vars" % model
            file[group + "/0"] = value
            file[group].attrs["name"] = "conv2d"
    net = layers.Conv2DDNNLayer((None, 3, 9, 9), 4, (2, 3), b=None, name="a")
    net = layers.Conv2DDNNLayer(net, 4, (2, 3), b=None, name="b")
    with pytest.raises(CheckpointError, match="does not tell their order"):
        load(path, net)
    load(path, net, names={"layers/%s/layers/conv2d" % name: name
                           for name in "ab"})
    for layer, value in zip((net.input_layer, net), values):
        assert np.allclose(layer.W.get_value(), value.transpose(3, 2, 0, 1))


#: What layers say of their axes, Flatten last → how a dense layer's rows are.
FLATTENED = {
    ("channels_last", "channels_last"): "last",
    ("channels_last", None): "last",
    (None, "channels_last"): "last",
    ("channels_first", "channels_first"): "last",  # Keras moves them
    ("channels_first", "channels_last"): "first",
    ("channels_first", None): "first",
    (None, "channels_first"): "last",
    (None, None): "asked", ("channels_last", "channels_first"): "asked",
}


@pytest.mark.parametrize("told", FLATTENED)
def test_what_is_flattened_last_is_told_by_flatten_too(told, tmp_path):
    kernel = cases.values((2, 3, 2, 4), 1, "float32")
    dense = cases.values((4 * 4 * 3, 5), 2, "float32")
    conv, flatten = ({} if word is None else {"data_format": word}
                     for word in told)
    keras_2(tmp_path / "net.h5", conv=("Conv2D", {"kernel:0": kernel}, conv),
            flat=("Flatten", {}, flatten), fc=("Dense", {"kernel:0": dense}))
    net = layers.Conv2DLayer((None, 2, 5, 5), 4, (2, 3), b=None, name="conv")
    net = DenseLayer(net, 5, b=None, name="fc")
    if FLATTENED[told] == "asked":
        with pytest.raises(ConventionError, match="Pass data_format="):
            load(tmp_path / "net.h5", net)
        return
    load(tmp_path / "net.h5", net)
    expected = dense if FLATTENED[told] == "first" else np.moveaxis(
        dense.reshape(4, 3, 4, 5), 2, 0).reshape(48, 5)
    assert np.array_equal(net.W.get_value(), expected)


@pytest.mark.parametrize("first", [True, False])
def test_what_a_permute_makes_is_asked_about(first, tmp_path):
    kernel = cases.values((2, 3, 2, 4), 1, "float32")
    dense = cases.values((4 * 4 * 3, 5), 2, "float32")
    permute = {"permute": ("Permute", {}, {"dims": [3, 1, 2]})}
    last = {"data_format": "channels_last"}
    keras_2(tmp_path / "net.h5", **permute if first else {},
            conv=("Conv2D", {"kernel:0": kernel}, last),
            **{} if first else permute, flat=("Flatten", {}, last),
            fc=("Dense", {"kernel:0": dense}))
    net = layers.Conv2DLayer((None, 2, 5, 5), 4, (2, 3), b=None, name="conv")
    net = DenseLayer(net, 5, b=None, name="fc")
    if first:
        load(tmp_path / "net.h5", net)
        assert np.array_equal(net.W.get_value(), np.moveaxis(dense.reshape(
            4, 3, 4, 5), 2, 0).reshape(48, 5))
        return
    with pytest.raises(ConventionError, match="Pass data_format="):
        load(tmp_path / "net.h5", net)
    load(tmp_path / "net.h5", net, data_format="channels_first")
    assert np.array_equal(net.W.get_value(), dense)


@pytest.mark.parametrize("told, moved", [
    ("channels_first", True), ("channels_last", False)])
def test_sequences_are_flattened_as_flatten_does(told, moved, tmp_path):
    table = cases.values((7, 4), 1, "float32")
    dense = cases.values((5 * 4, 3), 2, "float32")
    keras_2(tmp_path / "net.h5", flat=("Flatten", {}, {"data_format": told}),
            words=("Embedding", {"embeddings:0": table}),
            fc=("Dense", {"kernel:0": dense}))
    net = L.EmbeddingLayer(L.InputLayer((None, 5), input_var=T.imatrix()), 7,
                           4, name="words")
    net = DenseLayer(L.DropoutLayer(net), 3, b=None, name="fc")
    load(tmp_path / "net.h5", net)
    assert np.array_equal(net.W.get_value(), dense.reshape(4, 5, 3).transpose(
        1, 0, 2).reshape(20, 3) if moved else dense)


def test_weights_alone_do_not_tell_how_sequences_were_flattened(tmp_path):
    h5py, path = pytest.importorskip("h5py"), tmp_path / "net.weights.h5"
    dense = cases.values((5 * 4, 3), 2, "float32")
    with h5py.File(path, "w") as file:
        file["layers/words/vars/0"] = np.ones((7, 4))
        file["layers/fc/vars/0"] = dense
    net = L.EmbeddingLayer(L.InputLayer((None, 5), input_var=T.imatrix()), 7,
                           4, name="words")
    net = DenseLayer(net, 3, b=None, name="fc")
    with pytest.raises(ConventionError, match=r"sequences of shape \(5, 4\)"):
        load(path, net)
    load(path, net, data_format="channels_last")
    assert np.array_equal(net.W.get_value(), dense)
    load(path, net, data_format="channels_first")
    assert np.array_equal(net.W.get_value(), dense.reshape(4, 5, 3).transpose(
        1, 0, 2).reshape(20, 3))


def towers(named=False, ends=True):
    """Return two towers of two layers each, and a dense layer."""
    image, found = InputLayer((None, 3, 4, 4)), []
    for tower in "ab":
        net = image
        for i in range(2):
            net = layers.Conv2DLayer(
                net, 3, 1, b=None, nonlinearity=identity,
                name="%s%d" % (tower, i) if named else None)
        found.append(net)
    return DenseLayer(L.ConcatLayer(found), 2, b=None, nonlinearity=identity,
                      name="fc" if named else None) if ends else found


@pytest.mark.parametrize("ends", [True, False])
def test_an_order_of_two_towers_is_refused(ends, tmp_path):
    arrays = {name: ("Conv2D", {"kernel:0": cases.values(
        (1, 1, 3, 3), i, "float32")}, {"data_format": "channels_last"})
        for i, name in enumerate(["a0", "b0", "a1", "b1"])}
    if ends:
        arrays["fc"] = "Dense", {"kernel:0": cases.values((96, 2), 5, "f4")}
    keras_2(tmp_path / "net.h5", **arrays)
    net = towers(ends=ends)
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match="Conv2DLayer#1 and Conv2DLayer#3"
                       ", which lie side by side and are alike"):
        load(tmp_path / "net.h5", net)
    assert files.unchanged(net, before)
    net = towers(named=True, ends=ends)
    load(tmp_path / "net.h5", net)
    found = {slot.group: slot.param.get_value() for slot in slots_of(net)}
    assert np.array_equal(found["a1"][:, :, 0, 0],
                          arrays["a1"][1]["kernel:0"][0, 0].T)


def test_towers_that_share_their_weights_have_one_order(tmp_path):
    arrays = [cases.values((1, 1, 3, 3), i, "float32") for i in range(2)]
    keras_2(tmp_path / "net.h5", **{"conv%d" % i: (
        "Conv2D", {"kernel:0": array}) for i, array in enumerate(arrays)})
    one, other = towers(ends=False)
    for layer, twin in ((one, other), (one.input_layer, other.input_layer)):
        del twin.params[twin.W]
        twin.W = twin.add_param(layer.W, layer.W.get_value().shape, name="W")
    load(tmp_path / "net.h5", [one, other])
    assert np.array_equal(one.W.get_value()[:, :, 0, 0], arrays[1][0, 0].T)


def keras_0(path, layer_0):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.attrs["nb_layers"] = 1
        for i, value in enumerate(layer_0):
            file["layer_0/param_%d" % i] = value


def keras_1(path, layer_0):
    h5py = pytest.importorskip("h5py")
    names = ["layer_0_%s_%s" % (kind, gate) for gate in "icfo"
             for kind in "WUb"][:len(layer_0)]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"layer_0"]
        file.attrs["keras_version"] = b"1.2.2"
        for name, value in zip(names, layer_0):
            file["layer_0/" + name] = value
        file["layer_0"].attrs["weight_names"] = [n.encode() for n in names]


def gates(cls, count):
    """Return a recurrent layer without initial states, and arrays for it."""
    net = cls(InputLayer((None, 5, 3)), 3, name="layer_0", **(
        {"peepholes": False} if count == 12 else {}))
    for state in ("hid_init", "cell_init"):
        net.params.pop(getattr(net, state, None), None)
    return net, [np.full((3,) if i % 3 == 2 else (3, 3), i + 1., "float32")
                 for i in range(count)]


@pytest.mark.parametrize("names", [None, {"layer_0": "layer_0"}])
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("cls, count, write", [
    (LSTMLayer, 12, keras_0), (LSTMLayer, 12, keras_1),
    (GRULayer, 9, keras_0), (GRULayer, 9, keras_1)])
def test_gates_are_in_another_order_in_keras(cls, count, write, strict, names,
                                             tmp_path):
    net, values = gates(cls, count)
    write(tmp_path / "net.h5", values)
    before = files.values_of(net)
    if strict:
        with pytest.raises(CheckpointError, match="has nothing for layer_0"):
            load(tmp_path / "net.h5", net, names=names)
    else:
        record = load(tmp_path / "net.h5", net, names=names, strict=False)
        assert len(record.missing) == len(record.unused) == count
    assert files.unchanged(net, before)


@pytest.mark.parametrize("version, epsilon", [(None, None), ("2.2.4", 1e-3)])
def test_epsilon_of_weights_alone_was_another_in_keras_1(version, epsilon,
                                                         tmp_path):
    h5py = pytest.importorskip("h5py")
    names = ["norm_gamma", "norm_beta", "norm_running_mean",
             "norm_running_std"]
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["layer_names"] = [b"norm"]
        if version:
            file.attrs["keras_version"] = version.encode()
        for i, name in enumerate(names):
            file["norm/" + name] = np.full(3, (i + 1) / 64, "float32")
        file["norm"].attrs["weight_names"] = [n.encode() for n in names]
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="norm")
    if epsilon is None:
        with pytest.raises(ConventionError, match="variance, and the file doe"
                           "s not say .* 1e-3 if from Keras 1.2 or later"):
            load(tmp_path / "net.h5", net)
        epsilon = 1e-5
        load(tmp_path / "net.h5", net, epsilon=epsilon)
    else:
        load(tmp_path / "net.h5", net)
    np.testing.assert_allclose(net.inv_std.get_value(), (
        1 / 16 + epsilon) ** -.5, rtol=1e-5)


def test_the_last_array_of_an_old_normalization_is_left(tmp_path):
    keras_0(tmp_path / "net.h5", [np.full(3, i, "float32") for i in range(4)])
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="norm")
    with pytest.raises(CheckpointError, match="nothing for norm.inv_std, and "
                       "holds layer_0/param_3"):
        load(tmp_path / "net.h5", net)
    load(tmp_path / "net.h5", net, strict=False)
    assert [value[0] for value in files.values_of(net)] == [1, 0, 2, 1]
    load(tmp_path / "net.h5", net, names={
        "layer_0": "norm", "layer_0/param_3": "norm.variance"}, epsilon=1e-3)
    assert net.inv_std.get_value()[0] == pytest.approx(3.001 ** -.5)


def test_what_is_applied_at_each_step_has_its_own_settings(tmp_path):
    inner = {"class_name": "BatchNormalization", "config": {"epsilon": .5}}
    values = [cases.values((3,), i) for i in range(3)] + [np.ones(3)]
    keras_2(tmp_path / "net.h5", norm=("TimeDistributed", dict(zip(
        ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"), values)),
        {"layer": inner}))
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="norm")
    load(tmp_path / "net.h5", net)
    np.testing.assert_allclose(net.inv_std.get_value(), 1.5 ** -.5, rtol=1e-6)


def test_numbers_of_a_class_that_is_not_known_are_no_order(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        for i in range(4):
            file["layers/own_norm/vars/%d" % i] = np.full(3, i, "float32")
        file["layers/own_norm/vars"].attrs["name"] = "norm"
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="norm")
    for names in (None, {"norm": "norm"}):
        with pytest.raises(CheckpointError, match="nothing for norm.beta"):
            load(tmp_path / "net.weights.h5", net, names=names)
    load(tmp_path / "net.weights.h5", net, names={
        "norm/variable %d" % i: "norm." + word for i, word in enumerate(
            ("gamma", "beta", "mean", "variance"))})
    assert [value[0] for value in files.values_of(net)[:3]] == [1, 0, 2]


@pytest.mark.parametrize("equation, turned", [
    ("ab,bc->ac", False), ("ab,cb->ac", True), ("...x,yx->...y", True)])
def test_an_equation_tells_the_axes_of_a_matrix(equation, turned, tmp_path):
    W = cases.values((3, 3), 1)
    keras_2(tmp_path / "net.h5", fc=("EinsumDense", {"kernel": W},
                                     {"equation": equation}))
    net = DenseLayer(InputLayer((None, 3)), 3, b=None, name="fc")
    load(tmp_path / "net.h5", net)
    np.testing.assert_allclose(net.W.get_value(), W.T if turned else W,
                               rtol=1e-6)


def test_without_an_equation_a_matrix_is_in_no_place(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        file["layers/einsum_dense/vars/0"] = cases.values((3, 3), 1)
        file["layers/einsum_dense/vars"].attrs["name"] = "fc"
    net = DenseLayer(InputLayer((None, 3)), 3, b=None, name="fc")
    with pytest.raises(CheckpointError, match="nothing for fc.W"):
        load(tmp_path / "net.weights.h5", net)


@pytest.mark.parametrize("form", ["new", "old"])
@pytest.mark.parametrize("bias", [True, False])
def test_integers_that_a_scale_multiplies_are_no_kernel(form, bias, tmp_path):
    arrays = {"kernel": np.full((3, 2), 100, "int8"),
              **({"bias": np.ones(2, "float32")} if bias else {}),
              "kernel_scale": np.full(2, 90, "float32")}
    path = tmp_path / "net.weights.h5"
    if form == "old":
        keras_2(path, fc=("Dense", arrays))
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            for i, value in enumerate(arrays.values()):
                file["layers/fc/vars/%d" % i] = value
    net = DenseLayer(InputLayer((None, 3)), 2, name="fc")
    with pytest.raises(CheckpointError, match="nothing for fc.W"):
        load(path, net)
    assert "fc.W" in load(path, net, strict=False).missing
    assert abs(net.W.get_value()).max() < 90 > net.b.get_value().max()


def keras_3_0(path, *names):
    """Write a model of dense layers and its weights, as before Keras 3.1;
    return the values."""
    h5py, data = pytest.importorskip("h5py"), io.BytesIO()
    values = [cases.values((3, 3), i) for i in range(len(names))]
    with h5py.File(data, "w") as file:
        for i, value in enumerate(values):
            file["layers/dense%s/vars/0" % ("_%d" % i if i else "")] = value
        # what a model has that was trained
        for group in ("optimizer/vars/0", "metrics/mean/vars/0"):
            file[group] = np.float32(3)
    made = [{"class_name": "Dense", "config": {"name": name}}
            for name in names]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(
            {"class_name": "Sequential", "config": {"layers": made}}))
        archive.writestr("model.weights.h5", data.getvalue())
    path.with_suffix(".weights.h5").write_bytes(data.getvalue())
    return values


def dense(*names):
    net = InputLayer((None, 3))
    for name in names:
        net = DenseLayer(net, 3, b=None, name=name)
    return net


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("names", [("dense_1", "dense"), ("a", "b", "c"),
                                   ("dense", "dense_2", "dense_1")])
def test_groups_by_class_have_the_names_of_the_model(names, named, tmp_path):
    values = keras_3_0(tmp_path / "net.keras", *names)
    net = dense(*(names if named else [None] * len(names)))
    load(tmp_path / "net.keras", net)
    for ours, theirs in zip(files.values_of(net), values):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_groups_by_class_are_no_names_where_no_model_tells(tmp_path):
    keras_3_0(tmp_path / "net.keras", "dense_1", "dense")
    path, net = tmp_path / "net.weights.h5", dense("dense_1", "dense")
    with pytest.raises(CheckpointError, match="names its layers"):
        load(path, net)
    load(path, net, names={"layers/dense": "dense_1",
                           "layers/dense_1": "dense"})


@pytest.mark.parametrize("name, cls", [
    ("up1", layers.TransposedConv2DLayer), ("up1", layers.Conv2DLayer),
    ("conv2d_1", layers.Conv2DLayer),
    ("conv2d_transpose", layers.TransposedConv2DLayer),
    ("conv2d_transpose_12", layers.TransposedConv2DLayer),
    ("conv_after_deconv", layers.Conv2DLayer),
    ("transpose_free_conv", layers.Conv2DLayer),
    ("pre_depthwise_conv", layers.Conv2DLayer),
    ("conv2d_1_up", layers.TransposedConv2DLayer),
    ("deconv1", layers.TransposedConv2DLayer),
    ("deconv1", layers.Conv2DLayer)])
@pytest.mark.parametrize("backend", [b"tensorflow", b"theano"])
@pytest.mark.parametrize("road", ["load", "npz"])
def test_a_name_of_ones_own_does_not_tell_the_class(tmp_path, name, cls,
                                                    backend, road):
    h5py, path = pytest.importorskip("h5py"), tmp_path / "net.h5"
    kernel = cases.values((2, 3, 4, 4), 1, files.FLOAT)
    word = name + "/kernel:0"
    with h5py.File(path, "w") as file:
        file[name + "/" + word] = kernel
        file[name].attrs["weight_names"] = [word.encode()]
        file.attrs.update(layer_names=[name.encode()], backend=backend,
                          keras_version=b"2.2.4")
    if road == "npz":
        convert_file(path, tmp_path / "net.npz", None, "convolution")
        path = tmp_path / "net.npz"
    net = cls((None, 4, 6, 6), 4, (2, 3), b=None, name=name)
    load(path, net)
    convolves = net.convention.orientation == "convolution"
    turn = slice(None, None, -1 if convolves != (backend == b"theano") else 1)
    # HWIO → OIHW, HWOI → IOHW
    assert np.array_equal(net.W.get_value(),
                          kernel.transpose(3, 2, 0, 1)[:, :, turn, turn])
    other = {"conv2d_1": layers.TransposedConv2DLayer,
             "conv2d_transpose_12": layers.Conv2DLayer,
             "conv2d_transpose": layers.Conv2DLayer}.get(name)
    if other:
        with pytest.raises(CheckpointError, match="expected the same"):
            load(path, other((None, 4, 6, 6), 4, (2, 3), b=None, name=name))


def weights_alone(path, name, version, backend=None, **arrays):
    """Write the weights of one layer of Keras, without its configuration."""
    h5py = pytest.importorskip("h5py")
    words = ["%s/%s:0" % (name, word) for word in arrays]
    with h5py.File(path, "w") as file:
        for word, array in zip(words, arrays.values()):
            file[name + "/" + word] = array
        file[name].attrs["weight_names"] = [word.encode() for word in words]
        file.attrs.update(layer_names=[name.encode()],
                          keras_version=version.encode())
        if backend:
            file.attrs["backend"] = backend.encode()
    return path


@pytest.mark.parametrize("name", [
    "stem", "stem_before_depthwise", "Depthwise", "after_deconv",
    "conv2d_3", "depthwise_conv2d_of_mine"])
@pytest.mark.parametrize("backend", ["theano", "tensorflow"])
def test_a_kernel_of_one_channel_is_no_depthwise_one_by_a_name(
        tmp_path, name, backend):
    """Depthwise kernels correlate with Theano too, those of others do not."""
    kernel = cases.values((3, 2, 1, 4), 1, files.FLOAT)
    path = weights_alone(tmp_path / "net.h5", name, "2.1.0", backend,
                         kernel=kernel)
    net = layers.Conv2DLayer((None, 1, 8, 8), 4, (3, 2), b=None, name=name)
    load(path, net)
    turn = slice(None, None, 1 if backend == "theano" else -1)
    assert np.array_equal(net.W.get_value(), kernel.transpose(3, 2, 0, 1)[
        :, :, turn, turn])


@pytest.mark.parametrize("name, version, word", [
    ("dw", "2.1.0", "depthwise_kernel"), ("deconv", "2.1.0",
                                          "depthwise_kernel"),
    ("depthwise_conv2d_1", "2.1.0", "depthwise_kernel"),
    ("depthwise_conv2d_1", "3.1.0", "kernel"), ("dw", "3.1.0", "kernel"),
    ("block_depthwise", "3.1.0", "kernel"), ("deconv", "3.1.0", "kernel")])
@pytest.mark.parametrize("more", [1, 2])
def test_depthwise_kernels_of_weights_alone(tmp_path, name, version, word,
                                            more):
    """By what the array is called, the layer is by Keras, or by its shape."""
    kernel = cases.values((3, 2, 4, more), 1, files.FLOAT)
    path = weights_alone(tmp_path / "net.h5", name, version, "tensorflow",
                         **{word: kernel})
    net = layers.Conv2DDNNLayer((None, 4, 8, 8), 4 * more, (3, 2),
                                num_groups=4, b=None, name=name)
    load(path, net)
    assert np.array_equal(net.W.get_value(), kernel.transpose(
        2, 3, 0, 1).reshape(4 * more, 1, 3, 2))


def test_a_pointwise_kernel_is_none_by_the_name_of_its_layer(tmp_path):
    depth = cases.values((3, 2, 4, 1), 1, files.FLOAT)
    point = cases.values((1, 1, 4, 5), 2, files.FLOAT)
    name = "depthwise_sep"
    path = weights_alone(tmp_path / "net.h5", name, "2.1.0", "tensorflow",
                         depthwise_kernel=depth, pointwise_kernel=point)
    net = layers.Conv2DDNNLayer((None, 4, 8, 8), 4, (3, 2), num_groups=4,
                                b=None, name="dw")
    net = layers.Conv2DDNNLayer(net, 5, 1, b=None, name="pw")
    load(path, net, names={
        "%s/%s/depthwise_kernel:0" % (name, name): "dw.W",
        "%s/%s/pointwise_kernel:0" % (name, name): "pw.W"})
    assert np.array_equal(net.W.get_value(), point.transpose(3, 2, 0, 1))
    assert np.array_equal(net.input_layer.W.get_value(),
                          depth.transpose(2, 3, 0, 1))


@pytest.mark.parametrize("name", ["up", "deconv", "conv_after_deconv"])
@pytest.mark.parametrize("cls", [layers.Conv2DLayer,
                                 layers.TransposedConv2DLayer])
def test_a_name_of_ones_own_does_not_tell_the_class_in_keras_1(tmp_path, name,
                                                              cls):
    kernel = cases.values((5, 4, 3, 2), 1, files.FLOAT)
    path = weights_alone(tmp_path / "net.h5", name, "1.2.0", W=kernel)
    transposed = cls is layers.TransposedConv2DLayer
    net = cls((None, 4, 8, 8), 5, (3, 2), b=None, name=name)
    load(path, net, orientation=("OIHW", "convolution"))
    assert np.array_equal(net.W.get_value(), kernel.swapaxes(0, 1)
                          if transposed else kernel)


@pytest.mark.parametrize("shape, slopes", [
    ((4, 2, 3), (2, 3, 4)), ((4, 2, 3), (4, 2, 3)), ((3, 3, 3), (3, 3, 3)),
    ((4, 1, 1), (1, 1, 4))])
def test_slopes_of_weights_alone_go_by_their_shape(shape, slopes, tmp_path):
    h5py, path = pytest.importorskip("h5py"), tmp_path / "net.h5"
    alpha = cases.values(slopes, 1, files.FLOAT)
    with h5py.File(path, "w") as file:
        file["p/p/alpha:0"] = alpha
        file["p"].attrs["weight_names"] = [b"p/alpha:0"]
        file.attrs.update(layer_names=[b"p"], keras_version=b"2.2.4")
    net = layers.ParametricRectifierLayer(
        InputLayer((None, *shape)), name="p", shared_axes=0 if shape[1] > 1
        else (0, 2, 3))
    if shape == (3, 3, 3):
        with pytest.raises(ConventionError, match="p.alpha: has shape"):
            load(path, net)
        return
    load(path, net)
    found = net.alpha.get_value()
    assert np.array_equal(found, alpha if slopes == shape else np.moveaxis(
        alpha, -1, 0).reshape(found.shape))
