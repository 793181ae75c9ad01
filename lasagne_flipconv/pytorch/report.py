"""What the report of the engine says of a function on PyTorch."""
from theano.scan_module.scan_op import Scan
from theano.tensor.nnet.abstract_conv import BaseAbstractConv
from theano.tensor.nnet.bn import (
    AbstractBatchNormInference,
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
)
from theano.tensor.signal.pool import Pool, PoolGrad

from .rewrites.drawing import Uniform

__all__ = ["lines"]

#: What is named even where nothing is to be said of it.
_NAMED = (Scan, BaseAbstractConv, Pool, PoolGrad, AbstractBatchNormInference,
          AbstractBatchNormTrain, AbstractBatchNormTrainGrad)


def lines(run):
    """Return a line for what takes time, and for what was left to Theano.

    Parameters
    ----------
    run : lasagne_flipconv.pytorch.linker.Run
        The function.

    Returns
    -------
    list of tuple
        The Op, what it runs on, and why there or what it took.
    """
    reasons = dict(run.program.untranslated)
    where = "PyTorch on %s" % run.device
    found = []
    for node in run.graph.toposort():
        if node in reasons:
            found.append((str(node.op), "Theano", "%s; %s" % (
                reasons[node], _cost(run.program.left[node]))))
        elif isinstance(node.op, _NAMED):
            found.append((str(node.op), where, None))
        elif isinstance(node.op, Uniform):
            found.append((str(node.op), where, "random numbers of PyTorch, "
                          "other than Theano's; torch.manual_seed seeds them"))
    if run.compiled:
        found.append(("all steps", where, _compiled(run.compiled)))
    return found + [("all that the last call moved", where,
                     "%d bytes there, %d bytes back" % run.moved)]


def _compiled(compiled):
    """Return what became of them under ``compile=True``."""
    if compiled.reason:
        return "not compiled: %s" % compiled.reason
    return "compiled for %d shapes, in %.3g s" % (
        len(compiled.seconds), sum(compiled.seconds))


def _cost(part):
    """Return how long a part that is left to Theano took."""
    beside = "with %d others " % (len(part.nodes) - 1) if (
        len(part.nodes) > 1) else ""
    return "%sit took %.3g s in %d calls" % (beside, part.seconds, part.calls)
