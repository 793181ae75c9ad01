"""What a script gets of Matplotlib, scikit-image, h5py, SciPy and Pillow."""
import functools
import importlib
import inspect
import os

from .calls import ANY, Change
from .era import is_of_then
from .facades import facade

__all__ = ["MODULES", "lent"]

#: Modules of which a script is lent what takes other arguments today.
MODULES = ["h5py", "matplotlib.pyplot", "matplotlib.style", "scipy.stats",
           "PIL.ImageOps"] + [
    "skimage." + name for name in (
        "color exposure feature filters filters.rank io measure morphology "
        "restoration segmentation transform util").split()]


def _last_axis(multichannel):
    return -1 if multichannel else None


def _connectivity(neighbors):
    return {4: 1, 8: 2}.get(neighbors, neighbors)


_SKIMAGE = Change(renamed={
    "as_grey": "as_gray", "multichannel": ("channel_axis", _last_axis),
    "neighbors": ("connectivity", _connectivity), "normalise": "normalize",
    "selem": "footprint", "visualise": "visualize"})

#: Function of scikit-image → defaults that it had.
_DEFAULTS = {"hog": {"block_norm": "L1"}, "median": {"behavior": "rank"},
             "slic": {"start_label": 0}}

#: The mode of each column is a row, as until SciPy 1.11; a single one is none.
_MODE = Change(defaults={"keepdims": lambda arguments: (
    None if arguments.get("axis", 0) is None else True)})

#: Function of ``PIL.ImageOps`` → the argument that was NEAREST until Pillow 7.
_PILLOW = {name: Change(defaults={argument: lambda arguments: importlib
                                  .import_module("PIL.Image").NEAREST})
           for name, argument in (("fit", "method"), ("pad", "method"),
                                  ("scale", "resample"))}

_STYLES = ("bright colorblind dark dark-palette darkgrid deep muted notebook "
           "paper pastel poster talk ticks white whitegrid").split()

#: Function of Matplotlib → what it took.
_MATPLOTLIB = dict({
    "axes": Change(renamed={"axisbg": "facecolor"}),
    "subplot": Change(renamed={"axisbg": "facecolor"}),
    "grid": Change(renamed={"b": "visible"}),
    "savefig": Change(gone={"frameon": ANY}),
    "use": Change(values={"style": dict(
        {"seaborn-" + name: "seaborn-v0_8-" + name for name in _STYLES},
        seaborn="seaborn-v0_8")}),
}, **{name: Change(gone={"hold": (None, True, 1)}) for name in (
    "acorr bar barbs barh boxplot contour contourf errorbar fill hexbin hist "
    "hist2d imshow loglog pcolor pcolormesh pie plot plot_date quiver scatter "
    "semilogx semilogy specgram spy stackplot stem step tricontour tripcolor "
    "triplot xcorr").split()})


def _mode(arguments):
    """Return how a file was opened: to be written, too, where it can be.

    For programs of Python 3, as today.
    """
    if not is_of_then():
        return None
    name = arguments.get("name")
    fixed = isinstance(name, (str, bytes, os.PathLike)) and os.path.exists(
        name) and not os.access(name, os.W_OK)
    return "r" if fixed else "a"


_FILE = Change(defaults={"mode": _mode})


@functools.lru_cache(maxsize=None)
def lent(thing):
    """Return what takes the arguments that a function or class took.

    Parameters
    ----------
    thing : callable
        A function or class of one of the packages.

    Returns
    -------
    callable
        It, if it takes the same.
    """
    change = _change(thing, thing.__module__.partition(".")[0])
    return thing if change is None else facade(thing, change)


def _change(thing, package):
    if package == "h5py":
        return _FILE if thing.__name__ == "File" else None
    if package == "PIL":
        return _PILLOW.get(thing.__name__) if (
            thing.__module__ == "PIL.ImageOps") else None
    if package == "matplotlib":
        return _MATPLOTLIB.get(thing.__name__) if (
            thing.__module__ in MODULES + ["matplotlib.style.core"]) else None
    if isinstance(thing, type) or package == "scipy" and (
            thing.__name__ != "mode"):
        return None
    try:
        today = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return None
    if package == "scipy":
        return _MODE if "keepdims" in today else None
    defaults = _DEFAULTS.get(thing.__name__, {})
    new = {name if isinstance(name, str) else name[0]
           for name in _SKIMAGE.renamed.values()} | set(defaults)
    return _SKIMAGE._replace(defaults={
        name: value for name, value in defaults.items() if name in today
    }) if new & set(today) else None
