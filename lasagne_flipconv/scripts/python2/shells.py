"""What is typed into IPython, and cells of Jupyter: they are translated, too.

Their module ``IPython.core.compilerop`` parses each; it is lent a function
that translates what it parses.
"""
import __future__

import ast
import builtins
import contextlib
import sys

from ...compat.import_hooks import ImportWithin
from .library.functions import BUILTINS
from .translating import below_features, features_in, prepared

__all__ = ["SHELLS", "cell_tree", "example_of", "parse_for_shell", "prints"]


def parse_for_shell(compiler, source, filename="<unknown>", symbol="exec"):
    """Parse a cell as IPython does, translated.

    Parameters
    ----------
    compiler : object
        IPython's, which knows the cells before.
    source : str
        The cell.
    filename, symbol : str
        As for :func:`compile`.

    Returns
    -------
    ast.AST
        What is run.
    """
    features = vars(compiler).setdefault("features", [])
    tree, _ = cell_tree(source, filename, features)
    features += features_in(source)
    _lend_names()
    return _ended(tree)


def example_of(source, filename, names):
    """Parse an example of a docstring, translated.

    Parameters
    ----------
    source, filename : str
        The example, and what it is called.
    names : dict
        What it is run with.

    Returns
    -------
    ast.Interactive or None
        None if it is in a file of Python 3.
    """
    if names.get("__builtins__") not in (BUILTINS, vars(BUILTINS)):
        return None
    features = [name for name in __future__.all_feature_names
                if names.get(name) is getattr(__future__, name)]
    tree, _ = cell_tree(source, filename, features)
    return ast.Interactive(_Unshown().visit(tree).body)


def cell_tree(source, filename, features):
    """Parse a cell, translated, as one that has what earlier ones imported.

    Parameters
    ----------
    source, filename : str
        The cell, and what it is called.
    features : list of str
        Names that were imported from ``__future__``.

    Returns
    -------
    tree : ast.Module
        What is run.
    names : module
        Its ``__builtins__``.

    Raises
    ------
    SyntaxError
        If it is of neither Python.
    """
    try:
        tree, names = prepared(
            below_features(source, features), filename, "exec",
            flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        error.lineno = (error.lineno or 1) - bool(features)
        raise
    if features:
        del tree.body[0]
        ast.increment_lineno(tree, -1)
    return tree, names


def prints(node):
    """Tell whether a statement is the ``print`` of Python 2.

    Parameters
    ----------
    node : ast.AST
        Of a translated tree.

    Returns
    -------
    bool
        Whether it is; its value is not to be shown.
    """
    return isinstance(node, ast.Expr) and any(
        isinstance(part, ast.Name) and part.id == "__python2_print__"
        for part in ast.walk(node))


class _Unshown(ast.NodeTransformer):
    """Do not show what a ``print`` of then returns, in a loop as well."""

    def visit_Expr(self, node):
        """Return a statement that has no value, if it prints."""
        if not prints(node):
            return node
        place = ast.Name("__python2_printed__", ast.Store())
        return ast.fix_missing_locations(ast.copy_location(
            ast.Assign([place], node.value), node))


def _ended(tree):
    """Return a cell that does not show what a last ``print`` returns."""
    if tree.body and prints(tree.body[-1]):
        tree.body.append(ast.copy_location(ast.Pass(), tree.body[-1]))
    return tree


def _lend_names():
    """Let cells find built in what Python 2 had, and what IPython adds."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell is not None:
        for name in ("display", "get_ipython"):
            if hasattr(builtins, name):
                setattr(BUILTINS, name, getattr(builtins, name))
        shell.user_global_ns["__builtins__"] = BUILTINS


@contextlib.contextmanager
def _parses_then(module):
    yield
    module.CachingCompiler.ast_parse = parse_for_shell


#: The import hook that lets IPython translate.
SHELLS = ImportWithin("IPython.core.compilerop", _parses_then)
