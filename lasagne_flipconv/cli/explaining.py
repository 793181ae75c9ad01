"""Explain a layer class or a file format: its convention, what to pass.

Everything is read from the tables of layers, conventions and formats, so that
it is right for whatever they hold.
"""
import difflib
import inspect
import re
from typing import NamedTuple, Optional

from .. import layers
from ..axes import CONVOLUTION, CORRELATION
from ..conventions import (DENSE_AXES, FORMAT_CONVENTIONS,
                           convention_of_format, default_convention,
                           row_of_class)
from ..errors import ConventionError
from ..formats import FORMATS

__all__ = ["Explanation", "explain", "known_names"]


class Explanation(NamedTuple):
    """Tell the convention of a layer class or a file format.

    Parameters
    ----------
    name : str
        The name, spelled as in the table.
    kind : {'layer', 'format'}
        What it is.
    axes : str or None
        Order of the axes of a kernel (over two axes, for a format); None
        where there is no kernel or none is recorded.
    orientation : {'convolution', 'correlation', None}
        That of a kernel, by default; None if it has none or must be told.
    notes : tuple of (str, str)
        What there is to know, each with a word for what it is about.
    """

    name: str
    kind: str
    axes: Optional[str]
    orientation: Optional[str]
    notes: tuple


#: Whether a file says what its kernels are: the row of FORMAT_CONVENTIONS that
#: they follow, or words.
RECORDED = {
    "npz": "no, unless lasagne_flipconv.save wrote it",
    "npy": "no",
    "pickle": "no",
    "gzip": "no; it is a compressed pickle",
    "bz2": "no; it is a compressed pickle",
    "safetensors": "if PyTorch or lasagne_flipconv.save wrote it",
    "hdf5": "if Keras 2, Keras 3 or Caffe wrote it",
    "torch": "torch", "torch-legacy": "torch", "keras": "keras",
    "onnx": "onnx", "caffe": "caffe",
}

_ALIASES = {"pytorch": "torch", "pt": "torch", "pth": "torch",
            "tf": "tensorflow", "h5": "hdf5", "pkl": "pickle",
            "caffemodel": "caffe"}

_AXIS_WORDS = {"O": "output channels", "I": "input channels per group",
               "D": "depth", "H": "height", "W": "width",
               "h": "output row", "w": "output column"}

_SLIDES = {CONVOLUTION: "the kernel is reversed, then slid",
           CORRELATION: "the kernel is slid as it is"}


def explain(name):
    """Explain a layer class or a file format.

    Parameters
    ----------
    name : str
        In any spelling: ``'Conv2DDNNLayer'``, ``'conv2d_dnn'``, ``'torch'``.

    Returns
    -------
    Explanation
        Its convention, and what to pass where.

    Raises
    ------
    ConventionError
        If there is no such layer or format.

    Examples
    --------
    >>> explain("conv2d_dnn")[:4]
    ('Conv2DDNNLayer', 'layer', 'OIHW', 'correlation')
    >>> dict(explain("npz").notes)["recorded"]
    'no, unless lasagne_flipconv.save wrote it'
    """
    known = {_normal(candidate): candidate
             for candidate in layers.__all__ + known_names()}
    key = _normal(name)
    found = known.get(_normal(_ALIASES.get(key, key)))
    if found is None:
        close = difflib.get_close_matches(key, known, 3)
        raise ConventionError(
            "explain: %r is no layer class or format that is known; expected "
            "%s. Without a name, 'lasagne-flipconv explain' lists all."
            % (name, " or ".join(known[match] for match in close)
               or "one such as conv2d_dnn or torch"))
    if hasattr(layers, found):
        return _explain_layer(found, getattr(layers, found))
    return _explain_format(found)


def known_names():
    """Return the names that can be explained.

    Returns
    -------
    list of str
        Layer classes, then formats.

    Examples
    --------
    >>> known_names()[:2]
    ['Conv1DLayer', 'Conv2DLayer']
    """
    classes = [name for name in layers.__all__ if name.endswith("Layer")]
    return classes + sorted({*FORMATS, *FORMAT_CONVENTIONS})


def _normal(name):
    """Return a name in one spelling: no case, no signs, no ``Layer``."""
    plain = re.sub("[^a-z0-9]", "", name.lower().rsplit(".", 1)[-1])
    return re.sub("layer$", "", plain)


def _explain_layer(name, cls):
    row = row_of_class(cls)
    if row is None:
        return Explanation(name, "layer", None, None, (
            ("kernel", "none: the orientation does not matter to it"),))
    axes, orientation = convention = default_convention(cls)
    return Explanation(name, "layer", axes, orientation, (
        ("kernel", "W, axes %s: %s" % (axes, _worded(axes))),
        ("by default", "%s%s: %s (flip_filters=%s)" % (
            "adjoint of a " if row.family == "transposed" else "",
            orientation, _SLIDES[orientation], row.flip)),
        ("same W in", ", ".join(_same(cls)) or "no other layer"),
        ("load", "load(path, network, orientation=%r) for a file saved from "
                 "this layer, if the file does not say" % orientation),
        ("convert", "convert_kernel(kernel, source, %r)"
         % (tuple(convention),)),
    ))


def _worded(axes):
    return ", ".join(_AXIS_WORDS[letter] for letter in axes)


def _same(cls):
    """Yield layers, with the flag they need, that read the same W alike."""
    row = row_of_class(cls)
    for name in layers.__all__:
        other = getattr(layers, name)
        theirs = row_of_class(other) if inspect.isclass(other) else None
        if (theirs is None or other is cls or other.__name__ != name
                or theirs[:3] != row[:3]):
            continue
        yield name if theirs.flip == row.flip else (
            "%s(flip_filters=%s)" % (name, row.flip))


def _explain_format(name):
    recorded = RECORDED.get(name)
    row = recorded if recorded in FORMAT_CONVENTIONS else name
    notes = []
    if name in FORMATS:
        notes.append(("file names", " ".join(FORMATS[name].suffixes)))
    if row not in FORMAT_CONVENTIONS:
        notes += [("recorded", recorded)] + _told()
        return Explanation(name, "format", None, None, tuple(notes))
    axes, orientation = convention_of_format(row, 2)
    notes += [
        ("kernels", "axes %s, of a transposed convolution %s"
         % (_all_axes(row, False), _all_axes(row, True))),
        ("orientation", orientation and "%s: %s" % (
            orientation, _SLIDES[orientation]) or "must be told")]
    if row in DENSE_AXES:
        notes.append(("dense layers", "axes %s, turned into Lasagne's IO"
                      % DENSE_AXES[row]))
    if name in FORMATS:
        notes.append(("load", "load(path, network): the file says all"))
    notes += [
        ("other files", "load(path, network, orientation=%r) for a file that "
         "does not say, but holds such kernels" % row),
        ("convert", "convert_kernel(kernel, convention_of_format(%r, 2), "
         "target)" % row)]
    if orientation is None:
        notes[-2:] = _told()
    return Explanation(name, "format", axes, orientation, tuple(notes))


def _all_axes(row, transposed):
    return " ".join(convention_of_format(row, n, transposed).axes
                    for n in (1, 2, 3))


def _told():
    """Return what to pass where the file does not say."""
    return [("load", "load(path, network, orientation=...), where it is not "
                     "recorded:"),
            ("", "'convolution' for values from Conv2DLayer;"),
            ("", "'correlation' for values from Conv2DDNNLayer, "
                 "Conv2DMMLayer and other libraries;"),
            ("", "'as in network' for values from layers of the same "
                 "classes as the network has")]
