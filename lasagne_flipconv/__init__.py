"""Keep Lasagne models alive and right.

Importing this package first makes Theano 1.0.5 and Lasagne importable on
today's Python and NumPy.
"""
import importlib
import sys

from .compat.processors import heed_quota as _heed_quota
from .compat.theano_flags import let_blas_sleep as _let_blas_sleep

_heed_quota()  # both before NumPy is imported
_let_blas_sleep()

from .compat.environment import prepare as _prepare  # noqa: E402
from .compat.moved import find_moved as _find_moved  # noqa: E402

_prepare()
_find_moved()

__version__ = "0.1.0"

#: Where each public name lives; imported when first asked for.
_HOME = {
    "FlipconvError": "errors", "ConventionError": "errors",
    "CheckpointError": "errors", "UnsafeFileError": "errors",
    "Convention": "axes", "convert_kernel": "kernels",
    "convention_of": "conventions", "register": "conventions",
    "transfer": "weights.transfer",
    "Checkpoint": "weights.checkpoint", "load": "weights.checkpoint",
    "save": "weights.checkpoint", "read": "weights.checkpoint",
    "detect": "weights.orientation.detecting",
    "inspect_file": "weights.inspecting",
    "check_file": "weights.inspecting",
    "convert_file": "weights.converting",
    "export": "leaving.exporting", "to_torch": "leaving.exporting",
    "install": "scripts.installing", "uninstall": "scripts.installing",
    "replace_layers": "scripts.replace", "unpickle": "scripts.unpickling",
}

__all__ = sorted(_HOME) + ["distributed", "engine", "layers"]


def __getattr__(name):
    if name in ("layers", "conventions", "kernels", "errors", "engine",
                "distributed", "digits"):  # whose room find_moved knows
        return importlib.import_module("." + name, __name__)
    if name not in _HOME:
        raise AttributeError("module %r has no attribute %r"
                             % (__name__, name))
    value = getattr(importlib.import_module("." + _HOME[name], __name__),
                    name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))


if hasattr(sys.modules.get("theano"), "function"):
    from .cli.starting import import_engine as _import_engine

    _import_engine()  # it adds its rewrites to Theano's
