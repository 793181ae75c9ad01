"""Convert kernels from one convention to another.

Everything in this package that moves a kernel calls :func:`convert_kernel`, or
asks :func:`plan_conversion` what it would do.
"""
from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .axes import (CONVOLUTION, CORRELATION, ORIENTATIONS, SPATIAL,
                   Convention)
from .conventions import (FORMAT_CONVENTIONS, convention_of_format,
                          convention_told, orders_of, row_told)
from .errors import ConventionError

__all__ = ["CONVOLUTION", "CORRELATION", "SPATIAL", "Convention",
           "convert_kernel", "plan_conversion"]

#: What a conversion does: the permutation for :func:`numpy.transpose` (None if
#: the axes are in place) and, after it, the axes to reverse.
KernelPlan = NamedTuple("KernelPlan", [
    ("permutation", Optional[Tuple[int, ...]]), ("reverse", Tuple[int, ...])])


def plan_conversion(shape: Sequence[int], source: Convention,
                    target: Convention, where: str = "kernel") -> KernelPlan:
    """Work out what has to be done to a kernel, without touching it.

    Parameters
    ----------
    shape : tuple of int
        Shape of the kernel, axes as in `source`.
    source, target : Convention
        Convention of the kernel at hand, and the one wanted.
    where : str
        Name of the kernel for the error text.

    Returns
    -------
    KernelPlan
        Permutation and axes to reverse; ``(None, ())`` if nothing is to do.

    Raises
    ------
    ConventionError
        If the shape does not have these axes, the two conventions do not have
        the same axes, or an orientation is unknown and matters.
    """
    if len(shape) != len(source.axes):
        raise ConventionError(
            "%s: has shape %r; expected %d axes %r. Name the axes it has in a "
            "Convention."
            % (where, tuple(shape), len(source.axes), source.axes))
    if sorted(source.axes) != sorted(target.axes):
        raise ConventionError(
            "%s: axes %r cannot become %r; expected the same letters in "
            "another order. Name the axes of both in a Convention."
            % (where, source.axes, target.axes))
    reverse: Tuple[int, ...] = ()
    if any(shape[i] != 1 for i in source.spatial):
        if None in (source.orientation, target.orientation):
            raise ConventionError(
                "%s: shape %r does not tell whether it is for convolution or "
                "correlation. Name the orientation of both sides; only 1×1 "
                "kernels can do without." % (where, tuple(shape)))
        if source.orientation != target.orientation:
            reverse = target.spatial
    permutation = tuple(source.axes.index(a) for a in target.axes)
    in_place = permutation == tuple(range(len(permutation)))
    return KernelPlan(None if in_place else permutation, reverse)


def convert_kernel(kernel: Any,
                   source: Convention | Tuple[str, str] | str | type,
                   target: Convention | Tuple[str, str] | str | type,
                   where: str = "kernel") -> np.ndarray:
    """Convert a kernel from one convention to another.

    Parameters
    ----------
    kernel : array_like
        The kernel, axes as in ``source.axes``.
    source, target : Convention, tuple of (str, str), str or type
        Convention of `kernel`, and the one wanted: axes and orientation; a
        format such as ``'torch'``; a layer class or its name, as it is by
        default. As `target` also an orientation, the axes staying as they
        are. Formats are taken for a transposed layer if the other is one.
    where : str
        Name of the kernel for the error text.

    Returns
    -------
    numpy.ndarray
        A new C-contiguous array, axes as in ``target.axes``, same dtype.

    Raises
    ------
    ConventionError
        If the kernel does not have these axes, or an orientation is unknown
        and matters.

    Examples
    --------
    >>> kernel = [[[[1, 2], [3, 4]]]]
    >>> convert_kernel(kernel, ("OIHW", "convolution"),
    ...                ("OIHW", "correlation"))[0, 0]
    array([[4, 3],
           [2, 1]])
    """
    kernel = _array_of(kernel, where)
    given, wanted = _meant(kernel.ndim, source, target, where)
    plan = plan_conversion(kernel.shape, given, wanted, where)
    if plan.permutation:
        kernel = kernel.transpose(plan.permutation)
    return np.flip(kernel, plan.reverse).copy(order="C")


def _array_of(kernel: Any, where: str) -> np.ndarray:
    """Return a kernel as an array, if it is one of numbers."""
    problem = ""
    try:
        found = np.asarray(kernel)
    except ValueError:  # by NumPy 1.24 and later
        problem = "has rows of unequal lengths"
    else:
        if np.ma.is_masked(kernel):
            problem = "has values that are masked"
        elif found.dtype.kind in "OSUmM":
            problem = "holds %s" % found.dtype
        elif not found.ndim:
            problem = "is a single number"
    if problem:
        raise ConventionError(
            "%s: %s; expected an array of numbers, of 3 to 5 axes. Pass the "
            "kernel itself, or a nested list of it." % (where, problem))
    return found


def _meant(axes, source, target, where):
    """Return the two conventions that words, classes or pairs stand for."""
    rows = row_told(source), row_told(target)
    transposed = any(row and row.family == "transposed" for row in rows)
    if isinstance(source, str) and source in ORIENTATIONS:
        raise ConventionError(
            "%s: source is %r, which does not tell the order of the axes; "
            "expected that as well, such as Convention('OIHW', %r)."
            % (where, source, source))
    given = convention_told(source, axes - 2, transposed)
    if isinstance(target, str) and target in ORIENTATIONS:
        return given, given._replace(orientation=target)
    wanted = convention_told(target, axes - 2, transposed)
    if not any(rows):
        refuse_either(given, target, where)
        refuse_either(wanted, source, where)
    return given, wanted


def refuse_either(known, word, where):
    """Refuse a format for axes that may be those of a transposed layer.

    Parameters
    ----------
    known : Convention
        Of a kernel of which nothing else is known.
    word : object
        What is said of the other side.
    where : str
        Name of the kernel for the error text.

    Raises
    ------
    ConventionError
        If the format has other axes for a transposed layer than for others.
    """
    n = len(known.spatial)
    if not isinstance(word, str) or word not in FORMAT_CONVENTIONS or (
            known.axes not in orders_of(FORMAT_CONVENTIONS, n, True)
            or known.axes in orders_of(FORMAT_CONVENTIONS, n)):
        return
    both = [convention_of_format(word, n, transposed)
            for transposed in (True, False)]
    raise ConventionError(
        "%s: axes %r may be those of a transposed layer, for which %r has %r, "
        "or of another, for which it has %r; expected to be told. Name the "
        "class of the layer, or pass %r or %r instead of %r."
        % (where, known.axes, word, both[0].axes, both[1].axes,
           *map(tuple, both), word))
