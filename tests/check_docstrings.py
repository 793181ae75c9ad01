"""Check the docstrings of all public names with numpydoc: `make docstrings`.

Public are the names in the ``__all__`` of the package, of what lies directly
in it, as ``lasagne_flipconv.layers``, and of the modules in ROOMS. Prints one
line per fault and exits with 1 if there is any.
"""
import importlib
import inspect
import pkgutil
import sys
from importlib.util import find_spec

import lasagne_flipconv  # first, for it makes Theano importable

from numpydoc.validate import Validator, validate

#: Left out of numpydoc's checks: where the text starts and ends (GL01, GL02),
#: the sections that not every name needs (extended summary ES01, see also
#: SA01, examples EX01), and capitals and full stops of one-line descriptions
#: (PR08, PR09, RT04, RT05, SA02, SA03).
CHECKED = {
    "GL03", "GL05", "GL06", "GL07", "GL08", "GL09", "GL10",
    "SS01", "SS02", "SS03", "SS04", "SS05", "SS06",
    "PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR07", "PR10",
    "RT01", "RT02", "RT03", "YD01", "SA04",
}


#: Where a constructor takes ``**kwargs``, the text that layers share may
#: document what they pass on, and in its own order.
NOT_WITH_KWARGS = {"PR02", "PR03"}


#: The rooms whose modules are all public.
ROOMS = ("weights", "scripts", "compat")


def public_modules():
    """Import and yield the modules with an ``__all__`` that are public."""
    package = lasagne_flipconv.__name__
    names = [package] + [
        info.name for info in pkgutil.walk_packages(
            lasagne_flipconv.__path__, package + ".")
        if info.name != package + ".pytorch" or find_spec("torch")
        if info.name.count(".") == 1 or info.name.split(".")[1] in ROOMS]
    for name in names:
        module = importlib.import_module(name)
        if hasattr(module, "__all__"):
            yield module


def public_names():
    """Return the full names of all public functions and classes."""
    names = set()
    for module in public_modules():
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value) or inspect.isclass(value):
                names.add("%s.%s" % (value.__module__, value.__qualname__))
    return sorted(n for n in names if n.startswith("lasagne_flipconv."))


def faults(name):
    """Return the faults of one docstring as (code, text) pairs."""
    codes = CHECKED - (NOT_WITH_KWARGS if takes_kwargs(name) else set())
    return [(code, text) for code, text in validate(name)["errors"]
            if code in codes]


def takes_kwargs(name):
    """Tell whether a function or a class can be called with any keyword."""
    call = Validator._load_obj(name)
    call = call.__init__ if inspect.isclass(call) else call
    return inspect.isfunction(call) and bool(
        inspect.getfullargspec(call).varkw)


def main():
    """Print all faults; return the exit code."""
    names = public_names()
    found = [(name,) + fault for name in names for fault in faults(name)]
    for fault in found:
        print("%s: %s %s" % fault)
    print("%d public names, %d faults" % (len(names), len(found)))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
