"""Timed matrix products: what NumPy, Theano and a system BLAS make of them.

All take the same product, float32 of 1024 × 1024, and return the best of
several runs in GFLOP/s.
"""
import ctypes
import ctypes.util
import time

import numpy as np

from .checks.compilers import run

__all__ = ["fastest_system_blas", "numpy_rate", "theano_rate"]

SIZE = 1024
SECONDS = 0.6

#: Libraries that Theano can link, as ``-l…`` has them.
LIBRARIES = ("openblas", "mkl_rt", "blis", "blas")


def operands():
    """Return two float32 matrices, in Fortran order as BLAS takes them."""
    draw = np.random.RandomState(1).uniform
    return [np.asfortranarray(draw(-1, 1, (SIZE, SIZE)).astype(np.float32))
            for _ in range(2)]


def rate(product):
    """Return the GFLOP/s of a function that computes the product.

    Parameters
    ----------
    product : callable
        Computes one product of two matrices of SIZE × SIZE.

    Returns
    -------
    float
        GFLOP/s of its fastest run in about SECONDS, two runs at least; the
        first one is not counted.
    """
    product()
    best, end = float("inf"), time.perf_counter() + SECONDS
    while best == float("inf") or time.perf_counter() < end:
        start = time.perf_counter()
        product()
        best = min(best, time.perf_counter() - start)
    return 2.0 * SIZE ** 3 / best / 1e9


def numpy_rate():
    """Time the product in NumPy.

    Returns
    -------
    float
        GFLOP/s.
    """
    a, b = operands()
    return rate(lambda: np.dot(a, b))


def theano_rate():
    """Time the product in a compiled Theano function.

    Returns
    -------
    float
        GFLOP/s.
    """
    import theano
    import theano.tensor as T
    a, b = (theano.tensor._shared(matrix) for matrix in operands())
    return rate(theano.function([], T.dot(a, b)))


def fastest_system_blas(compiler):
    """Time the product in each BLAS of the system that links.

    Parameters
    ----------
    compiler : str or None
        The compiler that has to link it.

    Returns
    -------
    name : str
        As ``-l…`` takes it, empty if there is none.
    rate : float
        Its GFLOP/s, 0 if there is none.
    """
    rates = [(sgemm_rate(name), name) for name in LIBRARIES
             if compiler and links(compiler, ["-l" + name])]
    best, name = max(rates, default=(0.0, ""))
    return name, best


def links(compiler, flags):
    """Tell whether a program that calls ``sgemm_`` links with flags.

    Parameters
    ----------
    compiler : str
        The compiler that has to link it.
    flags : list of str
        As ``["-lopenblas"]``.

    Returns
    -------
    bool
        Whether it does.
    """
    program = 'extern "C" void sgemm_(); int main() { sgemm_(); }'
    done = run([compiler, "-x", "c++", "-", "-o", "/dev/null", *flags],
               program)
    return done is not None and done.returncode == 0


def sgemm_rate(library):
    """Time the product in ``sgemm_`` of one library; 0 if it cannot run."""
    path = ctypes.util.find_library(library)
    sgemm = path and getattr(ctypes.CDLL(path), "sgemm_", None)
    if not sgemm:
        return 0.0
    a, b = operands()
    c = np.zeros_like(a)
    plain, size = ctypes.c_char(b"N"), ctypes.c_int(SIZE)
    one, zero = ctypes.c_float(1), ctypes.c_float(0)
    n, args = ctypes.byref(size), [m.ctypes.data_as(ctypes.c_void_p)
                                   for m in (a, b, c)]
    return rate(lambda: sgemm(
        ctypes.byref(plain), ctypes.byref(plain), n, n, n, ctypes.byref(one),
        args[0], n, args[1], n, ctypes.byref(zero), args[2], n))
