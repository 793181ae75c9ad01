"""What Theano computes in Python gives what its C code gives."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import MODE, check_close, in_new_process, tensor, values
from lasagne_flipconv import engine
from theano.tensor.nnet import abstract_conv, conv
from theano.tensor.signal.pool import Pool, pool_2d, pool_3d

#: Nothing is rewritten, and nothing compiled.
IN_PYTHON = theano.Mode(linker="py", optimizer=None)

CONVOLUTIONS = {2: abstract_conv.AbstractConv2d,
                3: abstract_conv.AbstractConv3d}


def compare(inputs, outputs, *arrays):
    """Compare outputs in Python with those in C, the engine off."""
    with engine.disabled():
        expected = theano.function(inputs, outputs, mode=MODE)(*arrays)
    check_close(theano.function(inputs, outputs, mode=IN_PYTHON)(*arrays),
                expected, 1e-5)


@pytest.mark.parametrize("options", [
    {}, {"border_mode": "half"}, {"border_mode": "full"}, {"stride": 2},
    {"dilation": 2}, {"num_groups": 2}, {"filter_flip": False}], ids=str)
@pytest.mark.parametrize("n", [2, 3])
def test_convolutions(n, options):
    options = dict(options)
    for old, new in (("stride", "subsample"), ("dilation", "filter_dilation")):
        if old in options:
            options[new] = (options.pop(old),) * n
    x, w = tensor(n + 2), tensor(n + 2)
    y = CONVOLUTIONS[n](**options)(x, w)
    compare([x, w], [y] + T.grad(T.sqr(y).sum(), [x, w]),
            values(2, 4, *(7, 6, 5)[:n]),
            values(6, 4 // options.get("num_groups", 1), *(3, 2, 2)[:n]))


@pytest.mark.parametrize("border", ["valid", "full", (1, 0)], ids=str)
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (1, 2), (1, 3),
                                              (2, 2)])
def test_rewritten_without_a_compiler(stride, dilation, border):
    """By Theano's Op of old, where that can do it."""
    python = theano.Mode("py", "fast_run").excluding(
        "conv_gemm", "AbstractConvCheck")
    x, w = tensor(4), tensor(4)
    y = abstract_conv.AbstractConv2d(
        border_mode=border, subsample=(stride,) * 2,
        filter_dilation=(dilation, 1))(x, w)
    outputs = [y] + T.grad(T.sqr(y).sum(), [x, w])
    given = values(2, 4, 9, 8), values(6, 4, 3, 2)
    with engine.disabled():
        expected, found = (theano.function([x, w], outputs, mode=mode)(*given)
                           for mode in (MODE, python))
    check_close(found, expected, 1e-5)


def test_unshared_convolution():
    x, w = tensor(4), tensor(6)
    y = abstract_conv.AbstractConv2d(unshared=True)(x, w)
    compare([x, w], [y] + T.grad(T.sqr(y).sum(), [x, w]),
            values(2, 4, 7, 6), values(3, 5, 5, 4, 3, 2))


def test_the_convolution_of_old():
    x, w = tensor(4), tensor(4)
    compare([x, w], conv.conv2d(x, w), values(2, 3, 7, 6),
            values(4, 3, 3, 2))


@pytest.mark.parametrize("mode", ["max", "sum", "average_inc_pad",
                                  "average_exc_pad"])
@pytest.mark.parametrize("stride, pad, ignore_border", [
    ((2, 3), (0, 0), True), ((1, 2), (0, 0), False), ((2, 2), (1, 1), True)])
def test_pooling(mode, ignore_border, stride, pad):
    x = tensor(4)
    y = pool_2d(x, (2, 3), ignore_border=ignore_border, stride=stride,
                pad=pad, mode=mode)
    gradient = [] if mode == "average_exc_pad" and max(pad) else [
        T.grad(T.sqr(y).sum(), x)]  # which Theano does not have
    compare([x], [y] + gradient, values(2, 3, 7, 8))


@pytest.mark.parametrize("mode", ["max", "sum", "average_inc_pad"])
def test_pooling_of_volumes(mode):
    x = tensor(5)
    y = pool_3d(x, (2, 2, 3), ignore_border=False, mode=mode)
    compare([x], [y, T.grad(T.sqr(y).sum(), x)], values(2, 3, 4, 5, 7))


def test_second_gradients_of_pooling():
    x, v = tensor(4), tensor(4)
    y = pool_2d(x, (2, 2), ignore_border=True)
    gradient = T.grad(T.sqr(y).sum(), x)
    arrays = values(2, 3, 4, 6), values(2, 3, 4, 6, seed=1)
    compare([x, v], [T.grad((gradient * v).sum(), x), T.Rop(y, x, v)],
            *arrays)


def test_largest_values():
    x = tensor(2)
    run = theano.function([x], [
        T.topk(x, 2, sorted=False), T.argtopk(x, 2, sorted=False)], mode=MODE)
    array = values(5, 7)
    largest, where = run(array)
    np.testing.assert_array_equal(np.sort(largest), np.sort(array)[:, -2:])
    np.testing.assert_array_equal(np.take_along_axis(array, where, 1),
                                  largest)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_of_batches(dtype):
    a = T.TensorType(dtype, (False,) * 3)()
    b = T.TensorType(dtype, (False,) * 3)()
    x, y = values(4, 2, 3).astype(dtype), values(4, 3, 5).astype(dtype)
    product, gradient = theano.function(
        [a, b], [T.batched_dot(a, b), T.grad(T.batched_dot(a, b).sum(), a)],
        mode=MODE)(x, y)
    np.testing.assert_allclose(product, x @ y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, np.broadcast_to(
        y.sum(2)[:, None], x.shape), rtol=1e-5, atol=1e-6)


def test_what_python_computes_is_a_plain_array():
    x = tensor(4)
    y = theano.function([x], pool_2d(x, (2, 2), ignore_border=True),
                        mode=IN_PYTHON)(values(1, 1, 4, 4))
    assert type(y) is np.ndarray
    assert type(theano.function([x], x, mode=IN_PYTHON)(values(1, 1, 2, 2))
                ) is np.ndarray
    assert Pool.perform.__wrapped__.__name__ == "perform"


def test_test_values():
    program = (
        "import lasagne_flipconv, theano, numpy as np\n"
        "theano.config.compute_test_value = 'raise'\n"
        "import lasagne, theano.tensor as T\n"
        "from lasagne.layers import *\n"
        "from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer\n"
        "x = T.tensor4()\n"
        "x.tag.test_value = np.ones((2, 3, 12, 12), theano.config.floatX)\n"
        "net = Conv2DLayer(InputLayer((2, 3, 12, 12), x), 4, 3)\n"
        "net = Conv2DDNNLayer(MaxPool2DLayer(net, 2), 4, 3)\n"
        "net = DenseLayer(Pool2DLayer(net, 3, mode='average_inc_pad'), 5)\n"
        "y = get_output(net)\n"
        "T.grad(y.sum(), get_all_params(net))\n"
        "print(y.tag.test_value.shape)\n")
    assert in_new_process(program) == "(2, 5)\n"
