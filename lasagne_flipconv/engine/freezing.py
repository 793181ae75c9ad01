"""Whether kernels are those of the first call, by promise."""
from __future__ import annotations

import contextlib
from typing import Dict, Iterator

__all__ = ["frozen", "wanted"]

_state: Dict[str, bool] = {"frozen": False}


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    """Promise that kernels stay as they are at the first call.

    Functions compiled in this context keep the kernels of convolutions as they
    have put them into order, and do not look at each call whether all of their
    values are the same; that takes a tenth of the time of a network with large
    kernels and few images. Only kernels are kept that are computed from shared
    variables and constants alone, which the function itself does not change.

    Some values are looked at. Where they are others, as after a step of
    training or ``set_value``, the function raises a RuntimeError. Most changes
    are noticed so, a few changed values are not: compile another function.

    Examples
    --------
    >>> import numpy as np, theano, theano.tensor as T
    >>> from lasagne_flipconv import engine
    >>> x, w = T.ftensor4(), theano.shared(np.ones((2, 1, 3, 3), "float32"))
    >>> with engine.frozen():
    ...     f = theano.function([x], T.nnet.conv2d(x, w))
    """
    before = _state["frozen"]
    _state["frozen"] = True
    try:
        yield
    finally:
        _state["frozen"] = before


def wanted():
    """Tell whether functions compiled now may freeze kernels."""
    return _state["frozen"]
