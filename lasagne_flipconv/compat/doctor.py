"""What `lasagne-flipconv doctor` finds out about a machine.

Each check is one function that returns a :class:`Finding`; :func:`examine`
runs them in the order in which their causes are to be mended. Nothing here
prints, and nothing raises, whatever is missing, cannot be imported or fails.
"""
import errno
import importlib
import mmap
import os
import platform
import sys
import tempfile
from collections import namedtuple
from importlib import metadata

from ..errors import escaped
from . import environment
from .checks.compilers import compile_problem, compiler_version, has_openmp
from .checks.configuration import find_fault, refused_flag, without
from .processors import processors
from .theano_flags import (DEVICE, find_compiler, instead_of_gpu, old_gpu,
                           user_flag)

__all__ = ["Finding", "examine"]

OK, SLOW, BROKEN = "ok", "slow", "broken"

Finding = namedtuple("Finding", "name state detail mend")
Finding.__doc__ = """One thing that was looked at.

Parameters
----------
name : str
    What was looked at, for example ``"BLAS"``.
state : {"ok", "slow", "broken"}
    How it is.
detail : str
    What was found: versions, paths, GFLOP/s.
mend : str or None
    The command that mends it; None if `state` is ``"ok"``.

Examples
--------
>>> Finding("Python", "ok", "3.11.7", None).state
'ok'
"""

#: A reference BLAS makes 1 to 3 on one core, an OpenBLAS from 2011 on 10.
LEAST_GFLOPS = 5

#: What has to fit a compile cache at least, as a few modules do.
_MODULE_BYTES = 1 << 20

_PIP = "python -m pip install "
_UNINSTALL = "python -m pip uninstall -y Theano"
#: For a Theano that is missing, and for one that is broken.
_THEANO, _THEANO_ANEW = (
    ("lasagne-flipconv theano", _UNINSTALL + " && lasagne-flipconv theano")
    if sys.version_info >= (3, 12) else
    (_PIP + "Theano==1.0.5", _PIP + "--force-reinstall --no-deps "
     "--no-cache-dir Theano==1.0.5"))
_ADD_FLAG = 'export THEANO_FLAGS="$THEANO_FLAGS,%s"'


def examine(tell=lambda finding: None):
    """Look at all that Theano and Lasagne need on this machine.

    Parameters
    ----------
    tell : callable, optional
        Called with each finding as soon as it is there.

    Returns
    -------
    list of Finding
        Python, NumPy, SciPy, compiler, compile cache, Theano, Lasagne, BLAS,
        OpenMP and the fast engine; the configuration, after SciPy, if Theano
        cannot read it; the device, if the environment names one. The product
        that is timed for BLAS takes a few seconds.

    Examples
    --------
    >>> found = examine()
    >>> found[0].name, found[0].state
    ('Python', 'ok')
    """
    findings = []

    def add(finding):
        findings.append(finding)
        tell(finding)

    for check in (python, numpy, scipy, configuration, compiler,
                  compile_cache):
        finding = check()
        if finding:
            add(finding)
    for check in (theano, lasagne):
        add(check(findings))
    for check, name in ((blas, "BLAS"), (openmp, "OpenMP"),
                        (fast_engine, "fast engine")):
        add(after_theano(check, name, findings))
    if os.environ.get(DEVICE):
        add(after_theano(device, "device", findings))
    return findings


def ok(name, detail):
    """Return a finding that needs no mending."""
    return Finding(name, OK, detail, None)


def python():
    """Check the version of Python."""
    detail = "%s, %s" % (platform.python_version(), sys.executable)
    first, last = environment.PYTHONS
    if sys.flags.optimize > 1:
        return Finding("Python", BROKEN, "%s; %s" % (
            detail, environment.NO_DOCSTRINGS), "unset PYTHONOPTIMIZE")
    if first <= sys.version_info[:2] <= last:
        return ok("Python", detail)
    return Finding("Python", BROKEN, "%s; Theano 1.0.5 works on %s" % (
        detail, environment.PYTHON_RANGE), "uv python install 3.11")


def numpy():
    """Check the version of NumPy."""
    mend = '%s"%s"' % (_PIP, environment.NUMPY_RANGE)
    if environment.np is None:
        return Finding("NumPy", BROKEN, "not installed", mend)
    version = environment.np.__version__
    if environment.numpy_version() >= (1, 21):
        return ok("NumPy", version)
    return Finding("NumPy", BROKEN, "%s; Theano 1.0.5 works with %s" % (
        version, environment.NUMPY_RANGE), mend)


def scipy():
    """Check that SciPy can be imported."""
    try:
        return ok("SciPy", importlib.import_module("scipy").__version__)
    except Exception as error:  # built for another NumPy
        return Finding("SciPy", BROKEN, first_line(error),
                       _PIP + '"scipy>=1.7"')


def configuration():
    """Look for what Theano cannot read, or refuses; return None if it can."""
    fault = find_fault() or refused_flag(import_error("theano"))
    if fault is None:
        return None
    return Finding("configuration", BROKEN, fault.problem, fault.mend)


def compiler():
    """Check that there is a C++ compiler that finds Python's headers."""
    path, told = find_compiler(), user_flag("cxx") is not None
    if path is None and told:
        return Finding("compiler", BROKEN, "switched off by the user: cxx=",
                       without("cxx"))
    problem = compile_problem(path) if path else "no C++ compiler found"
    if problem:
        named = told and "Python.h" not in problem
        return Finding("compiler", BROKEN, problem, without("cxx") if named
                       else environment.compiler_command())
    flags = (user_flag("gcc.cxxflags") or "").split()  # as Theano does
    problem = compile_problem(path, flags) if flags else None
    if problem:
        return Finding("compiler", BROKEN, problem, without("gcc.cxxflags"))
    return ok("compiler", "%s, %s" % (path, compiler_version(path)))


def compile_cache():
    """Check that Theano can write its compiled modules."""
    folder = os.path.expanduser(user_flag("compiledir") or
                                user_flag("base_compiledir") or
                                os.path.join("~", ".theano"))
    there = folder
    while not os.path.exists(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    problem = (cache_problem(there) if os.path.isdir(there)
               else "cannot be written")
    if problem:
        return Finding(
            "compile cache", BROKEN, "%s %s" % (folder, problem),
            _ADD_FLAG % ("base_compiledir=" + os.path.join(
                tempfile.gettempdir(), "theano")))
    return ok("compile cache", "%s, %d compiled modules" % (
        folder, count_modules(folder)))


def cache_problem(folder):
    """Return why no module can be kept in a folder, None if it can.

    A file is written and, where there is ``PROT_EXEC``, mapped as code is,
    which a file system that is mounted with ``noexec`` refuses.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_MODULE_BYTES))
            file.flush()
            return map_problem(file)
    except OSError as error:
        return "cannot be written" + (
            ": " + error.strerror if error.errno == errno.ENOSPC else "")


def map_problem(file):
    """Return why code in a file cannot be run, None if it can."""
    if not hasattr(mmap, "PROT_EXEC"):
        return None
    try:
        mmap.mmap(file.fileno(), _MODULE_BYTES, flags=mmap.MAP_PRIVATE,
                  prot=mmap.PROT_READ | mmap.PROT_EXEC).close()
    except PermissionError:
        return "is on a file system from which no code runs (noexec)"
    return None


def count_modules(folder):
    """Count the modules that Theano has compiled below a folder."""
    return sum("key.pkl" in files for _, _, files in os.walk(folder))


def theano(before):
    """Check that the installed Theano is Theano 1.0.5 and can be imported."""
    classic, pymc = installed("Theano"), installed("Theano-PyMC")
    if pymc:
        detail = "Theano-PyMC %s%s; Lasagne needs Theano 1.0.5" % (
            pymc, " over Theano " + classic if classic else "")
        return Finding("Theano", BROKEN, detail,
                       _UNINSTALL + " Theano-PyMC && " + _THEANO)
    problem = import_problem("theano")
    if problem and not classic:
        return Finding("Theano", BROKEN, "not installed", _THEANO)
    if problem:
        refused = is_broken("configuration", before)
        return Finding("Theano", BROKEN, "it needs another configuration"
                       if refused else problem,
                       mend_of(before) or _THEANO_ANEW)
    version = sys.modules["theano"].__version__
    asked = old_gpu()
    return ok("Theano", version + (
        "" if version.startswith("1.0.5") else "; tested is 1.0.5") + (
        "; " + instead_of_gpu(asked) if asked else ""))


def installed(name):
    """Return the version of an installed distribution, None without it."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def import_problem(name):
    """Return why a module cannot be imported, None if it can."""
    if environment.why_unsupported():
        return "cannot run here, see above"
    error = import_error(name)
    return None if error is None else first_line(error)


def import_error(name):
    """Return what the import of a module raised, None if it can be done."""
    try:
        importlib.import_module(name)
    except Exception as error:
        return error.__cause__ or error
    return None


def first_line(error):
    """Return the first line of a message, 100 characters at most."""
    return (str(error).strip().splitlines() or ["fails"])[0][:100]


def mend_of(findings):
    """Return the command for the first that is broken, None without any."""
    return next((f.mend for f in findings if f.state == BROKEN), None)


def is_broken(name, findings):
    """Tell whether what was looked at under a name is broken."""
    return any(f.name == name and f.state == BROKEN for f in findings)


def lasagne(before):
    """Check that Lasagne can be imported."""
    problem = import_problem("lasagne")
    if problem is None:
        module = sys.modules["lasagne"]
        return ok("Lasagne", "%s, %s" % (
            module.__version__, os.path.dirname(module.__file__)))
    if not installed("Lasagne") and "lasagne" not in sys.modules:
        return Finding("Lasagne", BROKEN, "not installed",
                       _PIP + "Lasagne==0.1")
    if is_broken("Theano", before):
        problem = "it needs Theano"
    return Finding("Lasagne", BROKEN, problem, mend_of(before) or
                   _PIP + "--force-reinstall --no-deps Lasagne==0.1")


def after_theano(check, name, before):
    """Run a check that needs Theano, or tell that it cannot be run."""
    for needed, called in (("Theano", "Theano"),
                           ("compile cache", "a compile cache"),
                           ("compiler", "a compiler that works")):
        # without any, Theano computes in Python
        if is_broken(needed, before) and (needed != "compiler"
                                          or find_compiler()):
            return Finding(name, BROKEN, "not measured: it needs " + called,
                           mend_of(before))
    try:
        return check()
    except Exception as error:
        return Finding(name, BROKEN, "not measured: " + first_line(error),
                       mend_of(before) or environment.compiler_command())


def blas():
    """Check by timing that products go through a fast BLAS."""
    from . import products
    compiler = find_compiler()
    flags = sys.modules["theano"].config.blas.ldflags if compiler else ""
    if flags and not products.links(compiler, flags.split()):
        return Finding("BLAS", BROKEN, "no program links with blas.ldflags=%s"
                       % flags, _ADD_FLAG % "blas.ldflags=")
    rate, own = products.theano_rate(), products.numpy_rate()
    name, system = products.fastest_system_blas(compiler)
    rate = max(rate, products.theano_rate())  # other programs may have run
    detail = "%s: %.0f GFLOP/s in Theano, %.0f in NumPy" % (
        flags or "NumPy's own", rate, own)
    if system > 1.15 * max(rate, own) and "-l" + name not in flags.split():
        return Finding("BLAS", SLOW, "%s, %.0f in -l%s" % (
            detail, system, name), _ADD_FLAG % ("blas.ldflags=-l" + name))
    if rate < 0.6 * own:
        return Finding("BLAS", SLOW, detail, _ADD_FLAG % "blas.ldflags=")
    if own < LEAST_GFLOPS:
        return Finding("BLAS", SLOW, detail, '%s"%s"' % (
            _PIP + "--force-reinstall --only-binary :all: ",
            environment.NUMPY_RANGE))
    return ok("BLAS", detail)


def openmp():
    """Check that the compiler has OpenMP, and tell whether it is used."""
    path = find_compiler()
    if path is None:
        return Finding("OpenMP", SLOW, "not looked at: it needs a compiler",
                       compiler().mend)
    if not has_openmp(path):
        return Finding("OpenMP", SLOW, "the compiler has no -fopenmp",
                       environment.compiler_command())
    told, most = os.environ.get("OMP_NUM_THREADS", ""), processors()
    if told.isdigit() and int(told) > most:
        return Finding("OpenMP", SLOW, "OMP_NUM_THREADS=%s, where this "
                       "process can run %d at once" % (told, most),
                       "export OMP_NUM_THREADS=%d" % most)
    on = sys.modules["theano"].config.openmp
    return ok("OpenMP", "%d cores; Theano's own loops use %s" % (
        most, "all of them" if on else
        "one (openmp=False), BLAS as many as it likes"))


def fast_engine():
    """Check that convolutions in float32 run on oneDNN."""
    from .. import engine
    reason = engine.why_off()
    if reason is None:
        floatx = sys.modules["theano"].config.floatX
        detail = "oneDNN computes what is in float32; floatX is %s" % floatx
        if floatx == "float32":
            return ok("fast engine", detail)
        return Finding("fast engine", SLOW, detail + ", so it computes "
                       "nothing", _ADD_FLAG % "floatX=float32")
    if "not installed" in reason:
        return Finding("fast engine", SLOW, first_line(reason),
                       _PIP + " ".join(engine.library.REQUIREMENTS))
    return ok("fast engine", "not used: " + first_line(reason))


def device():
    """Check that PyTorch can compute where the environment says."""
    from ..engine import EngineError, machines
    try:
        machines.use_device(None)
    except EngineError as error:
        return Finding("device", BROKEN, escaped(str(error).splitlines()[0]),
                       "unset " + DEVICE)
    return ok("device", "PyTorch computes on %s, as %s says" % (
        os.environ[DEVICE], DEVICE))
