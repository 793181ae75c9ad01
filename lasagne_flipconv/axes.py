"""A kernel is an array plus two facts: the order of its axes, the orientation.

A convolution reverses its kernel before sliding it over the input, a
correlation does not. Everything else in this package reads these two facts
with a :class:`Convention`, and compares them.
"""
from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from .errors import ConventionError

__all__ = ["CONVOLUTION", "CORRELATION", "ORIENTATIONS", "SPATIAL",
           "Convention"]

CONVOLUTION = "convolution"
CORRELATION = "correlation"
ORIENTATIONS = (CONVOLUTION, CORRELATION)

#: Spatial axes of a kernel by their number.
SPATIAL = {1: "W", 2: "HW", 3: "DHW"}

# O, I: output and input channels; D, H, W: the axes the kernel slides over;
# h, w: output positions of a locally connected layer, never reversed.
_LETTERS = frozenset("OIDHWhw")


class _Told(NamedTuple):
    axes: str
    orientation: Optional[str]


class Convention(_Told):
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

    def __new__(cls, axes: str, orientation: Optional[str]) -> Convention:
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
    def spatial(self) -> Tuple[int, ...]:
        """Return the positions of the axes the kernel slides over."""
        return tuple(i for i, a in enumerate(self.axes) if a in "DHW")
