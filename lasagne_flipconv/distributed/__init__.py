"""One training over several processes: each computes a part of every batch.

`starting` joins the ranks that torchrun started, `marks` finds gradients where
`theano.grad` gives them, `functions` makes what trains out of
`theano.function`, `training` is one step of it, `checking` compares the first
with the whole batch on one rank. Nothing is imported of PyTorch until then.
"""
from .splitting import shard

__all__ = ["shard"]
