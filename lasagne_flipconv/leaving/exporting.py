"""What users call: export a network, or make a torch module of it."""
from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from ..formats.common.notes import OURS
from ..formats.common.writing import check_home, check_name, replaced
from ..formats.safetensors import VIEWS
from ..weights.networks import Network
from . import files
from .checking import Oracle
from .errors import LeavingError
from .planning import Source, plan_of
from .provenance import record_of
from .record import ExportRecord

if TYPE_CHECKING:
    import torch

__all__ = ["ExportRecord", "LeavingError", "export", "to_torch"]


def export(network: Network,
           path: str | bytes | os.PathLike[str]) -> ExportRecord:
    """Write a network for other programs, compared with it before.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, with their values.
    path : str, bytes or os.PathLike
        A file that ends in ``.onnx``, or a folder for source code:
        ``model.py``, ``model.safetensors`` and ``check.safetensors``.

    Returns
    -------
    ExportRecord
        How well it agrees, and which layers went which way.

    Raises
    ------
    FlipconvError
        If something has no counterpart, or the export differs from the
        network. Nothing is written then.

    Examples
    --------
    >>> import os, tempfile
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> net = DenseLayer(InputLayer((None, 3), name="x"), 2, name="dense")
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> record = export(net, path)
    >>> record.by_row, record.difference < 1e-6
    (('dense',), True)
    """
    where = os.fsdecode(path)
    check_home(where)
    is_onnx = where.endswith(".onnx")
    (_check_file if is_onnx else _check_folder)(where)
    source = Source(network, where)
    write = _export_onnx if is_onnx else _export_source
    plan = plan_of(source)
    agreement, opset = write(source, plan, where)
    _tell(agreement, where)
    return ExportRecord(where, agreement.difference, agreement.largest, opset,
                        plan.by_row, plan.by_graph)


def _tell(agreement, where):
    if not agreement.tells:
        warnings.warn(
            "%s: outputs of the network hardly differ between random inputs, "
            "so that it was compared tells little; expected outputs that "
            "depend on the input. Compare it with the network on inputs of "
            "your own." % where, stacklevel=3)


def _check_file(where):
    """Refuse a file that cannot be made, before anything is computed."""
    check_name(where)
    folder = os.path.dirname(os.path.realpath(where))
    if not os.path.isdir(folder):
        raise LeavingError("%s: there is no folder %s; expected one to write "
                           "to. Make it first." % (where, folder))


def _check_folder(where):
    """Refuse what cannot be a folder, or looks as if a file was meant."""
    if os.path.isdir(where):
        files.check_own(where)
        return
    suffix = os.path.splitext(where)[1]
    if suffix or os.path.lexists(where):
        raise LeavingError(
            "%s: %s; expected a name that ends in .onnx, or a folder for "
            "source code. Name the file net.onnx." % (
                where, "ends in %r" % suffix if suffix else "is a file, or "
                "a link to nothing"))


def to_torch(network: Network) -> torch.nn.Module:
    """Return a network as a module of PyTorch, compared with it before.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, with their values.

    Returns
    -------
    torch.nn.Module
        Made of the parts of ``torch.nn``, with the names of the layers; those
        without a name are counted. It can be pickled, and needs neither
        Theano nor Lasagne. It is in the mode for evaluation.

    Raises
    ------
    FlipconvError
        If something has no counterpart, or the module differs from the
        network.

    Notes
    -----
    In training, dropout does what it does in Lasagne. Batch normalization
    averages the variance, as PyTorch does, where Lasagne averages the inverse
    deviation; noise of a GaussianNoiseLayer, and random slopes, are left out.
    """
    source = Source(network, "to_torch")
    plan = plan_of(source)
    building, program = _program(plan, "to_torch")
    module = building.module_of(program)
    _tell(_check_torch(source, plan, building, module, "to_torch")[1],
          "to_torch")
    return module


def _program(plan, where):
    """Return the modules that write for PyTorch, and what they write."""
    from .torch_module import building, source
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise LeavingError(
            "%s: PyTorch is not installed; expected it, as it runs the "
            "export. pip install 'lasagne-flipconv[leave]'." % where
        ) from error
    return building, source.program_of(plan)


def _check_torch(source, plan, building, module, where):
    oracle = Oracle(source, plan)
    names = [put.name for put in plan.inputs]
    return oracle, oracle.check(building.runner(module, names), where)


def _export_onnx(source, plan, where):
    try:
        from .onnx_model import building
    except ImportError as error:
        raise LeavingError(
            "%s: the package onnx is not installed; expected it, as it "
            "writes the file. pip install 'lasagne-flipconv[leave]'."
            % where) from error
    from .. import __version__
    building.check_runnable(plan, where)
    graph = building.graph_of(plan)
    model = building.build(plan, graph, __version__, record_of(
        OURS, source, plan, graph.tensors), where)
    agreement = Oracle(source, plan).check(building.runner(model, where),
                                           where)
    with replaced(where) as file:
        file.write(model.SerializeToString())
    return agreement, model.opset_import[0].version


def _export_source(source, plan, where):
    building, program = _program(plan, where)
    oracle, agreement = _check_torch(
        source, plan, building, building.instance_of(program), where)
    files.write_folder(where, program, oracle, plan, record_of(
        VIEWS, source, plan, program.state))
    return agreement, None
