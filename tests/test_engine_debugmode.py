"""The engine under Theano's DebugMode.

It compares the graph before and after each rewrite, looks for outputs that
share memory and for inputs that change, and hands each Op output arrays of
every kind to write to.
"""
import pytest
import theano
import theano.tensor as T
from engine_cases import names, needs_engine, tensor, values
from theano.compile.debugmode import DebugMode
from theano.tensor.nnet.bn import batch_normalization_train
from theano.tensor.signal import pool

pytestmark = needs_engine


@pytest.fixture(autouse=True)
def all_that_is_checked(monkeypatch):
    """Check in float32, with every kind of array to write to."""
    monkeypatch.setattr(theano.config, "floatX", "float32")
    monkeypatch.setattr(theano.config.DebugMode, "check_preallocated_output",
                        "ALL")


def checked(inputs, outputs, *arrays):
    """Compile under DebugMode, which raises what is wrong; run twice."""
    run = theano.function(inputs, outputs, mode=DebugMode(
        optimizer="fast_run", stability_patience=1))
    run(*arrays)
    run(*arrays)
    return names(run)


@pytest.mark.parametrize("mode", ["max", "average_exc_pad"])
def test_convolution_and_pooling(mode):
    x, w, r = tensor(4), tensor(4), tensor(4)
    y = T.nnet.relu(T.nnet.conv2d(x, w, border_mode="half") * 2 + 1 + r)
    y = pool.pool_2d(y, (2, 2), ignore_border=True, mode=mode)
    used = checked([x, w, r], [y] + T.grad(T.sqr(y).sum(), [x, w]),
                   values(2, 3, 6, 5), values(4, 3, 3, 3), values(2, 4, 6, 5))
    assert {"Convolution", "ConvolutionGradKernel", "ConvolutionGradInput",
            "Pool", "PoolGrad"} <= set(used)


def test_over_one_axis():
    x, w, bias = tensor(3), tensor(3), T.fvector()
    y = T.nnet.conv2d(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2),
                      border_mode=(0, 1))[:, :, 0]
    y = T.nnet.relu(y + bias.dimshuffle("x", 0, "x"))
    y = pool.pool_2d(y.dimshuffle(0, 1, 2, "x"), (2, 1),
                     ignore_border=True)[:, :, :, 0]
    used = checked([x, w, bias], [y] + T.grad(T.sqr(y).sum(), [x, w]),
                   values(2, 3, 9), values(4, 3, 3), values(4))
    assert {"Convolution", "ConvolutionGradKernel", "ConvolutionGradInput",
            "Pool", "PoolGrad"} <= set(used)
    assert not {"Subtensor", "IncSubtensor"} & set(used)


def test_padding():
    x, w = tensor(4), tensor(4)
    y = T.nnet.conv2d(x, w, border_mode="full", filter_shape=(4, 3, 3, 2))
    y = T.nnet.relu(y[:, :, 1:x.shape[2] + 1, :x.shape[3]])
    wide = T.set_subtensor(T.zeros((y.shape[0], y.shape[1], y.shape[2] + 3,
                                    y.shape[3]), "float32")[
                                        :, :, 1:y.shape[2] + 1], y)
    z = T.nnet.conv2d(wide, w.dimshuffle(1, 0, 2, 3))
    used = checked([x, w], [z] + T.grad(z.sum(), [x, w]),
                   values(2, 3, 6, 5), values(4, 3, 3, 2))
    assert used.count("Convolution") == 2


def test_inference():
    x, w, r = tensor(4), tensor(4), tensor(4)
    scale = T.fvector()
    y = T.nnet.conv2d(x, w) * scale.dimshuffle("x", 0, "x", "x")
    used = checked([x, w, r, scale], [T.nnet.relu(y + 1 + r)[:, ::2]],
                   values(2, 3, 6, 5), values(4, 3, 3, 2), values(2, 4, 4, 4),
                   values(4))
    assert "Convolution" in used


@pytest.mark.parametrize("activation", [T.nnet.relu, lambda y: y],
                         ids=["relu", "none"])
def test_batch_normalization(activation):
    x = tensor(4)
    scale, bias = (T.TensorType("float32", (True, False, True, True))()
                   for _ in range(2))
    y, mean, inv_std = batch_normalization_train(x, scale, bias, "spatial")
    y = activation(y)
    used = checked([x, scale, bias], [y, mean, inv_std] + T.grad(
        T.sqr(y).sum(), [x, scale, bias]),
        values(2, 3, 6, 5), values(1, 3, 1, 1), values(1, 3, 1, 1, seed=1))
    assert {"Norm", "NormGrad"} <= set(used)
