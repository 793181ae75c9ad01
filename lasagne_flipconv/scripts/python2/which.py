"""Which Python a file is written in."""
import ast
import io
import re
import tokenize

__all__ = ["only_python3"]

_CODING = re.compile(rb"\A(?:.*\n)?[ \t\f]*#.*?coding[:=]")

_NEW_LITERAL = re.compile(rb"[0-9a-f]_[0-9a-f]|rb['\"]", re.IGNORECASE)


def only_python3(tree, source):
    """Tell whether a file has something that no Python 2 could parse.

    A call of ``super()`` without arguments counts, which none could run.

    Parameters
    ----------
    tree : ast.Module
        What Python 3 makes of it.
    source : bytes
        The file.

    Returns
    -------
    bool
        Whether it is written in Python 3.

    Examples
    --------
    >>> [only_python3(ast.parse(code), code)
    ...  for code in (b"f'{x}'", b"print(7 / 2)")]
    [True, False]
    """
    if not source.isascii() and not source.startswith(b"\xef\xbb\xbf") \
            and not _CODING.match(source):
        return True
    future = {alias.name for node in tree.body
              if isinstance(node, ast.ImportFrom)
              and node.module == "__future__" for alias in node.names}
    prints = "print_function" in future
    return "annotations" in future or _new_literals(source) or any(
        _NEW.get(type(node).__name__, _no)(node)
        or (not prints and _prints(node)) for node in ast.walk(tree))


def _new_literals(source):
    """Look for numbers such as 1_000 and texts such as rb''."""
    return _NEW_LITERAL.search(source) is not None and any(
        kind == tokenize.NUMBER and "_" in text
        or kind == tokenize.STRING and text[:2].lower() == "rb"
        for kind, text, *_ in tokenize.tokenize(io.BytesIO(source).readline))


def _no(node):
    return False


def _yes(node):
    return True


def _prints(node):
    """Tell whether a call of ``print`` is no statement of Python 2."""
    return isinstance(node, ast.Call) and _is_name(node.func, "print") and (
        bool(node.keywords) or _stars(node.args) > 0)


def _is_name(node, name):
    return isinstance(node, ast.Name) and node.id == name


def _stars(nodes):
    return sum(isinstance(node, ast.Starred) for node in nodes)


def _call(node):
    """Look for ``super()``, ``f(*a, *b)``, ``f(*a, b)``, ``f(**a, **b)``."""
    doubled = [keyword.arg for keyword in node.keywords].count(None)
    return (doubled > 1 or _stars(node.args[:-1]) > 0
            or (_is_name(node.func, "super") and not node.args)
            or bool(doubled and node.keywords[-1].arg))


def _arguments(node):
    every = node.args + [a for a in (node.vararg, node.kwarg) if a]
    return bool(node.kwonlyargs or getattr(node, "posonlyargs", None)
                or any(a.annotation for a in every))


def _stars_within(node):
    return _stars(node.elts) > 0


#: Node → whether there was nothing like it in Python 2.7.
_NEW = {
    "JoinedStr": _yes, "AnnAssign": _yes, "Nonlocal": _yes,
    "AsyncFunctionDef": _yes, "AsyncFor": _yes, "AsyncWith": _yes,
    "Await": _yes, "YieldFrom": _yes, "MatMult": _yes, "NamedExpr": _yes,
    "Match": _yes, "TryStar": _yes, "TypeAlias": _yes,
    "Call": _call, "arguments": _arguments,
    "Tuple": _stars_within, "List": _stars_within, "Set": _stars_within,
    "FunctionDef": lambda node: node.returns is not None,
    "ClassDef": lambda node: bool(node.keywords) or _stars(node.bases) > 0,
    "Raise": lambda node: node.cause is not None,
    "Dict": lambda node: None in node.keys,
    "comprehension": lambda node: bool(node.is_async),
}
