"""Arrays of objects, which ``numpy.load`` read until NumPy 1.16.3."""
import numpy

__all__ = ["bytes_of", "load_array"]


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
