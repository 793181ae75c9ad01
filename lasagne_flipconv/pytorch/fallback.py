"""What has no row stays with Theano: functions of its ordinary mode."""
import copy
import time

from theano.compile import In
from theano.gof import Constant
from theano.scan_module.scan_op import Scan

from . import ordinary

__all__ = ["Fallback", "in_groups"]


class Fallback:
    """Neighbouring nodes without rows, as one function of Theano's.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        The nodes, in an order to compute them in.
    wanted : set of theano.Variable
        What others read of them, or the graph returns.

    Attributes
    ----------
    inputs, outputs : list of theano.Variable
        What is given, and what comes back.
    calls, seconds : int, float
        How often they were computed, and what that took in all.
    """

    def __init__(self, nodes, wanted):
        self.nodes, self.calls, self.seconds = nodes, 0, 0.0
        made = [v for node in nodes for v in node.outputs]
        self.inputs = list(dict.fromkeys(
            v for node in nodes for v in node.inputs
            if v not in made and not isinstance(v, Constant)))
        self.outputs = [v for v in made if v in wanted]
        self._function = self._compiled()

    def __call__(self, *values):
        """Compute the outputs from arrays of NumPy, left as they are."""
        start = time.perf_counter()
        try:
            return self._function(*values)
        finally:
            self.calls += 1
            self.seconds += time.perf_counter() - start

    def _compiled(self):
        places = {v: v.type() for v in self.inputs}
        given = list(places.values())
        for node in self.nodes:
            new = node.clone_with_new_inputs(
                [places.get(v, v) for v in node.inputs], strict=False)
            new.op = _ordinary(new.op)
            places.update(zip(node.outputs, new.outputs))
        destroys = any(getattr(n.op, "destroy_map", None) for n in self.nodes)
        function = ordinary.function(
            [In(v, mutable=destroys) for v in given],
            [places[v] for v in self.outputs])
        if not destroys:
            return function
        return lambda *values: function(*map(copy.deepcopy, values))


def _ordinary(op):
    """Return a loop whose inner function is Theano's own."""
    if isinstance(op, Scan):
        op = copy.copy(op)
        op.mode_instance = ordinary.mode().clone(
            link_kwargs={"allow_gc": op.allow_gc})
    return op


def in_groups(order, functions, joined=True):
    """Iterate over nodes with their functions, and over groups without.

    What has a function comes as early as it can, so that few groups remain.

    Parameters
    ----------
    order : list of theano.gof.Apply
        All nodes, in an order to compute them in.
    functions : dict
        The function of each node that has one.
    joined : bool, default True
        Whether neighbours without make one group, not one each.

    Yields
    ------
    tuple or Fallback
        A node and its function, or what is left to Theano.
    """
    if not joined or len(functions) == len(order):
        for node in order:
            yield (node, functions[node]) if node in functions else Fallback(
                [node], _read_beyond([node]))
        return
    done, left = set(), list(order)
    while left:
        ready, rest = _ready(left, done, lambda node: node in functions)
        yield from ((node, functions[node]) for node in ready)
        group, left = _ready(rest, done, lambda node: node not in functions)
        if group:
            yield Fallback(group, _read_beyond(group))


def _ready(nodes, done, chosen):
    """Return those that can be computed now, one after the other, and others.
    """
    now, later = [], []
    for node in nodes:
        if chosen(node) and all(v.owner is None or v.owner in done
                                for v in node.inputs):
            now.append(node)
            done.add(node)
        else:
            later.append(node)
    return now, later


def _read_beyond(group):
    """Return what is read outside of a group of nodes."""
    inside = set(group)
    return {v for node in group for v in node.outputs
            if any(client == "output" or client not in inside
                   for client, _ in v.clients)}

