"""What NumPy 2 changed for the C++ that Theano generates.

``numpy2.h`` is included before each file; the rest is changed in its text.
Theano keeps what it has compiled by its flags, so these tell what was
changed, and a folder of its own is for the modules that it keeps without.
"""
import functools
import os
import re
import zlib

from .importing import Edit

__all__ = ["EDITS", "TAG", "inc_rows_code", "mend_compiler"]

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = os.path.join(HERE, "numpy2.h")
ROWS = os.path.join(HERE, "inc_rows.cpp")

#: What becomes what, and why.
TEXTS = [
    # "all axes", which is a number of its own since 2.0
    (r"\bNPY_MAXDIMS\b", "NPY_RAVEL_AXIS"),
    # a header of names without npy_, of which none is used
    (r"numpy/noprefix\.h", "numpy/arrayobject.h"),
    # names of Python 2, which headers of NumPy before 2.3 still have
    (r"\bPyInt_(Check|FromLong|AsLong|AsSsize_t)\b", r"PyLong_\1"),
    # NumPy's complex types are those of C, whose parts have no names
    (r"struct theano_complex64 : public npy_complex64\s*\{",
     "struct theano_complex64 { npy_float32 real; npy_float32 imag;"),
    (r"struct theano_complex128 : public npy_complex128\s*\{",
     "struct theano_complex128 { npy_float64 real; npy_float64 imag;"),
]

#: The iterator that Theano increments through is hidden since 2.0.
EDITS = [Edit(
    "theano.tensor.subtensor", "        return inc_code()",
    "        return np.inc_rows_code()",
    "PyArrayMapIterObject has no members any more")]


def inc_rows_code():
    """Return C++ that adds to rows, or sets them, as ``inc_code`` did.

    Returns
    -------
    str
        With the function ``inplace_increment``.
    """
    with open(ROWS) as file:
        return file.read()


def tag():
    """Return what tells this state of the header and the changes."""
    with open(HEADER, "rb") as header, open(ROWS, "rb") as rows:
        return "%08x" % zlib.crc32(header.read() + rows.read()
                                   + repr(TEXTS).encode())


TAG = tag()


def mend_compiler(cmodule):
    """Let Theano's compiler compile for NumPy 2.

    Parameters
    ----------
    cmodule : module
        ``theano.gof.cmodule``.
    """
    gcc = cmodule.GCC_compiler
    arguments, compile_str = gcc.compile_args, gcc.compile_str

    @functools.wraps(arguments)
    def compile_args(*args, **options):
        return list(arguments(*args, **options)) + [
            "--include=" + HEADER, "-DLASAGNE_FLIPCONV_EDITS=0x" + TAG]

    @functools.wraps(compile_str)
    def compile_edited(module_name, src_code, *args, **options):
        return compile_str(module_name, edited(src_code), *args, **options)

    gcc.compile_args = staticmethod(compile_args)
    gcc.compile_str = staticmethod(compile_edited)


def edited(text):
    """Return C++ with all changes in it."""
    for pattern, new in TEXTS:
        text = re.sub(pattern, new, text)
    return text
