"""HDF5: Keras, Caffe, and flat files of arrays, through h5py.

All groups and datasets are walked first: links out of the file or around in
it, external and virtual data, unknown filters and sizes that are not there
are refused before any dataset is read.
"""
from collections import namedtuple

import numpy as np

from ..errors import CheckpointError, FlipconvError, UnsafeFileError
from .naming import describe
from .optional import library
from .record import Checkpoint, Entry
from .structure import position_of

__all__ = ["Tree", "opened", "read", "sniff"]

#: Filters that h5py carries itself; any other would load a plugin.
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
_RATIO = 1032

#: A walked file: datasets by path, and all groups by path.
Tree = namedtuple("Tree", "datasets groups")


def sniff(head):
    """Tell whether a file has the signature of HDF5."""
    return head.startswith(b"\x89HDF\r\n\x1a\n")


def read(file, limits):
    """Describe the arrays of an HDF5 file."""
    tree = opened(file, file.name, limits)
    from . import caffe, keras
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
    numbers = [position_of(entry.name) for entry in entries]
    ordered = None not in numbers
    if ordered:
        entries = [e for _, e in sorted(zip(numbers, entries),
                                        key=lambda pair: pair[0])]
    return Checkpoint(where, "hdf5", describe(entries), {}, None,
                      ordered or len(entries) == 1)


def entry_of(name, data, **known):
    """Return the entry of a dataset."""
    return Entry(name, data.shape, data.dtype,
                 lambda: np.asarray(data[()]).reshape(data.shape), **known)


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
    h5py = library("h5py", where)
    size = file.seek(0, 2)
    file.seek(0)
    try:
        walk = _Walk(h5py, where, size, limits)
        walk.group(h5py.File(file, "r"), "", 0)
    except FlipconvError:
        raise
    except Exception as error:  # whatever h5py raises for a bad file
        raise CheckpointError(
            "%s: HDF5 refuses it (%s: %.200s); expected a whole file. It is "
            "truncated or damaged; get it again."
            % (where, type(error).__name__, error)) from error
    if walk.total > limits.unpacked(size):
        raise UnsafeFileError(
            "%s: unpacks %d bytes into %d; expected at most %d. Pass "
            "limits=LIMITS._replace(expansion=…) if you know the file."
            % (where, size, walk.total, limits.unpacked(size)))
    return Tree(walk.datasets, walk.groups)


class _Walk:
    """Visit everything in a file once."""

    def __init__(self, h5py, where, size, limits):
        self.h5py, self.where, self.size = h5py, where, size
        self.limits, self.total = limits, 0
        self.datasets, self.groups, self.seen = {}, {}, set()

    def group(self, group, path, depth):
        """Visit the members of a group."""
        self.once(group, path or "/")
        self.groups[path] = {name: self.attribute(group, name)
                             for name in group.attrs}
        if depth > self.limits.depth:
            raise UnsafeFileError(
                "%s: nests groups deeper than %d; expected fewer levels."
                % (self.where, self.limits.depth))
        for name in group:
            self.member(group, name, path + "/" + name if path else name,
                        depth)

    def member(self, group, name, path, depth):
        """Visit one member of a group, if it is really in it."""
        link = group.get(name, getlink=True)
        if not isinstance(link, self.h5py.HardLink):
            raise UnsafeFileError(
                "%s: %s is a link to %.80r; expected data within the file."
                % (self.where, path, getattr(link, "path", None)))
        found = group[name]
        if isinstance(found, self.h5py.Group):
            self.group(found, path, depth + 1)
        elif isinstance(found, self.h5py.Dataset):
            self.once(found, path)
            self.dataset(found, path)
        else:
            raise UnsafeFileError("%s: %s is a named type; expected arrays "
                                  "and groups only." % (self.where, path))

    def once(self, found, path):
        """Refuse to visit anything twice, or too much."""
        place = self.h5py.h5o.get_info(found.id).addr
        if place in self.seen:
            raise UnsafeFileError(
                "%s: %s is reached by two paths; expected each array and "
                "group once." % (self.where, path))
        self.seen.add(place)
        if len(self.seen) > self.limits.members:
            raise UnsafeFileError(
                "%s: holds more than %d groups and arrays; expected fewer."
                % (self.where, self.limits.members))

    def attribute(self, group, name):
        """Return the value of an attribute of modest size."""
        attribute = self.h5py.h5a.open(group.id, name.encode())
        kind = attribute.get_type()
        size = kind.get_size()
        for n in attribute.shape or ():
            size *= int(n)
        if size > self.limits.header:
            raise UnsafeFileError(
                "%s: the attribute %.80r has %d bytes; expected at most %d."
                % (self.where, name, size, self.limits.header))
        if isinstance(kind, (self.h5py.h5t.TypeVlenID,
                             self.h5py.h5t.TypeReferenceID,
                             self.h5py.h5t.TypeOpaqueID,
                             self.h5py.h5t.TypeCompoundID)):
            raise UnsafeFileError(
                "%s: the attribute %.80r is no text or number; expected one "
                "of these." % (self.where, name))
        return group.attrs[name]

    def dataset(self, data, path):
        """Check kind, place and size of a dataset."""
        where = "%s in %s" % (path, self.where)
        if data.dtype.kind not in "biuf" or data.shape is None:
            raise UnsafeFileError("%s: holds %s; expected an array of numbers."
                                  % (where, data.dtype))
        plist = data.id.get_create_plist()
        layout = plist.get_layout()
        if layout == self.h5py.h5d.VIRTUAL or plist.get_external_count():
            raise UnsafeFileError(
                "%s: keeps its data in other files or arrays; expected it in "
                "the file." % where)
        for i in range(plist.get_nfilters()):
            code = plist.get_filter(i)[0]
            if code not in _FILTERS:
                raise UnsafeFileError(
                    "%s: needs the HDF5 filter %d, a plugin; expected one of "
                    "%s." % (where, code, ", ".join(_FILTERS.values())))
        self.sizes(data, plist, layout, where)
        self.datasets[path] = data

    def sizes(self, data, plist, layout, where):
        """Refuse a shape for which there is not enough in the file."""
        if len(data.shape) > self.limits.axes:
            raise UnsafeFileError("%s: declares %d axes; expected at most %d."
                                  % (where, len(data.shape),
                                     self.limits.axes))
        declared = data.dtype.itemsize
        for n in data.shape:
            declared *= int(n)
        stored = data.id.get_storage_size()
        packed = plist.get_nfilters() > 0
        if stored > self.size or declared > stored * (_RATIO if packed else 1):
            raise UnsafeFileError(
                "%s: declares shape %r, which is %d bytes; expected no more "
                "than the %d that are there can hold."
                % (where, data.shape, declared, stored))
        self.total += declared
        if layout == self.h5py.h5d.CHUNKED:
            chunk = data.dtype.itemsize
            for n in plist.get_chunk():
                chunk *= int(n)
            if chunk > self.limits.unpacked(self.size):
                raise UnsafeFileError(
                    "%s: has pieces of %d bytes; expected at most %d."
                    % (where, chunk, self.limits.unpacked(self.size)))
