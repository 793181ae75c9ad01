"""What only IPython takes: ``%matplotlib inline``, ``!ls``, ``x?``.

A line of it becomes a line of Python. What does nothing to the numbers is left
out, what is measured is run once; of the rest it is told that it was not run.
"""
import re
import warnings

from .reading import NotebookError

__all__ = ["plain"]

#: What opens or ends a text, a comment or brackets; what does not.
_MARKS = re.compile(r"""'''|\"\"\"|\\.|['"#()\[\]{}]""", re.DOTALL)

_ASSIGNS = re.compile(r"^[^=#'\"]+=\s*[%!](?!=)")

_ASKS = re.compile(r"^%{0,2}[\w.*\[\]() ]+\?{1,2}$")

#: What IPython takes without its sign, and is no statement that does more.
_BARE = re.compile(r"^(cd\s+[\w.~/]\S*|(matplotlib|pylab)\s+\w+"
                   r"|ls|pwd|whos?)$")

#: What changes how something is shown, or when a module is read.
_QUIET = re.compile(r"%(matplotlib|config|autoreload|precision|pdb|pprint"
                    r"|(re)?load_ext\s+autoreload)\b")

#: What defines names, or may.
_DEFINES = re.compile(
    r"%(run|macro|Rpull|store\s+-r|R\b.*\s-o|cd\s+-|env\b.*=.*[${])"
    r"|%%(cython|capture\s+\w|writefile\s+-a|\w+\b.*(--out|--err|\s-o)\b)")

#: What measures the statement behind it: the options that take a value.
_MEASURES = {"time": "", "timeit": "nrp", "prun": "lsTD", "memit": "rti",
             "capture": ""}

_PYLAB = ("import matplotlib, numpy; from matplotlib import mlab, pylab, "
          "pyplot; np = numpy; plt = pyplot; from pylab import *; "
          "from numpy import *")


def plain(text, name):
    """Return the code of a cell as Python, line for line.

    Parameters
    ----------
    text : str
        The cell.
    name : str
        What it is called, for what is told.

    Returns
    -------
    str
        As many lines.

    Raises
    ------
    NotebookError
        If what it defines would be missing.

    Examples
    --------
    >>> print(plain("%matplotlib inline\\nif x:\\n    %time y = f(x)", "1"))
    pass
    if x:
        y = f(x)
    """
    lines = _dedented(text.split("\n"))
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        code = _of_cell(lines[first].strip(), name, first + 1)
        if code is None:
            return "pass" + "\n" * (len(lines) - 1)
        lines[first] = code
    return "\n".join(_of_lines(lines, name))


def _dedented(lines):
    """Take away what is before the first line, as IPython does."""
    start = re.match(r"[ \t]*", lines[0]).group()
    if not start:
        return lines
    return [line[len(start):] if line.startswith(start) else line
            for line in lines]


def _of_lines(lines, name):
    """Yield each line as Python."""
    quote, depth, continued, skipped = "", 0, False, False
    for number, line in enumerate(lines, 1):
        told = line.strip()
        if skipped:  # it goes on with what was left out
            skipped = line.endswith("\\")
            line = ""
        elif not (quote or depth or continued) and _is_magic(told):
            code = _of_line(told, name, number)
            skipped = line.endswith("\\") and code == "pass"
            line = line[:len(line) - len(line.lstrip())] + code
        quote, depth = _open_after(line, quote, depth)
        continued = line.endswith("\\")
        yield line


def _open_after(line, quote, depth):
    """Return which text, and how many brackets, are open behind a line."""
    for found in _MARKS.finditer(line):
        mark = found.group()
        if quote:
            quote = "" if mark.startswith(quote) else quote
        elif mark == "#":
            break
        elif mark[0] in "'\"":
            quote = mark
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth = max(depth - 1, 0)
    if len(quote) == 1 and not line.endswith("\\"):
        quote = ""
    return quote, depth


def _is_magic(line):
    """Tell whether a statement is none of Python."""
    return (line[:1] in ("%", "!", "?") and line != ""
            or (_ASKS.match(line) or _BARE.match(line)) is not None
            or _ASSIGNS.match(line) is not None)


def _of_line(line, name, number):
    """Return the Python of a line."""
    if _BARE.match(line):
        line = "%" + line
    if _ASSIGNS.match(line) or _DEFINES.match(line):
        raise _missing(line, name, number)
    magic, _, rest = line[1:].partition(" ")
    if line[0] == "%" and magic in _MEASURES:
        return _measured(magic, rest)
    if line[0] == "%" and magic in ("cd", "env", "set_env"):
        code = _of_system(magic, rest.strip())
        if code:
            return code
    if magic == "pylab" and line[0] == "%":
        return _PYLAB
    if not _QUIET.match(line):
        _tell(line, name, number)
    return "pass"


def _of_system(magic, rest):
    """Return the Python that changes the folder or the environment."""
    if magic == "cd":
        return ("__import__('os').chdir(__import__('os').path.expanduser(%r))"
                % (rest.strip("'\"") or "~"))
    found = re.match(r"(\w+)(?:\s*=\s*|\s+)(.+)", rest)
    return found and "__import__('os').environ[%r] = %r" % found.groups()


def _of_cell(line, name, number):
    """Return the Python of the first line of a cell, None to skip the cell."""
    if _DEFINES.match(line):
        raise _missing(line, name, number)
    magic, _, rest = line[2:].partition(" ")
    if magic in _MEASURES:
        return _measured(magic, rest)
    _tell(line, name, number, "this cell was")
    return None


def _measured(magic, rest):
    """Return the statement that is measured, without the options."""
    options = r"(?:-[%s]\s*\S+\s*|--?[\w-]+\s*)*" % (_MEASURES[magic] or " ")
    return rest[re.match(options, rest.strip()).end():].strip() or "pass"


def _tell(line, name, number, what="it was"):
    warnings.warn_explicit(
        "%s is of IPython; %s not run" % (line, what), UserWarning, name,
        number)


def _missing(line, name, number):
    return NotebookError(
        "%s, line %d: %r is of IPython, and what it defines would be "
        "missing; expected Python. Write what it does in Python, or leave it "
        "out." % (name, number, line))
