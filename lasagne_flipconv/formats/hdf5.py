"""HDF5: Keras, Caffe, and flat files of arrays."""
from ..errors import CheckpointError
from . import caffe, keras
from .common.naming import describe
from .common.numbering import by_position
from .common.record import Checkpoint, Entry
from .hdf5_file.tree import opened

__all__ = ["read", "sniff"]


def sniff(head):
    """Tell whether a file has the signature of HDF5."""
    return head.startswith(b"\x89HDF\r\n\x1a\n")


def read(file, limits):
    """Describe the arrays of an HDF5 file."""
    tree = opened(file, file.name, limits)
    for known in (keras.from_hdf5, caffe.from_hdf5, _flat):
        found = known(tree, file.name, limits)
        if found is not None:
            return found._replace(close=file.close)
    raise CheckpointError(
        "%s: holds no arrays; expected a weights file of Keras or Caffe, or "
        "arrays by name." % file.name)


def _flat(tree, where, limits):
    if not tree.datasets:
        return None
    entries = [entry_of(name, data) for name, data in tree.datasets.items()]
    listed = by_position((entry.name for entry in entries), entries)
    return Checkpoint(where, "hdf5", describe(listed or entries), {}, None,
                      listed is not None or len(entries) == 1)


def entry_of(name, data, **known):
    """Return the entry of a dataset."""
    return Entry(name, data.shape, data.dtype, data.read, **known)
