"""Files that a process may be killed over: whole, or not taken for it."""
import contextlib
import hashlib
import os
import shutil
import tempfile
import time

try:
    import fcntl
except ImportError:  # not on Windows, where there is no engine
    fcntl = None  # type: ignore[assignment]

__all__ = ["building", "is_whole", "remove_left_behind", "seal"]

#: What stands at the end of a file, before the digest of all before it.
_MARK = b"lasagne_flipconv"
_SEAL = len(_MARK) + hashlib.sha256().digest_size

#: How the names of folders begin in which something is built; the file in
#: them that their process holds; seconds until which it need not yet.
_BUILDING, _HELD, _YOUNG = "building-", "held", 60


def seal(path):
    """Append to a file the digest of what it holds, and have it on the disk.

    Parameters
    ----------
    path : str or os.PathLike
        A file that can have more at its end, as a shared library can.
    """
    with open(str(path), "r+b") as file:
        digest = hashlib.sha256(file.read()).digest()
        file.write(_MARK + digest)
        file.flush()
        os.fsync(file.fileno())


def is_whole(path):
    """Tell whether a file is there as it was sealed.

    One that was cut would end Python when the loader reads it.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    bool
        Whether it is.
    """
    try:
        with open(str(path), "rb") as file:
            data = file.read()
    except OSError:  # not there, or not to be read: a new one takes its place
        return False
    return data[-_SEAL:] == _MARK + hashlib.sha256(data[:-_SEAL]).digest()


@contextlib.contextmanager
def building(parent):
    """Make a folder to build in, which is removed, if need be by others.

    Parameters
    ----------
    parent : str or os.PathLike
        Where to make it.

    Yields
    ------
    str
        Its path.
    """
    folder = tempfile.mkdtemp(prefix=_BUILDING, dir=str(parent))
    try:
        with open(os.path.join(folder, _HELD), "w") as held:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # not on every file system
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_left_behind(parent):
    """Remove folders of :func:`building` whose process was killed.

    Parameters
    ----------
    parent : str or os.PathLike
        Where they are.
    """
    for entry in os.scandir(str(parent)):
        if entry.name.startswith(_BUILDING) and _is_abandoned(entry.path):
            shutil.rmtree(entry.path, ignore_errors=True)


def _is_abandoned(folder):
    """Tell whether no process holds a folder, which the system knows."""
    try:
        if time.time() - os.stat(folder).st_ctime < _YOUNG:
            return False
        with open(os.path.join(folder, _HELD)) as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True  # killed before it held anything
    except (OSError, AttributeError):
        return False
    return True
