"""Pickles as programs of Python 2 read and write them."""
import marshal
import pickle

from ...old_names.arrays import bytes_of, load_array

__all__ = ["MODULES", "load_old_array"]

#: What the texts of such a pickle are read as, for arrays are among them.
_ENCODING = "latin1"


def _protocol(protocol):
    """Return a protocol that Python 2 had."""
    return 2 if protocol is None or protocol < 0 else protocol


def load(file, **options):
    """Read a pickle of either Python from a file of either mode."""
    options.setdefault("encoding", _ENCODING)
    return pickle.load(bytes_of(file), **options)


def loads(str, **options):
    """Read a pickle from bytes, or from the text that they are."""
    data = str
    options.setdefault("encoding", _ENCODING)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        data = data.encode("utf-8" if max(data, default="") > "\xff"
                           else "latin1", "surrogateescape")
    return pickle.loads(data, **options)


def dump(obj, file, protocol=None, **options):
    """Write a pickle that Python 2 reads, to a file of either mode."""
    if hasattr(file, "buffer"):
        file.flush()
    pickle.dump(obj, bytes_of(file), _protocol(protocol), **options)


def dumps(obj, protocol=None, **options):
    """Return a pickle that Python 2 reads."""
    return pickle.dumps(obj, _protocol(protocol), **options)


class Unpickler(pickle.Unpickler):
    """Read pickles of either Python from a file of either mode."""

    def __init__(self, file, **options):
        options.setdefault("encoding", _ENCODING)
        super().__init__(bytes_of(file), **options)
        self._file = file  # one that nobody holds closes what it wraps


class Pickler(pickle.Pickler):
    """Write pickles that Python 2 reads."""

    def __init__(self, file, protocol=None, **options):
        super().__init__(bytes_of(file), _protocol(protocol), **options)
        self._file = file


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
    "marshal": {"load": lambda file: marshal.load(bytes_of(file))},
}
