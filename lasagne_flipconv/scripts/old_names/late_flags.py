"""Flags that a script sets before it imports Theano, which is there already.

Those that Theano reads when it compiles are obeyed at once.
"""
import os
import sys
from types import ModuleType

from ...compat.theano_flags import flags_of, is_for_gpu, user_flag

__all__ = ["LateFlags"]

#: What Theano looks at each time; of a name with a dot, all of that section.
_IN_TIME = {
    "floatX", "mode", "linker", "optimizer", "compute_test_value",
    "compute_test_value_opt", "exception_verbosity", "allow_gc",
    "on_unused_input", "on_opt_error", "warn_float64", "cast_policy",
    "int_division", "print_test_value", "optimizer_verbose", "profile",
    "profile_memory", "profile_optimizer", "blas.ldflags",
    "gcc.cxxflags", "conv.assert_shape", "reoptimize_unpickled_function"}
_SECTIONS = ("cmodule.", "scan.", "traceback.", "DebugMode.", "NanGuardMode.",
             "numpy.", "warn.", "profiling.")


class LateFlags:
    """Obey what is put into ``os.environ["THEANO_FLAGS"]``, or THEANORC.

    Parameters
    ----------
    kept : iterable of str
        Flags that the user chose on the command line.
    """

    def __init__(self, kept=()):
        self.kept = set(kept)
        self.before = flags_of(os.environ.get("THEANO_FLAGS", ""))
        self.modules, self.too_late = set(sys.modules), {}
        self._cls = None

    def watch(self):
        """Act on whatever is set from now on."""
        outer, self._cls = self, type(os.environ)

        class Environment(self._cls):
            """The environment, with an ear for Theano's variables."""

            def __setitem__(self, key, value):
                super().__setitem__(key, value)
                if key == "THEANO_FLAGS":
                    outer.obey(key, flags_of(value))
                elif key == "THEANORC":
                    outer.obey(key, _flags_of_files())

        Environment.__name__ = Environment.__qualname__ = self._cls.__name__
        os.environ.__class__ = Environment

    def stop(self):
        """Act no more."""
        os.environ.__class__ = self._cls

    def obey(self, variable, flags):
        """Do what flags say, unless the script has imported Theano before.

        Parameters
        ----------
        variable : str
            What they were put into.
        flags : dict of str to str
            Name → value.
        """
        if self._knows_theano():
            return
        for name, value in flags.items():
            if name in self.kept or self.before.get(name) == value:
                continue
            if not is_for_gpu(name) and not _set(name, value):
                self.too_late.setdefault(variable, {})[name] = value

    def _knows_theano(self):
        """Tell whether a module of the script has Theano or Lasagne."""
        own = [module for name, module in list(sys.modules.items())
               if name not in self.modules or name == "__main__"]
        return any(isinstance(value, ModuleType)
                   and value.__name__.split(".")[0] in ("theano", "lasagne")
                   for module in own
                   for value in list(getattr(module, "__dict__", {}).values())
                   if getattr(module, "__name__", "").split(".")[0]
                   not in ("theano", "lasagne", "lasagne_flipconv"))


def _flags_of_files():
    """Return the flags that Theano would find in its files now."""
    names = [option.fullname for option in
             sys.modules["theano"].configparser._config_var_list]
    found = {name: user_flag(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _set(name, value):
    """Set a flag of Theano; return whether that has an effect."""
    if name not in _IN_TIME and not name.startswith(_SECTIONS):
        return _holds(name, value)
    place = sys.modules["theano"].config
    *sections, option = name.split(".")
    try:
        for section in sections:
            place = getattr(place, section)
        setattr(place, option, value)
    except Exception:  # no such flag, or none that can be set
        return False
    return True


def _holds(name, value):
    """Tell whether a flag has that value."""
    place = sys.modules["theano"].config
    for part in name.split("."):
        place = getattr(place, part, None)
    return str(place).lower() == value.lower()
