"""From the source code of either Python to what runs."""
import ast
import builtins
import io
import re
import sys
import warnings

from ..old_names.lending import LENT_BUILTINS
from .library.functions import BUILTINS, helpers
from .syntax import decoded, rewritten
from .tree import Translation, features_of
from .which import only_python3

__all__ = ["as_file", "below_features", "compiled", "features_in",
           "is_python2", "prepared"]

#: What a cell imports for all that come after it.
_FUTURE = re.compile(r"^[ \t]*from\s+__future__\s+import\s+([\w ,()]+)", re.M)

#: What begins the comment that tells how a file is encoded.
_CODING = re.compile(r"\A((?:.*\n)?[ \t\f]*#.*?coding)[:=]")


def compiled(source, path, mode="exec", **options):
    """Compile source code of Python 2, or of Python 3 if only that has it.

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
    return prepared(source, path, mode, **options)[0]


def prepared(source, path, mode="exec", **options):
    """Compile source code, and tell what is built into its Python.

    Parameters
    ----------
    source : bytes
        The code.
    path : str
        Where it is from.
    mode : str, default 'exec'
        As for :func:`compile`.
    **options : dict
        As for :func:`compile`.

    Returns
    -------
    code
        What :func:`exec` runs.
    names : module
        Its ``__builtins__``.

    Raises
    ------
    SyntaxError
        If it is of neither Python.
    """
    with warnings.catch_warnings():  # of what Python 2 did not warn of
        warnings.simplefilter("ignore")
        tree = _translated(source, path, mode)
        if isinstance(tree, ast.AST):
            vars(builtins).update(helpers())
            return compile(tree, path, mode, **options), BUILTINS
    try:
        return compile(source, path, mode, **options), LENT_BUILTINS
    except SyntaxError as error:
        raise _later(error, tree, path) from None


def as_file(source):
    """Return a text of source code as it would be in a file.

    Parameters
    ----------
    source : str
        The code; what it tells of its encoding is not heeded.

    Returns
    -------
    bytes
        In UTF-8, with its mark.
    """
    return b"\xef\xbb\xbf" + _CODING.sub(r"\1", source).encode(
        "utf-8", "surrogateescape")


def below_features(text, features):
    """Return a cell below a line that has what earlier ones imported.

    Parameters
    ----------
    text : str
        The cell.
    features : list of str
        Names in ``__future__``.

    Returns
    -------
    bytes
        As of a file; a line longer if there are features.
    """
    above = "from __future__ import %s\n" % ", ".join(features)
    return as_file((above if features else "") + text)


def features_in(text):
    """Return what a cell imports from ``__future__``.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    list of str
        The names.

    Examples
    --------
    >>> features_in("from __future__ import division, print_function")
    ['division', 'print_function']
    """
    return [name for found in _FUTURE.findall(text)
            for name in re.findall(r"\w+", found)]


def _later(error, other, path):
    """Return which of two errors of syntax is what is wrong with a file.

    The parser of the other Python stopped at what it does not know.
    """
    if other is None or (other.lineno or 0) <= (error.lineno or 0):
        return error
    other.filename = path
    return other


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return isinstance(_translated(source, path, "exec"), ast.AST)
    return False


def _translated(source, path, mode):
    """Return the tree of what Python 2 did, None or an error if not of it."""
    try:
        tree = ast.parse(source, path, mode)
    except (SyntaxError, ValueError):
        tree = None
    if tree is not None and mode == "exec" and only_python3(tree, source):
        return None
    try:
        return _tree_of(source, path, mode)
    except SyntaxError as error:
        return error


def _tree_of(source, path, mode):
    text, lines = rewritten(decoded(source))
    try:
        tree = ast.parse(text, path, mode)
    except SyntaxError as error:
        error.lineno = lines.get(error.lineno, error.lineno)
        raise
    for node in ast.walk(tree):
        _put_back(node, lines)
    features = set() if mode == "eval" else features_of(tree)
    tree = ast.fix_missing_locations(Translation(features).visit(tree))
    if text != decoded(source):
        for node in ast.walk(tree):
            _without_columns(node)
    return tree


def _put_back(node, lines):
    """Give a node the line that it had before syntax was rewritten."""
    for name in ("lineno", "end_lineno"):
        if getattr(node, name, None) is not None:
            setattr(node, name, lines.get(getattr(node, name),
                                          getattr(node, name)))


def _without_columns(node):
    """Leave open where in the line a node is, as the text is another."""
    if hasattr(node, "lineno") and sys.version_info >= (3, 11):
        node.end_lineno = node.lineno
        node.col_offset = node.end_col_offset = -1


def _code(source, mode, path="<string>"):
    """Compile code that a program runs, unless it is compiled."""
    if isinstance(source, str):
        if mode == "eval":
            source = source.strip(" \t")
        source = as_file(source)
    if not isinstance(source, bytes):
        return source
    return compiled(source, path, mode, dont_inherit=True)


def _execfile(path, names=None, local=None):
    """Run a file in the scope of who asks, or in the one that is given."""
    frame = sys._getframe(1)
    if names is None:
        names, local = frame.f_globals, frame.f_locals
    with io.open(path, "rb") as file:
        code = _code(file.read(), "exec", path)
    exec(code, names, names if local is None else local)


def _compile(source, filename, mode, *args, **options):
    """Compile as the built-in function, from code of either Python."""
    if isinstance(source, (str, bytes)) and not args and not options:
        return _code(source, mode, filename)
    return compile(source, filename, mode, *args, **options)


vars(BUILTINS).update(execfile=_execfile, compile=_compile,
                      __python2_code__=_code)
