"""The random numbers of Theano's MRG streams, bit for bit.

The generator is linear: the k-th state is the k-th power of a matrix times the
first, modulo a prime. So all numbers are drawn at once, whatever their count,
where the generator itself goes step by step.
"""
import functools

import numpy as np
import torch
from theano.sandbox.rng_mrg import mrg_uniform

from ..rewrites.drawing import Uniform
from .table import TYPES, Untranslated, row

__all__ = ["draw"]

#: Modulus and the matrix of one step of each half of the state.
FIRST = (2147483647, ((0, 2 ** 22, 2 ** 7 + 1), (1, 0, 0), (0, 1, 0)))
SECOND = (2147462579, ((2 ** 15, 0, 2 ** 15 + 1), (1, 0, 0), (0, 1, 0)))

#: What a difference of the halves is multiplied by.
NORM = {"float32": float(np.float32(4.6566126e-10)),
        "float64": 4.656612873077392578125e-10}


@row(mrg_uniform, host=(1,))
def draw(op, node, device):
    """Return the next state of the streams, and numbers of a given shape."""
    dtype = node.outputs[1].dtype
    if dtype not in NORM:
        raise Untranslated("it draws numbers in %s" % dtype)

    def drawn(state, shape):
        count = int(np.prod(shape, dtype=np.int64))
        if count > FIRST[0]:
            raise ValueError("rng_mrg does not support more than 2**31 - 1 "
                             "numbers; %d were asked for" % count)
        streams = state.shape[0]
        if not count or not streams:
            return state.clone(), state.new_empty(shape, dtype=TYPES[dtype])
        return _drawn(state, count, shape, dtype, streams)
    return drawn


@row(Uniform, host=(1,))
def draw_own(op, node, device):
    """Return the state as it is, and numbers of PyTorch's generator.

    It draws 0 now and then, MRG never: normal numbers are made of logarithms.
    """
    dtype = node.outputs[1].dtype
    return lambda state, shape: (state, torch.rand(
        shape, dtype=TYPES[dtype], device=device).clamp_(min=NORM[dtype]))


def _drawn(state, count, shape, dtype, streams):
    rounds = -(-count // streams)
    wide = state.long()
    halves = [_states(wide[:, i:i + 3], part, rounds)
              for i, part in ((0, FIRST), (3, SECOND))]
    z = (halves[0][:, 0] - halves[1][:, 0]).reshape(-1)[:count]
    z = torch.where(z <= 0, z + FIRST[0], z).to(TYPES[dtype])
    after = torch.cat([_after(half, old, count - streams * (rounds - 1))
                       for half, old in zip(halves, (wide[:, :3],
                                                     wide[:, 3:]))], 1)
    return (after.to(state.dtype), (z * NORM[dtype]).reshape(shape))


def _states(state, part, rounds):
    """Return the states of each round: round, place, stream."""
    modulus, _ = part
    powers = _powers(part, rounds, state.device)  # round, place, from where
    terms = powers[..., None] * state.T % modulus
    return terms.sum(2) % modulus


def _after(states, old, last):
    """Return the last state of each stream: not all draw in the last round."""
    before = states[-2] if len(states) > 1 else old.T
    return torch.cat([states[-1][:, :last], before[:, last:]], 1).T


@functools.lru_cache(maxsize=64)
def _powers(part, rounds, device):
    """Return the matrices of 1, 2, … rounds: rounds × 3 × 3."""
    modulus, matrix = part
    step = np.array(matrix, dtype=object)
    found = [step]
    while len(found) < rounds:
        found.append(found[-1].dot(step) % modulus)
    return torch.tensor(np.array(found).astype(np.int64), device=device)
