"""An HDF5 file as a tree of arrays and attributes."""
from collections import namedtuple

from .groups import walked

__all__ = ["Tree", "opened"]

#: A walked file: datasets by path, and the attributes of all groups by path.
Tree = namedtuple("Tree", "datasets groups")


def opened(file, where, limits, stored=None):
    """Open an HDF5 file and check all that is in it.

    Parameters
    ----------
    file : binary file
        The file.
    where : str
        Its name for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    stored : int, optional
        Bytes of the archive that the file was unpacked from.

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
    return Tree(*walked(file, where, limits, stored))
