"""What products of convolutions are computed in: float32, or bfloat16."""
from __future__ import annotations

import os
import sys
import warnings
from typing import Any, ContextManager, Dict, Optional, Type

from theano.compile.function_module import FunctionMaker

from . import library
from .state import why_off

__all__ = ["PRECISIONS", "precision", "wanted", "is_inner", "tell_of_training"]

VARIABLE = "LASAGNE_FLIPCONV_PRECISION"

PRECISIONS = ("float32", "bfloat16")

_state: Dict[str, Any] = {"precision": os.environ.get(VARIABLE, "float32"),
                          "asked for": False, "told of training": False}

_TRAINING = (
    "engine: a function that computes gradients stays in float32; bfloat16 is "
    "for inference. For no such warning, compile it with "
    "engine.precision('float32').")


class _Set:
    """A precision that is set; as a context, only until its end."""

    def __init__(self, name):
        self._before = dict(_state)
        _state.update({"precision": name, "asked for": True})

    def __enter__(self) -> None:
        """Leave it as it is set."""

    def __exit__(self, kind: Optional[Type[BaseException]], error: Any,
                 traceback: Any) -> None:
        """Set what was there before."""
        for key in ("precision", "asked for"):
            _state[key] = self._before[key]


def precision(name: str) -> ContextManager[None]:
    """Choose what convolutions compiled from now on multiply in.

    With 'bfloat16', input and kernel of a convolution are rounded to 8 bits
    of mantissa before they are multiplied; sums, and all between the layers,
    stay in float32. Only functions without gradients are changed.

    Parameters
    ----------
    name : {'float32', 'bfloat16'}
        The type of the factors; at first 'float32', or what the variable
        LASAGNE_FLIPCONV_PRECISION of the environment says.

    Returns
    -------
    context manager
        For use in a ``with`` statement; at its end, the precision is what it
        was before. Without one, it stays.

    Raises
    ------
    EngineError
        If there is no such precision, the engine is off, or the processor
        does not multiply bfloat16.

    Examples
    --------
    >>> from lasagne_flipconv import engine
    >>> with engine.precision("float32"):
    ...     pass  # compile functions here
    >>> engine.precision("float16")
    Traceback (most recent call last):
        ...
    lasagne_flipconv.engine.library.EngineError: engine: precision 'float16';
    expected one of 'float32', 'bfloat16'.
    """
    reason = _why_not(name)
    if reason:
        raise library.EngineError(reason)
    return _Set(name)


def _why_not(name):
    """Return why a precision cannot be had; None if it can."""
    if name not in PRECISIONS:
        return "engine: precision %r; expected one of %s." % (
            name, ", ".join(map(repr, PRECISIONS)))
    if name == "float32":
        return None
    if why_off() is not None:
        return ("engine: there is no bfloat16 without the engine, and %s; "
                "expected precision 'float32'." % why_off())
    if not library.has_bfloat16():
        return ("engine: this processor does not multiply bfloat16 "
                "(AVX512-BF16 or AMX), or ONEDNN_MAX_CPU_ISA forbids it; "
                "expected precision 'float32'.")
    return None


def wanted():
    """Return the precision of functions that are compiled now.

    What the environment asks for in vain is told once, as a warning.
    """
    if not _state["asked for"]:
        reason = _why_not(_state["precision"])
        if reason:
            warnings.warn("%s: %s" % (VARIABLE, reason), RuntimeWarning,
                          stacklevel=2)
            _state["precision"] = "float32"
        _state["asked for"] = True
    return _state["precision"]


def is_inner():
    """Tell whether a function is compiled for a node of another.

    It may be a part of training without a gradient in it, as in
    ``theano.scan``.
    """
    frame = sys._getframe()
    while frame and frame.f_code is not FunctionMaker.create.__code__:
        frame = frame.f_back
    return frame is not None


def tell_of_training():
    """Warn, once, that training stays in float32."""
    if not _state["told of training"]:
        _state["told of training"] = True
        warnings.warn(_TRAINING, RuntimeWarning, stacklevel=2)
