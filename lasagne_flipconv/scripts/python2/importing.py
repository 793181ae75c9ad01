"""Imports of programs: which files are theirs, and what they find."""
import __future__

import builtins
import importlib.machinery
import importlib.util
import sys
from types import ModuleType

from ..old_names.lending import lent_import
from ..whose import installed_folders
from .library.attributes import LENT, attribute
from .library.functions import BUILTINS
from .library.modules import GONE, old_module
from .translating import prepared

__all__ = ["Loader"]


class Loader(importlib.machinery.SourceFileLoader):
    """Load a module of either Python, without leaving byte code behind.

    Parameters
    ----------
    fullname : str
        Its name.
    path : str
        Its file.
    """

    def get_code(self, fullname):
        """Return the code of a module."""
        return self.prepared(fullname)[0]

    def prepared(self, fullname):
        """Return the code of a module, and what is built in there."""
        path = self.get_filename(fullname)
        return prepared(self.get_data(path), path, "exec", dont_inherit=True)

    def exec_module(self, module):
        """Run a module."""
        code, names = self.prepared(module.__name__)
        module.__builtins__ = names
        exec(code, vars(module))


class _Names(ModuleType):
    """What ``from module import name`` looks names up in."""

    def __getattr__(self, name):
        return attribute(vars(self)["_module"], name)


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    """Import as Python 2 did: a neighbour first, modules that are gone."""
    names = {} if globals is None else globals
    if level <= 0 and _is_neighbour(name, names):
        module = builtins.__import__(name, names, locals, fromlist, 1)
    elif level <= 0 and _is_gone(name):
        module = old_module(name)
        if "." in name and not fromlist:  # import email.MIMEText
            return _with(name, module)
    else:
        module = lent_import(name, names, locals, fromlist, max(level, 0))
    if fromlist and isinstance(module, ModuleType):
        return _lent(module, fromlist)
    return module


def _with(name, module):
    """Return the package of a module that is gone, and the module in it."""
    package, _, rest = name.partition(".")
    found = _Names(package)
    found._module = lent_import(package)
    setattr(found, rest, module)
    return found


def _is_gone(name):
    """Tell whether a name stands for another module; a program's own wins."""
    if name not in GONE:
        return False
    if name in ("__builtin__", "Image"):
        return True
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return True
    return spec is None or (spec.origin or "").startswith(
        installed_folders())


def _is_neighbour(name, names):
    """Tell whether a module lies beside the one that imports it."""
    package = names.get("__package__")
    if package is None:
        package = names.get("__name__", "")
        if "__path__" not in names:
            package = package.rpartition(".")[0]
    if not package or names.get("absolute_import") is \
            __future__.absolute_import:
        return False
    full = "%s.%s" % (package, name.partition(".")[0])
    if sys.modules.get(full) is not None:
        return True
    try:
        spec = importlib.util.find_spec(full)
    except (ImportError, ValueError, AttributeError):
        return False
    return spec is not None and spec.origin is not None


def _lent(module, fromlist):
    """Return a module with the names that it had, for ``from``."""
    had = {name for home, name in LENT if home == module.__name__}
    if not had.intersection(fromlist) and not (had and "*" in fromlist):
        return module
    found = _Names(module.__name__)
    found._module = module
    if "*" in fromlist:
        public = getattr(module, "__all__", None) or [
            name for name in vars(module) if name[0] != "_"]
        found.__all__ = [*public, *(had - set(public))]
        vars(found).update({name: attribute(module, name)
                            for name in found.__all__})
    return found


def _star(name, level):
    """Import all names of a module where a function asks for it."""
    names = sys._getframe(1).f_globals
    found = _import(name, names, None, ("*",), level)
    for public in getattr(found, "__all__", None) or [
            public for public in vars(found) if public[0] != "_"]:
        names[public] = getattr(found, public)


vars(BUILTINS).update(__import__=_import, __python2_star__=_star)
