"""Files of programs of Python 2, where a text was bytes.

What such a program reads of a file without ``b`` in its mode are texts. What
reads bytes for it, as Pillow and ``zipfile`` do, is given these: a file knows
it by the module that asks. So ``Image.open(open("a.png"))`` opens an image.
"""
import array
import builtins
import functools
import io
import mmap
import operator
import socket
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

from .strings import (as_bytes, as_text, bytes_of, native, own, text_of,
                      words_of)

__all__ = ["BinaryFile", "METHODS", "StringIO", "TextFile", "below",
           "open_file"]

#: Modules, and what is below them, that read bytes of what they are given.
READERS = (
    "PIL", "_compression", "aifc", "bz2", "chunk", "codecs", "compression",
    "encodings", "gzip", "h5py", "imageio", "imghdr", "joblib", "lzma",
    "matplotlib.image", "numpy.lib._format_impl", "numpy.lib.format",
    "pickle", "plistlib", "scipy.io._idl", "scipy.io._netcdf",
    "scipy.io.idl", "scipy.io.matlab", "scipy.io.netcdf", "scipy.io.wavfile",
    "sklearn.datasets._svmlight_format_io", "sndhdr", "sunau", "tarfile",
    "tifffile", "wave", "xml", "zipfile")


@functools.lru_cache(maxsize=None)
def _reads_bytes(module):
    """Tell whether a module is one of `READERS`, or below it."""
    return module.startswith(tuple(name + "." for name in READERS)) or (
        module in READERS)


def _asked_for_bytes():
    """Tell whether what called the caller reads bytes."""
    frame = sys._getframe(1).f_back
    return frame is not None and _reads_bytes(
        frame.f_globals.get("__name__") or "")


#: As :func:`text_of`, for bytes alone, and fast.
_text = operator.methodcaller("decode", "utf-8", "surrogateescape")


class TextFile:
    """A file that was opened without ``b``.

    Parameters
    ----------
    buffer : io.BufferedIOBase
        What has its bytes; it is not closed with this.
    mode : str
        As it was asked for.
    flushes : bool
        Whether nothing written is kept back.
    """

    softspace = 0
    encoding, errors, newlines = "utf-8", "surrogateescape", None

    def __init__(self, buffer, mode, flushes):
        self.buffer, self.mode, self._flushes = buffer, mode, flushes

    def read(self, size=-1):
        """Return as many bytes as a text; as they are, to who reads them."""
        found = self.buffer.read(size)
        return found if _asked_for_bytes() else _text(found)

    def readline(self, size=-1):
        """Return a line."""
        found = self.buffer.readline(size)
        return found if _asked_for_bytes() else _text(found)

    def readlines(self, hint=-1):
        """Return a list of the lines that are left."""
        found = self.buffer.readlines(hint)
        return found if _asked_for_bytes() else list(map(_text, found))

    def __iter__(self):
        return iter(self.buffer) if _asked_for_bytes() else map(
            _text, self.buffer)

    def __next__(self):
        return _text(next(self.buffer))

    next = __next__

    def write(self, text):
        """Write a text in UTF-8, or bytes as they are."""
        written = self.buffer.write(bytes_of(text))
        if self._flushes:
            self.buffer.flush()
        return written

    def writelines(self, lines):
        """Write several."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(vars(self)["buffer"], name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.buffer.close()

    def __repr__(self):
        return "<%s file %r, mode %r>" % (
            "closed" if self.closed else "open", self.name, self.mode)


io.TextIOBase.register(TextFile)


class _UniversalFile(io.TextIOWrapper):
    """A file whose lines end in any way: of mode ``U``."""

    softspace = 0

    def next(self):
        """Read the next line."""
        return next(self)


class BinaryFile:
    """A file that was opened for bytes, and takes texts as well.

    Parameters
    ----------
    file : io.BufferedIOBase
        What the bytes go to.
    """

    def __init__(self, file):
        self.__dict__["_file"] = file

    def write(self, text):
        """Write bytes, or a text in UTF-8."""
        return self._file.write(bytes_of(text))

    def writelines(self, lines):
        """Write several."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __iter__(self):
        return iter(self._file)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()


def open_file(name, mode="r", buffering=-1, *args, **options):
    """Open a file as ``open`` and ``file`` did.

    Parameters
    ----------
    name : str or int
        The file.
    mode : str, default 'r'
        Of Python 2: also ``'rU'``. Without ``'b'``, line ends are kept, and
        bytes can be written; with it, texts can be.
    buffering : int, default -1
        As for :func:`open`.
    *args, **options : object
        What Python 3 takes besides: if given, all is left to it.

    Returns
    -------
    file
        Open.
    """
    if args or options:
        return builtins.open(name, mode, buffering, *args, **options)
    plain = mode.replace("U", "").replace("t", "").replace("b", "") or "r"
    file = builtins.open(name, plain + "b", buffering if buffering != 1
                         else -1)
    if "b" in mode:
        return BinaryFile(file) if plain != "r" else file
    if isinstance(file, io.RawIOBase):
        file = io.BufferedRandom(file) if "+" in plain else (
            io.BufferedReader if plain == "r" else io.BufferedWriter)(file, 1)
    if "U" not in mode:
        return TextFile(file, mode, buffering in (0, 1))
    made = _UniversalFile(file, "utf-8", "surrogateescape")
    made.mode = mode
    return made


class StringIO:
    """A file in memory, of texts or of bytes, as the first one is.

    It is one of bytes from when one of `READERS` asks for anything of it.

    Parameters
    ----------
    text : str or bytes, default ''
        What is in it.
    """

    def __init__(self, text=""):
        self._file = None
        if text:
            self._file = self._made(text)
            self._file.seek(0)

    @staticmethod
    def _made(text):
        file = io.StringIO(newline="") if isinstance(text, str) \
            else io.BytesIO()
        file.write(text)
        return file

    @property
    def buffer(self):
        """The file of bytes that it becomes."""
        if not isinstance(self._file, io.BytesIO):
            text, at = "", 0
            if self._file is not None:
                text, at = self._file.getvalue(), self._file.tell()
            self._file = io.BytesIO(bytes_of(text))
            self._file.seek(len(bytes_of(text[:at])))
        return self._file

    def write(self, text):
        """Write a text or bytes; the first decides what the file holds."""
        if self._file is None or not self._file.getvalue():
            self._file = self._made(text)
        elif isinstance(self._file, io.BytesIO):
            self._file.write(bytes_of(text))
        else:
            self._file.write(text if isinstance(text, str)
                             else text_of(text))

    def __getattr__(self, name):
        if _asked_for_bytes():
            return getattr(self.buffer, name)
        if self._file is None:
            self._file = io.StringIO(newline="")
        return getattr(self._file, name)

    def __iter__(self):
        return iter(self.readline, type(self.getvalue())())

    def next(self):
        """Return the next line."""
        line = self.readline()
        if not line:
            raise StopIteration
        return line


def below(file):
    """Return what reads or writes the bytes of a file.

    Parameters
    ----------
    file : object
        A file of this module, or any other thing.

    Returns
    -------
    object
        What is below it, or the thing.
    """
    return (file.buffer if isinstance(file, (TextFile, StringIO))
            else file)


def _fromfile(numbers):
    return (lambda file, count: numbers.fromfile(below(file), count)
            ) if isinstance(numbers, array.array) else None


#: What gives bytes to a program, or takes them.
_OF_BYTES = (io.BufferedIOBase, io.RawIOBase, zipfile.ZipFile, socket.socket,
             subprocess.Popen, np.ndarray, np.generic, array.array, mmap.mmap,
             struct.Struct, BinaryFile, tempfile._TemporaryFileWrapper)


def _gives(name, convert):
    """Return what gives a file a method whose bytes are texts as well."""
    def given(thing):
        method = getattr(thing, _TODAY.get(name, name), None)
        if not isinstance(thing, _OF_BYTES) or method is None:
            return None
        takes = _same if isinstance(thing, zipfile.ZipFile) else as_bytes
        return lambda *args, **more: convert(
            method(*map(takes, args), **more))
    return given


def _same(x):
    return x


#: Methods that have another name today.
_TODAY = {"next": "__next__", "tostring": "tobytes"}


def _takes(name):
    """Return what gives a file a method that takes a text for bytes."""
    def given(thing):
        if isinstance(thing, _OF_BYTES) and hasattr(thing, name):
            method = getattr(thing, name)
            return lambda *args, **more: method(
                *args[:-1], *map(as_bytes, args[-1:]), **more)
        if isinstance(thing, io.TextIOBase) and not isinstance(
                thing, TextFile):
            method = getattr(thing, name)
            return lambda text: method(as_text(text))
        return None
    return given


#: Method → what is given for it, None to look further.
METHODS = {
    "fromfile": _fromfile, "communicate": _gives("communicate", words_of),
    **{name: _gives(name, own) for name in (
        "getvalue", "pack", "read", "read1", "recv", "tobytes", "tostring",
        "unpack", "unpack_from")},
    **{name: _gives(name, native) for name in ("next", "readline",
                                               "readlines")},
    **{name: _takes(name) for name in ("send", "sendall", "write",
                                       "writelines", "writestr")}}
