"""1-D networks: convolutions over one axis, whoever built them with two."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from lasagne_flipconv import engine, layers
from theano.tensor.elemwise import DimShuffle, Elemwise
from theano.tensor.nnet.abstract_conv import causal_conv1d
from theano.tensor.signal.pool import pool_2d

pytestmark = needs_engine


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr(theano.config, "floatX", "float32")


def ops(function, name):
    """Return the Ops of a class of this name in a function."""
    return [node.op for node in function.maker.fgraph.toposort()
            if type(node.op).__name__ == name]


def big_elemwise(function):
    """Return the elementwise nodes over whole activations."""
    return [node for node in function.maker.fgraph.toposort()
            if type(node.op) is Elemwise
            and node.outputs[0].broadcastable in ((False,) * 3, (False,) * 4)]


def moves(function):
    """Return the views of activations that swap axes."""
    return [node for node in function.maker.fgraph.toposort()
            if isinstance(node.op, DimShuffle) and node.inputs[0].ndim > 2
            and list(node.op.shuffle) != sorted(node.op.shuffle)]


# --- convolutions over one axis, as others write them ------------------------

def before_last(x, w, **options):
    y = T.nnet.conv2d(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2),
                      **options)
    return y[:, :, 0, :]


def after_last(x, w, **options):
    y = T.nnet.conv2d(x.dimshuffle(0, 1, 2, "x"), w.dimshuffle(0, 1, 2, "x"),
                      **options)
    return y[:, :, :, 0]


def dropped_by_a_view(x, w):
    y = T.nnet.conv2d(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2))
    return T.addbroadcast(y, 2).dimshuffle(0, 1, 3)


def in_three(x, w):
    y = T.nnet.conv3d(x.dimshuffle(0, 1, "x", 2, "x"),
                      w.dimshuffle(0, 1, "x", 2, "x"))
    return y[:, :, 0, :, 0]


WRITTEN = {
    "before": before_last,
    "before, padded": lambda x, w: before_last(
        x, w, border_mode=(0, 2), subsample=(1, 2)),
    "before, one side": lambda x, w: before_last(
        x, w, border_mode=(0, (2, 1)), filter_dilation=(1, 2)),
    "before, half": lambda x, w: before_last(
        x, w, border_mode="half", filter_flip=False),
    "before, full": lambda x, w: before_last(x, w, border_mode="full"),
    "after": after_last,
    "after, padded": lambda x, w: after_last(
        x, w, border_mode=(3, 0), subsample=(2, 3)),
    "view": dropped_by_a_view,
    "three axes": in_three,
    "causal": lambda x, w: causal_conv1d(x, w, (5, 3, 4), filter_dilation=2),
    "last index": lambda x, w: T.nnet.conv2d(
        x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2))[:, :, 0],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_forms(name):
    x, w, scale, bias = tensor(3), tensor(3), T.fvector(), T.fvector()
    y = WRITTEN[name](x, w) * scale.dimshuffle("x", 0, "x")
    y = T.nnet.relu(y + bias.dimshuffle("x", 0, "x"), .25)
    ours, stock = both([x, w, scale, bias], y)
    op, = ops(ours, "Convolution")
    assert op.scale and op.bias and op.activation == "relu"
    assert op.slope == .25
    assert not big_elemwise(ours)
    assert "Subtensor" not in names(ours)
    for length in (17, 12):
        arrays = (values(2, 3, length), values(5, 3, 4), values(5),
                  values(5, seed=1))
        check_close(ours(*arrays), stock(*arrays))


@pytest.mark.parametrize("name", WRITTEN)
def test_gradients(name):
    x, w, g = tensor(3), tensor(3), tensor(3)
    y = WRITTEN[name](x, w)
    ours, stock = both([x, w, g], T.grad(None, [x, w], known_grads={y: g}))
    assert len(moves(ours)) <= 3  # the inputs, and the gradient of one
    assert not {"IncSubtensor", "Alloc"} & set(names(ours))
    arrays = values(2, 3, 17), values(5, 3, 4)
    shape = theano.function([x, w], y.shape, mode=MODE)(*arrays)
    arrays += (values(*shape),)
    check_close(ours(*arrays), stock(*arrays))
    with pytest.raises(ValueError):
        ours(*arrays[:2], values(*shape[:2], shape[2] + 1))


def test_residual():
    x, w, r = tensor(3), tensor(3), tensor(3)
    y = T.nnet.relu(before_last(x, w) + after_last(r, w))
    ours, stock = both([x, w, r], y)
    assert sorted(op.residual for op in ops(ours, "Convolution")) == [
        False, True]
    assert not big_elemwise(ours)
    arrays = values(2, 3, 9), values(4, 3, 2), values(2, 3, 9, seed=1)
    check_close(ours(*arrays), stock(*arrays))
    with pytest.raises(ValueError, match="residual"):
        ours(*arrays[:2], values(2, 3, 8))


# --- what must stay as it is -------------------------------------------------

def test_axis_that_only_looks_idle():
    """An index of zero on an axis of any size takes a part of it."""
    x, w = tensor(4), tensor(4)
    for y in (T.nnet.conv2d(x, w)[:, :, 0],
              pool_2d(x, (1, 2), ignore_border=True)[:, :, 0],
              T.nnet.conv2d(x, w[:, :, :1], border_mode=(1, 0))[:, :, 0]):
        ours, stock = both([x, w], T.nnet.relu(y), on_unused_input="ignore")
        arrays = values(2, 3, 5, 6), values(4, 3, 2, 3)
        check_close(ours(*arrays), stock(*arrays))


@pytest.mark.parametrize("function", [
    lambda x, w: T.nnet.conv2d(x, w, border_mode=(1, 0)),
    lambda x, w: T.nnet.conv2d(x, w, border_mode=((1, 0), (0, 0))),
    lambda x, w: pool_2d(x, (2, 2), pad=(1, 0), ignore_border=True),
    lambda x, w: pool_2d(x, (1, 2), pad=(0, 1), stride=(2, 1),
                         ignore_border=True, mode="sum"),
    lambda x, w: pool_2d(x, (2, 2), ignore_border=False)])
def test_one_row_among_padding(function):
    x, w = tensor(3), tensor(3)
    y = function(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2))
    ours, stock = both([x, w], T.nnet.relu(y[:, :, 0]),
                       on_unused_input="ignore")
    arrays = values(2, 3, 7), values(4, 3, 2)
    check_close(ours(*arrays), stock(*arrays))


def test_axis_that_is_not_dropped():
    """Who computes with four axes all the way has all taken in as well."""
    x, w, b = tensor(3), tensor(3), T.fvector()
    y = T.nnet.conv2d(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2))
    y = T.nnet.relu(y + b.dimshuffle("x", 0, "x", "x"))
    for result in (y, y[:, :, 0]):
        ours, stock = both([x, w, b], result)
        op, = ops(ours, "Convolution")
        assert op.bias and op.activation == "relu"
        assert not big_elemwise(ours)
        arrays = values(2, 3, 7), values(4, 3, 2), values(4)
        check_close(ours(*arrays), stock(*arrays))


def test_both_with_the_axis_and_without():
    x, w = tensor(3), tensor(3)
    y = T.nnet.conv2d(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2))
    ours, stock = both([x, w], [T.tanh(y), T.nnet.relu(y[:, :, 0]), y.shape])
    arrays = values(2, 3, 7), values(4, 3, 2)
    check_close(ours(*arrays)[:2], stock(*arrays)[:2])


def test_wrong_shapes():
    x, w = tensor(3), tensor(3)
    ours, _ = both([x, w], T.nnet.relu(before_last(x, w)))
    for shape in [(4, 2, 2), (4, 3, 8)]:
        with pytest.raises(ValueError, match="convolution"):
            ours(values(2, 3, 7), values(*shape))
    x = tensor(4)  # of any size where the index is zero
    y = T.nnet.conv2d(x, w.dimshuffle(0, 1, "x", 2), border_mode="half")
    ours, _ = both([x, w], T.addbroadcast(y, 2).dimshuffle(0, 1, 3))
    assert ours(values(2, 3, 1, 7), values(4, 3, 2)).shape == (2, 4, 8)
    with pytest.raises(ValueError):
        ours(values(2, 3, 2, 7), values(4, 3, 2))


@pytest.mark.parametrize("shape", [(0, 3, 7), (2, 0, 7)])
def test_nothing(shape):
    x, w = tensor(3), tensor(3)
    y = before_last(x, w)
    ours, stock = both([x, w], [T.nnet.relu(y)] + T.grad(y.sum(), [x, w]))
    arrays = values(*shape), values(4, shape[1], 2)
    check_close(ours(*arrays), [
        np.zeros(s, "float32")
        for s in ((shape[0], 4, 6), shape, (4, shape[1], 2))])


# --- pooling -----------------------------------------------------------------

@pytest.mark.parametrize("mode", ["max", "sum", "average_inc_pad",
                                  "average_exc_pad"])
@pytest.mark.parametrize("ignore_border", [True, False])
def test_pool(mode, ignore_border):
    x, g = tensor(3), tensor(3)
    y = pool_2d(x.dimshuffle(0, 1, 2, "x"), (3, 1), stride=(2, 1), mode=mode,
                ignore_border=ignore_border)[:, :, :, 0]
    ours, stock = both([x, g], [y, T.grad(None, x, known_grads={y: g})])
    assert [op.axes for op in ops(ours, "Pool") + ops(ours, "PoolGrad")] == [
        1, 1]
    for length in (11, 12):
        arrays = values(2, 3, length), values(2, 3, 5 if ignore_border else
                                              length // 2)
        check_close(ours(*arrays), stock(*arrays))


# --- networks ----------------------------------------------------------------

def network(conv_layer, pool_layer):
    net = inputs = lasagne.layers.InputLayer((None, 3, 40))
    net = layers.batch_norm(conv_layer(net, 8, 5, pad="same"))
    net = pool_layer(net, 2)
    body = layers.batch_norm(conv_layer(net, 8, 3, pad="same",
                                        nonlinearity=None))
    net = lasagne.layers.NonlinearityLayer(
        lasagne.layers.ElemwiseSumLayer([body, net]))
    net = pool_layer(net, 3, stride=2)
    net = conv_layer(net, 6, 3,
                     nonlinearity=lasagne.nonlinearities.leaky_rectify)
    return inputs.input_var, lasagne.layers.DenseLayer(
        lasagne.layers.GlobalPoolLayer(net), 5,
        nonlinearity=lasagne.nonlinearities.softmax)


BUILDERS = {
    "ours": (layers.Conv1DLayer, layers.MaxPool1DLayer),
    "stock": (lasagne.layers.Conv1DLayer, lasagne.layers.MaxPool1DLayer),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_inference(name):
    x, net = network(*BUILDERS[name])
    ours, stock = both([x], lasagne.layers.get_output(net,
                                                      deterministic=True))
    convolutions = ops(ours, "Convolution")
    assert [(op.activation, op.residual) for op in convolutions] == [
        ("relu", False), ("relu", True), ("relu", False)]
    assert names(ours).count("Pool") == 2
    assert not big_elemwise(ours)
    assert len(moves(ours)) <= 2  # the input, and what goes into the mean
    for batch in (1, 5, 2):
        check_close(ours(values(batch, 3, 40)), stock(values(batch, 3, 40)))


@pytest.mark.parametrize("name", BUILDERS)
def test_training(name):
    x, net = network(*BUILDERS[name])
    y = T.ivector()
    loss = lasagne.objectives.categorical_crossentropy(
        lasagne.layers.get_output(net), y).mean()
    params = lasagne.layers.get_all_params(net, trainable=True)
    ours, stock = both([x, y], [loss] + T.grad(loss, params))
    used = names(ours)
    assert [used.count(op) for op in (
        "Convolution", "ConvolutionGradKernel", "ConvolutionGradInput",
        "Norm", "NormGrad", "Pool", "PoolGrad")] == [3, 3, 2, 2, 2, 2, 2]
    if name == "ours":
        assert not {"Subtensor", "IncSubtensor"} & set(used)
    arrays = values(6, 3, 40), np.arange(6, dtype="int32") % 5
    check_close(ours(*arrays), stock(*arrays))


def test_transposed():
    net = inputs = lasagne.layers.InputLayer((None, 3, 20))
    net = layers.Conv1DLayer(net, 6, 4, stride=2, flip_filters=False)
    net = layers.TransposedConv1DLayer(net, 5, 3, stride=2)
    net = layers.Conv1DLayer(net, 4, 3, num_groups=1, dilation=2,
                             nonlinearity=T.nnet.elu)
    x, y = inputs.input_var, lasagne.layers.get_output(net)
    params = lasagne.layers.get_all_params(net)
    ours, stock = both([x], [y] + T.grad(T.sqr(y).sum(), params))
    assert not {"Subtensor", "IncSubtensor"} & set(names(ours))
    check_close(ours(values(2, 3, 20)), stock(values(2, 3, 20)))


def test_arithmetic_on_three_axes_runs_on_all_processors():
    x, w, a = tensor(3), tensor(3), tensor(3)
    ours, stock = both([x, w, a], T.tanh(before_last(x, w)) * T.exp(a))
    assert [op.openmp for op in ops(ours, "Elemwise")] == [True]
    arrays = values(3, 4, 900), values(5, 4, 3), values(3, 5, 898)
    check_close(ours(*arrays), stock(*arrays))


def test_without_the_engine():
    x, w = tensor(3), tensor(3)
    with engine.disabled():
        function = theano.function([x, w], before_last(x, w), mode=MODE)
    assert "CorrMM" in names(function)
