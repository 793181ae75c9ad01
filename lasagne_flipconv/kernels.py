"""Kernels as arrays plus two facts: the order of their axes, the orientation.

A convolution reverses its kernel before sliding it over the input, a
correlation does not. Everything else in this package reads these two facts
with a :class:`Convention`, compares them, and calls :func:`convert_kernel`.
"""
from collections import namedtuple

import numpy as np

from .errors import ConventionError

__all__ = ["CONVOLUTION", "CORRELATION", "SPATIAL", "Convention",
           "convert_kernel", "plan_conversion"]

CONVOLUTION = "convolution"
CORRELATION = "correlation"
ORIENTATIONS = (CONVOLUTION, CORRELATION)

#: Spatial axes of a kernel by their number.
SPATIAL = {1: "W", 2: "HW", 3: "DHW"}

# O, I: output and input channels; D, H, W: the axes the kernel slides over;
# h, w: output positions of a locally connected layer, never reversed.
_LETTERS = frozenset("OIDHWhw")


class Convention(namedtuple("Convention", "axes orientation")):
    """Tell how to read a kernel.

    Parameters
    ----------
    axes : str
        One letter per axis: ``O`` output channels, ``I`` input channels (per
        group), ``D``, ``H``, ``W`` the axes the kernel slides over, ``h`` and
        ``w`` the output positions of a locally connected layer. For example
        ``"OIHW"`` or ``"HWIO"``.
    orientation : {'convolution', 'correlation', None}
        Whether the kernel is reversed before it slides over the input. For a
        transposed layer, that of the operation it is the adjoint of. None
        means unknown, which only 1×1 kernels can do without.

    Raises
    ------
    ConventionError
        If a letter is unknown or repeated, or the orientation is no such word.

    Examples
    --------
    >>> Convention("OIHW", "convolution").spatial
    (2, 3)
    """

    __slots__ = ()

    def __new__(cls, axes, orientation):
        axes = str(axes)
        if not set(axes) <= _LETTERS or len(set(axes)) != len(axes):
            raise ConventionError(
                "axes: %r is no order of kernel axes; expected distinct "
                "letters of 'OIDHWhw', such as 'OIHW' or 'HWIO'." % axes)
        if not set(axes) & set("DHW"):
            raise ConventionError(
                "axes: %r has no axis to slide over; expected at least one "
                "of 'D', 'H', 'W'." % axes)
        if orientation is not None and orientation not in ORIENTATIONS:
            raise ConventionError(
                "orientation: got %r; expected 'convolution' (the kernel is "
                "reversed: Lasagne's Conv2DLayer) or 'correlation' (it is "
                "not: Conv2DDNNLayer, Conv2DMMLayer, PyTorch, TensorFlow, "
                "ONNX)." % (orientation,))
        return super().__new__(cls, axes, orientation)

    @property
    def spatial(self):
        """Return the positions of the axes the kernel slides over."""
        return tuple(i for i, a in enumerate(self.axes) if a in "DHW")


#: What a conversion does: the permutation for :func:`numpy.transpose` (None if
#: the axes are in place) and, after it, the axes to reverse.
KernelPlan = namedtuple("KernelPlan", "permutation reverse")


def plan_conversion(shape, source, target, where="kernel"):
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
            "another order. Name the axes of both in a Convention." % (where, source.axes, target.axes))
    reverse = ()
    if any(shape[i] != 1 for i in source.spatial):
        if None in (source.orientation, target.orientation):
            raise ConventionError(
                "%s: shape %r does not tell whether it is for convolution or "
                "correlation. Name the orientation of both sides; only 1×1 "
                "kernels can do without." % (where, tuple(shape)))
        if source.orientation != target.orientation:
            reverse = target.spatial
    permutation = tuple(source.axes.index(a) for a in target.axes)
    if permutation == tuple(range(len(permutation))):
        permutation = None
    return KernelPlan(permutation, reverse)


def convert_kernel(kernel, source, target, where="kernel"):
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
    kernel = np.asarray(kernel)
    source, target = _meant(kernel.ndim, source, target, where)
    plan = plan_conversion(kernel.shape, source, target, where)
    if plan.permutation:
        kernel = kernel.transpose(plan.permutation)
    return np.flip(kernel, plan.reverse).copy(order="C")


def _meant(axes, source, target, where):
    """Return the two conventions that words, classes or pairs stand for."""
    # the tables of words are built upon this module
    from .conventions import convention_told, is_transposed
    transposed = is_transposed(source) or is_transposed(target)
    if isinstance(source, str) and source in ORIENTATIONS:
        raise ConventionError(
            "%s: source is %r, which does not tell the order of the axes; "
            "expected that as well, such as Convention('OIHW', %r)."
            % (where, source, source))
    source = convention_told(source, axes - 2, transposed)
    if isinstance(target, str) and target in ORIENTATIONS:
        return source, source._replace(orientation=target)
    return source, convention_told(target, axes - 2, transposed)
