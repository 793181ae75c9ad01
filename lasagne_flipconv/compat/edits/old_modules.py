"""Modules of Theano that scripts expect: removed ones, and those of a GPU."""
import importlib
import importlib.util
import sys
import types
import warnings

__all__ = ["add_downsample", "import_as_with_a_gpu"]

#: What Theano imported by itself where there was a GPU.
WITH_A_GPU = ("theano.ifelse", "theano.tensor.nnet.neighbours")


def import_as_with_a_gpu():
    """Let ``theano.ifelse.ifelse`` be there without an import of its own.

    Programs that were run on a GPU, Keras 1 among them, lack the import.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as of what they import
        for name in WITH_A_GPU:
            importlib.import_module(name)


def add_downsample():
    """Give ``theano.tensor.signal.downsample`` back: Theano 1.0 removed it.

    Lasagne 0.1 and programs of its time pool with it.
    """
    name = "theano.tensor.signal.downsample"
    signal = importlib.import_module("theano.tensor.signal")
    if hasattr(signal, "downsample") or importlib.util.find_spec(name):
        return
    module = types.ModuleType(name, "Pooling under its name before Theano 1.0")
    for each in (max_pool_2d, max_pool_2d_same_size, DownsampleFactorMax):
        setattr(module, each.__name__, each)
    sys.modules[name] = signal.downsample = module


def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0),
                mode="max"):
    """Call Theano's ``pool_2d`` with the argument names of before 1.0."""
    return _pool().pool_2d(input, ws=ds, ignore_border=ignore_border,
                           stride=st, pad=padding, mode=mode)


def max_pool_2d_same_size(input, patch_size):
    """Call Theano's function of that name, which moved."""
    return _pool().max_pool_2d_same_size(input, patch_size)


class DownsampleFactorMax:
    """Pool as the Op of that name did: it is called with the images."""

    def __init__(self, ds, ignore_border=False, st=None, padding=(0, 0),
                 mode="max"):
        self.options = dict(ds=ds, ignore_border=ignore_border, st=st,
                            padding=padding, mode=mode)

    def __call__(self, x):
        return max_pool_2d(x, **self.options)

    @staticmethod
    def out_shape(imgshape, ds, ignore_border=False, st=None, padding=(0, 0)):
        """Return the shape of what is made of images of a shape."""
        return _pool().Pool.out_shape(imgshape, ds, ignore_border, st, padding)


def _pool():
    return importlib.import_module("theano.tensor.signal.pool")
