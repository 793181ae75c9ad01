"""How many processors this process may use.

A container often has a share of the time of all (``docker run --cpus 2``), and
sees them all nevertheless. A thread for each uses the share up while most of
them wait actively, and then none may run before the period is over.
"""
import math
import os

__all__ = ["heed_quota", "processors", "quota"]

#: Where groups of version 1 have their time, by the system's habit.
_FOLDERS = ("sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct")


def processors():
    """Return how many threads this process can run at once.

    Returns
    -------
    int
        The processors that it may run on, or fewer if its group has less time.
    """
    share = quota()
    return _seen() if share is None else min(_seen(), math.ceil(share))


def heed_quota():
    """Have as many threads as the group of this process has processors.

    OpenMP, OpenBLAS and PyTorch read the variable once, when they are loaded.
    """
    if processors() < _seen():
        os.environ.setdefault("OMP_NUM_THREADS", str(processors()))


def quota(root="/"):
    """Return the time that Linux gives the group of this process.

    Parameters
    ----------
    root : str
        The root of the file system.

    Returns
    -------
    float or None
        In processors; None if nothing limits it.
    """
    found = [share for version, group in _groups(root)
             for folder in _up(group)
             for share in [_share(root, version, folder)] if share]
    return min(found, default=None)


def _seen():
    """Return on how many processors the threads of this process may run."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


def _groups(root):
    """Return the version (1 or 2) and name of each group of this process."""
    found = []
    for line in _read(root, "proc/self/cgroup").splitlines():
        number, controllers, group = (line.split(":", 2) + ["", ""])[:3]
        if number == "0" and not controllers:
            found.append((2, group))
        elif "cpu" in controllers.split(","):
            found.append((1, group))
    return found


def _up(group):
    """Return a group and those that it is in, to the root of what is seen."""
    parts = [part for part in group.split("/") if part]
    return ["/".join(parts[:n]) for n in range(len(parts), -1, -1)]


def _share(root, version, folder):
    """Return the limit of a group in processors, or None."""
    if version == 2:
        told = _read(root, "sys/fs/cgroup", folder, "cpu.max").split()
    else:
        place = next((p for p in _FOLDERS if os.path.isdir(
            os.path.join(root, p))), _FOLDERS[0])
        told = [_read(root, place, folder, "cpu.cfs_%s_us" % what)
                for what in ("quota", "period")]
    try:
        time, period = (float(word) for word in told)
        return time / period if time > 0 and period > 0 else None
    except ValueError:  # "max", or there is none
        return None


def _read(*names):
    """Return the text of a file, or none of one that cannot be read."""
    try:
        with open(os.path.join(*names), encoding="ascii") as file:
            return file.read()
    except (OSError, ValueError):
        return ""
