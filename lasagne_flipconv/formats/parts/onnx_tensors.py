"""Tensors of ONNX: checked against the bytes there are, read when asked for.

Other files that a tensor names are never opened.
"""
from collections import namedtuple

import numpy as np

from ...errors import CheckpointError, UnsafeFileError
from ..common.arrays import StoredArray, check_shape, float32_of
from ..common.protobuf import (count_varints, fields_of, integers_of, joined,
                               text_of, varints_of)

__all__ = ["Tensor", "tensor_of"]

# Fields of a TensorProto. Numbers are in the raw bytes, or by their type in
# a field of floats, doubles, or integers of variable length.
_DIMS, _TYPE, _SEGMENT, _NAME, _RAW = 1, 2, 3, 8, 9
_FLOATS, _INT32S, _INT64S, _DOUBLES, _UINT64S = 4, 5, 7, 10, 11
_TEXTS, _EXTERNAL, _LOCATION = 6, 13, 14
_DATA = (_FLOATS, _INT32S, _INT64S, _DOUBLES, _UINT64S)

#: Code of the element type → dtype, and the field that may hold it.
_TYPES = {1: ("<f4", _FLOATS), 2: ("|u1", _INT32S), 3: ("|i1", _INT32S),
          4: ("<u2", _INT32S), 5: ("<i2", _INT32S), 6: ("<i4", _INT32S),
          7: ("<i8", _INT64S), 9: ("|b1", _INT32S), 10: ("<f2", _INT32S),
          11: ("<f8", _DOUBLES), 12: ("<u4", _UINT64S),
          13: ("<u8", _UINT64S), 14: ("<c8", _FLOATS), 15: ("<c16", _DOUBLES),
          16: ("<u2", _INT32S)}
_TEXT, _BFLOAT16 = 8, 16


class Tensor(namedtuple("Tensor", "name shape dtype read")):
    """Describe a tensor whose bytes are known to be there.

    Parameters
    ----------
    name : str
        Its name, which may be empty.
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Type of the elements; float32 for bfloat16, which NumPy lacks.
    read : callable
        Without arguments, returns a new array.
    """

    __slots__ = ()


def tensor_of(message, where, budget, limits):
    """Describe a tensor.

    Parameters
    ----------
    message : memoryview
        A TensorProto.
    where : str
        Name of the file for error texts.
    budget : lasagne_flipconv.formats.common.protobuf.Budget
        Counts the fields of the file.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    Tensor
        Its name, shape and type.

    Raises
    ------
    CheckpointError
        If it is damaged.
    UnsafeFileError
        If its data are elsewhere, or it declares more than there is.
    """
    dims, single, data = [], {}, {}
    for number, value in fields_of(message, where, budget):
        if number == _DIMS:
            dims.append(value)
            if len(dims) > limits.axes:
                break  # one too many already
        elif number in _DATA:
            data[number] = _gathered(data.get(number), value)
        elif number in (_EXTERNAL, _TEXTS):
            single.setdefault(number, value)
        else:
            single[number] = value
    name = text_of(single.get(_NAME, b""), where, limits)
    where = "%.80s in %s" % (name, where)
    _check_place(single, where, budget)
    shape = tuple(integers_of(dims, where, limits.axes))
    if min(shape, default=0) < 0:
        raise UnsafeFileError("%s: declares shape %r; expected sizes, none "
                              "of them negative." % (where, shape))
    return _described(name, shape, single.get(_TYPE), single.get(_RAW, b""),
                      data, where, limits)


def _gathered(before, value):
    """Return the data of a field that may be there several times."""
    if isinstance(value, int):  # not packed: an integer at a time
        return (before if isinstance(before, list) else []) + [value]
    return joined(b"" if before is None or isinstance(before, list)
                  else before, value)


def _check_place(single, where, budget):
    """Refuse a tensor that is in another file, or in parts."""
    if _EXTERNAL in single or single.get(_LOCATION) == 1:
        told = {}
        if _EXTERNAL in single:
            told = dict(fields_of(single[_EXTERNAL], where, budget, {1, 2}))
        location = told.get(2, b"")
        raise UnsafeFileError(
            "%s: keeps its data in another file, %r; expected it in the "
            "model. Save it with save_as_external_data=False."
            % (where, location if isinstance(location, int)
               else bytes(location[:200]).decode("utf-8", "replace")))
    if single.get(_TYPE) == _TEXT or _TEXTS in single:
        raise UnsafeFileError("%s: holds texts; expected numbers." % where)
    if _SEGMENT in single:
        raise UnsafeFileError("%s: is a segment of a tensor; expected all of "
                              "it." % where)


def _described(name, shape, code, raw, data, where, limits):
    """Return the tensor of an element type, its size checked."""
    if not isinstance(code, int) or code not in _TYPES:
        raise CheckpointError(
            "%s: has elements of ONNX's type %s, which NumPy lacks; expected "
            "float32 or the like." % (where, code if isinstance(code, int)
                                      else "None"))
    dtype, field = np.dtype(_TYPES[code][0]), _TYPES[code][1]
    values = data.get(field, b"")
    if isinstance(raw, int) or not len(raw) and isinstance(values, list) and (
            field in (_FLOATS, _DOUBLES)):
        raise CheckpointError("%s: has integers where bytes should be; "
                              "expected its elements." % where)
    if not len(raw) and field in (_FLOATS, _DOUBLES):
        raw = values
    if len(raw) or not len(values):
        check_shape(shape, dtype, len(raw), where, limits)
        read = StoredArray(dtype, shape, False, raw).read
    else:
        read = _integers(shape, dtype, values, where, limits)
    if code != _BFLOAT16:
        return Tensor(name, shape, dtype, read)
    return Tensor(name, shape, np.dtype("f4"), lambda: float32_of(read()))


def _integers(shape, dtype, values, where, limits):
    """Return what reads integers of variable length, their number checked."""
    count = (len(values) if isinstance(values, list)
             else count_varints(memoryview(values)))
    check_shape(shape, dtype, count * dtype.itemsize, where, limits)
    # halves are stored as the integers of their bits
    plain = np.dtype("<u2") if dtype.kind == "f" else dtype

    def read():
        found = np.empty(count, plain)
        if isinstance(values, list):
            found[:] = np.array(values, "u8").astype(plain)
        else:
            varints_of(memoryview(values), where, plain, found)
        return found.view(dtype).reshape(shape)

    return read
