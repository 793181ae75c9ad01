"""The first rank of a machine compiles first, for a cache that all share."""
import atexit
import contextlib
import functools
import logging
import time

__all__ = ["Turns"]

#: Seconds that a rank waits for the first one, and then goes on all the same.
LONGEST = 600


class Turns:
    """Who comes first on this machine.

    Parameters
    ----------
    store : torch.distributed.Store
        Where the first rank says how far it is.
    machine : str
        The name of the machine there.
    first : bool
        Whether this is its first rank.
    """

    def __init__(self, store, machine, first):
        self._store, self._machine, self._first = store, machine, first
        self._number, self._within = 0, False

    @contextlib.contextmanager
    def turn(self, what):
        """Let the first rank go first through this context.

        Parameters
        ----------
        what : str
            What it does there, the same on all ranks.
        """
        key = "%s %s" % (self._machine, what)
        until = time.monotonic() + LONGEST
        while not (self._first or self._store.check([key])
                   or time.monotonic() > until):
            time.sleep(.02)
        try:
            yield
        finally:
            if self._first:
                self._store.set(key, "done")

    def hook(self):
        """Let functions be compiled in turn from now on."""
        from theano.compile.function_module import FunctionMaker
        stock = FunctionMaker.create

        @functools.wraps(stock)
        def create(maker, *args, **kwargs):
            if self._within:  # of a loop in a function
                return stock(maker, *args, **kwargs)
            self._number += 1
            self._within = True
            try:
                with self.turn("function %d" % self._number):
                    return stock(maker, *args, **kwargs)
            finally:
                self._within = False

        FunctionMaker.create = create
        _share_cache(self._first)


def _share_cache(first):
    """Let several processes use Theano's compile cache at once.

    One that finds it locked looks again after half a second, not after five,
    and says nothing; one alone tidies up at the end.
    """
    import theano
    from theano.gof import cmodule, compilelock
    stock = compilelock.lock

    @functools.wraps(stock)
    def lock(*args, **kwargs):
        return stock(*args, **dict({"min_wait": .3, "max_wait": .6}, **kwargs))

    compilelock.lock = lock
    logging.getLogger("theano.gof.compilelock").setLevel(logging.ERROR)
    if not first:
        cache = cmodule.get_module_cache(theano.config.compiledir)
        atexit.unregister(cache._on_atexit)
