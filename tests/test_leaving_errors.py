"""What cannot leave is refused by name, and nothing is written."""
import json
import os
import re
import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.init import Constant, Normal
from lasagne.layers import (DenseLayer, EmbeddingLayer, GlobalPoolLayer,
                            InputLayer, LSTMLayer, get_output)
from lasagne.nonlinearities import rectify, sigmoid, softmax
from lasagne_flipconv import CheckpointError, FlipconvError, layers, load
from lasagne_flipconv.leaving import checking, files
from lasagne_flipconv.leaving.errors import LeavingError
from lasagne_flipconv.leaving.exporting import export, to_torch
from lasagne_flipconv.leaving.record import Part
from lasagne_flipconv.leaving.rows import ROWS

import leaving_cases

onnx = pytest.importorskip("onnx")


def refused(net, path, match):
    """Export, and see that nothing is there afterwards."""
    with pytest.raises(FlipconvError, match=match):
        export(net, str(path))
    assert not os.path.exists(str(path))


def test_a_node_without_a_row(tmp_path):
    net = layers.ExpressionLayer(InputLayer((None, 4, 5)),
                                 lambda x: T.topk(x, 2, sorted=False))
    refused(net, tmp_path / "net.onnx",
            "ExpressionLayer#1: ExpressionLayer computes with Theano's TopK.*"
            "no counterpart.*Replace the layer")


@pytest.mark.parametrize("function", [
    lambda x: x[x > 0], lambda x: x[:, (x > 0)[0].nonzero()[0]],
    lambda x: x + T.arange(T.sum(x > 0))[0],
    lambda x: x + T.arange(T.cast(x.shape[1], "float32")),
    lambda x: x + T.arange(x.shape[1], dtype="int8"),
    lambda x: T.sort(x > 0, axis=1)])
def test_choices_that_have_no_counterpart(function, tmp_path):
    net = layers.ExpressionLayer(InputLayer((None, 5)), function,
                                 output_shape=(None, 5))
    refused(net, tmp_path / "net.onnx", "no counterpart")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_that_computes_no_numbers(value, tmp_path):
    net = DenseLayer(InputLayer((None, 4)), 3, nonlinearity=T.nnet.softmax)
    net.W.set_value(np.full((4, 3), value, theano.config.floatX))
    refused(net, tmp_path / "net.onnx", "nothing but infinite values")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_beside_what_is_not_finite_all_else_is_compared(
        value, tmp_path, monkeypatch):
    net = DenseLayer(InputLayer((None, 4)), 3, nonlinearity=None)
    net.b.set_value(np.array([value, 0, 0], theano.config.floatX))
    record = export(net, str(tmp_path / "net.onnx"))
    assert 0 < record.largest < 100 and record.difference < 1e-5
    with monkeypatch.context() as patch:
        patch.setattr(checking, "_run", lambda run, values, where: [
            output + [[0, 0, 1e-3]] for output in run(values)])
        refused(net, tmp_path / "other.onnx", "differs from the network")


def test_an_order_of_equal_values_that_numpy_does_not_tell(tmp_path):
    net = layers.ExpressionLayer(InputLayer((None, 5)), T.argsort)
    refused(net, tmp_path / "net.onnx",
            "ExpressionLayer#1: .*'quicksort'.*kind='mergesort'")


def test_a_random_node(tmp_path):
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    stream = MRG_RandomStreams(3)
    net = layers.ExpressionLayer(
        InputLayer((None, 4)), lambda x: x + stream.normal((4,)))
    refused(net, tmp_path / "net.onnx", "no counterpart")


def test_a_variable_that_is_no_input(tmp_path):
    other = T.vector("other")
    net = layers.ExpressionLayer(InputLayer((None, 4)), lambda x: x + other)
    refused(net, tmp_path / "net.onnx", "neither an input of the network nor")


def test_a_nonlinearity_of_one_s_own_in_a_loop(tmp_path):
    net = LSTMLayer(InputLayer((None, 4, 5)), 3, nonlinearity=T.sin)
    refused(net, tmp_path / "net.onnx", "a nonlinearity of its own inside")


def test_channels_first_of_cuda_convnet(tmp_path):
    net = layers.Conv2DCCLayer(InputLayer((4, 9, 9, None)), 16, 3,
                               dimshuffle=False)
    refused(net, tmp_path / "net.onnx", "channels first")


def test_sizes_that_are_not_known(tmp_path):
    net = layers.ConcatLayer([InputLayer((None, 2, None))] * 2,
                             cropping=(None, None, "center"))
    refused(net, tmp_path / "net.onnx", "expected known sizes")


@pytest.mark.parametrize("make", [
    lambda: layers.TransposedConv2DLayer(InputLayer((
        None, 2, None, 7)), 3, 2, stride=2, output_size=(15, 15)),
    lambda: layers.TransposedConv2DLayer(InputLayer((
        None, 2, 7, 7)), 3, 2, stride=2, output_size=T.ivector()),
    lambda: leaving_cases.L.Upscale2DLayer(InputLayer((
        None, None, 4, 4)), 2, mode="dilate")])
def test_sizes_that_layers_need(make, tmp_path):
    refused(make(), tmp_path / "net.onnx",
            r"Layer#1: .* shape \(None, .*expected .* known |"
            r"Layer#1: .* shape \(None, 2, 7, 7\); expected numbers")


def test_a_network_that_does_not_run(tmp_path):
    def fail(x):
        return T.opt.Assert("never")(x, T.eq(x.shape[1], 99))

    net = layers.ExpressionLayer(InputLayer((None, 4)), fail)
    refused(net, tmp_path / "net.onnx", "Assert|itself fails")


def test_regions_that_do_not_move(tmp_path):
    """Theano and ONNX would end the process: they divide by the stride."""
    net = layers.SpatialPyramidPoolingLayer(
        InputLayer((None, 2, 1, 8)), pool_dims=[2])
    refused(net, tmp_path / "net.onnx", r"move by \(0, 4\); "
            "expected at least 1 each. Give the layer larger images")


@pytest.mark.parametrize("shape, options, said", [
    ((None, 2, 9, 9), {"stride": 2}, "by .2, 2.*expected regions side by"),
    ((None, 2, 9, 9), {"pad": 1}, "padded by .1, 1.*expected regions side by"),
    ((None, 2, None, 9), {}, "size is open; expected known sizes")])
@pytest.mark.parametrize("mode", ["max", "average_exc_pad"])
def test_pooling_that_is_not_taken_back(shape, options, said, mode, tmp_path):
    net = layers.Pool2DLayer(InputLayer(shape), 3, mode=mode, **options)
    net = leaving_cases.L.InverseLayer(net, net)
    refused(net, tmp_path / "net.onnx", said)


@pytest.mark.parametrize("part", [slice(None, None, 2), slice(2, -2)])
def test_parts_that_are_not_set(part, tmp_path):
    net = layers.ExpressionLayer(
        InputLayer((None, None)), lambda x: T.set_subtensor(x[:, part], 0))
    refused(net, tmp_path / "net.onnx", "IncSubtensor.* no counterpart")


@pytest.mark.parametrize("name", ["net.pt", "net.h5", "net.onnx.txt"])
def test_names_of_other_files(name, tmp_path):
    net = DenseLayer(InputLayer((None, 3)), 2)
    refused(net, tmp_path / name, "expected a name that ends in .onnx, or a "
            "folder")


@pytest.mark.parametrize("function", [lambda x: x[:, :2],
                                      lambda x: x.sum(1)])
def test_another_shape_than_a_layer_says(function, tmp_path):
    net = layers.ExpressionLayer(InputLayer((None, 4, 3)), function,
                                 name="own")
    refused(net, tmp_path / "net.onnx", "ONNX refuses the model .*own.*; "
            "expected layers that give out what their output_shape says")


@pytest.mark.parametrize("name", ["~/net.onnx", "~/net", "~"])
def test_the_home_folder_by_a_sign_of_shells(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = DenseLayer(InputLayer((None, 3)), 2)
    with pytest.raises(FlipconvError, match="~.*: begins with ~, .* Pass " +
                       re.escape(os.path.expanduser(name))):
        export(net, name)
    assert not os.listdir(str(tmp_path))


def test_a_file_where_a_folder_is_meant(tmp_path):
    (tmp_path / "net").write_text("something")
    net = DenseLayer(InputLayer((None, 3)), 2)
    with pytest.raises(LeavingError, match="is a file"):
        export(net, tmp_path / "net")
    assert (tmp_path / "net").read_text() == "something"


@pytest.mark.parametrize("name, match", [
    ("none/net.onnx", "there is no folder .*none; expected one .*Make it"),
    ("a_folder.onnx", "a_folder.onnx: is a folder, pipe or device"),
    ("dangling", "dangling: is a file, or a link to nothing"),
    (b"none/of/bytes.onnx", "there is no folder")])
def test_where_nothing_can_be_written(name, match, tmp_path, monkeypatch):
    """It is told before anything is computed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_folder.onnx").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "missing")
    with pytest.raises(FlipconvError, match=match):
        export(None, name)


def test_a_path_of_bytes(tmp_path):
    net = DenseLayer(InputLayer((None, 3)), 2)
    export(net, os.fsencode(str(tmp_path / "net.onnx")))
    assert (tmp_path / "net.onnx").stat().st_size


def test_complex_numbers(tmp_path):
    net = layers.ExpressionLayer(InputLayer((None, 3), T.cmatrix()), abs)
    refused(net, tmp_path / "net.onnx", "InputLayer#0: takes complex numbers")


def test_what_one_file_does_not_hold(tmp_path, monkeypatch):
    from lasagne_flipconv.leaving.onnx_model import building
    monkeypatch.setattr(building, "_MOST", 31)
    net = DenseLayer(InputLayer((None, 3)), 2)
    refused(net, tmp_path / "net.onnx", "net.onnx: has arrays of 32 bytes; "
            "expected at most 31, .*Export to a folder")


def test_no_network(tmp_path):
    with pytest.raises(TypeError, match="as a network"):
        export(7, tmp_path / "net.onnx")


def wrong(part):
    """Return a part with one value that is another."""
    if "W" not in part.arrays:
        return part
    W = part.arrays["W"].copy()
    W.flat[0] += .5
    return part._replace(arrays=dict(part.arrays, W=W))


def test_an_export_that_differs_is_not_written(tmp_path, monkeypatch):
    net = leaving_cases.fill(DenseLayer(InputLayer((None, 3)), 2))
    from lasagne_flipconv.leaving import exporting
    true = exporting.plan_of

    def changed(source):
        plan = true(source)
        return plan._replace(parts=tuple(map(wrong, plan.parts)))

    monkeypatch.setattr(exporting, "plan_of", changed)
    refused(net, tmp_path / "net.onnx",
            r"net.onnx: differs from the network by [\d.]+ \(largest output "
            r"[\d.]+\); expected at most .*Nothing was written")
    if has_torch():
        refused(net, tmp_path / "net", "differs from the network")
        with pytest.raises(LeavingError, match="to_torch: differs"):
            to_torch(net)


def dead(bias, nonlinearity=rectify, size=.2, seed=3):
    """Return a network whose outputs random inputs hardly move."""
    W = np.random.RandomState(seed).uniform(-size, size, (4, 3, 3, 3))
    return layers.Conv2DLayer(
        InputLayer((None, 3, 8, 8)), 4, 3, W=W.astype("float32"),
        b=Constant(bias), nonlinearity=nonlinearity)


@pytest.mark.parametrize("net", [
    dead(-100.), dead(1e4, None), dead(-100., sigmoid),
    # where ONNX Runtime's sigmoid is off by what float32 rounds 1 by
    *(dead(bias, sigmoid, size, seed) for seed, (bias, size) in enumerate([
        (-4.6, .05), (-6., .13), (-9., .09), (-13., .15), (-15., .95),
        (-16.5, .04), (-18., .2), (-55., .05)])),
    # numbers that are small without one
    dead(1e-9, None, 1e-8), dead(0., None, 1e-7)])
def test_an_export_that_differs_for_other_inputs_only(net, tmp_path,
                                                      monkeypatch):
    export(net, tmp_path / "right.onnx")
    from lasagne_flipconv.leaving.rows import convolutional
    monkeypatch.setattr(convolutional, "convert_kernel",
                        lambda kernel, *_, **__: kernel)
    refused(net, tmp_path / "net.onnx", "net.onnx: differs from the network")


def test_outputs_that_do_not_depend_on_the_input_are_told(tmp_path):
    net = DenseLayer(InputLayer((None, 3)), 2, W=Constant(0.))
    with pytest.warns(UserWarning, match="net.onnx: outputs of the network "
                      "hardly differ between random inputs") as told:
        export(net, tmp_path / "net.onnx")
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export(GlobalPoolLayer(InputLayer((None, 3, 4))), tmp_path / "x.onnx")
        export(EmbeddingLayer(InputLayer((None, 3), T.imatrix()), 5, 2),
               tmp_path / "y.onnx")


def test_words_of_which_each_is_unlikely_are_not_told_to_stay_the_same(
        tmp_path):
    """The sigmoids of a layer before are no reason to."""
    net = EmbeddingLayer(InputLayer((None, 6), T.imatrix()), 50, 8,
                         W=Normal(1.))
    net = DenseLayer(net, 8, nonlinearity=sigmoid)
    net = DenseLayer(net, 50000, nonlinearity=softmax)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*hardly differ")
        export(net, tmp_path / "net.onnx")


def has_torch():
    import files
    return files.has("torch")


def test_a_folder_is_all_new_or_all_old(tmp_path, monkeypatch):
    """Whatever of its three files cannot be written."""
    pytest.importorskip("torch")
    folder, write, left = tmp_path / "net", files.safetensors.write, [1]

    def full(file, checkpoint):
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()
        write(file, checkpoint)

    export(DenseLayer(InputLayer((None, 4)), 3), str(folder))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 3
    monkeypatch.setattr(files.safetensors, "write", full)
    with pytest.raises(OSError, match="No space"):
        export(DenseLayer(InputLayer((None, 4)), 5), str(folder))
    assert {path.name: path.read_bytes()
            for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["model.py", "model.safetensors",
                                  "check.safetensors"])
def test_files_of_others_are_not_written_over(name, tmp_path):
    """The script that builds the network may be called model.py, too."""
    pytest.importorskip("torch")
    net = DenseLayer(InputLayer((None, 4)), 3)
    (tmp_path / name).write_text("# of one's own")
    with pytest.raises(LeavingError, match="has a %s that export did" % name):
        export(net, tmp_path)
    assert (tmp_path / name).read_text() == "# of one's own"


@pytest.mark.parametrize("name", ["model.py", "model.safetensors"])
def test_what_was_changed_since_is_not_written_over(name, tmp_path):
    pytest.importorskip("torch")
    from safetensors.numpy import load_file, save_file
    net, path = DenseLayer(InputLayer((None, 4)), 3), tmp_path / name
    for _ in range(2):  # its own files, as they were
        export(net, tmp_path)
    if name == "model.py":
        path.write_bytes(path.read_bytes() + b"# of mine\n")
    else:  # as after training
        save_file({key: value + 1 for key, value in load_file(path).items()},
                  path)
    before = path.read_bytes()
    with pytest.raises(LeavingError, match="its %s is not as export" % name):
        export(net, tmp_path)
    assert path.read_bytes() == before
    path.unlink()
    if name == "model.safetensors":
        export(net, tmp_path)


def test_a_folder_that_is_there_may_have_a_dot(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "run.v2").mkdir()
    for _ in range(2):
        export(DenseLayer(InputLayer((None, 4)), 3), tmp_path / "run.v2")
    assert len(list((tmp_path / "run.v2").iterdir())) == 3


def oracle_of(*outputs):
    """Return an oracle that knows nothing but outputs for one input."""
    oracle = checking.Oracle.__new__(checking.Oracle)
    oracle.cases, oracle.large = [({"x": 1}, list(outputs))], None
    oracle.nothing = [0.] * len(outputs)
    return oracle


def test_an_export_of_another_shape_is_not_written():
    oracle = oracle_of(np.zeros((2, 3)))
    with pytest.raises(LeavingError, match=r"shape \(2, 4\); expected \(2, 3"):
        oracle.check(lambda values: [np.zeros((2, 4))], "here")


def test_not_a_number_is_no_agreement():
    oracle = oracle_of(np.ones((2, 3)))
    with pytest.raises(LeavingError, match="differs from the network by nan"):
        oracle.check(lambda values: [np.full((2, 3), np.nan)], "here")


@pytest.mark.parametrize("of", [T.fmatrix, T.dmatrix])
@pytest.mark.parametrize("function", [
    lambda x: T.exp(-x) * T.nnet.sigmoid(x),
    lambda x: 2 * T.exp(x) / T.exp(x).sum(axis=1, keepdims=True)])
@pytest.mark.parametrize("beside", [
    lambda net: net, lambda net: [net, layers.ExpressionLayer(
        net, lambda x: x.argmax(axis=1), output_shape=(None,))]])
def test_what_theano_alone_keeps_finite(of, function, beside, tmp_path):
    net = beside(layers.ExpressionLayer(InputLayer((None, 5), of()),
                                        function))
    said = ("[0-9]+ values are infinite or not a number for an input 1000 "
            "times as large, where Theano.*T.nnet.softmax.*Nothing was")
    refused(net, tmp_path / "net.onnx", said)
    if has_torch():
        refused(net, tmp_path / "net", said)


@pytest.mark.parametrize("function", [
    lambda x: T.exp(x), lambda x: T.log(T.exp(x) + x ** 2)])
def test_what_is_infinite_in_theano_too(function, tmp_path):
    net = layers.ExpressionLayer(InputLayer((None, 5), T.fmatrix()), function)
    export(net, str(tmp_path / "net.onnx"))


@pytest.mark.parametrize("ours, theirs, expected", [
    (1., 1., 0), (np.nan, np.nan, 0), (np.inf, np.inf, 0),
    (1., np.nan, np.nan), (np.inf, -np.inf, np.inf), (1., 3., 2)])
def test_differences(ours, theirs, expected):
    got = checking._difference(np.float32([ours]), np.float32([theirs]))
    assert got == expected or np.isnan(got) and np.isnan(expected)


def test_parts_without_a_row_in_an_adapter():
    from lasagne_flipconv.leaving.onnx_model.building import graph_of
    from lasagne_flipconv.leaving.record import Plan
    part = Part("unheard of", "layer", (), {}, {}, "layer", None)
    plan = Plan((), (part,), ("layer",), (), (), "net")
    with pytest.raises(LeavingError, match="no operator"):
        graph_of(plan)
    if has_torch():
        from lasagne_flipconv.leaving.torch_module.steps import steps_of
        with pytest.raises(LeavingError, match="no row for PyTorch"):
            steps_of(plan)


def test_an_output_beside_a_large_one_is_compared():
    oracle = oracle_of(np.full(3, 1e7), np.ones(3))
    with pytest.raises(LeavingError, match=r"by 1 \(largest output 1\)"):
        oracle.check(lambda values: [np.full(3, 1e7), np.zeros(3)], "here")


def of_integers(dtype, make):
    return make(InputLayer((None, 4), T.TensorType(dtype, (False,) * 2)()))


def test_integers_that_are_too_large_for_their_type(tmp_path):
    """They are cut as in Theano; the comparison has some of them."""
    net = of_integers("int32", lambda x: layers.ExpressionLayer(
        x, lambda x: x * x * x * np.float32(1)))
    export(net, tmp_path / "net.onnx")
    if has_torch():
        import torch
        x = np.array([[50000, -3, 2000, 7]], "int32")
        got = to_torch(net)(torch.tensor(x)).numpy()
        expected = get_output(net, x).eval()
        np.testing.assert_allclose(got, expected, 1e-6)


@pytest.mark.parametrize("function", [
    lambda x: (x > 99) * 100 + (x > 999) * 100,
    lambda x: (x > 99) * -100 - (x > 999) * 29,
    lambda x: (x > 99) * np.int8(2) * T.cast(x, "int8"),
    lambda x: abs(T.cast(x, "int8")), lambda x: -T.cast(x, "uint8"),
    lambda x: ((x > 99) + np.int8(1)) ** 7])
def test_integers_that_their_type_may_not_hold(function, tmp_path):
    """No input of the comparison comes there."""
    net = layers.ExpressionLayer(InputLayer((None, 4)), lambda x: (
        function(x).astype("float32") + x.astype("float32")))
    said = "computes .* in u?int.*Cast what goes in to int32 first"
    refused(net, tmp_path / "net.onnx", said)
    if has_torch():
        refused(net, tmp_path / "net", said)


def test_integers_where_numbers_are_wanted(tmp_path):
    net = of_integers("uint8", lambda x: DenseLayer(x, 3))
    refused(net, tmp_path / "net.onnx", "numbers of float32.*Cast them")
    if has_torch():
        refused(net, tmp_path / "net", "fails where the network runs.*cast")


def test_what_onnx_runtime_alone_refuses(tmp_path):
    pytest.importorskip("onnxruntime")
    net = layers.ExpressionLayer(InputLayer((None, 4)), lambda x: T.switch(
        x > 0, x > 1, x < -1) * x)
    refused(net, tmp_path / "net.onnx",
            "net.onnx: ONNX Runtime refuses the model .*Cast them")


def test_a_state_for_each_example_that_is_no_layer(tmp_path):
    net = layers.LSTMLayer(InputLayer((2, 5, 4)), 3, hid_init=T.ones((2, 3)))
    refused(net, tmp_path / "net.onnx", r"hid_init is .* shape \(2, 3\); "
            r"expected one .*\(1, 3\)")


def test_both_adapters_have_a_row_for_every_kind():
    """But for products of all before, for which ONNX has no operator."""
    from lasagne_flipconv.leaving.onnx_model.operators import OPERATORS
    if has_torch():
        from lasagne_flipconv.leaving.torch_module.calls import CALLS
        assert {*OPERATORS, "cumprod"} == set(CALLS)
        assert "cumprod" not in OPERATORS


def test_every_layer_with_a_row_is_one_of_lasagne_or_ours():
    import lasagne
    for name in ROWS:
        assert hasattr(layers, name) or hasattr(lasagne.layers, name) or (
            name.endswith("DNNLayer")), name


def test_every_layer_is_said_to_leave_or_not():
    import inspect

    import lasagne
    from lasagne_flipconv.leaving.rows import LEFT_OUT, OTHERWISE
    base = lasagne.layers.Layer
    known = {name for module in (lasagne.layers, layers)
             for name, cls in vars(module).items()
             if inspect.isclass(cls) and issubclass(cls, base)
             and cls.__name__ == name and not name.startswith("Base")}
    assert known - {"Layer", "MergeLayer", "InputLayer"} <= {*ROWS,
                                                             *OTHERWISE}
    assert not set(ROWS) & set(OTHERWISE) and set(LEFT_OUT) <= set(ROWS)


def test_a_class_of_that_name_from_elsewhere_has_no_row():
    from lasagne_flipconv.leaving.rows import row_of

    class DenseLayer(layers.DenseLayer):
        pass

    assert row_of(layers.DenseLayer((None, 3), 2))
    assert row_of(DenseLayer((None, 3), 2)) is None


@pytest.fixture
def model(tmp_path):
    net = leaving_cases.fill(layers.Conv2DLayer(InputLayer((None, 2, 5, 5)),
                                                3, (2, 3)))
    export(net, tmp_path / "net.onnx")
    return net, onnx.load(str(tmp_path / "net.onnx"))


#: A record that is none: how its first row is changed, and what is said.
DAMAGED = {
    "no list": (lambda rows: {}, "cannot be read"),
    "no rows": (lambda rows: [7], "cannot be read"),
    "no view": (lambda rows: [[7, "{}"]], "cannot be read"),
    "too short": (lambda rows: [[rows[0][0][:3], rows[0][1]]],
                  "cannot be read"),
    "no note": (lambda rows: [[rows[0][0], 7]], "cannot be read"),
    "a note of something": (lambda rows: [[rows[0][0], "[]"]],
                            "cannot be read"),
    "another tensor": (lambda rows: [[["x"] + rows[0][0][1:], rows[0][1]]],
                       "does not hold so"),
    "another shape": (lambda rows: [changed(rows, 2, [3, 2, 2, 4])],
                      "does not hold so"),
    "a huge shape": (lambda rows: [changed(rows, 2, [2 ** 62, 2 ** 62])],
                     "does not hold so|cannot be read"),
    "a negative size": (lambda rows: [changed(rows, 2, [-1, 36])],
                        "cannot be read"),
    "a size that is none": (lambda rows: [changed(rows, 2, ["3"])],
                            "cannot be read"),
    "columns beyond the end": (lambda rows: [changed(rows, 1, [0, 99])],
                               "does not hold so"),
    "as many columns, beyond the end": (
        lambda rows: [changed(rows, 1, [1, 4])], "does not hold so"),
    "columns backwards": (lambda rows: [changed(rows, 1, [2, 1])],
                          "does not hold so"),
    "no order": (lambda rows: [changed(rows, 3, [0, 0, 1, 2])],
                 "does not hold so"),
    "axes that are not there": (lambda rows: [changed(rows, 4, [9])],
                                "does not hold so"),
    "an axis twice": (lambda rows: [changed(rows, 4, [1, 1])],
                      "does not hold so"),
    "an epsilon below zero": (lambda rows: [changed(rows, 5, -1)],
                              "cannot be read"),
    "an epsilon that is none": (lambda rows: [changed(rows, 5, True)],
                                "cannot be read"),
    "a span beyond the end": (lambda rows: [changed(rows, 6, [0, 99])],
                              "does not hold so"),
    "as many values, beyond the end": (
        lambda rows: [changed(rows, 6, [1, 37])], "does not hold so"),
    "a span of one end": (lambda rows: [changed(rows, 6, [36])],
                          "does not hold so"),
    "a span that is none": (lambda rows: [changed(rows, 6, 36)],
                            "cannot be read"),
    "a sign that is none": (lambda rows: [changed(rows, 7, 1)],
                            "cannot be read"),
    "everything very often": (lambda rows: rows * 5000, "twice|expected each"),
}


def changed(rows, place, value):
    view, note = rows[0]
    return [view[:place] + [value] + view[place + 1:], note]


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_records_are_refused(name, model, tmp_path):
    net, made = model
    change, match = DAMAGED[name]
    rows = json.loads(made.metadata_props[0].value)
    made.metadata_props[0].value = json.dumps(change(rows))
    onnx.save(made, str(tmp_path / "bad.onnx"))
    with pytest.raises(CheckpointError if "|" not in match else FlipconvError,
                       match=match):
        load(tmp_path / "bad.onnx", net)


def test_a_record_of_before_spans_is_read(model, tmp_path):
    net, made = model
    before = net.W.get_value()
    rows = json.loads(made.metadata_props[0].value)
    made.metadata_props[0].value = json.dumps(
        [[view[:6], note] for view, note in rows])
    onnx.save(made, str(tmp_path / "old.onnx"))
    net.W.set_value(before * 0)
    load(tmp_path / "old.onnx", net)
    np.testing.assert_array_equal(net.W.get_value(), np.float32(before))


def test_without_the_record_it_is_a_model_as_any_other(model, tmp_path):
    net, made = model
    before = net.W.get_value()
    del made.metadata_props[:]
    onnx.save(made, str(tmp_path / "plain.onnx"))
    net.W.set_value(before * 0)
    load(tmp_path / "plain.onnx", net)
    np.testing.assert_array_equal(net.W.get_value(), np.float32(before))


def test_a_variance_gives_its_deviation_back_to_the_bit():
    from lasagne_flipconv.leaving.rows.normalizing import variance_of
    random = np.random.RandomState(1)
    inv_std = np.exp(random.uniform(-8, 4.5, 100000)).astype("float32")
    epsilon, variance = variance_of(inv_std, 1e-4)
    assert epsilon == np.float32(1e-4) and (variance >= 0).all()
    again = (1 / np.sqrt(variance.astype("float64") + epsilon)).astype("f4")
    assert np.array_equal(again, inv_std)
    assert variance_of(np.float32([1e30]), 1e-4)[0] == 0  # of no variance


L = leaving_cases.L


@pytest.mark.parametrize("make, expected", [
    (lambda net: net, ["batch", 4, 6]),
    (lambda net: L.ReshapeLayer(net, (-1, 6)), ["", 6]),
    (lambda net: L.DimshuffleLayer(net, (0, 2, 1)), ["batch", 6, 4]),
    (lambda net: L.ConcatLayer([net, net], axis=0), ["", 4, 6])])
def test_only_what_is_the_batch_is_called_so(make, expected, tmp_path):
    net = make(L.ScaleLayer(InputLayer((None, 4, 6))))
    export(net, tmp_path / "net.onnx")
    put, = onnx.load(str(tmp_path / "net.onnx")).graph.output
    assert [size.dim_value or size.dim_param
            for size in put.type.tensor_type.shape.dim] == expected
    if has_torch():
        export(net, tmp_path / "net")
        text = (tmp_path / "net" / "model.py").read_text()
        assert "return (%s, " % (expected[0] or "any") in text


def test_theano_s_floatx_is_not_changed(tmp_path):
    before = theano.config.floatX
    export(DenseLayer(InputLayer((None, 3)), 2), tmp_path / "net.onnx")
    assert theano.config.floatX == before
