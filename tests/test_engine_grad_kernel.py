"""Gradients of kernels that are sums over many positions, taken in parts."""
import numpy as np
import pytest
import theano.tensor as T
from engine_cases import (both, check_close, needs_engine, ran_on, tensor,
                          values)
from theano.tensor.nnet import abstract_conv

pytestmark = needs_engine

CONV = {1: abstract_conv.AbstractConv2d, 2: abstract_conv.AbstractConv2d,
        3: abstract_conv.AbstractConv3d}

#: Shape of the input, kernels, sizes of these, what the convolution is told:
#: more positions than are added up at once, of many images, or of one.
CASES = {
    "many images": ((230, 2, 24, 25), 3, (3, 3), {"border_mode": "half"}),
    "lines": ((1, 3, 501, 301), 4, (3, 3), {"border_mode": (1, 1)}),
    "lines of two": ((2, 2, 400, 360), 3, (5, 2), {"border_mode": "full"}),
    "stride": ((1, 2, 900, 601), 2, (3, 4), {
        "subsample": (2, 2), "border_mode": (2, 1)}),
    "rest behind": ((1, 2, 904, 1003), 2, (2, 2), {"subsample": (3, 2)}),
    "dilation": ((1, 2, 420, 390), 2, (3, 3), {
        "filter_dilation": (4, 2), "border_mode": (5, 3)}),
    "groups": ((1, 4, 400, 390), 6, (3, 3), {
        "num_groups": 2, "border_mode": "half"}),
    "flip": ((1, 2, 400, 390), 2, (3, 3), {
        "filter_flip": True, "border_mode": (1, 1)}),
    "one line": ((1, 2, 1, 150000), 3, (1, 5), {"border_mode": (0, 2)}),
    "a column": ((1, 2, 150000, 1), 3, (5, 1), {"border_mode": (2, 0)}),
    "volumes": ((1, 2, 60, 55, 50), 2, (3, 3, 3), {"border_mode": "half"}),
    "volumes with a stride": ((1, 2, 120, 60, 50), 2, (3, 2, 3), {
        "subsample": (2, 1, 1), "border_mode": (1, 0, 1)}),
    "1 x 1": ((2, 3, 300, 310), 4, (1, 1), {}),
    "mostly zeros": ((1, 2, 3, 400), 2, (2, 2), {"border_mode": (300, 1)}),
}


def gradients(name, dtype="float32"):
    """Return the gradient with the engine and without, and what goes in."""
    shape, outputs, size, options = CASES[name]
    options = dict({"filter_flip": False}, **options)
    x, w, g = (tensor(len(shape), dtype) for _ in range(3))
    y = CONV[len(size)](**options)(x, w)
    kernel = (outputs, shape[1] // options.get("num_groups", 1)) + size
    ours, stock = both([x, w, g], T.grad(None, w, known_grads={y: g}))
    out = abstract_conv.get_conv_output_shape(
        shape, kernel, options.get("border_mode", "valid"),
        options.get("subsample", (1,) * len(size)),
        options.get("filter_dilation", (1,) * len(size)))
    return ours, stock, values(*shape), values(*kernel), values(*out, seed=1)


@pytest.mark.parametrize("name", CASES)
def test_parts_add_up(name):
    ours, _, *given = gradients(name)
    _, exact, *_ = gradients(name, "float64")
    for _ in range(2):
        check_close(ours(*given), exact(*map(np.float64, given)).astype("f"))


@pytest.mark.parametrize("name", ["many images", "lines", "volumes", "stride"])
@pytest.mark.parametrize("at", [0, -1])
def test_infinite_gradients_at_the_padding(name, at):
    ours, stock, x, w, g = gradients(name)
    g[(at,) * g.ndim] = np.inf
    got, expected = ours(x, w, g), stock(x, w, g)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    finite = np.isfinite(expected)
    check_close(got[finite], expected[finite])


@pytest.mark.parametrize("shape", [(64, 3, 128, 128), (2, 3, 700, 700)])
def test_digits_are_not_lost_with_the_number_of_positions(shape):
    x, w, g = (tensor(4) for _ in range(3))
    y = T.nnet.conv2d(x, w, border_mode="valid", filter_flip=False)
    ours, _ = both([x, w, g], T.grad(None, w, known_grads={y: g}))
    random = np.random.RandomState(0)
    image = random.rand(*shape).astype("f")
    gradient = random.rand(shape[0], 2, shape[2] - 2, shape[3] - 2).astype("f")
    got = ours(image, np.zeros((2, 3, 3, 3), "f"), gradient)
    expected = np.einsum("bchw,bohw->oc", image[:, :, 1:-1, 1:-1], gradient,
                         dtype="float64", optimize=True)
    np.testing.assert_allclose(got[:, :, 1, 1], expected, 3e-5)
    assert ran_on()
