"""Rows of the convolutions, forward, transposed and untied."""
import numpy as np

from ...axes import CORRELATION, SPATIAL, Convention
from ...conventions import convention_of
from ...errors import ConventionError
from ...kernels import convert_kernel
from ...layers.geometry import effective, pad_pairs
from ..errors import LeavingError
from .values import activated, biased, numbers, value_of

__all__ = ["ROWS"]


def forward(layer, scope, x):
    """Add a convolution as a correlation, its bias, its nonlinearity."""
    kernel = _kernel(layer, scope, "OI")
    return _finished(layer, scope, kernel.ndim, scope.add(
        "conv", x, arrays={"W": kernel, "b": _tied(layer, scope)},
        shape=scope.shape, stride=_ints(layer, "stride", kernel),
        pad=_pairs(layer, "pad", kernel),
        dilation=_ints(layer, "dilation", kernel),
        groups=getattr(layer, "num_groups", 1)))


def transposed(layer, scope, x):
    """Add a transposed convolution: the array that PyTorch has too."""
    kernel = _kernel(layer, scope, "IO")
    return _finished(layer, scope, kernel.ndim, scope.add(
        "conv_transpose", x,
        arrays={"W": kernel, "b": _tied(layer, scope)}, shape=scope.shape,
        stride=_ints(layer, "stride", kernel),
        pad=_pairs(layer, "crop", kernel),
        dilation=_ints(layer, "dilation", kernel),
        groups=getattr(layer, "num_groups", 1),
        extra=_extra(layer, kernel, scope)))


def local(layer, scope, x):
    """Add a kernel per position: patches, times the kernel, summed."""
    kernel, b = _local_kernel(layer, scope), value_of(layer.b, scope.layer)
    out, channels, kh, kw, height, width = kernel.shape
    inputs = layer.input_shape[1]
    patches = scope.add(
        "conv", x, suffix="patches", pad=_pairs(layer, "pad", kernel[..., 0,
                                                                     0]),
        arrays={"W": _unit_kernels(inputs, kh, kw)}, stride=(1, 1),
        dilation=(1, 1), groups=inputs, trained=False)
    if channels != inputs:  # channelwise: each sees the channel of its number
        patches = scope.add("reshape", patches, suffix="split",
                            dims=(-1, out, kh * kw, height, width))
    else:
        patches = scope.add("unsqueeze", patches, suffix="split", axes=(1,))
    weights = scope.constant(kernel.reshape(1, out, -1, height, width), "W")
    product = scope.add("mul", patches, weights, suffix="product")
    summed = scope.add("sum", product, axes=(2,), keepdims=False,
                       shape=scope.shape)
    return _finished(layer, scope, 4, _local_bias(scope, summed, b))


def _local_kernel(layer, scope):
    kernel = value_of(layer.W, scope.layer + ".W")
    if convention_of(layer).orientation != CORRELATION:
        axes = convention_of(layer).spatial
        kernel = np.flip(kernel, axes)
    return kernel[:, None] if getattr(layer, "channelwise", 0) else kernel


def _local_bias(scope, value, b):
    if b is None:
        return value
    return biased(scope, value, b.reshape(
        (-1, 1, 1) if b.ndim == 1 else b.shape), "bias")


def _unit_kernels(channels, *size):
    """Return kernels of which each picks one place of one channel."""
    one = np.eye(int(np.prod(size)), dtype="float32")
    return np.tile(one.reshape((-1, 1) + size), (channels, 1, 1, 1))


def _kernel(layer, scope, channels):
    """Return the kernel as a correlation, with these channel axes first."""
    try:
        source = convention_of(layer)
    except ConventionError as error:
        raise LeavingError("%s: %s" % (scope.layer, error)) from error
    if getattr(layer, "dimshuffle", True) is False:
        raise LeavingError(
            "%s: takes its channels first (dimshuffle=False), which nothing "
            "else does; expected (batch, channels, height, width). Build it "
            "with dimshuffle=True." % scope.layer)
    target = Convention(channels + SPATIAL[len(source.spatial)], CORRELATION)
    return convert_kernel(value_of(layer.W, scope.layer + ".W"), source,
                          target, scope.layer + ".W")


def _ints(layer, name, kernel):
    return numbers(getattr(layer, name, 1), kernel.ndim - 2)


def _pairs(layer, name, kernel):
    pad = getattr(layer, name, 0)
    n = kernel.ndim - 2
    pad = (pad,) * n if isinstance(pad, int) else pad
    return pad_pairs(pad if isinstance(pad, str) else tuple(pad),
                     effective(kernel.shape[2:], _ints(layer, "dilation",
                                                       kernel)))


def _extra(layer, kernel, scope):
    """Return how far the output reaches beyond its smallest size."""
    wanted = getattr(layer, "output_size", None)
    if wanted is None:
        return (0,) * (kernel.ndim - 2)
    if not isinstance(wanted, (tuple, list)) or None in layer.input_shape[2:]:
        raise LeavingError(
            "%s: its output_size is %s, of an input of shape %r; expected "
            "numbers, and an input of known size. Name the sizes in the input "
            "layers." % (scope.layer, wanted, tuple(layer.input_shape)))
    extent = effective(kernel.shape[2:], _ints(layer, "dilation", kernel))
    least = [(size - 1) * stride + e - sum(pair) for size, stride, e, pair
             in zip(layer.input_shape[2:], _ints(layer, "stride", kernel),
                    extent, _pairs(layer, "crop", kernel))]
    return tuple(int(w) - low for w, low in zip(wanted, least))


def _tied(layer, scope):
    """Return a bias that is one number for each channel."""
    b = value_of(layer.b, scope.layer + ".b")
    return b if b is None or b.ndim == 1 else None


def _finished(layer, scope, ndim, value):
    """Add an untied bias, and the nonlinearity."""
    b = value_of(layer.b, scope.layer + ".b")
    if b is not None and b.ndim > 1 and "hw" not in _axes(layer):
        value = biased(scope, value, b, "bias")
    return activated(scope, value, layer.nonlinearity, ndim)


def _axes(layer):
    return convention_of(layer).axes


ROWS = {name: forward for name in (
    "Conv1DLayer", "Conv2DLayer", "Conv3DLayer", "Conv2DMMLayer",
    "Conv3DMMLayer", "Conv2DDNNLayer", "Conv3DDNNLayer", "Conv2DCCLayer",
    "DilatedConv2DLayer")}
ROWS.update({"TransposedConv%dDLayer" % n: transposed for n in (1, 2, 3)})
ROWS["LocallyConnected2DLayer"] = local
