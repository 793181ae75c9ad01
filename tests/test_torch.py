"""PyTorch as a foreign oracle, where it is installed."""
import numpy as np
import pytest
from lasagne_flipconv import layers
from lasagne_flipconv.conventions import convention_of_format
from lasagne_flipconv.kernels import convert_kernel

import cases

torch = pytest.importorskip("torch")

CONV = {1: "conv1d", 2: "conv2d", 3: "conv3d"}
FORWARD = {c: n for c, n in cases.FORWARD.items()}


def loaded(layer, kernel, transposed=False):
    """Put a kernel of PyTorch into a layer, turned as the layer needs it."""
    convention = convention_of_format("torch", layer.n, transposed)
    layer.W.set_value(convert_kernel(kernel, convention, layer.convention))
    return layer


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("cls", FORWARD, ids=lambda c: c.__name__)
def test_convolution(cls, flip):
    n = FORWARD[cls]
    options = dict(stride=cases.STRIDE[n], dilation=cases.DILATION[n])
    layer = cases.build(cls, n, flip_filters=flip, pad=2, num_groups=2,
                        **options)
    kernel = cases.values(layer.get_W_shape(), 7)
    x = cases.values((2, cases.CHANNELS) + cases.INPUT_SIZE[n], 2)
    expected = getattr(torch.nn.functional, CONV[n])(
        torch.tensor(x), torch.tensor(kernel), padding=2, groups=2, **options)
    got = cases.run(loaded(layer, kernel), x)
    np.testing.assert_allclose(got, expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("cls", cases.TRANSPOSED, ids=lambda c: c.__name__)
def test_transposed_convolution(cls, groups, flip):
    n = cases.TRANSPOSED[cls]
    options = dict(stride=cases.STRIDE[n], dilation=cases.DILATION[n])
    layer = cases.build(cls, n, flip_filters=flip, crop=1, num_groups=groups,
                        **options)
    kernel = cases.values(layer.get_W_shape(), 7)
    x = cases.values((2, cases.CHANNELS) + cases.INPUT_SIZE[n], 2)
    expected = getattr(torch.nn.functional, CONV[n].replace(
        "conv", "conv_transpose"))(
        torch.tensor(x), torch.tensor(kernel), padding=1, groups=groups,
        **options)
    got = cases.run(loaded(layer, kernel, transposed=True), x)
    np.testing.assert_allclose(got, expected.numpy(), atol=1e-12)


def test_pytorchs_transposed_kernel_is_ours_with_flip_filters():
    layer = cases.build(layers.TransposedConv2DLayer, 2, flip_filters=True)
    kernel = layer.W.get_value()
    assert layer.convention == convention_of_format("torch", 2, True)
    x = cases.values((2, cases.CHANNELS, 9, 8), 2)
    expected = torch.nn.functional.conv_transpose2d(torch.tensor(x),
                                                    torch.tensor(kernel))
    np.testing.assert_allclose(cases.run(layer, x), expected.numpy(),
                               atol=1e-12)
