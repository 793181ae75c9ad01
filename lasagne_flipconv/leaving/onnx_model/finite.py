"""Operators that ONNX's own evaluator lets get infinite, as they should be.

It takes exponentials as they are; ONNX Runtime does not.
"""
import numpy as np
from onnx.reference.op_run import OpRun

__all__ = ["FINITE", "LogSoftmax", "Softplus"]


class Softplus(OpRun):
    """log(1 + exp(x))."""

    op_domain = ""

    def _run(self, x):
        return (np.logaddexp(x, 0).astype(x.dtype),)


class LogSoftmax(OpRun):
    """x - log(sum(exp(x))) along an axis."""

    op_domain = ""

    def _run(self, x, axis=None):
        axis = self.axis if axis is None else axis
        less = x - x.max(axis, keepdims=True)
        return (less - np.log(np.exp(less).sum(axis, keepdims=True)),)


FINITE = Softplus, LogSoftmax
