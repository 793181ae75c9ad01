"""Names that everybody is lent: nolearn, an installed package, needs them.

:func:`lasagne_flipconv.install` lends them: the abstract base classes that
Python 3.10 removed from ``collections``, and ``sklearn.cross_validation`` and
``sklearn.grid_search``, which scikit-learn 0.20 removed. nolearn 0.6.1, the
last release, imports both, and its constructor ignores some arguments and
copies others, for which scikit-learn refuses to copy such an estimator by now.

``class Net(BaseEstimator, ClassifierMixin)``, in that order, was a classifier
until scikit-learn 1.6, and a class that derives from neither was an estimator.
Since then what a class is follows from the order of what it derives from: the
samples of the first are not stratified, and the second breaks off.
"""
import collections
import collections.abc
import contextlib
import functools
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
    _TAGS.install()
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
    _TAGS.remove()
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


@contextlib.contextmanager
def _of_then(module):
    """Let a module tell what estimators of any order are."""
    yield
    if hasattr(module, "get_tags"):  # scikit-learn 1.6
        module.get_tags = _in_any_order(module.get_tags)


def _in_any_order(stock):
    """Return what tells the tags of an estimator, whatever it derives from."""
    @functools.wraps(stock)
    def get_tags(estimator):
        base = importlib.import_module("sklearn.base").BaseEstimator
        kinds = [cls for cls in type(estimator).__mro__
                 if "__sklearn_tags__" in vars(cls)]
        if isinstance(estimator, type) or kinds[-1:] == [base] or (
                not kinds and hasattr(estimator, "__sklearn_tags__")):
            tags = stock(estimator)
        else:
            tags = stock(_reordered(estimator, kinds, base))
            tags.estimator_type = tags.estimator_type or getattr(
                estimator, "_estimator_type", None)
        if _may_not_tell_that_it_is_fitted(estimator):
            tags.requires_fit = False
        return tags
    return get_tags


def _reordered(estimator, kinds, base):
    """Return what has the tags of an estimator, and the base class last."""
    kinds = [cls for cls in kinds if cls is not base]
    cls = type(type(estimator).__name__, (*kinds, base), {})
    cls.__abstractmethods__ = frozenset()  # as it is not to be fitted
    made = object.__new__(cls)
    vars(made).update(vars(estimator))
    return made


def _may_not_tell_that_it_is_fitted(estimator):
    """Tell whether it is not scikit-learn that fits an estimator.

    Its attributes need not end in ``_``, by which scikit-learn knows since
    0.22, and a ``Pipeline`` since 1.8, that something is fitted.
    """
    return not hasattr(estimator, "__sklearn_is_fitted__") and not any(
        cls.__module__.startswith("sklearn.") and "fit" in vars(cls)
        for cls in type(estimator).__mro__)


_OLD_MODULES = _OldModules()
_NOLEARN = ImportWithin("nolearn.lasagne.base", _complete_nolearn)
_TAGS = ImportWithin("sklearn.utils._tags", _of_then)


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
