"""Tell what the nodes of a compiled function run on."""
from __future__ import annotations

from typing import Any, List, NamedTuple

from theano.tensor.nnet import corr, corr3d
from theano.tensor.signal import pool

from .graph.lowering import LOWER, why_not
from .ops.op import EngineOp
from .state import why_off

__all__ = ["Line", "report"]


class Line(NamedTuple):
    """One node: its Op, 'oneDNN', 'engine' or 'Theano', and why not oneDNN."""

    op: Any
    runs_on: str
    reason: str


_STOCK = tuple(LOWER) + (
    corr.CorrMM, corr.CorrMM_gradWeights, corr.CorrMM_gradInputs,
    corr3d.Corr3dMM,
    corr3d.Corr3dMM_gradWeights,
    corr3d.Corr3dMM_gradInputs,
    pool.Pool, pool.MaxPoolGrad, pool.AveragePoolGrad)

_OWN_LOOPS = ("pool", "pool_grad", "norm", "norm_grad", "channel_sum")


def report(function: Any) -> List[Line]:
    """Tell for each convolution, pool and norm what it runs on, and why.

    Parameters
    ----------
    function : theano.compile.function_module.Function
        A compiled function.

    Returns
    -------
    list of Line
        One per node, in the order they run in, those within ``theano.scan``
        and `OpFromGraph` as well: the Op, what it runs on
        ('oneDNN', 'engine' for the engine's own loops, or 'Theano'), and for
        the last, why. Whether a convolution on oneDNN is computed in tiles
        of the engine instead is decided at each call, by its shapes. Of a
        function on PyTorch: the convolutions, pools and norms, what is left
        to Theano, why and what it took, and what the last call moved.

    Examples
    --------
    >>> import theano, theano.tensor as T
    >>> from lasagne_flipconv import engine
    >>> x, w = T.tensor4(dtype="float64"), T.tensor4(dtype="float64")
    >>> f = theano.function([x, w], T.nnet.conv2d(x, w))
    >>> for line in engine.report(f):
    ...     print(line.runs_on, "-", line.reason)
    Theano - it computes in float64, the engine in float32
    """
    if hasattr(function.fn, "lines"):  # a back end that tells it itself
        return [Line(*line) for line in function.fn.lines()]
    return [line for node in function.maker.fgraph.toposort()
            for line in _lines(node)]


def _lines(node):
    """Return the lines of a node, and of the function that it calls.

    That is what ``theano.scan`` repeats, or an `OpFromGraph` holds.
    """
    inner = getattr(node.op, "fn", None)
    if hasattr(inner, "maker"):
        return report(inner)
    line = _line(node)
    return [line] if line else []


def _line(node):
    name = str(node.op)
    if isinstance(node.op, EngineOp):
        own = node.op.kind in _OWN_LOOPS
        name_of_type = getattr(node.op, "precision", "float32")
        return Line(name, "engine" if own else "oneDNN",
                    None if name_of_type == "float32"
                    else "it multiplies in %s" % name_of_type)
    if isinstance(node.op, _STOCK):
        return Line(name, "Theano", _reason(node))
    return None


def _reason(node):
    dtype = node.outputs[0].type.dtype
    if dtype != "float32":
        return "it computes in %s, the engine in float32" % dtype
    if getattr(node.op, "unshared", False):
        return "its kernel is unshared"
    reason = why_not(node) if type(node.op) in LOWER else None
    return (reason or why_off()
            or "the function was compiled with the engine off or excluded")
