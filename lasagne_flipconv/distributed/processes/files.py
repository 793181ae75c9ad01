"""What a script writes, by rank 0 alone.

Other ranks write into a folder of their own instead, and read from there what
they wrote: a script that loads its best weights at the end gets them on every
rank. The folder is removed at the end. What is done to files by Python's own
functions is seen, and so what NumPy, pickle and zipfile do; a library that
opens files in C, as h5py does, is not. A rank enters folders that rank 0 made;
on a machine that does not see them, it makes them itself, empty.
"""
import builtins
import contextlib
import functools
import os
import pathlib
import shutil
import sys
import tempfile
import time

from ...errors import FlipconvError

__all__ = ["Shadows", "redirect"]

#: Seconds to wait for a folder that rank 0 makes at the same place.
LONGEST = 60

#: The same on another machine, which may have no disk in common with it.
LONGEST_ELSEWHERE = 5

#: Seconds to wait for a file that rank 0 writes, as it may download it.
LONGEST_FILE = 600

#: Ways to open a file by its number in which it is not only read.
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def redirect(private, writer=None, elsewhere=False):
    """Let this rank write into a folder of its own from now on.

    Parameters
    ----------
    private : list of str
        Folders in which it goes on to write, as Theano compiles there.
    writer : int, optional
        The process of rank 0, if it is on this machine: what it is writing
        is read once it is closed.
    elsewhere : bool, default False
        Whether rank 0 is on another machine.

    Returns
    -------
    Shadows
        Whose `forget` removes the folder.
    """
    shadows = Shadows(tempfile.mkdtemp(prefix="lasagne_flipconv_rank_"),
                      private, writer, elsewhere)
    shadows.put()
    return shadows


class Shadows:
    """Files that this rank wrote, under the names that it knows.

    Parameters
    ----------
    folder : str
        Where they are.
    private : list of str
        Folders of this rank, where nothing is redirected.
    writer : int or None
        The process of rank 0.
    elsewhere : bool
        Whether that is on another machine.
    """

    def __init__(self, folder, private, writer, elsewhere):
        self._folder, self._writer = folder, writer
        self._elsewhere, self._apart = elsewhere, False
        self._private = [_whole(p) for p in (folder, "/dev", "/proc",
                                             *private)]
        self._stock, self._lstat = [], os.lstat
        self._plain_open, self._plain_mkdir = builtins.open, os.mkdir

    def put(self):
        """Let Python's functions for files know of the shadows."""
        for module, name in _places_of(builtins.open):
            self._replace(module, name, self._open)
        for method, names in (
                (self._rename, "rename replace"),
                (self._remove, "remove unlink"),
                (self._make, "mkdir"), (self._unmake, "rmdir"),
                (self._look, "stat lstat access getxattr listxattr"),
                (self._link, "link symlink"),
                (self._change, "chmod chown utime truncate setxattr"),
                (self._open_by_number, "open"), (self._enter, "chdir"),
                (self._list, "listdir"), (self._scan, "scandir")):
            for name in names.split():
                if hasattr(os, name):  # not all are on Windows
                    self._replace(os, name, method)
        self._replace(shutil, "rmtree", self._unmake)

    def forget(self):
        """Undo all of it, and remove the folder."""
        for module, name, stock in self._stock:
            setattr(module, name, stock)
        self._stock = []
        shutil.rmtree(self._folder, ignore_errors=True)

    def _replace(self, module, name, method):
        stock = getattr(module, name)
        self._stock.append((module, name, stock))

        @functools.wraps(stock)
        def called(*args, **kwargs):
            paths = list(args[:1 + (method in (self._rename, self._link))])
            paths += [kwargs[k] for k in ("file", "path", "src", "dst")
                      if k in kwargs]
            if not any(self._is_ours(p, kwargs) for p in paths or ["."]):
                return stock(*args, **kwargs)
            return method(stock, *args, **kwargs)

        setattr(module, name, called)

    def _is_ours(self, path, options):
        """Tell whether a path is one that ranks have in common."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False  # opened already
        opener = options.get("opener")
        if options.get("dir_fd") is not None or opener is not None and (
                not isinstance(getattr(opener, "__self__", None),
                               pathlib.PurePath)):
            return False  # as tempfile does
        return not self._is_private(_whole(path))

    def _is_private(self, name):
        return any(name == p or name.startswith(os.path.join(p, ""))
                   for p in self._private)

    def _open(self, stock, file, mode="r", *args, **kwargs):
        """Open a file, for reading where it is, for writing its shadow."""
        shadow = self._seen(file)
        if set(mode) & set("wax+"):
            kept = not mode.startswith(("w", "x"))
            # what rank 0 has made a moment ago is none yet for this rank
            mode = mode.replace("x", "w")
            if mode.startswith("r") and not os.path.exists(shadow):
                return stock(file, mode, *args, **kwargs)  # which raises
            shadow = self._to_write(_whole(file), kept)
            kwargs.pop("opener", None)
        elif shadow is file:
            self._wait_until_closed(file)
        return stock(shadow, mode, *args, **kwargs)

    def _shadow(self, path):
        """Return where the shadow of a file is, for all of this rank.

        Its children, that were forked, find it by the name as well. What is
        private is its own shadow.
        """
        name = _whole(path)
        return name if self._is_private(name) else os.path.join(
            self._folder, "all", os.path.splitdrive(name)[1].lstrip(os.sep))

    def _seen(self, path):
        """Return the shadow of a file if there is one, else the file."""
        shadow = self._shadow(path)
        seen = os.path.isfile(shadow) or (
            os.path.isdir(shadow) and not self._is_there(path))
        return shadow if seen else path

    def _to_write(self, name, keep):
        """Return the shadow of a file, made if need be."""
        shadow = self._shadow(name)
        if os.path.islink(shadow):  # perhaps to a file of rank 0
            os.remove(shadow)
        if not os.path.isfile(shadow):
            os.makedirs(os.path.dirname(shadow), exist_ok=True)
            if keep and os.path.isfile(name):
                with self._plain_open(name, "rb") as old:  # as it is
                    with self._plain_open(shadow, "wb") as new:
                        shutil.copyfileobj(old, new)
        return shadow

    def _rename(self, stock, src, dst, **kwargs):
        """Rename the shadow; rank 0 renames the file."""
        shadow = self._shadow(src)
        if os.path.lexists(shadow):
            new = self._to_write(_whole(dst), False)
            (shutil.move if self._is_private(_whole(src)) else stock)(
                shadow, new)  # what is temporary may be on another disk

    def _remove(self, stock, path, **kwargs):
        """Remove the shadow; rank 0 removes the file."""
        if os.path.lexists(self._shadow(path)):
            stock(self._shadow(path))

    def _change(self, stock, path, *args, **kwargs):
        """Change the shadow; rank 0 changes the file."""
        if os.path.lexists(self._shadow(path)):
            return stock(self._shadow(path), *args, **kwargs)
        if not self._is_there(path):
            return stock(path, *args, **kwargs)  # which raises

    def _link(self, stock, src, dst, *args, **kwargs):
        """Link to what this rank sees; rank 0 makes the link."""
        path, copied = _whole(dst), stock.__name__ == "link"
        target = self._seen(src if copied else os.path.join(
            os.path.dirname(path), os.fsdecode(src)))
        if os.path.exists(target):
            shadow = self._to_write(path, False)
            if os.path.lexists(shadow):
                os.remove(shadow)
            (shutil.copyfile if copied else stock)(target, shadow)

    def _open_by_number(self, stock, path, flags, *args, **kwargs):
        """Open a file as `_open` does, but for what is temporary."""
        if _is_temporary():
            self._own(path)
        elif not flags & _WRITES:
            self._wait_until_closed(path)
            path = self._seen(path)
        else:
            path = self._to_write(_whole(path), not flags & os.O_TRUNC)
            flags &= ~os.O_EXCL  # as rank 0 may have made it a moment ago
        return stock(path, flags, *args, **kwargs)

    def _make(self, stock, path, *args, **kwargs):
        """Make the shadow of a folder, or a folder for what is temporary."""
        if _is_temporary():
            self._own(path)
            return stock(path, *args, **kwargs)
        os.makedirs(self._shadow(path), exist_ok=True)

    def _unmake(self, stock, path, *args, **kwargs):
        """Remove the shadow of a folder; rank 0 removes the folder."""
        if os.path.isdir(self._shadow(path)):
            stock(self._shadow(path), *args, **kwargs)

    def _enter(self, stock, path):
        """Enter a folder of rank 0."""
        self._wait_for(path)
        return stock(path)

    def _wait_for(self, folder):
        """Wait until rank 0 has made a folder that this rank would make."""
        seconds = LONGEST_ELSEWHERE if self._elsewhere else LONGEST
        if not _waited(lambda: self._is_there(folder) or not os.path.isdir(
                self._shadow(folder)), 0 if self._apart else seconds):
            if not self._elsewhere:
                raise FlipconvError(_NO_FOLDER % os.fsdecode(folder))
            self._apart = True  # nor will others be seen
            self._make_here(_whole(folder))

    def _make_here(self, folder):
        """Make a folder on this machine, and those that it is in."""
        if not self._is_there(folder):
            self._make_here(os.path.dirname(folder))
            with contextlib.suppress(FileExistsError):  # by another rank
                self._plain_mkdir(folder)

    def _wait_until_closed(self, path):
        """Wait until rank 0 has written a file, as one that it downloads."""
        if not _waited(lambda: not self._writer or not _writes(
                self._writer, path), LONGEST_FILE):
            raise FlipconvError(_NOT_CLOSED % os.fsdecode(path))

    def _own(self, path):
        """Take a path, of what is temporary, for one of this rank."""
        self._wait_for(os.path.dirname(_whole(path)))
        self._private.append(_whole(path))

    def _is_there(self, path):
        """Tell whether there is a file or folder, whatever its shadow."""
        try:
            self._lstat(path)
        except (OSError, ValueError):
            return False
        return True

    def _list(self, stock, path="."):
        """Return names in a folder and in its shadow."""
        return [entry.name for entry in self._scan(os.scandir, path)]

    def _scan(self, stock, path="."):
        """Return what is in a folder and in its shadow."""
        shadow = self._shadow(path)
        if isinstance(path, bytes):
            shadow = os.fsencode(shadow)
        found = {}
        for folder in [shadow] * os.path.isdir(shadow) + [path] * (
                self._is_there(path) or not os.path.isdir(shadow)):
            with stock(folder) as entries:
                found.update((entry.name, entry) for entry in entries)
        return Entries(found.values())

    def _look(self, stock, path, *args, **kwargs):
        """Look at the shadow, if there is one."""
        return stock(self._seen(path), *args, **kwargs)


class Entries:
    """What `os.scandir` returns, of several folders.

    Parameters
    ----------
    found : iterable of os.DirEntry
        What is in them.
    """

    def __init__(self, found):
        self._found = iter(list(found))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._found)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Do nothing, as nothing is open any more."""


def _writes(process, path):
    """Tell whether a process has a file open for writing, where Linux does."""
    path, folder = os.path.realpath(_whole(path)), "/proc/%d/" % process
    try:
        if time.time() - os.stat(path).st_mtime > 3600:
            return False
        numbers = os.listdir(folder + "fd")
    except OSError:
        return False
    return any(_is_for_writing(folder, number, path) for number in numbers)


def _is_for_writing(folder, number, path):
    try:
        if os.readlink(folder + "fd/" + number) != path:
            return False
        with open(folder + "fdinfo/" + number) as file:
            flags = int(file.read().split("flags:")[1].split()[0], 8)
    except OSError:  # closed by now
        return False
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


_NO_FOLDER = (
    "--data-parallel: rank 0 has not made the folder %s; expected folders of "
    "the same names on all ranks. Let none follow from the time or the number "
    "of a process.")
_NOT_CLOSED = (
    "--data-parallel: rank 0 has the file %s open for writing; expected it "
    "closed before it is read. Close it first, or make it before the ranks "
    "are started.")


def _waited(done, seconds):
    """Wait until something is done; tell whether it was in some seconds."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(.02)
    return True


def _places_of(function):
    """Return where modules have a function: some keep it for themselves."""
    modules = {id(m): m for m in list(sys.modules.values())
               if hasattr(m, "__dict__")}  # each once, also by two names
    return [(module, name) for module in modules.values()
            for name, value in list(vars(module).items())
            if value is function]


def _is_temporary():
    """Tell whether the module tempfile has called what called this."""
    return sys._getframe(3).f_globals.get("__name__") == "tempfile"


def _whole(path):
    """Return a path in full, as text."""
    return os.path.abspath(os.fsdecode(path))
