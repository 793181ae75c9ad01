"""Of which kind a layer is, by the names of its classes."""

__all__ = ["is_a", "is_dense"]

#: Layers whose W has axes (input units, output units).
_DENSE = ("DenseLayer", "NINLayer")


def is_dense(layer):
    """Tell whether a layer has a W of axes (input units, output units).

    Parameters
    ----------
    layer : Layer
        The layer.

    Returns
    -------
    bool
        Of a class below one of these, too.
    """
    return is_a(layer, *_DENSE)


def is_a(layer, *names):
    """Tell whether a layer is of a class of some name, or one below it.

    Parameters
    ----------
    layer : Layer
        The layer.
    *names : str
        Names of classes, whichever Lasagne they are of.

    Returns
    -------
    bool
        Whether it is.
    """
    return any(cls.__name__ in names for cls in type(layer).__mro__)
