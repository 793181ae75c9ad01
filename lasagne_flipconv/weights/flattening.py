"""Units that were flattened from, or are reshaped to, axes in another order.

A dense layer has a row for each unit of its input, a column for each of its
output.
"""
from collections import namedtuple

import numpy as np

from ..conventions import find_row, name_of
from ..errors import ConventionError
from .networks import inputs_of, is_a
from .telling import DATA_FORMATS

__all__ = ["columns_for", "is_gate", "mixes", "rows_for"]

#: Where the channels of activations are: in the second axis, in the last one
#: that a DimshuffleLayer moved them to, in the last one of a sequence, or in
#: the second one that a DimshuffleLayer moved them to there.
_FIRST, _MOVED, _SEQUENCE, _TURNED = "first", "moved", "sequence", "turned"

#: Layers whose output has axes (batch, steps, features).
_SEQUENCES = ("EmbeddingLayer", "RecurrentLayer", "CustomRecurrentLayer",
              "LSTMLayer", "GRULayer")

#: The value and what it does for error texts, and what file and user say of
#: the order of axes there.
_Told = namedtuple("_Told", "name does order data_format")


def rows_for(slot, entry, name, data_format, steps):
    """Return the order in which to take rows that follow channels-last axes.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        Parameter with one row (or value) per flattened activation.
    entry : Entry
        Array in the file.
    name : str
        Both, for error texts.
    data_format : {'channels_first', 'channels_last', None}
        What the user says where the file says nothing.
    steps : dict of Layer to Layer
        As `networks.steps_in` returns it.

    Returns
    -------
    numpy.ndarray or None
        Index of the row in the file for each row of the network; None if
        nothing was flattened, or both sides flatten alike.

    Raises
    ------
    ConventionError
        If the order matters and is not known.
    """
    told = _Told(name, "follows a flatten of", entry.rows, data_format)
    before, lead = _multiplied(slot, steps)
    if before is None:
        return None
    shape = before.output_shape[lead:]
    matrix = slot.attribute == "W" or is_gate(slot)
    axes = len(before.output_shape)
    of_last = tuple(range(axes - 1)) == getattr(slot.layer, "axes", None)
    if axes == 2 or of_last or matrix and len(shape) == 1:
        index = _of_units(before, told)
    elif matrix:
        index = _of_flattened(before, shape, slot.shape[0], told)
    else:
        return None
    return index if index is not None and len(index) == entry.shape[0] else (
        None)


def _multiplied(slot, steps):
    """Return the layer whose output the rows of a parameter are for, and
    where the axes begin that are flattened."""
    before = next(iter(inputs_of(slot.layer)), None)
    if before in steps:
        return steps[before], 2
    return before, 2 if is_gate(slot) else getattr(
        slot.layer, "num_leading_axes", 1)


def is_gate(slot):
    """Tell whether a parameter multiplies the input of a recurrent layer.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.

    Returns
    -------
    bool
        Not of one that has a layer within it for that.
    """
    return is_a(slot.layer, "LSTMLayer", "GRULayer") and str(
        slot.attribute).startswith("W_in_to_")


def columns_for(slot, entry, name, data_format, consumers):
    """Return the order in which to take columns that become channels-last.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        Parameter with one column (or value) per unit.
    entry : Entry
        Array in the file.
    name : str
        Both, for error texts.
    data_format : {'channels_first', 'channels_last', None}
        What the user says where the file says nothing.
    consumers : dict of Layer to list of Layer
        As `networks.consumers_in` returns it.

    Returns
    -------
    numpy.ndarray or None
        Index of the column in the file for each column of the network; None
        if nothing is reshaped, or both sides reshape alike.

    Raises
    ------
    ConventionError
        If the order matters and is not known.
    """
    told = _Told(name, "comes before a reshape to", entry.columns,
                 data_format)
    if len(slot.layer.output_shape) != 2:
        return None
    index = _of_reshaped(slot.layer, told, consumers)
    return index if index is not None and len(index) == entry.shape[-1] else (
        None)


def _of_reshaped(layer, told, consumers):
    """Return the place in the file of each unit that a layer puts out.

    None if it is the same, as before layers that mix all units.
    """
    found = [_of_consumed(layer, each, told, consumers)
             for each in consumers.get(layer, ())]
    index = next((one for one in found if one is not None), None)
    if index is not None and not all(np.array_equal(one, index)
                                     for one in found if one is not None):
        raise _not_known(layer, told)
    return index


def _of_consumed(layer, consumer, told, consumers):
    """Return the same for one of the layers that it feeds."""
    if mixes(consumer):
        return None
    units, shape = layer.output_shape[1], tuple(consumer.output_shape[1:])
    if len(shape) == 1:
        index = _of_reshaped(consumer, told, consumers)
        if index is None or shape == (units,) and not is_a(consumer,
                                                           "ConcatLayer"):
            return index
        raise _not_known(consumer, told)
    if _is_one_axis(shape, units):
        return None
    layout = _layout_ahead(consumer, told, consumers)
    if layout in (_MOVED, _SEQUENCE) or (
            _order(shape, told) == "channels_first"):
        return None
    if layout is None:
        raise ConventionError(
            "%s: comes before a reshape to %s activations, whose channels "
            "come last in the file, and the network does not tell which axis "
            "they are; expected a convolution behind that tells. If the "
            "file has these axes as well, pass what is before the reshape as "
            "the network, else set it by hand." % (told.name, shape))
    return _channels_last(shape)


def _layout_ahead(layer, told, consumers):
    """Return where the channels of a layer's output are, by what it feeds."""
    axes, found = len(layer.output_shape), set()
    for each in consumers.get(layer, ()):
        if find_row(each) is not None:
            found.add(_FIRST)
        elif is_a(each, *_SEQUENCES):
            found.add(_SEQUENCE)
        elif getattr(each, "pattern", None) is not None:
            found.add(_layout_to_move(each, tuple(each.pattern), told,
                                      consumers))
        elif len(each.output_shape) == axes and not is_a(each,
                                                         "ReshapeLayer"):
            found.add(_layout_ahead(each, told, consumers))
    found -= {None}
    if len(found) > 1:
        raise _not_known(layer, told)
    return found.pop() if found else _FIRST if axes > 3 else None


def _layout_to_move(layer, pattern, told, consumers):
    """Return where the channels are before a DimshuffleLayer."""
    axes, ahead = len(pattern), _layout_ahead(layer, told, consumers)
    if pattern == (0, axes - 1, *range(1, axes - 1)) and ahead == _FIRST:
        return _MOVED
    if pattern == (0, *range(2, axes), 1) and ahead == _SEQUENCE:
        return _FIRST
    raise _not_known(layer, told)


def _channels_last(shape):
    """Return the place of each activation in one row of axes, channels last.
    """
    places = np.arange(np.prod(shape)).reshape(shape[1:] + shape[:1])
    return np.moveaxis(places, -1, 0).ravel()


def _is_one_axis(shape, units):
    """Tell whether activations have one order only, or are not the units."""
    return None in shape or shape[0] == 1 or np.prod(shape[1:]) == 1 or (
        np.prod(shape) != units)


def mixes(layer):
    """Tell whether each unit of a layer's output depends on all before.

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    bool
        Whether it has a matrix, or more.
    """
    return getattr(layer, "W", None) is not None or any(
        param.ndim > 1 for param in layer.params)


def _of_units(layer, told):
    """Return the place in the file of each unit that a layer puts out, in its
    last axis.

    None if it is the same, as behind a layer that mixes all units.
    """
    inputs = inputs_of(layer)
    if not inputs or mixes(layer):
        return None
    if len(inputs) > 1:
        return _of_merged(layer, inputs, told)
    before, units = inputs[0], layer.output_shape[-1]
    shape, pattern = before.output_shape, getattr(layer, "pattern", None)
    if len(shape) > 2 and shape[-1] != units:
        lead = next((lead for lead in range(1, len(shape) - 1)
                     if _size(shape[lead:]) == units), 1)
        return _of_flattened(before, shape[lead:], units, told)
    index = _of_units(before, told)
    if index is None or len(index) == units and (
            pattern is None or pattern[-1] == len(shape) - 1):
        return index
    raise _not_known(layer, told)


def _size(shape):
    return None if None in shape else np.prod(shape)


def _of_merged(layer, inputs, told):
    """Return the same for a layer of several inputs."""
    found = [_of_units(each, told) for each in inputs]
    if all(index is None for index in found):
        return None
    sizes = [each.output_shape[-1] for each in inputs]
    found = [np.arange(size) if index is None else index
             for index, size in zip(found, sizes)]
    if is_a(layer, "ConcatLayer") and layer.axis in (
            -1, len(layer.output_shape) - 1):
        starts = np.cumsum([0] + sizes)
        return np.concatenate([index + start for index, start
                               in zip(found, starts)])
    if is_a(layer, "ElemwiseMergeLayer") and all(
            np.array_equal(index, found[0]) for index in found):
        return found[0]
    raise _not_known(layer, told)


def _not_known(layer, told):
    return ConventionError(
        "%s: %s activations in another order, and %s is between; expected no "
        "such layer, as what that makes of the order is not known. Set it by "
        "hand." % (told.name, told.does, name_of(layer)))


def _of_flattened(layer, shape, units, told):
    """Return the place in the file of each unit of flattened activations.

    None if it is the same, or the units are not these activations.
    """
    if _is_one_axis(shape, units):
        return None
    layout = _layout(layer, told)
    if layout == _MOVED and told.data_format == "channels_first":
        raise ConventionError(
            "%s: follows a DimshuffleLayer that moves the channels to the end "
            "before the flatten, and data_format is 'channels_first'; "
            "expected both alike. Build the network without that layer."
            % told.name)
    if layout == _SEQUENCE:
        return _channels_last(tuple(shape)) if _moves(shape, told) else None
    if layout == _TURNED and told.order == "moved":
        return None
    if layout == _MOVED or _order(shape, told) == "channels_first":
        return None
    if layout is None or len(shape) < len(layer.output_shape) - 1:
        raise ConventionError(
            "%s: follows a flatten of %s activations, whose channels come "
            "last in the file, and the network does not tell which axis they "
            "are; expected to know. Give it an axis of one channel, %s, if "
            "there are none, or put a DimshuffleLayer that moves the channels "
            "to the end before the flatten."
            % (told.name, tuple(shape), (1, *shape)))
    return _channels_last(tuple(shape))


def _moves(shape, told):
    """Tell whether the steps of sequences come last in the file."""
    if told.order == "either" and told.data_format is None:
        raise ConventionError(
            "%s: %s sequences of shape %s, and the file does not say in which "
            "order of axes they were. Pass data_format='channels_last' (as "
            "they are, the default of Keras) or 'channels_first' (what its "
            "Flatten makes of them in a network of channels_first since 2.2)."
            % (told.name, told.does, tuple(shape)))
    return told.order == "moved" or (
        told.order == "either" and told.data_format == "channels_first")


def _order(shape, told):
    """Return the order of axes that activations have in the file."""
    order = {"unknown": told.data_format, "either": told.data_format,
             "moved": "channels_last"}.get(told.order, told.order)
    if order is None:
        raise ConventionError(
            "%s: %s %s activations, and the file does not say in which order "
            "of axes they were. Pass "
            "data_format='channels_last' (the default of Keras, and what its "
            "Flatten makes of both since 2.2) or 'channels_first'."
            % (told.name, told.does, tuple(shape)))
    if told.data_format not in (None, order) or order not in DATA_FORMATS:
        raise ConventionError(
            "%s: data_format is %r, and the file says %r; expected %s or "
            "%s, and both to agree." % (
                (told.name, told.data_format, order) + DATA_FORMATS))
    return order


def _layout(layer, told):
    """Return where the channels of a layer's output are, None if not known."""
    if find_row(layer) is not None:
        return _FIRST
    if is_a(layer, *_SEQUENCES):
        return _SEQUENCE
    if is_a(layer, "ReshapeLayer"):
        return None
    if getattr(layer, "pattern", None) is not None:
        return _layout_moved(layer, tuple(layer.pattern), told)
    axes = len(layer.output_shape)
    inputs = [each for each in inputs_of(layer)
              if len(each.output_shape) == axes]
    if not inputs:
        return _FIRST if axes > 3 else None
    found = {_layout(each, told) for each in inputs} - {None}
    if len(found) > 1:
        raise _not_known(layer, told)
    return found.pop() if found else None


def _layout_moved(layer, pattern, told):
    """Return where the channels are behind a DimshuffleLayer."""
    axes, inner = len(pattern), layer.input_layer
    layout = _layout(inner, told) if len(inner.output_shape) == axes else None
    if pattern == (0, *range(2, axes), 1) and layout in (_FIRST, None):
        return _MOVED
    if pattern == (0, axes - 1, *range(1, axes - 1)) and (
            layout in (_MOVED, _SEQUENCE, _TURNED)):
        return {_MOVED: _FIRST, _SEQUENCE: _TURNED, _TURNED: _SEQUENCE}[layout]
    raise ConventionError(
        "%s: follows a DimshuffleLayer%r before the flatten; expected none, "
        "or one that moves the channels to the end as in the file's network. "
        "Flatten the activations as that does." % (told.name, pattern))
