"""Whole networks on PyTorch: layers with gradients, update rules, training."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import layers as L
from pytorch_cases import FAST_RUN, on_torch, same, untranslated


def image(*shape):
    return L.InputLayer(shape or (3, 2, 8, 9))


def values(shape, seed=1):
    rng = np.random.RandomState(seed)
    return rng.uniform(-1, 1, shape).astype(theano.config.floatX)


LAYERS = {
    "dense": lambda: L.DenseLayer(image(), 5),
    "nonlinearities": lambda: L.ConcatLayer([
        L.NonlinearityLayer(image(), getattr(lasagne.nonlinearities, name))
        for name in ("sigmoid", "tanh", "rectify", "elu", "softplus",
                     "leaky_rectify", "very_leaky_rectify", "linear")
        if hasattr(lasagne.nonlinearities, name)]),
    "prelu": lambda: L.ParametricRectifierLayer(image()),
    "softmax": lambda: L.DenseLayer(
        image(), 5, nonlinearity=lasagne.nonlinearities.softmax),
    "nin": lambda: L.NINLayer(image(), 4),
    "conv": lambda: L.Conv2DLayer(image(), 4, (3, 2), stride=(2, 1), pad=1),
    "conv same": lambda: L.Conv2DLayer(image(), 4, 3, pad="same"),
    "conv full": lambda: L.Conv2DLayer(image(), 4, (2, 3), pad="full"),
    "conv 1d": lambda: L.Conv1DLayer(image(3, 2, 9), 4, 3, stride=2, pad=1),
    "max pool": lambda: L.MaxPool2DLayer(image(), 2),
    "max pool odd": lambda: L.MaxPool2DLayer(
        image(), (3, 2), stride=(2, 2), ignore_border=False),
    "max pool pad": lambda: L.MaxPool2DLayer(
        image(), 3, stride=2, pad=(1, 1)),
    "mean pool": lambda: L.Pool2DLayer(
        image(), 2, mode="average_inc_pad"),
    "mean pool pad": lambda: L.Pool2DLayer(
        image(), 3, stride=2, pad=(1, 1), mode="average_exc_pad"),
    "feature pool": lambda: L.FeaturePoolLayer(image(3, 4, 5), 2),
    "feature wta": lambda: L.FeatureWTALayer(image(3, 4, 5), 2),
    "global pool": lambda: L.GlobalPoolLayer(image()),
    "reshape": lambda: L.ReshapeLayer(image(), ([0], -1)),
    "dimshuffle": lambda: L.DimshuffleLayer(image(), (1, 0, "x", 3, 2)),
    "slice": lambda: L.SliceLayer(image(), slice(1, 7, 2), axis=3),
    "concat": lambda: L.ConcatLayer([image(), image()]),
    "sum": lambda: L.ElemwiseSumLayer([image(), image()], coeffs=[1, -.5]),
    "bias": lambda: L.BiasLayer(image(), b=lasagne.init.Normal()),
    "batch norm": lambda: L.batch_norm(L.Conv2DLayer(image(), 4, 3)),
    "inverse": lambda: inverse(),
    "embedding": lambda: L.DenseLayer(L.EmbeddingLayer(
        L.InputLayer((3, 4), input_var=T.imatrix()), 6, 5), 3),
    "transposed": lambda: L.TransposedConv2DLayer(
        image(), 3, 3, stride=2, crop=1),
    "dilated": lambda: L.DilatedConv2DLayer(image(), 3, 2, dilation=(2, 3)),
    "upscale": lambda: L.Upscale2DLayer(image(), 2),
    "standardization": lambda: L.StandardizationLayer(image()),
    "conv 3d": lambda: L.Conv3DLayer(image(2, 2, 5, 6, 4), 3, 2),
}

#: What a layer needs that Lasagne 0.1 has not.
NEEDS = {"prelu": "ParametricRectifierLayer", "batch norm": "batch_norm",
         "inverse": "InverseLayer", "embedding": "EmbeddingLayer",
         "transposed": "TransposedConv2DLayer",
         "dilated": "DilatedConv2DLayer",
         "upscale": "Upscale2DLayer", "standardization":
         "StandardizationLayer", "conv 3d": "Conv3DLayer",
         "bias": "BiasLayer"}
HERE = [name for name in LAYERS if hasattr(L, NEEDS.get(name, "Layer"))]


def inverse():
    pooled = L.MaxPool2DLayer(image(), 2)
    return L.InverseLayer(pooled, pooled)


@pytest.mark.parametrize("name", HERE)
def test_layers_with_gradients(name):
    lasagne.random.set_rng(np.random.RandomState(3)) if hasattr(
        lasagne, "random") else np.random.seed(3)
    layer = LAYERS[name]()
    sources = [x for x in L.get_all_layers(layer)
               if isinstance(x, L.InputLayer)]
    inputs = [x.input_var for x in sources]
    out = L.get_output(layer)
    wrt = L.get_all_params(layer, trainable=True) + [
        v for v in inputs if v.dtype == theano.config.floatX]
    weight = values(L.get_output_shape(layer), 9)
    outputs = [out, *T.grad((out * weight).sum(), wrt)]
    given = [values(x.shape) if x.input_var.dtype == theano.config.floatX
             else np.random.RandomState(0).randint(0, 6, x.shape).astype(
                 x.input_var.dtype) for x in sources]
    ours = on_torch(inputs, outputs)
    assert untranslated(ours) == []
    same(ours(*given), theano.function(inputs, outputs, mode=FAST_RUN)(
        *given), 2e-6)
