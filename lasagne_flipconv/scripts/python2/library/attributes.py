"""Names of attributes, methods and contents of modules that moved."""
import ast
import collections.abc
import contextlib
import importlib
import io
import math
import operator
import os
import string
import subprocess
import sys
import types
import wave
from functools import cmp_to_key

from .. import files as opened
from .. import lookups, string_methods
from ..strings import bytes_of, words_of
from ..syntax import rewritten
from . import arrays, equality, patterns, pickles, randoms, texts, zipped
from .arithmetic import ordered, shown
from .division import divide, divide_in_place
from .equality import each

__all__ = ["ATTRIBUTES", "LENT", "SUCCESSORS", "attribute", "listed",
           "sort_by"]

#: What has no such attribute is asked for the one of today.
SUCCESSORS = {
    "next": "__next__", "iteritems": "items", "iterkeys": "keys",
    "itervalues": "values", "viewitems": "items", "viewkeys": "keys",
    "viewvalues": "values", "has_key": "__contains__",
    "func_name": "__name__", "func_code": "__code__",
    "func_defaults": "__defaults__", "func_globals": "__globals__",
    "func_doc": "__doc__", "func_dict": "__dict__",
    "func_closure": "__closure__", "im_func": "__func__",
    "im_self": "__self__", "tostring": "tobytes", "fromstring": "frombytes",
    "isAlive": "is_alive", "getiterator": "iter",
    "assertEquals": "assertEqual", "assertNotEquals": "assertNotEqual",
    "assert_": "assertTrue", "failUnless": "assertTrue",
    "failIf": "assertFalse", "failUnlessEqual": "assertEqual",
    "failIfEqual": "assertNotEqual", "failUnlessRaises": "assertRaises",
    "assertAlmostEquals": "assertAlmostEqual",
    "assertNotAlmostEquals": "assertNotAlmostEqual",
    "assertRaisesRegexp": "assertRaisesRegex",
    "assertRegexpMatches": "assertRegex",
    "assertItemsEqual": "assertCountEqual", "xreadlines": "__iter__",
}

def listed(found):
    """Return a list where Python 3 gives a view of a mapping.

    Parameters
    ----------
    found : object
        What ``keys()``, ``values()`` or ``items()`` returned.

    Returns
    -------
    object
        A list instead of a view, anything else as it is.
    """
    return (list(found) if isinstance(found, collections.abc.MappingView)
            else found)


def attribute(thing, name):
    """Look up an attribute whose name, or what it does, changed.

    Parameters
    ----------
    thing : object
        Whose it is.
    name : str
        One of `ATTRIBUTES`.

    Returns
    -------
    object
        What it was in Python 2, else what it is.

    Raises
    ------
    AttributeError
        If there is none.

    Examples
    --------
    >>> list(attribute({1: 2}, "iteritems")()), attribute(string, "letters")
    ([(1, 2)], 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
    """
    if isinstance(thing, types.ModuleType):
        return _of_module(thing, name)
    if name in _METHODS:
        found = _METHODS[name](thing)
        if found is not None:
            return found
    return _succeeded(thing, name)


def _of_module(module, name):
    try:
        found = LENT[module.__name__, name]
    except KeyError:
        return _succeeded(module, name)
    return found.fget(module) if isinstance(found, property) else found


def _succeeded(thing, name):
    """Return an attribute, by the name of today if there is no other."""
    successor = SUCCESSORS.get(name)
    if hasattr(thing, name) or not hasattr(thing, successor or name):
        return getattr(thing, name)
    found = getattr(thing, successor)
    if name.startswith("iter"):
        return lambda *thing: iter(found(*thing))
    return found


def _sort(thing):
    if not isinstance(thing, list) or type(thing).sort is not list.sort:
        return None

    def sort(cmp=None, key=None, reverse=False):
        thing[:] = sort_by(thing, cmp, key, reverse)
    return sort


def sort_by(iterable, cmp=None, key=None, reverse=False):
    """Return a sorted list, as ``sorted`` did with all its arguments.

    Parameters
    ----------
    iterable : iterable
        What to sort.
    cmp, key : callable, optional
        Compares two; what of each is compared.
    reverse : bool, default False
        Whether the greatest is first.

    Returns
    -------
    list
        Sorted.
    """
    if cmp is not None:
        by = cmp_to_key(cmp)
        return sorted(iterable, reverse=reverse,
                      key=by if key is None else lambda x: by(key(x)))
    return ordered(iterable, key=key, reverse=reverse)


def _message(error):
    if not isinstance(error, BaseException) or hasattr(error, "message"):
        return None
    return error.args[0] if len(error.args) == 1 else ""


def _im_class(method):
    return (type(method.__self__) if isinstance(method, types.MethodType)
            else None)


def _im_func(function):
    return function if isinstance(function, types.FunctionType) else None


def _writes_bytes(name):
    """Return what gives a file of sound a method that is called with texts."""
    return lambda thing: (lambda text: getattr(thing, name)(bytes_of(text))
                          ) if isinstance(thing, wave.Wave_write) else None


def _getchildren(element):
    return (None if hasattr(element, "getchildren")
            or not hasattr(element, "iter") else lambda: list(element))


def _one_after_another(*tables):
    """Return one table of what several give to different things."""
    found = {}
    for table in tables:
        for name, given in table.items():
            found[name] = given if name not in found else (
                lambda thing, first=found[name], then=given: (
                    first(thing) or then(thing)))
    return found


#: Method or attribute → what is given for it, None to look further.
_METHODS = {
    "sort": _sort, "message": _message, "im_class": _im_class,
    "im_func": _im_func, "getchildren": _getchildren,
    **_one_after_another(
        patterns.METHODS, string_methods.METHODS, lookups.METHODS,
        equality.METHODS, arrays.METHODS, opened.METHODS),
    **{name: _writes_bytes(name) for name in ("writeframes",
                                              "writeframesraw")},
}


def _imap(function, *things):
    things = map(each, things)
    return zip(*things) if function is None else map(
        shown if function is str else function, *things)


def _of_texts(name):
    """Return the function of ``string`` that calls a method of a text."""
    return lambda s, *args: attribute(s, name)(*args)


def _walk(top, func, arg):
    """Call a function for each folder, as ``os.path.walk`` did."""
    for folder, folders, files in os.walk(top):
        names = folders + files
        func(arg, folder, names)
        folders[:] = [name for name in folders if name in names]


def _of_error(index):
    """Return what ``sys`` had on the error that is being handled."""
    return property(lambda module: sys.exc_info()[index])


@contextlib.contextmanager
def _nested(*managers):
    """Enter several contexts, as ``contextlib.nested`` did."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(manager) for manager in managers]


def _literal_eval(node_or_string):
    """Return the value of a literal, of Python 2 if it is a text."""
    if isinstance(node_or_string, (str, bytes)):
        node_or_string = rewritten(shown(node_or_string).strip())[0].strip()
    return ast.literal_eval(node_or_string)


def _check_output(*args, **kwargs):
    return words_of(subprocess.check_output(*args, **kwargs))


_STRING = {
    "letters": string.ascii_letters, "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase, "maketrans": str.maketrans,
    "atoi": int, "atol": int, "atof": float,
    "join": lambda words, sep=" ": attribute(sep, "join")(words),
    "joinfields": lambda words, sep=" ": attribute(sep, "join")(words),
    "splitfields": _of_texts("split"),
    "zfill": lambda x, width: shown(x).zfill(width),
    **{name: _of_texts(name) for name in (
        "split rsplit upper lower strip lstrip rstrip replace find rfind "
        "index rindex count ljust rjust center swapcase capitalize translate "
        "expandtabs").split()}}

_TYPES = {
    "StringType": str, "UnicodeType": str, "StringTypes": (str, str),
    "IntType": int, "LongType": int, "FloatType": float, "BooleanType": bool,
    "ComplexType": complex, "ListType": list, "TupleType": tuple,
    "DictType": dict, "DictionaryType": dict, "NoneType": type(None),
    "TypeType": type, "ClassType": type, "ObjectType": object,
    "SliceType": slice, "XRangeType": range, "BufferType": memoryview,
    "FileType": io.IOBase, "InstanceType": object,
    "EllipsisType": type(Ellipsis), "UnboundMethodType": types.FunctionType,
    "NotImplementedType": type(NotImplemented)}

_OPERATOR = {
    "div": divide, "idiv": divide_in_place, "isCallable": callable,
    "repeat": operator.mul, "sequenceIncludes": operator.contains,
    "isSequenceType": lambda x: isinstance(x, collections.abc.Sequence),
    "isMappingType": lambda x: isinstance(x, collections.abc.Mapping),
    "isNumberType": lambda x: isinstance(x, (int, float, complex))}

#: Module → contents that it had, or that did something else.
_MODULES = {
    "string": _STRING, "types": _TYPES, "operator": _OPERATOR,
    "itertools": {**equality.ITERTOOLS, "imap": _imap},
    "math": {"floor": lambda x: float(math.floor(x)) if math.isfinite(x)
             else x, "ceil": lambda x: float(math.ceil(x))
             if math.isfinite(x) else x},
    "contextlib": {"nested": _nested},
    "sys": {"maxint": sys.maxsize, "setdefaultencoding": lambda name: None,
            "platform": {"linux": "linux2"}.get(sys.platform, sys.platform),
            "exc_clear": lambda: None, "exc_type": _of_error(0),
            "exc_value": _of_error(1), "exc_traceback": _of_error(2)},
    "email": {old: property(lambda email, new=new: importlib.import_module(
        "email." + new)) for old, new in (
            ("Charset", "charset"), ("Encoders", "encoders"),
            ("Errors", "errors"), ("Generator", "generator"),
            ("Header", "header"), ("Message", "message"),
            ("Parser", "parser"), ("Utils", "utils"))},
    "os": {"getcwdu": os.getcwd, "errno": __import__("errno")},
    os.path.__name__: {"walk": _walk, "join": lambda a, *p: os.path.join(
        *map(shown, (a, *p)))},
    "ast": {"literal_eval": _literal_eval},
    "subprocess": {"check_output": _check_output},
    **arrays.MODULES, **pickles.MODULES, **randoms.MODULES,
    **texts.MODULES, **zipped.MODULES, **patterns.MODULES,
}

#: (module, name) → what a program of Python 2 finds there.
LENT = {(module, name): value for module, contents in _MODULES.items()
        for name, value in contents.items()}

#: All names that are looked up by :func:`attribute`.
ATTRIBUTES = frozenset(SUCCESSORS) | frozenset(_METHODS) | frozenset(
    name for _, name in LENT)
