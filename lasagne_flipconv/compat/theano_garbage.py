"""Let Theano compile without Python looking for garbage all the time.

A graph that is rewritten is many small objects that live on. Python looks
through them for circles after every 700 new ones, which took two fifths of the
time of compiling a residual network.
"""
import contextlib
import functools
import gc
import importlib
import threading

__all__ = ["collect_rarely"]

#: After how many objects, and how many collections of younger ones, Python
#: looks for garbage while something is compiled. What waits is some MB.
RARELY = (100_000, 50, 1000)

_lock, _running = threading.Lock(), []


def collect_rarely():
    """Let all that makes functions do so under `RARELY`, once."""
    for name in ("theano.compile.function_module", "theano.compile.pfunc"):
        module = importlib.import_module(name)
        if not hasattr(module.orig_function, "collects_rarely"):
            module.orig_function = undisturbed(module.orig_function)


def undisturbed(stock):
    """Return a function that does the same, with fewer collections."""
    @functools.wraps(stock)
    def orig_function(*args, **kwargs):
        with rarely():
            return stock(*args, **kwargs)

    orig_function.collects_rarely = True
    return orig_function


@contextlib.contextmanager
def rarely():
    """Collect rarely until all that runs in this context, anywhere, is done.

    Who has switched collections off, or made them rarer, is left alone.
    """
    with _lock:
        _running.append(gc.get_threshold())
        if 0 < gc.get_threshold()[0] < RARELY[0]:
            gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        with _lock:
            before = _running.pop()
            if not _running:
                gc.set_threshold(*before)
