"""The files of source code: a program, its weights, something to check it."""
import hashlib
import os

import numpy as np

from ..formats import safetensors
from ..formats.common.naming import describe
from ..formats.common.record import Checkpoint, Entry
from ..formats.common.writing import replaced_together
from ..weights.reading import read
from .errors import LeavingError

__all__ = ["check_own", "write_folder"]

#: In the order in which they are put in place: the first tells whose all are.
_NAMES = ("model.py", "model.safetensors", "check.safetensors")

#: What the source code says near its start, and the array beside that has the
#: checksum of all of it.
_MARK, _DIGEST = b"lasagne_flipconv wrote this file", "model.py as written"


def check_own(folder):
    """Refuse a folder in which files of others would be written over.

    Parameters
    ----------
    folder : str
        One that is there.

    Raises
    ------
    LeavingError
        If it has a file of the same name, and no export before; or somebody
        changed the source code, or trained the weights, since.
    """
    there = [name for name in _NAMES
             if os.path.lexists(os.path.join(folder, name))]
    if there and not _is_own(os.path.join(folder, _NAMES[0])):
        raise LeavingError(
            "%s: has a %s that export did not write, which would be lost; "
            "expected an earlier export, or none of %s. Name a folder of its "
            "own." % (folder, there[0], ", ".join(_NAMES)))
    changed = [name for name, is_kept in zip(_NAMES, (_is_kept, _is_untrained))
               if name in there and not is_kept(folder)]
    if changed:
        raise LeavingError(
            "%s: its %s is not as export wrote it, and what was changed would "
            "be lost; expected an earlier export as it was. Name another "
            "folder, or delete this one." % (folder, changed[0]))


def _is_own(path):
    try:
        with open(path, "rb") as file:
            return _MARK in file.read(1000)
    except OSError:
        return False


def _is_kept(folder):
    """Tell whether the source code is what was written."""
    path, check = (os.path.join(folder, name) for name in _NAMES[::2])
    with open(path, "rb") as file:
        found = hashlib.sha256(file.read()).digest()
    if not os.path.exists(check):
        return False
    with read(check) as checkpoint:
        return any(entry.name == _DIGEST and entry.read().tobytes() == found
                   for entry in checkpoint.entries)


def _is_untrained(folder):
    """Tell whether the weights say where they are from: PyTorch does not."""
    with open(os.path.join(folder, _NAMES[1]), "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = file.read(min(size, 2 ** 24))
    return safetensors.VIEWS.encode() in header


def write_folder(folder, program, oracle, plan, record):
    """Write a program with what belongs to it: all three files, or none.

    Parameters
    ----------
    folder : str
        Where to; made if it is not there.
    program : Program
        Source code and arrays.
    oracle : Oracle
        What the network computes.
    plan : Plan
        The network, for the names of its inputs.
    record : dict of str to str
        Where each parameter is among the weights, as metadata of the file.
    """
    os.makedirs(folder, exist_ok=True)
    example = _example(program, oracle, plan).items()
    with replaced_together([os.path.join(folder, name) for name in _NAMES]
                           ) as (code, weights, check):
        code.write(program.text.encode("utf-8"))
        for file, entries, metadata in (
                (weights, _weights(program, plan), record),
                (check, [_entry(*row) for row in example], {})):
            safetensors.write(file, Checkpoint(
                folder, "safetensors", tuple(entries), metadata))


def _weights(program, plan):
    """Return the values of a module, with what PyTorch's are."""
    epsilons = {id(part.arrays["variance"]): part.options["epsilon"]
                for part in plan.parts if "variance" in part.arrays}
    return describe([_entry(name, value)._replace(
        convention="torch", epsilon=epsilons.get(id(value)))
        for name, value in program.state.items()])


def _entry(name, value):
    return Entry(name, value.shape, value.dtype,
                 lambda: np.ascontiguousarray(value))


def _example(program, oracle, plan):
    """Return inputs and outputs of one case by what they are called."""
    values, outputs = oracle.cases[0]
    found = {name: values[put.name]
             for name, put in zip(program.inputs, plan.inputs)}
    found.update(zip(program.outputs, (
        np.asarray(output, "float32") for output in outputs)))
    found[_DIGEST] = np.frombuffer(
        hashlib.sha256(program.text.encode("utf-8")).digest(), "uint8")
    return found
