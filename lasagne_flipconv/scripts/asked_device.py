"""Warn where a program chooses by ``theano.config.device``.

Some take Conv2DDNNLayer on a GPU, which correlates, and Conv2DLayer on a CPU,
which convolves: weights from the GPU are then read the wrong way round.
"""
import linecache
import re
import sys
import warnings

from theano import config

from .whose import belongs_to_program

__all__ = ["tell"]

#: What a line has that chooses.
_CHOOSES = re.compile(r"\b(if|in|assert|startswith)\b|[!=]=")

_TOLD = ("theano.config.device is %r here; what is chosen by it may read "
         "kernels the other way round than on the GPU that the weights are "
         "from. Where there is Conv2DDNNLayer for a GPU, write it for any "
         "machine: it runs here, too.")


class _Device:
    """Stand for the flag, in the class of Theano's configuration."""

    def __init__(self, stock):
        self._stock = stock

    def __get__(self, place, kind=None, *args):
        value = self._stock.__get__(place, kind, *args)
        frame = sys._getframe(1)
        if place is not None and _asks(frame):
            warnings.warn(_TOLD % value, stacklevel=2)
        return value

    def __set__(self, place, value):
        self._stock.__set__(place, value)


def _asks(frame):
    """Tell whether a line of a program chooses by what it reads there."""
    name = frame.f_globals.get("__name__") or ""
    path = frame.f_code.co_filename
    return (name.partition(".")[0] not in ("theano", "lasagne")
            and belongs_to_program(path)
            and _CHOOSES.search(linecache.getline(path, frame.f_lineno))
            is not None)


def tell():
    """Warn from now on, once a line."""
    stock = vars(type(config))["device"]
    if not isinstance(stock, _Device) and config.device == "cpu":
        type(config).device = _Device(stock)
