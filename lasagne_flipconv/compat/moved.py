"""Modules of this package by the names that they had when all lay flat.

``from lasagne_flipconv.checkpoint import read`` goes on to work: the name
stands for the module in its room, not for a copy.
"""
import importlib
import importlib.abc
import importlib.util
import sys
import types

__all__ = ["MOVED", "find_moved"]

_PACKAGE = __name__.partition(".")[0]

#: Room → the modules that lie in it now.
_ROOMS = {
    "weights": "checkpoint converting flattening inspecting loading matching "
               "networks planning telling",
    "weights.orientation": "detecting evidence measuring",
    "formats.common": "writing",
    "scripts": "build_report gpu_imports installing newer_functions old_names "
               "python2 replace running unpickling",
    "compat": "doctor environment import_hooks products theano_flags "
              "theano_python",
    "compat.edits": "theano_views",
    "cli": "digits explaining filters",
}
#: The name that a module had → the name that it has.
MOVED = {"%s.%s" % (_PACKAGE, name): "%s.%s.%s" % (_PACKAGE, room, name)
         for room, names in _ROOMS.items() for name in names.split()}

#: A module whose name a function of the package has: were it found by a
#: finder, the import would put it in the place of the function.
_HIDDEN = "transfer"


class _Hidden(types.ModuleType):
    """Stand for a module in a room, which is imported when it is used."""

    def __getattr__(self, name):
        return getattr(importlib.import_module(
            "%s.weights.%s" % (_PACKAGE, _HIDDEN)), name)


class _Moved(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import hook that gives a module for the name that it had."""

    def find_spec(self, fullname, path=None, target=None):
        """Find the module if its name is one of those, else None."""
        if fullname in MOVED:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def create_module(self, spec):
        """Import the module by the name that it has."""
        module = importlib.import_module(MOVED[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        """Give the module, which has run, its own specification back."""
        module.__spec__ = module.__spec__.loader_state


def find_moved():
    """Let imports find modules by the names that they had, from now on.

    Examples
    --------
    >>> import lasagne_flipconv.checkpoint
    >>> lasagne_flipconv.checkpoint is lasagne_flipconv.weights.checkpoint
    True
    """
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Moved())
        name = "%s.%s" % (_PACKAGE, _HIDDEN)
        if "lasagne" in sys.modules:  # else it cannot be imported
            sys.modules.setdefault(name, _Hidden(name))
