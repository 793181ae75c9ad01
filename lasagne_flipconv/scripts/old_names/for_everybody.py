"""Names that everybody is lent: nolearn, an installed package, needs them.

:func:`lasagne_flipconv.install` lends them: the abstract base classes that
Python 3.10 removed from ``collections``, and ``sklearn.cross_validation`` and
``sklearn.grid_search``, which scikit-learn 0.20 removed. nolearn 0.6.1, the
last release, imports both, and its constructor ignores some arguments and
copies others, for which scikit-learn refuses to copy such an estimator by now.
"""
import collections
import collections.abc
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import inspect
import sys

from ...compat.import_hooks import ImportWithin
from . import cuda
from .table import ROWS, became

__all__ = ["lend", "take_back"]


def lend():
    """Make the names that are missing here importable.

    Returns
    -------
    list of str
        The names that were put into ``collections``, for :func:`take_back`.
    """
    missing = [name for name in collections.abc.__all__
               if not hasattr(collections, name)]
    for name in missing:
        setattr(collections, name, getattr(collections.abc, name))
    sys.meta_path.append(_OLD_MODULES)
    _NOLEARN.install()
    return missing


def take_back(names):
    """Undo :func:`lend`.

    Parameters
    ----------
    names : list of str
        What :func:`lend` returned.
    """
    for name in names:
        delattr(collections, name)
    sys.meta_path.remove(_OLD_MODULES)
    _NOLEARN.remove()
    cuda.take_back()
    for name in _CONTENTS:
        if isinstance(getattr(sys.modules.get(name), "__loader__", None),
                      _Loader):
            del sys.modules[name]


class _OldModules(importlib.abc.MetaPathFinder):
    """Find, after everything else, the modules of `_CONTENTS`."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in _CONTENTS:
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader())


@contextlib.contextmanager
def _complete_nolearn(module):
    """Complete the class of nolearn once it has been imported."""
    yield
    _make_clonable(module.NeuralNet)


def _make_clonable(cls):
    """Let scikit-learn 1.3 and later copy an estimator of nolearn's class."""
    for name, argument in inspect.signature(cls).parameters.items():
        if argument.default is not argument.empty and not hasattr(cls, name):
            setattr(cls, name, argument.default)
    cls.__sklearn_clone__ = _clone


def _clone(estimator):
    """Copy an estimator without asking what its constructor did."""
    clone = importlib.import_module("sklearn.base").clone
    return type(estimator)(**{
        name: clone(value, safe=False)
        for name, value in estimator.get_params(deep=False).items()})


_OLD_MODULES = _OldModules()
_NOLEARN = ImportWithin("nolearn.lasagne.base", _complete_nolearn)


class _Loader(importlib.abc.Loader):
    """Fill a module with what `_CONTENTS` says."""

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        for name, row in _CONTENTS[module.__name__].items():
            setattr(module, name, became(row))


#: What each module that is gone is lent: module → name → what it became.
_CONTENTS = {module: {row.name: row for row in ROWS if row.module == module}
             for module in ("sklearn.cross_validation",
                            "sklearn.grid_search")}
