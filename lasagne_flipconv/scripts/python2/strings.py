"""Texts of Python 2, which were bytes: what stands for them.

A text is a ``str``; bytes that are no UTF-8 are surrogates in it. Bytes that a
program meets are `Bytes`, which are equal to that text.
"""
import codecs

import numpy as np

__all__ = ["Bytes", "as_bytes", "as_text", "bytes_of", "native", "own",
           "text_of", "words_of"]


def bytes_of(text):
    """Return the bytes that a text was in Python 2.

    Parameters
    ----------
    text : str or bytes
        Of a file that was no UTF-8, it has a surrogate for each such byte.

    Returns
    -------
    bytes
        In UTF-8; bytes as they are.

    Examples
    --------
    >>> bytes_of("a"), bytes_of(text_of(bytes([255])))
    (b'a', b'\\xff')
    """
    return (text.encode("utf-8", "surrogateescape") if isinstance(text, str)
            else text)


def text_of(x):
    """Return the text that bytes were in Python 2.

    Parameters
    ----------
    x : bytes
        In UTF-8, or not.

    Returns
    -------
    str
        As :func:`bytes_of` takes it.
    """
    return bytes(x).decode("utf-8", "surrogateescape")


def as_bytes(x):
    """Return an argument of a method of bytes, or of a file of them.

    Parameters
    ----------
    x : object
        A text, or a list or tuple of texts.

    Returns
    -------
    object
        Bytes for each text; anything else as it is.

    Examples
    --------
    >>> as_bytes(("a", b"b")), as_bytes(["c"]), as_bytes(3)
    ((b'a', b'b'), [b'c'], 3)
    """
    if isinstance(x, (list, tuple)):
        return (list if isinstance(x, list) else tuple)(map(as_bytes, x))
    return bytes_of(x)


def as_text(x):
    """Return an argument of a method of a text, or of a file of texts.

    Parameters
    ----------
    x : object
        Bytes, or a list or tuple of them.

    Returns
    -------
    object
        A text for each; anything else as it is.

    Examples
    --------
    >>> as_text((b"a", "b")), as_text([b"c"]), as_text(3)
    (('a', 'b'), ['c'], 3)
    """
    if isinstance(x, (list, tuple)):
        return (list if isinstance(x, list) else tuple)(map(as_text, x))
    return text_of(x) if isinstance(x, bytes) else x


def _compared(name):
    """Return a comparison with texts as well as bytes."""
    of_bytes, of_texts = getattr(bytes, name), getattr(str, name)

    def compares(self, other):
        return of_texts(text_of(self), other) if isinstance(
            other, str) else of_bytes(self, other)
    return compares


class Bytes(np.bytes_):
    """Bytes that are a text as well: as keys, to ``==``, ``<`` and ``+``.

    They are of NumPy's kind, which makes no array of others.

    Examples
    --------
    >>> {"cat": 1}[Bytes(b"cat")], "a " + Bytes(b"cat"), [Bytes(b"cat")]
    (1, 'a cat', ['cat'])
    """

    def __hash__(self):
        return hash(text_of(self))

    def __getitem__(self, key):
        return own(bytes.__getitem__(self, key))

    def __add__(self, other):
        return native(bytes(self) + bytes_of(other)) if isinstance(
            other, (str, bytes)) else NotImplemented

    def __radd__(self, other):
        return native(bytes_of(other) + bytes(self)) if isinstance(
            other, (str, bytes)) else NotImplemented

    def __mul__(self, times):
        return native(bytes(self) * times)

    __rmul__ = __mul__

    def __str__(self):
        return text_of(self)

    def __repr__(self):
        return bytes.__repr__(self)[1:]

    def __format__(self, specification):
        return format(text_of(self), specification)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        """Be a text in a pickle that Python 2 reads, bytes in others."""
        return codecs.encode, (self.decode("latin1"), "latin1")


for _name in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
    setattr(Bytes, _name, _compared(_name))


def own(x):
    """Return bytes, or those in a tuple or list, as `Bytes`.

    Parameters
    ----------
    x : object
        What a function returned.

    Returns
    -------
    object
        Anything else as it is.
    """
    if type(x) in (bytes, np.bytes_):
        return Bytes(x)
    return type(x)(map(own, x)) if type(x) in (list, tuple) else x


def native(x):
    """Return a text for bytes of ASCII, which is as long; others as `Bytes`.

    Parameters
    ----------
    x : object
        What a method of bytes returned: also a tuple or list.

    Returns
    -------
    object
        Anything else as it is.

    Examples
    --------
    >>> native(b"a b".split()), native(bytes([255]))
    (['a', 'b'], '\\xff')
    """
    if isinstance(x, bytes):
        if x.isascii():
            return bytes.decode(x, "ascii")
        return x if type(x) is Bytes else Bytes(x)
    return type(x)(map(native, x)) if type(x) in (list, tuple) else x


def words_of(x):
    """Return a text for bytes of UTF-8, also within lists, tuples.

    Parameters
    ----------
    x : object
        An item of an array, or what another program printed.

    Returns
    -------
    object
        Other bytes as `Bytes`.
    """
    if type(x) in (list, tuple):
        return type(x)(map(words_of, x))
    try:
        return x.decode("utf-8") if isinstance(x, bytes) else x
    except UnicodeDecodeError:
        return Bytes(x)
