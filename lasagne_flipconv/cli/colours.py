"""Colour words on a terminal, and nowhere else."""
import os
import sys

__all__ = ["coloured"]

_CODES = {"red": 31, "green": 32, "yellow": 33}


def coloured(text, colour):
    """Return a text in a colour if the output is a terminal that shows it.

    Parameters
    ----------
    text : str
        What to print.
    colour : {'red', 'green', 'yellow'}
        The colour.

    Returns
    -------
    str
        The text as it was if the output goes to a file or a pipe, or if the
        environment has ``NO_COLOR`` or ``TERM=dumb``.

    Examples
    --------
    >>> coloured("ok", "green")
    'ok'
    """
    shown = (sys.stdout.isatty() and not os.environ.get("NO_COLOR")
             and os.environ.get("TERM") != "dumb")
    return "\033[%dm%s\033[0m" % (_CODES[colour], text) if shown else text
