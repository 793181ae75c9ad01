"""The table of layers: exact class → what parts it is.

A row is a function of the layer, of the scope that takes its parts, and of
the names of its inputs; it returns the name of its output, or None to leave
the layer to the graph that it builds in Theano.
"""
from . import convolutional, dense, merging, normalizing, pooling, recurrent
from . import shaping, small, transforming

__all__ = ["LEFT_OUT", "OTHERWISE", "ROWS", "row_of"]

#: Name of the class → its row. Only Lasagne's own layers and those of this
#: package are meant, not any class of the name.
ROWS = {}
for _module in (convolutional, dense, merging, normalizing, pooling,
                recurrent, shaping, small, transforming):
    ROWS.update(_module.ROWS)

#: Layers of Lasagne without a row: how they leave, and what of them does not.
OTHERWISE = {
    "CustomRecurrentLayer": ("no", "use RecurrentLayer, GRULayer or "
                             "LSTMLayer"),
    "ExpressionLayer": ("by its graph", "nodes that have no counterpart"),
    "FeatureWTALayer": ("by its graph", ""),
    "InverseLayer": ("by its graph", "of overlapping pooling"),
    "NINLayer_c01b": ("by its graph", ""),
    "ShuffleBC01ToC01BLayer": ("by its graph", ""),
    "ShuffleC01BToBC01Layer": ("by its graph", ""),
    "SpatialPyramidPoolingDNNLayer": ("by its graph", "of open sizes"),
    "SpatialPyramidPoolingLayer": ("by its graph", "of open sizes"),
    "TPSTransformerLayer": ("no", "the places are looked up one by one"),
}

_OF_LOOPS = ("nonlinearities of one's own; in training: grad_clipping, "
             "gradient_steps")

#: What of the layers with a row does not leave.
LEFT_OUT = {
    "BatchNormLayer": "in training: the batch's statistics over other axes; "
                      "with beta alone, a scale is trained too",
    "Conv2DCCLayer": "dimshuffle=False",
    "MaxPool2DCCLayer": "dimshuffle=False",
    "ConcatLayer": "cropping of open sizes",
    "ElemwiseMergeLayer": "cropping of open sizes",
    "ElemwiseSumLayer": "cropping of open sizes",
    "DropoutLayer": "in training: rescale=False, some shared_axes",
    "GaussianNoiseLayer": "the noise in training",
    "RandomizedRectifierLayer": "the random slopes in training",
    "GRULayer": _OF_LOOPS, "LSTMLayer": _OF_LOOPS, "RecurrentLayer": _OF_LOOPS,
    "TransformerLayer": "border_mode other than 'nearest', open sizes",
}

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
