"""Run scripts that are written in Python 2.

The syntax is translated as 2to3 does, in memory; ``/`` between integers
rounds down, as it did. Text and bytes are those of Python 3.
"""
import ast
import builtins
import importlib.machinery
import io
import os
import re
import sys
import tokenize

__all__ = ["compiled", "is_python2", "translate_imports"]

#: What lets ``/`` of Python 2 divide as that of Python 3.
_TRUE_DIVISION = re.compile(rb"^from\s+__future__\s+import\b.*\bdivision\b",
                            re.MULTILINE)

#: What the translated code calls for ``/``.
_DIVIDE = "__python2_divide__"


def compiled(source, path, mode="exec", **options):
    """Compile source code of Python 3 or else of Python 2.

    Parameters
    ----------
    source : bytes
        The code.
    path : str
        Where it is from, for tracebacks.
    mode : str, default 'exec'
        As for :func:`compile`.
    **options : dict
        As for :func:`compile`.

    Returns
    -------
    code
        What :func:`exec` runs.

    Raises
    ------
    SyntaxError
        If it is neither.

    Examples
    --------
    >>> exec(compiled(b"print 7 / 2", "old.py"))
    3
    """
    try:
        return compile(source, path, mode, **options)
    except SyntaxError as error:
        text = _translated(source)
        if text is None:
            raise error
    tree = ast.parse(text, path, mode)
    if not _TRUE_DIVISION.search(source):
        setattr(builtins, _DIVIDE, divide)
        tree = ast.fix_missing_locations(_Division().visit(tree))
    return compile(tree, path, mode, **options)


def is_python2(path):
    """Tell whether a file is no Python 3 and can be translated.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool
        Whether it is Python 2.
    """
    with open(path, "rb") as file:
        source = file.read()
    try:
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError:
        return _translated(source) is not None
    return False


def _translated(source):
    """Return the code in Python 3, None if it is not in Python 2 either."""
    from lib2to3.pgen2.parse import ParseError
    from lib2to3.refactor import RefactoringTool, get_fixers_from_package
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode(encoding).replace("\r\n", "\n") + "\n"
    tool = RefactoringTool(get_fixers_from_package("lib2to3.fixes"))
    try:
        return str(tool.refactor_string(text, "script"))
    except (ParseError, tokenize.TokenError, IndentationError):
        return None


class _Division(ast.NodeTransformer):
    """Let ``/`` and ``/=`` divide as in Python 2."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.copy_location(_call(node.left, node.right), node)

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not (isinstance(node.op, ast.Div)
                and isinstance(node.target, ast.Name)):
            return node
        name = ast.Name(node.target.id, ast.Load())
        return ast.copy_location(
            ast.Assign([node.target], _call(name, node.value)), node)


def _call(left, right):
    return ast.Call(ast.Name(_DIVIDE, ast.Load()), [left, right], [])


def divide(a, b):
    """Divide as ``/`` did in Python 2.

    Parameters
    ----------
    a, b : number, array or theano.Variable
        What to divide, and by what.

    Returns
    -------
    number, array or theano.Variable
        Rounded down if both are integers.

    Examples
    --------
    >>> divide(7, 2), divide(7., 2)
    (3, 3.5)
    """
    both = [str(getattr(x, "dtype", type(x).__name__)) for x in (a, b)]
    if all(name.startswith(("int", "uint", "bool")) for name in both):
        return a // b
    return a / b


def translate_imports(folder):
    """Translate the modules in a folder that are Python 2 when imported.

    Parameters
    ----------
    folder : str
        The folder; everything below it but installed packages is included.
    """
    sys.meta_path.insert(0, _Finder(os.path.join(os.path.abspath(folder),
                                                 "")))


class _Finder:
    """Import hook that lends modules below a folder another loader."""

    def __init__(self, folder):
        self.folder = folder

    def find_spec(self, fullname, path=None, target=None):
        """Return the spec that Python finds, with `_Loader`."""
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if (spec is None or not spec.has_location
                or type(spec.loader) is not importlib.machinery
                .SourceFileLoader):
            return None
        where = os.path.abspath(spec.origin)
        if not where.startswith(self.folder) or "site-packages" in where:
            return None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Load a module of either Python, without leaving byte code behind."""

    def get_code(self, fullname):
        """Return the code of a module."""
        path = self.get_filename(fullname)
        return compiled(self.get_data(path), path, "exec",
                        dont_inherit=True)
