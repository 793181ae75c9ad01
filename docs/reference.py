"""Write a reference page for each module that has public names."""
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lasagne_flipconv

__all__ = ["documented", "modules", "write"]

PACKAGE = lasagne_flipconv.__name__

#: What most scripts need; their pages come first.
MAIN = (PACKAGE, PACKAGE + ".layers", PACKAGE + ".engine")

#: Packages whose modules are public as a whole only.
_WHOLE = (PACKAGE + ".layers", PACKAGE + ".cli", PACKAGE + ".formats",
          PACKAGE + ".engine", PACKAGE + ".leaving.rows",
          PACKAGE + ".leaving.graphs", PACKAGE + ".leaving.onnx_model",
          PACKAGE + ".leaving.torch_module", PACKAGE + ".pytorch",
          PACKAGE + ".distributed")

#: What cannot be imported without PyTorch; `engine.use` is its door.
_NEEDS_TORCH = PACKAGE + ".pytorch"


def modules():
    """Import and return the modules with an ``__all__``, by full name."""
    found = {}
    for info in pkgutil.walk_packages(lasagne_flipconv.__path__,
                                      PACKAGE + "."):
        parent = info.name.rpartition(".")[0]
        if parent in _WHOLE or parent.startswith(_WHOLE) or (
                info.name == _NEEDS_TORCH):
            continue
        module = importlib.import_module(info.name)
        if getattr(module, "__all__", None):
            found[info.name] = module
    return found


def documented(name, module):
    """Return the public names that the page of a module documents.

    The names of the package itself are on its own page, so that each is
    found under the name that is imported.
    """
    public = set() if module is lasagne_flipconv else {
        n for n in lasagne_flipconv.__all__
        if getattr(module, n, None) is getattr(lasagne_flipconv, n)}
    return [n for n in module.__all__ if n not in public
            and not inspect.ismodule(getattr(module, n))]


def write(folder):
    """Write one page for the package, and one for each module.

    Those in MAIN go into the folder ``main``, the others into ``modules``, and
    a table of them into ``modules.txt``.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made if it is not there.
    """
    pages = dict(modules(), **{PACKAGE: lasagne_flipconv})
    listed = ["* - :doc:`%s </generated/modules/%s>`\n  - %s"
              % (name[len(PACKAGE) + 1:], name, _summary(module))
              for name, module in pages.items() if name not in MAIN]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "modules.txt").write_text(
        ".. list-table::\n   :widths: 1 4\n\n"
        + "".join("   %s\n" % line for row in listed
                  for line in row.splitlines()), encoding="utf-8")
    for name, module in pages.items():
        text = "\n".join(_page(name, module, documented(name, module)))
        parent = folder / ("main" if name in MAIN else "modules")
        parent.mkdir(parents=True, exist_ok=True)
        (parent / (name + ".rst")).write_text(text + "\n", encoding="utf-8")


def _summary(module):
    return inspect.getdoc(module).splitlines()[0]


def _page(name, module, names):
    title = name if name == PACKAGE else name[len(PACKAGE) + 1:]
    # a name is either the function's or the module's
    mark = "currentmodule" if title in lasagne_flipconv.__all__ and not (
        inspect.ismodule(getattr(lasagne_flipconv, title))) else "module"
    yield from (title, "=" * len(title), "", ".. %s:: %s" % (mark, name), "")
    yield from (inspect.getdoc(module) or "").splitlines()
    yield ""
    moved = [n for n in module.__all__ if n not in names
             and not inspect.ismodule(getattr(module, n))]
    if moved:
        yield "Documented with the package: %s." % ", ".join(
            ":obj:`%s.%s`" % (PACKAGE, n) for n in moved)
        yield ""
    if names:
        yield from [".. autosummary::", "   :nosignatures:", ""]
        yield from ("   " + n for n in names)
        yield ""
    for n in names:
        yield from _entry(n, getattr(module, n))


def _entry(name, value):
    if inspect.isclass(value):
        yield ".. autoclass:: " + name
        if not value.__module__.startswith(PACKAGE + ".layers"):
            yield "   :members: " + ", ".join(_own_members(value))
    elif callable(value):
        yield ".. autofunction:: " + name
    else:
        yield ".. autodata:: " + name
        yield "   :no-value:"
    yield ""


def _own_members(cls):
    """Return the methods and properties that a class documents itself."""
    return [name for name, value in vars(cls).items()
            if not name.startswith("_") and value.__doc__
            and (inspect.isfunction(value) or isinstance(value, property))]
