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
from typing import Any, Dict

import numpy as np

from ..strings import own
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
    def __init__(self, f, *args, **options):
        super().__init__(_lines(f), *args, **options)


class _DictWriter(csv.DictWriter):
    def __init__(self, f, *args, **options):
        super().__init__(_Texts(f), *args, **options)
        self.writer = _Writer(self.writer)


def _hash(make):
    """Return a hash that takes texts as well as bytes."""
    return lambda string=b"", *args, **options: _Hash(make, string)


class _Hash:
    """A hash of bytes or texts."""

    def __init__(self, make, text):
        self._hash = make(bytes_of(text))

    def update(self, text):
        self._hash.update(bytes_of(text))

    def digest(self):
        return own(self._hash.digest())

    def __getattr__(self, name):
        return getattr(self._hash, name)


def _texts_as_bytes(function):
    """Return a function all of whose texts are given as bytes."""
    return lambda *args, **options: function(
        *map(bytes_of, args),
        **{name: bytes_of(value) for name, value in options.items()})


def _on_bytes(function):
    """Return a function of bytes that takes and returns texts."""
    function = _texts_as_bytes(function)
    return lambda *args, **options: shown(function(*args, **options))


def _of_bytes(function):
    """Return a function of bytes that takes texts."""
    function = _texts_as_bytes(function)
    return lambda *args, **options: own(function(*args, **options))


def _signed(function):
    """Return a checksum of a text, of 32 bits with a sign."""
    return lambda text, *before: (function(bytes_of(text), *(
        value % (1 << 32) for value in before)) + (1 << 31)) % (
            1 << 32) - (1 << 31)


def _second_of_bytes(function):
    """Return a function of a format and bytes that takes texts."""
    return lambda form, text, *args, **options: own(function(
        form, bytes_of(text), *args, **options))


def _with_texts(function):
    """Return ``struct.pack`` or its kind, which took texts for bytes."""
    return lambda form, *values: own(function(form, *map(bytes_of, values)))


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


#: The arguments of ``json.dumps`` behind the first, in their order.
_OF_DUMPS = ("skipkeys", "ensure_ascii", "check_circular", "allow_nan", "cls",
             "indent", "separators", "encoding", "default", "sort_keys")


def _dumps(obj, *args, **options):
    options.update(zip(_OF_DUMPS, args))
    options.pop("encoding", None)
    try:
        return json.dumps(obj, **options)
    except TypeError:
        return json.dumps(_as_json(obj), **options)


def _dump(obj, fp, *args, **options):
    write_text(fp, _dumps(obj, *args, **options))


def _loads(s, encoding=None, *args, **options):
    return json.loads(s, *args, **options)


def _load(fp, encoding=None, *args, **options):
    return json.load(fp, *args, **options)


MODULES: Dict[str, Dict[str, Any]] = {
    "json": {"dumps": _dumps, "dump": _dump,
             "loads": _loads, "load": _load},
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
