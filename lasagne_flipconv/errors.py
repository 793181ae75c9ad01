"""The errors this package raises on purpose.

Every text has the same parts: where, what is wrong (with the value), what was
expected, and the way out. Names and paths in it come from files: what could
command a terminal, or not be printed, is escaped in all of them.
"""
from __future__ import annotations

import re

__all__ = ["FlipconvError", "ConventionError", "CheckpointError",
           "UnsafeFileError", "escaped"]

#: Characters that take no room and yet are letters or marks to Unicode:
#: joiners, fillers, vowels without a shape, selectors of variants.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164"
                     "\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def escaped(text: str) -> str:
    """Return a text that does to a terminal no more than it says.

    Parameters
    ----------
    text : str
        One line; of a file, or with parts that are.

    Returns
    -------
    str
        With all that is no printable character written as Python writes it:
        controls, line ends, marks that turn the direction of writing or take
        no room, halves of pairs.

    Examples
    --------
    >>> print(escaped("conv1\\x1b[2J\\r\\n\\u202eW\\ud800"))
    conv1\\x1b[2J\\r\\n\\u202eW\\ud800
    """
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    return "".join(c if c.isprintable() and not _UNSEEN.match(c)
                   else ascii(c)[1:-1] for c in text)


class FlipconvError(ValueError):
    """Signal that something was refused; nothing was changed."""

    def __str__(self) -> str:
        return escaped(super().__str__())


class ConventionError(FlipconvError):
    """Signal axes or an orientation that are unknown or do not fit."""


class CheckpointError(FlipconvError):
    """Signal a checkpoint that cannot be read, or does not fit a network."""


class UnsafeFileError(FlipconvError):
    """Signal a file that would execute code or exhaust the machine."""
