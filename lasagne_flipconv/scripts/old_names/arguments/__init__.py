"""What functions and classes took that take other arguments today.

``calls`` has one rule for each kind of change, ``facades`` makes what a script
gets by it, and ``era`` tells of which time that is. The tables: ``orders``,
``defaults``, ``words``, ``methods`` and ``functions`` of scikit-learn, by
``sklearn_calls``; ``others`` of what else is around. ``pillow_methods`` is
what Pillow's drawings and fonts had.
"""
from . import others, sklearn_calls
from .facades import is_facade

__all__ = ["MODULES", "lent", "may_change"]

MODULES = sklearn_calls.MODULES + others.MODULES

_PACKAGES = {"sklearn": sklearn_calls.lent, "h5py": others.lent,
             "matplotlib": others.lent, "skimage": others.lent,
             "scipy": others.lent, "PIL": others.lent,
             "_skimage2": others.lent}  # where 0.27 keeps its functions


def may_change(thing):
    """Tell whether something is a function or class of those packages.

    Parameters
    ----------
    thing : object
        What a module has.

    Returns
    -------
    bool
        Whether :func:`lent` looks at it.
    """
    return (callable(thing) and hasattr(thing, "__name__")
            and str(getattr(thing, "__module__", "")).partition(".")[0]
            in _PACKAGES and not is_facade(thing))


def lent(thing):
    """Return what takes the arguments that something took.

    Parameters
    ----------
    thing : object
        What a module has.

    Returns
    -------
    object
        It, or what calls it.
    """
    if not may_change(thing):
        return thing
    return _PACKAGES[thing.__module__.partition(".")[0]](thing)
