"""A function compiled by PyTorch's inductor, for shapes that come often.

All steps are recorded once with the values of a call, so with its shapes, and
inductor makes a few kernels of them. Its first results are compared with those
of the steps themselves, and it is left where they differ.
"""
import time
import warnings

import numpy as np
import torch
from theano.ifelse import IfElse
from theano.scan_module.scan_op import Scan

from .cells import Cell
from .devices import TorchError, upload
from .program import Program, as_typed
from .rewrites.drawing import Uniform
from .rows.table import TYPES

__all__ = ["AFTER", "MOST", "Compiled"]

#: How often shapes have to come in succession; an odd last batch never does.
AFTER = 3

#: For how many shapes a function is compiled; for others it stays as it is.
MOST = 8

#: How far results may differ, of the length of the vector of all: gradients
#: jump where rounding takes a value over the corner of a rectifier.
_ALLOWED = {torch.float32: 1e-2, torch.float64: 1e-6}

#: ... or of how far they move if all inputs are changed by this much.
_CHANGE, _TIMES = {torch.float32: 1e-6, torch.float64: 1e-14}, 100


class Compiled:
    """What inductor makes of a function.

    Parameters
    ----------
    graph : theano.gof.FunctionGraph
        What to compute.
    plain : Program
        Its steps, as they are taken without this.
    inputs : list of list
        The storage of each input.

    Attributes
    ----------
    reason : str or None
        Why nothing is compiled; None as long as something may be.
    seconds : list of float
        What compiling took for each of the shapes.
    """

    def __init__(self, graph, plain, inputs):
        self.reason, self.seconds = _why_not(graph, plain), []
        self._known, self._last, self._times = {}, None, 0
        if self.reason:
            return
        self._device, self._inputs = plain.device, graph.inputs
        self._raw = [not isinstance(storage, Cell) and (
            v in plain.told or getattr(v.type, "dtype", None) not in TYPES
            or not hasattr(v.type, "broadcastable"))
            for v, storage in zip(graph.inputs, inputs)]
        self._program = Program(
            graph, plain.device,
            ["raw" if raw else "device" for raw in self._raw],
            ["device"] * len(graph.outputs))
        if self._program.asked:
            self.reason = "a value that it computes decides on a shape"

    def __call__(self, values):
        """Compute the outputs, if these shapes are compiled or due.

        Parameters
        ----------
        values : list
            The inputs, as the function has them.

        Returns
        -------
        list of torch.Tensor or None
            Each memory of its own, on the device. None if the steps have to
            be taken, also where an operand is refused, as they say why.
        """
        if self.reason:
            return None
        key = tuple(map(_key, values, self._raw))
        self._times = self._times + 1 if key == self._last else 1
        self._last = key
        if key not in self._known and (
                self._times < AFTER or len(self._known) == MOST):
            return None
        try:
            tensors = [value if isinstance(value, torch.Tensor) else upload(
                as_typed(variable, value), self._device, share=True)
                for variable, value, raw in zip(
                    self._inputs, values, self._raw) if not raw]
        except (TypeError, ValueError):
            return None
        plain = self._with(values)
        try:
            if key not in self._known:
                self._known[key] = self._made(plain, tensors)
            return _owned(self._known[key](*tensors), tensors)
        except torch.cuda.OutOfMemoryError:
            raise
        except Exception as error:  # of a compiler, of whatever class
            self._failed(error, plain, tensors)
            return None

    def _made(self, plain, tensors):
        """Return the function for the shapes of a call, or raise."""
        from torch._inductor import compile as inductor
        from torch.fx.experimental.proxy_tensor import make_fx
        start = time.perf_counter()
        with torch.no_grad():
            function = inductor(make_fx(plain)(*tensors), tensors, options={
                "triton.cudagraphs": self._device.type == "cuda"})
            found = function(*tensors)
        self.seconds.append(time.perf_counter() - start)
        if not all(map(_agree, found, plain(*tensors),
                       plain(*map(_changed, tensors)))):
            raise TorchError("it computes something else than the steps; "
                             "please report it")
        return function

    def _failed(self, error, plain, tensors):
        """Take the steps from now on, unless it is they that fail."""
        try:
            plain(*tensors)
        except Exception:  # which is raised where the steps are taken
            return
        self.reason = "inductor cannot compile it (%s: %.200s)" % (
            type(error).__name__, str(error).strip().split("\n")[0])
        warnings.warn("engine: a function is computed step by step, though "
                      "compile=True was asked for: %s." % self.reason,
                      RuntimeWarning, stacklevel=2)

    def _with(self, values):
        """Return the steps as a function of the tensors among the inputs."""
        def plain(*tensors):
            left = iter(tensors)
            return tuple(self._program([
                value if raw else next(left)
                for value, raw in zip(values, self._raw)]))
        return plain


def _why_not(graph, plain):
    """Return why a function cannot be compiled, if it is plain to see."""
    kinds = {type(node.op) for node in graph.apply_nodes}
    return ("a part of it is left to Theano" if plain.untranslated
            else "it has a loop" if Scan in kinds
            else "it chooses by a condition" if IfElse in kinds
            else "it draws random numbers of PyTorch's" if Uniform in kinds
            else None)


def _key(value, raw):
    """Return what a compiled function is for: layouts, and values of numbers.
    """
    if isinstance(value, torch.Tensor):
        return value.shape, value.stride()
    value = np.asarray(value)
    if raw:
        return value.shape, value.tobytes()
    # what cannot be written into is copied, in another layout
    return value.shape, value.strides, value.flags.writeable


def _owned(outputs, inputs):
    """Return outputs of which none is memory of an input, or of another."""
    taken = {v.untyped_storage().data_ptr() for v in inputs}
    found = []
    for value in outputs:
        # what a graph of CUDA returns is written into by its next call
        if value.is_cuda or value.untyped_storage().data_ptr() in taken:
            value = value.clone()
        taken.add(value.untyped_storage().data_ptr())
        found.append(value)
    return found


def _changed(tensor):
    """Return a tensor that differs by what rounding makes of it."""
    if tensor.dtype not in _CHANGE:
        return tensor
    random = torch.Generator(tensor.device).manual_seed(1)
    noise = torch.rand(tensor.shape, generator=random, dtype=tensor.dtype,
                       device=tensor.device)
    return tensor * (1 + _CHANGE[tensor.dtype] * (2 * noise - 1))


def _agree(found, expected, moved):
    """Tell whether a result may be that of another order of the same sums."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    if expected.dtype not in _ALLOWED:
        return torch.equal(found, expected) or torch.any(
            moved != expected).item()
    finite = torch.isfinite(expected)
    if not torch.equal(torch.where(finite, 0, found).nan_to_num(nan=7),
                       torch.where(finite, 0, expected).nan_to_num(nan=7)):
        return False
    allowed = _ALLOWED[expected.dtype]
    found, expected, moved = (torch.where(finite, v, 0).double()
                              for v in (found, expected, moved))
    most = max(allowed * expected.norm(), _TIMES * (
        moved - expected).norm().nan_to_num(nan=0, posinf=0))
    return bool((found - expected).norm() <= most)
