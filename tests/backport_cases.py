"""One set of cases for all backports.

Sizes differ pairwise and are small, so that Theano can run without compiling.
"""
from collections import namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne_flipconv.layers import backports

from cases import values

#: Runs everything in Python.
MODE = theano.Mode("py", "fast_compile")

#: Theano's own Python pooling fails on today's NumPy; its C code works.
COMPILED = theano.Mode("c|py", "fast_compile")

#: A layer `name(*incoming, **options)` and inputs of the shapes `inputs`.
Case = namedtuple("Case", "name incoming options inputs")

IMPLEMENTATIONS = {name: getattr(module, name)
                   for module in backports._MODULES for name in module.__all__}

RANK = {1: (2, 3, 7), 2: (2, 3, 7, 5), 3: (2, 3, 7, 5, 6)}
POOLS = [dict(pool_size=2), dict(pool_size=3, stride=2),
         dict(pool_size=3, stride=2, ignore_border=False),
         dict(pool_size=2, stride=3, ignore_border=False),
         dict(pool_size=3, stride=1, pad=1),
         dict(pool_size=3, stride=2, pad=1, mode="average_inc_pad"),
         dict(pool_size=3, stride=2, pad=1, mode="average_exc_pad"),
         dict(pool_size=2, mode="sum")]
CROPS = [None, [None, None, "lower", "upper"], [None, None, "center"]]
IMAGES, AFFINE = (2, 3, 6, 5), [(2, 3, 6, 5), (2, 6)]
SPLINE = [(2, 3, 6, 5), (2, 18)]


def one(name, shape, unknown=(), **options):
    """Return a case with one input, some sizes of it not told."""
    told = tuple(None if axis in unknown else size
                 for axis, size in enumerate(shape))
    return Case(name, (told,), options, [shape])


def merged(name, shapes, *args, **options):
    """Return a case with a list of inputs."""
    return Case(name, (shapes,) + args, options, shapes)


def normalizations():
    """Return cases of batch norm and standardization."""
    for shape in [(4, 3), (4, 3, 5), (4, 3, 2, 5)]:
        yield one("BatchNormLayer", shape, unknown=(0,))
        yield one("StandardizationLayer", shape, unknown=(0,))
    stats = dict(beta=values((3,), 1), gamma=values((3,), 2),
                 mean=values((3,), 3), inv_std=values((3,), 4) + 2)
    yield one("BatchNormLayer", (4, 3, 2, 5), (0, 2, 3), epsilon=.1, alpha=.5,
              **stats)
    yield one("BatchNormLayer", (4, 3, 2, 5), beta=None, gamma=None)
    yield one("BatchNormLayer", (4, 3, 2), beta=None, axes=0)
    yield one("BatchNormLayer", (4, 3, 2), gamma=None, axes=(1, 2))
    for axes in ("spatial", "features", (1, 3), 2):
        yield one("StandardizationLayer", (4, 3, 2, 5), axes=axes, epsilon=.1)


def elementwise():
    """Return cases of layers with parameters per channel, and of noise."""
    for axes in ("auto", 1, (0, 2), (0, 1, 2)):
        yield one("BiasLayer", RANK[1], shared_axes=axes)
        yield one("ScaleLayer", RANK[1], shared_axes=axes)
        yield one("ParametricRectifierLayer", RANK[1], shared_axes=axes)
        yield one("RandomizedRectifierLayer", RANK[1], shared_axes=axes)
    yield one("BiasLayer", RANK[2], (0, 2, 3), b=values((3,), 1))
    yield one("BiasLayer", RANK[2], b=None)
    yield one("ScaleLayer", RANK[2], (0, 2), scales=values((3,), 1))
    yield one("ParametricRectifierLayer", RANK[2], (0,), alpha=values((3,), 1))
    yield one("ParametricRectifierLayer", RANK[2], shared_axes="all")
    yield one("RandomizedRectifierLayer", RANK[2], (0,), shared_axes="all")
    yield one("RandomizedRectifierLayer", RANK[2], lower=.5, upper=.5)
    yield one("DropoutLayer", RANK[2], (0,), p=.3)
    yield one("DropoutLayer", RANK[2], p=.3, rescale=False)
    yield one("DropoutLayer", RANK[2], p=.3, shared_axes=(1, -1))
    yield one("DropoutLayer", RANK[2], p=0)
    yield one("ExpressionLayer", RANK[2], function=T.exp)
    yield one("ExpressionLayer", RANK[2], (0,), function=T.max,
              output_shape=())


def poolings():
    """Return cases of pooling and upscaling."""
    for n, shape in RANK.items():
        for options in POOLS:
            yield one("Pool%dDLayer" % n, shape, (0, 2), **options)
            if "mode" not in options:
                yield one("MaxPool%dDLayer" % n, shape, **options)
        factors = (3, 1, 2)[:n]
        for mode in ("repeat", "dilate"):
            yield one("Upscale%dDLayer" % n, shape, (0, 2), mode=mode,
                      scale_factor=factors)
    for mode in ("max", "average_inc_pad", "average_exc_pad"):
        yield one("SpatialPyramidPoolingLayer", (2, 3, 8, 4), (2, 3),
                  mode=mode)
        yield one("SpatialPyramidPoolingLayer", (2, 3, 9, 7), (0, 2),
                  mode=mode, implementation="kaiming", pool_dims=[3, 1])


def merges():
    """Return cases of layers with several inputs."""
    shapes = [(2, 3, 7, 5), (2, 3, 4, 6)]
    equal = [(2, 3, 4)] * 3
    for crop in CROPS[1:]:
        whole = [(2, 3, 7, 5), (2, 3, 4, 5)] if len(crop) == 3 else shapes
        yield merged("ElemwiseMergeLayer", whole, T.maximum, cropping=crop)
        yield merged("ElemwiseSumLayer", whole, cropping=crop, coeffs=[2, -1])
        yield merged("ConcatLayer", whole, cropping=crop)
    yield merged("ElemwiseSumLayer", equal, coeffs=3)
    yield merged("ElemwiseMergeLayer", equal, T.mul)
    yield merged("ConcatLayer", [(2, 3, 4), (2, 3, 5)], axis=-1)
    yield merged("ConcatLayer", [(2, 3, 4), (2, 2, 5)], 2,
                 [None, "lower", "upper"])
    for border in ("nearest", "mirror", "wrap"):
        yield Case("TransformerLayer", tuple(AFFINE),
                   dict(border_mode=border), AFFINE)
    yield Case("TransformerLayer", ((None, 3, None, None), (None, 6)),
               dict(downsample_factor=(.5, 2)), AFFINE)
    yield Case("TPSTransformerLayer", ((None, 3, 6, 5), (None, 18)),
               dict(control_points=9, downsample_factor=(2, .5)), SPLINE)
    yield Case("TPSTransformerLayer", tuple(SPLINE),
               dict(control_points=9, border_mode="wrap"), SPLINE)
    yield Case("TPSTransformerLayer", ((None, 3, None, None), (None, 18)),
               dict(control_points=9, downsample_factor=2), SPLINE)


def shapes():
    """Return cases of dense layers and of those that reshape."""
    yield one("DenseLayer", (2, 3, 4), (0,), num_units=5)
    yield one("DenseLayer", (2, 3, 4), (0, 1), num_units=5, b=None,
              num_leading_axes=2, nonlinearity=None)
    yield one("DenseLayer", (2, 3, 4), num_units=5, num_leading_axes=-2)
    yield one("NINLayer", (2, 3, 4, 5), (0, 2, 3), num_units=6)
    yield one("NINLayer", (2, 3, 4, 5), (0,), num_units=6, untie_biases=True)
    yield one("NINLayer", (2, 3, 4), num_units=6, b=None, nonlinearity=None)
    yield one("FlattenLayer", (2, 3, 4, 5), (0,), outdim=3)
    yield one("FlattenLayer", (2, 3, 4, 5), (0, 2))
    yield one("PadLayer", (2, 3, 4), (0, 2), width=2)
    yield one("PadLayer", (2, 3, 4), (0,), width=[2, (1, 3)], batch_ndim=1)
    yield one("SliceLayer", (2, 3, 4), (1,), indices=slice(1, None))
    yield one("SliceLayer", (2, 3, 4), (0,), indices=slice(3, 0, -2))
    yield one("SliceLayer", (2, 3, 4), indices=-1, axis=1)


CASES = [case for group in (normalizations, elementwise, poolings, merges,
                            shapes) for case in group()]


def name_of(case):
    """Return the name of a case in the report of the tests."""
    told = ["%s=%s" % (key, "array" if isinstance(value, np.ndarray)
                       else getattr(value, "name", getattr(
                           value, "__name__", value)))
            for key, value in case.options.items()]
    return "-".join([case.name, "x".join(map(str, case.inputs[0]))] + told)


def build(case, cls=None):
    """Return the layer of a case, with random numbers that can be repeated."""
    lasagne.random.set_rng(np.random.RandomState(1))
    cls = cls or IMPLEMENTATIONS[case.name]
    return cls(*case.incoming, name="layer", **case.options)


def inputs_of(case, dtype=None):
    """Return input values of a case."""
    return [3 * values(shape, seed, dtype or theano.config.floatX)
            for seed, shape in enumerate(case.inputs)]


def run(layer, inputs, **options):
    """Return the output of a layer for input values."""
    symbols = [T.TensorType(x.dtype, (False,) * x.ndim)() for x in inputs]
    given = symbols if hasattr(layer, "input_shapes") else symbols[0]
    output = layer.get_output_for(given, **options)
    mode = COMPILED if "Pool" in type(layer).__name__ else MODE
    return theano.function(symbols, output, mode=mode)(*inputs)
