"""Checkpoints: files of named parameter values."""
from __future__ import annotations

import os
from typing import Any, Dict, overload

from ..axes import Convention
from ..formats import writer_of
from ..formats.common.guard import check_names
from ..formats.common.record import (Checkpoint, Entry, is_kernel,
                                     orientation_of)
from ..formats.common.writing import replaced
from ..limits import LIMITS, Limits
from .applying import LoadRecord
from .loading import load_into
from .networks import Network, entries_of
from .planning import Options
from .reading import read, read_npz
from .told.arguments import check_options, path_told

__all__ = ["Checkpoint", "Entry", "is_kernel", "load", "orientation_of",
           "read", "read_npz", "save", "write"]


@overload
def load(path: str | os.PathLike[str], network: None = None, *,
         limits: Limits = LIMITS) -> Checkpoint: ...


@overload
def load(path: str | os.PathLike[str], network: Network, *,
         orientation: str | Convention | Dict[str, Any] | None = None,
         inputs: Any = None, strict: bool = True, prefix: str = "",
         names: Dict[str, str] | None = None, leave_last: int = 0,
         data_format: str | Dict[str, str] | None = None,
         epsilon: float | None = None,
         limits: Limits = LIMITS) -> LoadRecord: ...


def load(path: str | os.PathLike[str], network: Network | None = None, *,
         orientation: str | Convention | Dict[str, Any] | None = None,
         inputs: Any = None, strict: bool = True, prefix: str = "",
         names: Dict[str, str] | None = None, leave_last: int = 0,
         data_format: str | Dict[str, str] | None = None,
         epsilon: float | None = None,
         limits: Limits = LIMITS) -> LoadRecord | Checkpoint:
    """Load a checkpoint into a network, the right way round.

    Arrays are matched to parameters by the names of layers where both sides
    have them, else by their order. Everything is worked out before the first
    value is set: a network is loaded as a whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint of any format that :func:`read` knows.
    network : Layer, list or dict of Layer, or NeuralNet, optional
        The network to load into: its output layer or layers, or all layers by
        name, as the ``build_model`` of Lasagne's Recipes returns them, or a
        ``NeuralNet`` of nolearn. Without it, the checkpoint is returned.
    orientation : str, Convention, dict or None
        What the kernels in the file are for, where the file does not say:
        ``'convolution'`` (saved from Conv2DLayer) or ``'correlation'`` (from
        Conv2DDNNLayer, Conv2DMMLayer and all other libraries);
        ``'as in network'`` if it was saved from a network of the same
        classes; ``'detect'`` to find out by running it on `inputs`; a format
        such as ``'torch'``, for its axes as well; a dict from layer or
        parameter name, or pattern with ``*``, to one of these. None if
        the file says, or it does not matter: for 1×1 kernels, and those that
        equal their own reverse.
    inputs : numpy.ndarray, optional
        A few inputs of the network, for ``orientation='detect'``.
    strict : bool, default True
        Whether everything must fit. Else what fits is loaded, and the rest
        is told.
    prefix : str
        Load only what has a name that begins so; the prefix is taken off.
    names : dict of str to str, optional
        Name of layer or array in the file → that in the network; a layer
        without a name is called as in records and errors: ``Conv2DLayer#1``.
    leave_last : int
        How many layers with parameters at the end to leave alone.
    data_format : {'channels_first', 'channels_last', None} or dict of these
        Where the file does not say: the order of the axes that dense
        layers flattened, or are reshaped to; for each by its name, as
        `orientation`. Flatten of Keras 2.2 and later makes it
        channels_last of both, but channels_first of sequences in a network
        of channels_first.
    epsilon : float, optional
        What the network that the file is from adds to a variance before the
        square root, where the file does not say and it is not the default of
        its library: 1e-5 in PyTorch, ONNX and Caffe, 1e-3 in Keras. For
        weights alone of Keras 1, 1e-3 if it was 1.2, 1e-5 from 1.0.8 on.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    lasagne_flipconv.weights.applying.LoadRecord or Checkpoint
        What was copied, turned and permuted, by name.

    Raises
    ------
    CheckpointError
        If the file cannot be read, or does not fit the network.
    UnsafeFileError
        If it would execute something or exhaust the machine.
    ConventionError
        If the orientation matters and is not known, or an argument is none
        that there is.
    TypeError
        If it is no name of a file, or no network. In all these cases no
        parameter has been changed.
    """
    options = Options(orientation, inputs, strict, prefix,
                      {} if names is None else names, leave_last, data_format,
                      epsilon)
    check_options(options)
    checkpoint = read(path, limits=limits)
    if network is None:
        return checkpoint
    with checkpoint:
        return load_into(network, checkpoint, options)


def save(path: str | os.PathLike[str], network: Network) -> None:
    """Save the values of all parameters, and the convention of each kernel.

    The file has the values in the order of
    ``lasagne.layers.get_all_param_values``, so that the usual few lines with
    ``numpy.load`` and ``set_all_param_values`` load it as well. It is written
    beside, then renamed: at any moment there is the old file or the new one.
    A process that is killed while it writes may leave a hidden file whose
    name ends in ``.partial``.

    Parameters
    ----------
    path : str or os.PathLike
        Where to save; ends in ``.npz`` or ``.safetensors``.
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.

    Raises
    ------
    CheckpointError
        If the suffix is another.
    ConventionError
        If a layer's class is not known, or a kernel is an expression.
    OSError
        If the file cannot be written: its folder is not there, the disk is
        full. An old file is still there then.
    TypeError
        If it is no name of a file, or no network.
    """
    where = path_told(path)
    write(where, Checkpoint(where, "network", entries_of(network)))


def write(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a checkpoint, one array at a time.

    Parameters
    ----------
    path : str or os.PathLike
        Where to write; ends in ``.npz`` or ``.safetensors``.
    checkpoint : Checkpoint
        What to write.

    Raises
    ------
    CheckpointError
        If the suffix is another, the format lacks a type, or two arrays have
        one name.
    OSError
        If the file cannot be written.
    """
    where = path_told(path)
    writer = writer_of(where)
    check_names(checkpoint.entries, where)
    with replaced(where) as file:
        writer(file, checkpoint)
