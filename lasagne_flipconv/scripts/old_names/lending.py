"""Give the names of the table to a script and its modules alone.

Their import statements get a stand-in for each module of the table, with the
names that it lacks; what is installed goes on to see the module itself.
"""
import builtins
import importlib
import importlib.machinery
import importlib.util
import runpy
import sys
from types import ModuleType

from ...compat.import_hooks import find_source
from ...compat.numpy_names import BUILTINS, old_numpy_names
from ..whose import belongs_to_program
from . import arguments, arrays, cuda, skimage_names, standard_library
from .arguments import pillow_methods
from .table import ROWS, became

__all__ = ["Loader", "lend_through_tools", "lend_to_program", "lent_import",
           "refresh"]


def _run_path(path_name, init_globals=None, run_name=None):
    """Run a file as ``runpy`` does, with the names of the table."""
    return runpy.run_path(path_name, dict(
        init_globals or {}, __builtins__=LENT_BUILTINS), run_name)


#: What a stand-in has whether the module has it or not.
_INSTEAD = {"numpy": dict(old_numpy_names(), **arrays.INSTEAD),
            "numpy.random": arrays.RANDOM,
            "skimage.transform": skimage_names.INSTEAD,
            "imp": standard_library.IMP,
            "importlib.util": standard_library.UTIL,
            "runpy": {"run_path": _run_path},
            **cuda.INSTEAD, **pillow_methods.INSTEAD}

#: Module → name → row.
_BY_MODULE = {}
for _row in ROWS:
    _BY_MODULE.setdefault(_row.module, {})[_row.name] = _row
for _name in [*_INSTEAD, *arguments.MODULES]:
    _BY_MODULE.setdefault(_name, {})

#: Modules of which one below is in the table.
_ABOVE = {name[:at] for name in _BY_MODULE for at, letter in enumerate(name)
          if letter == "."}
_MADE = {}
_python_import = builtins.__import__


class _Lent(ModuleType):
    """Stand for a module, with the names that it had."""

    def __init__(self, name, module):
        super().__init__(name, getattr(module, "__doc__", None))
        own = vars(module) if module else {}
        vars(self).update(
            {key: value for key, value in own.items()
             if not isinstance(value, ModuleType)
             and not arguments.may_change(value)
             and key not in ("__getattr__", "__dir__")}, _module=module)
        vars(self).update(_INSTEAD.get(name, {}))
        vars(self)["__all__"] = _public(name, module)

    def __getattr__(self, name):
        module, here = vars(self)["_module"], vars(self)["__name__"]
        try:
            if module is None:
                raise AttributeError(name)
            return lent(getattr(module, name))
        except AttributeError:
            return _found(here, name)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if vars(self)["_module"] is not None:
            setattr(vars(self)["_module"], name, value)

    def __dir__(self):
        return sorted(set(dir(vars(self)["_module"])) | set(vars(self)))


def _found(module, name):
    """Return what a name of a module became."""
    full = "%s.%s" % (module, name)
    row = _BY_MODULE.get(module, {}).get(name)
    if row is None and (full in _BY_MODULE or full in _ABOVE):
        return _stand_in(full)
    if row is None:
        raise AttributeError("module %r has no attribute %r" % (module, name))
    return lent(became(row))


def _public(name, module):
    """Return what ``import *`` gives."""
    names = list(getattr(module, "__all__", ()) or (
        key for key in vars(module or ModuleType("")) if key[0] != "_"))
    had = {*_BY_MODULE.get(name, ()), *_INSTEAD.get(name, ())}
    if name == "numpy":
        had -= set(BUILTINS)
    return names + sorted(had - set(names))


def _stand_in(name):
    """Return the stand-in for a module, which may be gone."""
    if name not in _MADE:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name and not name.startswith(
                    "%s." % error.name) or not _is_gone(name):
                raise
            module = None
        _MADE[name] = _Lent(name, module)
    return _MADE[name]


def _is_gone(name):
    """Tell whether only a module is missing, not the package that had it."""
    top = name.partition(".")[0]
    return top == name or importlib.util.find_spec(top) is not None


def lent(thing):
    """Return the stand-in if a thing is a module of the table.

    Parameters
    ----------
    thing : object
        What was imported.

    Returns
    -------
    object
        What the script gets.
    """
    if isinstance(thing, ModuleType) and not isinstance(thing, _Lent):
        name = thing.__name__
        if (name in _BY_MODULE or name in _ABOVE) and (
                sys.modules.get(name) is thing):
            return _stand_in(name)
    return arguments.lent(thing)


def lent_import(name, globals=None, locals=None, fromlist=(), level=0):
    """Import as ``__import__`` does, with the names of the table.

    Parameters
    ----------
    name, globals, locals, fromlist, level : object
        As for ``__import__``.

    Returns
    -------
    module
        The module, or what stands for it.
    """
    refresh()
    if name == "builtins":
        return LENT_BUILTINS
    top = name.partition(".")[0]
    if level or top not in _TOPS:
        return _python_import(name, globals, locals, fromlist, level)
    if name in _BY_MODULE or name in _ABOVE:
        made = _stand_in(name)
        for each in fromlist or ():  # import what is a submodule
            if each != "*" and not hasattr(made, each):
                _python_import(name, globals, locals, (each,))
    else:
        made = _python_import(name, globals, locals, fromlist)
    return made if fromlist else lent(sys.modules.get(top) or made)


_TOPS = {name.partition(".")[0] for name in _BY_MODULE}

#: What a module of a program has built in.
LENT_BUILTINS = ModuleType("builtins", builtins.__doc__)
vars(LENT_BUILTINS).update(vars(builtins), __import__=lent_import)


def refresh():
    """Take over what others have put into the builtins since."""
    for name in set(vars(builtins)) - set(vars(LENT_BUILTINS)):
        setattr(LENT_BUILTINS, name, getattr(builtins, name))


class Loader(importlib.machinery.SourceFileLoader):
    """Load a module whose import statements get the names.

    Parameters
    ----------
    fullname : str
        Its name.
    path : str
        Its file.
    """

    def exec_module(self, module):
        """Run it."""
        module.__builtins__ = LENT_BUILTINS
        super().exec_module(module)


def lend_to_program(loader=Loader):
    """Let the modules of a program, from now on, be lent the names.

    Parameters
    ----------
    loader : type, optional
        What loads them.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path
                        if not isinstance(finder, _Finder)]
    sys.meta_path.insert(0, _Finder(loader))


def lend_through_tools():
    """Lend to a script that a module runs as ``__main__``, as pdb does.

    It is given what that module has built in. What a kernel of Jupyter runs
    has no file.
    """
    def import_for(name, globals=None, locals=None, fromlist=(), level=0):
        path = (globals or {}).get("__file__")
        own = globals and globals.get("__name__") == "__main__" and (
            path is None or belongs_to_program(path))
        chosen = lent_import if own else _python_import
        return chosen(name, globals, locals, fromlist, level)
    builtins.__import__ = import_for


class _Finder:
    """Import hook that gives modules of a program another loader."""

    def __init__(self, loader):
        self.loader = loader
        self.libraries = {name.partition(".")[0] for name in sys.modules
                          } - {"__main__"}

    def find_spec(self, fullname, path=None, target=None):
        """Return the spec that Python finds, with our loader."""
        if fullname.partition(".")[0] in self.libraries:
            return None
        spec = find_source(self, fullname, path, target)
        if (spec is None or type(spec.loader) is not importlib.machinery
                .SourceFileLoader or not belongs_to_program(spec.origin)):
            return None
        spec.loader = self.loader(fullname, spec.origin)
        return spec

    def loader_of(self, name, path):
        """Return what loads a file of the program under a name, else None."""
        return self.loader(name, path) if belongs_to_program(path) else None
