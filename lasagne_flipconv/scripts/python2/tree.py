"""What means something else in Python 3, changed in the syntax tree."""
import ast

from .library.attributes import ATTRIBUTES
from .lookups import BY_KEY
from .scopes import (complete, ended, hand_in, hoisted_globals, leak,
                     mangled, metaclass_of, own_nodes)
from .string_methods import CASES

__all__ = ["Translation", "called", "features_of"]

#: How the names begin that the translated code calls.
_PREFIX = "__python2_%s__"

#: Functions whose first argument is code of Python 2.
_RUN_CODE = {"exec": "exec", "eval": "eval"}

#: What is given something to iterate; which of it, behind a dot as well.
_ITERATE = ("Counter", "chain", "deque", "dict", "frozenset", "fromkeys",
            "list", "reversed", "set", "sorted", "tuple")
_OF_MODULES = ("Counter", "chain", "deque", "fromkeys")

#: What gives views today, and gave lists.
_VIEWS = ("keys", "values", "items")

#: Modules within packages whose names are others today.
_DOTTED = {"xml.etree.cElementTree": "xml.etree.ElementTree"}


def features_of(tree):
    """Return what a file imports from ``__future__``.

    Parameters
    ----------
    tree : ast.Module
        The file.

    Returns
    -------
    set of str
        The names.
    """
    return {alias.name for node in tree.body
            if isinstance(node, ast.ImportFrom)
            and node.module == "__future__" for alias in node.names}


def called(name, *arguments):
    """Return the call of a function that translated code is given.

    Parameters
    ----------
    name : str
        As in the table of functions, without its prefix.
    *arguments : ast.expr
        What it is called with.

    Returns
    -------
    ast.Call
        The call.
    """
    return ast.Call(ast.Name(_PREFIX % name, ast.Load()), list(arguments), [])


class Translation(ast.NodeTransformer):
    """Change a tree such that it does what Python 2 did.

    Parameters
    ----------
    features : set of str
        What the file imports from ``__future__``.
    """

    def __init__(self, features):
        self._features = features
        self._classes, self._depth = [], 0
        self._errors = set()  # names that an error is caught by

    def visit(self, node):
        """Change a node, and keep where it is."""
        changed = super().visit(node)
        if hasattr(node, "lineno") and not hasattr(changed, "lineno"):
            ast.copy_location(changed, node)
        return changed

    def visit_Module(self, node):
        """Leave out ``global``, which says nothing there."""
        leak(node.body)
        self._errors |= _errors_of(node.body)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        """Let ``global`` come first."""
        node.body = hoisted_globals(node.body)
        leak(node.body)
        node.body = ended(node.body)
        return self._deeper(node)

    def _deeper(self, node):
        before = self._errors
        self._errors = before | _errors_of(node.body)
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        self._errors = before
        return node

    def visit_Global(self, node):
        """Leave it out: what is needed came first."""
        return node if getattr(node, "hoisted", False) else ast.Pass()

    def visit_ClassDef(self, node):
        """Give a class the names of today for its special methods."""
        node.body = hoisted_globals(node.body)
        hand_in(node.body)
        self._classes.append(node.name)
        self._deeper(node)
        self._classes.pop()
        metaclass = metaclass_of(node)
        if metaclass:
            node.keywords.append(ast.keyword("metaclass", metaclass))
        if complete(node):
            node.decorator_list.append(ast.Name(_PREFIX % "class",
                                                ast.Load()))
        return node

    def visit_BinOp(self, node):
        """Divide and format as before."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and "division" not in self._features:
            return called("divide", node.left, node.right)
        if isinstance(node.op, ast.Mod):
            return called("formatted", node.left, node.right)
        return node

    def visit_AugAssign(self, node):
        """Divide as before, whatever the target, looking it up once."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and "division" not in self._features:
            return getattr(self, "_divide_" + type(node.target).__name__)(
                node.target, node.value)
        if isinstance(node.op, ast.Mod) and isinstance(node.target, ast.Name):
            return ast.Assign([node.target], called(
                "formatted", ast.Name(node.target.id, ast.Load()),
                node.value))
        return node

    def _divide_Name(self, target, value):
        return ast.Assign([target], called(
            "divided", ast.Name(target.id, ast.Load()), value))

    def _divide_Attribute(self, target, value):
        name = mangled(target.attr, self._classes)
        divide = called("divide_attribute", target.value, ast.Constant(name))
        return ast.Expr(ast.Call(divide, [value], []))

    def _divide_Subscript(self, target, value):
        divide = called("divide_item", target.value, _as_value(target.slice))
        return ast.Expr(ast.Call(divide, [value], []))

    def visit_If(self, node):
        """Let an array not be None where that decides: ``if W == None``."""
        _decides(node.test)
        return self.generic_visit(node)

    visit_While = visit_IfExp = visit_Assert = visit_If

    def visit_BoolOp(self, node):
        """Let an array not be None: ``W == None or b == None``."""
        for value in node.values:
            _decides(value)
        return self.generic_visit(node)

    def visit_UnaryOp(self, node):
        """Let an array not be None: ``not W == None``."""
        if isinstance(node.op, ast.Not):
            _decides(node.operand)
        return self.generic_visit(node)

    def visit_Compare(self, node):
        """Compare what has no order today, and bytes with texts."""
        self.generic_visit(node)
        names = [type(op).__name__ for op in node.ops]
        if not all(name in _COMPARED for name in names):
            return node
        if len(names) == 1:
            return self._compared(node, names[0])
        if set(names) & {"In", "NotIn"}:
            return node
        node.left, *node.comparators = [
            called("Ordered", part)
            for part in [node.left, *node.comparators]]
        return node

    def _compared(self, node, name):
        other = node.comparators[0]
        if getattr(node, "decides", False):
            made = called("same", node.left, other)
            return made if name == "Eq" else ast.UnaryOp(ast.Not(), made)
        if name in ("Eq", "NotEq") and any(
                isinstance(side, ast.Constant)
                and not isinstance(side.value, (str, bytes))
                for side in (node.left, other)):
            return node
        return called(name, node.left, other)

    def visit_Subscript(self, node):
        """Let ``error[0]`` be of what it holds, ``a[[i, j]]`` ``a[i, j]``.

        What is looked up in an array of bytes is a text.
        """
        self.generic_visit(node)
        key = _as_value(node.slice)
        if isinstance(node.ctx, ast.Load):
            node.value = self._items(node.value)
            if not _has_slice(node.slice):
                return called("item", node.value, key)
            if type(node.slice).__name__ == "Slice":
                return called("part", node)
        elif isinstance(key, _MAY_BE_LIST) or isinstance(
                getattr(key, "value", None), str):  # of a file of HDF5
            node.value = ast.copy_location(called("target", node.value), node)
        return node

    def visit_Assign(self, node):
        """Let ``number, text = error`` be what it holds."""
        self.generic_visit(node)
        if any(isinstance(target, (ast.Tuple, ast.List))
               for target in node.targets):
            node.value = called("each", self._items(node.value))
        return node

    def visit_For(self, node):
        """Let a loop run over what an error holds, and over texts."""
        self.generic_visit(node)
        rows = [ast.Constant(True)] if isinstance(
            node.target, (ast.Tuple, ast.List)) else []
        node.iter = ast.copy_location(
            called("each", self._items(node.iter), *rows), node.iter)
        return node

    visit_comprehension = visit_For

    def _items(self, node):
        """Return what the items of a thing are looked up in."""
        return (ast.copy_location(called("items", node), node)
                if getattr(node, "id", None) in self._errors else node)

    def _iterated(self, node, rows):
        """Return what an argument is iterated as, each of several: ``*a``."""
        if not isinstance(node, ast.Starred):
            return called("each", self._items(node), *rows)
        node.value = called("every", node.value, *rows)
        return node

    def visit_Call(self, node):
        """Change calls whose meaning depends on how they are written."""
        by_key = getattr(node.func, "attr", None) in BY_KEY
        self.generic_visit(node)
        if by_key and node.args and not isinstance(
                node.args[0], (ast.Constant, ast.Starred)):
            node.args[0] = called("key", node.args[0])
        for keyword in node.keywords:
            if keyword.arg is None:  # f(**options)
                keyword.value = called("keywords", keyword.value)
        name = getattr(node.func, "id", getattr(node.func, "attr", None))
        if name in _ITERATE and (isinstance(node.func, ast.Name)
                                 or name in _OF_MODULES):
            rows = [ast.Constant(True)] if name == "dict" else []
            node.args = [self._iterated(argument, rows)
                         for argument in node.args]
        if isinstance(node.func, ast.Attribute):
            plain = not (node.args or node.keywords)
            return (called("listed", node) if plain
                    and node.func.attr in _VIEWS else node)
        if name in _RUN_CODE and node.args:
            node.args[0] = called("code", node.args[0], ast.Constant(name))
        if name in ("unicode", "str") and (node.args or node.keywords):
            node.func = ast.copy_location(
                ast.Name(_PREFIX % name, ast.Load()), node.func)
        return node

    def visit_Attribute(self, node):
        """Look names up that are others today, or of texts of bytes."""
        plain = node.attr not in ATTRIBUTES or (
            not isinstance(node.ctx, ast.Load)) or (
                node.attr in CASES and _is_unicode(node.value))
        self.generic_visit(node)
        if plain:
            return node
        return called("attribute", node.value, ast.Constant(node.attr))

    def visit_ExceptHandler(self, node):
        """Keep the name of an error after the block, or what it is put in."""
        node.type, target = _target_of(node)
        if target is not None:
            node.name = _PREFIX % "caught"
            node.body.insert(0, ast.copy_location(ast.Assign(
                [target], _caught(node.name, target)), node))
        return self.generic_visit(node)

    def visit_Import(self, node):
        """Rename modules within packages."""
        for alias in node.names:
            if alias.asname:
                alias.name = _DOTTED.get(alias.name, alias.name)
        return node

    def visit_ImportFrom(self, node):
        """Let ``from module import *`` be in a function."""
        node.module = _DOTTED.get(node.module, node.module)
        if node.names[0].name != "*" or not self._depth:
            return node
        return ast.Expr(called("star", ast.Constant(node.module or ""),
                               ast.Constant(node.level)))


def _decides(node):
    """Mark ``a == None`` and ``a != None`` of which the truth is asked."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(
            node.ops[0], (ast.Eq, ast.NotEq)) and any(
                isinstance(side, ast.Constant) and side.value is None
                for side in (node.left, node.comparators[0])):
        node.decides = True


def _is_unicode(node):
    """Tell whether an expression shows that it is of Unicode: ``u"..."``."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", None))
        return name in ("decode", "unicode") or (
            name in CASES and isinstance(node.func, ast.Attribute)
            and _is_unicode(node.func.value))
    return getattr(node, "kind", None) == "u" or (
        getattr(node, "id", None) == "unicode")


def _errors_of(body):
    """Return the names that a scope catches errors by."""
    targets = [_target_of(node)[1] for node in own_nodes(body)
               if isinstance(node, ast.ExceptHandler)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _target_of(handler):
    """Return the class that is caught, and what the error is put in."""
    kind = handler.type
    if getattr(getattr(kind, "value", None), "id", None) != _PREFIX % "as":
        return kind, None
    kind, target = _as_value(kind.slice).elts
    _store(target)
    return kind, target


def _store(target):
    """Let an expression be one that is assigned to."""
    target.ctx = ast.Store()
    for item in getattr(target, "elts", ()):
        _store(item)


def _caught(name, target):
    """Return the error, or what is in it for several targets."""
    error = ast.Name(name, ast.Load())
    return (ast.Attribute(error, "args", ast.Load())
            if isinstance(target, (ast.Tuple, ast.List)) else error)


def _has_slice(index):
    """Tell whether there is a slice in brackets, which finds no item."""
    return any(isinstance(part, ast.Slice) for part in [
        index, *getattr(index, "elts", ()), *getattr(index, "dims", ())])


#: What may be a list of indices.
_MAY_BE_LIST = (ast.Attribute, ast.Call, ast.IfExp, ast.List, ast.ListComp,
                ast.Name, ast.Subscript)

_COMPARED = ("Lt", "Gt", "LtE", "GtE", "Eq", "NotEq", "In", "NotIn")


def _as_value(index):
    """Return what is in brackets as an expression."""
    kind = type(index).__name__
    if kind == "Index":  # Python 3.8
        return index.value
    if kind == "Slice":
        return called("slice", *(part or ast.Constant(None) for part in (
            index.lower, index.upper, index.step)))
    if kind in ("Tuple", "ExtSlice"):
        parts = index.elts if kind == "Tuple" else index.dims
        return ast.Tuple([_as_value(part) for part in parts], ast.Load())
    return index
