"""Names of ``theano.sandbox.cuda`` and ``theano.gpuarray`` on any machine.

Theano 1.0 removed the first, and the second needs a GPU. A convolution is the
abstract one, which the engine computes; there is no GPU to copy to, so what
copied returns the array.
"""
import importlib.machinery
import sys
from collections import namedtuple

import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.nnet import abstract_conv, bn
from theano.tensor.signal.pool import pool_2d, pool_3d

__all__ = ["CONTENTS", "INSTEAD", "find", "take_back"]

_PACKAGE = "theano.sandbox.cuda"

#: How a kernel slides, as Theano's abstract convolution takes it.
_Sliding = namedtuple("_Sliding", "border_mode subsample filter_flip "
                      "filter_dilation num_groups")


def _sliding(border_mode, subsample, conv_mode, dilation=None, num_groups=1):
    if conv_mode not in ("conv", "cross"):
        raise ValueError("conv_mode=%r; expected 'conv' or 'cross'."
                         % (conv_mode,))
    if isinstance(border_mode, list):
        border_mode = tuple(border_mode)
    return _Sliding(border_mode, tuple(subsample), conv_mode == "conv",
                    tuple(dilation or (1,) * len(subsample)), num_groups)


def _slide(img, kern, sliding):
    convolve = (T.nnet.conv2d, T.nnet.conv3d)[len(sliding.subsample) - 2]
    return convolve(as_array(img), as_array(kern), **sliding._asdict())


def as_array(x, context_name=None):
    """Return what is given, as a variable of Theano."""
    return T.as_tensor_variable(x)


def gpu_alloc_empty(*shape):
    """Return an array of that shape, whose values are for others to set."""
    return T.zeros(shape, "float32")


def dnn_available(context=None):
    """Tell whether what is here of cuDNN can be used: it can."""
    return True


def dnn_conv(img, kerns, border_mode="valid", subsample=(1, 1),
             conv_mode="conv", direction_hint=None, workmem=None, algo=None,
             precision=None):
    """Convolve, or correlate with ``conv_mode='cross'``.

    Parameters
    ----------
    img, kerns : theano.Variable
        Axes (batch, channels, height, width) and (filters, channels, ...).
    border_mode : str, int or tuple of int
        'valid', 'full', 'half', or the padding.
    subsample : tuple of int, default (1, 1)
        The step.
    conv_mode : {'conv', 'cross'}
        Whether the kernels are reversed.
    direction_hint, workmem, algo, precision : object
        Ignored; how a GPU was to do it.

    Returns
    -------
    theano.Variable
        Axes (batch, filters, height, width).
    """
    return _slide(img, kerns, _sliding(border_mode, subsample, conv_mode))


def dnn_conv3d(img, kerns, border_mode="valid", subsample=(1, 1, 1),
               conv_mode="conv", direction_hint=None, workmem=None, algo=None,
               precision=None):
    """Convolve as :func:`dnn_conv`, along three axes."""
    return _slide(img, kerns, _sliding(border_mode, subsample, conv_mode))


def dnn_batch_normalization_train(inputs, gamma, beta, mode="per-activation",
                                  *args, **kwargs):
    """Normalize by the batch; see Theano's function without ``dnn_``.

    Parameters
    ----------
    inputs, gamma, beta : theano.Variable
        With as many axes.
    mode : {'per-activation', 'spatial'} or tuple of int
        Its `axes`.
    *args, **kwargs : object
        As there.

    Returns
    -------
    tuple of theano.Variable
        The result, the mean, one by the standard deviation, and what runs.
    """
    return bn.batch_normalization_train(inputs, gamma, beta, mode, *args,
                                        **kwargs)


def dnn_batch_normalization_test(inputs, gamma, beta, mean, var,
                                 mode="per-activation", epsilon=1e-4):
    """Normalize by what is given; see Theano's function without ``dnn_``."""
    return bn.batch_normalization_test(inputs, gamma, beta, mean, var, mode,
                                       epsilon)


def dnn_pool(img, ws, stride=(1, 1), mode="max", pad=(0, 0)):
    """Pool regions, which lie one apart unless told otherwise.

    Parameters
    ----------
    img : theano.Variable
        Axes (batch, channels, ...).
    ws, stride, pad : tuple of int
        Size, step and padding per spatial axis, two or three.
    mode : {'max', 'average', 'average_inc_pad', 'average_exc_pad'}
        'average' is the second.

    Returns
    -------
    theano.Variable
        With as many axes.
    """
    stride, pad = (tuple(x) if len(x) == len(ws) else tuple(x[:1]) * len(ws)
                   for x in (stride, pad))
    return (pool_3d if len(ws) == 3 else pool_2d)(
        as_array(img), ws=tuple(ws), ignore_border=True, stride=stride,
        pad=pad, mode={"average": "average_inc_pad"}.get(mode, mode))


class GpuDnnConvDesc:
    """Say how a kernel slides; called with shapes, which are not needed.

    Parameters
    ----------
    border_mode, subsample, conv_mode : object
        As for :func:`dnn_conv`.
    precision : str
        Ignored.
    """

    def __init__(self, border_mode, subsample=(1, 1), conv_mode="conv",
                 precision="float32"):
        self._sliding = _sliding(border_mode, subsample, conv_mode)

    def __call__(self, *shapes):
        return self._sliding


class _Convolution:
    """Take the arguments of the Ops, which chose how a GPU was to do it."""

    def __init__(self, *args, **kwargs):
        pass


class GpuDnnConv(_Convolution):
    """Convolve as a description says."""

    def __call__(self, img, kern, output, desc, alpha=None, beta=None):
        return _slide(img, kern, desc)


class GpuDnnConvGradI(_Convolution):
    """Give the gradient of a convolution with respect to its input.

    ``deconv`` of DCGAN calls it as a convolution that enlarges.
    """

    def __call__(self, kern, topgrad, output, desc, alpha=None, beta=None):
        op = (abstract_conv.AbstractConv2d_gradInputs,
              abstract_conv.AbstractConv3d_gradInputs)[len(desc.subsample) - 2]
        return op(**desc._asdict())(as_array(kern), as_array(topgrad),
                                    output.shape[2:])


def use(device, *args, **kwargs):
    """Choose a device: the fastest that there is, as ever."""


class Copy:
    """Copy from or to a GPU: return the array. No graph has such a node."""

    def __init__(self, context_name=None):
        pass

    def __call__(self, x):
        return as_array(x)


# --- theano.gpuarray, which has dilation, groups and contexts as well ------

def gpuarray_conv(img, kerns, border_mode="valid", subsample=(1, 1),
                  dilation=(1, 1), conv_mode="conv", direction_hint=None,
                  workmem=None, algo=None, precision=None, num_groups=1):
    """Convolve as :func:`dnn_conv`, with dilation and groups."""
    return _slide(img, kerns, _sliding(border_mode, subsample, conv_mode,
                                       dilation, num_groups))


def gpuarray_conv3d(img, kerns, border_mode="valid", subsample=(1, 1, 1),
                    dilation=(1, 1, 1), conv_mode="conv", direction_hint=None,
                    algo=None, precision=None, num_groups=1):
    """Convolve as :func:`gpuarray_conv`, along three axes."""
    return gpuarray_conv(img, kerns, border_mode, subsample, dilation,
                         conv_mode, num_groups=num_groups)


def gpuarray_pool(img, ws, stride=None, mode="max", pad=None):
    """Pool as :func:`dnn_pool`."""
    return dnn_pool(img, ws, stride or (1,), mode, pad or (0,))


class GpuarrayConvDesc(GpuDnnConvDesc):
    """Say how a kernel slides, with dilation and groups."""

    def __init__(self, border_mode, subsample=(1, 1), dilation=(1, 1),
                 conv_mode="conv", precision="float32", num_groups=1):
        self._sliding = _sliding(border_mode, subsample, conv_mode, dilation,
                                 num_groups)


def no_context(*variables):
    """Return the name of the GPU that variables are on: None."""


class GpuAllocEmpty:
    """Make arrays whose values are for others to set; called with sizes."""

    def __init__(self, dtype, context_name=None):
        self.dtype = dtype

    def __call__(self, *shape):
        return T.zeros(shape, self.dtype)


_DNN = {value.__name__: value for value in (
    dnn_available, dnn_batch_normalization_test,
    dnn_batch_normalization_train, dnn_conv, dnn_conv3d, dnn_pool,
    GpuDnnConvDesc, GpuDnnConv, GpuDnnConvGradI)}
_DNN.update(GpuDnnConv3d=GpuDnnConv, GpuDnnConv3dGradI=GpuDnnConvGradI)
_BASIC = dict(dict.fromkeys((
    "gpu_contiguous", "host_from_gpu", "gpu_from_host",
    "as_cuda_ndarray_variable"), as_array), gpu_alloc_empty=gpu_alloc_empty,
    HostFromGpu=Copy, GpuFromHost=Copy)

#: Module → what it holds.
CONTENTS = {
    _PACKAGE: dict(_BASIC, use=use, dnn_available=dnn_available,
                   cuda_available=False, cuda_enabled=False),
    _PACKAGE + ".basic_ops": _BASIC, _PACKAGE + ".dnn": _DNN,
    _PACKAGE + ".rng_curand": {"CURAND_RandomStreams": MRG_RandomStreams}}

_GPUARRAY = {
    "": {"as_gpuarray_variable": as_array},
    ".basic_ops": {
        "as_gpuarray_variable": as_array, "gpu_contiguous": as_array,
        "host_from_gpu": as_array, "infer_context_name": no_context,
        "GpuAllocEmpty": GpuAllocEmpty, "GpuFromHost": Copy,
        "HostFromGpu": Copy},
    ".dnn": dict(
        _DNN, dnn_present=dnn_available, dnn_conv=gpuarray_conv,
        dnn_conv3d=gpuarray_conv3d, dnn_pool=gpuarray_pool,
        GpuDnnConvDesc=GpuarrayConvDesc)}

#: Module that is there, or was, and needs a GPU → what it holds instead.
INSTEAD = {package + name: held for name, held in _GPUARRAY.items()
           for package in ("theano.gpuarray", "theano.sandbox.gpuarray")
           if theano.config.device == "cpu"}


def find(fullname, missing):
    """Return the spec of a module of `CONTENTS`, None for any other.

    Parameters
    ----------
    fullname : str
        The module.
    missing : callable
        Takes a module and an attribute that it does not hold, and raises.

    Returns
    -------
    importlib.machinery.ModuleSpec or None
        A package, so that what it lacks is looked for and explained.
    """
    if fullname not in CONTENTS:
        return None
    return importlib.machinery.ModuleSpec(fullname, _Loader(missing),
                                          is_package=True)


class _Loader:
    def __init__(self, missing):
        self.missing = missing

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        module.__doc__ = "What scripts ask of %s, on any machine." % name
        vars(module).update(CONTENTS[name])
        module.__all__ = sorted(CONTENTS[name])
        module.__getattr__ = lambda attribute: self.missing(
            name, attribute)


def take_back():
    """Forget the modules."""
    for name in CONTENTS:
        if isinstance(getattr(sys.modules.get(name), "__loader__", None),
                      _Loader):
            del sys.modules[name]
            vars(theano.sandbox).pop("cuda", None)
