"""Mend Theano's views of arrays that hold a value once and show it often.

``np.broadcast_to`` gives such an axis a stride of zero. The C code of Theano's
`DimShuffle` takes a stride of zero for its own mark of an axis of size one,
and puts another stride there: the view then reads other values, or memory
beyond the array. The engine puts such views around its Ops.
"""
import importlib
import re

__all__ = ["mend_dimshuffle"]


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
