"""A network as a plan: a list of parts that no longer know Lasagne."""
from __future__ import annotations

from collections import namedtuple
from typing import NamedTuple, Optional, Tuple

__all__ = ["GIVEN", "ExportRecord", "Input", "Part", "Plan", "Scope",
           "measured"]

#: In place of an end of a slice that is the next of the inputs of its part.
GIVEN = "given"


class Input(namedtuple("Input", "name shape dtype kind most")):
    """Tell what goes into a network.

    Parameters
    ----------
    name : str
        Of the input layer.
    shape : tuple of int or None
        None for a size that is open.
    dtype : str
        Type of the values; ``float32`` for all that are not integers.
    kind : {'float', 'mask', 'index'}
        Which values it takes.
    most : int or None
        What an index is below; None if no layer says it.
    """

    __slots__ = ()


class Part(namedtuple("Part", "kind name inputs arrays options layer shape")):
    """Hold one step of a plan.

    Parameters
    ----------
    kind : str
        What it does; each adapter has a row for it.
    name : str
        Of the part, and of its only output.
    inputs : tuple of str or number
        Names of parts or inputs, or plain numbers.
    arrays : dict of str to numpy.ndarray
        By role; kernels are correlations with axes OIHW, those of transposed
        convolutions IOHW, weights of dense layers OI.
    options : dict of str to object
        By name; ``trained`` is False where Lasagne's training changes none of
        the arrays.
    layer : str
        Name of the layer that it belongs to.
    shape : tuple of int or None, or None
        Of the output, as far as it is known.
    """

    __slots__ = ()


class Plan(namedtuple("Plan", "inputs parts outputs by_row by_graph title")):
    """Hold a whole network that no longer knows Lasagne.

    Parameters
    ----------
    inputs : tuple of Input
        What goes in.
    parts : tuple of Part
        In the order in which they can be computed.
    outputs : tuple of str
        Names of the parts that come out.
    by_row : tuple of str
        Layers with a row in the table.
    by_graph : tuple of str
        Layers that were said by the graph that they build in Theano.
    title : str
        Class of the output layer.
    """

    __slots__ = ()


class ExportRecord(NamedTuple):
    """Tell what was exported, and how well it agrees.

    Parameters
    ----------
    path : str
        What was written.
    difference : float
        Largest difference of an output from the network's.
    largest : float
        Largest output of the network, as an absolute value.
    opset : int or None
        Version of ONNX's operators; None where the export is no ONNX.
    by_row : tuple of str
        Layers with a row in the table.
    by_graph : tuple of str
        Layers that were written by the graph that they build in Theano.
    """

    path: str
    difference: float
    largest: float
    opset: Optional[int]
    by_row: Tuple[str, ...]
    by_graph: Tuple[str, ...]


class Scope:
    """Collect the parts of one layer.

    Parameters
    ----------
    parts : list of Part
        Where to; those of all layers.
    layer : str
        Name of the layer.
    shape : tuple of int or None
        Of the layer's output.
    reserved : collection of str
        Names of all layers, which no part of another layer may have.
    trainable : collection of theano.Variable
        All parameters of the network that training changes.
    """

    def __init__(self, parts, layer, shape=None, reserved=(), trainable=()):
        self.parts, self.layer, self.shape = parts, layer, shape
        self.reserved, self.trainable = reserved, trainable

    def add(self, kind, *inputs, suffix="", arrays=None, shape=None,
            **options):
        """Add a part.

        Parameters
        ----------
        kind : str
            What it does.
        *inputs : str or number
            Names of parts or inputs.
        suffix : str
            What tells it from the layer's main part.
        arrays : dict of str to numpy.ndarray, optional
            By role; those that are None are left out.
        shape : tuple, optional
            Of its output, if it is known.
        **options : object
            By name.

        Returns
        -------
        str
            Its name, which stands for its output.
        """
        arrays = {role: value for role, value in (arrays or {}).items()
                  if value is not None}
        name = self._unused(suffix)
        self.parts.append(Part(kind, name, inputs, arrays, options,
                               self.layer, shape))
        return name

    def constant(self, array, suffix, trained=True):
        """Add an array that other parts take in.

        Parameters
        ----------
        array : numpy.ndarray
            Its values.
        suffix : str
            Its role.
        trained : bool, default True
            Whether training changes it.

        Returns
        -------
        str
            Its name.
        """
        return self.add("constant", suffix=suffix, arrays={"value": array},
                        shape=array.shape, trained=trained)

    def _unused(self, suffix):
        taken = {part.name for part in self.parts if part.layer == self.layer}
        name, i = "%s.%s" % (self.layer, suffix) if suffix else self.layer, 1
        while name in taken or name in self.reserved and name != self.layer:
            i += 1
            name = "%s.%s_%d" % (self.layer, suffix or "part", i)
        return name


def measured(values, part_of):
    """Return an array that a size was taken of; it has a device.

    Parameters
    ----------
    values : iterable of str or number
        Inputs of parts: sizes, what is computed of them, numbers.
    part_of : callable
        Takes a value and returns the part that it comes from, or None.

    Returns
    -------
    str or None
        Name of the first that is found, None if there is no size.
    """
    for part in filter(None, map(part_of, values)):
        found = part.inputs[0] if part.kind == "size" else measured(
            part.inputs, part_of)
        if found is not None:
            return found
    return None
