"""Floats that are computed of sizes and integers alone, as float64.

Theano has them in float64, from which a rounded one is another integer
sometimes: 10 * .7 in float32 is 7, in float64 less, of which 6 is cut off.
"""
from functools import lru_cache

import numpy as np
from theano.compile import SharedVariable
from theano.gof.graph import Constant

from .views import is_random

__all__ = ["exact", "has_exact", "is_exact"]

#: Kinds that PyTorch and ONNX Runtime compute in float64 as well.
_WIDE = frozenset(
    "abs add and arange argmax argsort cast ceil concat constant cos cumprod "
    "cumsum dimshuffle div equal exp fill flatten_end floor full gather "
    "greater greater_equal identity index int_div int_rest isinf isnan less "
    "less_equal log matmul max maximum mean min minimum mul neg not or pow "
    "prod reshape rest round sigmoid sign sin size slice sort sqrt sub sum "
    "tanh where wrap".split())


def has_exact(walk, node):
    """Tell whether a node computes with float64 of sizes and integers alone.

    Parameters
    ----------
    walk : Walk
        Through the graph.
    node : theano.Apply
        Of the graph.

    Returns
    -------
    bool
        False where an input of floats, or a trained parameter, leads to it.
    """
    return not is_exact(walk) and any(
        x.dtype == "float64" for x in node.inputs + node.outputs) and all(
            _is_known(walk, x) for x in node.inputs)


def _is_known(walk, x):
    """Tell whether a variable has nothing of floats that go in.

    Layers below are known by what they gave.
    """
    if not getattr(getattr(x, "type", None), "dtype", "").startswith("float"):
        return True
    seen = walk.known.setdefault("exact", {})
    if x not in seen:
        seen[x] = x in _found(walk) if x in walk.shapes else (
            isinstance(x, (Constant, SharedVariable))
            and x not in walk.scope.trainable
            if x.owner is None else not is_random(x.owner)
            and all(_is_known(walk, each) for each in x.owner.inputs))
    return seen[x]


def _found(walk):
    """Return what is known as float64, by variable."""
    return walk.known.setdefault("float64", {})


def exact(walk):
    """Return a walk through the same graph that says floats as float64.

    Parameters
    ----------
    walk : Walk
        Says the integers, and takes the parts.

    Returns
    -------
    Walk
        For what :func:`has_exact` tells.
    """
    made = object.__new__(_kind_of(type(walk)))
    vars(made).update(vars(walk))
    made.outer, made.known = walk, _found(walk)
    return made


def is_exact(walk):
    """Tell whether a walk says floats as float64.

    Parameters
    ----------
    walk : Walk
        Through a graph.

    Returns
    -------
    bool
        Whether :func:`exact` gave it.
    """
    return isinstance(walk, _Exact)


@lru_cache(maxsize=None)
def _kind_of(walk):
    return type("Exact" + walk.__name__, (_Exact, walk), {})


class _Exact:
    """What such a walk does otherwise."""

    def value_of(self, variable):
        """Return what stands for a variable: float64, or integers.

        Parameters
        ----------
        variable : theano.Variable
            Any node of the graph.

        Returns
        -------
        str or number
            As :meth:`Walk.value_of`.
        """
        dtype = getattr(variable.type, "dtype", "")
        if dtype == "float64":
            return super().value_of(variable)
        value = self.outer.value_of(variable)
        if not dtype.startswith("float") or not isinstance(value, str):
            return value
        return self.outer.add("cast", value, dtype="float64")

    def narrow(self, variable):
        """Return what stands for a variable where floats of inputs are met.

        Parameters
        ----------
        variable : theano.Variable
            Of float64.

        Returns
        -------
        str or number
            Of float32.
        """
        value = self.value_of(variable)
        return self.outer.add("cast", value, dtype="float32") if isinstance(
            value, str) else value

    def _as_computed(self, value):
        return value

    def _constant(self, variable):
        value = self.array_of(variable)
        if value.ndim == 0:
            return value.item()
        short = value.astype("float32")
        if not np.array_equal(short, value, equal_nan=True):
            return self.scope.add(
                "constant", suffix="constant", arrays={"value": value},
                shape=value.shape, trained=False, wide=True)
        return self.outer.add("cast", self.outer.value_of(variable),
                              dtype="float64")

    def add(self, kind, *inputs, **options):
        """Add a part that computes in float64.

        Parameters
        ----------
        kind : str
            What it does.
        *inputs : str or number
            What goes in.
        **options : object
            As for :meth:`Walk.add`.

        Returns
        -------
        str
            Its name.
        """
        if kind not in _WIDE:
            inputs = [self.outer.add("cast", value, dtype="float32")
                      if isinstance(value, str) else value for value in inputs]
            return self.outer.add("cast", self.outer.add(
                kind, *inputs, **options), dtype="float64")
        if options.get("dtype") == "float32":
            options["dtype"] = "float64"
        return self.outer.add(kind, *inputs, wide=True, **options)
