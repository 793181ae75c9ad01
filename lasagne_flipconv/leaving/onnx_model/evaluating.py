"""Operators that ONNX's own evaluator computes otherwise than ONNX Runtime.

It takes exponentials as they are, which get infinite, and looks up each value
of a larger image by itself, for minutes.
"""
import numpy as np
from onnx.reference.op_run import OpRun

__all__ = ["OPERATORS", "LogSoftmax", "Resize", "Softplus"]


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


class Resize(OpRun):
    """Each value repeated to a multiple: nothing else is written here."""

    op_domain = ""

    def _run(self, x, _, scales, **options):
        for axis, factor in enumerate(scales):
            if factor != 1:
                x = np.repeat(x, int(factor), axis)
        return (x,)


OPERATORS = Softplus, LogSoftmax, Resize
