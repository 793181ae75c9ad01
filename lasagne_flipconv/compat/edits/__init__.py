"""What is changed in Theano and Lasagne as they are imported, and why.

One file for each cause: ``python_today`` for Python 3.12 and later,
``numpy2_names``, ``numpy2_rules`` and ``numpy2_c`` for NumPy 2,
``theano_views`` for views, ``old_modules`` for what Theano 1.0 removed or has
with a GPU only, ``clang`` for that compiler, ``precompiled`` and ``ahead`` for
the time it takes to compile; ``importing`` is how it is done. Imported by
``compat`` alone; no file of theirs is changed.
"""
import sys

from ..numpy_names import NUMPY2
from . import numpy2_c, numpy2_names, numpy2_rules, python_today
from .importing import EditedImport

__all__ = ["TAG", "edited_import", "is_needed"]

#: What tells, in the name of a folder, what C++ was changed to.
TAG = numpy2_c.TAG if NUMPY2 else ""


def is_needed():
    """Tell whether this Python or NumPy needs any of it.

    Returns
    -------
    bool
        False up to Python 3.11 with NumPy 1.
    """
    return NUMPY2 or sys.version_info >= (3, 12)


def edited_import():
    """Return the import hook that this Python and NumPy need.

    Returns
    -------
    EditedImport
        Not installed yet.
    """
    edits, stand_ins = python_today.edits(), python_today.stand_ins()
    stand_ins["numpy"], mends = numpy2_names.same_numpy(), {}
    if NUMPY2:
        stand_ins.update(numpy2_names.SUBMODULES)
        stand_ins["numpy"] = numpy2_names.numpy_before_2()
        edits += numpy2_names.EDITS + numpy2_rules.EDITS + numpy2_c.EDITS
        mends["theano.gof.cmodule"] = numpy2_c.mend_compiler
        mends["theano.gof.op"] = numpy2_rules.mend_thunks
    stand_ins["numpy"].distutils = stand_ins["numpy.distutils"]
    return EditedImport(("theano", "lasagne"), edits, stand_ins, mends)
