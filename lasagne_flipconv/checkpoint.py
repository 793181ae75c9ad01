"""Checkpoints: files of named parameter values."""
import re

import numpy as np

from .errors import CheckpointError

__all__ = ["load", "read_npz"]


def load(path, network, *, orientation=None):
    """Load a ``.npz`` of ``arr_0 …`` into a network, the right way round.

    Parameters
    ----------
    path : str or os.PathLike
        A file written by ``numpy.savez(path, *get_all_param_values(net))``.
    network : lasagne.layers.Layer or list of lasagne.layers.Layer
        Output layer or layers of the network to load into.
    orientation : {'convolution', 'correlation', None}
        What the kernels in the file are for; None only if all are 1×1.

    Returns
    -------
    lasagne_flipconv.transfer.TransferRecord
        What was copied, turned and permuted, by name.

    Raises
    ------
    CheckpointError
        If the file is no such ``.npz``.
    ConventionError
        If a value does not fit, or the orientation matters and is not told.
        No parameter has been changed then.
    """
    from .transfer import put_values
    return put_values(network, read_npz(path), orientation, where=str(path))


def read_npz(path):
    """Return the arrays ``arr_0 …`` of a file, ordered by their number."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise CheckpointError(
            "%s: cannot be read (%s); expected a .npz of arrays."
            % (path, error)) from error
    numbers = {name: re.fullmatch(r"arr_(\d+)", name) for name in arrays}
    if not all(numbers.values()):
        raise CheckpointError(
            "%s: holds %s; expected arr_0, arr_1, … only, as "
            "numpy.savez(path, *get_all_param_values(net)) writes them."
            % (path, ", ".join(n for n, m in numbers.items() if not m)))
    return [arrays[name] for name in sorted(
        arrays, key=lambda name: int(numbers[name].group(1)))]
