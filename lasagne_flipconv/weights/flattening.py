"""Rows of dense layers whose input was flattened in another order of axes."""
import numpy as np

from ..errors import ConventionError
from .telling import DATA_FORMATS

__all__ = ["rows_for"]


def rows_for(slot, entry, name, data_format):
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
    before = _before_flatten(slot.layer, slot.attribute == "W")
    shape = before and tuple(before.output_shape[1:])
    if not shape or shape[0] == 1 or np.prod(shape[1:]) == 1 or (
            _is_channels_last(before, name, data_format)):
        return None
    order = data_format if entry.rows == "unknown" else entry.rows
    if order is None:
        raise ConventionError(
            "%s: follows a flatten of %s activations, and the file does not "
            "say in which order of axes they were. Pass "
            "data_format='channels_last' (the default of Keras) or "
            "'channels_first'." % (name, shape))
    if data_format not in (None, order) or order not in DATA_FORMATS:
        raise ConventionError(
            "%s: data_format is %r, and the file says %r; expected %s or "
            "%s, and both to agree." % ((name, data_format, entry.rows)
                                        + DATA_FORMATS))
    if order == "channels_first":
        return None
    size = int(np.prod(shape))
    if entry.shape[0] != size:
        return None
    channels, *space = shape
    return np.arange(size).reshape(*space, channels).transpose(
        len(space), *range(len(space))).ravel()


def _before_flatten(layer, dense):
    """Return the layer whose output was flattened before this one.

    None if there was no flatten, or a layer that mixes the units since.
    """
    before = getattr(layer, "input_layer", None)
    if before is None or dense and len(before.output_shape) > 2:
        return before
    while before is not None and len(before.output_shape) == 2:
        inner = getattr(before, "input_layer", None)
        if inner is None or getattr(before, "W", None) is not None:
            return None
        if len(inner.output_shape) > 2:
            flat = int(np.prod(inner.output_shape[1:]))
            return inner if flat == before.output_shape[1] else None
        before = inner
    return None


def _is_channels_last(layer, name, data_format):
    """Tell whether the network itself moves the channels to the end."""
    pattern = getattr(layer, "pattern", None)
    if pattern is None:
        return False
    n = len(layer.output_shape)
    if tuple(pattern) == (0,) + tuple(range(2, n)) + (1,):
        if data_format != "channels_first":
            return True
    raise ConventionError(
        "%s: follows a DimshuffleLayer%r before the flatten; expected none, "
        "or one that moves the channels to the end as in the file's network. "
        "Flatten the activations as that does." % (name, tuple(pattern)))
