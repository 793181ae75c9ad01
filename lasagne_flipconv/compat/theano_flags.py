"""What the user chose in Theano's configuration, and what we add to it.

Theano looks in the environment variable THEANO_FLAGS, then in the files that
THEANORC names, by default ``~/.theanorc``; the same is read here before
Theano is imported.
"""
import configparser
import contextlib
import importlib.util
import os
import re
import shlex
import shutil
import sys
import warnings
from collections import namedtuple
from pathlib import Path

__all__ = ["DEVICE", "OldGpu", "find_compiler", "flags_of", "instead_of_gpu",
           "is_for_gpu", "let_blas_sleep", "lines_of", "no_old_gpu", "old_gpu",
           "old_gpu_name", "place_of", "theano_files", "theano_flags",
           "user_flag"]

#: Of two, in cycles: half a millisecond, so that a product soon after another
#: finds the threads of OpenBLAS awake.
BLAS_TIMEOUT = "20"

#: Names the device on which PyTorch is to compute; the engine, which cannot be
#: imported before it is known whether there is one, has the same.
DEVICE = "LASAGNE_FLIPCONV_DEVICE"

OldGpu = namedtuple("OldGpu", "flag value place line")
OldGpu.__doc__ = """A flag that asks for a GPU of the time.

Parameters
----------
flag, value : str
    As ``"device"`` and ``"gpu0"``.
place : str
    ``"THEANO_FLAGS"``, or the file.
line : int or None
    The line in the file.
"""

#: Flags that name a GPU of the time, and what they are here.
_DEVICES = {"device": "cpu", "init_gpu_device": ""}

#: Names of devices, of Theano before 1.0 and since.
_OLD, _NEW = ("gpu",), ("cuda", "opencl")

#: Beginnings of flags that only told how to use a GPU.
_ABOUT_GPU = ("device", "init_gpu_device", "force_device", "contexts", "lib.",
              "nvcc.", "cuda.", "dnn.", "gpuarray.", "gpuelemwise.",
              "pycuda.", "magma.", "cublas.", "print_active_device",
              "enable_initial_driver_test")


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
        not given, or cannot be read, which `doctor` tells.
    """
    flags = _environment_flags()
    if key in flags:
        return flags[key]
    section, _, option = key.rpartition(".")
    parser = configparser.RawConfigParser()
    try:
        parser.read(theano_files())
    except (configparser.Error, UnicodeDecodeError):
        return None
    return parser.get(section or "global", option, fallback=None)


def _environment_flags():
    """Return the flags of THEANO_FLAGS, none if Theano cannot read them."""
    try:
        return flags_of(os.environ.get("THEANO_FLAGS", ""))
    except ValueError:
        return {}


def flags_of(text):
    """Return the flags of a text by the syntax of THEANO_FLAGS.

    Parameters
    ----------
    text : str
        As ``"floatX=float32,blas.ldflags=-lm"``.

    Returns
    -------
    dict of str to str
        The last of an option wins.

    Raises
    ------
    ValueError
        If a quote in it is not closed.

    Examples
    --------
    >>> flags_of("floatX=float32, device=gpu0,")
    {'floatX': 'float32', 'device': 'gpu0'}
    """
    parts = shlex.shlex(text, posix=True)
    parts.whitespace, parts.whitespace_split = ",", True
    return dict(part.strip().split("=", 1) for part in parts if "=" in part)


def is_for_gpu(flag):
    """Tell whether a flag only tells how to use a GPU.

    Parameters
    ----------
    flag : str
        Its name, as ``"lib.cnmem"``.

    Returns
    -------
    bool
        Whether it can be left out here.
    """
    return flag.startswith(_ABOUT_GPU)


def old_gpu_name(value):
    """Tell whether a device is none that Theano can use here.

    Parameters
    ----------
    value : str
        The device, as ``"gpu0"``.

    Returns
    -------
    bool
        Whether it is of the back end that Theano 1.0 removed, or of the one
        since, whose library is not installed.
    """
    return value.startswith(_OLD) or (
        value.startswith(_NEW)
        and importlib.util.find_spec("pygpu") is None)


def old_gpu():
    """Find which GPU the user asks for that there is no back end for.

    Returns
    -------
    OldGpu or None
        The first flag that names one, and where it is written.
    """
    for flag in _DEVICES:
        value = user_flag(flag) or ""
        if old_gpu_name(value):
            return OldGpu(flag, value, *place_of(flag))
    return None


def without_old_gpu():
    """Return the flags to add, for what is in place of such a GPU.

    Returns
    -------
    list of str
        Empty if none is asked for.
    """
    if old_gpu() is None:
        return []
    return ["force_device=False"] + [
        "%s=%s" % item for item in _DEVICES.items()
        if old_gpu_name(user_flag(item[0]) or "")]


@contextlib.contextmanager
def no_old_gpu():
    """Take the flags of a GPU of the time for "the fastest there is".

    Theano 1.0 removed the back end that ``device=gpu`` names, and refuses to
    be imported with it. ``device=cuda`` without its library prints a
    traceback and goes on.
    """
    asked = old_gpu()
    if asked:
        warnings.warn_explicit(instead_of_gpu(asked), RuntimeWarning,
                               asked.place, asked.line)
    with theano_flags(without_old_gpu()):
        yield


def instead_of_gpu(asked):
    """Return what is said of a flag for a GPU.

    Parameters
    ----------
    asked : OldGpu
        The flag.

    Returns
    -------
    str
        The flag, why, what is used instead, and the way out.
    """
    why = ("the GPU back end that Theano 1.0 removed"
           if asked.value.startswith("gpu") else
           "a GPU back end whose library, pygpu, is not installed")
    return ("%s=%s is for %s; the CPU is used instead, the fastest way there "
            "is. Remove the flag, and this is no longer said."
            % (asked.flag, asked.value, why))


def place_of(flag):
    """Find where a flag is set.

    Parameters
    ----------
    flag : str
        Its name, as ``"blas.ldflags"``.

    Returns
    -------
    place : str
        ``"THEANO_FLAGS"``, or the file.
    line : int
        The line in the file.
    """
    if flag in _environment_flags():
        return "THEANO_FLAGS", 1
    section, _, option = flag.rpartition(".")
    pattern = re.compile(r"\s*%s\s*[=:]" % re.escape(option), re.IGNORECASE)
    for path in reversed(theano_files()):
        here = None
        for number, line in enumerate(lines_of(path), 1):
            here = (re.findall(r"^\[([^]]+)\]", line) or [here])[0]
            if here == (section or "global") and pattern.match(line):
                return path, number
    return ".theanorc", 1


def lines_of(path):
    """Return the lines of a file, whatever its encoding.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    list of str
        Empty if it cannot be opened.
    """
    try:
        return Path(path).read_text("utf-8", "replace").split("\n")
    except OSError:
        return []


def theano_files():
    """Name the configuration files that Theano reads.

    Returns
    -------
    list of str
        The last one that has an option wins.
    """
    names = os.environ.get("THEANORC", "~/.theanorc").split(os.pathsep)
    if "THEANORC" not in os.environ and sys.platform == "win32":
        names.append("~/.theanorc.txt")
    return [os.path.expanduser(name) for name in names]


# --- what else is read from the environment ---------------------------------

def let_blas_sleep():
    """Have the threads of NumPy's OpenBLAS sleep when there is nothing to do.

    After each product they wait actively, for 26 ms unless told otherwise, on
    the processors where the engine's threads, or Theano's own loops, compute
    what comes next: a training step with dense layers took twice as long with
    the OpenBLAS of NumPy 2.5. It reads the variable once, when NumPy loads it.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", BLAS_TIMEOUT)
