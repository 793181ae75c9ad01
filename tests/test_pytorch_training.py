"""Training on PyTorch gives the losses that it gives on Theano."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import layers as L
from lasagne_flipconv import engine, layers
from pytorch_cases import DEVICE, FAST_RUN, same, torch_mode

RULES = [name for name in (
    "sgd", "momentum", "nesterov_momentum", "adagrad", "rmsprop", "adadelta",
    "adam", "adamax", "amsgrad") if hasattr(lasagne.updates, name)]


def trained(build, mode, steps, seed=4):
    """Return the losses of some steps, and the values at the end."""
    np.random.seed(seed)
    lasagne.random.set_rng(np.random.RandomState(seed)) if hasattr(
        lasagne, "random") else None
    with engine.using("torch", DEVICE):  # where variables are made for either
        network, x, y, rule = build()
    loss = T.nnet.categorical_crossentropy(
        L.get_output(network), y).mean()
    params = L.get_all_params(network, trainable=True)
    f = theano.function([x, y], loss, updates=rule(loss, params), mode=mode)
    rng = np.random.RandomState(seed)
    batches = [(rng.uniform(-1, 1, (8, *L.get_all_layers(
        network)[0].shape[1:])).astype("float32"),
        rng.randint(0, 5, 8).astype("int32")) for _ in range(4)]
    losses = [f(*batches[i % 4]) for i in range(steps)]
    return np.array(losses), [p.get_value() for p in params], f


def dense(rule):
    x, y = T.fmatrix(), T.ivector()
    layer = L.DenseLayer(L.InputLayer((None, 6), x), 7)
    layer = L.DenseLayer(layer, 5, nonlinearity=lasagne.nonlinearities.softmax)
    return layer, x, y, rule


@pytest.mark.parametrize("name", RULES)
def test_update_rules(name):
    rule = getattr(lasagne.updates, name)
    options = {} if name in ("adadelta", "adam", "adamax", "amsgrad") else {
        "learning_rate": .01}
    build = lambda: dense(lambda *args: rule(*args, **options))  # noqa: E731
    ours, theirs = (trained(build, mode, 5) for mode in (
        torch_mode(DEVICE), FAST_RUN))
    assert not ours[2].fn.program.untranslated
    same(ours[0], theirs[0], 1e-5)
    same(ours[1], theirs[1], 1e-5)


def residual():
    """Return a small residual network with batch normalization."""
    from lasagne_flipconv.layers import Conv2DLayer, batch_norm
    relu = lasagne.nonlinearities.rectify
    x, y = T.ftensor4(), T.ivector()
    layer = batch_norm(Conv2DLayer(L.InputLayer((None, 3, 12, 12), x), 8, 3,
                                   pad=1, nonlinearity=relu))
    for stride in (1, 2):
        inner = batch_norm(Conv2DLayer(layer, 8 * stride, 3, stride=stride,
                                       pad=1, nonlinearity=relu))
        inner = batch_norm(Conv2DLayer(inner, 8 * stride, 3, pad=1,
                                       nonlinearity=None))
        if stride > 1:
            layer = Conv2DLayer(layer, 16, 1, stride=2, nonlinearity=None)
        layer = L.NonlinearityLayer(L.ElemwiseSumLayer([layer, inner]), relu)
    layer = L.DropoutLayer(L.MaxPool2DLayer(layer, 2), .2)
    layer = L.DenseLayer(layer, 5, nonlinearity=lasagne.nonlinearities.softmax)
    return layer, x, y, lambda loss, params: lasagne.updates.nesterov_momentum(
        loss, params, .002)


def test_twenty_steps_of_a_residual_network():
    """Dropout draws the same numbers."""
    ours, theirs = (trained(residual, mode, 20) for mode in (
        torch_mode(DEVICE), FAST_RUN))
    assert not ours[2].fn.program.untranslated
    same(ours[0], theirs[0], 1e-4)
    assert ours[0][-1] < ours[0][0]
    moved = 8 * (3 * 12 * 12 * 4 + 4)  # the batch and its classes
    assert ours[2].fn.moved == (moved, 4)


def test_statistics_of_a_layer_that_is_used_twice():
    """As a discriminator's, of real images and of others in one function."""
    layer = layers.BatchNormLayer((4, 3), alpha=.5)
    inputs = T.matrices("xy")
    f = theano.function(inputs, [layer.get_output_for(x) for x in inputs],
                        mode=torch_mode(DEVICE))
    given = np.random.RandomState(2).normal(3, 2, (2, 4, 3)).astype(
        theano.config.floatX)
    mean, inv_std = np.zeros(3), np.ones(3)
    for _ in range(2):
        f(*given)
        for x in given:
            mean = (mean + x.mean(0)) / 2
            inv_std = (inv_std + 1 / np.sqrt(x.var(0) + 1e-4)) / 2
    for param, wanted in ((layer.mean, mean), (layer.inv_std, inv_std)):
        np.testing.assert_allclose(param.get_value(), wanted, 1e-5)


@pytest.mark.parametrize("name", ["RecurrentLayer", "LSTMLayer", "GRULayer"])
def test_recurrent_networks(name):
    def build():
        x, y = T.ftensor3(), T.ivector()
        layer = getattr(L, name)(L.InputLayer((8, 6, 4), x), 5)
        layer = L.DenseLayer(layer, 5,
                             nonlinearity=lasagne.nonlinearities.softmax)
        return layer, x, y, lambda loss, params: lasagne.updates.sgd(
            loss, params, .1)
    ours, theirs = (trained(build, mode, 4) for mode in (
        torch_mode(DEVICE), FAST_RUN))
    same(ours[0], theirs[0], 1e-5)
    same(ours[1], theirs[1], 1e-5)
