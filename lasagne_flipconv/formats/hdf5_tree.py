"""An HDF5 file as a tree of arrays and attributes, read through h5py.

The blocks of the file are followed first (:mod:`.hdf5_groups`): links,
external and virtual data, unknown filters and sizes that are not there are
refused before libhdf5 sees the file.
"""
from collections import namedtuple

import numpy as np

from ..errors import CheckpointError, FlipconvError, UnsafeFileError
from .hdf5_groups import check_structure
from .optional import library

__all__ = ["Dataset", "Tree", "opened"]

#: A walked file: datasets by path, and the attributes of all groups by path.
Tree = namedtuple("Tree", "datasets groups")

#: An array in it; `read` returns a new array.
Dataset = namedtuple("Dataset", "shape dtype read")


def opened(file, where, limits):
    """Open an HDF5 file and check all that is in it.

    Parameters
    ----------
    file : binary file
        The file.
    where : str
        Its name for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Returns
    -------
    Tree
        Datasets and groups by path.

    Raises
    ------
    CheckpointError
        If it is damaged.
    UnsafeFileError
        If it points outside, in circles, or declares what is not there.
    """
    check_structure(file, where, limits)
    h5py = library("h5py", where)
    tree = Tree({}, {})
    file.seek(0)
    try:
        _group(h5py.File(file, "r"), "", tree, where)
    except FlipconvError:
        raise
    except Exception as error:  # whatever h5py raises for a bad file
        raise _refused(where, error) from error
    return tree


def _group(group, path, tree, where):
    """Note what is in a group, its attributes first."""
    tree.groups[path] = dict(group.attrs)
    for name in group:
        found, inner = group[name], path + "/" + name if path else name
        if hasattr(found, "keys"):
            _group(found, inner, tree, where)
        else:
            _dataset(found, inner, tree, where)


def _dataset(found, path, tree, where):
    if found.dtype.kind not in "biuf":
        raise UnsafeFileError(
            "%s in %s: holds %s; expected an array of numbers."
            % (path, where, found.dtype))

    def values():
        try:
            return np.asarray(found[()]).reshape(found.shape)
        except Exception as error:  # whatever h5py raises for bad data
            raise _refused("%s in %s" % (path, where), error) from error

    tree.datasets[path] = Dataset(tuple(found.shape), found.dtype, values)


def _refused(where, error):
    return CheckpointError(
        "%s: HDF5 refuses it (%s: %.200s); expected a whole file. It is "
        "truncated or damaged; get it again."
        % (where, type(error).__name__, error))
