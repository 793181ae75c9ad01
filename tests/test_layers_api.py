"""The layers as Lasagne users handle them: arguments, classes, pickles."""
import copy
import inspect
import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import layers
from lasagne_flipconv.errors import ConventionError

import cases

CLASSES = [getattr(layers, name) for name in (
    "Conv1DLayer", "Conv2DLayer", "Conv3DLayer", "Conv2DMMLayer",
    "Conv3DMMLayer", "Conv2DDNNLayer", "Conv3DDNNLayer", "Conv2DCCLayer",
    "TransposedConv1DLayer", "TransposedConv2DLayer", "TransposedConv3DLayer",
    "DilatedConv2DLayer", "LocallyConnected2DLayer")]

COMMON = ("untie_biases", "W", "b", "nonlinearity")

#: Arguments of 0.2.dev1 after (incoming, num_filters, filter_size).
SIGNATURES = {
    "Conv1DLayer": [("stride", 1), ("pad", 0), *COMMON,
                    ("flip_filters", True), "convolution"],
    "Conv2DLayer": [("stride", (1, 1)), ("pad", 0), *COMMON,
                    ("flip_filters", True), "convolution"],
    "Conv3DLayer": [("stride", (1, 1, 1)), ("pad", 0), *COMMON,
                    ("flip_filters", True), ("convolution", None)],
    "Conv2DMMLayer": ["stride", ("pad", 0), *COMMON,
                      ("flip_filters", False), ("num_groups", 1)],
    "Conv2DDNNLayer": ["stride", ("pad", 0), *COMMON,
                       ("flip_filters", False), ("num_groups", 1)],
    "Conv3DDNNLayer": ["stride", ("pad", 0), *COMMON,
                       ("flip_filters", False), ("num_groups", 1)],
    "Conv2DCCLayer": [("stride", (1, 1)), ("pad", 0), *COMMON,
                      ("dimshuffle", True), ("flip_filters", False),
                      ("partial_sum", 1)],
    "TransposedConv2DLayer": ["stride", ("crop", 0), *COMMON,
                              ("flip_filters", False), ("output_size", None)],
    "TransposedConv3DLayer": ["stride", ("crop", 0), *COMMON,
                              ("flip_filters", False), ("output_size", None)],
    "DilatedConv2DLayer": [("dilation", (1, 1)), ("pad", 0), *COMMON,
                           ("flip_filters", False)],
    "LocallyConnected2DLayer": [("stride", (1, 1)), ("pad", "same"), *COMMON,
                                ("flip_filters", True),
                                ("channelwise", False)],
}


def small(cls, **options):
    n = cls.n
    options = dict({"num_filters": 16, "filter_size": 3}, **options)
    return cls((None, 4) + (7, 6, 5)[:n], **options)


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_and_defaults_are_those_of_lasagne(name):
    parameters = list(inspect.signature(
        getattr(layers, name).__init__).parameters.values())
    names = [p.name for p in parameters]
    expected = SIGNATURES[name]
    assert names[:4] == ["self", "incoming", "num_filters", "filter_size"]
    assert names[4:-1] == [e if isinstance(e, str) else e[0]
                           for e in expected]
    defaults = {p.name: p.default for p in parameters}
    for entry in expected:
        if not isinstance(entry, str):
            assert defaults[entry[0]] == entry[1]
    assert defaults["nonlinearity"] is lasagne.nonlinearities.rectify


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_subclass_of_the_stock_class(cls):
    for module in ("conv", "local"):
        stock = getattr(getattr(lasagne.layers, module, None), cls.__name__,
                        None)
        if stock is not None:
            assert issubclass(cls, stock) and cls is not stock
    assert issubclass(cls, lasagne.layers.Layer)
    base = getattr(lasagne.layers.conv, "BaseConvLayer", lasagne.layers.Layer)
    assert issubclass(cls, base)


def test_deconv_is_another_name():
    for n in (1, 2, 3):
        assert getattr(layers, "Deconv%dDLayer" % n) is getattr(
            layers, "TransposedConv%dDLayer" % n)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
@pytest.mark.parametrize("how", [
    copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x, 2)),
    lambda x: pickle.loads(pickle.dumps(x, -1))],
    ids=["deepcopy", "protocol 2", "newest protocol"])
def test_copies_compute_the_same(cls, how):
    layer = small(cls, name="one")
    clone = how(layer)
    x = cases.values((2,) + layer.input_shape[1:], 2,
                     theano.config.floatX)
    np.testing.assert_array_equal(cases.run(clone, x), cases.run(layer, x))
    assert clone.W is not layer.W and clone.W in clone.params
    assert clone.convention == layer.convention


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_states_of_an_older_lasagne(cls):
    layer = small(cls)
    state = dict(vars(layer))
    newer = {"flip_filters", "num_groups", "n", "get_output_kwargs",
             "convolution", "untie_biases"}
    if cls is not layers.DilatedConv2DLayer:
        newer.add("dilation")
    old = cls.__new__(cls)
    vars(old).update({k: v for k, v in state.items() if k not in newer})
    x = cases.values((2,) + layer.input_shape[1:], 2, theano.config.floatX)
    np.testing.assert_array_equal(cases.run(old, x), cases.run(layer, x))
    assert old.convention == layer.convention
    assert list(old.get_output_kwargs) == []


def test_an_even_same_of_lasagne_0_1_still_runs():
    # 0.1 allowed it: one row less after than before
    layer = layers.Conv2DLayer((None, 4, 7, 6), 3, (4, 2),
                               pad=((2, 1), (1, 0)))
    old = copy.copy(layer)
    old.pad = "same"
    x = cases.values((2, 4, 7, 6), 2, theano.config.floatX)
    assert old.output_shape == (None, 3, 7, 6)
    np.testing.assert_array_equal(cases.run(old, x), cases.run(layer, x))


def make(cls, shape=(None, 4, 9, 8), num_filters=6, filter_size=3,
         **options):
    return cls(shape, num_filters, filter_size, name="c1", **options)


@pytest.mark.parametrize("error, said, options", [
    (ValueError, "num_filters=0", {"num_filters": 0}),
    (ValueError, r"filter_size=\(3, -1\)", {"filter_size": (3, -1)}),
    (ValueError, "filter_size=.*3 values", {"filter_size": (3, 3, 3)}),
    (TypeError, "filter_size=2.5", {"filter_size": 2.5}),
    (ValueError, "stride=0", {"stride": 0}),
    (ValueError, "dilation=0", {"dilation": 0}),
    (ValueError, "pad=-1", {"pad": -1}),
    (TypeError, "pad='half'", {"pad": "half"}),
    (ValueError, "pad=.*3 values", {"pad": (1, 2, 3)}),
    (ValueError, r"pad=\(1, 2, 3\)", {"pad": ((1, 2, 3), 1)}),
    (NotImplementedError, r"pad=\(\(2, 1\), \(1, 1\)\)",
     {"pad": "same", "filter_size": (4, 3)}),
    (ValueError, "num_groups=0", {"num_groups": 0}),
    (ValueError, "num_groups=3.*4 input channels and the 6",
     {"num_groups": 3}),
    (ValueError, "num_groups=4.*divisor", {"num_groups": 4}),
    (ValueError, r"output shape \(None, 6, -1, 6\)", {"filter_size": (11, 3)}),
    (ValueError, "5 axes; expected 4", {"shape": (None, 4, 9, 8, 7)}),
    (ValueError, "3 axes; expected 4", {"shape": (None, 4, 9)}),
    (ValueError, "number of channels", {"shape": (None, None, 9, 8)}),
    (ValueError, "known spatial sizes",
     {"shape": (None, 4, None, 8), "untie_biases": True}),
    (ConventionError, r"W has shape \(6, 4, 3, 5\); expected \(6, 4, 3, 3\)",
     {"W": np.ones((6, 4, 3, 5))}),
    (ConventionError, "merely in another order",
     {"W": np.ones((3, 3, 4, 6))}),
    (ConventionError, "merely in another order",
     {"W": theano.shared(np.ones((4, 6, 3, 3)))}),
])
def test_bad_arguments(error, said, options):
    with pytest.raises(error, match="^Conv2DLayer 'c1': .*" + said):
        make(layers.Conv2DLayer, **options)


@pytest.mark.parametrize("error, said, cls, options", [
    (NotImplementedError, "pad=1, but requires pad=0.*flip_filters=False.*"
     "OIHW, not IOHW", "DilatedConv2DLayer", {"pad": 1}),
    (NotImplementedError, "flip_filters=True, but .*=True[)].*OIHW, not IOHW",
     "DilatedConv2DLayer", {"flip_filters": True}),
    (NotImplementedError, "stride", "LocallyConnected2DLayer",
     {"stride": 2, "pad": "same"}),
    (NotImplementedError, "requires pad='same'", "LocallyConnected2DLayer",
     {"pad": 1}),
    (ValueError, "known channels", "LocallyConnected2DLayer",
     {"shape": (None, 4, None, 8)}),
    (ValueError, "6 and 4 input channels", "LocallyConnected2DLayer",
     {"channelwise": True}),
    (RuntimeError, "multiple of 16.*flip_filters=False.*axes OIHW",
     "Conv2DCCLayer", {}),
    (RuntimeError, "flip_filters=True", "Conv2DCCLayer",
     {"flip_filters": True}),
    (RuntimeError, "only supports square filters", "Conv2DCCLayer",
     {"num_filters": 16, "filter_size": (3, 2)}),
    (RuntimeError, "only supports square strides", "Conv2DCCLayer",
     {"num_filters": 16, "stride": (2, 1)}),
    (RuntimeError, "only supports square padding", "Conv2DCCLayer",
     {"num_filters": 16, "pad": (2, 1)}),
    (RuntimeError, "got 6; .* number of input channels", "Conv2DCCLayer",
     {"num_filters": 16, "shape": (None, 6, 9, 8)}),
    (ValueError, "output_size=.*less than a stride",
     "TransposedConv2DLayer", {"output_size": (30, 30)}),
    (ValueError, "crop=-1;", "TransposedConv2DLayer", {"crop": -1}),
    (ValueError, r"crop=\(7, 7\); .* Crop less, or use larger filters[.]$",
     "TransposedConv2DLayer", {"crop": 7}),
    (TypeError, "crop='half';", "TransposedConv2DLayer", {"crop": "half"}),
    (NotImplementedError, r"crop='same' .* crop=\(\(1, 0\), \(1, 0\)\)",
     "TransposedConv2DLayer", {"crop": "same", "filter_size": 2}),
    (NotImplementedError, "Choose an odd size[.]$", "LocallyConnected2DLayer",
     {"filter_size": 2}),
    (NotImplementedError, "Choose an odd size[.]$", "DilatedConv2DLayer",
     {"filter_size": 2, "pad": "same"}),
    (TypeError, "num_filters=2.5; expected an int[.]", "Conv2DMMLayer",
     {"num_filters": 2.5}),
    (ValueError, r"5 axes; expected 3", "Conv1DLayer",
     {"shape": (None, 4, 9, 8, 7)}),
])
def test_limits_of_single_layers(error, said, cls, options):
    with pytest.raises(error, match="^%s 'c1': .*%s" % (cls, said)):
        make(getattr(layers, cls), **options)


@pytest.mark.parametrize("module, cls, incoming, options, said", [
    ("shape", "SliceLayer", (None, 3), {"indices": 0, "axis": 2}, "axis 2"),
    ("shape", "SliceLayer", (4, 3), {"indices": 0, "axis": -3}, "axis -3"),
    ("shape", "PadLayer", (4, 3, 5), {"width": (1, 2)}, r"width=\(1, 2\)"),
    ("merge", "ConcatLayer", [(4, 3)] * 2, {"axis": 5}, "axis 5"),
    ("merge", "ConcatLayer", [(4, 3)] * 2, {"cropping": [None] * 3}, "of 2"),
    ("noise", "DropoutLayer", (4, 3), {"shared_axes": (2,)}, "axis 2"),
])
def test_an_axis_that_the_input_lacks(module, cls, incoming, options, said):
    layer = getattr(getattr(layers.backports, module), cls)(
        incoming, **options)
    inputs = T.matrix() if module != "merge" else [T.matrix()] * 2
    uses = [lambda: layer.output_shape, lambda: layer.get_output_for(inputs)]
    if cls == "SliceLayer":  # as the last one of a network
        uses.reverse()
    place = "cropping" if "cropping" in options else cls
    with pytest.raises(IndexError, match="^%s: .*%s" % (place, said)):
        assert [use() for use in uses]


@pytest.mark.parametrize("options", [{"stride": 2, "flip_filters": False},
                                     {"pad": "same", "dilation": 2},
                                     {"num_groups": 2}], ids=str)
def test_a_convolution_function_of_ones_own(options):
    seen = []

    def own(input, kernel, input_shape, kernel_shape, subsample, border_mode,
            filter_flip, **beyond):
        seen.append((input_shape, kernel_shape))
        return T.nnet.conv2d(input, kernel, input_shape, kernel_shape,
                             subsample=subsample, border_mode=border_mode,
                             filter_flip=filter_flip, **beyond)

    W = cases.values((6, 4 // options.get("num_groups", 1), 3, 3), 1,
                     theano.config.floatX)
    ours = layers.Conv2DLayer((None, 4, 9, 8), 6, 3, W=W, **options)
    theirs = layers.Conv2DLayer((None, 4, 9, 8), 6, 3, W=W, convolution=own,
                                **options)
    x = cases.values((2, 4, 9, 8), 2, theano.config.floatX)
    np.testing.assert_array_equal(cases.run(theirs, x), cases.run(ours, x))
    assert seen == [((None, 4, 9, 8), W.shape)]


@pytest.mark.parametrize("flip", [True, False])
def test_a_convolution_function_is_told_the_orientation(flip):
    """Where it takes any keyword, as 0.2.dev1 tells it; of 0.1, it may not."""
    seen = []

    def any_keyword(*args, **kwargs):
        seen.append(kwargs["filter_flip"])
        return T.nnet.conv2d(*args, **kwargs)

    def of_0_1(input, kernel, input_shape, kernel_shape, subsample,
               border_mode):
        return T.nnet.conv2d(input, kernel, input_shape, kernel_shape,
                             subsample=subsample, border_mode=border_mode)

    x = cases.values((2, 4, 9, 8), 2, theano.config.floatX)
    for function in [any_keyword] + [of_0_1] * flip:
        W = cases.values((6, 4, 3, 3), 1, theano.config.floatX)
        layer = layers.Conv2DLayer((None, 4, 9, 8), 6, 3, W=W,
                                   flip_filters=flip, convolution=function)
        plain = layers.Conv2DLayer((None, 4, 9, 8), 6, 3, W=W,
                                   flip_filters=flip)
        np.testing.assert_array_equal(cases.run(layer, x),
                                      cases.run(plain, x))
    assert seen == [flip]


def test_a_shared_variable_or_an_expression_as_kernel():
    W = theano.shared(cases.values((6, 4, 3, 3), 1, theano.config.floatX))
    shared = layers.Conv2DLayer((None, 4, 9, 8), 6, 3, W=W)
    twice = layers.Conv2DLayer((None, 4, 9, 8), 6, 3, W=2 * W)
    assert shared.W is W and shared.get_params()[0] is W
    assert twice.get_params() == [W, twice.b]
    assert twice.get_params(unwrap_shared=False) == [twice.W, twice.b]
    assert twice.get_params(regularizable=False) == [twice.b]
    x = cases.values((2, 4, 9, 8), 2, theano.config.floatX)
    np.testing.assert_allclose(cases.run(twice, x), 2 * cases.run(shared, x),
                               rtol=1e-5)


def test_networks_mix_with_stock_layers():
    net = lasagne.layers.InputLayer((None, 4, 9, 8))
    net = layers.Conv2DDNNLayer(net, 6, 3, name="conv")
    net = lasagne.layers.MaxPool2DLayer(net, 2)
    net = lasagne.layers.DenseLayer(net, 5)
    output = lasagne.layers.get_output(net, deterministic=True)
    x = cases.values((2, 4, 9, 8), 2, theano.config.floatX)
    inputs = lasagne.layers.get_all_layers(net)[0].input_var
    assert theano.function([inputs], output)(x).shape == (2, 5)
    names = [p.name for p in lasagne.layers.get_all_params(net)]
    assert names[:2] == ["conv.W", "conv.b"]
