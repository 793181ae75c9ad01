"""The NumPy that Theano and Lasagne see where NumPy 2 is installed.

It has the names that NumPy 2 dropped, and, where a function keeps its name
and does something else, what it did. NumPy itself is not touched.
"""
import types

import numpy as np

from ..numpy_names import NUMPY2, old_numpy_names
from .importing import Edit
from .numpy2_c import inc_rows_code
from .numpy2_rules import RULES

__all__ = ["EDITS", "SUBMODULES", "numpy_before_2", "same_numpy"]

#: Modules by the names that they had.
SUBMODULES = {"numpy.linalg.linalg": np.linalg} if NUMPY2 else {}

EDITS = [
    Edit("theano.printing", "hashlib.sha256(x.tostring())",
         "hashlib.sha256(x.tobytes())", "NumPy 2.3 dropped the name"),
    Edit("theano.tensor.blas", "z.itemset(z * a + b * np.dot(x, y))",
         "z[...] = z * a + b * np.dot(x, y)", "NumPy 2.0 dropped the method"),
    Edit("theano.compile.debugmode",
         "storage_map[r][0].itemset(dr_vals[r][0])",
         "storage_map[r][0][...] = dr_vals[r][0]",
         "NumPy 2.0 dropped the method"),
    Edit("theano.tensor.nnet.conv3d2d", "        xview.strides = strides",
         "        xview = tensor.basic.np.lib.stride_tricks.as_strided("
         "xview, strides=strides)", "NumPy 2.4 deprecated it"),
    Edit("theano.tensor.extra_ops",
         "np.MAXDIMS if self.axis is None else self.axis",
         "np.ALL_AXES if self.axis is None else self.axis",
         "all axes and the most axes were one number, and are two"),
]

#: What C code is told for "all axes"; it was the number 32 before 2.0, the
#: most axes that an array could have.
ALL_AXES, MOST_AXES = -2 ** 31, 64


class Complex(type):
    """The class of `complex`, which takes an array of one element, too."""

    def __instancecheck__(cls, value):
        return isinstance(value, complex)

    def __call__(cls, *parts):
        return complex(*(part.item() if isinstance(part, np.ndarray)
                         else part for part in parts))


def numpy_before_2():
    """Return the stand-in for ``numpy``.

    Returns
    -------
    module
        With all that NumPy has, but for what is mended.
    """
    made = same_numpy()
    made.complex = Complex("complex", (), {})
    made.ALL_AXES, made.MAXDIMS = ALL_AXES, MOST_AXES
    made.inc_rows_code = inc_rows_code
    made.__dict__.update(RULES)
    return made


def same_numpy():
    """Return a module with all that NumPy has, and had.

    Returns
    -------
    module
        NumPy itself is not touched.
    """
    made = types.ModuleType("numpy", np.__doc__)
    made.__dict__.update(vars(np))
    made.__dict__.update(old_numpy_names())
    made.__getattr__ = lambda name: getattr(np, name)
    return made
