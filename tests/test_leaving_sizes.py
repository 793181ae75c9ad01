"""What is computed of sizes leaves as Theano computes it, for every size."""
import numpy as np
import pytest
import theano.tensor as T
from lasagne.layers import InputLayer
from lasagne_flipconv import to_torch
from lasagne_flipconv.leaving.checking import Oracle
from lasagne_flipconv.leaving.errors import LeavingError
from lasagne_flipconv.leaving.planning import Source, plan_of

import files
import leaving_cases
import leaving_runs

L = leaving_cases.L

#: Lengths of the last axis; ten tenths of .7 are less than 7 in float64.
LENGTHS = (1, 5, 6, 9, 10, 12, 20, 30)


def places(x):
    return T.arange(x.shape[1])


#: What takes a matrix whose sizes are open. Numbers of Python are float32 in
#: Theano, what they are multiplied with is float64 then.
EXPRESSIONS = {
    "share cut off": lambda x: x[:, :T.cast(x.shape[1] * .7, "int32") + 1],
    "share of a size": lambda x: x * T.floor(x.shape[1] * np.float64(.7)),
    "rounded up": lambda x: x * T.ceil(x.shape[1] * np.float32(.1)),
    "places below a share": lambda x: T.switch(
        T.lt(places(x), x.shape[1] * .3), x, 0.),
    "places in steps": lambda x: x + T.floor(places(x) * np.float32(.7)),
    "joined before": lambda x: x + T.floor(T.concatenate(
        [places(x) * .7, places(x) * .7])[:x.shape[1]]),
    "in another shape": lambda x: x + T.floor(T.reshape(
        places(x) * .7, (1, -1))),
    "of one value": lambda x: x + T.floor(T.alloc(
        x.shape[1] * .7, x.shape[1])),
    "steps of float32": lambda x: x * T.floor(
        T.cast(x.shape[1], "float32") * .7 - np.float32(.1)),
    "constants of float64": lambda x: x + T.floor(
        places(x).dimshuffle(0, "x") * np.arange(1, 4) * .7).sum(axis=1),
    "fractions of float64": lambda x: x + T.floor(
        places(x).dimshuffle(0, "x") * np.array([.7, .3])).sum(axis=1),
    "rests": lambda x: x + (places(x) * .1) % .3 // .1,
    "tests of both": lambda x: x * T.switch(
        T.eq(T.floor(places(x) * .7), places(x) - 1), .1, .9),
    "waves": lambda x: x + T.sin(places(x) / 10000 ** .3) + T.tan(
        x.shape[1] * .1),
    "whole by a cast": lambda x: x / (1 + T.cast(x.shape[1] * .5, "int32")),
    "a test by a cast": lambda x: x * (2 + T.cast(x.shape[1] - 9, "bool")),
    "cut to a byte": lambda x: x * T.cast(x.shape[1] * 50, "int8"),
    "counts of tests": lambda x: x * T.floor(
        (x > 0).sum(axis=1, keepdims=True) * np.float32(.7)),
    "deviation": lambda x: x / T.sqrt(x.shape[1]) + x.std(
        axis=1, keepdims=True)}


def layer(function, shape=(None, None)):
    return L.ExpressionLayer(InputLayer(shape), function,
                             output_shape=(None, None))


def runs_of(net, lengths=LENGTHS):
    random, function = np.random.RandomState(3), leaving_runs.function_of(net)
    values = [random.normal(size=(2, length)).astype("float32")
              for length in lengths]
    return [([x], function(x)) for x in values]


def compare(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_open_sizes_in_torch(name):
    net = layer(EXPRESSIONS[name])
    module = to_torch(net)
    for values, expected in runs_of(net):
        compare(leaving_runs.run_torch(module, values), expected)


@pytest.mark.skipif(not files.has("onnx"), reason="onnx is not installed")
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_open_sizes_in_onnx(name, tmp_path):
    net = layer(EXPRESSIONS[name])
    leaving_runs.export(net, str(tmp_path / "net.onnx"))
    for values, expected in runs_of(net):
        compare(leaving_runs.run_onnx(tmp_path / "net.onnx", values),
                expected)


@pytest.mark.skipif(not hasattr(L.SpatialPyramidPoolingLayer,
                                "get_output_for"), reason="not there")
def test_regions_of_a_share_of_the_image(tmp_path):
    net = L.SpatialPyramidPoolingLayer(
        InputLayer((None, 2, None, None)), [3, 2, 1],
        implementation="kaiming")
    function, random = leaving_runs.function_of(net), np.random.RandomState(3)
    x = random.normal(size=(1, 2, 9, 9)).astype("float32")
    if files.has("torch"):
        compare(leaving_runs.run_torch(to_torch(net), [x]), function(x))
    if files.has("onnx"):
        leaving_runs.export(net, str(tmp_path / "net.onnx"))
        compare(leaving_runs.run_onnx(tmp_path / "net.onnx", [x]),
                function(x))


#: What is computed of a size that is known: nothing, in the end.
KNOWN = {
    "clip": lambda n: T.clip(n, 1, 4), "square": T.sqr,
    "inverse": lambda n: T.inv(T.cast(n, "float32")), "log2": T.log2,
    "exp2": T.exp2, "trunc": lambda n: T.trunc(n / 4.),
    "not equal": lambda n: T.neq(n, 3), "not": lambda n: ~T.gt(n, 2),
    "xor": lambda n: T.xor(T.gt(n, 2), T.gt(n, 9)),
    "whole quotient": lambda n: n // 2 + (n / 1.) // 2.5,
    "byte": lambda n: T.cast(n * 50, "int8"),
    "share": lambda n: T.floor(n * np.float32(.7))}


@pytest.mark.parametrize("name", KNOWN)
def test_sizes_that_are_known(name, tmp_path):
    def function(x):
        n = KNOWN[name](x.shape[1])
        return x * (n + 2) + T.lt(places(x), n)

    net = layer(function, (None, 10))
    runs = runs_of(net, [10])
    if files.has("torch"):
        leaving_runs.check_torch(net, runs)
    if files.has("onnx"):
        leaving_runs.check_onnx(net, tmp_path / "net.onnx", runs)


@pytest.mark.parametrize("function", [
    lambda x: T.switch(T.gt(x.shape[1], 2), x, -x),
    lambda x: x + T.switch(T.gt(x.shape[1], 2), 3., x)])
def test_a_test_that_is_known_chooses(function, tmp_path):
    net = layer(function, (None, 10))
    runs = runs_of(net, [10])
    if files.has("torch"):
        leaving_runs.check_torch(net, runs)
    if files.has("onnx"):
        leaving_runs.check_onnx(net, tmp_path / "net.onnx", runs)


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
@pytest.mark.parametrize("function", [
    lambda x: x / T.sqrt(x.shape[1]),
    lambda x: x / T.sqrt(T.cast(x.shape[1], "float32")),
    lambda x: x * T.switch(x > 0, 1., -1.),
    lambda x: x + T.floor(places(x) * .7)])
def test_what_is_made_of_sizes_follows_another_type(function):
    import torch
    net = leaving_cases.fill(L.DenseLayer(L.ExpressionLayer(
        InputLayer((None, None, 4)), lambda x: function(x.sum(axis=1)),
        output_shape=(None, 4)), 3))
    module = to_torch(net).to(torch.bfloat16)
    x = torch.ones(2, 7, 4, dtype=torch.bfloat16)
    assert module(x).dtype == torch.bfloat16


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
def test_tests_can_be_scripted():
    import torch
    torch.jit.script(to_torch(layer(
        lambda x: x * T.any(x > 0, axis=1, keepdims=True))))


def pairs(x):
    return T.sqr(x[::2] - x[1::2])


@pytest.mark.parametrize("make", [
    lambda net: L.ReshapeLayer(net, (-1, 6)),
    lambda net: L.LSTMLayer(L.ReshapeLayer(net, (-1, 5, 3)), 4),
    lambda net: L.ExpressionLayer(net, pairs, output_shape=(None, 3))])
def test_several_examples_may_be_one(make, tmp_path):
    net = leaving_cases.fill(make(L.DenseLayer(InputLayer((None, 4)), 3)))
    cases = leaving_runs.cases_of(net, (20, 10))
    if files.has("torch"):
        leaving_runs.check_torch(net, cases)
    if files.has("onnxruntime"):
        leaving_runs.check_onnx(net, tmp_path / "net.onnx", cases)


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
@pytest.mark.parametrize("shape, text", [
    ((None, 4), "batches of 1 to 64"), ((7, 4), "a batch of 7")])
def test_a_network_that_never_runs_says_for_which_batches(shape, text):
    net = L.ExpressionLayer(InputLayer(shape), lambda x: T.dot(x, x[:, :3]))
    with pytest.raises(LeavingError, match=text):
        to_torch(net)


def test_several_sizes_are_compared():
    net = layer(lambda x: 2 * x)
    source = Source(net, "net")
    shapes = [x.shape for values, _ in Oracle(source, plan_of(source)).cases
              for x in values.values()]
    assert shapes == [(1, 7), (1, 10), (1, 12), (3, 7)]


@pytest.mark.parametrize("function", [
    lambda v: v * v, lambda v: T.sqr(v) + v, lambda v: (v * 31 + 7) % 1000,
    lambda v: -v - 2, lambda v: T.inc_subtensor(v[:, 1:], v[:, :1])])
def test_integers_of_32_bits_are_cut(function, tmp_path):
    """Beyond what the comparison tries."""
    net = leaving_cases.of_integers("int32", function)()
    x = np.array([[50000, 3, -70000, 2 ** 31 - 1, 2 ** 30]], "int32")
    expected = leaving_runs.run_theano(net, [x])
    for got in runs_elsewhere(net, x, tmp_path):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("function", [
    lambda v: T.cast(v, "float64") % 86400, lambda v: v * 1. - 1500000000,
    lambda v: (v - 1500000000) / np.float64(3)])
def test_large_integers_meet_floats(function, tmp_path):
    """As times in seconds, float64 in Theano."""
    net = leaving_cases.of_integers("int64", function)()
    x = np.array([[2 ** 24 + 1, 1500000001, 1500086399, 3, 1499999990]])
    expected = leaving_runs.run_theano(net, [x])
    for got in runs_elsewhere(net, x, tmp_path):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def runs_elsewhere(net, x, tmp_path):
    """Yield what the exports that can run here compute."""
    if files.has("torch"):
        yield leaving_runs.run_torch(to_torch(net), [x])
    if files.has("onnx"):
        leaving_runs.export(net, str(tmp_path / "net.onnx"))
        yield leaving_runs.run_onnx(tmp_path / "net.onnx", [x])


def test_what_is_no_number_has_no_sign(tmp_path):
    net = layer(lambda x: T.sgn(x) + T.sgn(T.cast(x.shape[1], "int32")))
    x = np.float32([[np.nan, -2, 0, np.inf]])
    for got in runs_elsewhere(net, x, tmp_path):
        np.testing.assert_array_equal(got, [[np.nan, 0, 1, 2]])


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
def test_complex_numbers_are_refused_as_such():
    with pytest.raises(LeavingError, match="of complex numbers; expected"):
        to_torch(layer(lambda x: abs(x + 1j * x)))
