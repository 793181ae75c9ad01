"""What programs of either Python are lent: ``numpy.load`` as it was."""
import ast
import importlib.machinery
import warnings
from types import ModuleType

from ..old_names.lending import LENT_BUILTINS
from .library.pickles import load_array

__all__ = ["Loader", "lends", "lent"]

_NAME = "__lent_by_flipconv__"


def lent(source, path, **options):
    """Compile a file of Python 3 that may load arrays of objects.

    Parameters
    ----------
    source : bytes
        The file.
    path : str
        Where it is from.
    **options : dict
        As for :func:`compile`.

    Returns
    -------
    code
        What :func:`exec` runs; ``numpy.load`` in it is the one that was.

    Raises
    ------
    SyntaxError
        If it is no Python 3.
    """
    if b"load" not in source or b"numpy" not in source:
        return compile(source, path, "exec", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = _Lending().visit(ast.parse(source, path))
        except (SyntaxError, ValueError):  # told where it is compiled
            tree = source
    setattr(LENT_BUILTINS, _NAME, _lent)
    return compile(tree if tree is source else ast.fix_missing_locations(
        tree), path, "exec", **options)


def _lent(thing):
    """Return what has another ``load`` if a thing is NumPy."""
    return _NumPy if isinstance(thing, ModuleType) and (
        thing.__name__ == "numpy") else thing


class _NumPy:
    """What stands before ``.load``."""

    load = staticmethod(load_array)


class _Lending(ast.NodeTransformer):
    """Look ``load`` up in what NumPy lends."""

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if node.attr == "load" and isinstance(node.ctx, ast.Load):
            node.value = ast.copy_location(ast.Call(
                ast.Name(_NAME, ast.Load()), [node.value], []), node.value)
            for part in ast.walk(node.value.func):
                ast.copy_location(part, node.value)
        return node

    def visit_ImportFrom(self, node):
        """Let ``from numpy import load`` give it as well."""
        names = {alias.name: alias.asname or alias.name
                 for alias in node.names}
        name = names.get("load", "load" if "*" in names else None)
        if node.module != "numpy" or node.level or name is None:
            return node
        module = ast.Call(ast.Name("__import__", ast.Load()),
                          [ast.Constant("numpy")], [])
        lent = ast.Assign(
            [ast.Name(name, ast.Store())], ast.Attribute(ast.Call(ast.Name(
                _NAME, ast.Load()), [module], []), "load", ast.Load()))
        for part in ast.walk(lent):
            ast.copy_location(part, node)
        return [node, lent]


def lends(path):
    """Tell whether a file may load arrays.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool
        Whether it has to be compiled by :func:`lent`.
    """
    with open(path, "rb") as file:
        source = file.read()
    return b"load" in source and b"numpy" in source


class Loader(importlib.machinery.SourceFileLoader):
    """Load a module of Python 3.

    Parameters
    ----------
    fullname : str
        Its name.
    path : str
        Its file.
    """

    def get_code(self, fullname):
        """Return its code, without leaving byte code behind."""
        path = self.get_filename(fullname)
        return lent(self.get_data(path), path, dont_inherit=True)

    def exec_module(self, module):
        """Run it, its import statements getting the old names."""
        module.__builtins__ = LENT_BUILTINS
        super().exec_module(module)
