"""Every row of the table, as ONNX and in PyTorch, against Lasagne."""
import sys

import lasagne.layers as L
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import nonlinearities
from lasagne.layers import InputLayer, get_all_layers
from lasagne_flipconv import export, layers
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.leaving.errors import LeavingError

import files
import leaving_cases
import leaving_runs

#: A case that `load` refuses, whatever the file: a convolution of a class that
#: was not declared.
NOT_LOADED = {"own convolution": "overrides convolve"}


#: All where they can be compared with ONNX Runtime; ONNX's own evaluator,
#: which is slow and lacks some, sees one of a dozen.
HERE = list(leaving_cases.CASES)[::1 if files.has("onnxruntime") else 12]


#: What is infinite for large inputs in float32, in Theano as well.
ONLY_FLOAT64_REACHES = {"expression quotients", "expression logarithms"}


@pytest.mark.parametrize("name", HERE)
def test_row(name, tmp_path):
    net = leaving_cases.CASES[name]()
    if theano.config.floatX == "float64" and name in ONLY_FLOAT64_REACHES:
        pytest.importorskip("onnx")
        with pytest.raises(LeavingError, match="infinite .* has float64"):
            export(net, str(tmp_path / "net.onnx"))
        return
    cases = leaving_runs.cases_of(net)
    if files.has("torch"):
        leaving_runs.check_torch(net, cases)
    if files.has("onnx") and is_for_runtime(name):
        with pytest.raises(LeavingError, match="pip install onnxruntime"):
            leaving_runs.check_onnx(net, tmp_path / "net.onnx", cases)
    elif files.has("onnx"):
        leaving_runs.check_onnx(net, tmp_path / "net.onnx", cases)
        check_loads(name, net, tmp_path / "net.onnx")


def is_for_runtime(name):
    """Tell whether only ONNX Runtime could compute it, and is not there."""
    return not files.has("onnxruntime") and (
        name.startswith(("simple", "gru", "lstm", "recurrent", "transformer",
                         "lrn")) or name.startswith("Transposed")
        and name.split()[1] in ("groups", "all"))


def check_loads(name, net, path):
    """Load with names and without, unless that is refused for a reason."""
    if name in NOT_LOADED:
        with pytest.raises(ConventionError, match=NOT_LOADED[name]):
            leaving_runs.check_loads_back(net, path)
    else:
        import onnx
        assert onnx.load(str(path)).metadata_props  # says where each is
        leaving_runs.check_loads_back(net, path)


@pytest.mark.parametrize("name", [
    name for name in leaving_cases.CASES if "of large" in name] + [
        "upscale %d" % n for n in (1, 2, 3)])
def test_what_is_not_left_to_the_evaluator_of_onnx(name, tmp_path,
                                                   monkeypatch):
    """It takes exponentials as they are, which get infinite, and takes minutes
    for a larger image."""
    pytest.importorskip("onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    leaving_runs.check_onnx(leaving_cases.CASES[name](),
                            tmp_path / "net.onnx")


@pytest.mark.skipif(not files.has("onnxruntime"),
                    reason="onnxruntime is not installed")
@pytest.mark.parametrize("name", ["batch_norm", "Conv2DLayer all True",
                                  "dense flattens", "lstm"])
def test_named_layers_load_back(name, tmp_path):
    net = leaving_cases.CASES[name]()
    for i, layer in enumerate(get_all_layers(net)):
        layer.name = "layer_%d" % i
    leaving_runs.check_onnx(net, tmp_path / "net.onnx")
    leaving_runs.check_loads_back(net, tmp_path / "net.onnx")


OURS = {name: getattr(layers, name, getattr(L, name))
        for name in ("GRULayer", "LSTMLayer", "RecurrentLayer")}
IDENTITY = L.Gate(nonlinearity=None)
TANH = L.Gate(nonlinearity=nonlinearities.tanh)

#: Layer and options → the operator of ONNX that computes it.
RECURRENT = {
    "RNN": ("RecurrentLayer", {}),
    "RNN of tanh": ("RecurrentLayer", {"nonlinearity": nonlinearities.tanh}),
    "RNN without bias": ("RecurrentLayer", {"b": None}),
    "GRU": ("GRULayer", {}),
    "LSTM": ("LSTMLayer", {}),
    "LSTM without peepholes": ("LSTMLayer", {"peepholes": False}),
    "LSTM of other gates": ("LSTMLayer", dict.fromkeys(
        ("ingate", "forgetgate", "outgate"), TANH)),
    "Scan of linear units": ("RecurrentLayer", {"nonlinearity": None}),
    "Scan of another update gate": ("GRULayer", {"updategate": TANH}),
    "Scan of another reset gate": ("GRULayer", {"resetgate": TANH}),
    "Scan of another gate": ("LSTMLayer", {"forgetgate": TANH}),
    "Scan of a linear cell": ("LSTMLayer", {"cell": IDENTITY})}


@pytest.mark.skipif(not files.has("onnxruntime"),
                    reason="onnxruntime is not installed")
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_operators(name, tmp_path):
    import onnx
    cls, options = RECURRENT[name]
    net = leaving_cases.fill(OURS[cls](
        InputLayer((None, None, 5)), 4, **options))
    leaving_runs.check_onnx(net, tmp_path / "net.onnx")
    leaving_runs.check_loads_back(net, tmp_path / "net.onnx")
    nodes = onnx.load(str(tmp_path / "net.onnx")).graph.node
    assert name.split()[0] in {node.op_type for node in nodes}


@pytest.mark.parametrize("names", [
    ("a", "a.W"), ("a.W", "a"), ("a.product", "a"), ("a", "a.product.b")])
def test_layers_may_be_named_like_parts_of_others(names, tmp_path):
    pytest.importorskip("onnx")
    first, second = names
    net = leaving_cases.L.DenseLayer(
        InputLayer((None, 4, 3)), 5, num_leading_axes=2, name=first)
    net = leaving_cases.fill(leaving_cases.L.DenseLayer(
        net, 3, num_leading_axes=2, name=second))
    leaving_runs.check_onnx(net, tmp_path / "net.onnx")
    leaving_runs.check_loads_back(net, tmp_path / "net.onnx")


@pytest.mark.parametrize("name", ["log1p", "expm1"])
def test_small_numbers_keep_their_digits(name, tmp_path):
    pytest.importorskip("onnx")
    net = leaving_cases.L.ExpressionLayer(InputLayer((None,)),
                                          getattr(T, name))
    leaving_runs.export(net, tmp_path / "net.onnx")
    x = np.float32([1e-30, -1e-8, 1e-7, -1e-4, .01, .49, -.5, -.9, 8, 1e4,
                    -np.inf if name == "expm1" else -1, np.inf, np.nan, 0])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(
            leaving_runs.run_onnx(tmp_path / "net.onnx", [x]),
            getattr(np, name)(x.astype("float64")).astype("float32"),
            rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("function", [
    lambda x: x - x.min(axis=1, keepdims=True),
    lambda x: x - x.sum(axis=1, keepdims=True) + np.int64(2 ** 32),
    lambda x: T.prod(x[:, 1:3], axis=1, keepdims=True) - np.int64(2 ** 60)
    + x])
def test_large_integers_keep_their_digits(dtype, function, tmp_path):
    """As times in seconds; no input of the comparison is as large."""
    net = leaving_cases.of_integers(dtype, function)()
    x = 2 ** 30 + np.array([[0, 7, 3, 1, 12], [5, 1, 2, 20, 9]], dtype)
    runs = [([x], leaving_runs.run_theano(net, [x]))]
    if files.has("torch"):
        leaving_runs.check_torch(net, runs)
    if files.has("onnx"):
        leaving_runs.check_onnx(net, tmp_path / "net.onnx", runs)


@pytest.mark.parametrize("name, dtype", [
    ("output of tests", "bool"), ("output of largest tests", "bool"),
    ("output of places", "int64"), ("output of integers", "int64"),
    ("output of counts", "int64")])
def test_outputs_have_their_type(name, dtype, tmp_path):
    pytest.importorskip("onnx")
    net = leaving_cases.CASES[name]()
    leaving_runs.export(net, tmp_path / "net.onnx")
    values = leaving_runs.random_inputs(net, 2)
    assert leaving_runs.run_onnx(tmp_path / "net.onnx", values).dtype == dtype
