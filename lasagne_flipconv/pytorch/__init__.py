"""Theano's graphs on PyTorch: a linker, so a mode of `theano.function`.

`rows` is the table: kind of node → function of tensors. `program` makes steps
of a graph, `cells` lets shared variables live on the device, `fallback` leaves
to Theano what has no row.
"""
from .devices import TorchError
from .linker import TorchLinker, torch_mode
from .switch import stop, stopped, use, using

__all__ = ["TorchError", "TorchLinker", "stop", "stopped", "torch_mode",
           "use", "using"]
