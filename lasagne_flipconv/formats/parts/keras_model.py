"""What a Keras file tells of all its layers together."""
import sys
from functools import cached_property
from itertools import dropwhile

from ...errors import CheckpointError

__all__ = ["Model", "check_settings", "setting", "text_of"]

#: Classes before which, or within which, images are as they were given.
_AT_INPUTS = frozenset([
    "InputLayer", "Permute", "Reshape", "Rescaling", "Normalization",
    "Dropout", "GaussianNoise", "ZeroPadding1D", "ZeroPadding2D",
    "ZeroPadding3D", "Sequential", "Functional", "Model"])


class Model:
    """What holds for all layers of a file.

    Parameters
    ----------
    layers : dict of str to dict
        Their configuration by name, in the model's order; none if not told.
    backend : str or None
        Such as ``theano``; None if not told.
    version : str
        Of Keras.
    """

    def __init__(self, layers, backend, version):
        self.layers, self.backend, self.version = layers, backend, version

    @property
    def epsilon(self):
        """What a batch normalization has that tells none, None if any.

        Weights alone of Keras 1, which had 1e-6 before 1.0.8, 1e-5 to 1.1.
        """
        return None if self.version == "1" and not self.layers else 1e-3

    @cached_property
    def rows(self):
        """The order of axes that dense layers flatten, None if Lasagne's.

        A Flatten that takes its input for channels_first moves the first axis
        to the end, of sequences as well. What a Permute makes is not looked
        at.
        """
        if self.permutes:
            return "either"
        moving = self._has("channels_first", True)
        if moving:
            return "moved" if self.order is None and not self._has(
                "channels_last", True) else "either"
        # before Keras 2 nothing was moved
        alone = not self.layers and not self.version.startswith("1")
        return "either" if alone else self.order

    @cached_property
    def permutes(self):
        """Whether axes are permuted behind another layer than an input."""
        classes = [layer.get("class_name") for layer in self.layers.values()]
        return "Permute" in dropwhile(_AT_INPUTS.__contains__, classes)

    @cached_property
    def order(self):
        """The order of axes of activations, None if Lasagne's."""
        for flatten in (False, True):
            first = self._has("channels_first", flatten)
            last = self._has("channels_last", flatten)
            if first or last:
                return ("unknown" if first and last else
                        "channels_last" if last else None)
        return "unknown"

    def _has(self, word, flatten):
        """Tell whether a Flatten, or any other layer, has this data_format."""
        names = {"channels_first": "th", "channels_last": "tf"}
        return any(setting(layer, "data_format", "dim_ordering")
                   in (word, names[word]) for layer in self.layers.values()
                   if (layer.get("class_name") == "Flatten") == flatten)


def text_of(item, name, where):
    """Return a text of a configuration, None if it has none.

    Parameters
    ----------
    item : dict
        Part of a configuration.
    name : str
        Which text.
    where : str
        Name of the file for error texts.

    Returns
    -------
    str or None
        The text.

    Raises
    ------
    CheckpointError
        If it is no text.
    """
    found = item.get(name)
    if found is not None and not isinstance(found, str):
        raise _strange(where, name, found, "a text")
    return found


def _strange(where, name, found, expected):
    told = found if isinstance(found, (int, float)) else type(found).__name__
    return CheckpointError(
        "%s: has a configuration with %s: %s; expected %s. The file is "
        "damaged." % (where, name, told, expected))


def check_settings(layer, where):
    """Refuse a layer with settings of another type than Keras writes.

    Parameters
    ----------
    layer : dict
        Configuration of the layer.
    where : str
        Name of the file for error texts.

    Raises
    ------
    CheckpointError
        If it has.
    """
    config = layer.get("config")
    if not isinstance(config, dict):
        return
    for name in ("data_format", "dim_ordering"):
        text_of(config, name, where)
    epsilon = config.get("epsilon")
    if epsilon is not None and (
            type(epsilon) not in (int, float)
            or not 0 <= epsilon <= sys.float_info.max):
        raise _strange(where, "epsilon", epsilon, "a number, 0 or more")


def setting(layer, *names):
    """Return the first of these settings that a layer has, or None."""
    config = layer.get("config")
    for name in names:
        if isinstance(config, dict) and config.get(name) is not None:
            return config[name]
    return None
