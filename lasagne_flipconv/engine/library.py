"""Find oneDNN, and build the library that the Ops call.

oneDNN comes with two distributions, one for its library and one for its
headers. Ours is a few C++ files; they are compiled once, when a function has
something to compute with it, and kept in Theano's compile directory under a
name that says what it was built from, by what and for which processor.
"""
import ctypes
import functools
import hashlib
import importlib.metadata
import mmap
import os
import platform
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import theano

from .files import building, is_whole, remove_left_behind, seal

__all__ = ["EngineError", "SOURCES", "MAX_DIMS", "OneDNN", "find", "build",
           "has_bfloat16", "header"]

SOURCES = Path(__file__).resolve().parent / "src"
HEADER = SOURCES / "engine.h"
MAX_DIMS = 6  # FC_MAX_DIMS of the header
LIBRARY, HEADERS = "onednn-cpu-gomp", "onednn-devel-cpu-gomp"

#: What pip installs for both, as pyproject.toml has it.
REQUIREMENTS = (LIBRARY + "==2023.2.0", HEADERS + "==2023.2.0")

# A loop of products fills three lines of the cache of instructions; one more,
# where it begins within a line, makes products of matrices 8 % slower.
_FLAGS = ["-std=c++11", "-O3", "-march=native", "-falign-loops=64",
          "-fopenmp", "-fPIC", "-fvisibility-inlines-hidden"]


class EngineError(RuntimeError):
    """The engine cannot be used; its text says why and the way out."""


class OneDNN:
    """Where the installed oneDNN is.

    Attributes
    ----------
    version : str
        As of its distribution, such as '2023.2.0'.
    library : pathlib.Path
        The shared library.
    include : pathlib.Path
        The folder to include ``oneapi/dnnl/dnnl.hpp`` from.
    """

    def __init__(self, version, library, include):
        self.version, self.library, self.include = version, library, include


def find():
    """Find the installed oneDNN by the file lists of its distributions.

    Returns
    -------
    OneDNN
        Where it is.

    Raises
    ------
    EngineError
        If it is not installed completely, or not for this system.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise EngineError("engine: oneDNN is packaged for Linux on x86-64 "
                          "only; this is %s on %s."
                          % (platform.system(), platform.machine()))
    library = _installed_file(LIBRARY, "libdnnl.so.3")
    include = _installed_file(HEADERS, "oneapi/dnnl/dnnl.hpp")
    return OneDNN(importlib.metadata.version(LIBRARY), library,
                  include.parents[2])


@functools.lru_cache(maxsize=None)
def _installed_file(distribution, ending):
    way_out = "Install it with 'pip install %s %s'." % REQUIREMENTS
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        raise EngineError("engine: %s is not installed. %s"
                          % (distribution, way_out)) from None
    for file in files:
        path = Path(file.locate()).resolve()
        if file.as_posix().endswith(ending) and path.exists():
            return path
    raise EngineError("engine: the distribution %s has no file %s. %s"
                      % (distribution, ending, way_out))


def header():
    """Return the text of the header that Ops and library share."""
    return HEADER.read_text()


def has_bfloat16():
    """Build the library if that is needed; ask it whether it has bfloat16.

    Returns
    -------
    bool
        Whether the processor multiplies numbers of that type.

    Raises
    ------
    EngineError
        If the library cannot be built.
    """
    return bool(ctypes.CDLL(str(build())).fc_has_bfloat16())


def build():
    """Build and load the library, unless that was done before.

    Returns
    -------
    pathlib.Path
        The shared library.

    Raises
    ------
    EngineError
        If there is no compiler, or it or the loader fails.
    """
    path = _build(theano.config.compiledir, theano.config.cxx)
    if not path.exists():  # somebody cleared the compile directory
        _build.cache_clear()
        path = _build(theano.config.compiledir, theano.config.cxx)
    return path


@functools.lru_cache(maxsize=None)
def _build(compiledir, compiler):
    onednn = find()
    if not compiler:
        raise EngineError("engine: Theano has no C++ compiler to build with. "
                          "Install g++.")
    folder = Path(compiledir) / "lasagne_flipconv_engine"
    path = folder / ("libflipconv_%s.so" % _key(onednn))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_left_behind(folder)
        if not is_whole(path):
            _compile(onednn, path)
    except (OSError, ValueError) as error:
        raise EngineError(
            "engine: cannot build its library in %s: %s; expected a folder "
            "to write to. Make it one, or have Theano compile elsewhere with "
            "THEANO_FLAGS=base_compiledir=<folder>." % (folder, error)
        ) from error
    _load(onednn, path)
    return path


def _load(onednn, path):
    """Load oneDNN and the library, so that all that needs them finds them.

    By their names, whatever is in the paths: one for the linker to write down
    could hold no comma, colon or dollar sign.
    """
    for file in (onednn.library, path):
        try:
            ctypes.CDLL(str(file))
        except OSError as error:
            raise EngineError("engine: %s cannot be loaded: %s. Remove the "
                              "file, and it is built or installed anew."
                              % (file, error)) from error
    _give_back_code(onednn.library)


def _give_back_code(path):
    """Give back the pages of a library's code; what is called is read again.

    What has to run when oneDNN is loaded lies all over it, and 11 MB of it
    would stay in memory that nothing calls.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    try:
        maps = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return
    for fields in (line.split(None, 5) for line in maps):
        if fields[1] == "r-xp" and fields[5:] == [str(path)]:  # as in the file
            first, end = (int(text, 16) for text in fields[0].split("-"))
            madvise(first, end - first, mmap.MADV_DONTNEED)


def _key(onednn):
    """Return what tells one build from another, as a short hash."""
    parts = [_output([theano.config.cxx, "--version"]), _processor(),
             onednn.version, str(onednn.library), " ".join(_flags())]
    parts += [path.read_text() for path in sorted(SOURCES.rglob("*.*"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _flags():
    # what is not a number has to stay it, even if Theano's need not
    return (_FLAGS + shlex.split(theano.config.gcc.cxxflags)
            + ["-fno-fast-math"])


def _processor():
    """Return the name and abilities of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({line for line in lines if line.startswith(
        ("model name", "flags"))}))


def _compile(onednn, path):
    # A build of its own in each process, moved into place when it is whole:
    # two processes at once do the same work twice, and neither sees half.
    with building(path.parent) as folder:
        compiler = [theano.config.cxx] + _flags()
        sources = sorted(SOURCES.glob("*/*.cpp"))
        objects = [Path(folder, "%s_%s.o" % (source.parent.name, source.stem))
                   for source in sources]
        commands = [compiler + ["-c", str(source), "-o", str(target), "-I",
                                str(SOURCES), "-I", str(onednn.include)]
                    for source, target in zip(sources, objects)]
        with ThreadPoolExecutor(min(8, len(os.sched_getaffinity(0)))) as pool:
            list(pool.map(_output, commands))
        whole = Path(folder, path.name)
        _output(compiler + ["-shared", "-o", str(whole), "-Xlinker",
                            "-soname=" + path.name]
                + [str(target) for target in objects]
                + [str(onednn.library)])
        seal(whole)
        os.replace(str(whole), str(path))


def _output(command):
    """Return what a command prints; raise EngineError if it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise EngineError("engine: cannot run %r: %s." % (command[0], error)
                          ) from error
    if done.returncode:
        raise EngineError("engine: '%s' failed: %s" % (
            " ".join(command), done.stdout.strip()[-2000:]))
    return done.stdout
