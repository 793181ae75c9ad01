"""Whether the engine is on, and whether it can be used here."""
from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import Any, Dict, Iterator, Optional

import theano

from . import library

__all__ = ["disable", "enable", "disabled", "enabled", "ready", "why_off"]

VARIABLE = "LASAGNE_FLIPCONV_ENGINE"

_WAY_OUT = ("Functions compile without it, slower. To keep it from trying, "
            "set %s=0." % VARIABLE)

_FLOAT64 = (
    "engine: a convolution in float64 is left to Theano, which takes several "
    "times as long as the engine does in float32. To compute in float32, as "
    "most models were trained, set THEANO_FLAGS=floatX=float32 or "
    "theano.config.floatX = 'float32' before the network is built.")

#: The variables that switch off parts of the library, which reads them itself.
_PARTS = ["LASAGNE_FLIPCONV_" + part
          for part in ("KEEP_KERNELS", "LINES", "WINOGRAD")]

#: Values of these variables, in any case, an empty one as none at all.
_ON, _OFF = ("", "1", "on", "yes", "true"), ("0", "off", "no", "false")


def _is_wanted(value, variable=VARIABLE):
    """Tell whether a variable wants what it names; warn of another value."""
    word = value.strip().lower()
    if word not in _ON + _OFF:
        warnings.warn("%s: %r; expected 1 or 0. It is taken for 1."
                      % (variable, value), RuntimeWarning, stacklevel=2)
    return word not in _OFF


_state: Dict[str, Any] = {
    "on": _is_wanted(os.environ.get(VARIABLE, "")), "broken": None,
    "told of float64": False}

for _part in _PARTS:
    _is_wanted(os.environ.get(_part, ""), _part)


def enable() -> None:
    """Let functions that are compiled from now on use oneDNN.

    Raises
    ------
    EngineError
        If oneDNN is not installed, or the library cannot be built.
    """
    library.build()
    _state.update(on=True, broken=None)


def disable() -> None:
    """Let functions that are compiled from now on use Theano's own Ops."""
    _state["on"] = False


@contextlib.contextmanager
def disabled() -> Iterator[None]:
    """Switch the engine off for the functions compiled in this context.

    Examples
    --------
    >>> from lasagne_flipconv import engine
    >>> with engine.disabled():
    ...     engine.enabled()
    False
    """
    before = _state["on"]
    disable()
    try:
        yield
    finally:
        _state["on"] = before


def enabled() -> bool:
    """Tell whether functions compiled now would use oneDNN.

    Returns
    -------
    bool
        False if it is switched off, not installed or failed to build.
    """
    return why_off() is None


def why_off() -> Optional[str]:
    """Tell why functions compiled now would not use oneDNN.

    Returns
    -------
    str or None
        The reason; None if they would.
    """
    if not _state["on"]:
        return "the engine is switched off"
    if uses_gpu():
        return "Theano uses a GPU"
    if not theano.config.cxx:
        return "Theano has no C++ compiler"
    if _state["broken"]:
        return _state["broken"]
    try:
        library.find()
    except library.EngineError as error:
        return str(error)
    return None


def uses_gpu():
    """Tell whether Theano computes on a GPU.

    That a flag names one does not say so: where pygpu or the driver is
    missing, Theano complains and computes on the CPU.

    Returns
    -------
    bool
        Whether Theano has taken a GPU into use.
    """
    gpuarray = sys.modules.get("theano.gpuarray")
    return bool(getattr(gpuarray, "pygpu_activated", False))


def ready():
    """Build the library if that is needed; return whether it can be used.

    A failure is told once, as a warning.
    """
    if why_off() is not None:
        return False
    try:
        library.build()
    except library.EngineError as error:
        _state["broken"] = str(error)
        warnings.warn("%s %s" % (error, _WAY_OUT), RuntimeWarning,
                      stacklevel=2)
        return False
    return True


def tell_of_float64():
    """Warn, once, that the engine does not compute in float64."""
    if not _state["told of float64"] and why_off() is None:
        _state["told of float64"] = True
        warnings.warn(_FLOAT64, RuntimeWarning, stacklevel=2)
