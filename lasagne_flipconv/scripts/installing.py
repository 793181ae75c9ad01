"""Put the layers of this package under the names of Lasagne.

Scripts import from ``lasagne.layers``, from its submodules, and from three
that cannot be imported without a GPU of their time. No module of Lasagne is
changed: a submodule with other contents is a copy that stands in for it, so
that the code of the one it stands for keeps its own names.
"""
from __future__ import annotations

import contextlib
import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import lasagne.layers

from .. import layers
from ..errors import FlipconvError
from ..layers.backports.common import IS_OLD
from ..layers.base import stock_class
from . import gpu_imports, newer_functions, old_names

__all__ = ["install", "installed", "uninstall"]

#: Submodules that Lasagne cannot import without a GPU, and a class of each.
GPU_MODULES = {"corrmm": "Conv2DMMLayer", "dnn": "Conv2DDNNLayer",
               "cuda_convnet": "Conv2DCCLayer"}

#: Where Lasagne 0.2.dev1 has what is in a module of that name here.
_HOMES = {"transposed": "conv", "dilated": "conv", "transformer": "special",
          "upscale": "pool", "gated": "recurrent",
          "plain": "recurrent"}

#: What ``import *`` of 0.2.dev1 brings besides, whose home is another in 0.1.
_STARRED = {"special": ("NonlinearityLayer",)}

_ABSENT = object()

#: What :func:`uninstall` restores: what was lent, and (dict, old values); and
#: whose numbers were put in.
_before = _numbers = None


def install(numbers_of: str = "0.2.dev1") -> None:
    """Put our layers where scripts written for Lasagne import them from.

    ``lasagne.layers.corrmm``, ``.dnn`` and ``.cuda_convnet`` can be imported
    without a GPU. ``lasagne.layers`` and its submodules hold our convolution
    layers and, on Lasagne 0.1, what 0.2.dev1 has and 0.1 lacks, as
    ``lasagne.nonlinearities`` and ``lasagne.objectives`` do. The modules
    that Lasagne can import because Theano uses a GPU stay. What old scripts
    and nolearn import from ``collections`` and scikit-learn, and is gone
    there, is lent. Imports of what only GPUs of the time had fail with what
    to use instead. Installing twice is installing once; the numbers of the
    other version are refused until :func:`uninstall`.

    Where layers, updates and losses of Lasagne 0.1 give other numbers than
    those of 0.2.dev1, such as the LSTM, those of 0.2.dev1 are put in.

    Parameters
    ----------
    numbers_of : {'0.2.dev1', '0.1'}, default '0.2.dev1'
        On Lasagne 0.1, whose numbers are wanted where the two differ.

    Raises
    ------
    FlipconvError
        If it is none of these, those of 0.1 are asked for on 0.2.dev1, or
        those of the other version are installed.

    Notes
    -----
    Names that were imported before keep what they refer to. Layers built
    from such stock classes work, but can be pickled only after
    :func:`uninstall`.

    Examples
    --------
    >>> install()
    >>> from lasagne.layers.dnn import Conv2DDNNLayer
    >>> Conv2DDNNLayer((None, 3, 9, 9), 4, 3).output_shape
    (None, 4, 7, 7)
    >>> uninstall()
    """
    global _before, _numbers
    _check_version(numbers_of)
    if _before is not None:
        return
    _numbers = numbers_of
    changes = [(sys.modules, {}), (vars(lasagne.layers), {})]
    (_, modules), (_, attributes) = changes
    for home, names in replacements(numbers_of).items():
        module = _stand_in(home, names)
        modules["lasagne.layers." + home] = module
        attributes[home] = module
        if home not in GPU_MODULES:
            attributes.update(names)
    changes += [(vars(module), names) for module, names
                in newer_functions.missing(IS_OLD, numbers_of).items()]
    changes += newer_functions.methods(IS_OLD, numbers_of).items()
    _before = old_names.lend(), [
        (place, {name: _looked_up(place, name) for name in names})
        for place, names in changes]
    _put(changes)
    gpu_imports.explain()


def uninstall() -> None:
    """Restore everything that :func:`install` replaced.

    Examples
    --------
    >>> install(), uninstall(), installed()
    (None, None, False)
    """
    global _before, _numbers
    if _before is None:
        return
    lent, changes = _before
    _put(changes)
    old_names.take_back(lent)
    gpu_imports.forget()
    _before = _numbers = None


def installed():
    """Tell whether our layers are under the names of Lasagne.

    Returns
    -------
    bool
        Whether ``install()`` was called last, not ``uninstall()``.
    """
    return _before is not None


def ensure_installed():
    """Install, unless that was done already, with the numbers of either."""
    install(_numbers or "0.2.dev1")


@contextlib.contextmanager
def installed_meanwhile():
    """Install within a ``with`` statement; what was installed stays so."""
    before = installed()
    ensure_installed()
    try:
        yield
    finally:
        if not before:
            uninstall()


def _check_version(numbers_of):
    """Refuse a version whose numbers there are not, or not at once."""
    known = ("0.2.dev1", "0.1") if IS_OLD else ("0.2.dev1",)
    if numbers_of not in known:
        raise FlipconvError(
            "install: numbers_of=%r with Lasagne %s; expected %s." % (
                numbers_of, lasagne.__version__,
                " or ".join(map(repr, known))))
    if _numbers not in (None, numbers_of):
        raise FlipconvError(
            "install: numbers_of=%r, but the layers are installed with those "
            "of %r; expected the same. Call uninstall() first; under "
            "lasagne-flipconv run, say --numbers-of %s." % (
                numbers_of, _numbers, numbers_of))


def replacements(numbers_of="0.2.dev1"):
    """Return what is put into which submodule of ``lasagne.layers``.

    Parameters
    ----------
    numbers_of : {'0.2.dev1', '0.1'}, default '0.2.dev1'
        As for :func:`install`.

    Returns
    -------
    dict of str to dict
        For each submodule the layers by name; those that Lasagne itself
        supplies are left out.
    """
    found = {}
    for name in layers.__all__:
        value = getattr(layers, name)
        package, _, home = value.__module__.rpartition(".")
        if package.startswith("lasagne_flipconv."):
            found.setdefault(_HOMES.get(home, home), {})[name] = value
    for home, name in GPU_MODULES.items():
        if stock_class(home, name):
            del found[home]
    if numbers_of == "0.1":
        del found["recurrent"]
    # 0.1 has no such class; on 0.2.dev1, who derives from it gets Lasagne's
    if not hasattr(importlib.import_module("lasagne.layers.conv"),
                   "BaseConvLayer"):
        found["conv"]["BaseConvLayer"] = layers.base.BaseConvLayer
    return found


def _stand_in(home, names):
    """Return a module with the contents of Lasagne's, if any, and `names`."""
    name = "lasagne.layers." + home
    module = ModuleType(name, "Layers of lasagne_flipconv, as %s." % name)
    module.__package__ = "lasagne.layers"
    module.__spec__ = ModuleSpec(name, None)
    vars(module).update(vars(getattr(lasagne.layers, home, module)))
    if IS_OLD or home in GPU_MODULES:
        vars(module).update(newer_functions.within(home))
    vars(module).update(names)
    module.__all__ = sorted({*vars(module).get("__all__", ()), *names,
                             *(name for name in _STARRED.get(home, ())
                               if hasattr(module, name))})
    return module


def _looked_up(place, name):
    """Return what a class or the contents of a module hold of a name."""
    names = vars(place) if isinstance(place, type) else place
    return names.get(name, _ABSENT)


def _put(changes):
    for place, values in changes:
        for name, value in values.items():
            if isinstance(place, type):
                _put_attribute(place, name, value)
            elif value is _ABSENT:
                place.pop(name, None)
            else:
                place[name] = value


def _put_attribute(cls, name, value):
    if value is not _ABSENT:
        setattr(cls, name, value)
    elif name in vars(cls):
        delattr(cls, name)
