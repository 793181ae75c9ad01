"""A graph as a list of steps over values, each in the place it is wanted in.

A value is in one of three places: "raw", as Theano has it, an array of NumPy
or whatever object; on the "device", a tensor; or on the "host", an int or a
tuple of them, as shapes are. Where a step wants it elsewhere, a step before
brings it there, once.
"""
from types import SimpleNamespace

import numpy as np
from theano.gof import Constant
from theano.ifelse import IfElse

from .choices import on_demand
from .devices import download, filled, number, upload
from .fallback import Fallback, in_groups
from .host import host_function, is_small, runs_on_host
from .rows.table import Untranslated, row_of

__all__ = ["Program", "as_typed"]


class Program:
    """The steps of a graph.

    Parameters
    ----------
    graph : theano.gof.FunctionGraph
        The graph, optimized.
    device : torch.device
        Where to compute.
    inputs, outputs : list of str
        In which place each input comes, and each output is wanted.
    whole : bool, default False
        Whether to leave no node to Theano.

    Attributes
    ----------
    untranslated : list of tuple
        The nodes that are left to Theano, and why.
    left : dict
        For each of these, the `Fallback` that computes it.
    nodes : list of theano.gof.Apply
        The node of each step, for errors.
    given : list of list or None
        What the step that failed was given, for errors.
    told, asked : set of theano.Variable
        What the host is told of the inputs, and what it asks the device for.

    Raises
    ------
    Untranslated
        If a node is left to Theano that must not be.
    """

    def __init__(self, graph, device, inputs, outputs, whole=False):
        self.device, self.untranslated, self.left = device, [], {}
        self.told, self.asked = set(), set()
        self.given = None
        self._slots, self._start, self._steps = {}, [], []
        self._choices = set()
        self._place = dict(zip(graph.inputs, inputs))
        self._inputs = [self._slot(v, p) for v, p in self._place.items()]
        functions = self._translated(graph)
        if whole and self.untranslated:
            raise Untranslated("; ".join(dict.fromkeys(
                reason for _, reason in self.untranslated)))
        order = graph.toposort()
        chooses = any(isinstance(node.op, IfElse) for node in order)
        for part in in_groups(order, functions, joined=not chooses):
            self._add(part)
        self._outputs = [self._at(v, p) for v, p in zip(
            graph.outputs, outputs)]
        self.nodes = self._told()
        self._forget()

    def __call__(self, values):
        """Compute the outputs.

        Parameters
        ----------
        values : list
            The inputs, in their places.

        Returns
        -------
        list
            The outputs, in theirs.
        """
        slots = self._start[:]
        for i, value in zip(self._inputs, values):
            slots[i] = value
        try:
            for position in self._due(slots):
                self.position = position
                self._run[position](slots)
        except Exception:
            self.given = [[_shown(slots[i])] for i in self._read[
                self.position]]
            raise
        return [slots[i] for i in self._outputs]

    def _translated(self, graph):
        """Return the function of each node, where there is one."""
        found = {}
        for node in graph.toposort():
            on_host = runs_on_host(node, self._is_here)
            place = "host" if on_host else "device"
            try:
                found[node] = host_function(node) if on_host else (
                    row_of(node).build(node.op, node, self.device))
            except Untranslated as reason:
                self.untranslated.append((node, str(reason)))
                place = "raw"
            self._place.update((v, place) for v in node.outputs)
        return found

    def _is_here(self, variable):
        if isinstance(variable, Constant):
            return is_small(variable) or variable.type.ndim == 0 and (
                not hasattr(variable.type, "broadcastable"))
        place = self._place[variable]
        return place == "host" or (
            place == "raw" and variable.owner is None
            and is_small(variable) and variable.ndim == 0)

    def _add(self, part):
        """Add a step for a node, or for several that are left to Theano."""
        if isinstance(part, Fallback):
            read = [self._at(v, "raw") for v in part.inputs]
            write = [self._slot(v, "raw") for v in part.outputs]
            self._steps.append((part, read, write, part.nodes[0], True))
            self.left.update((node, part) for node in part.nodes)
            return
        node, function = part
        place = self._place[node.outputs[0]]
        read = [self._at(v, p) for v, p in zip(node.inputs, self._wanted(
            node, place))]
        write = [self._slot(v, place) for v in node.outputs]
        if isinstance(node.op, IfElse):
            self._choices.add(len(self._steps))
        self._steps.append((function, read, write, node,
                            len(node.outputs) > 1))

    def _wanted(self, node, place):
        """Return the place in which a node wants each operand."""
        if place == "host":
            asks = type(node.op).__name__ in ("Shape", "Shape_i")
            return [self._place.get(v, "raw") if asks else "host"
                    for v in node.inputs]
        host = set(row_of(node).host(node))
        return ["host" if i in host else "raw" if not hasattr(
            v.type, "dtype") else "device" for i, v in enumerate(node.inputs)]

    def _slot(self, variable, place):
        """Return where a variable is kept in a place, made if need be."""
        key = variable, place
        if key not in self._slots:
            self._slots[key] = len(self._start)
            self._start.append(None)
        return self._slots[key]

    def _at(self, variable, place):
        """Return where a variable is, after what brings it there."""
        if (variable, place) in self._slots:
            return self._slots[variable, place]
        if isinstance(variable, Constant):
            slot = self._slot(variable, place)
            self._start[slot] = variable.data if place == "raw" else bring(
                variable, "raw", place, self.device)(variable.data)
            return slot
        known = self._place[variable]
        if place == "host":
            (self.told if known == "raw" else self.asked).add(variable)
        source, slot = self._at(variable, known), self._slot(variable, place)
        self._steps.append((bring(variable, known, place, self.device),
                            [source], [slot], variable.owner, False))
        return slot

    def _told(self):
        """Return the node of each step; of what is brought, who wants it."""
        found = []
        for step in self._steps[::-1]:
            found.append(step[3] or (found[-1] if found else None))
        return found[::-1]

    def _forget(self):
        """Let each step drop what no later one reads."""
        last = {}
        for i, (_, read, write, _, _) in enumerate(self._steps):
            last.update((slot, i) for slot in read + write)
        kept = {i for i, v in enumerate(self._start) if v is not None}
        kept.update(self._outputs)
        dead = [[] for _ in self._steps]
        for slot, i in last.items():
            if slot not in kept and not self._choices:
                dead[i].append(slot)
        self._run = [_step(*step[:3], step[4], gone) for step, gone in zip(
            self._steps, dead)]
        self._read = [step[1] for step in self._steps]
        self._due = self._in_order() if not self._choices else on_demand(
            [step[1:3] for step in self._steps], self._choices, self._outputs)
        del self._slots, self._steps

    def _in_order(self):
        places = range(len(self._run))
        return lambda slots: places


def bring(variable, source, place, device):
    """Return the function that brings a value from one place to another.

    Parameters
    ----------
    variable : theano.Variable
        Whose value it is.
    source, place : str
        From where and whereto: 'raw', 'device' or 'host'.
    device : torch.device
        The device.

    Returns
    -------
    callable
        From the value there to the value here.
    """
    dtype = variable.type.dtype
    scalar = not hasattr(variable.type, "broadcastable")
    make = np.dtype(dtype).type if scalar else np.asarray
    return {
        ("raw", "device"): lambda x: upload(
            as_typed(variable, x), device,
            share=not isinstance(variable, Constant)),
        ("raw", "host"): lambda x: _plain(as_typed(variable, x)),
        ("host", "raw"): lambda x: make(x) if scalar else make(x, dtype),
        ("host", "device"): lambda x: filled(x, dtype, device),
        ("device", "host"): number, ("device", "raw"): download,
    }[source, place]


def _shown(value):
    """Return what an error tells of a value: a few numbers, or their shape."""
    if not hasattr(value, "stride"):  # no tensor
        return np.asarray(value) if type(value) in (int, tuple) else value
    if value.device.type == "cpu" and value.numel() <= _FEW:
        return value.numpy().copy()
    strides = tuple(n * value.element_size() for n in value.stride())
    return SimpleNamespace(shape=tuple(value.shape), strides=strides,
                           size=float("inf"))


#: Theano shows no more numbers than these.
_FEW = 5


def as_typed(variable, value):
    """Return a value as an array, which has to be of the variable's type.

    It may not be with `trust_input`, or from an Op whose result is wider.
    Theano's C code refuses it too.

    Parameters
    ----------
    variable : theano.Variable
        Whose value it is.
    value : object
        The value.

    Returns
    -------
    numpy.ndarray
        The same.

    Raises
    ------
    TypeError
        If its elements are of another type.
    ValueError
        If it has another number of axes, or is no array at all.
    """
    if value is None:
        raise ValueError("%s: None; expected an array" % variable)
    array, dtype = np.asarray(value), variable.type.dtype
    ndim = getattr(variable, "ndim", 0)
    if array.dtype.name != dtype or array.ndim != ndim:
        other = isinstance(value, np.ndarray) and array.dtype.name != dtype
        kind = TypeError if other else ValueError
        raise kind("%s: an array of %s with %d axes; expected %s with %d" % (
            variable, array.dtype, array.ndim, dtype, ndim))
    return array


def _plain(array):
    value = array.tolist()
    return tuple(value) if isinstance(value, list) else value


def _step(function, read, write, several, dead):
    """Return a function that takes one step over the list of values."""
    if not several and len(read) == 1 and not dead:
        (a,), (b,) = read, write

        def one(slots):
            slots[b] = function(slots[a])
        return one
    if not several and len(read) == 2:
        (a, c), (b,) = read, write

        def two(slots):
            slots[b] = function(slots[a], slots[c])
            for i in dead:
                slots[i] = None
        return two
    return _any_step(function, read, write, several, dead)


def _any_step(function, read, write, several, dead):
    def step(slots):
        found = function(*[slots[i] for i in read])
        for i, value in zip(write, found if several else (found,)):
            slots[i] = value
        for i in dead:
            slots[i] = None
    return step

