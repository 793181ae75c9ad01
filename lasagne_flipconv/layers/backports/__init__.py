"""Layers of Lasagne 0.2.dev1 for Lasagne 0.1, which lacks them.

For each name, the class here is Lasagne's own where the installed Lasagne has
it as in 0.2.dev1, and else the one of the submodule named as in Lasagne. On
0.1, a class that exists there with fewer arguments is a subclass of it. The
layers of the submodules `dnn` and `cuda_convnet` are Lasagne's own only where
it has a GPU to run on. Batch normalization is never Lasagne's own, but a
subclass of it, for the sake of speed.
"""
from ..base import stock_class
from . import (cuda_convnet, dense, dnn, merge, noise, normalization, pool,
               recurrent, shape, special, transformer, upscale)
from .common import choose

_MODULES = (dense, merge, noise, normalization, pool, recurrent, shape,
            special, transformer, upscale)

__all__ = []
for _module in (dnn, cuda_convnet):
    __all__ += _module.__all__
    for _name in _module.__all__:
        globals()[_name] = (
            stock_class(_module.__name__.rpartition(".")[2], _name)
            or getattr(_module, _name))
for _module in _MODULES:
    __all__ += _module.__all__
    for _name in _module.__all__:
        globals()[_name] = choose(_name, getattr(_module, _name))
