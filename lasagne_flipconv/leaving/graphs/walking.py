"""Go from an expression back to what is known, and say each node as a part."""
import numpy as np
import theano
from theano.compile import SharedVariable
from theano.gof.graph import Constant, inputs as graph_inputs

from ..errors import LeavingError
from ..record import Part
from .views import is_random, is_view_of_one

__all__ = ["Walk"]


class Walk:
    """Say an expression as parts.

    Parameters
    ----------
    scope : Scope
        Takes the parts.
    known : dict of theano.Variable to str
        What has a name already; what is found is added.
    shapes : dict of theano.Variable to tuple of int or None
        What is known of the shapes of those that have a name.
    layer : Layer, optional
        Whose expression it is, for error texts.
    bounds : dict of theano.Variable to (int, int), optional
        Least and largest of integers that are closer than their type; what
        is found is added.
    """

    def __init__(self, scope, known, shapes=(), layer=None, bounds=None):
        self.scope, self.known = scope, known
        self.shapes, self.lengths = dict(shapes), {}
        self.wanted, self.made = None, {}
        self.bounds = {} if bounds is None else bounds
        self.layer = type(layer).__name__ if layer is not None else "function"

    def value_of(self, variable):
        """Return what stands for a variable.

        Parameters
        ----------
        variable : theano.Variable
            Any node of the graph.

        Returns
        -------
        str or number
            Name of a part or an input; a number where it is always that.

        Raises
        ------
        LeavingError
            If a node has no row.
        """
        if variable not in self.known:
            self.known[variable] = self._found(variable)
        return self.known[variable]

    def _found(self, variable):
        if self.is_fixed(variable):
            return self._constant(variable)
        if variable.owner is None:
            raise LeavingError(
                "%s: depends on %s, which is neither an input of the network "
                "nor a value; expected what the layers below compute. Give it "
                "an InputLayer of its own." % (self.scope.layer, variable))
        from .nodes import rule_of
        rule, self.wanted = rule_of(variable.owner.op), variable
        found = rule and rule(self, variable.owner)
        if found is None:
            raise self.refused(variable.owner)
        return found

    def is_fixed(self, variable):
        """Tell whether a variable has the same value whatever goes in.

        Parameters
        ----------
        variable : theano.Variable
            Any node of the graph.

        Returns
        -------
        bool
            Whether nothing that goes in leads to it.
        """
        return all(isinstance(leaf, (Constant, SharedVariable))
                   for leaf in graph_inputs([variable])
                   ) and not self._is_random(variable)

    def _is_random(self, variable):
        return any(map(is_random, theano.gof.graph.io_toposort(
            [], [variable])))

    def array_of(self, variable):
        """Return the value of a variable that is fixed.

        Parameters
        ----------
        variable : theano.Variable
            See :meth:`is_fixed`.

        Returns
        -------
        numpy.ndarray
            Numbers as float32, integers as they are.

        Raises
        ------
        LeavingError
            If it is not fixed.
        """
        if not self.is_fixed(variable):
            raise LeavingError(
                "%s: %s needs the value of %s before anything goes in; "
                "expected a number. Name the sizes in the input layers, or "
                "use layers that say the same." % (
                    self.scope.layer, self.layer, variable))
        if isinstance(variable, Constant):
            value = variable.data
        elif isinstance(variable, SharedVariable):
            value = variable.get_value()
        else:
            value = theano.function([], variable, mode="FAST_COMPILE")()
        return self._as_computed(np.asarray(value))

    def _as_computed(self, value):
        return value.astype("float32") if value.dtype.kind == "f" else value

    def _constant(self, variable):
        value, trained = self.array_of(variable), self.is_trained(variable)
        if value.ndim == 0 and not trained:
            return value.item()
        name = str(getattr(variable, "name", None) or "constant")
        return self.scope.constant(value, name.rpartition(".")[2], trained)

    def is_trained(self, variable):
        """Tell whether a variable is to be trained as it is.

        Parameters
        ----------
        variable : theano.Variable
            See :meth:`is_fixed`.

        Returns
        -------
        bool
            Whether it is a parameter that training changes, its axes in any
            order. What is computed of one, as by a mask, would lose that.
        """
        return is_view_of_one(variable) and any(
            leaf in self.scope.trainable for leaf in graph_inputs([variable]))

    def part_of(self, value):
        """Return the part that a value comes from.

        Parameters
        ----------
        value : str or number
            As :meth:`value_of` returns it.

        Returns
        -------
        Part
            Of no kind for an input, and for a number.
        """
        return next((part for part in reversed(self.scope.parts)
                     if part.name == value),
                    Part("", value, (), {}, {}, "", None))

    def refused(self, node):
        """Return the error for a node that has no row.

        Parameters
        ----------
        node : theano.Apply
            The node.

        Returns
        -------
        LeavingError
            To be raised.
        """
        return LeavingError(
            "%s: %s computes with Theano's %s, which has no counterpart in "
            "the table; expected elementwise functions, reductions, "
            "products, pooling, convolutions and changes of shape. Replace "
            "the layer by layers that say the same."
            % (self.scope.layer, self.layer, node.op))

    def add(self, kind, *inputs, **options):
        """Add a part, unless the same is there.

        Parameters
        ----------
        kind : str
            What it does.
        *inputs : str or number
            What goes in.
        **options : object
            As for :meth:`Scope.add`.

        Returns
        -------
        str
            Its name.
        """
        key = repr((kind, inputs, sorted(options.items())))
        if "arrays" in options or key not in self.made:
            options.setdefault("suffix", kind)
            self.made[key] = self.scope.add(kind, *inputs, **options)
        return self.made[key]
