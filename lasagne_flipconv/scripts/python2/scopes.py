"""Scopes of Python 2: what is global, what stays, what classes are given."""
import ast

__all__ = ["complete", "ended", "hand_in", "hoisted_globals", "leak",
           "mangled", "metaclass_of"]

_SCOPES = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.AsyncFunctionDef)
#: What keeps the variables of lists in a class.
_KEEP = "__python2_keep__"

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

#: Special methods that have another name today, or none.
_METHODS = {"next", "__nonzero__", "__div__", "__idiv__", "__rdiv__",
            "__cmp__", "__eq__", "__getslice__", "__setslice__",
            "__delslice__"}


def own_nodes(body, within=_SCOPES):
    """Yield all nodes of some statements but those of scopes within."""
    stack = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, within):
            stack += reversed(list(ast.iter_child_nodes(node)))


def hoisted_globals(body):
    """Put the ``global`` of a scope before everything else.

    Parameters
    ----------
    body : list of ast.stmt
        The statements of a function or class.

    Returns
    -------
    list of ast.stmt
        With what is global first, after the docstring.
    """
    found = [node for node in own_nodes(body) if isinstance(node, ast.Global)]
    if not found:
        return body
    first = ast.copy_location(ast.Global(list(dict.fromkeys(
        name for node in found for name in node.names))), body[0])
    first.hoisted = True
    return [first, *body] if not _is_text(body[0]) else [
        body[0], first, *body[1:]]


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(
        getattr(node.value, "value", None), str)


def mangled(name, classes):
    """Return what an attribute is called that is private to a class.

    Parameters
    ----------
    name : str
        As it is written.
    classes : list of str
        The classes that it is written in.

    Returns
    -------
    str
        As Python stores it.

    Examples
    --------
    >>> mangled("__x", ["_Net"]), mangled("__x__", ["Net"])
    ('_Net__x', '__x__')
    """
    if not name.startswith("__") or name.endswith("__") or not classes:
        return name
    owner = classes[-1].lstrip("_")
    return "_%s%s" % (owner, name) if owner else name


def metaclass_of(node):
    """Return what a class assigns to ``__metaclass__``, or None.

    Parameters
    ----------
    node : ast.ClassDef
        The class; what it assigns is made its metaclass.

    Returns
    -------
    ast.expr or None
        The metaclass.
    """
    for statement in node.body:
        if isinstance(statement, ast.Assign) and any(
                getattr(target, "id", None) == "__metaclass__"
                for target in statement.targets):
            return statement.value
    return None


def complete(node):
    """Tell whether a class has methods whose names are others today.

    Parameters
    ----------
    node : ast.ClassDef
        The class.

    Returns
    -------
    bool
        Whether there is any.
    """
    names = {getattr(n, "name", None) for n in node.body} | {
        getattr(target, "id", None) for n in node.body
        if isinstance(n, ast.Assign) for target in n.targets}
    return bool(names & _METHODS)


def ended(body):
    """Let ``StopIteration`` end a generator, as it did.

    Parameters
    ----------
    body : list of ast.stmt
        The statements of a function.

    Returns
    -------
    list of ast.stmt
        Within a ``try`` if it is a generator, after docstring and ``global``.
    """
    if not any(isinstance(node, ast.Yield) for node in own_nodes(
            body, _SCOPES + (ast.GeneratorExp,))):
        return body
    first = next((i for i, node in enumerate(body) if not (
        isinstance(node, ast.Global) or i == 0 and _is_text(node))), len(body))
    handler = ast.ExceptHandler(ast.Name("__python2_stop__", ast.Load()),
                                None, [ast.Return(None)])
    whole = ast.Try(body[first:], [handler], [], [])
    ast.copy_location(whole, body[-1])
    return body[:first] + [ast.fix_missing_locations(whole)]


def hand_in(body):
    """Let lists such as ``[n * i for i in x]`` see the names of their class.

    Their variables stay in it.

    Parameters
    ----------
    body : list of ast.stmt
        The statements of a class; their lists are changed.
    """
    bound = {getattr(node, "name", getattr(node, "id", None))
             for node in own_nodes(body)
             if isinstance(getattr(node, "ctx", ast.Store()), ast.Store)}
    for statement in body:
        _HandIn(bound).visit(statement)


class _HandIn(ast.NodeTransformer):
    """Put each list into a function that takes the names it reads.

    It has another for those that stay.
    """

    def __init__(self, bound):
        self._bound = bound

    def visit(self, node):
        """Change the lists of a statement, not those of scopes within."""
        return node if isinstance(node, _SCOPES) else super().visit(node)

    def visit_ListComp(self, node):
        """``(lambda keep, n: [n * i for i in x if [keep(i=i)]])(..., n)``."""
        read = set()
        _read(node, frozenset(), read)
        names = sorted(read & self._bound)
        whole = _parsed("(lambda %s: 0)(%s)" % (
            ", ".join([_KEEP, *names]),
            ", ".join(["locals().update", *names])), node)
        whole.func.body = node
        for inner in own_nodes([node], _SCOPES + _COMPREHENSIONS[1:]):
            if isinstance(inner, ast.ListComp):
                _keep(inner.generators)
        return whole


def _keep(generators):
    """Let each item of a list be kept under the names of its variables."""
    for generator in generators:
        names = sorted({name.id for name in _names_in(generator.target)})
        generator.ifs.insert(0, _parsed("[%s(%s)]" % (_KEEP, ", ".join(
            "%s=%s" % (name, name) for name in names)), generator.target))


def _parsed(text, place):
    """Return an expression, at the place of another."""
    made = ast.parse(text, mode="eval").body
    for part in ast.walk(made):
        ast.copy_location(part, place)
    return made


def leak(body):
    """Keep variables of lists such as ``[i for i in x]`` that are read later.

    Parameters
    ----------
    body : list of ast.stmt
        The statements of a module or function; their lists are changed.
    """
    lists = [node for statement in body for node in _lists(statement)]
    if lists:
        outside = {name for node in own_nodes(body)
                   if isinstance(node, ast.Global) for name in node.names}
        for statement in body:
            _read(statement, frozenset(), outside)
        for node in lists:
            for generator in node.generators:
                _leak(generator, outside)


def _lists(node):
    """Yield the lists that belong to the scope of a statement.

    Python allows no assignment in what another list runs over.
    """
    if isinstance(node, ast.ListComp):
        yield node
        inner = [node.elt] + [condition for generator in node.generators
                              for condition in generator.ifs]
    elif isinstance(node, _SCOPES + _COMPREHENSIONS):
        return
    else:
        inner = ast.iter_child_nodes(node)
    for child in inner:
        yield from _lists(child)


def _names_in(target):
    return [node for node in ast.walk(target) if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)]


def _read(node, bound, found):
    """Add to `found` the names that are read where no comprehension binds."""
    if isinstance(node, _COMPREHENSIONS):
        bound = bound.union(name.id for generator in node.generators
                            for name in _names_in(generator.target))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) \
            and node.id not in bound:
        found.add(node.id)
    for child in ast.iter_child_nodes(node):
        _read(child, bound, found)


def _leak(generator, outside):
    """Assign the items of a list under another name, then to the variable."""
    kept = []
    for name in _names_in(generator.target):
        if name.id in outside:
            item = ast.Name("__python2_%s__" % name.id, ast.Load())
            kept.append(ast.NamedExpr(ast.Name(name.id, ast.Store()), item))
            name.id = item.id
    if kept:
        first = ast.List(kept, ast.Load())
        for node in ast.walk(first):
            ast.copy_location(node, generator.target)
        generator.ifs.insert(0, first)
