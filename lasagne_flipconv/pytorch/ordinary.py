"""Theano's ordinary mode, for what is left to it."""
import contextlib

import theano
from theano.compile import mode as modes

__all__ = ["default", "function", "mode"]

_kept = {"mode": None}


def mode():
    """Return the mode that functions had before any was for PyTorch.

    Returns
    -------
    theano.compile.Mode
        By the flags of Theano.
    """
    if _kept["mode"] is None:
        _kept["mode"] = modes.get_mode(None)
    return _kept["mode"]


@contextlib.contextmanager
def default(chosen):
    """Let functions that name no mode be compiled in one, in this context.

    Parameters
    ----------
    chosen : theano.compile.Mode
        The mode.
    """
    mode()
    before = modes.instantiated_default_mode
    modes.instantiated_default_mode = chosen
    try:
        yield
    finally:
        modes.instantiated_default_mode = before


def function(inputs, outputs):
    """Compile a function in the ordinary mode, loops within it as well.

    Parameters
    ----------
    inputs : list
        As of `theano.function`.
    outputs : list
        As of `theano.function`.

    Returns
    -------
    theano.compile.function_module.Function
        The function, always with a list for a result.
    """
    with default(mode()):
        return theano.function(inputs, outputs, mode=mode(),
                               on_unused_input="ignore", accept_inplace=True)
