"""What computes Theano's functions: Theano, or another library by name."""
from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import Any, Iterator, Optional

from .library import EngineError

__all__ = ["BACKENDS", "use", "use_device", "using"]

VARIABLE = "LASAGNE_FLIPCONV_DEVICE"

#: Name → the module that has ``use(device)``, ``using(device)``, ``stop()``,
#: ``stopped()``, and what to install for it. Imported when it is asked for.
BACKENDS = {"torch": ("lasagne_flipconv.pytorch", "'lasagne-flipconv[torch]'")}


def use(backend: str, device: Optional[str] = None, **options: Any) -> None:
    """Choose what computes the functions that are compiled from now on.

    Parameters
    ----------
    backend : {'torch', 'theano'}
        The library; 'theano' for what Theano's flags say, as it was at first.
    device : str, optional
        For PyTorch, and nothing else: 'cpu' (default), 'cuda', 'cuda:1'.
    **options
        For PyTorch: ``random='torch'`` for other random numbers,
        ``compile=True`` to let its inductor compile what comes often.

    Raises
    ------
    EngineError
        If it is not installed, or has no such device or option.

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
    _refuse(device=device, **options)
    for module in _imported():
        module.stop()


@contextlib.contextmanager
def using(backend: str, device: Optional[str] = None,
          **options: Any) -> Iterator[None]:
    """Choose what computes the functions that are compiled in this context.

    Parameters
    ----------
    backend : {'torch', 'theano'}
        The library, as in `use`.
    device : str, optional
        For PyTorch, and nothing else: 'cpu' (default), 'cuda', 'cuda:1'.
    **options
        For PyTorch: ``random='torch'`` for other random numbers,
        ``compile=True`` to let its inductor compile what comes often.

    Raises
    ------
    EngineError
        If it is not installed, or has no such device or option.
    """
    with contextlib.ExitStack() as stack:
        if backend != "theano":
            stack.enter_context(_calling(backend, "using", device, options))
        else:
            _refuse(device=device, **options)
            for module in _imported():
                stack.enter_context(module.stopped())
        yield


def use_device(name, compile=False):
    """Let PyTorch compute on a device, where one is named.

    Parameters
    ----------
    name : str or None
        The device; by default what LASAGNE_FLIPCONV_DEVICE names, if anything.
    compile : bool, default False
        Whether its inductor compiles what comes often.

    Raises
    ------
    EngineError
        If PyTorch is not installed, or has no such device; if there is none
        to compile for.
    """
    if name:
        use("torch", name, compile=compile)
    elif os.environ.get(VARIABLE):
        try:
            use("torch", os.environ[VARIABLE], compile=compile)
        except EngineError as error:
            raise type(error)("%s: %s" % (VARIABLE, error)) from error
    elif compile:
        raise EngineError("--compile: no device is named, so Theano computes, "
                          "which always compiles; expected --device cuda or "
                          "--device cpu with it.")


def _imported():
    """Return the modules of back ends that may be in use."""
    return [sys.modules[module] for module, _ in BACKENDS.values()
            if module in sys.modules]


def _refuse(**options):
    """Raise where Theano is told what only another back end listens to."""
    told = ["%s=%r" % item for item in options.items() if item[1] is not None]
    if told:
        raise EngineError(
            "engine: %s for 'theano'; expected none, as Theano computes where "
            "its flags say. Leave it out, or name one of %s instead."
            % (", ".join(told), ", ".join(map(repr, BACKENDS))))


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
    return getattr(found, name)("cpu" if device is None else device,
                                **options)
