"""What is exported reads as a person would have written it."""
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (DenseLayer, DropoutLayer, ElemwiseSumLayer,
                            InputLayer, MaxPool2DLayer)
from lasagne.nonlinearities import softmax
from lasagne_flipconv import digits, layers, load
from lasagne_flipconv.errors import FlipconvError
from lasagne_flipconv.leaving.planning import Source, plan_of

import cases
import leaving_cases
import leaving_runs
from lasagne_flipconv.leaving.exporting import export, to_torch

torch = pytest.importorskip("torch")


LEAVE = Path(__file__).parents[1] / "docs" / "leave.rst"


def text_of(net):
    """Return the source code of a network."""
    from lasagne_flipconv.leaving.torch_module.source import program_of
    return program_of(plan_of(Source(net, "test"))).text


def classes_of(net):
    """Return what lies between the imports and the functions."""
    text = text_of(net)
    return text[text.index("class "):text.index("\n\n\ndef load")]


def small():
    net = layers.Conv2DLayer(InputLayer((None, 3, 9, 8)), 4, (2, 3),
                             stride=(1, 2), pad=((0, 1), (1, 1)), name="c1")
    net = MaxPool2DLayer(layers.BatchNormLayer(net, name="bn"), 2,
                         ignore_border=False)
    net = DenseLayer(DropoutLayer(net, .25, name="drop"), 7, name="fc",
                     nonlinearity=softmax)
    return leaving_cases.fill(net)


def test_a_small_network_word_by_word():
    assert classes_of(small()) == '''\
class Network(nn.Module):
    """Take x (batch, 3, 9, 8); return (batch, 7)."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 4, (2, 3), stride=(1, 2))
        self.bn = nn.BatchNorm2d(4, eps=1e-4)
        self.drop = nn.Dropout(0.25)
        self.fc = nn.Linear(40, 7)

    def forward(self, x):
        x = self.bn(F.relu(self.c1(F.pad(x, (1, 1, 0, 1)))))
        x = self.drop(F.max_pool2d(x, 2, ceil_mode=True)).flatten(1)
        return F.softmax(self.fc(x), 1)'''


def residual(filters, count, net):
    for _ in range(count):
        body = layers.batch_norm(layers.Conv2DLayer(net, filters, 3,
                                                    pad="same"))
        body = layers.batch_norm(layers.Conv2DLayer(
            body, filters, 3, pad="same", nonlinearity=None))
        net = ElemwiseSumLayer([body, net])
    return net


def test_what_repeats_is_a_class_and_a_loop():
    net = residual(4, 3, layers.Conv2DLayer(InputLayer((None, 3, 9, 8)), 4,
                                            1))
    net = residual(6, 2, layers.Conv2DLayer(net, 6, 1))
    text = classes_of(net)
    assert text.count("class ResidualBlock(nn.Module):") == 1
    assert "nn.Sequential(*(ResidualBlock(4) for _ in range(3)))" in text
    assert "nn.Sequential(*(ResidualBlock(6) for _ in range(2)))" in text
    assert "return self.norm2(self.conv2(y)) + x" in text
    assert "self.conv1 = nn.Conv2d(channels, channels, 3" in text
    leaving_runs.check_torch(leaving_cases.fill(net))


def test_what_has_names_keeps_them():
    net = layers.Conv2DLayer(InputLayer((None, 3, 9, 8)), 3, 3, pad="same",
                             name="conv1_1")
    for i in range(2, 6):
        net = layers.Conv2DLayer(net, 3, 3, pad="same", name="conv1_%d" % i)
    assert [name for name, _ in to_torch(net).named_children()] == [
        "conv1_%d" % i for i in range(1, 6)]


@pytest.mark.parametrize("name", leaving_cases.CASES)
def test_source_is_tidy(name):
    """Lines are short, names are used, and nothing is there twice."""
    text = text_of(leaving_cases.CASES[name]())
    assert max(map(len, text.splitlines())) <= 79
    for module in ("torch", "F"):
        assert (module + "." in text.split("nn\n", 1)[1]) or (
            " %s\n" % module not in text)
    compile(text, name, "exec")


def test_a_module_is_loaded_where_only_torch_is(tmp_path):
    net = small()
    values = leaving_runs.random_inputs(net, 2)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(to_torch(net)))
    np.savez(str(tmp_path / "x.npz"), x=values[0],
             y=leaving_runs.run_theano(net, values))
    program = (
        "import pickle, sys\n"
        "for name in ('theano', 'lasagne', 'lasagne_flipconv'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np, torch\n"
        "net = pickle.load(open('net.pkl', 'rb'))\n"
        "data = np.load('x.npz')\n"
        "y = net(torch.tensor(data['x'])).detach().numpy()\n"
        "assert abs(y - data['y']).max() < 1e-5\n")
    subprocess.run([sys.executable, "-c", program], cwd=str(tmp_path),
                   check=True)


def test_training_drops_and_averages():
    module = to_torch(small())
    x = torch.tensor(cases.values((5, 3, 9, 8), 3, "float32"))
    before = module.bn.running_mean.clone()
    rest = module(x)
    module.train()
    assert not torch.equal(module(x), module(x))  # dropout
    assert not torch.equal(module.bn.running_mean, before)
    assert module.bn.momentum == .1 and module.bn.eps == pytest.approx(1e-4)
    module.eval()
    assert not torch.equal(module(x), rest)


@pytest.mark.parametrize("name", ["embedding", "embedding of bytes"])
def test_indices_below_zero_count_from_the_end(name):
    net, indices = leaving_cases.CASES[name](), [[-1, -9, 0, 8, -3]]
    module = to_torch(net)
    for dtype in (torch.int32, torch.int64):
        assert np.array_equal(
            module(torch.tensor(indices, dtype=dtype)).detach().numpy(),
            np.float32(net.W.get_value())[indices])
    with pytest.raises(IndexError):
        module(torch.tensor([[-10]]))


@pytest.mark.parametrize("values", [[1, -2, 3, 0, 9],
                                    [True, False, True, True, False]])
def test_arrays_of_integers_move_with_the_module(values, tmp_path):
    values = T.constant(np.array(values))
    net = leaving_cases.L.ExpressionLayer(
        InputLayer((None, 5)), lambda x: T.switch(values > 0, x, -x))
    text = text_of(net)
    assert "torch.tensor(" not in text
    export(net, tmp_path / "net")  # which compares
    module = to_torch(net)
    assert [name for name, _ in module.named_parameters()] == ["constant"]


@pytest.mark.parametrize("name", ["self", "torch", "nn", "F", "x", "super"])
def test_layers_may_be_named_like_what_code_says(name, tmp_path):
    net = DenseLayer(InputLayer((None, 4)), 3, name=name)
    net = leaving_cases.fill(leaving_cases.L.PadLayer(net, 1, batch_ndim=1))
    to_torch(net)  # which compares
    export(net, tmp_path / "net")


@pytest.mark.parametrize("axes", [(2, 3), (3, 2), (-2, -1), (-1, 2)])
def test_whole_channels_are_dropped(axes):
    net = leaving_cases.L.DropoutLayer(InputLayer((None, 6, 4, 5)), .5,
                                       shared_axes=axes)
    module = to_torch(net).train()
    left = module(torch.ones(20, 6, 4, 5)).flatten(2)
    assert torch.equal(left.amin(2), left.amax(2))
    assert set(left.flatten().tolist()) == {0, 2}


@pytest.mark.parametrize("name", [
    "expression ones", "expression like", "expression root of a size",
    "reshape open", "lstm", "gru mask", "upscale 2 dilate", "transformer",
    "embedding", "pyramid", "local", "batch_norm axes"])
def test_a_module_computes_where_it_is_moved_to(name):
    net = leaving_cases.CASES[name]()
    values = leaving_runs.random_inputs(net, 2)
    module, given = to_torch(net), [torch.tensor(value) for value in values]
    there = module.to("meta")(*(value.to("meta") for value in given))
    assert there.device.type == "meta"
    assert there.shape == leaving_runs.run_theano(net, values).shape


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", [
    "ones", "like", "compare", "arithmetic of tests", "tests of tests",
    "argmax", "zeros that are set", "tests of a size"])
def test_what_is_made_inside_has_the_type_of_the_module(name, dtype):
    """In a dense layer, numbers of two types do not meet."""
    net = leaving_cases.CASES["expression " + name]()
    net = leaving_cases.fill(DenseLayer(net, 3, nonlinearity=None))
    values = leaving_runs.random_inputs(net, 2)
    expected = leaving_runs.run_theano(net, values)
    dtype = getattr(torch, dtype)
    module = to_torch(net).to(dtype)
    given = [torch.tensor(value).to(dtype) for value in values]
    got = module(*given)
    assert got.dtype == dtype
    if dtype == torch.float64:
        np.testing.assert_allclose(got.detach().numpy(), expected, rtol=1e-5,
                                   atol=1e-5 * abs(expected).max())


def test_types_are_named_by_what_is_there():
    net = layers.ExpressionLayer(InputLayer((None, 4)), lambda x: (
        x > 0) * x + T.ones((x.shape[0], 4)))
    assert classes_of(net).endswith(
        "y = (x > 0.0).to(x.dtype) * x\n"
        "        return y + x.new_full([x.shape[0], 4], 1.0)")


def test_what_is_filled_with_tests_is_traced():
    module = to_torch(leaving_cases.CASES["expression parts that are set"]())
    x = torch.randn(2, 6, 11)
    assert torch.equal(torch.jit.trace(module, x)(x), module(x))


def test_running_averages_are_lasagne_s():
    net = layers.BatchNormLayer(InputLayer((None, 3, 4, 5)), alpha=.3)
    module = to_torch(leaving_cases.fill(net))
    x = cases.values((6, 3, 4, 5), 3, "float32")
    variable = net.input_layer.input_var
    output = net.get_output_for(variable)
    theano.function([variable], output, on_unused_input="ignore")(
        x.astype(variable.dtype))
    module.train()
    module(torch.tensor(x))
    np.testing.assert_allclose(module.state_dict()["norm.running_mean"],
                               net.mean.get_value(), atol=1e-6)


@pytest.mark.parametrize("most, expected", [(99, 1e-4), (316.2, 1e-5),
                                            (1001, 1e-7)])
def test_a_deviation_below_epsilon_s_can_be_trained(most, expected):
    net = layers.BatchNormLayer(InputLayer((None, 2, 4, 5)))
    net.inv_std.set_value(np.array([3, most], net.inv_std.dtype))
    module = to_torch(net)
    assert module.norm.eps == pytest.approx(expected)
    assert torch.isfinite(module.train()(torch.zeros(3, 2, 4, 5))).all()


def frozen():
    net = DenseLayer(InputLayer((None, 5)), 4, name="frozen")
    for param in net.params:
        net.params[param].discard("trainable")
    return DenseLayer(net, 2, name="fc")


def by_graph():
    table = T.constant(cases.values((4, 3), 5, "float32"))
    net = leaving_cases.Gated(InputLayer((None, 5)), 4, name="own")
    return layers.ExpressionLayer(net, lambda x: T.dot(x, table) + table.sum(),
                                  output_shape=(None, 3))


def single():
    class Own(lasagne.layers.Layer):
        def get_output_for(self, x, **kwargs):
            return T.addbroadcast(self.bias, 0, 1) + x * self.scale

    net = Own(InputLayer((None, 5)), name="own")
    net.scale = net.add_param(lasagne.init.Constant(2), (), name="scale")
    net.bias = net.add_param(lasagne.init.Constant(3), (1, 1), name="bias")
    return net


def masked():
    class Masked(DenseLayer):
        def get_output_for(self, x, **kwargs):
            mask = np.tri(5, 3, dtype="float32")
            return T.dot(x, self.W * mask) + self.b

    return Masked(InputLayer((None, 5)), 3, name="masked")


def computed_for_a_row():
    net = DenseLayer(InputLayer((None, 5)), 3, name="fc")
    net.W = net.W / net.W.norm(2)
    return net


def normalized(**options):
    return DenseLayer(layers.BatchNormLayer(InputLayer((None, 5)), **options),
                      2)


#: Network → what PyTorch trains of it: what Lasagne does.
TRAINED = {
    "frozen": (frozen, {"fc.weight", "fc.bias"}),
    "by graph": (by_graph, {"own_W", "own_constant"}),  # b, as a row
    "kernels that pick": (leaving_cases.CASES["local"], {"W", "b"}),
    "computed": (masked, {"masked_constant_2"}),
    "computed for a row": (computed_for_a_row, set()),
    "single numbers": (single, {"own_constant", "own_constant_2"}),
    "arithmetic": (leaving_cases.CASES["batch_norm axes"], {"gamma", "beta"}),
    "no scale": (lambda: normalized(gamma=None), {
        "norm.bias", "dense.weight", "dense.bias"}),
    "no shift": (lambda: normalized(beta=None), {
        "norm.weight", "dense.weight", "dense.bias"}),
    "one way back": (leaving_cases.CASES["inverse dense"], None),
    "tied": (leaving_cases.CASES["tied"], None),
    "no peepholes": (leaving_cases.CASES["lstm without peepholes"], {
        "recurrent." + name for name in ("W_in", "W_hid", "b")}),
    "learned": (leaving_cases.CASES["gru learned"], {
        "recurrent." + name for name in ("W_in", "W_hid", "b", "initial")}),
}


@pytest.mark.parametrize("name", TRAINED)
def test_what_lasagne_trains_is_trained(name):
    build, expected = TRAINED[name]
    params = dict(to_torch(leaving_cases.fill(build())).named_parameters())
    trained = {name for name in params if params[name].requires_grad}
    assert trained == (set(params) if expected is None else expected)


@pytest.mark.parametrize("op", [
    theano.gradient.disconnected_grad, theano.gradient.zero_grad,
    theano.gradient.consider_constant])
def test_gradients_that_stop_in_theano_stop(op, tmp_path):
    def function(x):
        return x * op(x ** 2) + x + op(T.round(x) - x)

    net = layers.ExpressionLayer(InputLayer((None, 4)), function)
    x = np.random.RandomState(0).randn(3, 4).astype("float32")
    given = torch.tensor(x, requires_grad=True)
    to_torch(net)(given).sum().backward()
    variable = T.fmatrix()
    expected = T.grad(function(variable).sum(), variable).eval({variable: x})
    np.testing.assert_allclose(given.grad.numpy(), expected, 1e-5)
    pytest.importorskip("onnx")
    export(net, tmp_path / "net.onnx")


def test_normalizations_that_are_trained_otherwise_are_no_row():
    net = InputLayer((None, 3, 6, 6))
    for option in ("gamma", "beta", "beta", "gamma"):
        net = layers.Conv2DLayer(net, 3, 3, pad=1, b=None, nonlinearity=None)
        net = layers.BatchNormLayer(net, **{option: None})
    module = to_torch(leaving_cases.fill(net))
    assert [name.rpartition(".")[2] for name, param in
            module.named_parameters() if not param.requires_grad] == [
                "weight", "bias", "bias", "weight"]


def test_the_page_shows_what_is_written():
    net = digits.build(layers.Conv2DLayer)
    page = LEAVE.read_text(encoding="utf-8")
    assert textwrap.indent(classes_of(net), "   ") in page


def test_recurrent_cells_are_in_the_source(tmp_path):
    net = leaving_cases.CASES["lstm"]()
    text = text_of(net)
    assert text.count("class ") == 3 and "class GRU" not in text
    export(net, tmp_path / "lstm")
    program = ("import sys\n"
               "sys.modules['lasagne_flipconv'] = None\n"
               "import model\n"
               "assert model.check(model.load()) < 1e-5\n")
    subprocess.run([sys.executable, "-c", program],
                   cwd=str(tmp_path / "lstm"), check=True)


@pytest.mark.parametrize("name", ["simple", "gru", "lstm"])
def test_a_traced_cell_takes_other_batches(name):
    module = to_torch(leaving_cases.CASES[name]())
    traced = torch.jit.trace(module, torch.randn(2, 6, 5))
    x = torch.randn(3, 6, 5)
    assert torch.equal(traced(x), module(x))


def test_the_weights_are_found_from_any_folder(tmp_path):
    pytest.importorskip("safetensors")
    export(digits.build(layers.Conv2DLayer), tmp_path / "net")
    for program in (["net/model.py"], ["-c", "import net.model as model\n"
                                       "print(model.check(model.load()))"]):
        said = subprocess.run([sys.executable, *program], cwd=str(tmp_path),
                              check=True, stdout=subprocess.PIPE).stdout
        assert float(said.split()[-1]) < 1e-5


@pytest.mark.parametrize("names", [
    ("self", "F"), ("torch", "nn"), ("a_b", "a_b2", "a b"),
    ("left" * 20, "right" * 20)])
def test_inputs_may_have_any_names(names, tmp_path):
    net = leaving_cases.fill(ElemwiseSumLayer([DenseLayer(
        InputLayer((None, 4), name=name), 3) for name in names]))
    assert export(net, tmp_path / "net").difference < 1e-5


@pytest.mark.parametrize("epsilons", [
    (.01, .01, .012), (1e-4, 1e-5), (1e-4, 1e-5, 1e-4, 1e-5), (1e5, 1e6) * 2])
def test_normalizations_may_differ_in_epsilon(epsilons, tmp_path):
    net = InputLayer((None, 4))
    for epsilon in epsilons:
        net = layers.BatchNormLayer(DenseLayer(net, 4), epsilon=epsilon)
    record = export(leaving_cases.fill(net), tmp_path / "net")
    assert record.difference < 1e-5 * max(1, record.largest)


def test_the_weights_say_that_they_are_pytorch_s(tmp_path):
    net = DenseLayer(layers.BatchNormLayer(InputLayer((None, 4)),
                                           epsilon=.01), 4)
    before = lasagne.layers.get_all_param_values(leaving_cases.fill(net))
    export(net, tmp_path / "net")
    lasagne.layers.set_all_param_values(net, [
        value * 0 + 3 for value in before])
    load(tmp_path / "net" / "model.safetensors", net)
    for got, expected in zip(lasagne.layers.get_all_param_values(net),
                             before):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


#: Networks whose parameters have other shapes in PyTorch, or share a tensor.
GATHERED = ("simple mask", "gru learned", "lstm", "lstm without peepholes",
            "lstm pickled by 0.1", "batch_norm", "batch_norm places", "local",
            "tied", "untied bias transposed", "inverse conv", "own layer")


@pytest.mark.parametrize("name", GATHERED)
def test_the_weights_load_back(name, tmp_path):
    net = leaving_cases.CASES[name]()
    export(net, tmp_path / "net")
    leaving_runs.check_loads_back(net, tmp_path / "net" / "model.safetensors")


def saved_anew(path, change):
    """Write a file again with other values, and what it says of them."""
    from safetensors import numpy, safe_open
    with safe_open(str(path), "np") as file:
        values = {name: change(file.get_tensor(name)) for name in file.keys()}
        numpy.save_file(values, str(path), metadata=file.metadata())


@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("layer", ["LSTMLayer", "GRULayer", "BatchNormLayer",
                                   "Conv1DLayer"])
def test_weights_that_were_trained_on_load_back_or_are_refused(
        layer, filled, tmp_path):
    """New biases are all 0: which is which, the record cannot tell."""
    more = [5] * (layer in ("LSTMLayer", "GRULayer")) + [5, 3] * (
        layer == "Conv1DLayer")
    net = DenseLayer(getattr(layers, layer)(
        InputLayer((None, 4, 6)), *more), 3)
    if filled:
        leaving_cases.fill(net)
    export(net, tmp_path / "net")
    path = tmp_path / "net" / "model.safetensors"
    before = {param: param.get_value() for param in
              lasagne.layers.get_all_params(net)}
    saved_anew(path, lambda array: array * 2 + 1)
    known = filled or layer == "Conv1DLayer"
    if known:
        load(path, net)
    else:
        with pytest.raises(FlipconvError, match="other values than when"):
            load(path, net)
    for param, value in before.items():
        if known and param.name == "inv_std":  # a variance, in the file
            value = (2 * (value ** -2 - 1e-4) + 1 + 1e-4) ** -.5
        elif known:
            value = 2 * value + 1
        np.testing.assert_allclose(param.get_value(), value, 1e-5, 1e-6)


def test_names_that_modules_have_are_known():
    from lasagne_flipconv.leaving.torch_module.steps import _TAKEN
    module = to_torch(DenseLayer(InputLayer((None, 4)), 3, name="graph"))
    assert {name for name in dir(module)
            if not name.startswith("_")} - {"graph_"} <= _TAKEN


@pytest.mark.parametrize("name", ["no parameters", "output of tests"])
def test_a_network_without_parameters_is_source_as_well(name, tmp_path):
    export(leaving_cases.CASES[name](), tmp_path / "net")
    program = "import model\nassert model.check(model.load()) == 0\n"
    subprocess.run([sys.executable, "-c", program], cwd=str(tmp_path / "net"),
                   check=True)


def heads(after):
    """Return outputs of one network, the second after the first or not."""
    first = DenseLayer(InputLayer((None, 4)), 3, name="body")
    one = DenseLayer(first, 2, name="one", nonlinearity=None)
    two = DenseLayer(one if after else first, 5, name="two",
                     nonlinearity=None)
    return [leaving_cases.fill(one), leaving_cases.fill(two)]


def test_several_outputs_are_returned_as_they_come(tmp_path):
    assert "return self.one(x), self.two(x)" in classes_of(heads(False))
    assert "x = self.one(x)\n        y = self.two(x)\n        return x, y" in (
        classes_of(heads(True)))
    for after in (False, True):
        export(heads(after), tmp_path / str(after))  # which compares


def test_outputs_that_are_long_to_write_are_returned_in_parentheses(tmp_path):
    body = DenseLayer(InputLayer((None, 4)), 3)
    heads = [DenseLayer(body, 2, name="what_the_policy_does_next_%d" % i,
                        nonlinearity=softmax) for i in range(2)]
    text = classes_of(leaving_cases.fill(heads))
    assert ("return (F.softmax(self.what_the_policy_does_next_0(x), 1),\n"
            "                F.softmax(self.what_the") in text
    export(heads, tmp_path / "net")  # which compares
