"""Functions that later releases of Python dropped."""
import html
import importlib
import importlib.machinery
import importlib.util
import inspect
import io
import math
import os
import sys
from collections import namedtuple

__all__ = ["IMP", "UTIL", "escape", "formatargspec", "gcd", "getargspec"]

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func):
    """Return the arguments of a function that has none by keyword only.

    Parameters
    ----------
    func : callable
        The function or method.

    Returns
    -------
    ArgSpec
        Names, the names of ``*`` and ``**``, and the default values.

    Raises
    ------
    ValueError
        If it has arguments by keyword only, as it was.

    Examples
    --------
    >>> getargspec(lambda x, y=1, **more: x)
    ArgSpec(args=['x', 'y'], varargs=None, keywords='more', defaults=(1,))
    """
    spec = inspect.getfullargspec(func)
    if spec.kwonlyargs:
        raise ValueError("getargspec: %r has keyword-only arguments %r; "
                         "expected none. Call inspect.getfullargspec."
                         % (func, spec.kwonlyargs))
    return ArgSpec(*spec[:4])


def formatargspec(args, varargs=None, varkw=None, defaults=None):
    """Return the text of what `getargspec` gives.

    Parameters
    ----------
    args : list of str
        The names.
    varargs, varkw : str or None
        The names of ``*`` and ``**``.
    defaults : sequence or None
        The default values of the last arguments.

    Returns
    -------
    str
        As between ``def name`` and the colon.

    Examples
    --------
    >>> formatargspec(["x", "y"], None, "more", (1,))
    '(x, y=1, **more)'
    """
    defaults = list(defaults or [])
    first = len(args) - len(defaults)
    parts = args[:first] + ["%s=%r" % item
                            for item in zip(args[first:], defaults)]
    parts += [stars + name for stars, name in (("*", varargs), ("**", varkw))
              if name]
    return "(%s)" % ", ".join(parts)


def escape(s, quote=False):
    """Replace what means something in HTML.

    Parameters
    ----------
    s : str
        The text.
    quote : bool, default False
        Whether quotation marks are replaced as well.

    Returns
    -------
    str
        As ``cgi.escape`` had it, but for the apostrophe.

    Examples
    --------
    >>> escape("a < 'b'")
    "a &lt; 'b'"
    """
    return html.escape(s, quote)


def gcd(a, b):
    """Return the greatest common divisor, with the sign of `b`.

    Parameters
    ----------
    a, b : int
        Two numbers.

    Returns
    -------
    int
        As ``fractions.gcd`` had it.

    Examples
    --------
    >>> gcd(12, -18), gcd(12, 0)
    (-6, 12)
    """
    found = math.gcd(a, b)
    return -found if b < 0 or (b == 0 and a < 0) else found


def _loader(name, path):
    """Return what loads a file: one of the program as those it imports."""
    for finder in sys.meta_path:
        loader = getattr(finder, "loader_of", lambda *file: None)(name, path)
        if loader is not None:
            return loader
    return importlib.machinery.SourceFileLoader(name, path)


def _spec(name, path, **options):
    """Return the spec of a file of any suffix."""
    binary = path.endswith((*importlib.machinery.EXTENSION_SUFFIXES,
                            *importlib.machinery.BYTECODE_SUFFIXES))
    if not binary:
        options["loader"] = _loader(name, path)
    return importlib.util.spec_from_file_location(name, path, **options)


def _loaded(spec):
    """Run a module that is in ``sys.modules``, or one that is put there."""
    before = sys.modules.get(spec.name)
    module = importlib.util.module_from_spec(spec)
    if before is not None:
        before.__spec__, before.__loader__ = spec, spec.loader
        before.__file__ = spec.origin
        module = before
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            sys.modules.pop(spec.name, None)
        raise
    return sys.modules.get(spec.name, module)


def _load_source(name, pathname, file=None):
    """Load a module from a file, under any name."""
    return _loaded(_spec(name, os.fspath(pathname)))


def _load_package(name, path):
    """Load the package in a folder."""
    return _loaded(_spec(name, os.path.join(path, "__init__.py"),
                         submodule_search_locations=[path]))


#: Kinds of modules, as numbers.
_SOURCE, _COMPILED, _EXTENSION, _FOLDER, _BUILTIN, _FROZEN = 1, 2, 3, 5, 6, 7


def _find_module(name, path=None):
    """Return the open file of a module, its path, and what it is."""
    if path is None and name in sys.builtin_module_names:
        return None, name, ("", "", _BUILTIN)
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None or not (spec.origin or spec.submodule_search_locations):
        raise ImportError("No module named %s" % name, name=name)
    if spec.submodule_search_locations:
        return None, list(spec.submodule_search_locations)[0], (
            "", "", _FOLDER)
    suffix = next((s for s in importlib.machinery.all_suffixes()
                   if spec.origin.endswith(s)), "")
    if suffix in importlib.machinery.SOURCE_SUFFIXES:
        return io.open(spec.origin, encoding="utf-8",
                       errors="surrogateescape"), spec.origin, (
                           suffix, "U", _SOURCE)
    return io.open(spec.origin, "rb"), spec.origin, (suffix, "rb", (
        _EXTENSION if suffix in importlib.machinery.EXTENSION_SUFFIXES
        else _COMPILED))


def _load_module(name, file, pathname, description):
    """Load what `_find_module` found."""
    kind = description[2]
    if kind in (_BUILTIN, _FROZEN):
        return importlib.import_module(name)
    if kind == _FOLDER:
        return _load_package(name, pathname)
    return _loaded(_spec(name, os.fspath(pathname)))


#: What ``imp`` had; what it has until Python 3.12 takes no file of a program
#: for one.
IMP = {"load_source": _load_source, "load_package": _load_package,
       "find_module": _find_module, "load_module": _load_module,
       "PY_SOURCE": _SOURCE, "PY_COMPILED": _COMPILED,
       "C_EXTENSION": _EXTENSION, "PKG_DIRECTORY": _FOLDER,
       "C_BUILTIN": _BUILTIN, "PY_FROZEN": _FROZEN}


def _spec_from_file_location(name, location=None, *, loader=None, **options):
    """Return the spec of a file; one of the program is loaded as others."""
    if loader is None and location is not None and os.fspath(
            location).endswith(".py"):
        loader = _loader(name, os.fspath(location))
    return importlib.util.spec_from_file_location(
        name, location, loader=loader, **options)


#: What of ``importlib.util`` takes a file of a program for one.
UTIL = {"spec_from_file_location": _spec_from_file_location}
