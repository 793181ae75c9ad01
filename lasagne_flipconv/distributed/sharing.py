"""Shared variables, which have to be the same on all ranks."""
import numpy as np

from ..errors import FlipconvError
from .splitting import digest, is_own

__all__ = ["Fixed", "share"]

#: Numbers in a value that is looked at in each step, in place as well.
SMALL = 100


class Fixed:
    """Shared variables that a function reads only.

    Parameters
    ----------
    containers : list of theano.gof.Container
        Of them.
    """

    def __init__(self, containers):
        self._all = [[container, None, 0] for container in containers]

    def digests(self, ranks):
        """Return numbers that are the same on all ranks if all is well.

        Parameters
        ----------
        ranks : lasagne_flipconv.distributed.processes.ranks.Ranks
            Whose. If the script splits its data, each has arrays of its own.

        Returns
        -------
        numpy.ndarray
            Of int, one a variable that no other function trains. A large
            value that is changed in place counts as what it was.
        """
        found = []
        for entry in self._all:
            value = entry[0].storage[0]
            if entry[0] in ranks.trained or (
                    ranks.lengths and getattr(value, "shape", ())):
                continue
            if value is not entry[1] or getattr(value, "size", 0) <= SMALL:
                entry[1:] = value, digest([value])
            found.append(entry[2])
        return np.array(found, "int64")


def share(values, ranks, later):
    """Give all ranks what rank 0 has in shared variables.

    Parameters
    ----------
    values : list of tuple
        Input, whether training changes it, and whether it is a state of a
        random generator, of each.
    ranks : lasagne_flipconv.distributed.processes.ranks.Ranks
        Whose.
    later : bool
        Whether they should be the same already.

    Raises
    ------
    FlipconvError
        If they should, and are not, or it is not known whether they should,
        as they may be what the script split.
    """
    values = [row for row in values if not is_own(row[0]) and (
        row[1] or not later)]
    digests = ranks.all_have([digest([entry.value.storage[0]])
                              for entry, _, _ in values])
    for i, (entry, trained, drawn) in enumerate(values):
        odd = [r for r, d in enumerate(digests) if d[i] != digests[0][i]]
        if odd and (later or ranks.lengths and not (trained or drawn)):
            raise _unlike(entry.variable, odd[0], later)
        if odd:
            container = entry.value
            container.storage[0] = ranks.first_has(container.storage[0])


def _unlike(variable, rank, later):
    """Return an error about a value that is not the same on all ranks."""
    if later:
        expected = ("expected the same on all. Set it on all ranks alike, and "
                    "run all on processors of one kind.")
    else:
        expected = ("expected the same on all, or as many rows as what "
                    "distributed.shard returned. If it is data that the "
                    "script split otherwise, pass minibatches of it as "
                    "arguments; else set it on all ranks alike.")
    return FlipconvError(
        "%s: has another value on rank %d than on rank 0; %s" % (
            variable.name or "a shared variable of type %s" % variable.type,
            rank, expected))
