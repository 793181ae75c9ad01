"""Mend what Theano computes in Python, on the NumPy and SciPy of today.

That is most of what it does without a compiler, with ``linker=py``, in
`DebugMode`, and for ``theano.config.compute_test_value``, by which people
find out about shapes.
"""
import functools
import importlib
import types

import numpy as np

__all__ = ["mend_python"]


def mend_python():
    """Mend each Op that needs it, once."""
    give_scipy_signal("theano.tensor.nnet.conv")
    give_scipy_signal("theano.tensor.nnet.abstract_conv")
    rewrites = importlib.import_module("theano.tensor.nnet.opt")
    for rewrite in (rewrites.local_conv2d_gradweight_cpu,
                    rewrites.local_conv2d_gradinputs_cpu):
        rewrite.transform = only_undilated(rewrite.transform)
    pool = importlib.import_module("theano.tensor.signal.pool")
    sort = importlib.import_module("theano.tensor.sort")
    pool.np = ListsTaken("numpy")
    for op in (pool.Pool, pool.AveragePoolGrad, pool.MaxPoolRop, sort.TopKOp):
        op.perform = taking_lists(op.perform)
    blas = importlib.import_module("theano.tensor.blas")
    blas.BatchedDot.c_code = only_with_blas(blas.BatchedDot.c_code)


def give_scipy_signal(name):
    """Give a module of Theano the inner routines of SciPy's convolution.

    SciPy 1.8 moved the modules that hold them behind an underscore; without
    them a convolution cannot be computed in Python.
    """
    module = importlib.import_module(name)
    if module.imported_scipy_signal:
        return
    try:
        tools = importlib.import_module("scipy.signal._signaltools")
        inner = importlib.import_module("scipy.signal._sigtools")
        vars(module).update(
            convolve=tools.convolve, _valfrommode=tools._valfrommode,
            _bvalfromboundary=tools._bvalfromboundary,
            _convolve2d=inner._convolve2d, imported_scipy_signal=True)
    except (ImportError, AttributeError):
        pass  # Theano says that it needs SciPy, if it comes to that


def only_undilated(rewrite):
    """Return a rewrite of gradients that leaves those of dilated kernels.

    Where there is no C++ compiler, Theano puts its Op of old, which does not
    dilate, in the place of a gradient, and of a transposed convolution.
    """
    @functools.wraps(rewrite)
    def rewritten(node):
        dilation = getattr(node.op, "filter_dilation", (1, 1))
        return rewrite(node) if tuple(dilation) == (1, 1) else None

    return rewritten


class TakesLists(np.ndarray):
    """An array that takes a list of slices for an index, as a tuple.

    NumPy 1.23 takes it for an array of indices.
    """

    def __getitem__(self, key):
        return super().__getitem__(as_index(key))

    def __setitem__(self, key, value):
        super().__setitem__(as_index(key), value)


def as_index(key):
    """Return an index, as a tuple if it is a list that holds a slice."""
    slices = isinstance(key, list) and any(isinstance(k, slice) for k in key)
    return tuple(key) if slices else key


def taking_lists(perform):
    """Return a `perform` whose inputs can be indexed by lists of slices."""
    if hasattr(perform, "__wrapped__"):
        return perform

    @functools.wraps(perform)
    def wrapped(self, node, inputs, outputs, *params):
        perform(self, node, [x.view(TakesLists) if np.ndim(x) else x
                             for x in inputs], outputs, *params)
        for output in outputs:
            output[0] = np.asarray(output[0])

    return wrapped


class ListsTaken(types.ModuleType):
    """NumPy, for a module that indexes what it makes by lists of slices."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def zeros(*args, **options):
        return np.zeros(*args, **options).view(TakesLists)


def only_with_blas(c_code):
    """Return a `c_code` that leaves to Python what needs a BLAS to link to.

    Without one Theano calls NumPy's, in all Ops but this.
    """
    if hasattr(c_code, "__wrapped__"):
        return c_code

    @functools.wraps(c_code)
    def wrapped(self, *args):
        theano = importlib.import_module("theano")
        if not theano.config.blas.ldflags:
            raise theano.gof.utils.MethodNotDefined("c_code")
        return c_code(self, *args)

    return wrapped
