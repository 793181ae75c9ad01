"""Tables of conventions: exact layer class or format → :class:`Convention`.

A layer class has one row here and nowhere else; a new one adds its row with
:func:`register`. Classes are looked up exactly: a subclass that changes how
the kernel is used is refused until it is declared.
"""
from __future__ import annotations

import inspect
from collections import namedtuple
from typing import Any, Iterable, List

from .axes import (CONVOLUTION, CORRELATION, ORIENTATIONS, SPATIAL,
                   Convention)
from .errors import ConventionError

__all__ = ["convention_of", "convention_of_format", "convention_told",
           "default_convention", "orders_of", "register",
           "FORMAT_CONVENTIONS", "OPEN_AXES"]

#: What the table knows of a layer class. `channels` are the two channel axes
#: (for LocallyConnected2DLayer the output positions follow the kernel),
#: `family` is "forward", "transposed" or "local", `n` the spatial axes and
#: `flip` the value of `flip_filters` where a layer has no such attribute.
Row = namedtuple("Row", "family channels n flip")

_OVERRIDES = ("convolve", "get_W_shape", "get_output_for")

#: Classes with a kernel of Lasagne and of this package, as in Lasagne: their
#: names mean the same whatever has been imported.
_STOCK = {
    "lasagne.layers.%s" % name % n: Row(family, channels, n, flip)
    for name, family, channels, axes, flip in (
        ("conv.Conv%dDLayer", "forward", "OI", (1, 2, 3), True),
        ("corrmm.Conv%dDMMLayer", "forward", "OI", (2, 3), False),
        ("dnn.Conv%dDDNNLayer", "forward", "OI", (2, 3), False),
        ("cuda_convnet.Conv%dDCCLayer", "forward", "OI", (2,), False),
        ("conv.DilatedConv%dDLayer", "forward", "IO", (2,), False),
        ("conv.TransposedConv%dDLayer", "transposed", "IO", (1, 2, 3), False),
        ("conv.Deconv%dDLayer", "transposed", "IO", (1, 2, 3), False),
        ("local.LocallyConnected%dDLayer", "local", "OI", (2,), True))
    for n in axes}

_REGISTERED = {}


def register(layer_class: type, like: type) -> None:
    """Declare that a layer class reads its kernel as another one does.

    Parameters
    ----------
    layer_class : type
        The class to declare.
    like : type
        A class that is known: one of Lasagne's or of this package, or one
        that was declared before.

    Raises
    ------
    ConventionError
        If `like` is not known.

    Examples
    --------
    >>> from lasagne_flipconv.layers import Conv2DLayer
    >>> class Scaled(Conv2DLayer):
    ...     def convolve(self, input, **kwargs):
    ...         return 2 * super().convolve(input, **kwargs)
    >>> register(Scaled, like=Conv2DLayer)
    >>> Scaled((None, 3, 9, 9), 4, 3).convention
    Convention(axes='OIHW', orientation='convolution')
    """
    for cls in (layer_class, like):
        if not isinstance(cls, type):
            raise TypeError("register: got %.200r; expected a layer class, "
                            "such as lasagne_flipconv.layers.Conv2DLayer."
                            % (cls,))
    row = row_of_class(like)
    if row is None:
        own, other = _told_apart(layer_class, like)
        raise ConventionError(
            "register(%s, like=%s): %s has no known convention; expected a "
            "convolutional layer class of Lasagne or lasagne_flipconv."
            % (own, other, other))
    _REGISTERED[layer_class] = row._replace(
        flip=_flip_by_default(layer_class, row.flip))


def _flip_by_default(cls, inherited):
    """Return what a class takes `flip_filters` for if it is not passed."""
    told = inspect.signature(cls).parameters.get("flip_filters")
    if told and isinstance(told.default, (bool, int)):
        return bool(told.default)
    return inherited


def add_row(layer_class, row):
    """Add the row of a new layer class."""
    _REGISTERED[layer_class] = row


def row_of_class(cls):
    """Return the row of exactly this class, or None if there is none."""
    name = "%s.%s" % (cls.__module__, cls.__qualname__)
    return _REGISTERED.get(cls) or _STOCK.get(name)


def name_of(layer):
    """Return class and name of a layer, for error texts."""
    name = getattr(layer, "name", None)
    return type(layer).__name__ + (" %r" % name if name else "")


def find_row(layer):
    """Return the row of a layer, or None if it is no convolutional layer.

    Raises
    ------
    ConventionError
        If the class, or the layer itself, overrides how the kernel is used
        and was not declared with :func:`register`.
    """
    changed = [m for m in _OVERRIDES if m in getattr(layer, "__dict__", ())]
    for cls in type(layer).__mro__:
        row = row_of_class(cls)
        if row is not None:
            if changed:
                raise _undeclared(layer, cls, changed)
            return row
        changed += [m for m in _OVERRIDES if m in vars(cls)]
    return None


def _undeclared(layer, parent, changed):
    own, other = _told_apart(type(layer), parent)
    return ConventionError(
        "%s: %s overrides %s of %s, so how it reads its kernel is not known. "
        "If it reads it as %s does, declare that with "
        "lasagne_flipconv.conventions.register(%s, like=%s)."
        % (name_of(layer), own, ", ".join(sorted(set(changed))),
           other, other, own, other))


def _told_apart(*classes):
    """Return the names of classes, with their modules if they are alike."""
    names = [cls.__name__ for cls in classes]
    if len(set(names)) < len(classes):
        names = ["%s.%s" % (cls.__module__, cls.__qualname__)
                 for cls in classes]
    return names


def convention_of(layer: Any) -> Convention:
    """Tell axes and orientation of the kernel ``layer.W``.

    Parameters
    ----------
    layer : lasagne.layers.Layer
        Any convolutional layer of Lasagne or of this package, or of a class
        of your own that changes nothing about the kernel or is declared.

    Returns
    -------
    Convention
        Axes and orientation of ``layer.W``.

    Raises
    ------
    ConventionError
        If the layer has no kernel, or its class is not known.

    Examples
    --------
    >>> from lasagne_flipconv.layers import Conv2DDNNLayer
    >>> convention_of(Conv2DDNNLayer((None, 3, 9, 9), 4, 3))
    Convention(axes='OIHW', orientation='correlation')
    """
    row = find_row(layer)
    if row is None:
        raise ConventionError(
            "%s: has no convolution kernel; expected a convolutional layer. "
            "Ask lasagne_flipconv.conventions.default_convention of a class."
            % name_of(layer))
    return Convention(_axes(layer, row), _orientation(layer, row))


def default_convention(layer_class: type) -> Convention:
    """Tell the convention that a layer class has by default.

    Parameters
    ----------
    layer_class : type
        A convolutional layer class of Lasagne or of this package.

    Returns
    -------
    Convention
        Axes and orientation of ``W``, if no argument says otherwise.

    Raises
    ------
    ConventionError
        If the class has no kernel, or is not known.

    Examples
    --------
    >>> from lasagne_flipconv.layers import TransposedConv2DLayer
    >>> default_convention(TransposedConv2DLayer)
    Convention(axes='IOHW', orientation='convolution')
    """
    row = row_told(layer_class) if isinstance(layer_class, type) else None
    if row is None:
        raise ConventionError(
            "%s: has no convolution kernel that is known; expected a "
            "convolutional layer class of Lasagne or lasagne_flipconv."
            % getattr(layer_class, "__name__", "%.200r" % (layer_class,)))
    return Convention(_axes(layer_class, row), _oriented(row, row.flip))


def _axes(layer, row):
    spatial = SPATIAL[row.n]
    if row.family == "local":
        channels = "O" if getattr(layer, "channelwise", False) else "OI"
        return channels + spatial + "hw"
    if getattr(layer, "dimshuffle", True) is False:
        return "I" + spatial + "O"
    return row.channels + spatial


def _orientation(layer, row):
    # Lasagne 0.1 knows no flag in its Conv1D/2DLayer, whatever an unpickled
    # state may say: without a convolve() method, it always convolves.
    flip = row.flip
    if hasattr(type(layer), "convolve") or not row.flip:
        flip = getattr(layer, "flip_filters", row.flip)
    return _oriented(row, flip)


def _oriented(row, flip):
    """Return the orientation that a value of `flip_filters` stands for."""
    if row.family == "transposed":
        flip = not flip
    return CONVOLUTION if flip else CORRELATION


#: Kernel axes and orientation by file format: channel axes before or after
#: the spatial axes, for a forward and for a transposed convolution.
#: A format that is not here records nothing: its orientation must be told.
FORMAT_CONVENTIONS = {
    "torch": ("OI*", "IO*", CORRELATION),
    "onnx": ("OI*", "IO*", CORRELATION),
    "caffe": ("OI*", "IO*", CORRELATION),
    "theano": ("OI*", "IO*", CONVOLUTION),
    "tensorflow": ("*IO", "*OI", CORRELATION),
    "keras": ("*IO", "*OI", CORRELATION),
    "keras-theano": ("*IO", "*OI", CONVOLUTION),
    # Keras 1 kept the axes of its dim_ordering, and names no backend.
    "keras-1-th": ("OI*", "OI*", None),
    "keras-1-tf": ("*IO", "*IO", None),
}

#: Files that lack what tells their axes: which rows above they may be.
OPEN_AXES = {"keras-1": ("keras-1-th", "keras-1-tf")}

#: Axes of the weights of a dense layer: input and output units.
DENSE_AXES = {"torch": "OI", "caffe": "OI"}


def convention_of_format(name: str, n: int,
                         transposed: bool = False) -> Convention:
    """Tell the convention of the kernels in a file format.

    Parameters
    ----------
    name : str
        A key of :data:`FORMAT_CONVENTIONS`.
    n : int
        Number of spatial axes, 1 to 3.
    transposed : bool
        Whether the kernel belongs to a transposed convolution.

    Returns
    -------
    Convention
        Axes and orientation of such a kernel.

    Raises
    ------
    ConventionError
        If the format records no convention.

    Examples
    --------
    >>> convention_of_format("tensorflow", 2)
    Convention(axes='HWIO', orientation='correlation')
    """
    if not isinstance(name, str) or name not in FORMAT_CONVENTIONS:
        raise ConventionError(
            "format %r: records no convention; expected one of %s. Pass "
            "orientation='convolution' or 'correlation' instead."
            % (name, ", ".join(sorted(FORMAT_CONVENTIONS))))
    if n not in SPATIAL:
        raise ConventionError("format %r: has no kernels with %r spatial "
                              "axes; expected 1 to 3." % (name, n))
    forward, adjoint, orientation = FORMAT_CONVENTIONS[name]
    axes = (adjoint if transposed else forward).replace("*", SPATIAL[n])
    return Convention(axes, orientation)


def orders_of(names: Iterable[str], n: int,
              transposed: bool = False) -> List[str]:
    """Return the orders of axes that kernels have in some formats.

    Parameters
    ----------
    names : iterable of str
        Keys of :data:`FORMAT_CONVENTIONS`.
    n : int
        Number of spatial axes, 1 to 3.
    transposed : bool
        Whether the kernel belongs to a transposed convolution.

    Returns
    -------
    list of str
        Each once.

    Examples
    --------
    >>> orders_of(FORMAT_CONVENTIONS, 1)
    ['OIW', 'WIO']
    """
    return list(dict.fromkeys(convention_of_format(name, n, transposed).axes
                              for name in names))


def convention_told(what: Any, n: int,
                    transposed: bool = False) -> Convention:
    """Return the convention that a word, a class or a pair stands for.

    Parameters
    ----------
    what : str, type, Convention or tuple of (str, str)
        ``convolution`` or ``correlation``, with axes as in Lasagne; a format
        such as ``torch``; a layer class or its name, as it is by default;
        axes and orientation, such as ``HWIO:correlation`` or a pair.
    n : int
        Number of spatial axes.
    transposed : bool
        Whether the kernel belongs to a transposed convolution.

    Returns
    -------
    Convention
        Axes and orientation.

    Raises
    ------
    ConventionError
        If it is none of these.

    Examples
    --------
    >>> convention_told("tensorflow", 2)
    Convention(axes='HWIO', orientation='correlation')
    >>> convention_told("Conv3DLayer", 3)
    Convention(axes='OIDHW', orientation='convolution')
    """
    if isinstance(what, str):
        if what in ORIENTATIONS:
            return convention_of_format("onnx", n, transposed)._replace(
                orientation=what)
        if what in FORMAT_CONVENTIONS:
            return convention_of_format(what, n, transposed)
        if ":" in what:
            return Convention(*what.split(":", 1))
        row = row_told(what)
        if row:
            return Convention(_axes(None, row), _oriented(row, row.flip))
    elif isinstance(what, type):
        return default_convention(what)
    elif isinstance(what, (tuple, list)) and len(what) == 2 and all(
            part is None or isinstance(part, str) for part in what):
        return Convention(*what)
    raise ConventionError(
        "%.200r: is no convention; expected 'convolution', 'correlation', one "
        "of %s, a layer class such as 'Conv2DLayer', or axes and orientation "
        "such as 'HWIO:correlation'."
        % (what, ", ".join(FORMAT_CONVENTIONS)))


def row_told(what):
    """Return the row of the layer a word or class stands for, None if none."""
    if not isinstance(what, str):
        return row_of_class(what) if isinstance(what, type) else None
    rows = {row for path, row in _STOCK.items()
            if path.rpartition(".")[2] == what}
    rows |= {row for cls, row in _REGISTERED.items() if cls.__name__ == what}
    return rows.pop() if len(rows) == 1 else None
