"""Where the ranks meet: a part of torchrun's store that is theirs alone.

After a rank has died, ``torchrun --max-restarts`` starts all anew, with the
same store, where addresses of the ranks before still are.
"""
import secrets
import time

from ...errors import FlipconvError

__all__ = ["fresh_name"]


def fresh_name(store, rank, size, seconds):
    """Agree on a name under which nothing is in a store yet.

    Each rank asks with a word that is new; rank 0 answers with that word and
    the name, so that no answer is one to a rank before.

    Parameters
    ----------
    store : torch.distributed.Store
        The store of all ranks.
    rank, size : int
        Which of how many this is.
    seconds : float
        How long to wait for the others.

    Returns
    -------
    str
        The same on all ranks.

    Raises
    ------
    FlipconvError
        If the others do not come.
    """
    word, until = secrets.token_hex(8), time.monotonic() + seconds
    if rank:
        store.set("word of %d" % rank, word)
    missing = set(range(1, size)) if rank == 0 else {0}
    while missing:
        if time.monotonic() > until:
            raise FlipconvError(
                "--data-parallel: rank %d has not come within %.0f seconds; "
                "expected %d ranks. Start them all again." % (
                    min(missing), seconds, size))
        if rank == 0:
            missing -= {r for r in missing if _answer(store, r, word)}
        elif _read(store, "answer to %d" % rank).startswith(word):
            word = _read(store, "answer to %d" % rank)[len(word):]
            store.set("taken by %d" % rank, word)
            missing = set()
        time.sleep(.01)
    return word


def _answer(store, rank, name):
    """Answer a rank that asks; tell whether it has taken the name."""
    word = _read(store, "word of %d" % rank)
    if word:
        store.set("answer to %d" % rank, word + name)
    return _read(store, "taken by %d" % rank) == name


def _read(store, key):
    return store.get(key).decode() if store.check([key]) else ""
