"""Convolutions along the lines of their output mean what they mean in Theano.

In float64, which the engine leaves alone, Theano gives what is compared to.
"""
import numpy as np
import pytest
import theano
from engine_cases import (MODE, check_close, convolved_in_new_process, has,
                          needs_engine, needs_tiles, ran_on, tensor, values)
from lasagne_flipconv import engine
from test_engine_winograd import ACTIVATIONS, compare, convolution, exact
from theano.tensor.nnet.abstract_conv import get_conv_output_shape

LINES = "lines"

pytestmark = [needs_engine, needs_tiles]

# shape of the input, filters, kernel, options
CASES = {
    "pointwise": ((2, 72, 9, 11), 64, (1, 1), {}),
    "pointwise with many outputs": ((3, 64, 40, 41), 80, (1, 1), {}),
    "pointwise with a stride": ((2, 70, 15, 18), 48, (1, 1),
                                dict(subsample=(2, 3))),
    "many terms": ((1, 1100, 5, 4), 96, (1, 1), {}),
    "one position": ((1, 130, 1, 1), 32, (1, 1), {}),
    "few positions": ((3, 67, 2, 2), 80, (1, 1), {}),
    "few positions with a padding": ((1, 40, 3, 2), 48, (3, 3), dict(
        border_mode="half")),
    "as many positions as are few": (
        (1, 40, 4, 4 if has("avx512f") else 3), 48, (3, 3), dict(
            border_mode="half")),
    "few positions of many": ((2, 25, 7, 8), 32, (4, 3), dict(
        border_mode=((1, 0), (0, 2)), subsample=(3, 4),
        filter_dilation=(1, 2))),
    "few positions of a volume": ((1, 9, 4, 5, 6), 48, (2, 3, 2), dict(
        border_mode=(1, 0, 1), subsample=(2, 2, 3),
        filter_dilation=(1, 2, 2))),
    "two panels of other widths": ((1, 65, 19, 23), 112, (1, 1), {}),
    "square": ((2, 17, 23, 30), 48, (3, 3), dict(subsample=(2, 1))),
    "even": ((2, 20, 22, 21), 32, (2, 4), dict(border_mode=(0, 1))),
    "dilation": ((1, 24, 30, 33), 64, (3, 2), dict(filter_dilation=(3, 2))),
    "dilation along the height": ((2, 12, 91, 49), 32, (3, 2), dict(
        filter_dilation=(2, 1), border_mode="half", subsample=(1, 2))),
    "more channels than a block": ((1, 250, 24, 25), 64, (3, 2), {}),
    "padding around blocks": ((1, 200, 27, 25), 176, (5, 3), dict(
        border_mode="full", subsample=(2, 2))),
    "padding of one side": ((3, 16, 80, 77), 32, (5, 1), dict(
        border_mode=((0, 3), (2, 0)))),
    "stride beyond the kernel": ((1, 40, 30, 32), 32, (2, 2),
                                 dict(subsample=(3, 4))),
    "large image": ((1, 9, 150, 160), 32, (5, 5), dict(border_mode="half")),
    "large kernel": ((1, 512, 7, 8), 512, (3, 2), dict(border_mode="half")),
    "large kernel, many images": ((8, 512, 6, 7), 512, (3, 2),
                                  dict(border_mode="half")),
    "one line": ((2, 20, 1, 700), 64, (1, 9), dict(border_mode=(0, 4))),
    "volume": ((2, 12, 7, 19, 18), 32, (3, 2, 2), {}),
    "volume with all": ((1, 9, 40, 45, 52), 48, (2, 3, 5), dict(
        border_mode=(0, 1, 1), subsample=(3, 2, 3),
        filter_dilation=(3, 2, 1))),
    "volume of one slice": ((2, 24, 3, 60, 61), 32, (3, 2, 2), dict(
        border_mode=(0, 1, 1))),
    "many slices": ((1, 32, 40, 30, 31), 32, (3, 2, 1), dict(
        border_mode=(1, 0, 0))),
}


def arrays_of(case):
    shape, filters, size, _ = CASES[case]
    return values(*shape), values(filters, shape[1], *size)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_forward(case, flip):
    options = CASES[case][-1]
    name, _ = compare(lambda x, w: convolution(
        x, w, filter_flip=flip, **options), arrays_of(case))
    assert name == LINES


@pytest.mark.parametrize("axes", [1, 2])
def test_one_axis(axes):
    shape = (3, 24, 1, 90) if axes == 1 else (3, 24, 90, 1)
    size = (32, 24, 1, 7) if axes == 1 else (32, 24, 7, 1)
    pad = (0, 2) if axes == 1 else (2, 0)
    name, _ = compare(lambda x, w: convolution(x, w, border_mode=pad),
                      (values(*shape), values(*size)))
    assert name == LINES


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("case", ["pointwise with many outputs",
                                  "padding around blocks", "many terms",
                                  "few positions with a padding"])
def test_what_follows_is_taken_in(activation, case):
    options = CASES[case][-1]

    def build(x, w, scale, bias, residual):
        y = convolution(x, w, **options)
        y = y * scale.dimshuffle("x", 0, "x", "x")
        y += bias.dimshuffle("x", 0, "x", "x")
        return ACTIVATIONS[activation](y + residual)

    x, w = arrays_of(case)
    shape = output_shape(case)
    name, function = compare(build, (
        x, w, values(shape[1]), 9 * values(shape[1]), 9 * values(*shape)))
    assert name == LINES
    assert "Elemwise" not in [
        type(node.op).__name__ for node in function.maker.fgraph.toposort()
        if node.outputs[0].ndim == 4]


def output_shape(case):
    x, w = arrays_of(case)
    options = CASES[case][-1]
    return get_conv_output_shape(
        x.shape, w.shape, options.get("border_mode", "valid"),
        options.get("subsample", (1, 1)))


# what oneDNN does better, or what is not for vectors of channels
LEFT = {
    "groups": ((2, 64, 9, 9), (64, 32, 1, 1), dict(num_groups=2)),
    "an odd number of outputs": ((2, 64, 9, 9), (33, 64, 1, 1), {}),
    "few outputs": ((2, 64, 9, 9), (8, 64, 1, 1), {}),
    "few terms": ((2, 3, 30, 30), (32, 3, 4, 4), {}),
    "much of it padding": ((2, 32, 7, 7), (32, 32, 5, 5),
                           dict(border_mode="half")),
}


@pytest.mark.parametrize("case", LEFT)
def test_left_to_onednn(case):
    x, w, options = LEFT[case]
    name, _ = compare(lambda x, w: convolution(x, w, **options),
                      (values(*x), values(*w)))
    assert name != LINES


@pytest.mark.parametrize("case", ["pointwise", "large kernel",
                                  "more channels than a block",
                                  "two panels of other widths"])
def test_frozen(case):
    x, w = arrays_of(case)
    kernel, image = theano.shared(w), tensor(4)
    y = convolution(image, kernel, **CASES[case][-1])
    plain = theano.function([image], y, mode=MODE)
    with engine.frozen():
        frozen = theano.function([image], y, mode=MODE)
    for _ in range(2):
        np.testing.assert_array_equal(frozen(x), plain(x))
        assert ran_on() == LINES
    smaller = x[:, :, 1:, 1:]  # the kernel that is kept serves other sizes
    np.testing.assert_array_equal(frozen(smaller), plain(smaller))


def test_a_kernel_that_changes_in_place_is_seen():
    x, w = arrays_of("pointwise")
    kernel, image = theano.shared(w), tensor(4)
    f = theano.function([image], convolution(image, kernel), mode=MODE)
    before = f(x)
    kernel.get_value(borrow=True)[:] *= 2
    np.testing.assert_array_equal(f(x), 2 * before)


def test_frozen_with_few_positions():
    x, w = arrays_of("few positions")
    image = tensor(4)
    with engine.frozen():
        frozen = theano.function([image], convolution(
            image, theano.shared(w)), mode=MODE)
    wide = tensor(4, "float64"), tensor(4, "float64")
    expected = exact(wide, convolution(*wide), (x, w))
    for images in (x, x[:1], x):
        check_close(frozen(images), expected[:len(images)], 5e-6)
        assert ran_on() == LINES


@pytest.mark.parametrize("case", ["pointwise", "square", "large kernel"])
def test_strided_and_reversed_arrays(case):
    x, w = arrays_of(case)
    image, kernel = tensor(4), tensor(4)
    f = theano.function([image, kernel], convolution(
        image, kernel, **CASES[case][-1]), mode=MODE)
    views = (np.array(x.transpose(2, 0, 3, 1)).transpose(1, 3, 0, 2),
             np.array(w[::-1].transpose(3, 1, 0, 2)).transpose(
                 2, 1, 3, 0)[::-1])
    np.testing.assert_array_equal(f(*views), f(x, w))
    assert ran_on() == LINES


def test_shapes_that_change_from_call_to_call():
    x, w = tensor(4), tensor(4)
    function = theano.function([x, w], convolution(x, w), mode=MODE)
    wide = tensor(4, "float64"), tensor(4, "float64")
    for shape, kernel in [((1, 64, 9, 9), (64, 64, 1, 1)),
                          ((2, 64, 40, 43), (64, 64, 1, 1)),
                          ((1, 64, 9, 9), (32, 64, 2, 5)),
                          ((0, 64, 9, 9), (64, 64, 1, 1)),
                          ((1, 1500, 9, 9), (48, 1500, 1, 1)),
                          ((2, 64, 2, 3), (64, 64, 1, 1)),
                          ((1, 64, 9, 9), (64, 64, 1, 1))]:
        arrays = values(*shape), values(*kernel)
        check_close(function(*arrays), exact(wide, convolution(*wide),
                                             arrays), 5e-6)
        assert ran_on() == LINES or 0 in shape


@pytest.mark.parametrize("case", ["large kernel, many images", "square",
                                  "pointwise with many outputs",
                                  "few positions with a padding"])
def test_same_bits_whatever_the_number_of_threads(case):
    shape, filters, size, options = CASES[case]
    results = {convolved_in_new_process(
        shape, (filters, shape[1]) + size, options, OMP_NUM_THREADS=n)
        for n in "1237"}
    assert [name for _, name in results] == [LINES]


def test_switched_off_by_the_environment():
    names = [convolved_in_new_process(
        (1, 64, 9, 9), (64, 64, 1, 1), LASAGNE_FLIPCONV_LINES=value)[1]
        for value in "10"]
    assert [name == LINES for name in names] == [True, False]
