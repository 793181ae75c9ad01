"""Hooks that change how single modules are imported."""
import importlib.abc
import importlib.machinery
import sys

__all__ = ["Hook", "ImportWithin", "Refusal", "find_after", "find_source"]


def find_after(hook, fullname, path=None, target=None):
    """Return the spec of a module by the hooks after one.

    Parameters
    ----------
    hook : object
        One of ``sys.meta_path``.
    fullname, path, target : object
        As a hook is given them.

    Returns
    -------
    importlib.machinery.ModuleSpec or None
        None if they do not find it.
    """
    others = sys.meta_path[sys.meta_path.index(hook) + 1:]
    found = (other.find_spec(fullname, path, target) for other in others
             if hasattr(other, "find_spec"))  # as Python asks them
    return next((spec for spec in found if spec is not None), None)


def find_source(hook, fullname, path=None, target=None):
    """Return the spec of a module in a file of Python, for another loader.

    Along ``sys.path`` first, whoever else is there: a spec by the hook of
    another tool would have that tool's loader. What is not there is asked of
    the hooks after one: ``pip install --editable`` makes such a hook.

    Parameters
    ----------
    hook, fullname, path, target : object
        As for `find_after`.

    Returns
    -------
    importlib.machinery.ModuleSpec or None
        None if it is not found.
    """
    return (importlib.machinery.PathFinder.find_spec(fullname, path)
            or find_after(hook, fullname, path, target))


class RefusedImport(ImportError):
    """Signal a package that cannot be imported on this machine."""


class Refusal:
    """Import hook that explains why packages cannot be imported.

    Parameters
    ----------
    names : tuple of str
        The packages.
    reason : str
        Why, and the way out.
    cause : Exception or None
        What happened when the first was imported.
    """

    def __init__(self, names, reason, cause):
        self.names, self.reason, self.cause = names, reason, cause

    def find_spec(self, fullname, path=None, target=None):
        """Raise if `fullname` is such a package, else leave it to others."""
        if fullname in self.names:
            raise RefusedImport(
                "import %s: %s Run 'lasagne-flipconv doctor' for what this "
                "machine needs." % (fullname, self.reason),
                name=fullname) from self.cause


class Hook(importlib.abc.MetaPathFinder):
    """Import hook that is asked before all others."""

    def install(self):
        """Act on every import from now on."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self):
        """Act no more."""
        sys.meta_path.remove(self)


class ImportWithin(Hook):
    """Import hook that runs the code of a module within a context.

    Parameters
    ----------
    name : str
        The module, whenever it is imported.
    context : callable
        Takes the module, still empty, and returns the context manager.

    Examples
    --------
    >>> import contextlib, sys
    >>> _ = sys.modules.pop("colorsys", None)
    >>> @contextlib.contextmanager
    ... def marked(module):
    ...     yield
    ...     module.mark = "ran"
    >>> hook = ImportWithin("colorsys", marked)
    >>> hook.install()
    >>> import colorsys
    >>> hook.remove()
    >>> colorsys.mark
    'ran'
    """

    def __init__(self, name, context):
        self.name, self.context = name, context

    def find_spec(self, fullname, path=None, target=None):
        """Find the module where those after us do, None if it is another."""
        if fullname != self.name:
            return None
        spec = find_after(self, fullname, path, target)
        if spec is not None:
            self._wrap(spec.loader)
        return spec

    def _wrap(self, loader):
        run = loader.exec_module

        def exec_module(module):
            with self.context(module):
                run(module)

        loader.exec_module = exec_module
