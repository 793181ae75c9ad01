"""What a reader returns: a checkpoint of entries, none of them read yet."""
from __future__ import annotations

from typing import (Any, Callable, Dict, NamedTuple, Optional, Tuple,
                    Union)

import numpy as np

from ...axes import ORIENTATIONS, SPATIAL, Convention
from ...conventions import FORMAT_CONVENTIONS, OPEN_AXES

__all__ = ["Checkpoint", "Entry", "PLAIN_ROLES", "SIBLINGS", "axes_of",
           "is_kernel", "is_one_by_one", "orientation_of"]

#: What arrays are called that are no kernels, however many axes they have.
PLAIN_ROLES = ("b", "beta", "gamma", "mean", "inv_std", "variance", "alpha",
               "scales", "hid_init", "cell_init")

#: What is known of the order of layers side by side.
SIBLINGS = ("as here", "as joined", "any")


class Entry(NamedTuple):
    """Describe one array of a checkpoint; its values are read on demand.

    Parameters
    ----------
    name : str
        Name in the file, or ``arr_0``, ``arr_1``, … by position.
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Type of the elements.
    read : callable
        Without arguments, returns a new array.
    layer : str, optional
        Name of the layer it belongs to.
    role : str, optional
        What it is there, by Lasagne's names: ``W``, ``b``, ``beta``,
        ``gamma``, ``mean``, ``inv_std``, ``variance``, ``alpha``.
    kind : {'conv', 'transposed', 'dense', None}
        What kind of layer a ``W`` belongs to, if the file says.
    convention : Convention or str, optional
        Axes and orientation; a row of
        :data:`lasagne_flipconv.conventions.FORMAT_CONVENTIONS`, or of
        ``OPEN_AXES`` there, if the order of the axes is not told; an
        orientation alone, if the axes are those of the layer it is for;
        ``"OI"`` or ``"IO"`` for the weights of a dense layer.
    epsilon : float, optional
        What is added to a variance before the square root.
    rows : {'channels_last', 'moved', 'unknown', 'either', None}
        Order of the axes of the activations that a dense layer flattens, if
        other than Lasagne's; moved if their first axis was put last, also of
        sequences, which have their channels last; either if it is not known
        whether that was so.
    shared : tuple of (kind, convention), optional
        How other layers read the same kernel, in order, if they share it.
    reader : str, optional
        Of what may be a kernel, without a convention that is known: which
        class of layer reads it, with which ``flip_filters``.
    columns : {'channels_last', 'unknown', None}
        Order of the axes of the activations that the output of a dense layer
        is reshaped to, if other than Lasagne's.
    computes : str, optional
        What tells the expressions that it is in from others, if parameters are
        computed from it.
    told : Convention or str, optional
        Of what is no kernel: what was said of the kernels of the file that it
        was converted from, where that tells more than their orientation.
    """

    name: str
    shape: Tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]
    layer: Optional[str] = None
    role: Optional[str] = None
    kind: Optional[str] = None
    convention: Union[Convention, str, None] = None
    epsilon: Optional[float] = None
    rows: Optional[str] = None
    shared: Optional[Tuple[Tuple[Any, Any], ...]] = None
    reader: Optional[str] = None
    columns: Optional[str] = None
    computes: Optional[str] = None
    told: Union[Convention, str, None] = None

    @property
    def nbytes(self) -> int:
        """Return the size of the values in bytes."""
        size = self.dtype.itemsize
        for n in self.shape:
            size *= n
        return size


class Checkpoint(NamedTuple):
    """Hold what a file says about its arrays.

    Parameters
    ----------
    where : str
        Name of the file.
    format : str
        Name of the format.
    entries : tuple of Entry
        The arrays, in the order of the layers if that is known.
    metadata : dict
        What else the file says: mean image, class names, configuration.
    writer : str, optional
        What wrote the file.
    ordered : bool
        Whether the order of the entries is that of the layers.
    close : callable, optional
        Closes the file, if it is still open.
    siblings : {'as here', 'as joined', 'any'}
        Of layers side by side, which come first: those that do in Lasagne;
        those that come first in what joins them, if that has an order, as a
        concatenation has; any, as where layers are in the order in which they
        were registered.
    """

    where: str
    format: str
    entries: Tuple[Entry, ...]
    metadata: Dict[str, Any] = {}
    writer: Optional[str] = None
    ordered: bool = True
    close: Optional[Callable[[], None]] = None
    siblings: str = SIBLINGS[0]

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.close is not None:
            self.close()

    def values(self) -> Dict[str, np.ndarray]:
        """Read all arrays.

        Returns
        -------
        dict of str to numpy.ndarray
            By name, in order.
        """
        return {entry.name: entry.read() for entry in self.entries}


def is_kernel(entry: Entry) -> bool:
    """Tell whether an entry is a convolution kernel, as far as one can see.

    Parameters
    ----------
    entry : Entry
        An array of a checkpoint.

    Returns
    -------
    bool
        What the file says; if it does not, whether it has 3 to 5 axes.
    """
    if entry.kind is not None:
        return entry.kind != "dense"
    return entry.role not in PLAIN_ROLES and 3 <= len(entry.shape) <= 5


def orientation_of(entry: Entry) -> Optional[str]:
    """Return what the file says of a kernel's orientation.

    Parameters
    ----------
    entry : Entry
        An array of a checkpoint.

    Returns
    -------
    {'convolution', 'correlation', None}
        None if nothing is recorded.

    Examples
    --------
    >>> import numpy as np
    >>> orientation_of(Entry("W", (4, 3, 2, 2), np.dtype("f4"), None,
    ...                      convention="torch"))
    'correlation'
    """
    if isinstance(entry.convention, Convention):
        return entry.convention.orientation
    if entry.convention in ORIENTATIONS:
        return entry.convention
    if entry.convention is not None:
        return FORMAT_CONVENTIONS.get(entry.convention, (None,))[-1]
    return None


def axes_of(entry: Entry) -> Optional[str]:
    """Return the axes of a kernel, or None if they are not known.

    Parameters
    ----------
    entry : Entry
        A kernel.

    Returns
    -------
    str or None
        Such as ``"OIHW"``.
    """
    told = entry.convention
    if isinstance(told, Convention):
        return told.axes
    n = len(entry.shape) - 2
    if told in FORMAT_CONVENTIONS and n in SPATIAL:
        forward, adjoint, _ = FORMAT_CONVENTIONS[told]
        return (adjoint if entry.kind == "transposed" else forward).replace(
            "*", SPATIAL[n])
    return None


def is_one_by_one(entry: Entry, axes: Optional[str] = None) -> bool:
    """Tell whether a kernel has just one position, so that it has no reverse.

    Parameters
    ----------
    entry : Entry
        A kernel.
    axes : str, optional
        Its axes; where they are not known, those of Lasagne.

    Returns
    -------
    bool
        Whether the orientation does not matter.
    """
    told = entry.convention
    if axes is None and isinstance(told, str) and told in OPEN_AXES:
        return all(is_one_by_one(entry, axes_of(entry._replace(
            convention=row))) for row in OPEN_AXES[told])
    if axes is None:
        return all(n == 1 for n in entry.shape[2:])
    return all(n == 1 for n, a in zip(entry.shape, axes) if a in "DHW")
