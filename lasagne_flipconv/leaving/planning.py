"""Make a plan of a network: each layer by its row, or else by its graph."""
import numpy as np
import theano
from lasagne.layers import (InputLayer, get_all_layers, get_all_params,
                            get_output, get_output_shape)

from theano.compile import SharedVariable
from theano.gof.graph import inputs as graph_inputs

from ..weights.networks import names_of, outputs_of
from .errors import LeavingError
from .graphs.views import is_view_of_one
from .graphs.walking import Walk
from .record import Input, Plan, Scope
from .rows import recurrent, row_of

__all__ = ["Source", "plan_of"]


class Source:
    """Hold a network with an expression for each of its layers.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers.
    where : str
        Who asks, for error texts.
    """

    def __init__(self, network, where):
        self.where = where
        self.outputs = outputs_of(network, where, repeated=True)
        self.layers = get_all_layers(self.outputs)
        self.names = names_of(self.layers)
        self.trainable = set(get_all_params(self.layers, trainable=True))
        given = {layer: _variable_of(layer) for layer in self.layers
                 if isinstance(layer, InputLayer)}
        first = {variable: layer for layer, variable
                 in reversed(list(given.items()))}
        self.inputs = {layer: variable for layer, variable in given.items()
                       if first[variable] is layer}
        self.variables = dict(zip(self.layers, get_output(
            self.layers, given, deterministic=True)))

    def leaves_alone(self, layer):
        """Tell whether training changes no parameter of a layer as it is.

        What a layer computes of its parameters is trained by these.

        Parameters
        ----------
        layer : Layer
            Of the network.

        Returns
        -------
        bool
            False for a layer without parameters.
        """
        own = layer.get_params()
        return bool(own) and not self.trainable.intersection(own) or any(
            self.trainable.intersection(graph_inputs([value]))
            for value in [*layer.params, *vars(layer).values()]
            if isinstance(value, theano.Variable)
            and not is_view_of_one(value))

    def shape_of(self, layer):
        """Return the shape of an output.

        Parameters
        ----------
        layer : Layer
            Of the network.

        Returns
        -------
        tuple of int, None or str
            The first is None where it is the batch, ``'any'`` where it is
            open otherwise, as after a reshape to ``(-1, n)``.
        """
        shape = _plain(layer.output_shape)
        if not shape or shape[0] is not None or all(
                self._first_size(layer, batch) == batch for batch in (2, 3)):
            return shape
        return ("any",) + shape[1:]

    def _first_size(self, layer, batch):
        sizes = {put: tuple((24 if axis else batch) if size is None else size
                            for axis, size in enumerate(put.shape))
                 for put in self.inputs}
        try:
            return get_output_shape(layer, sizes)[0]
        except Exception:  # of any layer, for any reason
            return None

    def function(self):
        """Compile the network.

        Returns
        -------
        callable
            Takes a value for each input, returns a list of outputs.
        """
        return theano.function(
            list(self.inputs.values()),
            [self.variables[layer] for layer in self.outputs],
            on_unused_input="ignore", allow_input_downcast=True,
            mode=theano.compile.get_default_mode().excluding(
                "fusion", "inplace"))  # what need not be compiled anew

    def fits(self, shapes):
        """Tell whether inputs are large enough for all layers.

        Parameters
        ----------
        shapes : list of tuple of int
            One for each input.

        Returns
        -------
        bool
            Whether no layer's output is empty, as far as it is known.
        """
        try:
            found = get_output_shape(self.layers, dict(zip(self.inputs,
                                                           shapes)))
        except Exception:  # of any layer, for any reason
            return False
        shapes = dict(zip(self.layers, found))
        return all(size is None or size >= least for layer in self.layers
                   for least, size in _needs(layer, shapes))


def _needs(layer, shapes):
    """Yield sizes, each after the least that it has to be.

    No axis may be empty; what is pooled has to be as long as a region.
    """
    for size in shapes[layer]:
        yield 1, size
    regions = getattr(layer, "pool_size", 1)
    if isinstance(regions, (tuple, list)):
        yield from zip(regions, shapes[layer.input_layer][2:])


def _variable_of(layer):
    """Return the variable of an input layer, another if it has a value.

    Its own may stand in expressions, such as the shape of a ReshapeLayer.
    """
    variable = layer.input_var
    if variable.owner is None and not isinstance(
            variable, (SharedVariable, theano.Constant)):
        return variable
    return theano.tensor.TensorType(
        variable.dtype, (False,) * len(layer.shape))(layer.name)


def plan_of(source):
    """Return the plan of a network.

    Parameters
    ----------
    source : Source
        The network.

    Returns
    -------
    Plan
        Its parts in the order of its layers.

    Raises
    ------
    FlipconvError
        If a layer, or a node of its graph, cannot be said.
    """
    parts, known, shapes, values = [], {}, {}, {}
    by_row, by_graph = [], []
    bounds = {source.variables[layer]: (0, 1) for layer in source.inputs
              if _users_of_mask(layer, source)}
    for layer in source.layers:
        name = source.names[layer]
        if layer in source.inputs:
            values[layer] = _computable(layer, name, parts, source)
        elif isinstance(layer, InputLayer):  # of a variable that is known
            values[layer] = known[source.variables[layer]]
        else:
            scope = Scope(parts, name, _plain(layer.output_shape),
                          set(source.names.values()), source.trainable)
            before = [values[other] for other in _incoming(layer)]
            start = len(parts)
            row = row_of(layer)
            done = row and row(layer, scope, *before)
            (by_row if done else by_graph).append(name)
            values[layer] = done or Walk(
                scope, known, shapes, layer, bounds).value_of(
                    source.variables[layer])
            _tell_shape(parts, values[layer], _plain(layer.output_shape))
            if source.leaves_alone(layer):
                parts[start:] = map(_untrained, parts[start:])
        known.setdefault(source.variables[layer], values[layer])
        shapes.setdefault(source.variables[layer], _plain(layer.output_shape))
    parts, outputs = _with_own_names(
        parts, [values[layer] for layer in source.outputs],
        [(source.names[layer], source.shape_of(layer))
         for layer in source.outputs])
    return Plan(_inputs(source), _needed(parts, outputs), outputs,
                tuple(by_row), tuple(by_graph),
                type(source.outputs[0]).__name__)


def _computable(layer, name, parts, source):
    """Return an input, cast where it is of integers that no program takes.

    ONNX and PyTorch look up int32 and int64 only.
    """
    dtype = np.dtype(layer.input_var.dtype)
    if dtype.kind == "c":
        raise LeavingError(
            "%s: takes complex numbers; expected floats or integers. Let it "
            "take their real and imaginary parts." % name)
    users = [user for user in source.layers if layer in _incoming(user)]
    if dtype.kind not in "iu" or dtype.name in ("int32", "int64") or users and(
            users == _users_of_mask(layer, source)):
        return name
    return Scope(parts, name, reserved=set(source.names.values())).add(
        "cast", name, suffix="cast", dtype="int64", shape=_plain(layer.shape))


def _needed(parts, outputs):
    """Return the parts that lead to an output, in order."""
    needed, kept = set(outputs), []
    for part in reversed(parts):
        if part.name in needed:
            needed.update(part.inputs)
            kept.append(part)
    return tuple(reversed(kept))


def _plain(shape):
    """Return a shape of Python's numbers."""
    return tuple(None if size is None else int(size) for size in shape)


def _tell_shape(parts, name, shape):
    """Let the part that a layer's output comes from know its shape."""
    if parts and parts[-1].name == name:
        parts[-1] = parts[-1]._replace(shape=shape)


def _untrained(part):
    """Return the part of a layer of which training changes nothing."""
    if set(part.arrays) <= {"mean", "variance"}:  # which is no news
        return part
    return part._replace(options=dict(part.options, trained=False))


def _incoming(layer):
    found = getattr(layer, "input_layers", None)
    if found is None:
        found = [getattr(layer, "input_layer", None)]  # none of an InputLayer
    return found


def _with_own_names(parts, values, shapes):
    """Return parts and outputs so that no output is an input or twice.

    A layer that passes on what it gets, as dropout does, has no part.
    """
    outputs, made = [], {part.name for part in parts}
    for value, (name, shape) in zip(values, shapes):
        if value not in made or value in outputs:
            scope = Scope(parts, name)
            value = scope.add("identity", value, suffix="output",
                              shape=shape)
        outputs.append(value)
        parts = [part._replace(shape=shape) if part.name == value
                 else part for part in parts]
    return parts, tuple(outputs)


def _inputs(source):
    """Return what goes into a network, and which values that may be."""
    return tuple(_input(layer, source) for layer in source.inputs)


def _input(layer, source):
    indices = [user.W.get_value(borrow=True).shape[0]
               for user in source.layers
               if type(user).__name__ == "EmbeddingLayer"
               and layer in get_all_layers(user)]
    dtype = np.dtype(layer.input_var.dtype)
    kind = "mask" if _users_of_mask(layer, source) else (
        "float" if dtype.kind == "f" else "index")
    return Input(source.names[layer], _plain(layer.shape),
                 "float32" if dtype.kind == "f" else dtype.name, kind,
                 min(indices, default=None))


def _users_of_mask(layer, source):
    """Return the layers for which another is the mask."""
    return [user for user in source.layers if _mask_of(user) is layer]


def _mask_of(layer):
    """Return the layer that gives the mask of a recurrent layer, or None."""
    if row_of(layer) not in recurrent.ROWS.values():
        return None
    place = recurrent.incoming_of(layer).get("mask")
    return place and layer.input_layers[place]
