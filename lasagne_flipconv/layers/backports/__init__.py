"""Layers of Lasagne 0.2.dev1 for Lasagne 0.1, which lacks them.

For each name, the class here is Lasagne's own where the installed Lasagne has
it as in 0.2.dev1, and else the one of the submodule named as in Lasagne. On
0.1, a class that exists there with fewer arguments is a subclass of it. The
layers of :mod:`dnn <lasagne_flipconv.layers.backports.dnn>` are Lasagne's own
only where it has a GPU to run on.
"""
from . import (dense, dnn, merge, noise, normalization, pool, shape, special,
               transformer, upscale)
from .common import choose

_MODULES = (dense, merge, noise, normalization, pool, shape, special,
            transformer, upscale)

__all__ = list(dnn.__all__)
for _name in dnn.__all__:
    globals()[_name] = dnn.choose(_name)
for _module in _MODULES:
    __all__ += _module.__all__
    for _name in _module.__all__:
        globals()[_name] = choose(_name, getattr(_module, _name))
