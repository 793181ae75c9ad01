"""Rows of the recurrent layers: one kind of part, by its cell."""
import numpy as np
from lasagne.layers import Layer

from ...layers.backports.common import IS_OLD
from ..errors import LeavingError
from .values import name_of_nonlinearity, value_of

__all__ = ["ROWS", "incoming_of"]

_CELL = ("sigmoid", "tanh", "relu", "identity")


def simple(layer, scope, *inputs):
    """Add a layer that sees its own last output."""
    inner, hidden = layer.input_to_hidden, layer.hidden_to_hidden
    arrays = {"W_in": _value(inner.W, scope), "W_hid": _value(
        hidden.W, scope), "b": _value(inner.b, scope)}
    return _recurrent(layer, scope, inputs, "simple", arrays,
                      (layer.nonlinearity,))


def gru(layer, scope, *inputs):
    """Add a layer with a reset and an update gate."""
    gates = ("resetgate", "updategate", "hidden_update")
    functions = (layer.nonlinearity_resetgate, layer.nonlinearity_updategate,
                 layer.nonlinearity_hid)
    return _recurrent(layer, scope, inputs, "gru",
                      _gated(layer, scope, gates), functions)


def lstm(layer, scope, *inputs):
    """Add a layer with a memory and three gates."""
    gates = ("ingate", "forgetgate", "cell", "outgate")
    arrays = _gated(layer, scope, gates)
    if layer.peepholes:
        arrays["peepholes"] = np.stack([
            _value(getattr(layer, "W_cell_to_" + gate), scope)
            for gate in ("ingate", "forgetgate", "outgate")])
    functions = (layer.nonlinearity_ingate, layer.nonlinearity_forgetgate,
                 layer.nonlinearity_cell, layer.nonlinearity_outgate,
                 layer.nonlinearity)
    return _recurrent(layer, scope, inputs, "lstm", arrays, functions)


def _gated(layer, scope, gates):
    """Return the weights of all gates side by side."""
    def joined(prefix):
        return np.concatenate([_value(getattr(layer, prefix + gate), scope)
                               for gate in gates], axis=-1)

    return {"W_in": joined("W_in_to_"), "W_hid": joined("W_hid_to_"),
            "b": joined("b_")}


def _recurrent(layer, scope, inputs, cell, arrays, functions):
    """Add the part; its further inputs are those that `takes` names."""
    x, *others = inputs
    takes, roles = [], {}
    for role, index in incoming_of(layer).items():
        takes.append(role)
        roles[role] = inputs[index]
    for role in ("hid_init", "cell_init"):
        if hasattr(layer, role) and role not in roles:
            arrays[role] = _state(
                layer, role, scope, arrays["W_hid"].shape[0])
    if len(layer.input_shapes[0]) > 3:
        x = scope.add("flatten_end", x, suffix="flatten", axis=2)
    return scope.add(
        "recurrent", x, *(roles[role] for role in takes), arrays=arrays,
        cell=cell, takes=tuple(takes), functions=_names(functions, scope),
        backwards=bool(layer.backwards), learn_init=bool(layer.learn_init),
        # after the gate's nonlinearity in Lasagne 0.1; our own layer says it
        late_peephole=getattr(layer, "peephole_after", IS_OLD),
        final=bool(getattr(layer, "only_return_final", False)),
        shape=scope.shape)


def _state(layer, role, scope, units):
    """Return an initial state that all examples have."""
    state = _value(getattr(layer, role), scope)
    if state.size != units:
        raise LeavingError(
            "%s: its %s is an expression of shape %r; expected one state for "
            "all examples, (1, %d). Give a state of each example by a layer."
            % (scope.layer, role, state.shape, units))
    return state


def incoming_of(layer):
    """Return the place among the inputs of mask and initial states.

    Parameters
    ----------
    layer : Layer
        A recurrent one.

    Returns
    -------
    dict of str to int
        By ``mask``, ``hid_init`` and ``cell_init``; those that come in.
    """
    if not hasattr(layer, "mask_incoming_index"):  # Lasagne 0.1
        return {"mask": 1} if len(layer.input_layers) > 1 else {}
    found = {"mask": layer.mask_incoming_index,
             "hid_init": layer.hid_init_incoming_index,
             "cell_init": getattr(layer, "cell_init_incoming_index", -1)}
    return {role: index for role, index in found.items() if index > 0}


def _names(functions, scope):
    names = tuple(map(name_of_nonlinearity, functions))
    if not set(names) <= set(_CELL):
        raise LeavingError(
            "%s: has a nonlinearity of its own inside; expected one of %s, "
            "as what is repeated has no graph to take it from."
            % (scope.layer, ", ".join(_CELL)))
    return names


def _value(param, scope):
    assert not isinstance(param, Layer)
    return value_of(param, scope.layer)


ROWS = {"RecurrentLayer": simple, "GRULayer": gru, "LSTMLayer": lstm}
