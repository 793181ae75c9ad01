"""Joining the ranks that torchrun started, and leaving them."""
import atexit
import functools
import io
import os
import platform
import random
import signal
import sys
import traceback
from collections import namedtuple

from ..errors import FlipconvError
from .processes import files
from .processes.lifeline import Lifeline, end_process
from .processes.meeting import fresh_name
from .processes.ranks import Ranks, current, patience, set_current
from .processes.turns import Turns

__all__ = ["among_ranks", "place_of"]

#: What torchrun tells each process.
Place = namedtuple("Place", "rank size local group address alone")

_START = ("torchrun --nproc-per-node 2 -m lasagne_flipconv run "
          "--data-parallel SCRIPT")


def place_of(environment):
    """Return which of the ranks this process is.

    Parameters
    ----------
    environment : mapping of str to str
        With what torchrun set.

    Returns
    -------
    Place
        Rank, number of ranks, rank and number of this machine, where rank 0
        can be reached, whether all are on one machine.

    Raises
    ------
    FlipconvError
        If torchrun did not start it.
    """
    try:
        rank, size = (int(environment[k]) for k in ("RANK", "WORLD_SIZE"))
        address, _ = environment["MASTER_ADDR"], environment["MASTER_PORT"]
    except (KeyError, ValueError) as error:
        raise FlipconvError(
            "--data-parallel: %s is not set; expected to be started by "
            "torchrun, which comes with PyTorch. Start it by %s." % (
                str(error.args[0]), _START)) from None
    local = int(environment.get("LOCAL_RANK", rank))
    alone = int(environment.get("LOCAL_WORLD_SIZE", size)) == size
    machine = environment.get("GROUP_RANK") or platform.node()
    return Place(rank, size, local, machine,
                 "127.0.0.1" if alone else address, alone)


def among_ranks(program, tell, synchronized=False):
    """Run a program as one of the ranks that torchrun started.

    Parameters
    ----------
    program : callable
        Without arguments; returns an exit code, or raises SystemExit.
    tell : callable
        Takes a text for the user, and a file if not to the standard error.
    synchronized : bool, default False
        Whether batch normalization takes the statistics of the whole batch.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    FlipconvError
        If torchrun did not start it, or PyTorch is not installed.
    """
    place = place_of(os.environ)
    distributed, torch = _torch()
    if place.size == 1:
        tell("--data-parallel: there is one rank, so nothing is split. For "
             "two, start it by %s." % _START)
        return program()
    _quieten(place)
    shadows = []
    ranks = _join(place, distributed, torch, tell, shadows)
    ranks.synchronized = synchronized
    code = 1
    try:
        code = program()
    except SystemExit as stopped:
        code = stopped.code
    except BaseException:
        traceback.print_exc()
    if current() is ranks:  # but in a child that was forked
        _leave(ranks, code, shadows)
    return code or 0


def _torch():
    """Import PyTorch, or say what is missing."""
    try:
        import torch
        from torch import distributed
    except ImportError as error:
        raise FlipconvError(
            "--data-parallel: %s is not installed; expected PyTorch, whose "
            "torchrun starts the ranks. Install it by pip install "
            "'lasagne-flipconv[torch]'." % (error.name or "torch")) from error
    if not (distributed.is_available() and distributed.is_gloo_available()):
        raise FlipconvError(
            "--data-parallel: PyTorch %s is built without Gloo; expected a "
            "build that can send messages. Install the one of pytorch.org." %
            torch.__version__)
    return distributed, torch


def _quieten(place):
    """Let rank 0 alone print; what others have to say has their number.

    What comes from the standard input, each rank would get a part of.
    """
    if place.rank == 0:
        return
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nowhere, number)
    os.close(nowhere)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(NoInput(place.rank)))
    sys.stderr = Numbered(sys.stderr, place.rank)


class NoInput(io.RawIOBase):
    """The standard input of a rank that is not to read it.

    Parameters
    ----------
    rank : int
        The number.
    """

    def __init__(self, rank):
        super().__init__()
        self._rank = rank

    def readable(self):
        """Return True, as one that can be read."""
        return True

    def fileno(self):
        """Return the number of what is in its place."""
        return 0

    def readinto(self, buffer):
        """Refuse."""
        raise FlipconvError(
            "rank %d reads the standard input, which would be split among "
            "the ranks; expected a script that all run alike. Pass as an "
            "argument, or in a file, what it asks for." % self._rank)


class Numbered:
    """A text file that begins each line with the number of a rank.

    Parameters
    ----------
    file : text file
        Where to write.
    rank : int
        The number.
    """

    def __init__(self, file, rank):
        self._file, self._begin, self._fresh = file, "[rank%d]: " % rank, True

    def write(self, text):
        """Write a text, with the number before each line."""
        for line in text.splitlines(True):
            # PyTorch has done so with a traceback
            named = not self._fresh or line.startswith(self._begin)
            self._file.write(line if named else self._begin + line)
            self._fresh = line.endswith("\n")
        return len(text)

    def __getattr__(self, name):
        return getattr(self._file, name)


def _join(place, distributed, torch, tell, shadows):
    """Meet the other ranks, and let Theano know of them."""
    store, rank, size = next(iter(distributed.rendezvous("env://")))
    store.set_timeout(patience())
    store = distributed.PrefixStore(fresh_name(
        store, rank, size, patience().total_seconds()), store)
    distributed.init_process_group("gloo", store=store, rank=rank,
                                   world_size=size, timeout=patience())

    def exchange(value):
        found = [value]
        distributed.broadcast_object_list(found, src=0)
        return found[0]

    errors = sys.stderr  # PyTorch has another there while it prints an error

    def end(text):
        _forget(shadows)
        end_process("rank %d of %d ends: %s." % (rank, size, text),
                    lambda said: tell(said, errors))

    lifeline = Lifeline(rank, size, exchange, place.address, end)
    ranks = Ranks(rank, size, distributed, torch.from_numpy, lifeline,
                  tell if rank == 0 else _nothing)
    ranks.store = store
    set_current(ranks)
    _seed(ranks)
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=functools.partial(
            _in_child, lifeline, shadows))
    writer, machine = ranks.first_has((os.getpid(), place.group))
    elsewhere = machine != place.group
    turns = Turns(store, "machine %s" % place.group, place.local == 0)
    with turns.turn("import"):
        _hook(turns)
    if rank:
        import theano
        shadows.append(files.redirect(
            [theano.config.base_compiledir, theano.config.compiledir],
            None if elsewhere else writer, elsewhere))
        atexit.register(_forget, shadows)  # called after those of the script
        _forget_when_ended(shadows)
    return ranks


def _in_child(lifeline, shadows):
    """Be no rank: a child of one, which was forked, sends no messages."""
    lifeline.let_go()
    set_current(None)
    shadows.clear()  # the rank removes the folder


def _forget(shadows):
    while shadows:
        shadows.pop().forget()


def _forget_when_ended(shadows):
    """Remove the folder of this rank where torchrun ends it, too."""
    def end(number, frame):
        _forget(shadows)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def let_go():
        # what waits in C does not call it, as a Pool waits for its workers
        if signal.getsignal(signal.SIGTERM) is end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=let_go)


def _nothing(text):
    """Say nothing, as rank 0 says it."""


def _hook(turns):
    """Import Theano, and change what its names do."""
    from . import functions, marks
    marks.hook()
    functions.hook()
    turns.hook()


def _seed(ranks):
    """Let all ranks draw the same numbers, where the script sets no seed."""
    import numpy as np
    seed = ranks.first_has(random.SystemRandom().getrandbits(31))
    random.seed(seed)
    np.random.seed(seed)


def _leave(ranks, code, shadows):
    """Say goodbye; after an error end at once, as others may be waiting."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not code:
        ranks.lifeline.farewell()
        set_current(None)
        ranks.leave()
        return
    error = getattr(sys, "last_value", None)
    ranks.lifeline.farewell("exit code %s" % code if error is None else
                            "%s: %s" % (type(error).__name__, str(
                                error).split("\n")[0][:300]))
    if not isinstance(code, int):  # as sys.exit("why") has it
        sys.stderr.write("%s\n" % (code,))
        code = 1
    sys.stderr.flush()
    _forget(shadows)
    os._exit(code)
