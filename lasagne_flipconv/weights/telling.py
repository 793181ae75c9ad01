"""What file and user say of a kernel in a file: its axes and orientation."""
import fnmatch

import numpy as np

from ..axes import CONVOLUTION, CORRELATION, ORIENTATIONS, Convention
from ..conventions import (FORMAT_CONVENTIONS, OPEN_AXES, convention_told,
                           find_row, orders_of, row_told)
from ..errors import CheckpointError, ConventionError

__all__ = ["AS_IN_NETWORK", "DATA_FORMATS", "axes_like", "check_epsilon",
           "check_data_format", "check_mapping", "check_orientation",
           "source_of", "told_of"]

AS_IN_NETWORK = "as in network"

#: Orders of the axes that a dense layer flattens.
DATA_FORMATS = ("channels_first", "channels_last")


def check_orientation(told):
    """Refuse what is no way of telling an orientation, before anything else.

    Parameters
    ----------
    told : object
        What the user says.

    Raises
    ------
    ConventionError
        If it is none.
    """
    for value in _values(told, "orientation"):
        if value is None or isinstance(value, str) and (
                value in (AS_IN_NETWORK, "OI", "IO")
                or value == told == "detect"):
            continue
        try:
            convention_told(value, 2)
        except ConventionError as error:
            raise ConventionError(
                "orientation: got %.200r; expected 'convolution', "
                "'correlation', 'as in network', 'detect', one of the formats "
                "%s, axes and orientation such as 'HWIO:correlation', or a "
                "dict by name of these."
                % (value, ", ".join(FORMAT_CONVENTIONS))) from error


def _values(told, word):
    """Return what is said, all of it if by name; refuse what is no name."""
    if not isinstance(told, dict):
        return [told]
    if not all(isinstance(name, str) for name in told):
        raise ConventionError("%s: got %.200r; expected names of layers or "
                              "parameters, texts, for its keys."
                              % (word, told))
    return list(told.values())


def check_data_format(told):
    """Refuse what is no order of axes.

    Parameters
    ----------
    told : object
        What the user says.

    Raises
    ------
    ConventionError
        If it is none, nor a dict of such.
    """
    for value in _values(told, "data_format"):
        if value is not None and not (
                isinstance(value, str) and value in DATA_FORMATS):
            raise ConventionError(
                "data_format: got %.200r; expected %s or %s, or a dict by "
                "name of these." % ((value,) + DATA_FORMATS))


def check_mapping(word, told, pairs):
    """Refuse a name in a mapping that nothing has.

    Parameters
    ----------
    word : str
        What the mapping is called.
    told : object
        What the user says, in a dict or not.
    pairs : list of (Slot, Entry)
        What goes where.

    Raises
    ------
    ConventionError
        If there is such a name.
    """
    for pattern in told if isinstance(told, dict) else ():
        if not any(_named_so(pattern, *pair) for pair in pairs):
            raise ConventionError(
                "%s: %r is no name of a layer or parameter; expected names "
                "as in the network or the file, or patterns with '*'."
                % (word, pattern))


def _named_so(pattern, slot, entry):
    names = (slot.name, slot.group, slot.layer.name, entry.name, entry.layer)
    # of what fnmatch knows, brackets are part of a name here
    pattern = pattern.replace("[", "[[]")
    return any(name and fnmatch.fnmatchcase(name, pattern) for name in names)


def source_of(slot, entry, name, options, target):
    """Return the convention of a kernel in a file.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The kernel in the network.
    entry : Entry
        The kernel in the file.
    name : str
        Both, for error texts.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.
    target : Convention
        Convention of the kernel in the network.

    Returns
    -------
    Convention
        Its orientation is that of `target` if it does not matter.

    Raises
    ------
    ConventionError
        If it matters and is not known, or file and user say different things.
    CheckpointError
        If the file's record cannot be that of this kernel.
    """
    source = _source(slot, entry, name, options, target)
    if source.orientation is None and _does_not_matter(entry, source):
        return source._replace(orientation=target.orientation)
    if source.orientation is None:
        raise ConventionError(
            "%s: the file does not say whether its kernels are for "
            "convolution or correlation. Pass orientation='convolution' if "
            "they come from Conv2DLayer, 'correlation' if from "
            "Conv2DDNNLayer or Conv2DMMLayer, 'torch', 'tensorflow' or 'onnx' "
            "if from there, 'as in network' if from a network of the same "
            "classes." % name)
    return source


def _source(slot, entry, name, options, target):
    """Return what file and user say, without orientation if neither does."""
    row = find_row(slot.layer)
    told = told_of(options.orientation, slot, entry)
    if told == AS_IN_NETWORK:
        told = target
    known = entry.convention
    if known is None or known in (*ORIENTATIONS, *OPEN_AXES):
        _refuse_class_of_others(told, row, name, slot)
    names_axes = told is not None and told not in ORIENTATIONS
    if not names_axes and (known is None or known in ORIENTATIONS):
        _refuse_axes_of_others(slot, entry, name, row, target, known or told)
    told = _resolved(told, row, target)
    if known in OPEN_AXES and not names_axes:
        return told._replace(axes=_only_axes(slot, entry, name, row, target))
    if known is None or known in OPEN_AXES:
        return told
    recorded = _resolved(known, row, target)
    if known in ORIENTATIONS and names_axes:
        recorded = recorded._replace(axes=told.axes)
    if len(recorded.axes) != len(entry.shape):
        raise CheckpointError(
            "%s: has shape %r and a record of axes %r; expected as many. The "
            "record was changed." % (name, tuple(entry.shape), recorded.axes))
    if options.blind:
        return recorded._replace(orientation=told.orientation)
    return _agreed(recorded, told, name, options.orientation, entry)


def _refuse_class_of_others(told, row, name, slot):
    """Refuse a class of layers for a kernel that is of no such layer."""
    said = row_told(told)
    if said and (said.family, row.family).count("transposed") == 1:
        raise ConventionError(
            "%s: is said to be of a %s, whose axes are others than those of a "
            "%s; expected a word for such a layer. Pass orientation={%r: %r} "
            "or the like, a dict by name; or a word for all, such as "
            "'convolution' or 'torch'."
            % (name, getattr(told, "__name__", told),
               type(slot.layer).__name__, slot.name, "as in network"))


def _refuse_axes_of_others(slot, entry, name, row, target, word):
    """Refuse a kernel of which no more than an orientation is known, where a
    layer has axes of its own and those of all others fit as well."""
    common = orders_of(["torch"], row.n, row.family == "transposed")[0]
    both = len(_fitting({target.axes, common}, entry.shape, slot,
                        target)) > 1 and any(
        size != 1 and ours != theirs for size, ours, theirs
        in zip(entry.shape, target.axes, common))
    if word == CONVOLUTION and (both or entry.convention is None):
        _refuse_axes_of_correlation(slot, entry, name, row, target)
    if not both:
        return
    layer, word = type(slot.layer).__name__, word or CORRELATION
    own, other = (target.axes, word), (common, word)
    if row.channels == "IO":
        own = "DilatedConv%dDLayer" % row.n
        other = "Conv%dDDNNLayer" % row.n if word == CORRELATION else (
            "Conv%dDLayer" % row.n)
    raise ConventionError(
        "%s: has shape %r, and it is not said in which order its axes are, "
        "which may be %r, as in this %s, or %r, as in other layers and in "
        "PyTorch; expected to be told. Pass orientation={%r: %r} if it was "
        "saved from such a layer, {%r: %r} if from another%s."
        % (name, tuple(entry.shape), target.axes, layer, common, slot.name,
           own, slot.name, other, ", 'torch' if from PyTorch"
           if word == CORRELATION else ""))


def _refuse_axes_of_correlation(slot, entry, name, row, target):
    """Refuse to take a kernel of a convolution for one of a class that only
    correlates, whose axes are its own."""
    if (row.family, row.channels) == ("forward", "IO") and any(
            entry.shape[i] != 1 for i in target.spatial):
        layer = type(slot.layer).__name__
        raise ConventionError(
            "%s: is for convolution, as is said, and a %s only correlates, "
            "with axes %r; expected a kernel of such a layer, or to be told "
            "its axes. Pass orientation={%r: %r} if it is from a %s, {%r: %r} "
            "if from a Conv2DLayer; for several layers a dict by name."
            % (name, layer, target.axes, slot.name, AS_IN_NETWORK if (
                entry.convention is None) else (target.axes, CONVOLUTION),
               layer, slot.name, ("OIHW", CONVOLUTION)))


def _resolved(told, row, target):
    """Return the convention that a word, a format or None stands for here."""
    if told is None or told in ORIENTATIONS:
        return Convention(target.axes, told)
    return convention_told(told, row.n, row.family == "transposed")


def _only_axes(slot, entry, name, row, target):
    """Return the axes of a kernel whose file lacks them, if its shape tells.

    Where two orders fit, nobody can see which it is.
    """
    orders = orders_of(OPEN_AXES[entry.convention], row.n,
                       row.family == "transposed")
    fitting = _fitting(orders, entry.shape, slot, target)
    if len(fitting) > 1 and set(entry.shape) != {1}:
        raise ConventionError(
            "%s: has shape %r, and the file does not say in which order its "
            "axes are, which may be %s; expected to be told. Pass "
            "orientation=%s or the like; for several layers a dict by name."
            % (name, tuple(entry.shape), " or ".join(map(repr, fitting)),
               " or ".join("Convention(%r, %r)" % (axes, orientation)
                           for axes, orientation
                           in zip(fitting, ORIENTATIONS))))
    return target.axes


def _fitting(orders, shape, slot, target):
    """Return the orders in which a shape is that of a parameter."""
    wanted = dict(zip(target.axes, slot.shape))
    return [axes for axes in orders if set(axes) == set(wanted)
            and tuple(shape) == tuple(wanted[a] for a in axes)]


def axes_like(slot, entry, target):
    """Tell what the axes of a kernel look like that does not fit as told.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The kernel in the network.
    entry : Entry
        The kernel in the file.
    target : Convention
        Convention of the kernel in the network.

    Returns
    -------
    str
        What to pass, as the end of an error text; empty if the file tells
        the axes, or nothing fits.
    """
    open_axes = (None, *ORIENTATIONS, *OPEN_AXES)
    row = find_row(slot.layer)
    orders = orders_of(FORMAT_CONVENTIONS, row.n,
                       row.family == "transposed") + [target.axes]
    found = _fitting(orders, entry.shape, slot, target)
    if not found or entry.convention not in open_axes:
        return ""
    return (" Its axes look like %s: pass orientation=Convention(%r, "
            "'correlation'), or with 'convolution' if it is for that."
            % (" or ".join(map(repr, found)), found[0]))


def _agreed(recorded, told, name, orientation, entry):
    if recorded.orientation is None:
        return recorded._replace(orientation=told.orientation)
    if (told.orientation not in (None, recorded.orientation)
            and any(entry.shape[i] != 1 for i in recorded.spatial)):
        raise ConventionError(
            "%s: the file says %r, orientation=%r says %r; expected both to "
            "agree. Leave orientation out: the file knows."
            % (name, recorded.orientation, orientation, told.orientation))
    return recorded


def check_epsilon(told):
    """Refuse what cannot be added to a variance.

    Parameters
    ----------
    told : object
        What the user says.

    Raises
    ------
    ConventionError
        If it is no number, 0 or more.
    """
    try:
        fits = told is None or not isinstance(told, bool) and (
            0 <= float(told) < float("inf"))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ConventionError("epsilon: got %.80r; expected a number, 0 or "
                              "more, such as 1e-5." % (told,))


def told_of(told, slot, entry, word="orientation"):
    """Return what the user says of one array.

    Parameters
    ----------
    told : str, Convention, dict or None
        What the user says of all.
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array.
    word : str
        What the mapping is called.

    Returns
    -------
    str, Convention or None
        What a mapping says of this one, else the same.

    Raises
    ------
    ConventionError
        If a mapping says different things.
    """
    if not isinstance(told, dict):
        return told
    found = {pattern: value for pattern, value in told.items()
             if _named_so(pattern, slot, entry)}
    if any(value != list(found.values())[0] for value in found.values()):
        raise ConventionError(
            "%s: %s fit %s, and say different things; expected one value for "
            "each." % (word, " and ".join(map(repr, found)), slot.name))
    return next(iter(found.values()), None)


def _does_not_matter(entry, source):
    """Tell whether a kernel is its own reverse."""
    if all(entry.shape[i] == 1 for i in source.spatial):
        return True
    kernel = entry.read()
    return np.array_equal(kernel, np.flip(kernel, source.spatial),
                          equal_nan=kernel.dtype.kind == "f")
