"""Pickles as programs of Python 2 read and write them."""
import pickle

import numpy

__all__ = ["MODULES", "load_array", "load_old_array"]

#: What the texts of such a pickle are read as, for arrays are among them.
_ENCODING = "latin1"


def _binary(file):
    """Return what reads or writes the bytes of a file."""
    return getattr(file, "buffer", file)


def _protocol(protocol):
    """Return a protocol that Python 2 had."""
    return 2 if protocol is None or protocol < 0 else protocol


def load(file, **options):
    """Read a pickle of either Python from a file of either mode."""
    options.setdefault("encoding", _ENCODING)
    return pickle.load(_binary(file), **options)


def loads(data, **options):
    """Read a pickle from bytes, or from the text that they are."""
    options.setdefault("encoding", _ENCODING)
    if isinstance(data, str):
        data = data.encode("utf-8" if max(data, default="") > "\xff"
                           else "latin1", "surrogateescape")
    return pickle.loads(data, **options)


def dump(thing, file, protocol=None, **options):
    """Write a pickle that Python 2 reads, to a file of either mode."""
    if hasattr(file, "buffer"):
        file.flush()
    pickle.dump(thing, _binary(file), _protocol(protocol), **options)


def dumps(thing, protocol=None, **options):
    """Return a pickle that Python 2 reads."""
    return pickle.dumps(thing, _protocol(protocol), **options)


class Unpickler(pickle.Unpickler):
    """Read pickles of either Python from a file of either mode."""

    def __init__(self, file, **options):
        options.setdefault("encoding", _ENCODING)
        super().__init__(_binary(file), **options)
        self._file = file  # one that nobody holds closes what it wraps


class Pickler(pickle.Pickler):
    """Write pickles that Python 2 reads."""

    def __init__(self, file, protocol=None, **options):
        super().__init__(_binary(file), _protocol(protocol), **options)
        self._file = file


def load_array(file, mmap_mode=None, allow_pickle=True, **options):
    """Load what ``numpy.load`` did before 1.16.3: arrays of objects too.

    Parameters
    ----------
    file : str, path-like or file
        As for :func:`numpy.load`.
    mmap_mode : str, optional
        As there.
    allow_pickle : bool, default True
        Whether arrays of objects are read.
    **options : dict
        As there.

    Returns
    -------
    array or NpzFile
        As there.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "objects.npy")
    >>> numpy.save(path, numpy.array([{}, None]))
    >>> load_array(path)
    array([{}, None], dtype=object)
    """
    return numpy.load(_binary(file), mmap_mode, allow_pickle, **options)


def load_old_array(file, *args, **options):
    """Load what ``numpy.load`` did, in arrays of objects of either Python.

    Parameters
    ----------
    file : str, path-like or file
        Also one that is open as a text.
    *args, **options : object
        As for :func:`numpy.load`.

    Returns
    -------
    array or NpzFile
        As there.
    """
    options.setdefault("encoding", _ENCODING)
    return load_array(file, *args, **options)


#: Module → what it is lent.
MODULES = {
    "pickle": {"load": load, "loads": loads, "dump": dump, "dumps": dumps,
               "Unpickler": Unpickler, "Pickler": Pickler,
               "HIGHEST_PROTOCOL": 2},
}
