"""One set of cases for all layers.

Sizes differ pairwise and values are distinct, so that no wrong axis and no
missing reversal can hide.
"""
import numpy as np
import theano
from lasagne_flipconv import layers

BATCH, CHANNELS, FILTERS = 2, 6, 4

#: Class → number of spatial axes, for the layers that slide forward.
FORWARD = {
    layers.Conv1DLayer: 1, layers.Conv2DLayer: 2, layers.Conv3DLayer: 3,
    layers.Conv2DMMLayer: 2, layers.Conv3DMMLayer: 3,
    layers.Conv2DDNNLayer: 2, layers.Conv3DDNNLayer: 3,
}
TRANSPOSED = {
    layers.TransposedConv1DLayer: 1, layers.TransposedConv2DLayer: 2,
    layers.TransposedConv3DLayer: 3,
}

FILTER_SIZE = {1: (4,), 2: (2, 3), 3: (2, 1, 3)}
ODD_SIZE = {1: (3,), 2: (5, 3), 3: (3, 1, 5)}
INPUT_SIZE = {1: (11,), 2: (9, 8), 3: (5, 4, 7)}
STRIDE = {1: (2,), 2: (2, 3), 3: (2, 1, 3)}
DILATION = {1: (3,), 2: (2, 3), 3: (2, 3, 2)}
PAIRS = {1: ((2, 1),), 2: ((0, 1), (2, 0)), 3: ((1, 0), (0, 2), (2, 1))}

#: Name → what a forward layer is built with, by number of axes.
GEOMETRIES = {
    "plain": lambda n: {},
    "stride": lambda n: {"stride": STRIDE[n]},
    "pad": lambda n: {"pad": tuple(range(1, n + 1))},
    "pairs": lambda n: {"pad": PAIRS[n], "stride": STRIDE[n]},
    "full": lambda n: {"pad": "full"},
    "same": lambda n: {"pad": "same", "filter_size": ODD_SIZE[n]},
    "valid": lambda n: {"pad": "valid"},
    "dilation": lambda n: {"dilation": DILATION[n], "pad": 2},
    "groups": lambda n: {"num_groups": 2},
    "all": lambda n: {"stride": STRIDE[n], "pad": PAIRS[n],
                      "dilation": DILATION[n], "num_groups": 2},
}


def values(shape, seed=0, dtype="float64"):
    """Return distinct values between -1 and 1 in random order."""
    size = int(np.prod(shape))
    order = np.random.RandomState(seed).permutation(size)
    return ((2. * order + 1) / max(size, 1) - 1).reshape(shape).astype(dtype)


def build(cls, n, dtype="float64", **options):
    """Build a layer over `n` axes with distinct values in its kernel."""
    options = dict({"filter_size": FILTER_SIZE[n], "b": None,
                    "nonlinearity": None, "num_filters": FILTERS}, **options)
    shape = options.pop("shape", (None, CHANNELS) + INPUT_SIZE[n])
    layer = cls(shape, W=lambda s: values(s, 1, dtype), **options)
    assert layer.W.dtype == dtype
    return layer


def computing(layer, W):
    """Let a layer have an expression for W, as Lasagne 0.2 allows."""
    layer.params = type(layer.params)(
        (W if param is layer.W else param, tags)
        for param, tags in layer.params.items())
    layer.W = W
    return layer


def run(layer, x):
    """Return the output of one layer for an input."""
    symbol = theano.tensor.TensorType(x.dtype, (False,) * x.ndim)()
    output = layer.get_output_for(symbol)
    return theano.function([symbol], output)(x)


def pairs(pad, filter_size, dilation):
    """Return any padding as pairs, as Lasagne's documentation defines it."""
    extent = [(f - 1) * d + 1 for f, d in zip(filter_size, dilation)]
    if pad in ("full", "same"):
        return [(e - 1,) * 2 if pad == "full" else (e // 2,) * 2
                for e in extent]
    if pad == "valid":
        pad = 0
    pad = pad if isinstance(pad, tuple) else (pad,) * len(extent)
    return [p if isinstance(p, tuple) else (p, p) for p in pad]
