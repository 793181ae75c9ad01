"""The graph rewrites, and where they stand among Theano's.

They run before Theano's canonicalization: later, its rewrites have moved and
merged what they look for.
"""
from theano import gof
from theano.compile import optdb
from theano.gof.opt import copy_stack_trace
from theano.tensor import patternbroadcast
from theano.tensor.elemwise import Elemwise

from .. import freezing, rounding, state
from ..ops.layout import sink
from ..ops.op import EngineOp
from ..ops.products import for_few_rows
from .fusion import fuse
from .freeze import frozen, is_updating
from .fusion_norm import fuse_norm
from .lowering import LOWER, is_left_for_float64, why_not
from .narrow import cancel
from .padding import crop
from .precise import is_training, rounded

__all__ = ["register"]


class _Rewrite(gof.Optimizer):
    """Rewrite a graph, if there is anything to rewrite in it."""

    def add_requirements(self, fgraph):
        fgraph.attach_feature(gof.toolbox.ReplaceValidate())

    def apply(self, fgraph):
        if self.wanted(fgraph):
            self.rewrite(fgraph)

    def wanted(self, fgraph):
        """Return whether there is anything of ours in a graph."""
        return any(isinstance(node.op, EngineOp)
                   for node in fgraph.apply_nodes)


class _Walk(_Rewrite):
    """Apply a function to each node, inputs first."""

    def __init__(self, apply_to):
        self.apply_to = apply_to

    def rewrite(self, fgraph):
        for node in fgraph.toposort():
            if node in fgraph.apply_nodes:
                self.apply_to(fgraph, node)


class _Parallel(_Rewrite):
    """Let each Elemwise over activations use all processors.

    Theano's own run on one, unless its flag `openmp` is set. All are replaced
    at once, the last first, so that Theano checks only once what may work in
    place; one at a time, that took a fifth of the time of compiling.
    """

    def rewrite(self, fgraph):
        nodes = [node for node in reversed(fgraph.toposort())
                 if _is_over_activations(node)]
        _replace(fgraph, [node.outputs[0] for node in nodes],
                 [_on_all_processors(node) for node in nodes])


class _Products(_Rewrite):
    """Let products of matrices with few rows be computed by the library."""

    def rewrite(self, fgraph):
        new = [(node.outputs[0], for_few_rows(node))
               for node in fgraph.toposort()]
        new = [pair for pair in new if pair[1] is not None]
        _replace(fgraph, [old for old, _ in new], [y for _, y in new])


def _is_over_activations(node):
    op, y = node.op, node.outputs[0]
    if (type(op) is not Elemwise or op.openmp or y.ndim < 3
            or len(node.outputs) > 1 or y.dtype != "float32"):
        return False
    patterns = {x.broadcastable for x in node.inputs if not all(
        x.broadcastable)}
    return patterns == {y.broadcastable}


def _on_all_processors(node):
    op = node.op
    return Elemwise(op.scalar_op, op.inplace_pattern, op.name, op.nfunc_spec,
                    openmp=True)(*node.inputs)


class _Lower(_Walk):
    def wanted(self, fgraph):
        if any(is_left_for_float64(node) for node in fgraph.apply_nodes):
            state.tell_of_float64()
        return (any(type(node.op) in LOWER and why_not(node) is None
                    for node in fgraph.apply_nodes) and state.ready())


class _Precise(_Walk):
    """Compute in another precision, but for training and parts of it."""

    def wanted(self, fgraph):
        if not super().wanted(fgraph) or rounding.wanted() == "float32":
            return False
        if is_training(fgraph):
            rounding.tell_of_training()
            return False
        return not rounding.is_inner()


class _Freeze(_Walk):
    """Keep kernels, in functions that change nothing."""

    def wanted(self, fgraph):
        return (freezing.wanted() and super().wanted(fgraph)
                and not is_updating(fgraph))


def _crop(fgraph, node):
    cropped = crop(node)
    if cropped is not None:
        _replace(fgraph, cropped[:1], cropped[1:])


def _lower(fgraph, node):
    if type(node.op) in LOWER and why_not(node) is None:
        _replace(fgraph, node.outputs, LOWER[type(node.op)](node))


def _sink(fgraph, node):
    new = cancel(node) or sink(node)
    if new is not None:
        _replace(fgraph, node.outputs, new)


def _fuse(fgraph, node):
    normalized, fused = fuse_norm(node), fuse(node)
    if normalized is not None:
        _replace(fgraph, *normalized)
    if fused is not None:
        _replace(fgraph, fused[:1], fused[1:])


def _changed(change):
    """Return a function that replaces a node's output by what is returned."""
    def apply_to(fgraph, node):
        new = change(node)
        if new is not None:
            _replace(fgraph, node.outputs, [new])
    return apply_to


def _replace(fgraph, old, new):
    new = [y if y.type == x.type else patternbroadcast(y, x.broadcastable)
           for x, y in zip(old, new)]
    for x, y in zip(old, new):
        _copy_stack_trace(fgraph, x, y)
    fgraph.replace_all_validate(list(zip(old, new)), reason="onednn")


def _copy_stack_trace(fgraph, old, new):
    """Let a new variable, and all on its way from the graph, name its origin.

    The one that a message names is the Op's, under the views that we add.
    """
    seen, pending = set(), [new]
    while pending:
        variable = pending.pop()
        node = variable.owner
        if node is None or node in fgraph.apply_nodes or variable in seen:
            continue
        seen.add(variable)
        copy_stack_trace(old, variable)
        pending += node.inputs


def register():
    """Add the rewrites to those of Theano, once."""
    if "onednn_engine" in optdb:
        return
    steps = gof.SequenceDB()
    tags = ("fast_run", "fast_compile", "onednn")
    for position, (name, rewrite) in enumerate((
            ("onednn_crop", _Lower(_crop)),
            ("onednn_lower", _Lower(_lower)),
            ("onednn_layout", _Walk(_sink)),
            ("onednn_fuse", _Walk(_fuse)),
            ("onednn_precision", _Precise(_changed(rounded))),
            ("onednn_freeze", _Freeze(_changed(frozen))))):
        steps.register(name, rewrite, position, *tags)
    optdb.register("onednn_engine", steps, 0.4, *tags)
    # after Theano has fused them (49), made them work in place (75) and merged
    # what is equal (100): to Theano they are, and it would put its own back
    optdb.register("onednn_parallel", _Parallel(), 101, "fast_run",
                   "onednn")
    optdb.register("onednn_products", _Products(), 101.1, "fast_run",
                   "onednn")
