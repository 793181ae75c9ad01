"""Gradients, found where `theano.grad` gives them.

A gradient for a parameter gets a mark: an Op that does nothing. Where a
function is made of it, all marks of one depth become one Average, which sends
them in one message. What follows in the graph, clipping by norm as well, sees
the gradient of the whole batch.
"""
import functools
import sys

import theano
from theano.compile import SharedVariable
from theano.gof import Apply, Constant, Op
from theano.gof.graph import inputs as leaves_of
from theano.tensor import TensorType

from ..errors import FlipconvError
from .processes.ranks import current

__all__ = ["Average", "Mark", "hook"]


class Mark(Op):
    """Mark a value that has to be averaged over the ranks.

    Parameters
    ----------
    number : int
        The same on all ranks.
    update_of : str or None
        The shared variable whose new value it is; None for a gradient.
    """

    __props__ = ("number",)
    view_map = {0: [0]}

    def __init__(self, number, update_of=None):
        self.number, self.update_of = number, update_of

    def make_node(self, x):
        """Take one value, give one of its type."""
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        """Pass a test value on; else there should be an Average here."""
        if theano.config.compute_test_value == "off":
            raise _outside()
        outputs[0][0] = inputs[0]

    def do_constant_folding(self, node):
        """Tell Theano to leave it in place."""
        return False

    def infer_shape(self, node, shapes):
        """Return the shape of the operand."""
        return shapes

    def L_op(self, inputs, outputs, gradients):
        """Average, too: each rank knows its own part of the gradient."""
        return [mark(gradients[0])]


class Average(Op):
    """Average values over all ranks, in one message.

    Parameters
    ----------
    chained : bool, default False
        Whether the last operand is one of another Average, which comes
        first on all ranks.
    """

    __props__ = ("chained",)

    def __init__(self, chained=False):
        self.chained = chained

    def make_node(self, *values):
        """Take any number of values, give as many of the same types."""
        kept = values[:len(values) - self.chained]
        return Apply(self, list(values), [v.type() for v in kept])

    def perform(self, node, inputs, outputs):
        """Average over the ranks, or copy where one computes alone."""
        ranks = current()
        if ranks is None or ranks.stage is None:
            raise _outside()
        inputs = inputs[:len(outputs)]
        alone = ranks.stage == "alone"
        found = [x.copy() for x in inputs] if alone else ranks.average(inputs)
        for output, value in zip(outputs, found):
            output[0] = value

    def do_constant_folding(self, node):
        """Tell Theano to leave it in place."""
        return False

    def infer_shape(self, node, shapes):
        """Return the shapes of the operands."""
        return shapes[:len(node.outputs)]


def _outside():
    return FlipconvError(
        "--data-parallel: a gradient is computed where it cannot be averaged: "
        "within a loop of theano.scan, in a copy of a function, or by its "
        "machine f.fn; expected a call of what theano.function returned. "
        "Call that, or run the script in one process.")


def mark(value, update_of=None):
    """Return a value that is averaged over the ranks, wherever it is used.

    Parameters
    ----------
    value : theano.Variable
        A tensor of floats; others are returned as they are.
    update_of : str, optional
        The shared variable whose new value it is, for errors.

    Returns
    -------
    theano.Variable
        Of the same type and name.
    """
    kind = getattr(value, "type", None)
    if not isinstance(kind, TensorType) or "float" not in kind.dtype:
        return value
    marked = Mark(next(current().numbers), update_of)(value)
    marked.name = value.name
    return marked


def hook():
    """Let `theano.grad` mark the gradients that it gives, from now on."""
    stock = theano.gradient.grad

    @functools.wraps(stock)
    def grad(cost, wrt, *args, **kwargs):
        found = stock(cost, wrt, *args, **kwargs)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if current() is None or caller.split(".")[0] == "theano":
            return found
        if not isinstance(wrt, (list, tuple)):
            return mark(found) if is_parameter(wrt) else found
        return type(found)(mark(g) if is_parameter(w) else g
                           for g, w in zip(found, wrt))

    for module in (theano, theano.gradient, theano.tensor):
        module.grad = grad


def is_parameter(variable):
    """Tell whether a value is the same on all ranks: of no batch.

    Parameters
    ----------
    variable : theano.Variable
        For which there is a gradient.

    Returns
    -------
    bool
        True if it follows from shared variables and constants alone.
    """
    leaves = leaves_of([variable])
    return any(isinstance(v, SharedVariable) for v in leaves) and all(
        isinstance(v, (SharedVariable, Constant)) for v in leaves)
