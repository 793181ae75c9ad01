"""Install Theano 1.0.5 on Python 3.12 and later.

The ``setup.py`` of Theano asks ``configparser`` for two names that Python
3.12 dropped, and pip gives the user no way to supply them. Here pip installs
Theano's own, unmodified archive with them supplied: the installed package
has its usual metadata, and pip its usual settings.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ..errors import FlipconvError

__all__ = ["InstallError", "install_theano"]

#: What is installed, by the hash of its file, and what builds it.
THEANO = ("Theano==1.0.5 --hash=sha256:"
          "6e9439dd53ba995fcae27bf20626074bfc2fff446899dc5c53cb28c1f9202e89\n")
BUILD = ("setuptools==75.3.2 --hash=sha256:"
         "90ab613b6583fc02d5369cbca13ea26ea0e182d1df2d943ee9cbe81d4c61add9\n"
         "wheel==0.45.1 --hash=sha256:"
         "708e7481cc80179af0e556bbf0cc00b8444c7321e2700b8d8580231d13017248\n")

#: Python runs it at each start of the build, and of nothing else.
NAMES = '''\
import configparser


class SafeConfigParser(configparser.ConfigParser):
    def readfp(self, file, filename=None):
        self.read_file(file, filename)


if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = SafeConfigParser
'''


class InstallError(FlipconvError):
    """Theano could not be installed."""


def install_theano(arguments=(), python=None):
    """Install Theano 1.0.5, and what it needs, with pip.

    Parameters
    ----------
    arguments : sequence of str, optional
        More arguments for pip, as ``--user`` or ``--index-url URL``.
    python : str, optional
        The interpreter to install it for; by default this one.

    Raises
    ------
    InstallError
        If pip is not there, or ends with an error, which it has printed.
    """
    python = python or sys.executable
    arguments = list(arguments)
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "sitecustomize.py", NAMES)
        pip(python, folder, ["--target", folder, "--require-hashes"], BUILD)
        pip(python, folder, ["--no-build-isolation", "--no-deps",
                             "--require-hashes"] + arguments, THEANO)
    pip(python, None, ["six>=1.16"] + arguments)


def pip(python, folder, arguments, requirements=None):
    """Run ``pip install``, with a folder in front of the path of modules."""
    command = [python, "-m", "pip", "install", "--quiet",
               "--disable-pip-version-check"] + arguments
    environ = dict(os.environ)
    if folder:
        environ.update(SETUPTOOLS_USE_DISTUTILS="local", PYTHONPATH=folder)
        command += ["--requirement", write(folder, "requirements.txt",
                                           requirements)]
    done = subprocess.run(command, env=environ)
    if done.returncode:
        raise InstallError(
            "Theano 1.0.5: '%s -m pip install' ended with %d, see above; "
            "expected 0. If it says that there is no pip, 'python -m "
            "ensurepip' brings it." % (python, done.returncode))


def write(folder, name, text):
    """Write a file; return its path."""
    path = Path(folder, name)
    path.write_text(text, encoding="utf-8")
    return str(path)
