"""Syntax of Python 2, rewritten to that of Python 3, line for line."""
import ast
import io
import logging
import re
import tokenize

from fissix.fixer_util import Call, Comma, Name
from fissix.pgen2 import token
from fissix.pgen2.parse import ParseError
from fissix.pgen2.tokenize import TokenError, generate_tokens
from fissix.pygram import python_symbols as symbols
from fissix.refactor import RefactoringTool

__all__ = ["decoded", "rewritten"]

# a program that logs all that it does is not told of its translation
logging.getLogger("RefactoringTool").setLevel(logging.WARNING)

#: Fixers of 2to3 that are used; the rest is here, in `tree`, or done while the
#: program runs.
_FIXERS = ["fissix.fixes.fix_tuple_params"]

#: Names of Python 2 that are words of the grammar today.
_KEYWORDS = ("async", "await", "nonlocal")
_CONSTANTS = ("True", "False")

_STRING = re.compile(r"([a-zA-Z]*)('''|\"\"\"|'|\")(.*)\2\Z", re.DOTALL)

#: Bytes beyond ASCII in a text, all of them from one to another, or any
#: other escape.
_BYTE = r"\\(?:x[89a-fA-F][0-9a-fA-F]|[23][0-7]{2})"
_ESCAPES = re.compile(r"(?P<all>\\(?:x80|200)-\\(?:x[fF]{2}|377))|"
                      r"(?P<bytes>(?:%s)+)|\\." % _BYTE, re.DOTALL)

#: Backslashes, and what is after them if that matters.
_RAW = re.compile(r"(\\+)([uU'\"]|(?=.)|\Z)", re.DOTALL)


def decoded(source):
    """Decode the source code of a file.

    Parameters
    ----------
    source : bytes
        The file.

    Returns
    -------
    str
        Its text, with lines that end in a line feed.

    Raises
    ------
    SyntaxError
        If it is not in the encoding that it declares, UTF-8 if it does not.

    Examples
    --------
    >>> decoded(b"x = 1\\r\\n")
    'x = 1\\n'
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except UnicodeDecodeError as error:
        raise SyntaxError(str(error)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def rewritten(text):
    """Rewrite what only Python 2 can parse.

    Parameters
    ----------
    text : str
        Source code.

    Returns
    -------
    text : str
        What Python 3 can parse.
    lines : dict of int to int
        Its lines, counted from 1, and which of the original each is from.

    Raises
    ------
    SyntaxError
        If it is no Python 2.

    Examples
    --------
    >>> rewritten("x = 0777 <> `y`")
    ('x = 0o777 != repr((y))\\n', {1: 1, 2: 2})
    """
    try:
        tree = RefactoringTool(_FIXERS).refactor_string(
            _spaced(text.rstrip("\\ \t\n\f\x1a") + "\n"), "program")
    except (ParseError, TokenError, AssertionError) as error:
        raise _syntax_error(error, text) from error
    unicode_literals = "unicode_literals" in tree.future_features
    for leaf in list(tree.leaves()):
        _rewrite_leaf(leaf, unicode_literals)
        if leaf == Name("print") and leaf.parent.type != symbols.print_stmt \
                and "print_function" not in tree.future_features:
            _print(leaf)
    for node in list(tree.post_order()):
        if node.type in _STATEMENTS:
            _STATEMENTS[node.type](node)
    return str(tree), _lines(tree)


def _syntax_error(error, text):
    """Return the error of Python for one of the parser."""
    line, column = (error.context[1] if isinstance(error, ParseError) else
                    error.args[1] if isinstance(error, TokenError) else (1, 0))
    return SyntaxError("invalid syntax", (
        None, line, column + 1, "".join(text.split("\n")[line - 1:line])))


def _spaced(text):
    """Return code indented by spaces, without names that are words today."""
    lines = list(io.StringIO(text))  # which end at line feeds only
    inside = set()  # lines that begin within a text of several
    for kind, value, (first, _), (last, end), _ in reversed(list(
            generate_tokens(io.StringIO(text).readline))):
        if kind == token.STRING:
            inside.update(range(first, last))
        elif value in _KEYWORDS:
            lines[last - 1] = lines[last - 1][:end] + "_" + \
                lines[last - 1][end:]
    return "".join(line if number in inside else _without_tabs(line)
                   for number, line in enumerate(lines))


def _without_tabs(line):
    rest = line.lstrip(" \t\f")
    indent = line[:len(line) - len(rest)].rpartition("\f")[2]
    return indent.expandtabs(8) + rest


def _rewrite_leaf(leaf, unicode_literals):
    if leaf.type == token.NUMBER:
        leaf.value = _number(leaf.value)
    elif leaf.type == token.STRING:
        leaf.value = _string(leaf.value, unicode_literals)
    elif leaf.value == "<>":
        leaf.value = "!="
    elif leaf.value in _CONSTANTS and _is_assigned_or_attribute(leaf):
        leaf.value += "_"


def _is_assigned_or_attribute(leaf):
    """Tell whether a name is one as any other, as ``True`` could be."""
    if getattr(leaf.prev_sibling, "value", None) == ".":
        return True
    within = leaf
    while within.parent is not None and within.parent.type in (
            symbols.testlist_star_expr, symbols.exprlist, symbols.atom,
            symbols.testlist_gexp):
        within = within.parent
    return getattr(within.next_sibling, "value", None) == "=" and \
        within.parent.type == symbols.expr_stmt


def _number(text):
    """Return a number without the L of long ones, octal with its o."""
    text = re.sub("[lL]$", " ", text)  # as in 7L.real
    if re.match(r"0[0-9]+ ?\Z", text):
        return "0o" + text[1:]
    return text


def _string(text, unicode_literals):
    """Return a text such that Python 3 finds the same characters in it."""
    prefix, quote, body = _STRING.match(text).groups()
    kind = prefix.lower()
    if kind == "ur":  # raw but for \u
        return quote + _RAW.sub(_doubled, body) + quote
    if "b" in kind:
        return prefix + quote + _escaped(body) + quote
    if "u" not in kind and "r" not in kind and not unicode_literals:
        body = _ESCAPES.sub(_of_bytes, body)
    return prefix + quote + body + quote


def _doubled(found):
    """Double the backslashes of a raw text but in front of a ``\\u``."""
    run, after = found.groups()
    keep = len(run) % 2 if after in "uU" else 0
    return ("\\\\" * (len(run) - keep) + "\\" * keep
            + ("\\" if after in "'\"" and len(run) % 2 else "") + after)


def _of_bytes(found):
    """Return an escape of a text of bytes, as what is read from a file is.

    That is UTF-8, and a surrogate for each byte that is none. The range of
    all bytes beyond ASCII becomes that of all characters beyond.
    """
    escape = found.group()
    if found.group("all"):
        return "\\x80-\\U0010ffff"
    if found.group("bytes"):
        values = ast.literal_eval("b'%s'" % escape)
        return "".join("\\U%08x" % ord(c) for c in values.decode(
            "utf-8", "surrogateescape"))
    return ("\\" if escape[1] in "uUN" else "") + escape


def _escaped(body):
    """Return bytes as characters of ASCII."""
    return "".join(c if c < "\x80" else "".join(
        "\\x%02x" % byte for byte in c.encode()) for c in body)


def _lines(tree):
    """Return which line of the original each line of the code is from."""
    found, at = {}, 1
    for leaf in tree.leaves():
        at += leaf.prefix.count("\n")
        length = leaf.value.count("\n")
        if leaf.lineno:
            for line in range(length + 1):
                found.setdefault(at + line, leaf.lineno + line)
        at += length
    return found


def _print(node):
    """Let ``print >>file, a, b`` write one after another, as it did.

    ``__python2_print__(file)(a)(b)()``, the last for the end of the line.
    """
    parts = node.children[1:]
    file = Name("None")
    if parts and parts[0].type == token.RIGHTSHIFT:
        file, parts = parts[1], parts[3:]
    made = Name("__python2_print__")
    for part in [file, *parts]:
        if part.type != token.COMMA:
            made = _called(made, [part])
    if not parts or parts[-1].type != token.COMMA:
        made = _called(made, [])
    made.prefix = node.prefix
    node.replace(made)


def _except(node):
    """Let ``except E, target`` be an item that `tree` finds.

    ``except __python2_as__[E, target]``, whatever the target is.
    """
    if len(node.children) < 4:
        return
    kind, _, target = node.children[1:]
    node.children[2:] = []
    kind.replace(Name("__python2_as__[(%s), %s]" % (
        str(kind).strip(), str(target).strip()), prefix=" "))


def _exec(node):
    parts = [part for part in node.children[1:] if part.type != token.COMMA
             and part != Name("in")]
    if len(parts) > 1 or not str(parts[0]).lstrip().startswith("("):
        _call(node, "exec", parts)


def _raise(node):
    """Let a function make the error of ``raise type, value, traceback``."""
    parts = [part for part in node.children[1:] if part.type != token.COMMA]
    if len(parts) > 1 and parts[1] != Name("from"):
        node.children[2:] = []
        _call(node.children[1], "__python2_error__", parts)


def _repr(node):
    if node.children[0].type == token.BACKQUOTE:
        _call(node, "repr", [Call(Name(""), [node.children[1].clone()])])


def _parenthesized(node):
    """Put ``1, 2`` of ``for x in 1, 2`` within a list into parentheses."""
    items = node.clone()
    items.prefix = ""
    node.replace(Call(Name(""), [items], prefix=" "))


def _lambda(node):
    """Let ``lambda (a, b): a`` call another, with the items of what it takes.

    ``lambda x: (lambda a, b: a)(x[0], x[1])``
    """
    found = [part for part in node.children[1].pre_order()
             if part.type == symbols.vfpdef] if len(node.children) > 3 else []
    names, values = [], []
    for number, pattern in enumerate(found):
        if _is_within(pattern, found):
            continue
        name = "__python2_item%d__" % number
        _unpack(pattern, name, names, values)
        pattern.replace(Name(name, prefix=pattern.prefix))
    if names:
        body = node.children[-1]
        body.replace(Name(" (lambda %s: %s)(%s)" % (
            ", ".join(names), str(body).strip(), ", ".join(values))))


def _is_within(node, others):
    while node.parent is not None:
        node = node.parent
        if any(node is other for other in others):
            return True
    return False


def _unpack(pattern, value, names, values):
    """Add the names of a pattern, and which item of a value each is."""
    if pattern.type == token.NAME:
        names.append(pattern.value)
        values.append(value)
        return
    inner = pattern.children[1]
    if inner.type != symbols.vfplist:  # (a) is a
        return _unpack(inner, value, names, values)
    for number, item in enumerate(inner.children[::2]):
        _unpack(item, "%s[%d]" % (value, number), names, values)


def _call(node, name, arguments):
    """Put a call in the place of a node."""
    made = _called(Name(name), arguments)
    made.prefix = node.prefix
    node.replace(made)


def _called(function, arguments):
    """Return a call with copies of some nodes."""
    items = []
    for argument in arguments:
        argument = argument.clone()
        argument.prefix = " " if items else ""
        items += [argument, Comma()]
    return Call(function, items[:-1])


_STATEMENTS = {symbols.print_stmt: _print, symbols.exec_stmt: _exec,
               symbols.raise_stmt: _raise, symbols.except_clause: _except,
               symbols.atom: _repr,
               symbols.testlist_safe: _parenthesized,
               symbols.lambdef: _lambda, symbols.old_lambdef: _lambda}
