"""Functions that later releases of Python dropped."""
import html
import importlib.util
import inspect
import math
import sys
from collections import namedtuple

__all__ = ["escape", "formatargspec", "gcd", "getargspec", "load_source"]

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func):
    """Return the arguments of a function that has none by keyword only.

    Parameters
    ----------
    func : callable
        The function or method.

    Returns
    -------
    ArgSpec
        Names, the names of ``*`` and ``**``, and the default values.

    Raises
    ------
    ValueError
        If it has arguments by keyword only, as it was.

    Examples
    --------
    >>> getargspec(lambda x, y=1, **more: x)
    ArgSpec(args=['x', 'y'], varargs=None, keywords='more', defaults=(1,))
    """
    spec = inspect.getfullargspec(func)
    if spec.kwonlyargs:
        raise ValueError("getargspec: %r has keyword-only arguments %r; "
                         "expected none. Call inspect.getfullargspec."
                         % (func, spec.kwonlyargs))
    return ArgSpec(*spec[:4])


def formatargspec(args, varargs=None, varkw=None, defaults=None):
    """Return the text of what `getargspec` gives.

    Parameters
    ----------
    args : list of str
        The names.
    varargs, varkw : str or None
        The names of ``*`` and ``**``.
    defaults : sequence or None
        The default values of the last arguments.

    Returns
    -------
    str
        As between ``def name`` and the colon.

    Examples
    --------
    >>> formatargspec(["x", "y"], None, "more", (1,))
    '(x, y=1, **more)'
    """
    defaults = list(defaults or [])
    first = len(args) - len(defaults)
    parts = args[:first] + ["%s=%r" % item
                            for item in zip(args[first:], defaults)]
    parts += [stars + name for stars, name in (("*", varargs), ("**", varkw))
              if name]
    return "(%s)" % ", ".join(parts)


def escape(s, quote=False):
    """Replace what means something in HTML.

    Parameters
    ----------
    s : str
        The text.
    quote : bool, default False
        Whether quotation marks are replaced as well.

    Returns
    -------
    str
        As ``cgi.escape`` had it, but for the apostrophe.

    Examples
    --------
    >>> escape("a < 'b'")
    "a &lt; 'b'"
    """
    return html.escape(s, quote)


def gcd(a, b):
    """Return the greatest common divisor, with the sign of `b`.

    Parameters
    ----------
    a, b : int
        Two numbers.

    Returns
    -------
    int
        As ``fractions.gcd`` had it.

    Examples
    --------
    >>> gcd(12, -18), gcd(12, 0)
    (-6, 12)
    """
    found = math.gcd(a, b)
    return -found if b < 0 or (b == 0 and a < 0) else found


def load_source(name, pathname, file=None):
    """Load a module from a file, under any name.

    Parameters
    ----------
    name, pathname : str
        The name that it gets, and its file.
    file : object
        Ignored.

    Returns
    -------
    module
        It is in ``sys.modules``.
    """
    spec = importlib.util.spec_from_file_location(name, pathname)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
