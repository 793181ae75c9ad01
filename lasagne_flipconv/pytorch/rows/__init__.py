"""What each kind of node is in PyTorch, one row each, by subject.

A new kind is one function here, decorated with `table.row`; the tests go over
the table.
"""
from . import (  # noqa: F401  each adds its rows
    convolution,
    elementwise,
    indexing,
    moving,
    norm,
    pooling,
    products,
    random,
    reductions,
    softmax,
)
from .table import ROWS, TYPES, Untranslated, row, row_of

__all__ = ["ROWS", "TYPES", "Untranslated", "row", "row_of"]
