"""How the engine is imported where it is the command that runs.

LASAGNE_FLIPCONV_DEVICE may name what there is not. A program is told at once,
by ``import lasagne_flipconv``. The command is imported before it can tell
anything: so it goes on, and `run` and `doctor` look at the name themselves;
what the others compute, Theano does then, and they say so.
"""
import contextlib
import importlib
import os
import sys
from pathlib import Path

from ..compat.theano_flags import DEVICE

__all__ = ["import_engine", "is_command", "refused"]

_PACKAGE = __name__.partition(".")[0]
_REFUSED = []


def import_engine():
    """Import the engine, and choose the device that the environment names.

    Raises
    ------
    EngineError
        If there is no such device, and this is not the command.
    """
    if not os.environ.get(DEVICE) or not is_command():
        importlib.import_module(_PACKAGE + ".engine")
        return
    with _unnamed():
        engine = importlib.import_module(_PACKAGE + ".engine")
    try:
        importlib.import_module(_PACKAGE + ".engine.machines").use_device(None)
    except engine.EngineError as error:
        _REFUSED.append(error)


def refused():
    """Return why the device that the environment names was not taken.

    Returns
    -------
    EngineError or None
        None if it was, or none is named.
    """
    return _REFUSED[-1] if _REFUSED else None


@contextlib.contextmanager
def _unnamed():
    """Let the environment name no device in this context."""
    name = os.environ.pop(DEVICE)
    try:
        yield
    finally:
        os.environ[DEVICE] = name


def _words():
    """Return how Python was started, where Python before 3.10 tells it."""
    try:
        words = Path("/proc/self/cmdline").read_bytes()
    except OSError:
        return []
    return os.fsdecode(words).split("\0")


def is_command():
    """Tell whether the command runs here, not a program that imports us.

    Returns
    -------
    bool
        True for ``lasagne-flipconv`` and ``python -m lasagne_flipconv``.
    """
    started = (getattr(sys, "argv", None) or [""])[0]
    if started == "-m":  # while Python looks for the module of that name
        return _PACKAGE in (getattr(sys, "orig_argv", None) or _words())
    name = os.path.basename(started).lower()
    return name in ("lasagne-flipconv", "lasagne-flipconv.exe",
                    "lasagne-flipconv-script.py")
