"""Tensors as the pickle in a file of PyTorch describes them.

The pickle only says which elements of which storage a tensor has; nothing of
it is executed. Each tensor is checked against its storage, and all of them
together against the size of the file, as a thousand may lie on one storage.
"""
import itertools
import math
from collections import namedtuple

import numpy as np

from ...errors import CheckpointError, UnsafeFileError
from ..common.arrays import are_sizes, float32_of
from ..common.guard import check_name
from ..common.naming import describe, twins_of
from ..common.numbering import tell_no_order
from ..common.record import Checkpoint, Entry
from ..pickles.constructors import Symbol, as_text, only
from ..pickles.opcodes import WAY_OUT
from ..pickles.unpickle import unpickle

__all__ = ["Storage", "Tensor", "checkpoint_of", "unpickled"]

#: Elements of a storage, by the first words of its class.
_STORAGES = {"Double": "f8", "Float": "f4", "Half": "f2", "BFloat16": "V2",
             "Long": "i8", "Int": "i4", "Short": "i2", "Char": "i1",
             "Byte": "u1", "Bool": "?"}

#: How to get at the tensors of a file that is refused.
_WAY_OUT = ("If you trust the file as you would a program, found = torch.load("
            "path, weights_only=False) loads it; then save its state dict "
            "alone: torch.save(found['state_dict'], path), or of a module "
            "found.state_dict(). Tensors of complex numbers, of float8 or of "
            "unsigned integers are read once tensor.float() is saved.")

#: What a persistent id stands for: `size` elements from `begin` on, of as many
#: as there are; and what a tensor is of it, in elements.
Storage = namedtuple("Storage", "key dtype count begin size")
Tensor = namedtuple("Tensor", "storage offset shape stride")

#: Under which keys a state dict is, in a dict that holds other things as well.
_KEYS = ("state_dict", "model_state_dict", "model", "net", "weights",
         "params", "generator", "g_ema")


def unpickled(data, where, limits, start, check):
    """Return what a pickle holds, its tensors within their storages.

    Parameters
    ----------
    data : bytes
        What the pickle is in.
    where : str
        Name of the file.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    start : int
        Where the pickle begins.
    check : callable
        Given each :class:`Storage` that is named, raises if it is not there.

    Returns
    -------
    value
        As :func:`.unpickle.unpickle`, with :class:`Tensor` in it.
    end : int
        Where the next byte after the pickle is.

    Raises
    ------
    CheckpointError
        If it is damaged.
    UnsafeFileError
        If it would execute something, or reach beyond a storage.
    """
    calls = {
        Symbol("torch._utils", "_rebuild_tensor"): _rebuild_tensor,  # ≤ 0.3
        Symbol("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        Symbol("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    }
    for kind in _STORAGES:
        calls[Symbol("torch", kind + "Storage")] = None

    def persistent(machine, told):
        found = _storage(machine, told)
        check(found)
        return found

    try:
        return unpickle(data, where, limits, start, calls, persistent)
    except UnsafeFileError as error:
        said, found, _ = str(error).partition(WAY_OUT)
        if not found:
            raise
        raise UnsafeFileError(said + _WAY_OUT) from error


def _storage(machine, told):
    word, symbol, key, _, count = told[:5]
    if word != "storage" or not are_sizes((count,)):
        raise UnsafeFileError(
            "%s: asks for something that is no storage of its own; expected "
            "storages only." % machine.where)
    key, symbol = as_text(key), only(symbol, Symbol)
    begin, size = 0, count
    if len(told) > 5 and told[5] is not None:  # a part, as up to 0.3
        _, begin, size = told[5]
    if not are_sizes((begin, size)) or begin + size > count:
        raise UnsafeFileError(
            "%s: has a part of storage %.40s that reaches beyond its %d "
            "elements; expected it within." % (machine.where, key, count))
    return Storage(key, np.dtype(_STORAGES[symbol.name[:-len("Storage")]]),
                   count, begin, size)


def _rebuild_tensor(machine, arguments):
    storage, offset, shape, stride = arguments[:4]
    only(storage, Storage)
    marks = only(arguments[6] or {}, dict) if len(arguments) > 6 else {}
    if any(value is not False for value in marks.values()):
        raise UnsafeFileError(
            "%s: has a tensor that is marked %.80s, whose values are others "
            "than those stored; expected none. Save tensor.resolve_neg(), or "
            "tensor.clone()." % (machine.where, ", ".join(map(repr, marks))))
    for part in (shape, stride):
        if type(part) is not tuple or len(part) > machine.limits.axes or (
                not are_sizes(part)):
            raise ValueError("no shape")
    if len(shape) != len(stride) or not are_sizes((offset,)):
        raise ValueError("no tensor")
    tensor = Tensor(storage, offset, shape, stride)
    begin, end = _span(tensor)
    if begin < end and end > storage.size:
        raise UnsafeFileError(
            "%s: has a tensor of shape %r that reaches element %d; expected "
            "at most the %d of its storage."
            % (machine.where, shape, end - 1, storage.size))
    if math.prod(shape) > max(storage.size, 1):
        raise UnsafeFileError(
            "%s: has a tensor of shape %r, %d elements, on the %d of its "
            "storage, as tensor.expand makes it; expected none more than "
            "once. Save tensor.contiguous()."
            % (machine.where, shape, math.prod(shape), storage.size))
    return tensor


def _rebuild_parameter(machine, arguments):
    return only(arguments[0], Tensor)


def _span(tensor):
    """Return from which to which element of its storage a tensor reaches."""
    if not math.prod(tensor.shape):
        return 0, 0
    return tensor.offset, tensor.offset + 1 + sum(
        (n - 1) * s for n, s in zip(tensor.shape, tensor.stride))


def checkpoint_of(file, value, form, limits, read_into):
    """Return the checkpoint of a state dict.

    Parameters
    ----------
    file : binary file
        The file, with a ``name``; it stays open.
    value : value
        What :func:`unpickled` returned.
    form : str
        Name of the format.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    read_into : callable
        Fills an array of bytes from an element of a storage on:
        ``read_into(storage, begin, target)``.

    Returns
    -------
    Checkpoint
        Its tensors.

    Raises
    ------
    CheckpointError
        If it holds no tensors.
    UnsafeFileError
        If it holds too many, or names that are too long, or repeats them.
    """
    tensors = list(_tensors(_state_of(value, limits, file.name),
                            limits, file.name))
    if not tensors:
        raise CheckpointError(
            "%s: holds no tensors; expected a state dict. Save "
            "model.state_dict()." % file.name)
    _check_total(tensors, file, limits)
    entries = [_entry(name, tensor, read_into) for name, tensor in tensors]
    ordered = not tell_no_order([name for name, _ in tensors])
    return Checkpoint(file.name, form, describe(entries), {}, "PyTorch",
                      ordered, file.close, siblings="any")


def _state_of(value, limits, where):
    """Return the state dict among what else a file holds."""
    found = value
    for _ in range(limits.depth):
        if not isinstance(found, dict):
            raise CheckpointError(
                "%s: holds a %s where its state dict should be; expected a "
                "dict of tensors. Save model.state_dict()."
                % (where, type(found).__name__))
        key = next((key for key in _KEYS
                    if isinstance(found.get(key), dict)), None)
        if key is None:
            return found
        twins = twins_of(key, found) + _other_networks(key, found)
        if twins:  # which of them is meant, prefix= tells
            return {each: found[each] for each in [key, *twins]}
        found = found[key]
    raise _too_deep(limits, where)


def _other_networks(key, found):
    """Return the keys of state dicts beside one, with other names in them."""
    return [other for other, held in found.items()
            if _has_weights(held) and _has_weights(found[key])
            and held.keys() != found[key].keys()]


def _has_weights(held):
    return isinstance(held, dict) and any(
        type(value) is Tensor and str(name).endswith(".weight")
        for name, value in held.items())


def _too_deep(limits, where):
    return UnsafeFileError(
        "%s: nests or repeats dicts beyond %d levels or %d items; expected "
        "fewer." % (where, limits.depth, limits.opcodes))


def _tensors(items, limits, where, prefix="", depth=0, visits=None):
    """Yield names and tensors, those in dicts within by names with dots."""
    visits = visits or itertools.count(1)
    for key, value in items.items():
        if depth > limits.depth or next(visits) > limits.opcodes:
            raise _too_deep(limits, where)
        name = "%s%s" % (prefix, key)
        check_name(name, where, limits)
        if type(value) is Tensor:
            yield name, value
        elif isinstance(value, dict):
            yield from _tensors(value, limits, where, name + ".", depth + 1,
                                visits)


def _check_total(tensors, file, limits):
    size = file.seek(0, 2)
    ceiling, total = limits.unpacked(size), 0
    for _, tensor in tensors:
        begin, end = _span(tensor)
        total += (end - begin) * tensor.storage.dtype.itemsize
    if len(tensors) > limits.members or total > ceiling:
        raise UnsafeFileError(
            "%s: repeats its %d bytes in %d tensors until they come to %d; "
            "expected at most %d tensors and %d bytes. Pass limits="
            "LIMITS._replace(expansion=…) if you know the file."
            % (file.name, size, len(tensors), total, limits.members, ceiling))


def _entry(name, tensor, read_into):
    dtype = tensor.storage.dtype
    halves = dtype.kind == "V"

    def values():
        begin, end = _span(tensor)
        flat = np.empty(end - begin, "<u2" if halves else dtype)
        read_into(tensor.storage, tensor.storage.begin + begin,
                  flat.view("u1"))
        array = np.lib.stride_tricks.as_strided(
            flat, tensor.shape, [s * dtype.itemsize for s in tensor.stride])
        array = np.ascontiguousarray(array).reshape(tensor.shape)
        return float32_of(array) if halves else array

    return Entry(name, tensor.shape, np.dtype("f4") if halves else dtype,
                 values, convention="torch", epsilon=1e-5)
