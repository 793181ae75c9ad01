"""`ifelse`: of two branches the one that is chosen is computed, and no other.

A graph with one in it is computed from its end: each step when another needs
what it gives.
"""
from theano.ifelse import IfElse

from .rows.table import row

__all__ = ["on_demand"]


@row(IfElse, host=(0,))
def choose(op, node, device):
    """Return the values of the branch that a condition chooses."""
    def chosen(condition, *values):
        taken = values[:op.n_outs] if condition else values[op.n_outs:]
        return taken if op.n_outs > 1 else taken[0]
    return chosen


def on_demand(steps, choices, outputs):
    """Return a function that tells which step is due next.

    Parameters
    ----------
    steps : list of tuple
        Of each step the places that it reads and those that it writes.
    choices : set of int
        Which steps choose, by what they read first.
    outputs : list of int
        The places that are wanted in the end.

    Returns
    -------
    callable
        Iterates over the numbers of steps, for the list of all values, into
        which each step is taken before the next one is asked for.
    """
    maker = {place: i for i, (_, write) in enumerate(steps) for place in write}

    def due(slots):
        done, left = set(), _makers(outputs, maker, ())
        while left:
            i = left[-1]
            read = steps[i][0]
            if i in choices:
                asked = read[:1]
                read = asked if _makers(asked, maker, done) else (
                    _branch(read, slots))
            missing = [] if i in done else _makers(read, maker, done)
            left += missing
            if not missing:
                left.pop()
                if i not in done:
                    done.add(i)
                    yield i
    return due


def _makers(places, maker, done):
    """Return the steps that have to be taken for places, the first one last.
    """
    return [maker[place] for place in reversed(places)
            if place in maker and maker[place] not in done]


def _branch(read, slots):
    """Return those of the two branches that the condition chooses."""
    half = (len(read) - 1) // 2
    return read[1:1 + half] if slots[read[0]] else read[1 + half:]
