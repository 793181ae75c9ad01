"""Regular expressions as ``re`` treated them in Python 2.

Such that fit nothing, and letters: those of ASCII unless ``re.UNICODE`` is
passed.
"""
import itertools
import re
from functools import partial

__all__ = ["MODULES", "method_of"]


_UNICODE = re.compile(r"\(\?[aiLmsx]*u")


def _compiled(pattern, flags=0):
    """Compile a pattern whose letters, digits and spaces are of ASCII."""
    if isinstance(pattern, str) and not flags & re.UNICODE and (
            not _UNICODE.search(pattern)):
        flags = flags & ~re.LOCALE | re.ASCII
    return re.compile(pattern, flags)


def _function(name):
    """Return a function of ``re`` that compiles its pattern so."""
    def function(pattern, string, flags=0):
        return getattr(_compiled(pattern, flags), name)(string)
    return function


def _split(pattern, string, maxsplit=0, flags=0):
    """Split as ``re.split`` did until Python 3.7: not at what is empty."""
    matches = (match for match in _compiled(pattern, flags).finditer(string)
               if match.group())
    found, at = [], 0
    for match in itertools.islice(matches, maxsplit or None):
        found += [string[at:match.start()], *match.groups()]
        at = match.end()
    return found + [string[at:]]


def _sub(pattern, repl, string, count=0, flags=0):
    """Replace as ``re.sub`` did until Python 3.7: nothing empty after a match.

    Only a pattern that fits an empty text can fit there.
    """
    pattern = _compiled(pattern, flags)
    if not pattern.match(string[:0]):
        return pattern.sub(repl, string, count)
    found, at = [], None
    for match in pattern.finditer(string):
        begin, end = match.span()
        if begin == end == at or count and len(found) == count:
            continue
        found.append(string[at or 0:begin] + (
            repl(match) if callable(repl) else match.expand(repl)))
        at = end
    return string[:0].join(found + [string[at or 0:]])


def _subn(pattern, repl, string, count=0, flags=0):
    return _compiled(pattern, flags).subn(repl, string, count)


_FUNCTIONS = {"split": _split, "sub": _sub}

MODULES = {"re": {"compile": _compiled, "subn": _subn, **_FUNCTIONS, **{
    name: _function(name) for name in (
        "findall", "finditer", "match", "search")}}}


def method_of(thing, name):
    """Return a method of a pattern.

    Parameters
    ----------
    thing : object
        Whose method is asked for.
    name : {'split', 'sub'}
        Which.

    Returns
    -------
    callable or None
        None if it is no pattern.
    """
    return partial(_FUNCTIONS[name], thing) if isinstance(
        thing, re.Pattern) else None
