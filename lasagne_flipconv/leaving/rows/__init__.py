"""The table of layers: exact class → what parts it is.

A row is a function of the layer, of the scope that takes its parts, and of
the names of its inputs; it returns the name of its output, or None to leave
the layer to the graph that it builds in Theano.
"""
from . import convolutional, dense, merging, normalizing, pooling, recurrent
from . import shaping, small, transforming

__all__ = ["ROWS", "row_of"]

#: Name of the class → its row. Only Lasagne's own layers and those of this
#: package are meant, not any class of the name.
ROWS = {}
for _module in (convolutional, dense, merging, normalizing, pooling,
                recurrent, shaping, small, transforming):
    ROWS.update(_module.ROWS)

_HOMES = ("lasagne.layers.", "lasagne_flipconv.layers.")


def row_of(layer):
    """Return the row of a layer, None if it has none.

    Parameters
    ----------
    layer : Layer
        Looked up by its exact class.

    Returns
    -------
    callable or None
        None also where the layer computes by a method of its own.
    """
    cls = type(layer)
    if not cls.__module__.startswith(_HOMES) or (
            "get_output_for" in vars(layer) or "convolve" in vars(layer)):
        return None
    return ROWS.get(cls.__qualname__)
