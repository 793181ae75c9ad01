"""What a word for all of a file says of its arrays that are no kernels.

``orientation="torch"`` is said of kernels, and tells the axes of matrices, the
order of rows behind a flatten, that of a batch normalization, and what is
added to a variance.
"""
import re

from ...conventions import (DENSE_AXES, FORMAT_CONVENTIONS, OPEN_AXES,
                            convention_told)
from ...errors import ConventionError
from ..telling import AS_IN_NETWORK, told_of

__all__ = ["check_order", "check_square", "dense_axes", "epsilon_of",
           "is_from_elsewhere", "is_told_of_all", "rows_told"]

#: Names of matrices of PyTorch, and of MXNet, with whatever sign between the
#: words, and of Chainer, which have the same axes.
_AS_IN_PYTORCH = re.compile(r"(.*[./_])?(?i:weight)(:0)?|.*/W", re.DOTALL)

#: Names of variances of Chainer and MXNet, whose axes may be told by the word
#: of another library, not what they add.
_OF_OTHERS = re.compile(r"(.*[./_])?(avg_var|moving_var)(:0)?", re.DOTALL)

#: What is added to a variance in formats that do not record it.
_EPSILONS = {"torch": 1e-5, "onnx": 1e-5, "caffe": 1e-5, "keras": 1e-3,
             "keras-theano": 1e-3, "tensorflow": 1e-3}

#: Orders of the axes of a matrix.
_ORDERS = ("OI", "IO")

#: A format whose matrices have either order, as each product of it tells.
_EITHER = "onnx"


def is_told_of_all(word):
    """Tell whether a word says something of arrays that are no kernels.

    Parameters
    ----------
    word : str, type, Convention or None
        What is said of the kernels of a file.

    Returns
    -------
    bool
        Whether it is a format, or has the channels last.
    """
    return isinstance(word, str) and word in FORMAT_CONVENTIONS or (
        _has_channels_last(word))


def rows_told(options, slot, entry):
    """Return in which order activations were flattened, as far as told.

    Parameters
    ----------
    options : lasagne_flipconv.weights.planning.Options
        What the user says.
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array, of a file that says nothing of it.

    Returns
    -------
    {'unknown', None}
        None for Lasagne's own order. Unknown, so that `data_format` decides,
        if that is given, or if kernels are said to have their channels last:
        their networks mostly flatten so, too.
    """
    any_last = any(map(_has_channels_last, _words_of(options, slot, entry)))
    known = told_of(options.data_format, slot, entry, "data_format")
    return "unknown" if known or any_last else None


def _words_of(options, slot, entry):
    """Return what is said of an array; of all, if nothing of it."""
    orientation = options.orientation
    told = told_of(orientation, slot, entry)
    if told is None and isinstance(orientation, dict):
        return [entry.told, *orientation.values()]
    return [entry.told, told]


def is_from_elsewhere(options, slot, entry):
    """Tell whether an array is of another library, by user or file.

    Parameters
    ----------
    options : lasagne_flipconv.weights.planning.Options
        What the user says.
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array.

    Returns
    -------
    bool
        Whether a library other than Theano is told, or channels that come
        last.
    """
    return any(word != "theano" and is_told_of_all(word) for word in (
        entry.convention, *_words_of(options, slot, entry)))


def _has_channels_last(told):
    return told not in (None, AS_IN_NETWORK, *_ORDERS, *OPEN_AXES) and (
        convention_told(told, 2).axes.endswith("IO"))


def epsilon_of(slot, entry, name, options):
    """Return what the side that stored a variance adds to it.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    name : str
        Of both, for error texts.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Returns
    -------
    float
        By the user, the file, or the library that wrote it.

    Raises
    ------
    ConventionError
        If none of them says it.
    """
    told = entry.told or told_of(options.orientation, slot, entry)
    known = isinstance(told, str) and not _OF_OTHERS.fullmatch(entry.name)
    found = [e for e in (options.epsilon, entry.epsilon, _EPSILONS.get(told)
                         if known else None) if e is not None]
    if not found:
        raise ConventionError(
            "%s: is a variance, and the file does not say what is added to it "
            "before the square root; expected to be told. Pass epsilon=1e-5 "
            "if it comes from PyTorch, 2e-5 if from Chainer, 1e-3 if from "
            "Keras 1.2 or later; from Keras 1.0.8 to 1.1 1e-5, from 1.0.6 and "
            "1.0.7 1e-6; if from one before, it is a deviation: set inv_std "
            "by hand." % name)
    return found[0]


def dense_axes(slot, entry, options):
    """Return the order of axes in the file of what a dense layer multiplies.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Returns
    -------
    {'OI', 'IO'}
        Lasagne's own, IO, unless something says otherwise.
    """
    told = told_of(options.orientation, slot, entry)
    known = entry.convention or entry.told or told
    if told in _ORDERS and known not in _ORDERS:
        return told  # of this matrix, where the file knows its library
    return _order_of(known) or "IO"


def _order_of(word):
    """Return the order of a matrix's axes that a word tells, or None."""
    if word in _ORDERS:
        return word
    if word == _EITHER or not isinstance(word, str) or (
            word not in FORMAT_CONVENTIONS):
        return None
    return DENSE_AXES.get(word, "IO")


def check_order(slot, entry, name, options):
    """Refuse another order of axes than the file has for a matrix.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    name : str
        Of both, for error texts.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Raises
    ------
    ConventionError
        If the file knows it, and the user says another.
    """
    said = _order_of(told_of(options.orientation, slot, entry))
    if entry.convention in _ORDERS and said not in (None, entry.convention):
        raise ConventionError(
            "%s: the file says axes %r, orientation=%r says %r; expected both "
            "to agree. Leave orientation out: the file knows." % (
                name, entry.convention, options.orientation, said))


def check_square(slot, entry, name, options, by_name=True):
    """Refuse a square matrix whose axes only look to be told.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    name : str
        Of both, for error texts.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.
    by_name : bool
        Whether names as in PyTorch are looked for.

    Raises
    ------
    ConventionError
        If its name is as in PyTorch, the word for it has either order, or
        that for other arrays of the file is of a library that has the other.
    """
    why = entry.shape == entry.shape[:1] * 2 != (1, 1) and _why_open(
        slot, entry, options, by_name)
    if why and entry.convention is None and entry.kind is None:
        raise ConventionError(
            "%s: has shape %r and %s, and the file does not say whether its "
            "axes are (output, input), as in PyTorch, or (input, output), as "
            "in Lasagne; expected to be told. Pass orientation=%s{%r: 'OI'} "
            "or {%r: 'IO'}." % (
                name, tuple(entry.shape), why, "'torch', or " if (
                    entry.told is None) else "", slot.name, slot.name))


def _why_open(slot, entry, options, by_name):
    """Return why the axes of a square matrix are not known, None if so."""
    told = told_of(options.orientation, slot, entry)
    if told in (AS_IN_NETWORK, *_ORDERS):
        return None
    word = entry.told or told
    if word == _EITHER:
        return "comes from ONNX, whose products have either order of axes"
    if by_name and _AS_IN_PYTORCH.fullmatch(entry.name) and not (
            isinstance(word, str) and word in FORMAT_CONVENTIONS):
        return "a name as in PyTorch or Chainer"
    others = [] if word else _words_of(options, slot, entry)
    return next(("orientation says %r of others" % other for other in others
                 if isinstance(other, str) and (
                     other == _EITHER or DENSE_AXES.get(other) == "OI")), None)
