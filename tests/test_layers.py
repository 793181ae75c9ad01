"""Every layer, geometry, flag and dtype against the slow oracle."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import layers

import cases
import reference

TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2}


def expected_forward(x, kernel, n, flip, stride=1, pad=0, dilation=1,
                     num_groups=1, **_):
    def full(value):
        return value if isinstance(value, tuple) else (value,) * n
    size = kernel.shape[2:]
    if flip:
        kernel = reference.reverse(kernel, range(2, 2 + n))
    return reference.correlate(x, kernel, full(stride),
                               cases.pairs(pad, size, full(dilation)),
                               full(dilation), num_groups)


def check_close(got, expected, dtype):
    assert got.dtype == dtype
    assert got.shape == expected.shape
    scale = max(1, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(got, expected, rtol=0,
                               atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("geometry", cases.GEOMETRIES)
@pytest.mark.parametrize("cls", cases.FORWARD, ids=lambda c: c.__name__)
def test_forward(cls, geometry, flip):
    n = cases.FORWARD[cls]
    options = cases.GEOMETRIES[geometry](n)
    layer = cases.build(cls, n, flip_filters=flip, **options)
    x = cases.values((cases.BATCH, cases.CHANNELS) + cases.INPUT_SIZE[n], 2)
    expected = expected_forward(x, layer.W.get_value(), n, flip, **options)
    check_close(cases.run(layer, x), expected, "float64")
    assert layer.output_shape == (None,) + expected.shape[1:]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_dtypes(n, flip, dtype):
    cls = {1: layers.Conv1DLayer, 2: layers.Conv2DLayer,
           3: layers.Conv3DLayer}[n]
    options = cases.GEOMETRIES["all"](n)
    layer = cases.build(cls, n, dtype, flip_filters=flip, **options)
    x = cases.values((cases.BATCH, cases.CHANNELS) + cases.INPUT_SIZE[n], 2,
                     dtype)
    expected = expected_forward(x, layer.W.get_value(), n, flip, **options)
    check_close(cases.run(layer, x), expected, dtype)


def test_integer_input_is_an_image():
    layer = cases.build(layers.Conv2DLayer, 2, "float32")
    x = np.arange(6 * 72, dtype="uint8").reshape(1, 6, 9, 8)
    expected = expected_forward(x, layer.W.get_value(), 2, True)
    check_close(cases.run(layer, x), expected, "float32")


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("dimshuffle", [False, True])
@pytest.mark.parametrize("options", [{}, {"stride": 2, "pad": 1},
                                     {"pad": "same"}, {"pad": "full"}],
                         ids=str)
def test_cuda_convnet(options, dimshuffle, flip):
    x = cases.values((cases.BATCH, 4, 9, 8), 2)
    shape = (None, 4, 9, 8) if dimshuffle else (4, 9, 8, None)
    layer = cases.build(layers.Conv2DCCLayer, 2, shape=shape, num_filters=16,
                        filter_size=3, dimshuffle=dimshuffle,
                        flip_filters=flip, **options)
    kernel, feed = layer.W.get_value(), x
    if not dimshuffle:
        assert kernel.shape == (4, 3, 3, 16)
        kernel = kernel.transpose(3, 0, 1, 2)
        feed = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
    got = cases.run(layer, feed)
    if not dimshuffle:
        assert layer.output_shape[:3] == got.shape[:3]
        got = got.transpose(3, 0, 1, 2)
    check_close(got, expected_forward(x, kernel, 2, flip, **options),
                "float64")


@pytest.mark.parametrize("dilation", [1, (2, 3)])
def test_dilated(dilation):
    layer = cases.build(layers.DilatedConv2DLayer, 2, dilation=dilation)
    assert layer.get_W_shape() == (cases.CHANNELS, cases.FILTERS, 2, 3)
    x = cases.values((cases.BATCH, cases.CHANNELS, 9, 8), 2)
    kernel = layer.W.get_value().transpose(1, 0, 2, 3)
    expected = expected_forward(x, kernel, 2, False, dilation=dilation)
    check_close(cases.run(layer, x), expected, "float64")
    assert layer.output_shape == (None,) + expected.shape[1:]
    assert not hasattr(layer, "stride")


TRANSPOSED = {
    "plain": lambda n: {},
    "stride": lambda n: {"stride": cases.STRIDE[n]},
    "crop": lambda n: {"crop": 1, "stride": cases.STRIDE[n]},
    "full": lambda n: {"crop": "full", "filter_size": 2},
    "same": lambda n: {"crop": "same", "filter_size": cases.ODD_SIZE[n]},
    "pairs": lambda n: {"crop": cases.PAIRS[n]},
    "dilation": lambda n: {"dilation": cases.DILATION[n]},
    "groups": lambda n: {"num_groups": 2, "stride": 2},
}


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("geometry", TRANSPOSED)
@pytest.mark.parametrize("cls", cases.TRANSPOSED, ids=lambda c: c.__name__)
def test_transposed(cls, geometry, flip):
    n = cases.TRANSPOSED[cls]
    options = TRANSPOSED[geometry](n)
    layer = cases.build(cls, n, flip_filters=flip, **options)
    x = cases.values((cases.BATCH, cases.CHANNELS) + cases.INPUT_SIZE[n], 2)
    check_transposed(layer, x, flip, layer.output_shape[2:])


def check_transposed(layer, x, flip, size):
    kernel, n = layer.W.get_value(), layer.n
    if not flip:  # the flag is inverted: False is the adjoint of convolution
        kernel = reference.reverse(kernel, range(2, 2 + n))
    crop = cases.pairs(layer.crop, layer.filter_size, layer.dilation)
    expected = reference.adjoint(x, kernel, layer.stride, crop,
                                 layer.dilation, size, layer.num_groups)
    check_close(cases.run(layer, x), expected, "float64")
    assert not hasattr(layer, "pad")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_transposed_output_size(n):
    cls = {c: k for k, c in cases.TRANSPOSED.items()}[n]
    smallest = cases.build(cls, n, stride=2).output_shape[2:]
    size = tuple(s + 1 for s in smallest)
    layer = cases.build(cls, n, stride=2, output_size=size)
    x = cases.values((cases.BATCH, cases.CHANNELS) + cases.INPUT_SIZE[n], 2)
    assert layer.output_shape == (None, cases.FILTERS) + size
    check_transposed(layer, x, False, size)
    symbolic = cases.build(cls, n, stride=2,
                           output_size=T.constant(np.array(size)))
    assert symbolic.output_shape == (None, cases.FILTERS) + (None,) * n
    check_transposed(symbolic, x, False, size)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("channelwise", [False, True])
def test_local(channelwise, flip):
    layer = cases.build(layers.LocallyConnected2DLayer, 2, filter_size=(5, 3),
                        num_filters=6 if channelwise else 4,
                        channelwise=channelwise, flip_filters=flip)
    kernel = layer.W.get_value()
    if channelwise:
        assert kernel.shape == (6, 5, 3, 9, 8)
        kernel = kernel[:, None] * np.eye(6)[:, :, None, None, None, None]
    if flip:
        kernel = reference.reverse(kernel, (2, 3))
    x = cases.values((cases.BATCH, cases.CHANNELS, 9, 8), 2)
    expected = reference.local(x, kernel, ((2, 2), (1, 1)))
    check_close(cases.run(layer, x), expected, "float64")


ALL = {**cases.FORWARD, **cases.TRANSPOSED, layers.DilatedConv2DLayer: 2,
       layers.Conv2DCCLayer: 2, layers.LocallyConnected2DLayer: 2}


def any_layer(cls, **options):
    if cls is layers.Conv2DCCLayer:
        options.update(num_filters=16, shape=(None, 4, 9, 8), filter_size=3)
    if cls is layers.LocallyConnected2DLayer:
        options.update(filter_size=3)
    return cases.build(cls, ALL[cls], **options)


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_empty_batch(cls):
    layer = any_layer(cls)
    got = cases.run(layer, np.zeros((0,) + layer.input_shape[1:]))
    assert got.shape == (0,) + layer.output_shape[1:]


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_bias_and_nonlinearity(cls):
    layer = any_layer(cls, b=lambda s: cases.values(s, 3),
                      nonlinearity=T.tanh)
    plain = any_layer(cls)
    x = cases.values((2,) + layer.input_shape[1:], 2)
    bias = layer.b.get_value().reshape((1, -1) + (1,) * layer.n)
    np.testing.assert_allclose(cases.run(layer, x),
                               np.tanh(cases.run(plain, x) + bias),
                               atol=1e-12)
    assert layer.params[layer.b] == {"trainable"}
    assert layer.params[layer.W] == {"trainable", "regularizable"}


@pytest.mark.parametrize("dimshuffle", [False, True])
def test_untied_biases(dimshuffle):
    shape = (None, 4, 9, 8) if dimshuffle else (4, 9, 8, None)
    layer = cases.build(layers.Conv2DCCLayer, 2, shape=shape, num_filters=16,
                        filter_size=3, untie_biases=True,
                        dimshuffle=dimshuffle,
                        b=lambda s: cases.values(s, 3))
    assert layer.b.get_value().shape == (16, 7, 6)
    plain = cases.build(layers.Conv2DCCLayer, 2, shape=shape, num_filters=16,
                        filter_size=3, dimshuffle=dimshuffle)
    x = cases.values([s or 2 for s in shape], 2)
    bias = layer.b.get_value()
    bias = bias[None] if dimshuffle else bias[..., None]
    np.testing.assert_allclose(cases.run(layer, x),
                               cases.run(plain, x) + bias, atol=1e-12)


@pytest.mark.parametrize("cls", {**cases.FORWARD, **cases.TRANSPOSED},
                         ids=lambda c: c.__name__)
def test_unknown_sizes(cls):
    n, known = ALL[cls], any_layer(cls)
    unknown = any_layer(cls, shape=(None, cases.CHANNELS) + (None,) * n)
    assert unknown.output_shape == (None, cases.FILTERS) + (None,) * n
    x = cases.values((2,) + known.input_shape[1:], 2)
    np.testing.assert_array_equal(cases.run(unknown, x), cases.run(known, x))


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_gradients(cls):
    options = {}
    if cls in cases.FORWARD:
        options = cases.GEOMETRIES["all"](ALL[cls])
    elif cls in cases.TRANSPOSED:
        options = {"stride": 2, "num_groups": 2}
    layer = any_layer(cls, flip_filters=cls is not layers.DilatedConv2DLayer,
                      **options)
    x = cases.values((2,) + layer.input_shape[1:], 2)

    def output(x, W):
        layer.W = W
        return layer.get_output_for(x)

    kernel = layer.W.get_value()
    checked = theano.gradient.verify_grad(output, [x, kernel],
                                          rng=np.random.RandomState(0))
    assert checked is None  # it raises where the gradient is wrong


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_compiled_graph_uses_blas(cls):
    layer = any_layer(cls)
    x = T.TensorType("float64", (False,) * len(layer.input_shape))()
    function = theano.function([x], layer.get_output_for(x))
    used = {type(node.op).__name__
            for node in function.maker.fgraph.toposort()}
    stem = "Corr3dMM" if ALL[cls] == 3 else "CorrMM"
    suffix = "_gradInputs" if cls in cases.TRANSPOSED else ""
    assert stem + suffix in used
    assert not any("Abstract" in name for name in used)
