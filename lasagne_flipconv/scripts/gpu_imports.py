"""Say what to use instead where a script imports what only old GPUs had.

``theano.sandbox.cuda`` is gone since Theano 1.0, but for the names in
``old_names.cuda``, and ``pygpu`` needs a GPU and its libraries. The error
stays an ImportError, so that a script that has something to fall back on does
so.
"""
import importlib
import importlib.util
import linecache
import sys
import traceback

import theano.sandbox

from .old_names import cuda

__all__ = ["explain"]

_INSTEAD = {
    "theano.sandbox.cuda": (
        "the GPU back end that Theano 1.0 removed",
        "Use theano.tensor.nnet.conv2d (filter_flip=False for what dnn_conv("
        "conv_mode='cross') and GpuCorrMM compute) and "
        "theano.tensor.signal.pool.pool_2d, which run anywhere; leave out "
        "gpu_contiguous and calls of use(): THEANO_FLAGS=device=... chooses "
        "the device."),
    "pygpu": (
        "the library of Theano's GPU arrays, which is not installed here",
        "Use theano.tensor and shared variables, which Theano puts onto the "
        "GPU itself where THEANO_FLAGS=device=cuda works."),
}

#: Packages that try such an import and can do without.
_LIBRARIES = ("theano", "lasagne", "lasagne_flipconv", "importlib")


def explain():
    """Let imports of GPU modules in scripts fail with the way out."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    names = {name for name in _INSTEAD if name != "pygpu"
             or importlib.util.find_spec(name) is None}
    sys.meta_path.insert(0, _Finder(names))
    theano.sandbox.__getattr__ = _missing_attribute


class _Finder:
    """Import hook that refuses some modules, with their replacement."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, fullname, path=None, target=None):
        """Raise if a script imports such a module, else leave it."""
        name = next((n for n in self.names
                     if (fullname + ".").startswith(n + ".")), None)
        frame = _caller()
        if name is None or frame is None:
            return None
        found = cuda.find(fullname, _missing_name)
        if found is None:
            raise ImportError(_text(name, frame), name=fullname)
        return found


def _missing_attribute(attribute):
    name = "theano.sandbox." + attribute
    frame = _caller()
    if name not in _INSTEAD or frame is None:
        raise AttributeError("module 'theano.sandbox' has no attribute %r"
                             % attribute)
    return importlib.import_module(name)


def _missing_name(module, attribute):
    """Explain that a module of old GPUs does not have a name."""
    full = "%s.%s" % (module, attribute)
    frame = _caller()
    if full in cuda.CONTENTS and not attribute.startswith("_"):
        return importlib.import_module(full)
    if frame is None or attribute.startswith("_"):
        raise AttributeError("module %r has no attribute %r"
                             % (module, attribute))
    raise AttributeError(_text("theano.sandbox.cuda", frame))


def _caller():
    """Return the frame that asks, None if it is a library's."""
    for frame, _ in traceback.walk_stack(sys._getframe()):
        name = frame.f_globals.get("__name__") or ""
        if name == __name__ or "importlib" in name or name.startswith(
                cuda.__package__):
            continue
        return None if name.split(".")[0] in _LIBRARIES else frame
    return None


def _text(name, frame):
    file, line = frame.f_code.co_filename, frame.f_lineno
    what, instead = _INSTEAD[name]
    code = linecache.getline(file, line, frame.f_globals).strip()
    return ("%s, line %d: %r needs %s, %s; expected code that runs on any "
            "machine. %s" % (file, line, code, name, what, instead))
