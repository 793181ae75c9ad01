"""Files of gzip that nobody closes: written when they are dropped.

Since Python 3.12 such a file keeps itself alive by its buffer, and what was
written into it may never come to the disk.
"""
import gzip
import weakref

__all__ = ["MODULES"]


class _Through:
    """Stand for the buffer of a file, without keeping it alive."""

    closed = False

    def __init__(self, file):
        self.file = weakref.ref(file)

    def write(self, data):
        """Compress at once."""
        return self.file()._write_raw(data)

    def flush(self):
        """Do nothing: nothing is kept."""

    def close(self):
        """Be closed."""
        self.closed = True


class _File(gzip.GzipFile):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if self.mode == gzip.WRITE and hasattr(self, "_write_raw"):
            self._buffer = _Through(self)


def _open(filename, mode="rb", compresslevel=9, *args):
    """Open as ``gzip.open``; a text mode is none of Python 2."""
    if "t" in mode or args or not isinstance(filename, (str, bytes)):
        return gzip.open(filename, mode, compresslevel, *args)
    return _File(filename, mode, compresslevel)


MODULES = {"gzip": {"open": _open, "GzipFile": _File}}
