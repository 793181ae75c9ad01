"""Layers of Lasagne 0.2.dev1 for Lasagne 0.1, which lacks them.

For each name, the class here is Lasagne's own where the installed Lasagne has
it as in 0.2.dev1, and else the one of the submodule named as in Lasagne. On
0.1, a class that exists there with fewer arguments is a subclass of it.
"""
import lasagne

from . import (dense, merge, noise, normalization, pool, shape, special,
               transformer, upscale)
from .common import IS_OLD

_MODULES = (dense, merge, noise, normalization, pool, shape, special,
            transformer, upscale)


def _choose(name, ours):
    return ours if IS_OLD else getattr(lasagne.layers, name, ours)


__all__ = []
for _module in _MODULES:
    for _name in _module.__all__:
        globals()[_name] = _choose(_name, getattr(_module, _name))
        __all__.append(_name)
