"""Methods of texts and bytes, as those of Python 2's texts of bytes."""
import codecs
import re
from functools import partial

from .library.arithmetic import as_argument, shown
from .library.equality import each
from .strings import as_bytes, as_text, bytes_of, native, own, text_of

__all__ = ["CASES", "METHODS"]

#: Encodings from text to text, or from bytes to bytes.
_CODECS = ("hex", "base64", "zip", "bz2", "rot13", "rot_13", "zlib",
           "string_escape", "string-escape", "hex_codec", "base64_codec")

#: What of ASCII only Unicode takes for a space or the end of a line, or may.
_OTHER = re.compile("[\x0b-\x0c\x1c-\x1f]")

#: Methods to which it matters.
_AT_SPACES = ("isspace", "rsplit", "split", "splitlines")

_SPACES = " \t\n\r\x0b\x0c"


def _format(text):
    if isinstance(text, bytes):
        text = text_of(text)
    if not isinstance(text, str):
        return None
    return lambda *args, **kwargs: text.format(
        *map(as_argument, args),
        **{name: as_argument(value) for name, value in kwargs.items()})


def _join(text):
    if isinstance(text, bytes):
        text = text_of(text)
    if not isinstance(text, str):
        return None
    return lambda parts: text.join(
        shown(part) if isinstance(part, bytes) else part
        for part in each(parts))


def _decode(text):
    if not isinstance(text, (str, bytes)):
        return None
    return partial(_coded, text, codecs.decode, type(text) is str)


def _encode(text):
    if not isinstance(text, (str, bytes)):
        return None
    return partial(_coded, text, codecs.encode, isinstance(text, bytes))


def _coded(text, code, is_coded, encoding="utf-8", errors="strict"):
    """Code a text as the methods ``decode`` and ``encode`` did."""
    if encoding.lower() not in _CODECS:
        if isinstance(text, str) and is_coded:
            text = bytes_of(text)
        elif is_coded:
            return own(text)
        return own(code(text, encoding, errors))
    of_bytes = "string" in encoding and code is codecs.decode
    if "escape" in encoding:
        encoding, as_bytes = "unicode_escape", code is codecs.decode
    else:
        as_bytes = "rot" not in encoding
    if as_bytes:
        text = bytes_of(text)
    found = code(text, encoding, errors)
    if of_bytes:
        return shown(found.encode("latin1"))
    return native(found)


def _translate(text):
    if not isinstance(text, str):
        return None

    def translate(table, deleted=""):
        kept = "".join(c for c in text if c not in deleted)
        return kept if table is None else kept.translate(table)
    return translate


def _of_bytes(name, thing):
    """Return a method of bytes that takes and gives texts."""
    method = getattr(bytes(thing), name)
    return lambda *args, **options: native(
        method(*map(as_bytes, args), **options))


def _of_text(name, text):
    """Return a method of a text that takes bytes as well."""
    method = getattr(text, name)
    return lambda *args, **options: method(*map(as_text, args), **options)


def _through_bytes(name, text):
    """Return a method of a text that heeds no letters beyond ASCII."""
    if text.isascii() and (name not in _AT_SPACES or not _OTHER.search(text)):
        return getattr(text, name)

    def method(*args, **options):
        found = getattr(bytes_of(text), name)(*map(as_bytes, args),
                                              **options)
        return ([text_of(part) for part in found] if type(found) is list
                else text_of(found) if isinstance(found, bytes) else found)
    return method


def _split(name, text):
    """Return a method that splits, at spaces of ASCII if at nothing else."""
    def split(sep=None, maxsplit=-1):
        chosen = (getattr(text, name) if sep is not None
                  else _through_bytes(name, text))
        return chosen(as_text(sep), maxsplit)
    return split


def _strip(name, text):
    return lambda chars=None: getattr(text, name)(
        _SPACES if chars is None else as_text(chars))


#: Methods that Unicode gave another meaning → what is called for a text.
CASES = {
    "split": _split, "rsplit": _split, "strip": _strip, "lstrip": _strip,
    "rstrip": _strip, **dict.fromkeys(
        "splitlines lower upper title capitalize swapcase isalpha isalnum "
        "isdigit isspace islower isupper istitle".split(), _through_bytes)}

_OF_BYTES = ("replace find rfind index rindex count startswith endswith "
             "partition rpartition expandtabs center ljust rjust zfill"
             ).split()


def _given(name):
    """Return what gives a text or bytes a method of Python 2's texts."""
    make = CASES.get(name, _of_text)

    def given(thing):
        if isinstance(thing, bytes):
            return _of_bytes(name, thing)
        if isinstance(thing, str):
            return make(name, thing)
        if thing is str:  # map(str.strip, lines)
            return lambda text, *args: (given(text) or getattr(text, name))(
                *args)
        return None
    return given


#: Method → what is given for it, None to look further.
METHODS = {"format": _format, "join": _join, "decode": _decode,
           "encode": _encode, "translate": _translate,
           **{name: _given(name) for name in [*CASES, *_OF_BYTES]}}
