"""Refuse arguments of a type that none of them has, by their names."""
from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from ...errors import ConventionError
from ...limits import Limits
from ..telling import check_data_format, check_epsilon, check_orientation

__all__ = ["check_flag", "check_limits", "check_options", "check_progress",
           "path_told"]


def path_told(path: Any) -> str:
    """Return the name of a file as a text.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        What the user passes.

    Returns
    -------
    str
        The name.

    Raises
    ------
    TypeError
        If it is no name of a file.
    """
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(
            "path: got %s; expected the name of a file: a text, bytes or an "
            "os.PathLike." % _shown(path)) from None


def _shown(value):
    """Return a value in a line: its type alone if it is large."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return "%.80r" % (value,)
    return "a %s" % type(value).__name__


def check_limits(limits: Any) -> None:
    """Refuse what is no record of ceilings.

    Parameters
    ----------
    limits : object
        What the user passes.

    Raises
    ------
    ConventionError
        If it is none, or one of them is no number.
    """
    if not isinstance(limits, Limits) or not all(
            isinstance(value, Real) for value in limits):
        raise ConventionError(
            "limits: got %.200r; expected lasagne_flipconv.limits.LIMITS, or "
            "one made from it: LIMITS._replace(opcodes=10**6)." % (limits,))


def check_flag(word: str, told: Any) -> None:
    """Refuse what is neither true nor false.

    Parameters
    ----------
    word : str
        What the argument is called.
    told : object
        What the user passes.

    Raises
    ------
    ConventionError
        If it is something else, such as a text, which would be true.
    """
    if not isinstance(told, (bool, np.bool_, Integral)) or told not in (0, 1):
        raise ConventionError("%s: got %.80r; expected True or False."
                              % (word, told))


def check_progress(progress: Any) -> None:
    """Refuse what cannot be told of progress.

    Parameters
    ----------
    progress : object
        What the user passes.

    Raises
    ------
    ConventionError
        If it is no function.
    """
    if progress is not None and not callable(progress):
        raise ConventionError("progress: got %.80r; expected a function of "
                              "bytes done and bytes in all." % (progress,))


def check_options(options: Any) -> None:
    """Refuse options of a wrong type, before anything is read.

    Parameters
    ----------
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Raises
    ------
    ConventionError
        If one is of another type than it may be.
    """
    check_orientation(options.orientation)
    check_data_format(options.data_format)
    check_epsilon(options.epsilon)
    check_flag("strict", options.strict)
    if not isinstance(options.prefix, str):
        raise ConventionError("prefix: got %.80r; expected how names begin, a "
                              "text." % (options.prefix,))
    count = options.leave_last
    if not isinstance(count, Integral) or isinstance(count, bool) or count < 0:
        raise ConventionError("leave_last: got %.80r; expected how many "
                              "layers, 0 or more." % (count,))
    _check_names(options.names)


def _check_names(names):
    if not isinstance(names, Mapping) or not all(
            isinstance(name, str) for pair in names.items() for name in pair):
        raise ConventionError(
            "names: got %.200r; expected a dict from names in the file to "
            "those in the network, such as {'arr_0': 'conv1.W'}." % (names,))
