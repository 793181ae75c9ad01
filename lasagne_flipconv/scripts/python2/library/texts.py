"""Texts of Python 2, which were bytes, in modules that take these."""
import base64
import binascii
import bz2
import csv
import hashlib
import json
import struct
import zlib
from functools import partial

import numpy as np

from .arithmetic import bytes_of, shown
from .equality import each

__all__ = ["MODULES", "write_text"]


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
    "bz2": {name: _of_bytes(getattr(bz2, name)) for name in (
        "compress", "decompress")},
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
