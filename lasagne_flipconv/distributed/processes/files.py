"""What a script writes, by rank 0 alone.

Other ranks write into a folder of their own instead, and read from there what
they wrote: a script that loads its best weights at the end gets them on every
rank. The folder is removed at the end. What is done to files by Python's own
functions is seen, and so what NumPy, pickle and zipfile do; a library that
opens files in C, as h5py does, is not.
"""
import builtins
import functools
import io
import os
import pathlib
import shutil
import sys
import tempfile

__all__ = ["Shadows", "redirect"]


def redirect(private):
    """Let this rank write into a folder of its own from now on.

    Parameters
    ----------
    private : list of str
        Folders in which it goes on to write, as Theano compiles there.

    Returns
    -------
    Shadows
        Whose `forget` removes the folder.
    """
    shadows = Shadows(tempfile.mkdtemp(prefix="lasagne_flipconv_rank_"),
                      private)
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
    """

    def __init__(self, folder, private):
        self._folder = folder
        self._private = [_whole(p) for p in (folder, "/dev", "/proc",
                                             *private)]
        self._stock = []

    def put(self):
        """Let Python's functions for files know of the shadows."""
        for module in (builtins, io):
            self._replace(module, "open", self._open)
        for name, method in (
                ("rename", self._rename), ("replace", self._rename),
                ("remove", self._remove), ("unlink", self._remove),
                ("mkdir", self._make), ("rmdir", self._make),
                ("stat", self._look), ("access", self._look)):
            self._replace(os, name, method)
        self._replace(shutil, "rmtree", self._make)

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
            path = args[0] if args else next(
                (kwargs[k] for k in ("file", "path", "src") if k in kwargs),
                None)
            if not self._is_ours(path, kwargs):
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
        name = _whole(path)
        return not any(name == p or name.startswith(os.path.join(p, ""))
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
        return stock(shadow, mode, *args, **kwargs)

    def _shadow(self, path):
        """Return where the shadow of a file is, for all of this rank.

        Its children, that were forked, find it by the name as well.
        """
        return os.path.join(self._folder, "all", os.path.splitdrive(
            _whole(path))[1].lstrip(os.sep))

    def _seen(self, path):
        """Return the shadow of a file if there is one, else the file."""
        shadow = self._shadow(path)
        return shadow if os.path.isfile(shadow) else path

    def _to_write(self, name, keep):
        """Return the shadow of a file, made if need be."""
        shadow = self._shadow(name)
        if not os.path.isfile(shadow):
            os.makedirs(os.path.dirname(shadow), exist_ok=True)
            if keep and os.path.isfile(name):
                shutil.copyfile(name, shadow)
        return shadow

    def _rename(self, stock, src, dst, **kwargs):
        """Rename the shadow; rank 0 renames the file."""
        shadow = self._shadow(src)
        if os.path.isfile(shadow):
            stock(shadow, self._to_write(_whole(dst), False))

    def _remove(self, stock, path, **kwargs):
        """Remove the shadow; rank 0 removes the file."""
        if os.path.isfile(self._shadow(path)):
            stock(self._shadow(path))

    def _make(self, stock, path, *args, **kwargs):
        """Leave folders to rank 0, but those for what is temporary."""
        if sys._getframe(2).f_globals.get("__name__") == "tempfile":
            self._private.append(_whole(path))
            return stock(path, *args, **kwargs)

    def _look(self, stock, path, *args, **kwargs):
        """Look at the shadow, if there is one."""
        return stock(self._seen(path), *args, **kwargs)


def _whole(path):
    """Return a path in full, as text."""
    return os.path.abspath(os.fsdecode(path))
