"""Which files are a program's own, and which are installed."""
import functools
import os
import site
import sys
import sysconfig

import lasagne
import theano

__all__ = ["belongs_to_program", "installed_folders"]


@functools.lru_cache(maxsize=None)
def installed_folders():
    """Return the folders of the standard library and of what is installed.

    Returns
    -------
    tuple of str
        Each ends in a separator; a checkout of Lasagne, and this package, are
        among them.
    """
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib",
                                        "platlib")]
    folders += site.getsitepackages() + [site.getusersitepackages()]
    folders += [os.path.dirname(package.__file__) for package in (
        theano, lasagne, sys.modules[__name__.partition(".")[0]])]
    return tuple(os.path.join(os.path.realpath(folder), "")
                 for folder in folders)


def belongs_to_program(path):
    """Tell whether a file is neither installed nor of the standard library.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool
        Whether it is the program's own.

    Examples
    --------
    >>> belongs_to_program("/home/me/net.py"), belongs_to_program(os.__file__)
    (True, False)
    """
    path = os.path.realpath(path)
    return not path.startswith(installed_folders()) and not (
        {"site-packages", "dist-packages"} & set(path.split(os.sep)))
