"""Modules of Python 2 that are gone, under their names."""
import builtins
import collections.abc
import configparser
import dbm
import html.parser
import importlib
import re
import subprocess
import types
import urllib.error
import urllib.parse
import urllib.request
from types import ModuleType

from fissix.fixes.fix_imports import MAPPING

from ..files import StringIO
from . import texts
from .functions import BUILTINS

__all__ = ["GONE", "old_module"]


class _Completion(configparser.Interpolation):
    """Complete texts from other values, and leave anything else."""

    def before_get(self, parser, section, option, value, defaults):
        """Replace ``%(name)s``, also in what it stands for."""
        for _ in range(configparser.MAX_INTERPOLATION_DEPTH):
            if not isinstance(value, str) or "%(" not in value:
                break
            value = re.sub(r"%\(([^)]+)\)", lambda found: "%%(%s)" % (
                parser.optionxform(found.group(1))), value) % defaults
        return value


class ConfigParser(configparser.RawConfigParser):
    """Parse as ``ConfigParser`` did: values can be anything."""

    _DEFAULT_INTERPOLATION = _Completion()

    def __init__(self, defaults=None, dict_type=dict, allow_no_value=False):
        super().__init__(defaults, dict_type, allow_no_value, strict=False,
                         inline_comment_prefixes=(";",))

    def get(self, section, option, raw=False, vars=None, **options):
        """Return a value, completed unless `raw`."""
        return super().get(section, option, raw=raw, vars=vars, **options)

    def items(self, *args, **options):
        """Return the options of a section as a list, or all sections."""
        return list(super().items(*args, **options))

    def readfp(self, file, name=None):
        """Read from a file that is open."""
        self.read_file(file, name)


class _Raw(ConfigParser):
    """Parse without completing values from others."""

    _DEFAULT_INTERPOLATION = configparser.Interpolation()


class DictMixin:
    """What makes a mapping of a class that has ``keys`` and items."""

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def __contains__(self, key):
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __eq__(self, other):
        return dict(self.items()) == (
            dict(other.items()) if isinstance(other, DictMixin) else other)

    __hash__ = None

    def __repr__(self):
        return repr(dict(self.items()))

    def items(self):
        """Return a list of pairs, of the items as they are looked up."""
        return [(key, self[key]) for key in self]

    def values(self):
        """Return a list."""
        return [self[key] for key in self]

    def has_key(self, key):
        """Tell whether there is such a key."""
        return key in self

    def iteritems(self):
        """Yield pairs."""
        return iter(self.items())

    get = collections.abc.Mapping.get
    clear = collections.abc.MutableMapping.clear
    pop = collections.abc.MutableMapping.pop
    popitem = collections.abc.MutableMapping.popitem
    setdefault = collections.abc.MutableMapping.setdefault
    update = collections.abc.MutableMapping.update
    _MutableMapping__marker = object()


class UserDict(collections.UserDict):
    """A mapping that has its dict as ``data``, whose items it lists."""

    def get(self, key, otherwise=None):
        """Return an item, or something else if there is none."""
        return self[key] if key in self.data else otherwise

    def items(self):
        """Return a list of the pairs of `data`."""
        return list(self.data.items())

    def values(self):
        """Return a list of the values of `data`."""
        return list(self.data.values())

    def keys(self):
        """Return a list of the keys of `data`."""
        return list(self.data)


class HTMLParser(html.parser.HTMLParser):
    """Parse HTML, and tell of ``&amp;`` apart from texts."""

    def __init__(self):
        super().__init__(convert_charrefs=False)

    def unescape(self, text):
        """Return a text with characters for what stands for them."""
        return html.unescape(text)


def _status_and_output(command):
    """Run a command; return its status as of ``os.wait``, and its output."""
    code, output = subprocess.getstatusoutput(command)
    return (code << 8 if code >= 0 else -code), output


def _contents(*modules):
    return {name: value for module in modules
            for name, value in vars(module).items() if name[0] != "_"}


#: Name of a module → a function that returns its contents.
_MADE = {
    "StringIO": lambda: {"StringIO": StringIO},
    "cStringIO": lambda: {"StringIO": StringIO},
    "ConfigParser": lambda: {
        **_contents(configparser), "ConfigParser": ConfigParser,
        "SafeConfigParser": ConfigParser, "RawConfigParser": _Raw},
    "urllib": lambda: {
        **_contents(urllib.parse, urllib.error, urllib.request),
        "parse": urllib.parse, "error": urllib.error,
        "request": urllib.request},
    "urllib2": lambda: _contents(urllib.parse, urllib.error, urllib.request),
    "exceptions": lambda: {
        **{name: value for name, value in vars(builtins).items()
           if isinstance(value, type) and issubclass(value, BaseException)},
        "StandardError": Exception},
    "commands": lambda: {
        "getoutput": subprocess.getoutput,
        "getstatusoutput": _status_and_output},
    "sets": lambda: {"Set": set, "ImmutableSet": frozenset},
    "md5": lambda: {"new": texts.MODULES["hashlib"]["md5"],
                    "md5": texts.MODULES["hashlib"]["md5"]},
    "sha": lambda: {"new": texts.MODULES["hashlib"]["sha1"],
                    "sha": texts.MODULES["hashlib"]["sha1"]},
    "new": lambda: {"instancemethod": lambda function, thing, cls=None:
                    types.MethodType(function, thing),
                    "classobj": type, "module": ModuleType,
                    "function": types.FunctionType, "code": types.CodeType},
    "UserDict": lambda: {
        "UserDict": UserDict, "IterableUserDict": UserDict,
        "DictMixin": DictMixin},
    "HTMLParser": lambda: {"HTMLParser": HTMLParser,
                           "HTMLParseError": type("HTMLParseError",
                                                  (Exception,), {})},
    "future_builtins": lambda: {
        name: getattr(builtins, name)
        for name in ("ascii", "filter", "hex", "map", "oct", "zip")},
    "whichdb": lambda: {"whichdb": dbm.whichdb},
}

#: Name of a module → that of today.
_RENAMED = {
    **MAPPING, "cPickle": "pickle", "thread": "_thread",
    "Image": "PIL.Image", "repr": "reprlib",
    "anydbm": "dbm", "dummy_thread": "_thread", "dummy_threading": "threading",
    "ImageDraw": "PIL.ImageDraw", "ImageFont": "PIL.ImageFont",
    "ImageFilter": "PIL.ImageFilter", "ImageOps": "PIL.ImageOps",
    "ImageEnhance": "PIL.ImageEnhance", "ImageChops": "PIL.ImageChops",
    "email.MIMEText": "email.mime.text", "email.Utils": "email.utils",
    "email.MIMEMultipart": "email.mime.multipart",
    "email.MIMEBase": "email.mime.base", "email.Encoders": "email.encoders",
    "email.MIMEImage": "email.mime.image",
    "email.MIMEAudio": "email.mime.audio", "email.Header": "email.header",
    "xml.etree.cElementTree": "xml.etree.ElementTree",
}

#: All names of modules that are not there any more.
GONE = frozenset(_RENAMED) | frozenset(_MADE)

_made = {"__builtin__": BUILTINS}


def old_module(name):
    """Return what stands for a module of Python 2.

    Parameters
    ----------
    name : str
        One of `GONE`.

    Returns
    -------
    module
        That of today, or one made of several.

    Raises
    ------
    ImportError
        If it is that of a package that is not installed.

    Examples
    --------
    >>> old_module("cPickle").__name__, old_module("urllib2").urlopen.__name__
    ('pickle', 'urlopen')
    """
    if name not in _MADE and name not in _made:
        return importlib.import_module(_RENAMED[name])
    if name not in _made:
        module = _made[name] = ModuleType(name)
        vars(module).update(_MADE[name]())
    return _made[name]
