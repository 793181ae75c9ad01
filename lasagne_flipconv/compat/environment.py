"""What this machine needs so that Theano 1.0.5 and Lasagne import and run.

Theano's last release is from 2020, Lasagne's from 2015. Each function below
that mends something says which later release broke it, mends only that, and
only where it is broken. :func:`prepare` applies them all; ``import
lasagne_flipconv`` calls it. What the user set in ``THEANO_FLAGS``,
``.theanorc`` or ``THEANORC`` always wins.
"""
import contextlib
import functools
import importlib.util
import os
import sys
import types
import warnings

try:
    import numpy as np
except ImportError:  # `doctor` says so; nothing else works without it
    np = None  # type: ignore[assignment]

from .import_hooks import ImportWithin, Refusal
from .quiet import quiet_import, quiet_old_code
from .theano_cache import (
    keep_compiled, no_static_python, own_compile_cache, release_after_errors)
from .theano_flags import find_compiler, no_old_gpu, theano_flags, user_flag
from .theano_garbage import collect_rarely

__all__ = ["prepare", "why_unsupported"]

#: What a working installation consists of; `doctor` and error texts quote it.
PYTHONS = ((3, 8), (3, 15))
PYTHON_RANGE = "3.8 to 3.15"
NUMPY_RANGE = "numpy>=1.21"

#: Where pip alone does not do it.
NOT_INSTALLED = ("Theano 1.0.5 is not installed. On Python 3.12 and later "
                 "'lasagne-flipconv theano' installs it.")

#: What ``python -OO`` and ``PYTHONOPTIMIZE=2`` do.
NO_DOCSTRINGS = ("Python dropped the docstrings (-OO), which Theano computes "
                 "some of its own from")


def prepare():
    """Make ``import theano, lasagne`` work.

    Import both, if they are installed, with whatever they need on this
    machine. If one is installed and cannot be imported, let the attempt to
    import it tell why; what needs neither still works.

    Raises
    ------
    ImportError
        If Theano is being imported already, or has failed to, in a state
        that can be mended only by a new start of Python.

    Examples
    --------
    >>> prepare()
    >>> from theano.tensor.signal.downsample import max_pool_2d
    >>> import lasagne
    """
    edited = np is not None and import_edited()
    if "theano" in sys.modules:
        mend_imported_theano(sys.modules["theano"])
    elif not try_import("theano", BEFORE_THEANO):
        return
    mend_theano()
    keep_gemm_serial(sys.modules["theano"].config)
    if not sys.modules["theano"].config.cxx:
        warn_no_compiler()
    elif not getattr(sys, "_is_gil_enabled", lambda: True)():
        warn_no_lock()
    if not edited:
        LEND_TO_GPUARRAY.install()
    if try_import("lasagne", BEFORE_LASAGNE):
        lend_linspace(sys.modules.get("lasagne.layers.special"))


def mend_theano():
    """Mend Theano, which is imported; each of these tells what."""
    from .edits import ahead, clang, old_modules, precompiled, theano_views
    from .theano_python import mend_python  # all of these need NumPy
    keep_compiled()
    release_after_errors()
    collect_rarely()
    old_modules.add_downsample()
    old_modules.import_as_with_a_gpu()
    clang.allow_narrowing()
    precompiled.precompile_headers()
    ahead.compile_ahead()
    theano_views.mend_dimshuffle()
    theano_views.mend_sums_of_quotients()
    mend_python()


def import_edited():
    """Let Theano and Lasagne be imported with edits, if they need any.

    Returns
    -------
    bool
        Whether they do.
    """
    from . import edits
    if edits.is_needed() and not why_unsupported():
        edits.edited_import().install()
    return edits.is_needed()


def try_import(name, shims):
    """Import a module under the given shims; return whether that worked."""
    reason = why_unsupported()
    if reason:
        refuse(("theano", "lasagne"), reason, None)
        return False
    try:
        with contextlib.ExitStack() as stack:
            for shim in shims:
                stack.enter_context(shim())
            importlib.import_module(name)
    except Exception as error:
        names = ("theano", "lasagne") if name == "theano" else (name,)
        if getattr(error, "name", None) != name:
            refuse(names, "%s: %s." % (type(error).__name__,
                                       str(error).rstrip(". ")), error)
        elif name == "theano" and sys.version_info >= (3, 12):
            refuse(names, NOT_INSTALLED, error)
        return False
    return True


def why_unsupported():
    """Tell why Theano cannot run on this Python and NumPy, None if it can.

    Returns
    -------
    str or None
        The reason and the way out.

    Examples
    --------
    >>> why_unsupported() is None
    True
    """
    version = sys.version_info[:2]
    if not PYTHONS[0] <= version <= PYTHONS[1]:
        return ("Python %d.%d is not one that Theano 1.0.5 works on; expected "
                "%s. Get one with 'uv python install 3.13', pyenv or conda."
                % (version + (PYTHON_RANGE,)))
    if np is None:
        return ("NumPy is not installed; expected %s. Install it with "
                "'pip install \"%s\"'." % (NUMPY_RANGE, NUMPY_RANGE))
    if sys.flags.optimize > 1:
        return ("%s; expected -O at most. Leave out -OO, and 'unset "
                "PYTHONOPTIMIZE'." % NO_DOCSTRINGS)
    return None


def numpy_version():
    """Return major and minor version of NumPy."""
    return tuple(int(part) for part in np.__version__.split(".")[:2])


def refuse(names, reason, cause):
    """Let every later attempt to import `names` say why it cannot work."""
    sys.meta_path.insert(0, Refusal(names, reason, cause))


# --- Theano was imported before us -----------------------------------------

def mend_imported_theano(theano):
    """Apply what still can be applied to a Theano that is already there."""
    if not hasattr(theano, "function"):
        raise too_late("it is half imported")
    if not theano.config.cxx and not excludes_check(theano.config):
        raise too_late("it found no C++ compiler and refuses convolutions")
    for shim in (alias_numpy_scalars, skip_scan_extension):
        with shim():
            pass
    blas = theano.config.blas
    if blas.ldflags == "-lblas" and user_flag("blas.ldflags") is None:
        blas.ldflags = ""  # see numpys_own_blas


def too_late(state):
    """Return the error for a Theano that was imported before us."""
    return ImportError(
        "import lasagne_flipconv: Theano was imported before and cannot be "
        "mended any more (%s); expected no Theano yet. Start Python anew and "
        "import lasagne_flipconv before theano and lasagne." % state,
        name="theano")


def excludes_check(config):
    """Tell whether `scipy_convolution` or the user has set its flag."""
    return "AbstractConvCheck" in config.optimizer_excluding.split(":")


# --- before `import theano` -------------------------------------------------

@contextlib.contextmanager
def forget_failed_import():
    """Forget what an ``import theano`` that failed before us left behind.

    Its submodules stay in ``sys.modules`` while the package itself is gone;
    a new import would mix both.
    """
    for name in [n for n in sys.modules if n.startswith("theano.")]:
        del sys.modules[name]
    yield


@contextlib.contextmanager
def alias_numpy_scalars():
    """Give ``np.bool`` and its kind back: NumPy 1.24 removed them.

    They were the builtins. From 1.20 on they warn, ``hasattr`` too: look in
    ``vars``.
    Theano also uses them when it runs, so they stay. Where it is imported
    with edits it has a NumPy of its own, and this one is not touched.
    """
    from . import edits
    if not edits.is_needed():
        for builtin in (bool, int, float, complex, object, str):
            vars(np).setdefault(builtin.__name__, builtin)
    yield


@contextlib.contextmanager
def numpys_own_blas():
    """Let Theano call NumPy's BLAS where the user did not choose one.

    Theano's own search reads ``blas_opt_info``, which NumPy 1.22 dropped
    from ``numpy.distutils.__config__``, and imports
    ``distutils.msvccompiler``, which setuptools 74 dropped from the copy of
    `distutils` that it puts in front: the import of Theano fails. Or it ends
    with ``-lblas``, 25 to 30 times slower where that is the reference BLAS.
    A given flag keeps it from searching, so this mends all three.

    Empty means the OpenBLAS or MKL inside NumPy, through its C API, which
    costs at most 18 %. A system BLAS may gain that back, but only a timed
    product can tell, and that must not delay each import: `doctor` times it
    and names the flag to set.
    """
    unset = user_flag("blas.ldflags") is None
    with theano_flags(["blas.ldflags="] if unset else []):
        yield


@contextlib.contextmanager
def scipy_convolution():
    """Let convolutions run in SciPy where there is no C++ compiler.

    Theano 0.9 and later refuse a convolution that no C code replaced;
    without that check its slow Python code runs. Tags that the user excludes
    stay excluded.
    """
    tags = (user_flag("optimizer_excluding") or "").split(":")
    tags = [tag for tag in tags if tag] + ["AbstractConvCheck"]
    flags = [] if find_compiler() else [
        "optimizer_excluding=" + ":".join(tags)]
    with theano_flags(flags):
        yield


@contextlib.contextmanager
def skip_scan_extension():
    """Let Scan loop in Python: Python 3.11 removed ``longintrepr.h``.

    Theano's C file for it includes that header, and members of NumPy's
    structures that NumPy 2 hides. None in ``sys.modules``
    makes the import fail at once instead of after a compilation, and Theano
    falls back to its Python loop (5 µs a step).
    """
    if sys.version_info >= (3, 11) or numpy_version() >= (2,):
        sys.modules.setdefault("theano.scan_module.scan_perform_ext", None)
    yield


BEFORE_THEANO = (forget_failed_import, alias_numpy_scalars, numpys_own_blas,
                 scipy_convolution, skip_scan_extension, no_static_python,
                 own_compile_cache, no_old_gpu, quiet_import, quiet_old_code)


# --- after `import theano`, before `import lasagne` -------------------------

def keep_gemm_serial(config):
    """Keep CorrMM out of OpenMP threads where it calls NumPy's BLAS.

    With ``openmp=True`` Theano 1.0 spreads a batch over threads that do not
    hold the interpreter's lock, which NumPy's C API needs: Python crashes.
    NumPy's BLAS has threads of its own. The default of `openmp` is the only
    None among those of the two constructors.
    """
    if config.blas.ldflags:
        return
    for name in ("corr.BaseCorrMM", "corr3d.BaseCorr3dMM"):
        module, _, op = name.partition(".")
        module = importlib.import_module("theano.tensor.nnet." + module)
        init = getattr(module, op).__init__
        init.__defaults__ = tuple(
            False if value is None else value for value in init.__defaults__)


def warn_no_compiler():
    """Warn, once, that Theano found no C++ compiler."""
    warnings.warn(
        "Theano found no C++ compiler: everything runs in Python, and "
        "convolutions in SciPy, hundreds of times slower. Install g++ (%s) "
        "and start Python anew." % compiler_command(), RuntimeWarning,
        stacklevel=3)


def warn_no_lock():
    """Warn that a free-threaded Python was told to go without its lock."""
    warnings.warn(
        "Theano's compiled code counts on the interpreter's lock (GIL), which "
        "PYTHON_GIL=0 or -X gil=0 keeps off: functions that run in several "
        "threads may crash or give wrong numbers. Start Python without it.",
        RuntimeWarning, stacklevel=3)


def compiler_command():
    """Return the command that installs a C++ compiler on this system."""
    if sys.platform == "darwin":
        return "xcode-select --install"
    if sys.platform == "win32" or os.path.isdir(
            os.path.join(sys.prefix, "conda-meta")):
        return "conda install -c conda-forge cxx-compiler"
    if os.path.exists("/etc/redhat-release"):
        return "sudo dnf install gcc-c++ python3-devel"
    return "sudo apt-get install g++ python3-dev"


@contextlib.contextmanager
def lend_pkg_resources(module=None):
    """Lend an import a ``pkg_resources``: setuptools 82 removed it.

    Lasagne 0.1 asks it for its own version and forgets it. Theano's gpuarray
    takes an exception from it, and is imported, GPU or not, by the first
    ``theano.scan``. Nobody else gets it: a program that probes for
    `pkg_resources` later shall not find this stand-in.
    Setuptools 67 to 81 have it, but warn about it.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")
        missing = not ("pkg_resources" in sys.modules
                       or importlib.util.find_spec("pkg_resources"))
        if missing:
            from .edits.python_today import pkg_resources_stand_in
            sys.modules["pkg_resources"] = pkg_resources_stand_in()
        try:
            yield
        finally:
            if missing:
                sys.modules.pop("pkg_resources", None)


def lend_linspace(special):
    """Let Lasagne 0.2's TPSTransformerLayer ask for 4.0 points: NumPy 1.18
    takes no float for a number of them."""
    if hasattr(special, "_initialize_tps"):
        own = types.ModuleType("numpy")
        vars(own).update(__getattr__=functools.partial(getattr, special.np),
                         linspace=lambda a, b, n: np.linspace(a, b, int(n)))
        special.np = own


BEFORE_LASAGNE = (lend_pkg_resources, quiet_old_code)
LEND_TO_GPUARRAY = ImportWithin("theano.gpuarray.linalg", lend_pkg_resources)
