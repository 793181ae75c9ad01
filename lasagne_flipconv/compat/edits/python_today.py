"""What Python 3.12 and 3.13, NumPy and SciPy dropped that Theano imports."""
import importlib
import shutil
import sys
import sysconfig
import types
from importlib import metadata

import numpy as np

from .importing import Edit

__all__ = ["edits", "stand_ins"]

_WHY = ("Python 3.13: a method of a pickler written in C cannot be assigned; "
        "one of a subclass can")
_MODULE = "theano.misc.pkl_utils"

PICKLERS = [
    Edit(_MODULE, "            p = pickle.Pickler(f, protocol=protocol)",
         "            p = type('Pickler', (pickle.Pickler,), {})"
         "(f, protocol=protocol)", _WHY),
    Edit(_MODULE, "p = pickle.Unpickler(BytesIO(",
         "p = type('Unpickler', (pickle.Unpickler,), {})(BytesIO(", _WHY),
]


def edits():
    """Return the edits that this Python needs.

    Returns
    -------
    list of Edit
        Empty up to Python 3.12.
    """
    return list(PICKLERS) if sys.version_info >= (3, 13) else []


def stand_ins():
    """Return what imports get instead of what Python and NumPy dropped.

    Returns
    -------
    dict of str to module
        By name; None for what shall not be found.
    """
    lent = {"distutils": distutils(), "numpy.distutils": numpy_distutils(),
            "numpy.distutils.__config__": None,
            "pkg_resources": pkg_resources_stand_in(),
            "imp": module("imp"), "scipy.stats": module("scipy.stats")}
    lent.update(scipy_signal())
    lent["distutils.sysconfig"] = lent["distutils"].sysconfig
    lent["distutils.spawn"] = lent["distutils"].spawn
    return lent


def scipy_signal():
    """Return what Theano imports of ``scipy.signal``, imported when called.

    SciPy 1.8 moved the modules behind an underscore. ``scipy.signal`` and
    ``scipy.stats`` take half the time of importing Theano, which calls them
    without a compiler and for one distribution; SciPy itself imports what
    is asked of it.
    """
    tools, inner = "scipy.signal._signaltools", "scipy.signal._sigtools"
    return {
        "scipy.signal.signaltools": module("signaltools", **{
            name: later(tools, name)
            for name in ("convolve", "_valfrommode", "_bvalfromboundary")}),
        "scipy.signal.sigtools": module(
            "sigtools", _convolve2d=later(inner, "_convolve2d"))}


def later(name, function):
    """Return a function of a module that is imported when it is called."""
    def call(*args, **options):
        return getattr(importlib.import_module(name), function)(
            *args, **options)

    return call


def module(name, **names):
    """Return a module with these names in it."""
    made = types.ModuleType(name, "What Theano and Lasagne ask of this name.")
    vars(made).update(names)
    return made


def distutils():
    """Return what Theano asks of the standard library's ``distutils``."""
    return module(
        "distutils", spawn=module("spawn", find_executable=shutil.which),
        sysconfig=module(
            "sysconfig", get_config_var=sysconfig.get_config_var,
            get_config_h_filename=sysconfig.get_config_h_filename,
            get_python_version=sysconfig.get_python_version,
            get_python_inc=python_headers, get_python_lib=python_library))


def python_headers(plat_specific=False):
    """Return the folder of ``Python.h``, or of what is this platform's."""
    return sysconfig.get_path("platinclude" if plat_specific else "include")


def python_library(plat_specific, standard_lib):
    """Return the folder of the standard library, all that is asked for."""
    return sysconfig.get_path("stdlib")


def numpy_distutils():
    """Return what Theano asks of ``numpy.distutils``."""
    return module("numpy.distutils", misc_util=module(
        "misc_util", get_numpy_include_dirs=lambda: [np.get_include()]))


def pkg_resources_stand_in():
    """Return a module with what Lasagne 0.1 and Theano ask of the name."""
    return module("pkg_resources",
                  DistributionNotFound=metadata.PackageNotFoundError,
                  get_distribution=metadata.distribution)
