"""Theano's abstract convolution over one, two or three axes.

The Ops built here are abstract: Theano's optimiser replaces them by whatever
the machine has (GPU, BLAS, SciPy), so that the layers run anywhere. Theano
1.0.5 has no 1-D Op, no asymmetric padding in 3-D and no float16 on the CPU;
these are expressed by what it has.
"""
from collections import namedtuple

import theano
import theano.tensor as T
from theano.tensor.nnet import abstract_conv

__all__ = ["Geometry", "forward", "adjoint", "unshared"]

#: How a kernel slides: per spatial axis `stride`, `dilation` and `pad` (pairs
#: before/after, or the words "half" and "full"), then `num_groups` and whether
#: to reverse (`flip`) the kernel.
Geometry = namedtuple("Geometry", "stride pad dilation num_groups flip")


def forward(input, kernel, input_shape, kernel_shape, geometry):
    """Build a convolution or correlation.

    Parameters
    ----------
    input : theano.Variable
        Axes (batch, channels, *spatial).
    kernel : theano.Variable
        Axes (output channels, input channels per group, *spatial).
    input_shape, kernel_shape : tuple of int or None
        What is known of the shapes.
    geometry : Geometry
        How the kernel slides.

    Returns
    -------
    theano.Variable
        Axes (batch, output channels, *spatial).
    """
    if _asymmetric_3d(geometry):
        input = _pad(input, geometry.pad)
        input_shape = _padded_shape(input_shape, geometry.pad)
        geometry = geometry._replace(pad=((0, 0),) * 3)
    input, kernel, dtype = _in_compute_dtype(input, kernel)
    op = _op(abstract_conv.AbstractConv2d, abstract_conv.AbstractConv3d,
             input_shape, kernel_shape, geometry)
    if input.ndim == 3:
        result = op(_lift(input), _lift(kernel))[:, :, 0]
    else:
        result = op(input, kernel)
    return result.astype(dtype)


def adjoint(kernel, output, result_shape, kernel_shape, size, geometry):
    """Build the adjoint of a convolution or correlation.

    Parameters
    ----------
    kernel : theano.Variable
        Axes (output channels, input channels per group, *spatial) of the
        convolution whose adjoint it is.
    output : theano.Variable
        Axes (batch, output channels, *spatial).
    result_shape, kernel_shape : tuple of int or None
        What is known of the shapes of result and kernel.
    size : tuple of int or theano.Variable
        Spatial size of the result.
    geometry : Geometry
        How the kernel slides, forward.

    Returns
    -------
    theano.Variable
        Axes (batch, input channels, *spatial).
    """
    crop = None
    if _asymmetric_3d(geometry):
        crop = geometry.pad
        size = [s + sum(c) for s, c in zip(size, crop)]
        result_shape = _padded_shape(result_shape, crop)
        geometry = geometry._replace(pad=((0, 0),) * 3)
    output, kernel, dtype = _in_compute_dtype(output, kernel)
    op = _op(abstract_conv.AbstractConv2d_gradInputs,
             abstract_conv.AbstractConv3d_gradInputs,
             result_shape, kernel_shape, geometry)
    if output.ndim == 3:
        result = op(_lift(kernel), _lift(output), (1, size[0]))[:, :, 0]
    else:
        result = op(kernel, output, size)
    if crop:
        result = result[(slice(None),) * 2 + tuple(
            slice(before, size[i] - after)
            for i, (before, after) in enumerate(crop))]
    return result.astype(dtype)


def unshared(input, kernel, input_shape, kernel_shape, geometry):
    """Build a 2-D convolution or correlation with a kernel per position.

    Parameters
    ----------
    input : theano.Variable
        Axes (batch, channels, height, width).
    kernel : theano.Variable
        Axes (output channels, output height, output width, input channels per
        group, kernel height, kernel width).
    input_shape, kernel_shape : tuple of int or None
        What is known of the shapes.
    geometry : Geometry
        How the kernel slides.

    Returns
    -------
    theano.Variable
        Axes (batch, output channels, height, width).
    """
    input, kernel, dtype = _in_compute_dtype(input, kernel)
    op = abstract_conv.AbstractConv2d(
        unshared=True, **_options(input_shape, kernel_shape, geometry))
    return op(input, kernel).astype(dtype)


def _op(op_2d, op_3d, input_shape, kernel_shape, geometry):
    n = len(geometry.stride)
    if n == 1:
        input_shape = input_shape[:2] + (1,) + input_shape[2:]
        kernel_shape = kernel_shape[:2] + (1,) + kernel_shape[2:]
        geometry = _lift_geometry(geometry)
    op = op_3d if n == 3 else op_2d
    return op(**_options(input_shape, kernel_shape, geometry))


def _options(input_shape, kernel_shape, geometry):
    pad = geometry.pad
    if not isinstance(pad, str):
        pad = tuple(p[0] if p[0] == p[1] else p for p in pad)
    return dict(imshp=input_shape, kshp=kernel_shape, border_mode=pad,
                subsample=geometry.stride, filter_flip=geometry.flip,
                filter_dilation=geometry.dilation,
                num_groups=geometry.num_groups)


def _lift(x):
    return x.dimshuffle(0, 1, "x", 2)


def _lift_geometry(geometry):
    pad = geometry.pad
    if not isinstance(pad, str):
        pad = ((0, 0),) + pad
    return geometry._replace(stride=(1,) + geometry.stride, pad=pad,
                             dilation=(1,) + geometry.dilation)


def _in_compute_dtype(x, kernel):
    dtype = theano.scalar.upcast(x.dtype, kernel.dtype)
    if "float" not in dtype:
        dtype = theano.config.floatX
    compute = "float32" if dtype == "float16" else dtype
    return x.astype(compute), kernel.astype(compute), dtype


def _asymmetric_3d(geometry):
    return (len(geometry.stride) == 3 and not isinstance(geometry.pad, str)
            and any(before != after for before, after in geometry.pad))


def _pad(x, pad):
    shape = [x.shape[0], x.shape[1]]
    shape += [x.shape[i + 2] + sum(p) for i, p in enumerate(pad)]
    inside = (slice(None),) * 2 + tuple(
        slice(before, before + x.shape[i + 2])
        for i, (before, after) in enumerate(pad))
    return T.set_subtensor(T.zeros(shape, dtype=x.dtype)[inside], x)


def _padded_shape(shape, pad):
    return shape[:2] + tuple(
        None if size is None else size + sum(p)
        for size, p in zip(shape[2:], pad))
