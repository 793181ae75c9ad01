"""What is typed into IPython, and cells of Jupyter: they are translated, too.

Their module ``IPython.core.compilerop`` parses each; it is lent a function
that translates what it parses.
"""
import ast
import builtins
import contextlib
import re
import sys

from ...compat.import_hooks import ImportWithin
from .library.functions import BUILTINS
from .translating import prepared

__all__ = ["SHELLS", "parse_for_shell"]

_FUTURE = re.compile(r"^[ \t]*from\s+__future__\s+import\s+([\w ,()]+)", re.M)


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
    above = "from __future__ import %s\n" % ", ".join(features)
    text = (above if features else "") + source
    tree, _ = prepared(
        b"\xef\xbb\xbf" + text.encode("utf-8", "surrogateescape"), filename,
        symbol, flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    if features:
        del tree.body[0]
        ast.increment_lineno(tree, -1)
    for found in _FUTURE.findall(source):
        features += re.findall(r"\w+", found)
    _lend_names()
    return _ended(tree)


def _ended(tree):
    """Return a cell that does not show what a last ``print`` returns."""
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and any(
            isinstance(node, ast.Name) and node.id == "__python2_print__"
            for node in ast.walk(last)):
        tree.body.append(ast.copy_location(ast.Pass(), last))
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
