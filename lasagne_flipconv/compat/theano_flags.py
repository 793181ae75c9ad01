"""What the user chose in Theano's configuration, and what we add to it.

Theano looks in the environment variable THEANO_FLAGS, then in the files that
THEANORC names, by default ``~/.theanorc``; the same is read here before
Theano is imported.
"""
import configparser
import contextlib
import os
import shlex
import shutil
import sys

__all__ = ["find_compiler", "theano_flags", "user_flag"]


def find_compiler():
    """Find the C++ compiler that Theano is going to use.

    Returns
    -------
    str or None
        Its path, or what the user gave as ``cxx``; None without any.
    """
    chosen = user_flag("cxx")
    if chosen is not None:
        return chosen or None
    return (shutil.which("clang++") if sys.platform == "darwin" else None
            ) or shutil.which("g++")


@contextlib.contextmanager
def theano_flags(flags):
    """Add to THEANO_FLAGS, for as long as Theano is being imported.

    Child processes get what the user set.

    Parameters
    ----------
    flags : list of str
        Each as ``section.option=value``; the last of an option wins.
    """
    old = os.environ.get("THEANO_FLAGS")
    if flags:
        os.environ["THEANO_FLAGS"] = ",".join(([old] if old else []) + flags)
    try:
        yield
    finally:
        os.environ.pop("THEANO_FLAGS", None)
        if old is not None:
            os.environ["THEANO_FLAGS"] = old


def user_flag(key):
    """Look up what THEANO_FLAGS or else a configuration file gives `key`.

    Parameters
    ----------
    key : str
        As ``section.option``, or ``option`` for one without a section.

    Returns
    -------
    str or None
        The value, by the syntax and from the files of Theano; None if it is
        not given.
    """
    parts = shlex.shlex(os.environ.get("THEANO_FLAGS", ""), posix=True)
    parts.whitespace, parts.whitespace_split = ",", True
    flags = dict(part.strip().split("=", 1) for part in parts if "=" in part)
    if key in flags:
        return flags[key]
    section, _, option = key.rpartition(".")
    parser = configparser.RawConfigParser()
    try:
        parser.read(theano_files())
    except configparser.Error:
        return None  # Theano raises this itself, with more context
    return parser.get(section or "global", option, fallback=None)


def theano_files():
    """Return the configuration files that Theano reads, last one wins."""
    names = os.environ.get("THEANORC", "~/.theanorc").split(os.pathsep)
    if "THEANORC" not in os.environ and sys.platform == "win32":
        names.append("~/.theanorc.txt")
    return [os.path.expanduser(name) for name in names]
