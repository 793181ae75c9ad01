"""What computes Theano's functions: Theano, or another library by name."""
from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import Any, Iterator

from .library import EngineError

__all__ = ["BACKENDS", "use", "use_device", "using"]

VARIABLE = "LASAGNE_FLIPCONV_DEVICE"

#: Name → the module that has ``use(device)``, ``using(device)``, ``stop()``,
#: and what to install for it. Imported when it is asked for.
BACKENDS = {"torch": ("lasagne_flipconv.pytorch", "lasagne-flipconv[torch]")}


def use(backend: str, device: str = "cpu", **options: Any) -> None:
    """Choose what computes the functions that are compiled from now on.

    Parameters
    ----------
    backend : {'torch', 'theano'}
        The library; 'theano' for what Theano's flags say, as it was at first.
    device : str, default 'cpu'
        For PyTorch: 'cpu', 'cuda', 'cuda:1'.
    **options
        For PyTorch: ``random='torch'`` for other random numbers.

    Raises
    ------
    EngineError
        If it is not installed, or has no such device.

    Examples
    --------
    >>> from lasagne_flipconv import engine
    >>> engine.use("jax")
    Traceback (most recent call last):
        ...
    lasagne_flipconv.engine.library.EngineError: engine: there is no back
    end 'jax'; expected one of 'torch', 'theano'.
    """
    if backend != "theano":
        _calling(backend, "use", device, options)
        return
    for module, _ in BACKENDS.values():
        if module in sys.modules:
            sys.modules[module].stop()


@contextlib.contextmanager
def using(backend: str, device: str = "cpu",
          **options: Any) -> Iterator[None]:
    """Choose what computes the functions that are compiled in this context.

    Parameters
    ----------
    backend : {'torch'}
        The library.
    device : str, default 'cpu'
        For PyTorch: 'cpu', 'cuda', 'cuda:1'.
    **options
        For PyTorch: ``random='torch'`` for other random numbers.

    Raises
    ------
    EngineError
        If it is not installed, or has no such device.
    """
    with _calling(backend, "using", device, options):
        yield


def use_device(name):
    """Let PyTorch compute on a device, where one is named.

    Parameters
    ----------
    name : str or None
        The device; by default what LASAGNE_FLIPCONV_DEVICE names, if anything.

    Raises
    ------
    EngineError
        If PyTorch is not installed, or has no such device.
    """
    name = name or os.environ.get(VARIABLE)
    if name:
        use("torch", name)


def _calling(backend, name, device, options):
    """Call a function of a back end; its errors become the engine's."""
    if backend not in BACKENDS:
        raise EngineError("engine: there is no back end %r; expected one of "
                          "%s." % (backend, ", ".join(map(
                              repr, [*BACKENDS, "theano"]))))
    module, distribution = BACKENDS[backend]
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != backend:
            raise
        raise EngineError(
            "engine: %s is not installed; expected PyTorch. Install it with "
            "pip install %s, for a GPU the one for its CUDA as pytorch.org "
            "says." % (backend, distribution)) from None
    return getattr(found, name)(device, **options)
