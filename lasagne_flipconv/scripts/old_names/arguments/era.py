"""Of which time a program is: whether defaults are those of then.

A program of Python 2 is of then. One of Python 3 may be of today, so that its
defaults are today's, and it is told where they were others.
"""
__all__ = ["is_of_then", "set_of_then"]

_STATE = {"of_then": False}


def is_of_then():
    """Tell whether what is run is of then.

    Returns
    -------
    bool
        False until it is said.
    """
    return _STATE["of_then"]


def set_of_then(of_then):
    """Say whether what is run is of then; return whether it was before.

    Parameters
    ----------
    of_then : bool
        Whether its defaults are.

    Returns
    -------
    bool
        What it was.
    """
    before, _STATE["of_then"] = _STATE["of_then"], bool(of_then)
    return before
