"""Names that NumPy dropped, and what they are today.

Theano and Lasagne see them where they are imported with edits, and programs
under ``run``; NumPy itself is not touched.
"""
import ast
import math
import pickle
import warnings

import numpy as np

__all__ = ["NUMPY2", "dtype_of", "old_numpy_names"]

NUMPY2 = int(np.__version__.split(".")[0]) >= 2

#: Names of builtins, dropped in 1.24; NumPy 2 has ``np.bool`` for its own.
BUILTINS = {"bool": bool, "int": int, "float": float, "complex": complex,
            "object": object, "str": str, "long": int, "unicode": str}

#: Names as they were → what they are called today, within NumPy.
RENAMED = {
    # dropped in 2.0
    "product": "prod", "cumproduct": "cumprod", "alltrue": "all",
    "sometrue": "any", "round_": "round",
    "Inf": "inf", "Infinity": "inf", "infty": "inf", "PINF": "inf",
    "NaN": "nan", "NAN": "nan", "float_": "float64", "cfloat": "complex128",
    "complex_": "complex128", "singlecomplex": "complex64",
    "longfloat": "longdouble", "longcomplex": "clongdouble",
    "clongfloat": "clongdouble", "string_": "bytes_", "unicode_": "str_",
    "mat": "asmatrix", "issubsctype": "issubdtype",
    "compare_chararrays": "char.compare_chararrays",
    "DataSource": "lib.npyio.DataSource",
    "AxisError": "exceptions.AxisError",
    "ComplexWarning": "exceptions.ComplexWarning",
    "VisibleDeprecationWarning": "exceptions.VisibleDeprecationWarning",
    "ModuleDeprecationWarning": "exceptions.ModuleDeprecationWarning",
    "RankWarning": "exceptions.RankWarning",
    "TooHardError": "exceptions.TooHardError",
    "core": "_core",
    # dropped in 2.0 to 2.4
    "row_stack": "vstack", "trapz": "trapezoid",
    # dropped before
    "bool8": "bool_", "object0": "object_", "str0": "str_",
    "bytes0": "bytes_", "int0": "intp", "uint0": "uintp", "void0": "void",
    "typeDict": "sctypeDict", "rank": "ndim",
    "chararray": "char.chararray",
    "byte_bounds": "lib.array_utils.byte_bounds",
}


#: Kinds of types, the greater after the less.
_KINDS = "buifcSUVO"


def common_type(arrays, scalars):
    """Return the type of arrays; if that of scalars is of a greater kind, one
    that holds both."""
    if not len(arrays) or not len(scalars):
        return np.result_type(*(list(arrays) or list(scalars)))
    one, other = np.result_type(*arrays), np.result_type(*scalars)
    greater = _KINDS.find(other.kind) > _KINDS.find(one.kind)
    return np.promote_types(one, other) if greater else one


def records_of(file, delimiter=",", names=True, case_sensitive="lower",
               dtype=None, **options):
    """Read a table of text, as ``np.recfromcsv`` did."""
    return np.genfromtxt(file, delimiter=delimiter, names=names, dtype=dtype,
                         case_sensitive=case_sensitive,
                         **options).view(np.recarray)


def buffer_of(obj, offset=0, size=None):
    """Return the bytes of an object, or a part of them, as Python 2 had it."""
    all_bytes = memoryview(obj).cast("B")
    return all_bytes[offset:None if size is None else offset + size]


def dtype_of(kind):
    """Return a type, or the text by which a variable tells its own.

    Parameters
    ----------
    kind : dtype, str, None, or a variable of Theano
        What NumPy took for a type until 2.5.

    Returns
    -------
    object
        What it takes today.
    """
    told = getattr(kind, "dtype", None)
    return told if isinstance(told, str) else kind


class Casts:
    """By a dtype, the function that casts to it, as ``np.cast`` was."""

    def __getitem__(self, dtype):
        return lambda x: np.asarray(x).astype(dtype_of(dtype))


#: Names that are called by no other, each as it was documented.
EXPIRED = {
    "NINF": -np.inf, "PZERO": 0.0, "NZERO": -0.0, "cast": Casts(),
    "asscalar": lambda a: a.item(),
    "asfarray": lambda a, dtype=np.float64: np.asarray(
        a, dtype if np.issubdtype(dtype, np.inexact) else np.float64),
    "alen": lambda a: len(np.atleast_1d(a)),
    "sctype2char": lambda kind: np.dtype(kind).char,
    "obj2sctype": lambda kind: np.dtype(kind).type,
    "issctype": lambda kind: isinstance(kind, type) and issubclass(
        kind, np.generic),
    "issubclass_": lambda one, two: isinstance(one, type) and issubclass(
        one, two),
    "getbuffer": buffer_of, "loads": pickle.loads, "math": math,
    "safe_eval": ast.literal_eval, "ndfromtxt": np.genfromtxt,
    "fastCopyAndTranspose": lambda a: np.transpose(a).copy(),
    "recfromtxt": lambda file, dtype=None, **options: np.genfromtxt(
        file, dtype, **options).view(np.recarray),
    "mafromtxt": lambda file, **options: np.genfromtxt(
        file, usemask=True, **options),
    "find_common_type": common_type, "recfromcsv": records_of,
    "in1d": lambda one, two, **options: np.isin(np.ravel(one), two,
                                                **options),
    "msort": lambda a: np.sort(a, axis=0),
    "sctypes": {
        "int": [np.int8, np.int16, np.int32, np.int64],
        "uint": [np.uint8, np.uint16, np.uint32, np.uint64],
        "float": [np.float16, np.float32, np.float64, np.longdouble],
        "complex": [np.complex64, np.complex128, np.clongdouble],
        "others": [bool, object, bytes, str, np.void]},
}


def old_numpy_names():
    """Return the names that this NumPy lacks and had.

    Returns
    -------
    dict of str to object
        Builtins always, since ``np.bool`` came back as something else.

    Examples
    --------
    >>> old_numpy_names()["int"]
    <class 'int'>
    """
    found = {name: value for name, value in EXPIRED.items() if lacks(name)}
    for old, new in RENAMED.items():
        value = lookup(new)
        if lacks(old) and old not in found and value is not None:
            found[old] = value
    found.update(BUILTINS)
    return found


def lacks(name):
    """Tell whether NumPy has no such name; asking could print a warning.

    What lies in ``np.core`` warns in NumPy 2, whoever imported it.
    """
    return name not in vars(np) or (NUMPY2 and name == "core")


def lookup(dotted):
    """Return what NumPy has under a name with dots, None without it."""
    value = np
    with warnings.catch_warnings():  # NumPy 2.5 warns of char.chararray
        warnings.simplefilter("ignore")
        for part in dotted.split("."):
            value = getattr(value, part, None)
    return value
