"""What is infinite or not a number, with the engine and without.

A user finds out by not-a-numbers that training diverged: wherever Theano has
one because of what it is given, the engine has one.
"""
import os

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, in_new_process, needs_engine,
                          needs_tiles, ran_on, tensor, values)
from lasagne_flipconv import engine, layers
from test_engine_graph import ACTIVATIONS
from test_engine_layouts import CASES as ALL_OPS
from theano.tensor.nnet import bn
from theano.tensor.nnet.abstract_conv import (AbstractConv2d,
                                              get_conv_output_shape)
from theano.tensor.signal.pool import pool_2d

pytestmark = needs_engine

@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr(theano.config, "floatX", "float32")


SPOILERS = [np.nan, np.inf, -np.inf]


def spoilt(array, value, seed=0):
    """Return a copy with this value at a random place."""
    array = array.copy()
    array.flat[np.random.RandomState(seed).randint(array.size)] = value
    return array


def check_same(got, expected, limit=2e-5):
    """Compare what is not finite exactly, the rest as usual."""
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite])
    np.testing.assert_allclose(
        got[finite], expected[finite], rtol=limit,
        atol=limit * np.abs(expected[finite]).max(initial=1))


# --- what follows a convolution ----------------------------------------------

def activated(name, x):
    """Return what an activation makes of an array, as the docs say."""
    _, kind, slope = ACTIVATIONS[name]
    below = slope * (np.expm1(np.minimum(x, 0)) if kind == "elu" else x)
    if slope == 0:
        below = np.where(np.isnan(x) & (kind == "relu"), x, 0)
    return np.where(x > 0, x, below).astype("float32")


# channels, filters, kernel, options, and how it is computed
CONVOLUTIONS = {
    "large tiles": (32, 64, 3, dict(border_mode="half"), "winograd 4x4"),
    "small tiles": (304, 32, 3, dict(border_mode="half"), "winograd 2x2"),
    "1x1": (16, 32, 1, {}, None),
    "lines": (48, 64, 2, dict(subsample=(2, 1)), "lines"),
    "lines with a padding": (24, 32, 3, dict(
        border_mode=(0, 1), subsample=(2, 1)), "lines"),
    "few positions": (16, 32, 15, {}, "lines"),
    "stride": (3, 18, 3, dict(border_mode="half", subsample=(2, 2)), None),
    "each channel": (32, 32, 3, dict(num_groups=32), None),
    "few": (2, 1, 4, dict(border_mode="full"), None),
}


def convolution(case, with_residual, activation):
    """Return functions with the engine, and without it and activation."""
    channels, filters, size, options, _ = CONVOLUTIONS[case]
    x, w, scale, bias, r = (tensor(n) for n in (4, 4, 1, 1, 4))
    y = AbstractConv2d(**options)(x, w)
    y = (y * scale.dimshuffle("x", 0, "x", "x")
         + bias.dimshuffle("x", 0, "x", "x"))
    inputs = [x, w, scale, bias]
    arrays = [values(2, channels, 15, 17),
              values(filters, channels // options.get("num_groups", 1), size,
                     size), values(filters), values(filters, seed=1)]
    if with_residual:
        y, inputs = y + r, inputs + [r]
        arrays.append(values(*get_conv_output_shape(
            arrays[0].shape, arrays[1].shape,
            options.get("border_mode", "valid"),
            options.get("subsample", (1, 1)))))
    ours = theano.function(inputs, activation(y), mode=MODE)
    with engine.disabled():
        return ours, theano.function(inputs, y, mode=MODE), arrays


@pytest.mark.parametrize("with_residual", [False, True],
                         ids=["plain", "residual"])
@pytest.mark.parametrize("case", [
    pytest.param(case, marks=needs_tiles if where else ())
    for case, (*_, where) in CONVOLUTIONS.items()])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name, case, with_residual):
    function, kind, slope = ACTIVATIONS[name]
    ours, stock, arrays = convolution(case, with_residual, function)
    ours(*arrays)
    assert ran_on() == CONVOLUTIONS[case][-1] or not CONVOLUTIONS[case][-1]
    for position, array in enumerate(arrays):
        for value in SPOILERS:
            given = list(arrays)
            given[position] = spoilt(array, value)
            before, got = stock(*given), ours(*given)
            expected = activated(name, before)
            if (kind, slope) == ("relu", 0):  # the choice that the docs leave
                expected[np.isneginf(before) & np.isnan(got)] = np.nan
            check_same(got, expected)


@pytest.mark.parametrize("rectify", [
    lasagne.nonlinearities.rectify, lambda t: T.maximum(t, 0)])
def test_network_of_not_a_number(rectify):
    x = tensor(4)
    net = lasagne.layers.InputLayer((None, 3, 12, 12), x)
    for size in (3, 1, 5):
        net = layers.Conv2DLayer(net, 16, size, nonlinearity=rectify,
                                 W=np.full((16, net.output_shape[1], size,
                                            size), np.nan, "f"))
    net = lasagne.layers.DenseLayer(net, 10,
                                    nonlinearity=lasagne.nonlinearities.softmax)
    run = theano.function([x], lasagne.layers.get_output(net), mode=MODE)
    assert np.isnan(run(values(2, 3, 12, 12))).all()


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize("value", SPOILERS + [-9.])
def test_batch_normalization_in_inference(value, position):
    # a variance of -9 has no root
    x, w = tensor(4), tensor(4)
    vectors = [T.TensorType("float32", [True, False, True, True])()
               for _ in range(4)]
    y = bn.batch_normalization_test(T.nnet.conv2d(x, w), *vectors,
                                    axes="spatial")
    ours, stock = both([x, w] + vectors, T.maximum(y, 0))
    arrays = [values(2, 3, 7, 6), values(5, 3, 3, 2)] + [
        values(1, 5, 1, 1, seed=i) + 1.5 for i in range(4)]
    arrays[position] = spoilt(arrays[position], value)
    got, expected = ours(*arrays), stock(*arrays)
    if np.isinf(value):  # its mean may be taken after it was multiplied
        assert np.isnan(got[np.isnan(expected)]).all()
    else:
        check_same(got, expected)


# --- every Op, every input ---------------------------------------------------

@pytest.mark.parametrize("case", [
    case for case in ALL_OPS if "followed" not in case
    and "normed in" not in case])
def test_all_inputs_of_all_ops(case):
    inputs, outputs, arrays = ALL_OPS[case]()
    ours, stock = both(inputs, outputs)
    for position, array in enumerate(arrays):
        for value in SPOILERS:
            given = list(arrays)
            given[position] = spoilt(array, value, seed=position)
            got, expected = ours(*given), stock(*given)
            if "normed" in case:  # where Theano's is infinite, no number
                mean = expected[1]
                mean[np.isnan(got[1]) & np.isinf(mean)] = np.nan
            for a, b in zip(got, expected):
                check_same(a, b, 1e-4)


@pytest.mark.parametrize("case", [
    case for case in ALL_OPS if "over" in case and "one axis" not in case])
def test_pooling_of_many(case):
    inputs, outputs, (x, g) = ALL_OPS[case]()
    ours, stock = both(inputs, outputs)
    rng = np.random.RandomState(1)
    for share in (.1, .5, 1):
        given = np.where(rng.rand(*x.shape) < share,
                         rng.choice(SPOILERS, x.shape), x).astype("float32")
        for got, expected in zip(ours(given, g), stock(given, g)):
            check_same(got, expected)


def test_maximum_of_what_is_not_a_number():
    # as the docs have it, and Theano
    x = tensor(4)
    ours, stock = both([x], pool_2d(x, (1, 2), ignore_border=True))
    image = np.array([np.nan, 1, 1, np.nan], "f").reshape(1, 1, 1, 4)
    for run in (ours, stock):
        np.testing.assert_array_equal(run(image).ravel(), [np.nan, 1])


@pytest.mark.parametrize("where", ["x", "w"])
@pytest.mark.parametrize("value", SPOILERS)
@pytest.mark.parametrize("size, pad", [(1, 2), (3, 1), (3, 4), (5, 3)])
def test_zeros_of_the_padding(size, pad, value, where):
    # zero times not-a-number is not-a-number, and zero times infinity
    inputs = [tensor(4) for _ in range(3)]
    y = AbstractConv2d(border_mode=(pad, pad))(*inputs[:2])
    ours, stock = both(inputs, [y] + T.grad(
        None, inputs[:2], known_grads={y: inputs[2]}))
    x, w = values(2, 3, 2, 3), values(4, 3, size, size)
    g = values(2, 4, 2 + 2 * pad - size + 1, 3 + 2 * pad - size + 1)
    for at in [(0, 0), (1, 1), (-1, -1)]:
        given = [x.copy(), w.copy(), g.copy()]
        given[where == "w"][1, 2][at[0] % given[where == "w"].shape[2],
                                  at[1] % given[where == "w"].shape[3]] = value
        given[2][0, 1][at] = value
        for got, expected in zip(ours(*given), stock(*given)):
            check_same(got, expected)


@needs_tiles
def test_tiles_keep_it_in_its_place():
    x, w = tensor(4), tensor(4)
    ours, stock = both([x, w], T.nnet.conv2d(x, w, border_mode="half"))
    image, kernel = values(1, 32, 20, 20), values(32, 32, 3, 3)
    image[0, 3, 10, 11], image[0, 5, 2, 2] = np.nan, np.inf
    got = ours(image, kernel)
    assert not ran_on().startswith("winograd")
    check_same(got, stock(image, kernel))
    assert np.isfinite(got).mean() > .95
    ours(values(1, 32, 20, 20), kernel)
    assert ran_on().startswith("winograd")


@pytest.mark.parametrize("gradient", ["relu", "maximum", "elu"])
def test_gradients_through_an_activation(gradient):
    x, w, bias = tensor(4), tensor(4), T.fvector()
    y = ACTIVATIONS[gradient][0](T.nnet.conv2d(x, w)
                                 + bias.dimshuffle("x", 0, "x", "x"))
    ours, stock = both([x, w, bias], T.grad(T.sqr(y).sum(), [x, w, bias]))
    arrays = [values(2, 3, 7, 6), values(5, 3, 3, 2), values(5)]
    for position, array in enumerate(arrays):
        for value in SPOILERS:
            if position == 0 and np.isinf(value):
                continue  # see test_activation
            given = list(arrays)
            given[position] = spoilt(array, value)
            for got, expected in zip(ours(*given), stock(*given)):
                check_same(got, expected, 1e-4)


PROGRAM = """
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
x, w = T.ftensor4(), T.ftensor4()
f = theano.function([x, w], T.nnet.relu(T.nnet.conv2d(x, w)))
kernel = np.full((16, 16, %d, %d), np.nan, 'f')
print(np.isnan(f(np.ones((2, 16, 20, 20), 'f'), kernel)).all())
"""


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("isa, flags", [
    ("AVX2", "-march=x86-64-v3"), ("SSE41", "-march=x86-64-v2"),
    ("DEFAULT", "-ffast-math")])
def test_other_processors_and_flags(isa, flags, size):
    theano_flags = "%s,gcc.cxxflags=%s" % (
        os.environ.get("THEANO_FLAGS", ""), flags)
    assert in_new_process(PROGRAM % (size, size), ONEDNN_MAX_CPU_ISA=isa,
                          THEANO_FLAGS=theano_flags.strip(",")) == "True\n"
