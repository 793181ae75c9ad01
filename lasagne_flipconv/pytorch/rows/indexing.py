"""Pieces of arrays, and arrays with pieces changed."""
import contextlib
import re

import torch
from theano.tensor.subtensor import (
    AdvancedBooleanIncSubtensor,
    AdvancedBooleanSubtensor,
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    IncSubtensor,
    Subtensor,
    get_idx_list,
)
from theano.tensor.type_other import NoneConst, SliceConstant

from .table import TYPES, Untranslated, row

__all__ = ["change", "piece"]


@row(Subtensor, host=lambda node: range(1, len(node.inputs)))
def piece(op, node, device):
    """Return a piece, by numbers and slices."""
    def taken(x, *indices):
        index = get_idx_list((x, *indices), op.idx_list)
        index, turned = _forwards(index, x.shape)
        result = x[index]
        return result.flip(turned) if turned else result
    return taken


@row(IncSubtensor, host=lambda node: range(2, len(node.inputs)))
def change(op, node, device):
    """Return a copy in which a piece is set, or added to."""
    dtype = TYPES[node.outputs[0].dtype]

    def changed(x, y, *indices):
        index = get_idx_list((x, *indices), op.idx_list)
        index, turned = _forwards(index, x.shape)
        result = _own(x)
        part = result[index]
        y = _fitting(y.to(dtype), part.shape)
        y = y.flip(turned) if turned else y
        part.copy_(y) if op.set_instead_of_inc else part.add_(y)
        return result
    return changed


def _own(x):
    """Return a copy in which each element has a place of its own.

    Inductor adds to elements that are one place in memory, as after `expand`.
    """
    return x.clone(memory_format=torch.contiguous_format)


def _forwards(index, shape):
    """Return an index without steps backwards, and the axes to turn then."""
    found, turned, axis = [], [], 0
    for entry, n in zip(index, shape):
        if isinstance(entry, slice):
            places = range(*entry.indices(n))
            if places.step < 0:
                places = places[::-1]
                turned.append(axis)
            entry = slice(places.start, places.stop, places.step) if (
                len(places)) else slice(0, 0)
            axis += 1
        found.append(entry)
    if len(index) > len(shape):
        raise IndexError("too many indices for array")
    return tuple(found), turned


def _fitting(y, shape):
    """Return a value repeated to a shape, as NumPy assigns it."""
    while y.ndim > len(shape) and y.shape[0] == 1:
        y = y[0]
    return y.expand(shape)


@row(AdvancedSubtensor1)
def take(op, node, device):
    """Return rows by their numbers, which may count from the end."""
    def taken(x, rows):
        with _known_to_be_beyond():
            return x.index_select(0, _from_start(rows, x.shape[0]))
    return taken


@row(AdvancedIncSubtensor1)
def put(op, node, device):
    """Return a copy in which rows are set, or added to, one by one."""
    dtype = TYPES[node.outputs[0].dtype]

    def changed(x, y, rows):
        rows = _from_start(rows, x.shape[0])
        y = _fitting(y.to(dtype), (*rows.shape, *x.shape[1:]))
        with _known_to_be_beyond():
            return _set_rows(x, y, rows) if op.set_instead_of_inc else (
                _own(x).index_add_(0, rows, y))
    return changed


@contextlib.contextmanager
def _known_to_be_beyond():
    """Raise IndexError for a row that there is not; PyTorch has several."""
    try:
        yield
    except RuntimeError as error:
        if re.search("out of (DATA )?bounds", str(error)):
            raise IndexError(str(error)) from None
        raise


def _from_start(rows, n):
    """Return numbers of rows, those that count from the end made others."""
    if not n and rows.shape[0]:
        raise IndexError("a row of an array without any; expected none")
    rows = rows.long()
    return torch.where(rows < 0, rows + n, rows)


def _set_rows(x, y, rows):
    """Set rows; of several values for one, the last stays, as in NumPy."""
    count = rows.shape[0]
    if not count:
        return x.clone()
    last = torch.full((x.shape[0],), -1, device=x.device).scatter_reduce(
        0, rows, torch.arange(count, device=x.device), "amax")
    chosen = y.index_select(0, last.clamp(min=0))
    mask = (last >= 0).reshape(-1, *(1,) * (x.ndim - 1))
    return torch.where(mask, chosen, x)


@row(AdvancedSubtensor, AdvancedBooleanSubtensor)
def gather(op, node, device):
    """Return elements by arrays of places, or where a mask is true."""
    index = _index(node.inputs[1:])
    return lambda x, *places: x[index(places)]


@row(AdvancedIncSubtensor, AdvancedBooleanIncSubtensor)
def scatter(op, node, device):
    """Return a copy in which such elements are set, or added to."""
    index, dtype = _index(node.inputs[2:]), TYPES[node.outputs[0].dtype]
    if op.set_instead_of_inc and any(
            v.dtype != "bool" for v in node.inputs[2:] if hasattr(v, "dtype")):
        raise Untranslated("it sets places that may be equal, in their order")

    change = _set if op.set_instead_of_inc else _add
    return lambda x, y, *places: change(_own(x), y.to(dtype), index(places))


def _set(result, y, index):
    result[index] = y
    return result


def _add(result, y, index):
    """Add where arrays say, within the part that slices and new axes say."""
    part, arrays = [], []
    for entry in index:
        whole = isinstance(entry, torch.Tensor)
        masked = whole and entry.dtype is torch.bool
        part += [slice(None)] * entry.ndim if masked else (
            [slice(None)] if whole else [entry])
        arrays.append(entry if whole else None)
    torch.ops.aten.index_put_(result[tuple(part)], arrays, y, True)
    return result


def _index(variables):
    """Return a function that makes an index of operands.

    PyTorch takes an array without axes for a number, which stands elsewhere
    among slices than an array does: those stay with Theano.
    """
    fixed = []
    for v in variables:
        if isinstance(v, SliceConstant):
            fixed.append(_slice(v.data))
        elif v is NoneConst or v.type == NoneConst.type:
            fixed.append((None,))
        elif getattr(v, "ndim", 0) == 0:
            raise Untranslated("its places are no arrays")
        else:
            fixed.append(())
    return lambda operands: tuple(
        known[0] if known else (x if x.dtype is torch.bool else x.long())
        for known, x in zip(fixed, operands))


def _slice(entry):
    if entry.step is not None and entry.step < 0:
        raise Untranslated("it goes backwards among places")
    return (entry,)
