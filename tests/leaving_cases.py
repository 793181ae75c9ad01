"""One network for each row of the table of leaving, and each of its options.

Kernels are uneven and sizes differ, as everywhere in the tests.
"""
import inspect
from functools import partial

import lasagne
import lasagne.nonlinearities as nl
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (EmbeddingLayer, GRULayer, InputLayer, LSTMLayer,
                            RecurrentLayer, get_all_params)
from lasagne_flipconv import layers

import cases


class Layers:
    """Find a layer in this package, else in Lasagne."""

    def __getattr__(self, name):
        return getattr(layers, name, None) or getattr(lasagne.layers, name)


L = Layers()
SHAPES = {1: (None, 6, 11), 2: (None, 6, 9, 8), 3: (None, 6, 5, 4, 7)}


def fill(net):
    """Give all parameters values of their own, inverse deviations above 0."""
    for i, param in enumerate(get_all_params(net)):
        value = param.get_value()
        new = cases.values(value.shape, 100 + i, value.dtype)
        param.set_value(abs(new) + .5 if "inv_std" in str(param.name)
                        else new)
    return net


def on(shape, make, *args, **options):
    """Return what builds one layer on an input."""
    return lambda: fill(make(InputLayer(shape), *args, **options))


def conv(cls, n, **options):
    options.setdefault("filter_size", cases.FILTER_SIZE[n])
    return on(SHAPES[n], cls, 4, **options)


BASIC = (layers.Conv1DLayer, layers.Conv2DLayer, layers.Conv3DLayer)
CASES = {}
for _cls, _n in cases.FORWARD.items():
    for _flip in (True, False):
        for _name in cases.GEOMETRIES if _cls in BASIC else ("all",):
            _options = cases.GEOMETRIES[_name]
            CASES["%s %s %s" % (_cls.__name__, _name, _flip)] = conv(
                _cls, _n, flip_filters=_flip, **_options(_n))
for _cls, _n in cases.TRANSPOSED.items():
    for _flip in (True, False):
        for _name, _options in {
                "plain": {}, "stride": {"stride": cases.STRIDE[_n]},
                "crop": {"crop": 1}, "groups": {"num_groups": 2},
                "dilation": {"dilation": cases.DILATION[_n]},
                "all": {"stride": cases.STRIDE[_n], "crop": 1,
                        "dilation": cases.DILATION[_n], "num_groups": 2},
                }.items():
            CASES["%s %s %s" % (_cls.__name__, _name, _flip)] = conv(
                _cls, _n, flip_filters=_flip, **_options)
CASES.update({
    "transposed same": conv(L.TransposedConv2DLayer, 2, crop="same",
                            filter_size=(3, 5), stride=2),
    "transposed full": conv(L.TransposedConv2DLayer, 2, crop="full"),
    "transposed output_size": conv(
        L.TransposedConv2DLayer, 2, stride=(2, 3), output_size=(19, 25)),
    "dilated": conv(L.DilatedConv2DLayer, 2, dilation=(2, 3)),
    "untied bias": conv(L.Conv2DLayer, 2, untie_biases=True),
    "untied bias transposed": conv(L.TransposedConv2DLayer, 2,
                                   untie_biases=True),
    "no bias": conv(L.Conv2DLayer, 2, b=None),
    "cuda_convnet": on((None, 8, 9, 9), L.Conv2DCCLayer, 16, 3,
                       dimshuffle=True),
    "local": on(SHAPES[2], L.LocallyConnected2DLayer, 4, (3, 5)),
    "local correlation": on(SHAPES[2], L.LocallyConnected2DLayer, 4, (3, 5),
                            flip_filters=False, untie_biases=True),
    "local channelwise": on(SHAPES[2], L.LocallyConnected2DLayer, 6, (3, 5),
                            channelwise=True),
    "dense": on((None, 5), L.DenseLayer, 7),
    "dense flattens": on(SHAPES[2], L.DenseLayer, 7, b=None),
    "dense leading": on((None, 5, 6, 3), L.DenseLayer, 7,
                        num_leading_axes=2),
    "dense last": on((None, 5, 6, 3), L.DenseLayer, 7, num_leading_axes=-1,
                     b=None),
    "nin": on(SHAPES[2], L.NINLayer, 5),
    "nin untied": on(SHAPES[3], L.NINLayer, 5, untie_biases=True),
    "batch_norm": on(SHAPES[2], L.BatchNormLayer),
    "batch_norm 2": on((None, 6), L.BatchNormLayer),
    "batch_norm 3": on(SHAPES[1], L.BatchNormLayer),
    "batch_norm 5": on(SHAPES[3], L.BatchNormLayer),
    "batch_norm 6": on((None, 3, 2, 1, 4, 2), L.BatchNormLayer),
    "batch_norm bare": on(SHAPES[2], L.BatchNormLayer, beta=None,
                          gamma=None),
    "batch_norm axes": on((None, 5, 6), L.BatchNormLayer, axes=(0, 1)),
    "batch_norm places": on(SHAPES[2], L.BatchNormLayer, axes=0, beta=None),
    "standardization": on(SHAPES[2], L.StandardizationLayer),
    "batch_norm of shared options": on(
        SHAPES[2], L.BatchNormLayer, alpha=theano.shared(np.float32(.3)),
        epsilon=theano.shared(np.float32(.01))),
    "standardization of a shared epsilon": on(
        SHAPES[2], L.StandardizationLayer, epsilon=theano.shared(
            np.float32(.01))),
    "lrn of shared options": on(SHAPES[2], L.LocalResponseNormalization2DLayer,
                                **{name: theano.shared(np.float32(value))
                                   for name, value in (
                                       ("alpha", .3), ("k", 1.5),
                                       ("beta", .6))}),
    "instance_norm": lambda: fill(L.instance_norm(L.Conv2DLayer(
        InputLayer(SHAPES[2]), 4, (2, 3)))),
    "layer_norm": lambda: fill(L.layer_norm(L.DenseLayer(
        InputLayer((None, 5)), 7))),
    "lrn": on(SHAPES[2], L.LocalResponseNormalization2DLayer, alpha=.3,
              k=1.5, beta=.6, n=3),
    "flatten": on(SHAPES[2], L.FlattenLayer),
    "flatten 3": on(SHAPES[2], L.FlattenLayer, outdim=3),
    "reshape": on(SHAPES[2], L.ReshapeLayer, ([0], 3, -1, [2])),
    "reshape batch": on(SHAPES[2], L.ReshapeLayer, (-1, 8)),
    "reshape open": on((None, 6, None, 8), L.ReshapeLayer,
                       ([0], 2, 3, [2], 8)),
    "dimshuffle": on(SHAPES[2], L.DimshuffleLayer, (0, 2, 3, 1)),
    "dimshuffle new": on(SHAPES[2], L.DimshuffleLayer, (0, 3, "x", 2, 1)),
    "pad": on(SHAPES[2], L.PadLayer, ((1, 2), (0, 3)), val=.5),
    "pad as NumPy counts": on(SHAPES[2], L.PadLayer, (np.int64(1), (2, 0))),
    "pad all": on(SHAPES[2], L.PadLayer, 2, batch_ndim=1),
    "slice": on(SHAPES[2], L.SliceLayer, slice(1, -1, 2), axis=1),
    "slice backwards": on(SHAPES[2], L.SliceLayer, slice(None, None, -1),
                          axis=2),
    "slice one": on(SHAPES[2], L.SliceLayer, -2, axis=-1),
    "bias": on(SHAPES[2], L.BiasLayer, shared_axes=(0, 2)),
    "bias none": on(SHAPES[2], L.BiasLayer, b=None),
    "scale": on(SHAPES[2], L.ScaleLayer),
    "prelu": on(SHAPES[2], L.ParametricRectifierLayer),
    "prelu one": on(SHAPES[2], L.ParametricRectifierLayer,
                    shared_axes="all"),
    "prelu places": on(SHAPES[1], L.ParametricRectifierLayer,
                       shared_axes=0),
    "rrelu": on(SHAPES[2], L.RandomizedRectifierLayer),
    "dropout": on(SHAPES[2], L.DropoutLayer, .3),
    "dropout of a shared p": on(SHAPES[2], L.DropoutLayer,
                                theano.shared(np.float32(.3))),
    "rrelu of shared bounds": on(SHAPES[2], L.RandomizedRectifierLayer,
                                 lower=theano.shared(np.float32(.1))),
    "noise": on(SHAPES[2], lasagne.layers.GaussianNoiseLayer),
    "global mean": on(SHAPES[2], L.GlobalPoolLayer),
    "global max": on(SHAPES[3], L.GlobalPoolLayer, T.max),
    "feature_pool": on(SHAPES[2], L.FeaturePoolLayer, 2),
    "feature_pool mean": on((None, 5, None, 6), L.FeaturePoolLayer, 3,
                            axis=3, pool_function=T.mean),
    "feature_wta": on(SHAPES[2], L.FeatureWTALayer, 3),
    "upscale 1": on(SHAPES[1], L.Upscale1DLayer, 3),
    "upscale 2": on(SHAPES[2], L.Upscale2DLayer, (2, 3)),
    "upscale 3": on(SHAPES[3], L.Upscale3DLayer, (2, 1, 3)),
    "upscale 2 dilate": on(SHAPES[2], L.Upscale2DLayer, (2, 3),
                           mode="dilate"),
    "transformer": lambda: transformer(downsample_factor=(1, 2)),
    "transformer to a row": lambda: transformer(downsample_factor=(8, 1)),
    "transformer to a column": lambda: transformer(downsample_factor=(1, 9)),
    "embedding": lambda: fill(EmbeddingLayer(
        InputLayer((None, 5), T.imatrix()), 9, 4)),
    "pyramid": on((None, 6, 9, 8), L.SpatialPyramidPoolingLayer),
})


def transformer(**options):
    net = InputLayer((None, 3, 8, 9))
    theta = fill(L.DenseLayer(net, 6, nonlinearity=None))
    theta.b.set_value(np.array([1.1, .2, .1, -.3, .9, .2], theta.b.dtype))
    theta.W.set_value(theta.W.get_value() / 100)
    return L.TransformerLayer(net, theta, **options)


def pool(cls, n, **options):
    return on(SHAPES[n], cls, **options)


for _n, _size, _stride in ((1, (3,), (2,)), (2, (2, 3), (1, 2)),
                           (3, (2, 1, 3), (2, 2, 1))):
    for _mode in ("max", "average_inc_pad", "average_exc_pad", "sum"):
        _cls = getattr(L, "Pool%dDLayer" % _n)
        CASES["pool %d %s" % (_n, _mode)] = pool(
            _cls, _n, pool_size=_size, stride=_stride, mode=_mode)
        CASES["pool %d %s border" % (_n, _mode)] = pool(
            _cls, _n, pool_size=_size, stride=_stride, mode=_mode,
            ignore_border=False)
        if _mode != "sum":
            CASES["pool %d %s pad" % (_n, _mode)] = pool(
                _cls, _n, pool_size=_size, mode=_mode,
                pad=tuple(s // 2 for s in _size))
    CASES["MaxPool%dDLayer" % _n] = pool(
        getattr(L, "MaxPool%dDLayer" % _n), _n, pool_size=2)
CASES["MaxPool2DCCLayer"] = on((None, 16, 9, 9), L.MaxPool2DCCLayer, 3,
                               stride=2, dimshuffle=True)
CASES["pool border open"] = on((None, 6, None, None), L.MaxPool2DLayer,
                               (2, 3), ignore_border=False)
CASES["pool border open sum"] = on(
    (None, 6, None, None), L.Pool2DLayer, (2, 3), (1, 5), mode="sum",
    ignore_border=False)


def merged(cls, *args, shapes=((None, 4, 6), (None, 4, 6)), **options):
    return lambda: fill(cls([InputLayer(shape) for shape in shapes], *args,
                            **options))


CASES.update({
    "sum": merged(L.ElemwiseSumLayer),
    "sum coeffs": merged(L.ElemwiseSumLayer, [2, -1, .5],
                         shapes=((None, 4),) * 3),
    "sum coeffs of Theano": merged(
        L.ElemwiseSumLayer, [T.constant(np.float32(2)), -1]),
    "merge mul": merged(L.ElemwiseMergeLayer, T.mul),
    "merge max": merged(L.ElemwiseMergeLayer, T.maximum),
    "merge own": merged(L.ElemwiseMergeLayer, lambda x, y: x * x - y),
    "concat": merged(L.ConcatLayer, shapes=((None, 4, 6), (None, 3, 6))),
    "concat cropped": merged(
        L.ConcatLayer, shapes=((None, 4, 6, 7), (None, 3, 4, 9)),
        cropping=(None, None, "center", "upper")),
    "sum cropped": merged(
        L.ElemwiseSumLayer, shapes=((None, 4, 6), (None, 4, 5)),
        cropping=(None, None, "lower")),
    "concat last": merged(L.ConcatLayer, axis=-1,
                          shapes=((None, 4, 6), (None, 4, 1))),
})

#: Nonlinearities, on a dense layer.
NONLINEARITIES = {
    "sigmoid": nl.sigmoid, "softmax": nl.softmax, "tanh": nl.tanh,
    "rectify": nl.rectify, "leaky": nl.leaky_rectify,
    "very leaky": nl.very_leaky_rectify,
    "softplus": getattr(nl, "softplus", T.nnet.softplus),
    "linear": nl.identity, "none": None, "theano tanh": T.tanh,
    "square": lambda x: x ** 2, "own": lambda x: T.switch(
        T.gt(x, .1), T.exp(-x), T.clip(x, -.5, .5)),
    "relu slope": lambda x: T.nnet.relu(x, .2),
    "hard sigmoid": T.nnet.hard_sigmoid,
}
for _name in ("elu", "selu"):
    if hasattr(nl, _name):
        NONLINEARITIES[_name] = getattr(nl, _name)
if hasattr(nl, "ScaledTanH"):
    NONLINEARITIES["scaled"] = nl.ScaledTanH(.7, 1.7)
for _name, _function in NONLINEARITIES.items():
    CASES["nonlinearity " + _name] = on((None, 5), L.DenseLayer, 7,
                                        nonlinearity=_function)
CASES["nonlinearity layer"] = on(SHAPES[2], L.NonlinearityLayer, nl.tanh)



def first(x):
    """Return the numbers of the samples, as a column."""
    return T.arange(x.shape[0])[:, None]


def places(x):
    """Return indices of channels for each sample."""
    return T.argmax(x[:, :, :5], axis=1)


#: What has no row: expressions, by the graph that they build.
EXPRESSIONS = {
    "mean": lambda x: x.mean(axis=2),
    "normed": lambda x: x / T.sqrt(T.sum(x ** 2, axis=1, keepdims=True) + 1),
    "std": lambda x: (x - x.mean(axis=(1, 2), keepdims=True)) / (
        x.std(axis=(1, 2), keepdims=True) + .1),
    "log softmax": lambda x: T.log(T.nnet.softmax(x.flatten(2)) + 1e-3),
    "log softmax of large": lambda x: T.log(T.nnet.softmax(
        400. * x.flatten(2))) + T.nnet.logsoftmax(99. * x.flatten(2)),
    "log sigmoid of large": lambda x: T.log(T.nnet.sigmoid(
        900. * x)) + T.log(1 - T.nnet.sigmoid(90 * x)),
    "softplus of large": lambda x: T.log(1 + T.exp(900. * x)) + T.log(
        T.exp(-900. * x) + 1) - T.log1p(T.exp(90 * x)),
    "softmax by hand, of large": lambda x: (lambda e: e / e.sum(
        axis=1, keepdims=True))(T.exp(400. * x.flatten(2))),
    "sum by hand, of large": lambda x: T.log(T.exp(400. * x).sum(axis=(
        1, 2), keepdims=True))[:, 0] + T.log(T.exp(900. * x).sum(axis=1)),
    "two exponentials of large": lambda x: T.log(
        T.exp(-400. * x) + T.exp(900. * x)),
    "sigmoid by hand, of large": lambda x: T.exp(400. * x) / (1 + T.exp(
        400. * x)) + T.log(1 / (1 + T.exp(-900. * x))) + x / (1 + T.exp(
            400. * x)) + T.log(T.inv(T.exp(400. * x) + 1)),
    "quotients": lambda x: T.exp(x) / (2 + T.exp(x)) + T.exp(x) / (
        T.exp(x) + x ** 2) + T.exp(x) / T.exp(x).sum(
            axis=2, keepdims=True) + T.exp(x) / T.exp(2 * x).sum(
                axis=1, keepdims=True),
    "logarithms": lambda x: T.log(1 + abs(x)) + T.log(2 + T.nnet.sigmoid(
        x)) + T.log(2 - T.nnet.sigmoid(x)) + T.log(3 + T.exp(x)) + T.log1p(
            T.nnet.sigmoid(x)) + T.log(T.exp(x) + x ** 2) + T.log(T.sum(
                x ** 2, axis=1, keepdims=True)),
    "reshape": lambda x: x.reshape((x.shape[0], x.shape[1] // 2, -1)),
    "swap": lambda x: x.dimshuffle(0, 2, 1)[:, ::-1, 1:-1],
    "join": lambda x: T.concatenate([x, -x[:, :2]], axis=1),
    "dot": lambda x: T.dot(x.flatten(2), T.constant(
        cases.values((66, 3), 5))),
    "batched dot": lambda x: T.batched_dot(x, x.dimshuffle(0, 2, 1)),
    "batched dot of vectors": lambda x: T.batched_dot(
        x[:, 1], x.dimshuffle(0, 2, 1)) + T.batched_dot(x, x[:, 0]),
    "attention": lambda x: T.batched_dot(T.nnet.softmax(T.batched_dot(
        x, x[:, 2])), x) * T.batched_dot(x[:, 0], x[:, 1]).dimshuffle(0, "x"),
    "max": lambda x: T.max(x, axis=1) - x.min(axis=1),
    "argmax": lambda x: T.argmax(x, axis=1) * 2.,
    "ones": lambda x: x + T.ones((x.shape[0], 1, 11)),
    "like": lambda x: T.ones_like(x) * 3 + T.zeros_like(x) + x,
    "compare": lambda x: T.eq(T.sgn(x), 1) * x + T.ge(x, 0) * (x < .5),
    "arithmetic of tests": lambda x: ((x > 0) * 3 - (x > .5)) * x + (
        1 - (x > 0)) + T.maximum(x > 0, x < 1) + T.argmax(
            x > 0, axis=1).dimshuffle(0, "x", 1) + (x > 0) ** 2,
    "tests within a byte": lambda x: (
        (x > 0) * 100 + (x > .5) * 27 - 3 * abs((x < 1) * -2)) * x,
    "bytes, words and more": lambda x: sum(T.cast(
        -9 * T.cast(1e4 * x, "int32"), t) * np.float32(1e-4) for t in (
            "int8", "uint8", "int16", "uint16", "uint32")),
    "tests of tests": lambda x: x + T.eq(x > 0, x < .5) + T.neq(
        x > 1, x < .5) + ((x > 0) + (x < 1) > 1) + T.ge(x > 0, x < .5),
    "tests": lambda x: T.switch(T.and_(x > 0, T.neq(x, .5)), T.log1p(
        abs(x)), T.expm1(x)),
    "round": lambda x: T.floor(x * 3) + T.ceil(x) + T.cos(x) * T.sin(x),
    "erf": lambda x: T.erf(x) + T.inv(2 + x ** 2),
    "index": lambda x: x[:, 2] * x[:, -1],
    "parts that are set": lambda x: T.set_subtensor(x[:, 1:-2, -3:], x[
        :, :3, 1:4]) + T.set_subtensor(x[:, -1], x[:, 0]) + T.set_subtensor(
            (x > 0)[:, 1], 0) * T.set_subtensor(x[:, :, 3], 0),
    "parts that are added to": lambda x: T.inc_subtensor(
        x[:, 2, 4:], x[0, 1, :7]) + T.inc_subtensor(x[:-1, 3:2], 7),
    "zeros that are set": lambda x: T.set_subtensor(T.zeros((
        x.shape[0], 8, 13))[:, 1:-1, 2:], x),
    "slices by sizes": lambda x: x[:, :x.shape[1] - 1, 1:] * x[
        :, x.shape[1] // 6:, x.shape[2] - x.shape[1] - 5:x.shape[2] - 1],
    "index by a size": lambda x: x[:, x.shape[1] - 2] * x[:, x.shape[1] // 3],
    "root of a size": lambda x: x / T.sqrt(T.cast(x.shape[1], "float32")),
    "tests of a size": lambda x: x * T.eq(x.shape[0], 2) + T.switch(
        x.shape[0] > 1, x, -x) + (x.shape[0] > 0) * (x.shape[0] < 2),
    "functions of a size": lambda x: (lambda n: x / T.sqrt(n) + T.maximum(
        x, n) + n ** -.5 * T.log(n) + 2 ** n + T.alloc(n, *x.shape) / (
            T.maximum(x.shape[0], 3) - n))(T.cast(x.shape[0], "float32")),
    "rounded down": lambda x: T.cast(9 * x, "int32") // 4 + x // .5,
    "rests": lambda x: x % .75 + x % -2 + 3 % (x + T.sgn(x)) + T.cast(
        9 * x, "int32") % -4 + T.cast(9 * x, "int32") % 5 - (-7) % T.cast(
            9 + T.sqr(x), "int32") + x * (x.shape[0] % 2),
    "rests by sizes": lambda x: T.roll(x, -4, axis=2) + x[
        :, x.shape[0] % 5].dimshuffle(0, "x", 1) + x % T.cast(
            x.shape[0] + 1, "float32"),
    "running sums": lambda x: T.cumsum(x, axis=1) + T.cumsum(
        x, axis=-1) * T.cumsum(T.argmax(x, axis=1), axis=1).dimshuffle(
            0, "x", 1) - T.cumsum(x[0]).reshape((6, 11)),
    "chosen by indices": lambda x: x[:, [4, 0, -1]] + x[:, [1, 1, 5]] * x[
        :, :3],
    "chosen by two": lambda x: x[first(x), places(x)],
    "chosen on both sides of a slice": lambda x: x[
        first(x), 3:, places(x)[:, :2]],
    "chosen behind the samples": lambda x: x.reshape((x.shape[0], 2, 3, 11))[
        :, [0, 1], :, [2, 5]].dimshuffle(1, 0, 2),
    "chosen beside a number": lambda x: x[:, places(x)[0], 2],
    "chosen below 0": lambda x: x[:, -places(x)[:1], -1],
    "chosen of one": lambda x: x[-1, places(x)[:, :4], 3:],
    "chosen by numbers between": lambda x: x[:, 1, [0, 9, 2]][:, [2, 0]],
    "the last by length": lambda x: x[T.arange(x.shape[0]), T.cast(
        T.sum(x[:, :, 0] > 0, axis=1), "int32") - 1],
    "counted": lambda x: (T.arange(x.shape[1]) < T.sum(
        x > 0, axis=(1, 2)).dimshuffle(0, "x")).dimshuffle(0, 1, "x") * x
        + T.arange(1, x.shape[2] + 1) * 3 + T.arange(x.shape[2], 0, -1)
        + T.arange(x.shape[2], dtype="float32") * T.arange(
            3, 3 - x.shape[0], -1, dtype="float32")[:, None, None],
    "sorted": lambda x: T.sort(x, axis=1)[:, -3:] * T.sort(
        x)[:, :3] + T.sort(T.cast(9 * x, "int32"), axis=-1)[:, 3:],
    "the largest in order": lambda x: (lambda places: x[
        T.arange(x.shape[0])[:, None, None], T.arange(x.shape[1])[:, None],
        T.sort(places[:, :, -4:])])(T.argsort(
            T.maximum(x, 0), axis=2, kind="mergesort")),
    "angles": lambda x: T.tan(x / 4) + T.arcsin(T.tanh(x)) + T.arccos(
        T.tanh(x) / 2) + T.arctan(3 * x) * T.sinh(x) - T.cosh(x / 2)
        + T.arcsinh(x) * T.arccosh(1 + x ** 2) + T.arctanh(x / (
            1 + abs(x))),
    "other bases": lambda x: T.log2(x ** 2 + .1) + T.log10(abs(
        x) + 1) + T.exp2(x) + T.trunc(3 * x) + T.nnet.softsign(x) + T.exp2(
            T.argmax(x, axis=1)).dimshuffle(0, "x", 1),
    "what is not a number": lambda x: T.switch(
        T.isnan(T.log(x)), 1., x) + T.switch(T.isinf(x / T.floor(
            abs(x))), 2., x) * T.xor(x > 0, x < .5),
    "any and all": lambda x: T.any(x > 1, axis=1).dimshuffle(
        0, "x", 1) * x + T.all(x > -1, axis=(1, 2), keepdims=True) + T.any(
            T.floor(x), axis=2, keepdims=True) * T.all(x > -2.5),
    "what passes on": lambda x: theano.printing.Print("x", attrs=())(
        x) + T.specify_shape(x, x.shape) * T.extra_ops.cpu_contiguous(x),
    "pieces": lambda x: (lambda one, two, three: one[:, 0] * two[
        :, 1] - three[:, 2])(*T.split(x, [1, 2, 3], 3, axis=1))
        + T.split(x, [4, 7], 2, axis=-1)[1].sum(axis=(1, 2)).dimshuffle(
            0, "x"),
    "differences": lambda x: T.extra_ops.diff(x, axis=1)[
        :, :, :9] + T.extra_ops.diff(x, n=1)[:, :5, :9] * T.extra_ops.diff(
            x, 2, 2)[:, :5],
    "normed by Theano": lambda x: (lambda f: T.nnet.bn
        .batch_normalization_test(x, *(T.constant(f(np.linspace(
            .5, 2, 6).reshape(1, 6, 1))) for _ in range(4)), axes=(0, 2)))(
                lambda values: values.astype(theano.config.floatX)),
    "sums of regions": lambda x: sum(theano.tensor.signal.pool.pool_2d(
        each, (2, 3), stride=(1, 2), pad=(1, 1), mode="sum",
        ignore_border=True) for each in (x, x.dimshuffle(0, "x", 1, 2)[
            :, 0], x[:, :, ::-1].dimshuffle("x", 0, 1, 2)[0])),
    "backwards from a place": lambda x: x[:, 3::-1, 7:1:-2] * x[
        :, -2:0:-1, -2::-4][:, :, :3],
    "power of a number": lambda x: (-2.) ** T.floor(x),
    "three": lambda x: x + x ** 2 + T.exp(x) + 1,
}
for _name, _function in EXPRESSIONS.items():
    CASES["expression " + _name] = on(
        SHAPES[1], L.ExpressionLayer, _function, output_shape=(
            lambda f: lambda s: tuple([None] + f(T.zeros(
            [x or 2 for x in s])).shape.eval().tolist()[1:])
        )(_function))


def masked(make, dtype=None, **options):
    def build():
        mask = InputLayer((None, None), T.matrix(dtype=dtype))
        return fill(make(InputLayer((None, None, 5)), 4, mask_input=mask,
                         **options))

    return build


def used_elsewhere(dtype):
    def build():
        mask = InputLayer((None, None), T.matrix(dtype=dtype))
        net = fill(GRULayer(InputLayer((None, None, 5)), 4, mask_input=mask))
        rest = L.ExpressionLayer(L.DimshuffleLayer(mask, (0, 1, "x")),
                                 lambda x: 1 - x.dimshuffle(0, 1, 2))
        return L.ElemwiseMergeLayer([L.SliceLayer(net, slice(0, 1), axis=2),
                                     rest], lambda x, y: x + y * 2.5)

    return build


def recurrent(name, cls):
    """Return the cases of a recurrent layer; 0.1 returns all states only."""
    final = {"only_return_final": True} if (
        "only_return_final" in inspect.signature(cls).parameters) else {}
    if name.startswith("simple"):  # whose rectifier may give zeros alone
        final["nonlinearity"] = nl.tanh
    return {
        name: on((None, 6, 5), cls, 4),
        name + " backwards": on((None, None, 5), cls, 4, backwards=True),
        name + " mask": masked(cls),
        name + " mask backwards": masked(cls, backwards=True),
        name + " learned": on((None, 6, 5), cls, 4, learn_init=True),
        name + " final": on((None, 6, 5, 2), cls, 4, **final),
        name + " final backwards": on((None, 6, 5), cls, 4, backwards=True,
                                      **final)}


def of_lasagne_0_1():
    """Return an LSTM of this package that Lasagne 0.1 has pickled."""
    net = on((None, 6, 5), L.LSTMLayer, 4)()
    net.peephole_after = True
    return net


for _name, _cls in (("simple", RecurrentLayer), ("gru", GRULayer),
                    ("lstm", LSTMLayer)):
    CASES.update(recurrent(_name, _cls))
    _ours = getattr(layers, _cls.__name__, _cls)
    if _ours is not _cls:  # Lasagne 0.1, whose own are others
        CASES.update(recurrent(_name + " as in 0.2.dev1", _ours))
if hasattr(L.LSTMLayer, "peephole_after"):
    CASES["lstm pickled by 0.1"] = of_lasagne_0_1
CASES["lstm without peepholes"] = on((None, 6, 5), LSTMLayer, 4,
                                     peepholes=False)
CASES["gru mask of integers"] = masked(GRULayer, dtype="int8")
CASES.update({"mask of %s used elsewhere" % dtype: used_elsewhere(dtype)
              for dtype in ("int8", "uint8")})
CASES["recurrent tanh"] = on((None, 6, 5), RecurrentLayer, 4,
                             nonlinearity=nl.tanh)


def unpooled(mode, **options):
    """Return a network in which several values may be the largest."""
    net = L.Pool2DLayer(L.NonlinearityLayer(InputLayer((None, 6, 9, 8)), (
        lambda x: T.floor(2 * x))), (2, 3), mode=mode, **options)
    return L.InverseLayer(L.NonlinearityLayer(net, lambda x: 2 * x - .3), net)


for _mode in ("max", "average_inc_pad", "average_exc_pad", "sum"):
    for _border in (True, False):
        CASES["inverse pool %s %s" % (_mode, _border)] = partial(
            unpooled, _mode, ignore_border=_border)
CASES["no parameters"] = on((None, 3, 6, 5), L.MaxPool2DLayer, 2)
CASES["no parameters, constants"] = on(
    (None, 3, 6, 5), lambda x: L.PadLayer(L.Upscale2DLayer(x, 2), 1, val=2))


class Doubled(L.Conv2DLayer):
    """A convolution that computes something else."""

    def convolve(self, input, **kwargs):
        return 2 * super().convolve(input, **kwargs) + .5


class Gated(L.DenseLayer):
    """A layer of somebody's own, made of what Theano has."""

    def get_output_for(self, input, **kwargs):
        return T.nnet.sigmoid(T.dot(input, self.W) + self.b) * 3


def of_integers(dtype, function):
    return lambda: L.ExpressionLayer(InputLayer((None, 5), T.TensorType(
        dtype, (False,) * 2)()), function)


def expression(function):
    return on(SHAPES[1], L.ExpressionLayer, function,
              output_shape=lambda shape: (shape[0], 11))


def tied():
    net = InputLayer((None, 6, 9, 8))
    down = L.Conv2DLayer(net, 4, (2, 3), nonlinearity=None)
    up = L.TransposedConv2DLayer(down, 6, (2, 3), W=down.W,
                                 flip_filters=not down.flip_filters)
    net = L.DenseLayer(L.FlattenLayer(up), 5)
    return fill(L.DenseLayer(net, 432, W=net.W.T))


CASES.update({
    "own convolution": conv(Doubled, 2, stride=(1, 2), pad=(1, 0)),
    "own layer": on((None, 5), Gated, 7), "tied": tied,
    "inverse conv": lambda: fill(back(L.Conv2DLayer(
        InputLayer((None, 3, 9, 8)), 4, (2, 3), stride=(2, 1)))),
    "log of a softmax layer": lambda: L.ExpressionLayer(on(
        (None, 5), L.DenseLayer, 7, nonlinearity=lambda x: T.nnet.softmax(
            400. * x))(), T.log),
    "slices by open sizes": lambda: L.ExpressionLayer(
        InputLayer((None, None, None)), lambda x: x[
            :, x.shape[2] // 2 - 2:x.shape[1] // 2, 1 - x.shape[1]:] + x[
                :, x.shape[1] - 1, 2 * x.shape[2] // 2 - x.shape[2]]
        .dimshuffle(0, "x", "x")[:x.shape[0]],
        output_shape=(None, None, None)),
    "shape of an input": lambda: symbolic(InputLayer((None, None, 6))),
    "own table": lambda: L.ExpressionLayer(
        InputLayer((None,), T.ivector()),
        lambda x: T.constant(cases.values((9, 3, 2), 5, "float32"))[x],
        output_shape=lambda shape: (shape[0], 3, 2)),
    "integers": of_integers("int32", lambda x: T.switch(
        T.eq(x[:, ::-1], 1), x, T.maximum(-x, x + 2)) + x // 2 * 1.5),
    "integers of a byte": of_integers("int8", lambda x: T.switch(
        T.neq(x, 1), T.minimum(x, 3), x // 2) * 1.5),
    "rests of bytes": of_integers("int8", lambda x: x % 7 * 1.5 + x % (
        -128) + x % T.cast(3, "int16")),
    "integers beyond a byte": of_integers("int32", lambda x: T.cast(
        100 * x, "int8") * 1.5 + T.cast(-x, "uint8")),
    "arithmetic of bytes": of_integers("int8", lambda x: T.cast(T.minimum(
        x, 5) - 7 * T.cast(x, "int32"), "int8") * 1.5 + (x - 128)),
    "embedding of bytes": lambda: fill(EmbeddingLayer(
        InputLayer((None, 5), T.bmatrix()), 9, 4)),
    "an input twice": lambda: twice(T.tensor3()),
    "shuffle": on(SHAPES[2], L.ShuffleBC01ToC01BLayer),
    "nin_c01b": on((3, 8, 9, None), L.NINLayer_c01b, num_units=5),
    "output of tests": expression(lambda x: x[:, 0] > .5),
    "output of largest tests": expression(lambda x: T.max(x > 1, axis=1)),
    "output of places": expression(lambda x: T.cast(T.argmax(
        x, axis=1), "int32")),
    "output of counts": expression(lambda x: (x > 0).sum(axis=1) // 2),
    "output of integers": of_integers("int8", lambda x: x[:, ::-1]),
    "parts of a byte that are added to": of_integers(
        "int8", lambda x: T.inc_subtensor(x[:, 1:3], 125) * 1.5),
    "parts of integers that are set": of_integers(
        "int32", lambda x: T.set_subtensor(x[:, 1:3], x[:, :2]) * 1.5
        + T.set_subtensor(x[:, 3], 7)),
    "sums that are cut": of_integers("int8", lambda x: T.cast(
        x, "int32").sum(axis=1, keepdims=True, dtype="int8") * 1.5 + x),
    "merging of one's own, cut": lambda: L.ElemwiseMergeLayer(
        [InputLayer((None, 6, 5)), InputLayer((None, 6, 7)),
         InputLayer((None, 4, 6))], lambda x, y: x * y / 3 + x,
        cropping=[None, "lower", "center"]),
    "inverse dense": lambda: inverse(L.DenseLayer(InputLayer((None, 5)), 7)),
})


def inverse(layer):
    return fill(L.InverseLayer(L.DenseLayer(layer, 7), layer))


def back(layer):
    return L.InverseLayer(layer, layer)


def symbolic(net):
    """Return what Lasagne's documentation does around recurrent layers."""
    batch, steps, _ = net.input_var.shape
    inner = L.ReshapeLayer(net, (-1, 6))
    return fill(L.ReshapeLayer(L.DenseLayer(inner, 4), (batch, steps, 4)))


def twice(variable):
    one, other = (InputLayer((None, 4, 5), variable) for _ in range(2))
    return L.ElemwiseSumLayer([one, L.SliceLayer(other, slice(
        None, None, -1), axis=2)])
