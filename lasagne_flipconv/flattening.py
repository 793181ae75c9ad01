"""Rows of dense layers whose input was flattened in another order of axes."""
import numpy as np

from .errors import ConventionError

__all__ = ["rows_for"]


def rows_for(slot, entry, name, data_format):
    """Return the order in which to take rows that follow channels-last axes.

    Parameters
    ----------
    slot : lasagne_flipconv.transfer.Slot
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
    shape = _flattened(slot.layer, slot.attribute == "W")
    if shape is None or shape[0] == 1 or np.prod(shape[1:]) == 1:
        return None
    order = data_format if entry.rows == "unknown" else entry.rows
    if order is None:
        raise ConventionError(
            "%s: follows a flatten of %s activations, and the file does not "
            "say in which order of axes they were. Pass "
            "data_format='channels_last' (the default of Keras) or "
            "'channels_first'." % (name, shape))
    if order == "channels_first":
        return None
    size = int(np.prod(shape))
    if entry.shape[0] != size:
        return None
    channels, *space = shape
    return np.arange(size).reshape(*space, channels).transpose(
        len(space), *range(len(space))).ravel()


def _flattened(layer, dense):
    """Return the shape that was flattened before a layer: channels first.

    None if there was no flatten, or a layer that mixes the units since.
    """
    shape = getattr(layer, "input_shape", None)
    if dense and shape is not None and len(shape) > 2:
        return tuple(shape[1:])
    before = getattr(layer, "input_layer", None)
    while before is not None and len(before.output_shape) == 2:
        inner = getattr(before, "input_shape", None)
        if inner is None or getattr(before, "W", None) is not None:
            return None
        if len(inner) > 2:
            flat = int(np.prod(inner[1:])) == before.output_shape[1]
            return tuple(inner[1:]) if flat else None
        before = getattr(before, "input_layer", None)
    return None
