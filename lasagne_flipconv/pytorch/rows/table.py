"""The table: kind of node → a function of tensors, and who adds to it."""
from collections import namedtuple

import torch
from theano.scalar import Scalar
from theano.tensor import TensorType

__all__ = ["ROWS", "TYPES", "Untranslated", "row", "row_of"]

#: Class of an Op → its row. `build(op, node, device)` returns a function of
#: the operands, which returns an array or a tuple of them; `host(node)` the
#: numbers of the operands that are wanted on the host, as int or tuple.
ROWS = {}

Row = namedtuple("Row", "build host")

#: The types of elements that PyTorch computes in, by their names in NumPy.
TYPES = {name: getattr(torch, name) for name in (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64")}


class Untranslated(Exception):
    """Say why a node has no function of tensors; it stays with Theano."""


def row(*classes, host=()):
    """Add the decorated function to the table.

    Parameters
    ----------
    *classes : type
        The classes of the Ops, exactly these.
    host : tuple of int or callable, default ()
        The operands that are wanted on the host; a function of the node
        where that differs.

    Returns
    -------
    callable
        The decorator.
    """
    def add(build):
        wanted = host if callable(host) else lambda node: host
        ROWS.update((cls, Row(build, wanted)) for cls in classes)
        return build
    return add


def row_of(node):
    """Return the row of a node.

    Parameters
    ----------
    node : theano.gof.Apply
        The node.

    Returns
    -------
    Row
        From the table.

    Raises
    ------
    Untranslated
        If there is none, or for an array that PyTorch does not compute with.
    """
    for variable in node.outputs:
        if not isinstance(variable.type, (TensorType, Scalar)):
            raise Untranslated("it gives %s" % variable.type)
    for variable in node.inputs + node.outputs:
        if hasattr(variable.type, "format"):
            raise Untranslated("its arrays are sparse")
        dtype = getattr(variable.type, "dtype", "bool")
        if dtype not in TYPES:
            raise Untranslated("it computes in %s" % dtype)
    if type(node.op) not in ROWS:
        raise Untranslated("there is no row for %s" % type(node.op).__name__)
    return ROWS[type(node.op)]
