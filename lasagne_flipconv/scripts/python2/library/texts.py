"""Files and texts of Python 2, where a text was bytes."""
import base64
import binascii
import builtins
import csv
import hashlib
import io
import json
import struct
import zlib
from functools import partial

import numpy as np

from .arithmetic import bytes_of, shown
from .equality import each

__all__ = ["MODULES", "StringIO", "open_file", "write_text"]


class TextFile(io.TextIOWrapper):
    """A file that was opened for texts, and takes bytes as well."""

    softspace = 0

    def write(self, text):
        """Write a text, or bytes as they are."""
        if isinstance(text, str):
            return super().write(text)
        self.flush()
        return self.buffer.write(text)

    def writelines(self, lines):
        """Write several texts."""
        for line in lines:
            self.write(line)

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
        writes = plain != "r" and isinstance(file, io.BufferedIOBase)
        return BinaryFile(file) if writes else file
    if isinstance(file, io.RawIOBase):
        file = io.BufferedRandom(file) if "+" in plain else (
            io.BufferedReader if plain == "r" else io.BufferedWriter)(file, 1)
    made = TextFile(file, "utf-8", "surrogateescape",
                    None if "U" in mode else "\n", buffering in (0, 1))
    made.mode = mode
    return made


class StringIO:
    """A file in memory, of texts or of bytes, as the first one is.

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

    def write(self, text):
        """Write a text or bytes; the first decides what the file holds."""
        if self._file is None or not self._file.getvalue():
            self._file = self._made(text)
        elif isinstance(self._file, io.BytesIO):
            self._file.write(bytes_of(text))
        else:
            self._file.write(shown(text))

    def __getattr__(self, name):
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


def _lines(rows):
    """Yield lines as texts, of a file of any mode."""
    for row in rows:
        yield shown(row)


def _reader(rows, *args, **options):
    return csv.reader(_lines(rows), *args, **options)


def _cells(row):
    """Return the cells of a row, bytes as texts."""
    return [shown(cell) if isinstance(cell, bytes) else cell
            for cell in each(row)] if hasattr(row, "__iter__") else row


class _Writer:
    """Write rows with cells of bytes or texts."""

    def __init__(self, writer):
        self._writer = writer

    def __getattr__(self, name):
        return getattr(self._writer, name)

    def writerow(self, row):
        return self._writer.writerow(_cells(row))

    def writerows(self, rows):
        return self._writer.writerows(map(_cells, rows))


def _writer(file, *args, **options):
    return _Writer(csv.writer(_Texts(file), *args, **options))


def write_text(file, text):
    """Write a text to a file of any mode.

    Parameters
    ----------
    file : file
        Open for texts or bytes.
    text : str
        What to write, to one for bytes in UTF-8.

    Returns
    -------
    int
        What the file returns.
    """
    try:
        return file.write(text)
    except TypeError:
        return file.write(bytes_of(text))


class _Texts:
    """Write texts to a file of any mode."""

    def __init__(self, file):
        self._file = file

    def write(self, text):
        return write_text(self._file, text)


class _DictReader(csv.DictReader):
    def __init__(self, rows, *args, **options):
        super().__init__(_lines(rows), *args, **options)


class _DictWriter(csv.DictWriter):
    def __init__(self, file, *args, **options):
        super().__init__(_Texts(file), *args, **options)
        self.writer = _Writer(self.writer)


def _hash(make):
    """Return a hash that takes texts as well as bytes."""
    return lambda text=b"", *args: _Hash(make, text)


class _Hash:
    """A hash of bytes or texts."""

    def __init__(self, make, text):
        self._hash = make(bytes_of(text))

    def update(self, text):
        self._hash.update(bytes_of(text))

    def __getattr__(self, name):
        return getattr(self._hash, name)


def _on_bytes(function):
    """Return a function of bytes that takes and returns texts."""
    return lambda text: shown(function(bytes_of(text)))


def _of_bytes(function):
    """Return a function of bytes that takes texts."""
    return lambda text, *args: function(bytes_of(text), *args)


def _signed(function):
    """Return a checksum of a text, of 32 bits with a sign."""
    return lambda text, *before: (function(bytes_of(text), *(
        value % (1 << 32) for value in before)) + (1 << 31)) % (
            1 << 32) - (1 << 31)


def _second_of_bytes(function):
    """Return a function of a format and bytes that takes texts."""
    return lambda form, text, *args, **options: function(
        form, bytes_of(text), *args, **options)


def _with_texts(function):
    """Return ``struct.pack`` or its kind, which took texts for bytes."""
    return lambda form, *values: function(form, *map(bytes_of, values))


def _as_json(thing):
    """Return what JSON can hold of what Python 2 took for integers, texts."""
    if isinstance(thing, dict):
        return {_as_json(key): _as_json(value)
                for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return list(map(_as_json, thing))
    if isinstance(thing, np.int64):
        return int(thing)
    return shown(thing) if isinstance(thing, bytes) else thing


def _dumps(thing, *args, encoding=None, **options):
    try:
        return json.dumps(thing, *args, **options)
    except TypeError:
        return json.dumps(_as_json(thing), *args, **options)


def _dump(thing, file, *args, **options):
    write_text(file, _dumps(thing, *args, **options))


def _without_encoding(function):
    return lambda text, *args, encoding=None, **options: function(
        text, *args, **options)


MODULES = {
    "json": {"dumps": _dumps, "dump": _dump,
             "loads": _without_encoding(json.loads),
             "load": _without_encoding(json.load)},
    "csv": {"reader": _reader, "writer": _writer, "DictReader": _DictReader,
            "DictWriter": _DictWriter},
    "binascii": {**{name: _on_bytes(getattr(binascii, name)) for name in (
        "hexlify", "b2a_hex", "b2a_base64")}, **{
            name: _of_bytes(getattr(binascii, name)) for name in (
                "unhexlify", "a2b_hex", "a2b_base64")},
        "crc32": _signed(binascii.crc32)},
    "zlib": {**{name: _of_bytes(getattr(zlib, name)) for name in (
        "compress", "decompress")}, "adler32": _signed(zlib.adler32),
        "crc32": _signed(zlib.crc32)},
    "struct": {**{name: _second_of_bytes(getattr(struct, name))
                  for name in ("unpack", "unpack_from")},
               **{name: _with_texts(getattr(struct, name))
                  for name in ("pack", "pack_into")}},
    "hashlib": {**{name: _hash(getattr(hashlib, name)) for name in (
        "md5", "sha1", "sha224", "sha256", "sha384", "sha512")},
        "new": lambda name, text=b"": _Hash(partial(hashlib.new, name),
                                            text)},
    "base64": {"encodestring": _on_bytes(base64.encodebytes),
               "b64encode": _on_bytes(base64.b64encode),
               "decodestring": _of_bytes(base64.decodebytes),
               "b64decode": _of_bytes(base64.b64decode)},
}
