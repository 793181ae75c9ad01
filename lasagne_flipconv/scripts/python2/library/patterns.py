"""Regular expressions as ``re`` treated them in Python 2.

Such that fit nothing, and letters: those of ASCII unless ``re.UNICODE`` is
passed.
"""
import itertools
import re
from functools import partial

from ..strings import text_of

__all__ = ["METHODS", "MODULES"]


_UNICODE = re.compile(r"\(\?[aiLmsx]*u")


def _compiled(pattern, flags=0):
    """Compile a pattern whose letters, digits and spaces are of ASCII."""
    if isinstance(pattern, str) and not flags & re.UNICODE and (
            not _UNICODE.search(pattern)):
        flags = flags & ~re.LOCALE | re.ASCII
    return re.compile(pattern, flags)


def _subject(pattern, string):
    """Return what a pattern is looked for in, as a text for one of texts."""
    return text_of(string) if isinstance(string, bytes) and isinstance(
        pattern.pattern, str) else string


def _function(name):
    """Return a function of ``re`` that compiles its pattern so."""
    def function(pattern, string, flags=0):
        return _find(name, _compiled(pattern, flags), string)
    return function


def _find(name, pattern, string, *bounds):
    """Call a method of a pattern."""
    return getattr(pattern, name)(_subject(pattern, string), *bounds)


def _split(pattern, string, maxsplit=0, flags=0):
    """Split as ``re.split`` did until Python 3.7: not at what is empty."""
    pattern = _compiled(pattern, flags)
    string = _subject(pattern, string)
    matches = (match for match in pattern.finditer(string) if match.group())
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
    string = _subject(pattern, string)
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
    pattern = _compiled(pattern, flags)
    return pattern.subn(repl, _subject(pattern, string), count)


_FUNCTIONS = {"split": _split, "sub": _sub, "subn": _subn}

#: What takes a text, and returns what fits.
_FINDS = ("findall", "finditer", "match", "search")

MODULES = {"re": {"compile": _compiled, **_FUNCTIONS, **{
    name: _function(name) for name in _FINDS}}}


def _given(function):
    return lambda thing: partial(function, thing) if isinstance(
        thing, re.Pattern) else None


def _finds(name):
    return _given(lambda pattern, *args: _find(name, pattern, *args))


#: Method of a pattern → what is given for it, None to look further.
METHODS = {**{name: _given(made) for name, made in _FUNCTIONS.items()},
           **{name: _finds(name) for name in _FINDS}}
