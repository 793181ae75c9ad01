"""A progress bar on a terminal, for what takes more than two seconds."""
import contextlib
import os
import sys

__all__ = ["LARGE", "bar_for"]

#: From this size on a file takes long enough for a progress bar, in bytes.
LARGE = 1 << 26


@contextlib.contextmanager
def bar_for(path):
    """Yield a function that draws progress, or None if nobody would see it.

    Parameters
    ----------
    path : str
        The file that is worked on; none is drawn for a small one.

    Yields
    ------
    callable or None
        Called as ``progress(bytes done, bytes in all)``.
    """
    if not sys.stderr.isatty() or _size(path) < LARGE:
        yield None
        return
    from tqdm import tqdm
    with tqdm(unit="B", unit_scale=True, unit_divisor=1024) as bar:
        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)
        yield progress


def _size(path):
    """Return the size of a file, 0 if it has none: its reader tells why."""
    try:
        return os.path.getsize(path)
    except (OSError, ValueError):
        return 0
