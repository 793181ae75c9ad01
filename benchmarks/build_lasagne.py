"""Build and run described networks with Lasagne and this library's layers.

The same for all builders: `predictor` and `trainer` return a function of
NumPy arrays; `resident` returns two functions, one that runs a network on
data that already lie in the library, in the axis order it prefers, and one
that returns the last result as an array, channels first.
"""
import importlib.util

import lasagne_flipconv  # noqa: F401  makes Theano and Lasagne importable
import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.nonlinearities import rectify, softmax
from lasagne_flipconv import layers

from .description import EPSILON, of_node, output_shape

HAS_ENGINE = bool(importlib.util.find_spec("lasagne_flipconv.engine"))


def engine_enabled():
    """Tell whether convolutions run on the engine."""
    if not HAS_ENGINE:
        return False
    from lasagne_flipconv import engine
    return bool(engine.enabled())


# --- one function an operation: (node, inputs, values, flip) -----------------

def _conv(node, inputs, values, flip):
    options, W = node.options, values["W"]
    if flip:
        W = W[(slice(None),) * 2 + (slice(None, None, -1),) * (W.ndim - 2)]
    conv = getattr(layers, "Conv%dDLayer" % (W.ndim - 2))
    return conv(inputs[0], options["filters"], options["size"],
                options["stride"], options["pad"], W=np.ascontiguousarray(W),
                b=values.get("b"), nonlinearity=None, flip_filters=flip)


def _up(node, inputs, values, flip):
    options = node.options
    conv = getattr(layers, "TransposedConv%dDLayer" % len(options["size"]))
    return conv(inputs[0], options["filters"], options["size"],
                options["size"], W=values["W"], b=values["b"],
                nonlinearity=None, flip_filters=True)


def _norm(node, inputs, values, flip):
    return layers.BatchNormLayer(
        inputs[0], epsilon=EPSILON, beta=values["beta"],
        gamma=values["gamma"], mean=values["mean"],
        inv_std=1 / np.sqrt(values["var"] + np.float32(EPSILON)))


def _pool(node, inputs, values, flip):
    options = node.options
    pool = getattr(layers, "Pool%dDLayer" % len(options["size"]))
    mode = {"max": "max", "average": "average_inc_pad"}[options["mode"]]
    return pool(inputs[0], options["size"], options["stride"], options["pad"],
                mode=mode)


def _dense(node, inputs, values, flip):
    return layers.DenseLayer(inputs[0], node.options["units"],
                             W=np.ascontiguousarray(values["W"].T),
                             b=values["b"], nonlinearity=None)


def _subsample(node, inputs, values, flip):
    channels = inputs[0].output_shape[1]
    small = layers.ExpressionLayer(
        inputs[0], lambda x: x[:, :, ::2, ::2],
        lambda s: s[:2] + tuple((n + 1) // 2 for n in s[2:]))
    before = (node.options["filters"] - channels) // 2
    after = node.options["filters"] - channels - before
    return layers.PadLayer(small, [(before, after), 0, 0], batch_ndim=1)


BUILD = {
    "conv": _conv, "up": _up, "norm": _norm, "pool": _pool, "dense": _dense,
    "subsample": _subsample,
    "relu": lambda node, inputs, *_: lasagne.layers.NonlinearityLayer(
        inputs[0], rectify),
    "global_pool": lambda node, inputs, *_: lasagne.layers.GlobalPoolLayer(
        inputs[0]),
    "add": lambda node, inputs, *_: layers.ElemwiseSumLayer(inputs),
    "concat": lambda node, inputs, *_: layers.ConcatLayer(inputs, axis=1),
}


def build(network, values, input_var=None, flip=False):
    """Return the last layer of a network with the given parameters."""
    made = {"input": lasagne.layers.InputLayer(
        (None,) + network.input_shape, input_var)}
    for node in network.nodes:
        made[node.name] = BUILD[node.op](
            node, [made[name] for name in node.inputs],
            of_node(values, node), flip)
    return made[network.nodes[-1].name]


def _symbol(ndim):
    return T.TensorType("float32", (False,) * ndim)("x")


def predictor(network, values, flip=False, frozen=False, **_):
    """Return a function from a batch to the scores."""
    x = _symbol(len(network.input_shape) + 1)
    scores = lasagne.layers.get_output(build(network, values, x, flip),
                                       deterministic=True)
    if not frozen:
        return theano.function([x], scores)
    from lasagne_flipconv import engine
    with engine.frozen():
        return theano.function([x], scores)


def trainer(network, values, rate=0.01, momentum=0.9, **_):
    """Return a function that does a training step and returns the loss."""
    x, y = _symbol(len(network.input_shape) + 1), T.lvector("y")
    last = build(network, values, x)
    scores = lasagne.layers.get_output(last)
    loss = lasagne.objectives.categorical_crossentropy(
        softmax(scores), y).mean()
    params = lasagne.layers.get_all_params(last, trainable=True)
    return theano.function([x, y], loss, updates=lasagne.updates.momentum(
        loss, params, rate, momentum))


def resident(network, values, batch, flip=False, **_):
    """Return (run, read); see the module.

    With the engine, channels are last outside of the network.
    """
    assert len(output_shape(network)) == len(network.input_shape)
    n = len(network.input_shape) - 1
    first, last = _orders(n) if engine_enabled() else (range(n + 2),) * 2
    data = theano.shared(np.ascontiguousarray(batch.transpose(last)))
    built = build(network, values, flip=flip)
    result = lasagne.layers.get_output(
        built, data.dimshuffle(*first), deterministic=True)
    run = theano.function([], theano.Out(result.dimshuffle(*last),
                                         borrow=True))
    return run, lambda: np.asarray(run()).transpose(first)


def _orders(n):
    """Return the orders that put channels second and last."""
    return (0, n + 1) + tuple(range(1, n + 1)), (0,) + tuple(
        range(2, n + 2)) + (1,)
