"""What the engine's rewrites leave in a graph, and that it means the same."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          needs_pkg_resources, tensor, values)
from lasagne_flipconv import engine, layers
from lasagne_flipconv.engine.ops import conv as ops_conv, pool as ops_pool
from theano.gof.opt import check_stack_trace
from theano.tensor.elemwise import Elemwise
from theano.tensor.signal.pool import pool_2d

pytestmark = needs_engine


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr(theano.config, "floatX", "float32")


def big_elemwise(function):
    """Return the elementwise nodes over whole activations."""
    return [node for node in function.maker.fgraph.toposort()
            if type(node.op).__name__ == "Elemwise"
            and node.outputs[0].ndim > 3
            and not any(node.outputs[0].broadcastable)]


def conv(x, w, **options):
    return T.nnet.conv2d(x, w, **options)


ACTIVATIONS = {
    "rectify": (lambda x: .5 * (x + abs(x)), "relu", 0),
    "relu": (T.nnet.relu, "relu", 0),
    "leaky": (lambda x: T.nnet.relu(x, .25), "relu", .25),
    "maximum": (lambda x: T.maximum(0, x), "relu", 0),
    "maximum leaky": (lambda x: T.maximum(x, .1 * x), "relu", .1),
    "switch": (lambda x: T.switch(x > 0, x, .2 * x), "relu", .2),
    "switch below": (lambda x: T.switch(x < 0, 0, x), "relu", 0),
    "elu": (T.nnet.elu, "elu", 1),
    "elu factor": (lambda x: T.nnet.elu(x, .5), "elu", .5),
    "switch elu": (lambda x: T.switch(x >= 0, x, T.expm1(x)), "elu", 1),
    "lasagne leaky": (lasagne.nonlinearities.leaky_rectify, "relu", .01),
    "positive": (lambda x: T.switch(x > 0, x, 0), "positive", 0),
    "switch leaky zero": (lambda x: T.switch(x > 0, x, 0 * x), "relu", 0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_taken_in(name):
    function, kind, slope = ACTIVATIONS[name]
    x, w = tensor(4), tensor(4)
    ours, stock = both([x, w], function(conv(x, w)))
    node, = [n for n in ours.maker.fgraph.toposort()
             if type(n.op).__name__ == "Convolution"]
    assert node.op.activation == kind
    assert abs(node.op.slope - slope) < 1e-7
    assert not big_elemwise(ours)
    arrays = values(2, 3, 7, 6), values(5, 3, 2, 3)
    check_close(ours(*arrays), stock(*arrays))


@pytest.mark.parametrize("function", [
    lambda x: T.maximum(x, .5), lambda x: x + 2 * abs(x),
    lambda x: T.switch(x > .5, x, 0), lambda x: T.clip(x, 0, 6),
    lambda x: T.maximum(x, 3 * x), lambda x: T.maximum(2 * x, 0),
    lambda x: T.switch(x > 0, x, T.expm1(2 * x)),
    lambda x: T.switch(x > 0, 0, x), T.tanh])
def test_what_only_looks_like_an_activation(function):
    x, w = tensor(4), tensor(4)
    ours, stock = both([x, w], function(conv(x, w)))
    arrays = 3 * values(2, 3, 7, 6), values(5, 3, 2, 3)
    check_close(ours(*arrays), stock(*arrays))


def test_used_twice_is_not_taken_in():
    x, w = tensor(4), tensor(4)
    y = conv(x, w)
    ours, stock = both([x, w], [T.nnet.relu(y), y, (y + 1) * 2])
    arrays = values(2, 3, 7, 6), values(5, 3, 2, 3)
    check_close(ours(*arrays), stock(*arrays))


def test_all_at_once():
    x, w, r = tensor(4), tensor(4), tensor(4)
    mean, scale, beta = T.fvector(), T.fvector(), T.fvector()

    def spread(v):
        return v.dimshuffle("x", 0, "x", "x")

    y = (conv(x, w) - spread(mean)) * spread(scale) / 3 + spread(beta)
    ours, stock = both([x, w, r, mean, scale, beta],
                       T.nnet.relu(y * .5 + conv(r, w[:, :, :1, :1])))
    assert names(ours).count("Convolution") == 2
    assert not big_elemwise(ours)
    arrays = [values(2, 3, 7, 6), values(5, 3, 2, 2), values(2, 3, 6, 5)] + [
        values(5, seed=i) for i in range(3)]
    check_close(ours(*arrays), stock(*arrays))


def test_after_the_residual_nothing_is_scaled():
    x, w, r, v = tensor(4), tensor(4), tensor(4), T.fvector()
    y = (conv(x, w) + r) * v.dimshuffle("x", 0, "x", "x")
    ours, stock = both([x, w, r, v], y)
    arrays = [values(2, 3, 7, 6), values(5, 3, 2, 2), values(2, 5, 6, 5),
              values(5)]
    check_close(ours(*arrays), stock(*arrays))
    with pytest.raises(ValueError, match="residual"):
        ours(arrays[0], arrays[1], values(2, 5, 6, 4), arrays[3])


def test_layout_is_kept():
    x, w, v = tensor(4), tensor(4), tensor(4)
    y = conv(x, w, border_mode="half")
    y = T.tanh(T.concatenate([y, 2 * y], axis=1))[:, :, ::2, 1:]
    y = T.set_subtensor(T.zeros((y.shape[0], 10, y.shape[2], y.shape[3]),
                                "float32")[:, 2:8], y)
    y = conv(pool_2d(y, (2, 2), ignore_border=True), v)
    ours, stock = both([x, w, v], [y.sum((2, 3)), y.mean((0, 2, 3)),
                                   T.sqr(y).sum()])
    moves = [node for node in ours.maker.fgraph.toposort()
             if type(node.op).__name__ == "DimShuffle"
             and node.inputs[0].ndim == node.outputs[0].ndim == 4]
    assert len(moves) <= 1  # the one of x
    arrays = values(2, 4, 9, 8), values(3, 4, 3, 3), values(5, 10, 1, 2)
    check_close(ours(*arrays), stock(*arrays))


def test_subtensors_that_drop_axes():
    x, w = tensor(4), tensor(4)
    y = conv(x, w)
    ours, stock = both([x, w], [y[:, 1], y[0, :, 2], y[:, :, ::-1, -2:]])
    arrays = values(2, 4, 9, 8), values(3, 4, 3, 3)
    check_close(ours(*arrays), stock(*arrays))


def network(conv_layer=layers.Conv2DLayer):
    net = inputs = lasagne.layers.InputLayer((None, 3, 12, 12))
    net = layers.batch_norm(conv_layer(net, 8, 3, pad="same"))
    body = layers.batch_norm(conv_layer(net, 8, 3, pad="same",
                                        nonlinearity=None))
    net = lasagne.layers.NonlinearityLayer(
        lasagne.layers.ElemwiseSumLayer([body, net]))
    net = lasagne.layers.MaxPool2DLayer(net, 2)
    return inputs.input_var, lasagne.layers.DenseLayer(
        lasagne.layers.GlobalPoolLayer(net), 5,
        nonlinearity=lasagne.nonlinearities.softmax)


def training_run(steps):
    """Return the losses and parameters after some steps of training."""
    lasagne.random.set_rng(np.random.RandomState(1))
    x, net = network()
    y = T.ivector()
    loss = lasagne.objectives.categorical_crossentropy(
        lasagne.layers.get_output(net), y).mean()
    params = lasagne.layers.get_all_params(net, trainable=True)
    step = theano.function([x, y], loss, mode=MODE,
                           updates=lasagne.updates.sgd(loss, params, .05))
    images, labels = values(6, 3, 12, 12), np.arange(6, dtype="int32") % 5
    losses = [step(images, labels) for _ in range(steps)]
    return step, losses, lasagne.layers.get_all_param_values(net)


def test_training():
    step, losses, params = training_run(4)
    with engine.disabled():
        stock, expected, stock_params = training_run(4)
    used = names(step)
    assert [used.count(name) for name in (
        "Convolution", "ConvolutionGradKernel", "ConvolutionGradInput",
        "Norm", "NormGrad", "Pool", "PoolGrad")] == [2, 2, 1, 2, 2, 1, 1]
    assert "CorrMM" in names(stock)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for got, wanted in zip(params, stock_params):
        check_close(got, wanted, 1e-4)


def test_inference():
    x, net = network()
    output = lasagne.layers.get_output(net, deterministic=True)
    ours, stock = both([x], output)
    assert names(ours).count("Convolution") == 2
    assert not big_elemwise(ours)
    for batch in (1, 5, 2):
        check_close(ours(values(batch, 3, 12, 12)),
                    stock(values(batch, 3, 12, 12)))


@needs_pkg_resources
def test_scan():
    x, w = tensor(4), tensor(4)
    looped, _ = theano.scan(
        lambda image: conv(image.dimshuffle("x", 0, 1, 2), w)[0], [x])
    ours, stock = both([x, w], looped)
    arrays = values(3, 2, 6, 5), values(4, 2, 3, 2)
    check_close(ours(*arrays), stock(*arrays))


def test_fast_compile():
    x, w = tensor(4), tensor(4)
    quick = theano.function([x, w], conv(x, w), mode="FAST_COMPILE")
    _, stock = both([x, w], conv(x, w))
    assert "Convolution" in names(quick)
    arrays = values(3, 2, 6, 5), values(4, 2, 3, 2)
    check_close(quick(*arrays), stock(*arrays))


def test_every_op_names_where_its_graph_was_built():
    x, w = tensor(4), tensor(4)
    y = pool_2d(T.nnet.relu(conv(x, w)), (2, 2), ignore_border=True)
    run = theano.function([x, w], [y] + T.grad(y.sum(), [x, w]), mode=MODE)
    assert check_stack_trace(run, (
        ops_conv.Convolution, ops_conv.ConvolutionGradInput,
        ops_conv.ConvolutionGradKernel, ops_pool.Pool, ops_pool.PoolGrad))
    with pytest.raises(ValueError, match="test_engine_graph.py"):
        run(values(1, 2, 5, 5), values(3, 4, 2, 2))


def test_arithmetic_on_activations_runs_on_all_processors():
    x, w, a = tensor(4), tensor(4), tensor(4)
    y = T.tanh(conv(x, w)) * T.nnet.sigmoid(a)
    ours, stock = both([x, w, a], y)
    of_ours, of_stock = ([node.op.openmp
                          for node in f.maker.fgraph.toposort()
                          if type(node.op) is Elemwise]
                         for f in (ours, stock))
    assert of_ours == [True]
    assert of_stock == [theano.config.openmp]
    arrays = values(3, 4, 30, 30), values(5, 4, 3, 3), values(3, 5, 28, 28)
    check_close(ours(*arrays), stock(*arrays))
