"""Arithmetic, element by element."""
import torch
from theano.scalar import Composite, Constant
from theano.tensor.elemwise import Elemwise

from .scalars import scalar_function
from .table import TYPES, row

__all__ = ["elemwise"]


@row(Elemwise)
def elemwise(op, node, device):
    """Compute a scalar function for each element, all shapes being equal.

    PyTorch would repeat an axis of length one wherever it meets another;
    Theano only those that are known to be of length one, else it raises.
    """
    function = _scalar(op.scalar_op, [v.dtype for v in node.inputs],
                       [v.dtype for v in node.outputs], device)
    checks = [(i, _fixed(v)) for i, v in enumerate(node.inputs)]
    checks = [(i, axes) for i, axes in checks if axes]
    if len(node.inputs) < 2 or not checks:
        return function
    return _checked(function, checks, len(node.outputs))


def _fixed(variable):
    """Return the axes that are not known to be of length one."""
    return [axis for axis, one in enumerate(variable.broadcastable)
            if not one]


def _checked(function, checks, n_outputs):
    """Return a function that raises where Theano would for the shapes."""
    def checked(*operands):
        result = function(*operands)
        shape = (result[0] if n_outputs > 1 else result).shape
        for i, axes in checks:
            other = operands[i].shape
            if other != shape and any(other[a] != shape[a] for a in axes):
                raise ValueError(_MISMATCH % ", ".join(
                    str(tuple(x.shape)) for x in operands))
        return result
    return checked


_MISMATCH = ("Input dimension mis-match: shapes %s; expected equal lengths, "
             "or 1 on axes that are broadcastable")


def _scalar(op, inputs, outputs, device):
    if type(op) is Composite:
        return _composite(op, device)
    return scalar_function(op, inputs, outputs[0])


def _composite(op, device):
    """Return a function that computes the nodes of a fused one in turn."""
    graph = op.fgraph
    place = {v: i for i, v in enumerate(graph.inputs)}
    constants, steps = [], []
    for node in graph.toposort():
        for v in node.inputs:
            if isinstance(v, Constant) and v not in place:
                place[v] = len(place)
                constants.append((place[v], torch.tensor(
                    v.data, dtype=TYPES[v.dtype], device=device)))
        function = _scalar(node.op, [v.dtype for v in node.inputs],
                           [v.dtype for v in node.outputs], device)
        place[node.outputs[0]] = len(place)
        steps.append((function, [place[v] for v in node.inputs],
                      place[node.outputs[0]]))
    results = [place[v] for v in graph.outputs]
    return _in_turn(len(place), constants, steps, results)


def _in_turn(size, constants, steps, results):
    def compute(*operands):
        values = list(operands) + [None] * (size - len(operands))
        for i, value in constants:
            values[i] = value
        for function, read, write in steps:
            values[write] = function(*[values[i] for i in read])
        found = tuple(values[i] for i in results)
        return found if len(found) > 1 else found[0]
    return compute
