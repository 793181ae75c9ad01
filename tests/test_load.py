"""Loading: the right value at the right place the right way round, or none."""
import pickle
import warnings

import lasagne
import lasagne_flipconv.weights.applying
import numpy as np
import pytest
import theano
from lasagne.layers import DenseLayer, InputLayer, get_all_params
from lasagne_flipconv import layers, load, save
from lasagne_flipconv.errors import (CheckpointError, ConventionError,
                                     UnsafeFileError)
from lasagne_flipconv.layers import (BatchNormLayer, Conv2DDNNLayer,
                                     Conv2DLayer, Conv2DMMLayer,
                                     TransposedConv2DLayer)
from lasagne_flipconv.weights.networks import slots_of

import cases
import files
import reference

BOTH = pytest.mark.parametrize("orientation", ["convolution", "correlation"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.npz"


def plain(path, net):
    """Save values as Lasagne users do: nothing tells the orientation."""
    np.savez(path, *files.values_of(net))
    return path


@pytest.mark.parametrize("flip", [False, True])
@BOTH
def test_kernels_are_turned_exactly_if_the_orientations_differ(
        path, orientation, flip):
    source = files.network()
    target = files.network(flip_filters=flip)
    files.fill(target, 1)
    record = load(plain(path, source), target, orientation=orientation)
    turn = flip != (orientation == "convolution")
    for ours, theirs in zip(get_all_params(target), get_all_params(source)):
        expected = theirs.get_value()
        if turn and expected.ndim == 4:
            expected = reference.reverse(expected, (2, 3))
        assert files.same(ours.get_value(), expected)
    assert record.turned == (("conv1.W", "conv2.W") if turn else ())
    assert "dense.W" in record.copied and "conv1.b" in record.copied


def test_the_loaded_network_computes_the_same(path):
    source = files.network(Conv2DLayer, norm=True)
    target = files.network(Conv2DDNNLayer, norm=True)
    files.fill(target, 1)
    load(plain(path, source), target, orientation="convolution")
    x = cases.values((2, 3, 9, 8), 5, files.FLOAT)
    np.testing.assert_allclose(files.output(target, x),
                               files.output(source, x), rtol=1e-4)


def test_unknown_orientation_is_refused_with_the_choices(path):
    target = files.network()
    before = files.values_of(target)
    with pytest.raises(ConventionError, match="'convolution'.*'correlation'"
                       ".*'as in network'"):
        load(plain(path, files.network()), target)
    with pytest.raises(ConventionError, match="does not say"):
        load(path, target, strict=False)
    assert files.unchanged(target, before)


@pytest.mark.parametrize("kernel", [
    np.float32([[[[7]]]]), np.float32([[[[1, 2, 1], [3, 4, 3], [1, 2, 1]]]]),
    np.float32([[[[1, np.nan, 1]]]])], ids=["1x1", "symmetric", "nan"])
def test_nobody_is_asked_where_it_does_not_matter(path, kernel):
    net = Conv2DLayer((None, 1, 5, 5), 1, kernel.shape[2:], b=None)
    np.savez(path, kernel)
    assert load(path, net).turned == ()
    assert files.same(net.W.get_value(), kernel.astype(files.FLOAT))


def test_as_in_network(path):
    target = files.network(Conv2DMMLayer)
    before = files.values_of(target)
    plain(path, target)
    files.fill(target, 1)
    assert load(path, target, orientation="as in network").turned == ()
    assert files.unchanged(target, before)


def mixed():
    """A correlation encoder and a convolution decoder, as SalGAN's."""
    net = InputLayer((None, 3, 9, 8))
    net = Conv2DDNNLayer(net, 4, (2, 3), name="enc1")
    net = Conv2DLayer(net, 6, (3, 2), name="dec1")
    net = Conv2DLayer(net, 5, (1, 2), name="dec2")
    files.fill(net)
    return net


@pytest.mark.parametrize("orientation", [
    {"enc*": "correlation", "dec*": "convolution"},
    {"enc1": "correlation", "dec1.W": "as in network", "dec2": "convolution"},
    {"*": "as in network"}], ids=["patterns", "names", "all"])
def test_one_file_may_mix_orientations(path, orientation):
    source, target = mixed(), mixed()
    files.fill(target, 1)
    assert load(plain(path, source), target,
                orientation=orientation).turned == ()
    assert files.unchanged(target, files.values_of(source))


def test_a_mapping_turns_only_what_it_names(path):
    source, target = mixed(), mixed()
    record = load(plain(path, source), target, orientation={
        "enc1": "convolution", "dec*": "convolution"})
    assert record.turned == ("enc1.W",)


@pytest.mark.parametrize("orientation, text", [
    ({"enc1": "correlation"}, "dec1.W.*does not say"),
    ({"enc*": "correlation", "enc1": "convolution", "dec*": "convolution"},
     "different things"),
    ({"encoder": "correlation", "*": "convolution"}, "'encoder' is no name"),
    ("flipped", "got 'flipped'; expected"),
    (("HWIO", "sideways"), "'sideways'"),
])
def test_unclear_orientations_are_refused(path, orientation, text):
    target = mixed()
    before = files.values_of(target)
    with pytest.raises(ConventionError, match=text):
        load(plain(path, mixed()), target, orientation=orientation)
    assert files.unchanged(target, before)


def test_a_record_in_the_file_is_believed_and_not_overruled(path):
    source, target = files.network(), files.network(Conv2DDNNLayer)
    save(path, source)
    assert load(path, target).turned == ("conv1.W", "conv2.W")
    assert load(path, target, orientation="convolution").turned
    with pytest.raises(ConventionError, match="the file says 'convolution', "
                       "orientation='correlation' says 'correlation'"):
        load(path, target, orientation="correlation")


def test_axes_can_be_told(path):
    kernel = cases.values((2, 3, 5, 4), 0, "float32")
    np.savez(path, kernel, np.zeros(4, "f4"))
    net = Conv2DLayer((None, 5, 9, 8), 4, (2, 3))
    for told in ("tensorflow", ("HWIO", "correlation")):
        record = load(path, net, orientation=told)
        assert record.permuted and record.turned
        expected = reference.reverse(kernel.transpose(3, 2, 0, 1), (2, 3))
        assert np.array_equal(net.W.get_value(), expected)


#: What to pass for TensorFlow's kernels; it flattens channels last.
LAST = ["tensorflow", {"conv*": "tensorflow"},
        {"conv*": ("HWIO", "correlation")}]


@pytest.mark.parametrize("orientation", LAST)
def test_rows_follow_kernels_with_channels_last(path, orientation):
    net = files.network(Conv2DDNNLayer)
    theirs, shape = {}, lasagne.layers.get_all_layers(net)[2].output_shape
    for param in get_all_params(net):
        value = param.get_value()
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif value.ndim == 2:
            value = np.moveaxis(value.reshape(shape[1:] + (-1,)), 0, 2)
            value = value.reshape(-1, value.shape[-1])
        theirs[param.name] = value
    np.savez(path, **theirs)
    before = files.values_of(net)
    files.fill(net, seed=1)
    changed = files.values_of(net)
    with pytest.raises(ConventionError, match="data_format='channels_last'"):
        load(path, net, orientation=orientation)
    assert files.unchanged(net, changed)
    load(path, net, orientation=orientation, data_format="channels_last")
    assert files.unchanged(net, before)


def test_rows_are_permuted_for_whoever_asks(path):
    net = files.network()
    plain(path, net)
    before = files.values_of(net)
    record = load(path, net, orientation="convolution",
                  data_format="channels_last")
    assert record.permuted == ("dense.W",)
    assert not files.unchanged(net, before)
    load(path, net, orientation="convolution", data_format="channels_first")
    assert files.unchanged(net, before)


def test_rows_of_what_a_matrix_is_computed_from_stay(path):
    net = files.network()
    plain(path, net)
    dense, = (layer for layer in lasagne.layers.get_all_layers(net)
              if layer.name == "dense")
    cases.computing(dense, 2 * dense.W)
    before = [slot.param.get_value() for slot in slots_of(net)]
    with pytest.raises(ConventionError, match="to compute its W is not known"):
        load(path, net, orientation="convolution",
             data_format="channels_last")
    assert all(np.array_equal(slot.param.get_value(), value)
               for slot, value in zip(slots_of(net), before))
    load(path, net, orientation="convolution", data_format="channels_first")


@pytest.mark.parametrize("told", ["keras", "torch", "HWIO:correlation",
                                  {"conv*": "tensorflow"}])
@pytest.mark.parametrize("held", [
    lambda values: values, lambda values: {"conv": values[:1],
                                           "norm": values[1:]}])
def test_batch_normalization_of_elsewhere_is_asked_about(held, told, path):
    """Its gamma comes first, and its variance is no inverse deviation."""
    net = layers.BatchNormLayer(layers.Conv2DLayer(
        (None, 3, 5, 5), 4, 1, b=None, name="conv"), name="norm")
    kernel = cases.values((4, 3, 1, 1), 1, "f4")
    values = [kernel if told == "torch" else kernel.transpose(2, 3, 1, 0)] + [
        np.full(4, value, "f4") for value in (2, 1, 3, 4)]
    path = path.with_suffix(".pkl")
    path.write_bytes(pickle.dumps(held(values), 4))
    before = files.values_of(net)
    with pytest.raises(ConventionError, match="its name does not say which"):
        load(path, net, orientation=told)
    assert files.unchanged(net, before)
    with load(path) as checkpoint:
        names = dict(zip(checkpoint.values(), [
            "conv.W", "norm.gamma", "norm.beta", "norm.mean",
            "norm.variance"]))
    load(path, net, orientation=told, names=names, epsilon=0)
    assert np.array_equal(net.input_layer.W.get_value(), kernel)
    assert [value[0] for value in files.values_of(net)[1:]] == [1, 2, 3, .5]


@pytest.mark.parametrize("names", [("conv/kernel:0", "conv/bias:0"),
                                   ("W:0", "b:0")])
def test_names_as_tensorflow_has_them(path, names):
    net = Conv2DDNNLayer((None, 3, 9, 8), 4, (2, 3), name="conv")
    kernel, b = cases.values((2, 3, 3, 4), 0), cases.values((4,), 1)
    np.savez(path, **dict(zip(names, (kernel, b))))
    load(path, net, orientation="tensorflow", names={
        "W:0": "conv.W", "b:0": "conv.b"} if names[0] == "W:0" else None)
    assert files.same(net.W.get_value(), kernel.transpose(3, 2, 0, 1).astype(
        files.FLOAT))
    assert files.same(net.b.get_value(), b.astype(files.FLOAT))


@pytest.mark.parametrize("prefix, fits", [
    ("updater/model:main/predictor/", True), ("C:updater/", False),
    ("updater/m:main/", False)])
def test_names_as_a_snapshot_of_chainer_has_them(path, prefix, fits):
    net = Conv2DDNNLayer((None, 3, 9, 8), 4, (2, 3), name="conv")
    values = files.values_of(net)
    np.savez(path, **dict(zip((prefix + "conv/W", prefix + "conv/b"), values)),
             **{"updater/iterator_main/epoch": np.int64(3)})
    if not fits:
        with pytest.raises(UnsafeFileError, match="a member named"):
            load(path, net)
        return
    load(path, net, orientation="correlation", prefix=prefix)
    assert files.unchanged(net, values)


def test_brackets_of_a_name_are_no_pattern(path):
    first = Conv2DLayer((None, 4, 9, 8), 4, 3, name="conv[1]", b=None)
    net = Conv2DLayer(first, 4, 3, name="conv1", b=None)
    kernels = [cases.values((4, 4, 3, 3), i, files.FLOAT) for i in (0, 1)]
    np.savez(path, *kernels)
    record = load(path, net, orientation={
        "conv[1]": "correlation", "conv1": "convolution"})
    assert record.turned == ("conv[1].W",)


@pytest.mark.parametrize("told, turned", [
    ("torch", False), ("convolution", True), ("correlation", False)])
def test_transposed_kernels(path, told, turned):
    net = TransposedConv2DLayer((None, 3, 5, 6), 4, (2, 3), b=None,
                                flip_filters=True)
    kernel = cases.values((3, 4, 2, 3), 0, "float32")
    np.savez(path, kernel)
    load(path, net, orientation=told)
    assert np.array_equal(net.W.get_value(), reference.reverse(
        kernel, (2, 3) if turned else ()))


def test_a_kernel_of_a_convolution_is_none_of_a_dilated_layer(path):
    net = layers.DilatedConv2DLayer((None, 4, 9, 9), 4, 3, b=None, name="d")
    kernel = cases.values((4, 4, 3, 3), 0, "float32")
    np.savez(path, kernel)
    with pytest.raises(ConventionError, match="d.W: is for convolution.* a "
                       "DilatedConv2DLayer only correlates"):
        load(path, net, orientation="convolution")
    load(path, net, orientation={"d.W": "as in network"})
    assert np.array_equal(net.W.get_value(), kernel)
    load(path, net, orientation={"d.W": ("OIHW", "convolution")})
    assert np.array_equal(net.W.get_value(),
                          kernel.swapaxes(0, 1)[:, :, ::-1, ::-1])


@pytest.mark.parametrize("orientation", ["torch", "convolution"])
def test_grouped_kernels(path, orientation):
    net = Conv2DLayer((None, 6, 9, 8), 4, (2, 3), num_groups=2, b=None)
    kernel = cases.values((4, 3, 2, 3), 0, "float32")
    np.savez(path, kernel)
    load(path, net, orientation=orientation)
    assert np.array_equal(net.W.get_value(), reference.reverse(
        kernel, (2, 3) if orientation == "torch" else ()))


def tied(*flips):
    """Two layers that share W."""
    first = Conv2DLayer((None, 4, 9, 8), 4, 3, name="one", b=None,
                        flip_filters=flips[0])
    return Conv2DLayer(first, 4, 3, W=first.W, name="two", b=None,
                       flip_filters=flips[1])


def test_a_shared_variable_is_one_value(path):
    source, target = tied(True, True), tied(False, False)
    save(path, source)
    with np.load(path) as file:
        assert file.files == ["arr_0"]
    assert load(path, target).turned == ("one.W", "two.W")
    assert np.array_equal(target.W.get_value(), reference.reverse(
        source.W.get_value(), (2, 3)))


def test_a_shared_variable_cannot_be_both(path):
    save(path, tied(True, True))
    target = tied(True, False)
    before = files.values_of(target)
    with pytest.raises(ConventionError, match="two.W: share one variable"):
        load(path, target)
    assert files.unchanged(target, before)


def test_what_a_kernel_is_computed_from_is_never_turned(path):
    first = Conv2DLayer((None, 4, 9, 8), 4, 3, name="one")
    net = Conv2DLayer(first, 4, 3, W=2 * first.W, name="two")
    plain(path, net)
    assert load(path, net, orientation="convolution").copied == (
        "one.W", "one.b", "two.b")
    with pytest.raises(ConventionError, match="one.W.*computes its W from it"):
        load(path, net, orientation="correlation")


def test_layers_of_an_older_lasagne(path):
    source, target = files.network(), files.network()
    for layer in lasagne.layers.get_all_layers(target):
        for name in ("flip_filters", "num_groups", "n", "untie_biases"):
            vars(layer).pop(name, None)
    files.fill(target, 1)
    stock = lasagne.layers.Conv2DLayer((None, 3, 9, 8), 4, (2, 3))
    vars(stock).pop("flip_filters", None)
    load(plain(path, source), target, orientation="convolution")
    assert files.unchanged(target, files.values_of(source))
    np.savez(path, *files.values_of(source)[:2])
    assert load(path, stock, orientation="correlation").turned


def test_all_or_nothing_even_in_the_middle(path, monkeypatch):
    target = files.network()
    plain(path, files.network())
    calls, original = [], lasagne_flipconv.weights.applying.value_of

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise MemoryError
        return original(*args, **kwargs)

    files.fill(target, 1)
    before = files.values_of(target)
    monkeypatch.setattr(lasagne_flipconv.weights.applying, "value_of", failing)
    with pytest.raises(MemoryError):
        load(path, target, orientation="correlation")
    assert files.unchanged(target, before)


def test_values_that_do_not_fit_the_type_are_refused(path):
    net = DenseLayer((None, 2), 2, b=None)
    np.savez(path, np.array([[1e300, 1], [2, 3]]))
    if files.FLOAT == "float32":
        with pytest.raises(CheckpointError, match="1e\\+300.*float32"):
            load(path, net)
    np.savez(path, np.array([[1j, 1], [2, 3]]))
    with pytest.raises(CheckpointError, match="complex128; expected numbers"):
        load(path, net)


@pytest.mark.parametrize("values, epsilon, said", [
    ([1, -1, 0], 1e-5, r"holds -1 at \[1\] \(1 such in all\)"),
    ([-.5, 1, -2], .25, r"holds -0.5 at \[0\] \(2 such in all\)"),
    ([1, 2, 0], 0, r"holds 0 at \[2\]"), ([1, 2, -np.inf], 1e-5, "-inf at"),
    ([1, 2, -1e-6], 1e-5, None), ([1, 2, 0], 1e-5, None),
    ([np.nan, np.inf, 1], 1e-5, None)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_variances_without_an_inverse_deviation_are_refused(
        path, values, epsilon, said, dtype):
    """Not a number stays so, as in other arrays."""
    net = BatchNormLayer((None, 3), name="norm", epsilon=1e-5)
    held = {"gamma": np.ones(3), "beta": np.ones(3), "mean": np.zeros(3),
            "running_var": np.array(values, dtype)}
    before = files.values_of(net)
    np.savez(path, **{"norm." + name: value for name, value in held.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if said is None:
            record = load(path, net, epsilon=epsilon)
            assert record.computed == ("norm.inv_std",)
            np.testing.assert_allclose(
                net.inv_std.get_value(), (np.array(values) + epsilon) ** -.5,
                rtol=1e-5)
            return
        with pytest.raises(CheckpointError, match="norm.running_var in .*"
                           "norm.inv_std: .*" + said):
            load(path, net, epsilon=epsilon)
        assert files.unchanged(net, before)
        record = load(path, net, epsilon=epsilon, strict=False)
    assert list(record.refused) == ["norm.inv_std"]


@pytest.mark.parametrize("dtype, values, said", [
    ("int32", [1., 2., 3.], None), ("int32", [1, 2, 2 ** 40], "1099511627776"),
    ("int32", [1., 2.5, np.nan], "2.5.*int32"), ("uint8", [1, 2, -3], "-3"),
    ("bool", [0., 1., .5], "0.5.*bool")])
def test_integers_that_the_type_cannot_hold_are_refused(path, dtype, values,
                                                        said):
    net = InputLayer((None, 3), name="table")
    net.rows = net.add_param(theano.shared(np.zeros(3, dtype)), (3,))
    np.savez(path, np.array(values))
    if said is None:
        load(path, net)
        assert np.array_equal(net.rows.get_value(), values)
        return
    with pytest.raises(CheckpointError, match="table.rows.*" + said):
        load(path, net)
    assert not net.rows.get_value().any()


def test_unknown_classes_are_refused_until_declared(path):
    class Odd(lasagne.layers.Layer):
        def __init__(self, incoming):
            super().__init__(incoming)
            self.W = self.add_param(lasagne.init.Constant(0), (4, 3, 2, 5))

    net = Odd((None, 3, 9, 9))
    np.savez(path, cases.values((4, 3, 2, 5)))
    with pytest.raises(ConventionError, match="no known convention"):
        load(path, net, orientation="correlation")
    load(path, net, orientation="as in network")
    assert net.W.get_value().any()


def test_other_layers_of_the_package(path):
    for make in (
            lambda: layers.LocallyConnected2DLayer((None, 3, 5, 6), 4, 3),
            lambda: layers.DilatedConv2DLayer((None, 3, 9, 8), 4, (2, 3)),
            lambda: layers.Conv3DLayer((None, 3, 5, 6, 7), 4, (2, 1, 3)),
            lambda: layers.Conv1DLayer((None, 3, 9), 4, 3)):
        source, target = make(), make()
        files.fill(source)
        save(path, source)
        load(path, target)
        assert files.unchanged(target, files.values_of(source))


@pytest.mark.parametrize("told", [
    "convolutoin", "", 5, "OIHW", ("OIHW",), ("XYZ", "convolution"),
    {"conv1": "wrong"}, {"conv1": "detect"}, ["a", "b", "c"]])
def test_a_wrong_word_for_orientation_is_told_before_anything_else(told):
    with pytest.raises(ConventionError, match="^orientation: got .*; expected "
                       "'convolution', .*'HWIO:correlation'"):
        load("no_such_file.npz", files.network(), orientation=told)


def test_a_wrong_data_format_is_told_before_anything_else():
    with pytest.raises(ConventionError, match="^data_format: got 'nchw'; "
                       "expected channels_first or channels_last"):
        load("no_such_file.npz", files.network(), data_format="nchw")


def test_what_is_lacking_or_left_over_is_told_as_a_sentence(tmp_path):
    path, net = tmp_path / "w.npz", files.network()
    values = files.values_of(net)
    for found, said in (
            (values[:-1], ": has nothing for dense.b; expected one array"),
            (values + values[:1], ": holds arr_6 besides, which no parameter "
             "takes; expected one array")):
        np.savez(path, *found)
        with pytest.raises(CheckpointError, match=said):
            load(path, net, orientation="convolution")


@pytest.mark.parametrize("head, text", [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
     "Git LFS.*git lfs pull"),
    (b"/annex/objects/SHA256E-s3--0.npz\n", "git annex get"),
    (b"\n<!DOCTYPE html>\n<html>", "web page"), (b"<HTML><head>", "web page"),
    (b"\xef\xbb\xbf<?xml version='1.0'?><Error/>", "XML"),
    (b"hello", "no format that is known")])
@pytest.mark.parametrize("suffix", [".npz", ".pkl", ".h5", ""])
def test_what_stands_for_a_file_is_named(tmp_path, head, text, suffix):
    path = tmp_path / ("weights" + suffix)
    path.write_bytes(head)
    with pytest.raises(CheckpointError, match=text):
        load(path)


def test_texts_beside_arrays_are_metadata(tmp_path):
    path = tmp_path / "titled.npz"
    np.savez(path, *[np.zeros((2, 3)), np.ones(3)], title=np.array("my net"),
             classes=np.array(["cat", "dög"]), old=np.array([b"a", b"bc"]))
    with load(path) as checkpoint:
        assert [e.name for e in checkpoint.entries] == ["arr_0", "arr_1"]
        assert checkpoint.ordered and checkpoint.metadata == {
            "title": "my net", "classes": ["cat", "dög"], "old": ["a", "bc"]}


def test_too_many_texts_are_refused(tmp_path):
    path = tmp_path / "long.npz"
    np.savez(path, a=np.zeros(2), b=np.full(1100, "a" * 1000))
    with pytest.raises(UnsafeFileError, match="bytes of texts"):
        load(path)


#: How an empty file may be asked for, and what is said then; None: nothing.
EMPTY = {
    "as it is": ({}, None), "in part": ({"strict": False}, None),
    "all but the last": ({"leave_last": 1}, None),
    "below a prefix": ({"prefix": "a."}, "begins with 'a.'.*holds none"),
    "by names": ({"names": {"a": "b"}}, "no layer or array 'a'.*one of none")}


@pytest.mark.parametrize("how", EMPTY)
@pytest.mark.parametrize("kind", ["npz", "safetensors", "savez"])
def test_a_network_without_parameters(kind, how, tmp_path):
    net = lasagne.layers.MaxPool2DLayer(InputLayer((None, 1, 4, 4)), 2)
    path = tmp_path / ("none." + kind.replace("savez", "npz"))
    np.savez(path) if kind == "savez" else save(path, net)
    options, match = EMPTY[how]
    if match is None:
        assert load(path, net, **options).copied == ()
    else:
        with pytest.raises(CheckpointError, match=match):
            load(path, net, **options)
    with pytest.raises(CheckpointError, match=match or "0 layers.*expected 1"):
        load(path, DenseLayer(net, 2), **{**options, "strict": True,
                                          "leave_last": 0})
