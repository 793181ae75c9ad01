"""A stream of random numbers for each rank, within the steps of a training.

A step of a rank draws from a state of its own; between steps the script finds
the state that all ranks have, so that whatever else draws from it gives the
same everywhere.
"""
import contextlib
import pickle
import zlib

import numpy as np
from theano.gof.graph import io_toposort
from theano.sandbox.rng_mrg import mrg_uniform_base
from theano.scan_module.scan_op import Scan
from theano.tensor.raw_random import RandomFunction

__all__ = ["Streams", "draws", "draws_in_loop", "states_of"]

#: Numbers of a state of Theano's MRG31k3p are below both of its moduli.
_BELOW = 2147462579


def draws(node):
    """Tell whether a node draws random numbers.

    Parameters
    ----------
    node : theano.gof.Apply
        Any.

    Returns
    -------
    bool
        True for both kinds of generators that Theano has.
    """
    return isinstance(node.op, (mrg_uniform_base, RandomFunction))


def draws_in_loop(node):
    """Tell whether a node is a loop in which random numbers are drawn.

    Parameters
    ----------
    node : theano.gof.Apply
        Any.

    Returns
    -------
    bool
        True for a loop within the loop, too.
    """
    return isinstance(node.op, Scan) and any(
        draws(inner) or draws_in_loop(inner)
        for inner in io_toposort(node.op.inputs, node.op.outputs))


def states_of(nodes):
    """Return the variables that hold states of random generators.

    Parameters
    ----------
    nodes : list of theano.gof.Apply
        A graph.

    Returns
    -------
    set of theano.Variable
        The states that nodes of it draw from.
    """
    return {node.inputs[0] for node in nodes if draws(node)}


class Streams:
    """The states of one function, on one rank.

    Parameters
    ----------
    containers : list of theano.gof.Container
        Of the shared variables that hold states.
    rank, function : int
        Whose, and of which function: others draw other numbers.
    """

    def __init__(self, containers, rank, function):
        self._own = rank, function
        self._all = [[container, None, None] for container in containers]

    @contextlib.contextmanager
    def own(self):
        """Draw from this rank's states in this context."""
        for entry in self._all:
            storage, common = entry[0].storage, entry[0].storage[0]
            if entry[1] is not common:  # the first step, or seeded anew
                entry[1:] = common, derived(common, *self._own)
            storage[0] = entry[2]
        try:
            yield
        finally:
            for entry in self._all:
                storage = entry[0].storage
                entry[2], storage[0] = storage[0], entry[1]


def derived(state, rank, function):
    """Return a state for one rank and function that follows from one of all.

    Parameters
    ----------
    state : numpy.ndarray or numpy.random.RandomState
        Of Theano's MRG31k3p, axes (stream, 6), or of NumPy.
    rank, function : int
        For which.

    Returns
    -------
    numpy.ndarray or numpy.random.RandomState
        Of the same kind.
    """
    plain = isinstance(state, np.ndarray)
    said = state.tobytes() if plain else pickle.dumps(state.get_state())
    made = np.random.RandomState([zlib.crc32(said), rank, function])
    if not plain:
        return made
    return made.randint(1, _BELOW, state.shape).astype(state.dtype)
