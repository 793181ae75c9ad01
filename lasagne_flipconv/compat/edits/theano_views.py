"""Mend two faults of Theano with views, which the engine puts around its Ops.

Arrays that hold a value once and show it often: ``np.broadcast_to`` gives such
an axis a stride of zero. The C code of Theano's `DimShuffle` takes a stride of
zero for its own mark of an axis of size one, and puts another stride there:
the view then reads other values, or memory beyond the array.

Quotients that are summed: where a view of the divisor drops axes of size one,
a rewriting takes the divisor without the view, which has too many axes. Theano
notices it, and prints a page of an error for each.
"""
import functools
import importlib
import re

__all__ = ["mend_dimshuffle", "mend_sums_of_quotients"]


def mend_dimshuffle():
    """Let `DimShuffle` tell axes of size one by their size, in all graphs."""
    op = importlib.import_module("theano.tensor.elemwise").DimShuffle
    if getattr(op, "tells_axes_by_size", False):
        return
    code, version = op.c_support_code_apply, op.c_code_cache_version
    op.c_support_code_apply = lambda *args: by_size(code(*args))
    op.c_code_cache_version = lambda self: version(self) + (1,)
    op.tells_axes_by_size = True


def by_size(code):
    """Return C code that tells axes by size instead of by stride."""
    return re.sub(r"if \(strides\[([^]]+)\] == 0\)",
                  r"if (dimensions[\1] == 1)", code)


def mend_sums_of_quotients():
    """Let no sum be rewritten whose divisor is a view that drops axes."""
    rewriting = importlib.import_module(
        "theano.tensor.opt").local_sum_prod_div_dimshuffle
    stock = rewriting.transform
    if getattr(stock, "heeds_axes", False):
        return

    @functools.wraps(stock)
    def transform(node, *args):
        return not drops_axes(node) and stock(node, *args)

    transform.heeds_axes = True
    rewriting.transform = transform


def drops_axes(node):
    """Tell whether a node reduces a quotient whose divisor is such a view."""
    quotient = node.inputs[0].owner if node.inputs else None
    view = quotient and len(quotient.inputs) == 2 and quotient.inputs[1].owner
    return bool(view) and len(getattr(view.op, "drop", ())) > 0
