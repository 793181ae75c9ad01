"""The linker: what makes a function of an optimized graph."""
import os
import re
from types import SimpleNamespace

import torch
from theano.compile.mode import Mode
from theano.gof.link import Container, LocalLinker, map_storage
from theano.scalar import basic
from theano.tensor.elemwise import Elemwise

from . import loops  # noqa: F401  adds its row
from .cells import Cell
from .compiled import Compiled
from .devices import TOTAL, TorchError, check_device, download
from .program import Program
from .report import lines
from .rewrites import QUERY, RANDOM, scaled
from .rows.table import TYPES

__all__ = ["TorchLinker", "torch_mode"]

#: Functions whose result is memory of its own, not that of an operand.
_FRESH = (basic.Sub, basic.TrueDiv, basic.Sqr, basic.Sqrt, basic.Neg,
          basic.Switch, basic.Clip, scaled.AddScaled, scaled.SubtractScaled)


#: Whether PyTorch computed in this process, so may have threads.
_state = {"computed": False}


def _with_one_thread():
    """Let a forked process compute alone: OpenMP waits for lost threads."""
    if _state["computed"]:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_with_one_thread)


def torch_mode(device="cpu", random="theano", compile=False):
    """Return a mode of `theano.function` that computes with PyTorch.

    Parameters
    ----------
    device : str, default 'cpu'
        Where: 'cpu', 'cuda', 'cuda:1'.
    random : {'theano', 'torch'}
        Whose numbers MRG streams draw, so dropout: Theano's, bit for bit, or
        others of PyTorch's generator, which is faster on a GPU.
    compile : bool, default False
        Whether to let inductor compile functions for shapes that come three
        times in succession: that takes from half a minute to minutes.

    Returns
    -------
    theano.compile.Mode
        The mode.

    Raises
    ------
    TorchError
        If the device cannot be used, or there are no such numbers.

    Examples
    --------
    >>> import theano, theano.tensor as T
    >>> x = T.fvector()
    >>> f = theano.function([x], 2 * x, mode=torch_mode("cpu"))
    >>> f([1, 2]).tolist()
    [2.0, 4.0]
    """
    if random not in RANDOM:
        raise TorchError("random: %r is none; expected 'theano', or 'torch' "
                         "for other numbers of PyTorch's." % (random,))
    return Mode(TorchLinker(str(check_device(device)), compiled=compile),
                QUERY.including(*RANDOM[random]))


class TorchLinker(LocalLinker):
    """Make functions that compute with PyTorch.

    Parameters
    ----------
    device : str
        Where.
    allow_gc : bool, default True
        As other linkers have it; memory is always given back.
    compiled : bool, default False
        Whether inductor compiles what it can.
    """

    def __init__(self, device="cpu", allow_gc=True, compiled=False):
        self.device, self.allow_gc = device, allow_gc
        self.compiled = compiled
        self.fgraph, self._updated = None, {}

    def accept(self, fgraph, no_recycling=None, profile=None):
        """Return a linker for a graph: this one, or another like it."""
        if self.fgraph is not None and self.fgraph is not fgraph:
            return type(self)(self.device, self.allow_gc,
                              self.compiled).accept(fgraph)
        self.fgraph = fgraph
        return self

    def accept_var_updates(self, updated):
        """Be told which input is set to which output at the end."""
        self._updated = updated

    def make_all(self, input_storage=None, output_storage=None,
                 storage_map=None):
        """Return the function, its inputs and outputs, as all linkers do."""
        graph = self.fgraph
        inputs, outputs, _ = map_storage(
            graph, graph.toposort(), input_storage, output_storage,
            storage_map)
        updates = _updates(graph, self._updated)
        _one_after_another(graph, inputs, updates)
        run = Run(graph, self.device, inputs, outputs, updates, self.compiled)
        return (run, [Container(v, s) for v, s in zip(graph.inputs, inputs)],
                [Container(v, s, True) for v, s in zip(graph.outputs,
                                                       outputs)], [], [])


def _updates(graph, updated):
    """Return the number of the output that each updated input is set to.

    Updates are the last outputs, in the order of the inputs.
    """
    changed = [i for i, v in enumerate(graph.inputs) if v in updated]
    first = len(graph.outputs) - len(changed)
    return {first + n: i for n, i in enumerate(changed)}


def _one_after_another(graph, inputs, updates):
    """Let several updates of one value follow each other.

    A batch normalization that a graph computes twice updates its statistics
    through two variables of one storage. Theano computes them in place, so
    that each goes on from the one before.
    """
    last = {}
    for i, target in updates.items():
        before = last.get(id(inputs[target]))
        if before is not None:
            graph.change_input("output", i, _put_in(
                graph, graph.outputs[i], graph.inputs[target], before))
        last[id(inputs[target])] = graph.outputs[i]


def _put_in(graph, output, old, new):
    """Return an output of a graph, computed from `new` instead of `old`."""
    found = {old: new}
    for node in graph.toposort():
        if any(v in found for v in node.inputs):
            copy = node.clone_with_new_inputs(
                [found.get(v, v) for v in node.inputs])
            found.update(zip(node.outputs, copy.outputs))
    return found.get(output, output)


class Run:
    """One function: bring in, compute, take out, set what is updated.

    Parameters
    ----------
    graph : theano.gof.FunctionGraph
        What to compute.
    device : str
        Where.
    inputs, outputs : list of list
        The storage of each input and output.
    updates : dict of int to int
        Which output is the new value of which input.
    compiled : bool, default False
        Whether inductor compiles it for shapes that come often.
    """

    need_update_inputs = False  # that is done here
    allow_gc = True  # results are cleared by who called
    #: Bytes that the last call moved to the device and from it.
    moved = (0, 0)

    def __init__(self, graph, device, inputs, outputs, updates,
                 compiled=False):
        self.device, self.graph = check_device(device), graph
        self.inputs, self.updates = inputs, updates
        places = ["device" if isinstance(s, Cell) else "raw" for s in inputs]
        self._places = [places[updates[i]] if i in updates else "raw"
                       for i in range(len(outputs))]
        self.program = Program(graph, self.device, places, self._places)
        self.compiled = compiled and Compiled(graph, self.program, inputs)
        # an input that is given back has its storage for both
        self.outputs = [storage if v.owner else [None] for v, storage in zip(
            graph.outputs, outputs)]
        self.copied = [not _is_fresh(v, graph) for v in graph.outputs]
        self.storage_map = dict(zip(graph.inputs, inputs))

    @property
    def nodes(self):
        """The node of each step, for errors."""
        return self.program.nodes

    @property
    def position_of_error(self):
        """The number of the step that failed."""
        return self.program.position

    @property
    def thunks(self):
        """By the number of the step that failed, its operands, for errors."""
        given, position = self.program.given, self.position_of_error
        known = given and len(given) == len(self.nodes[position].inputs)
        return {position: SimpleNamespace(inputs=given) if known else None}

    def __call__(self, output_subset=None):
        """Compute; nothing is set unless all could be computed."""
        before = TOTAL.up, TOTAL.down
        _state["computed"] = True
        self.program.position, self.program.given = 0, None
        try:
            outputs = self._computed()
        except torch.cuda.OutOfMemoryError as error:
            raise TorchError(
                "device: %s has no memory left (%s); nothing was updated. Use "
                "a smaller batch; nvidia-smi tells what else is on the card."
                % (self.device, str(error).splitlines()[0])) from error
        except RuntimeError as error:
            if not self._refused(error):
                raise
            raise _as_theano(error) from error
        for i, target in self.updates.items():
            storage = self.inputs[target]
            if isinstance(storage, Cell):
                storage.put(outputs[i])
            else:
                storage[0] = outputs[i]
            outputs[i] = None
        for storage, value in zip(self.outputs, outputs):
            storage[0] = value  # for whom calls this alone, as MRG does
        self.moved = TOTAL.up - before[0], TOTAL.down - before[1]
        return outputs

    def _computed(self):
        """Return the outputs, each nobody else's."""
        values = [s.on_device(self.device) if isinstance(s, Cell) else s[0]
                  for s in self.inputs]
        outputs = self.compiled and self.compiled(values)
        if outputs:
            return [value if place == "device" else download(value)
                    for place, value in zip(self._places, outputs)]
        outputs = self.program(values)
        return [_copy(value) if copied else value
                for value, copied in zip(outputs, self.copied)]

    def _refused(self, error):
        """Tell whether PyTorch did not take the operands of a step."""
        return (type(error) is RuntimeError
                and self.nodes[self.position_of_error]
                not in self.program.left
                and not _OF_THE_CARD.search(str(error)))

    def lines(self):
        """Return what the report says of this function, line by line."""
        return lines(self)


#: What the driver of a card and its libraries say when they fail.
_OF_THE_CARD = re.compile("cuda|cublas|cudnn", re.IGNORECASE)


#: What PyTorch says → the class that Theano raises there; else ValueError.
_CLASSES = {"can't allocate memory": MemoryError,
            "ZeroDivisionError": ZeroDivisionError}


def _as_theano(error):
    """Return an error of PyTorch in the class that Theano raises there."""
    return next((kind for said, kind in _CLASSES.items()
                 if said in str(error)), ValueError)(str(error))


def _copy(value):
    """Return a value that is nobody else's."""
    if hasattr(value, "clone"):
        return value.clone()
    return value.copy() if hasattr(value, "copy") else value


def _is_fresh(variable, graph):
    """Tell whether an output is surely no memory of another value."""
    node = variable.owner
    if node is None or graph.outputs.count(variable) > 1:
        return False
    if type(node.op) is not Elemwise or variable.ndim == 0:
        return False
    kind = type(node.op.scalar_op)
    return variable.dtype in TYPES and (kind in _FRESH or (
        kind in (basic.Add, basic.Mul) and len(node.inputs) > 1))
