"""Random numbers of PyTorch's own generator, for who asks for them."""
from theano import gof
from theano.compile import optdb
from theano.sandbox.rng_mrg import mrg_uniform

from .op import TorchOp

__all__ = ["REWRITE", "Uniform"]


class Uniform(TorchOp):
    """Numbers between 0 and 1 in place of those of MRG, for PyTorch alone."""

    def make_node(self, stream, like):
        """Return a node for what `mrg_uniform` draws; its state stays."""
        state, shape = stream.inputs
        return gof.Apply(self, [state, shape], [v.type() for v in like])


@gof.local_optimizer([mrg_uniform])
def _drawn(node):
    """mrg_uniform(state, shape) → Uniform(state, shape)."""
    if type(node.op) is not mrg_uniform or (
            node.outputs[1].dtype not in ("float32", "float64")):
        return None
    return Uniform()(node, node.outputs, return_list=True)


REWRITE = "torch_random"
optdb.register(REWRITE, gof.opt.out2in(_drawn, name=REWRITE), 48.6)
