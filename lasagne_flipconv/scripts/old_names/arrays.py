"""What functions of NumPy took: arrays of objects, bytes of a text."""
import functools

import numpy

__all__ = ["INSTEAD", "bytes_of", "load_array"]


def bytes_of(file):
    """Return what reads or writes the bytes of a file.

    Parameters
    ----------
    file : object
        A path, or a file of either mode.

    Returns
    -------
    object
        For a file that is open as a text, what is below it.
    """
    return getattr(file, "buffer", file)


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
    return numpy.load(bytes_of(file), mmap_mode, allow_pickle, **options)


def fromstring(string, dtype=float, count=-1, sep="", **options):
    """Read an array from bytes, which NumPy did until 2.3, or from a text.

    Parameters
    ----------
    string : bytes or str
        What it is read from.
    dtype, count, sep : object
        As for :func:`numpy.fromstring`; without `sep`, the bytes are those
        of the array.
    **options : dict
        As there.

    Returns
    -------
    array
        With one axis; it can be written to.

    Examples
    --------
    >>> fromstring(bytes([1, 2]), "uint8")
    array([1, 2], dtype=uint8)
    """
    if sep != "":
        return numpy.fromstring(string, dtype, count, sep=sep, **options)
    if isinstance(string, str):  # of Python 2, or ASCII
        string = string.encode("utf-8", "surrogateescape")
    if not string:
        return numpy.empty(0, dtype)
    return numpy.frombuffer(string, dtype, count, **options).copy()


def _of_objects(stock):
    """Return a function that takes rows of unequal lengths, as until 1.24."""
    @functools.wraps(stock)
    def function(*args, **kwargs):
        try:
            return stock(*args, **kwargs)
        except ValueError as error:
            if ("inhomogeneous" not in str(error) or "dtype" in kwargs
                    or len(args) != 1):
                raise
            return stock(*args, dtype=object, **kwargs)
    return function


#: What NumPy's stand-in has in the place of its own.
INSTEAD = {"load": load_array, "fromstring": fromstring,
           "array": _of_objects(numpy.array),
           "asarray": _of_objects(numpy.asarray)}
