"""Convolutions computed in tiles mean what they mean without the engine.

In float64, which the engine leaves alone, Theano gives what is compared to.
"""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, check_close, convolved_in_new_process,
                          needs_engine, needs_tiles, ran_on, tensor, values)
from lasagne_flipconv import engine
from theano.tensor.nnet.abstract_conv import AbstractConv2d, AbstractConv3d

LARGE, SMALL = "winograd 4x4", "winograd 2x2"


pytestmark = [needs_engine, needs_tiles]


def convolution(x, w, **options):
    op = {4: AbstractConv2d, 5: AbstractConv3d}[x.ndim](**options)
    return op(x, w)


def exact(inputs, outputs, arrays):
    """Return what Theano gives in float64, as float32."""
    with engine.disabled():
        function = theano.function(inputs, outputs, mode=MODE)
    result = function(*[array.astype("float64") for array in arrays])
    if isinstance(result, list):
        return [np.asarray(value, "float32") for value in result]
    return np.asarray(result, "float32")


def compare(build, arrays, limit=5e-6):
    """Compute `build(*inputs)` both ways and compare.

    Return what it ran on, and the compiled function.
    """
    inputs = [tensor(array.ndim) for array in arrays]
    wide = [tensor(array.ndim, "float64") for array in arrays]
    ours = theano.function(inputs, build(*inputs), mode=MODE)
    got = ours(*arrays)
    name = ran_on()
    check_close(got, exact(wide, build(*wide), arrays), limit)
    return name, ours


# batch, channels, size, filters, taps of the depth, and how it is computed
CASES = {
    "large tiles": ((2, 32, 17, 22), 64, LARGE),
    "one row of tiles": ((1, 64, 3, 70), 64, LARGE),
    "many channels": ((1, 272, 20, 19), 176, SMALL),
    "odd panels": ((3, 48, 14, 9), 80, SMALL),
    "kernel larger than the cache": ((1, 512, 8, 9), 512, SMALL),
    "larger, and tiles in parts": ((2, 512, 31, 29), 512, SMALL),
    "large tiles, large kernel": ((1, 128, 28, 27), 144, LARGE),
    "large tiles, many of a large kernel": ((1, 256, 40, 37), 256, LARGE),
    "volume": ((2, 64, 3, 14, 17), 32, LARGE),
    "deep volume": ((1, 96, 5, 9, 12), 48, SMALL),
    "volume for all threads": ((1, 256, 2, 7, 8), 512, SMALL),
    "volume, large kernel": ((1, 160, 5, 9, 12), 112, SMALL),
}


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_forward(case, flip):
    shape, filters, expected = CASES[case]
    arrays = values(*shape), values(filters, shape[1],
                                    *[3] * (len(shape) - 2))
    name, _ = compare(lambda x, w: convolution(
        x, w, border_mode="half", filter_flip=flip), arrays)
    assert name == expected


@pytest.mark.parametrize("border", [
    "valid", "full", "half", (0, 2), (5, 1), ((0, 3), (2, 1))])
@pytest.mark.parametrize("channels, expected", [(32, LARGE), (288, SMALL)])
def test_padding(border, channels, expected):
    arrays = values(2, channels, 19, 18), values(32, channels, 3, 3)
    name, _ = compare(lambda x, w: convolution(x, w, border_mode=border),
                      arrays)
    assert name == expected


@pytest.mark.parametrize("border", ["valid", "half", (0, 1, 2), (4, 0, 1)])
@pytest.mark.parametrize("taps", [1, 2, 5])
def test_depth(border, taps):
    arrays = values(1, 48, 6, 14, 17), values(64, 48, taps, 3, 3)
    name, _ = compare(lambda x, w: convolution(x, w, border_mode=border),
                      arrays)
    assert name == LARGE


@pytest.mark.parametrize("border", ["valid", "half", "full", (3, 0),
                                    ((1, 0), (0, 2))])
@pytest.mark.parametrize("flip", [True, False])
def test_gradient_of_the_input(border, flip):
    shape = (2, 32, 18, 21)
    x = values(*shape)
    w = values(64, 32, 3, 3)

    def gradient(x, w):
        y = convolution(x, w, border_mode=border, filter_flip=flip)
        return T.grad(None, x, known_grads={y: y})

    name, _ = compare(gradient, (x, w))
    assert name == LARGE


def test_gradient_of_a_volume():
    def gradient(x, w):
        y = convolution(x, w, border_mode=(1, 0, 2))
        return T.grad(None, x, known_grads={y: y})

    name, _ = compare(gradient, (values(1, 64, 4, 15, 14),
                                 values(32, 64, 3, 3, 3)))
    assert name == LARGE


ACTIVATIONS = {"none": lambda x: x, "relu": T.nnet.relu,
               "leaky": lambda x: T.nnet.relu(x, .25), "elu": T.nnet.elu}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("channels, expected", [(64, LARGE), (304, SMALL)])
def test_what_follows_is_taken_in(activation, channels, expected):
    def build(x, w, scale, bias, residual):
        y = convolution(x, w, border_mode="half")
        y = y * scale.dimshuffle("x", 0, "x", "x")
        y += bias.dimshuffle("x", 0, "x", "x")
        return ACTIVATIONS[activation](y + residual)

    arrays = (values(2, channels, 15, 17), values(32, channels, 3, 3),
              values(32), 9 * values(32), 9 * values(2, 32, 15, 17))
    name, function = compare(build, arrays)
    assert name == expected
    assert "Elemwise" not in [
        type(node.op).__name__ for node in function.maker.fgraph.toposort()
        if node.outputs[0].ndim == 4]


def test_shapes_that_change_from_call_to_call():
    x, w = tensor(4), tensor(4)
    function = theano.function(
        [x, w], convolution(x, w, border_mode="half"), mode=MODE)
    wide = tensor(4, "float64"), tensor(4, "float64")
    with engine.disabled():
        stock = theano.function(
            wide, convolution(*wide, border_mode="half"), mode=MODE)
    seen = set()
    for shape, kernel in [((1, 32, 20, 20), (32, 32, 3, 3)),
                          ((1, 32, 20, 20), (32, 32, 5, 5)),
                          ((3, 32, 9, 40), (32, 32, 3, 3)),
                          ((1, 32, 2, 2), (32, 32, 3, 3)),
                          ((0, 32, 20, 20), (32, 32, 3, 3)),
                          ((1, 304, 20, 20), (32, 304, 3, 3)),
                          ((1, 32, 20, 20), (32, 32, 3, 3))]:
        arrays = values(*shape), values(*kernel)
        check_close(function(*arrays),
                    stock(*[array.astype("float64")
                            for array in arrays]).astype("float32"), 5e-6)
        seen.add(ran_on())
    assert {LARGE, SMALL} < seen


def test_strided_and_reversed_arrays():
    x, w = tensor(4), tensor(4)
    function = theano.function([x, w], convolution(x, w), mode=MODE)
    image, kernel = values(2, 40, 26, 32), values(3, 3, 64, 32)
    views = image.transpose(0, 3, 2, 1)[:, :, ::-1], kernel[
        ::-1].transpose(2, 3, 0, 1)[::2]
    copies = [np.array(view, order="C") for view in views]
    got = function(*views)
    assert ran_on() == LARGE
    np.testing.assert_array_equal(got, function(*copies))


# with few tiles, all threads work at them together
@pytest.mark.parametrize("channels, size", [(64, 48), (64, 16), (32, 16),
                                            (80, 7), (512, 16)])
def test_same_bits_whatever_the_number_of_threads(channels, size):
    results = {convolved_in_new_process(
        (1, channels, size, size), (channels, channels, 3, 3),
        OMP_NUM_THREADS=n) for n in "123"}
    assert len(results) == 1


@pytest.mark.parametrize("case", ["large tiles", "many channels",
                                  "kernel larger than the cache"])
def test_frozen(case):
    shape, filters, expected = CASES[case]
    x, w = values(*shape), values(filters, shape[1], 3, 3)
    image = tensor(4)
    y = convolution(image, theano.shared(w), border_mode="half")
    plain = theano.function([image], y, mode=MODE)
    with engine.frozen():
        frozen = theano.function([image], y, mode=MODE)
    for _ in range(2):
        np.testing.assert_array_equal(frozen(x), plain(x))
        assert ran_on() == expected


def test_a_large_kernel_that_changes_in_place_is_seen():
    x, w = values(1, 512, 8, 9), theano.shared(values(512, 512, 3, 3))
    image = tensor(4)
    f = theano.function([image], convolution(image, w, border_mode="half"),
                        mode=MODE)
    before = f(x)
    assert ran_on() == SMALL
    w.get_value(borrow=True)[:] *= 2
    np.testing.assert_array_equal(f(x), 2 * before)


def test_switched_off_by_the_environment():
    names = [convolved_in_new_process(
        (1, 64, 16, 16), (64, 64, 3, 3), LASAGNE_FLIPCONV_WINOGRAD=value)[1]
        for value in ("1", "0", "False", " no ", " ")]
    assert ["winograd" in name for name in names] == [
        True, False, False, False, True]
