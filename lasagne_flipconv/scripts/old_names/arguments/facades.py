"""Give a script functions and classes that take what they took.

What a class makes is the installed package's own, so that it can be copied
and pickled as ever, and read where this package is not; unless the class has
methods that are gone.
"""
import abc
import copyreg
import functools
import inspect
import operator
import warnings

from .calls import as_today
from .era import is_of_then

__all__ = ["facade", "is_facade"]

_TOLD = set()


def facade(thing, change, methods=None, home=__name__):
    """Return what takes the arguments of then.

    Parameters
    ----------
    thing : callable
        A function or a class.
    change : Change
        What it took.
    methods : dict, optional
        What a class has besides; its instances are of a class of their own.
    home : str, optional
        The module in which pickle finds that class.

    Returns
    -------
    callable
        A class of which the instances of `thing` are instances, or a
        function.

    Examples
    --------
    >>> from .calls import Change
    >>> class Stock:
    ...     def __init__(self, *, size=1):
    ...         self.size = size
    >>> Lent = facade(Stock, Change(defaults={"size": 2}, always=True))
    >>> Lent().size, Lent(3).size, type(Lent()) is Stock
    (2, 3, True)
    >>> isinstance(Stock(), Lent), Lent == Stock
    (True, True)
    """
    if isinstance(thing, type):
        return _class(thing, change, methods or {}, home)
    return _Function(thing, change)


def is_facade(thing):
    """Tell whether something was made by :func:`facade`.

    Parameters
    ----------
    thing : object
        Anything.

    Returns
    -------
    bool
        Whether it was, or derives from such a class.
    """
    return isinstance(thing, (_Function, _Facade))


def _translated(thing, change, args, kwargs):
    """Return today's arguments; tell once what they cannot say."""
    args, kwargs, told = as_today(thing, change, args, kwargs,
                                  change.always or is_of_then())
    if told and thing not in _TOLD:
        _TOLD.add(thing)
        warnings.warn("%s: %s." % (thing.__name__, "; ".join(told)),
                      stacklevel=3)
    return args, kwargs


class _Function:
    """Call a function as it was called; pickle finds the function itself."""

    def __init__(self, today, change):
        functools.update_wrapper(self, today)
        self._change = change

    def __call__(self, *args, **kwargs):
        args, kwargs = _translated(self.__wrapped__, self._change, args,
                                   kwargs)
        return self.__wrapped__(*args, **kwargs)

    def __repr__(self):
        return repr(self.__wrapped__)

    def __reduce__(self):
        return operator.itemgetter(0), ((self.__wrapped__,),)


class _Facade(abc.ABCMeta):
    """Make what a class of today makes, and equal it."""

    def __eq__(cls, other):
        return cls is other or vars(cls).get("_facade", (None,))[0] is other

    def __hash__(cls):
        return hash(vars(cls)["_facade"][0]) if (
            "_facade" in vars(cls)) else super().__hash__()

    def __call__(cls, *args, **kwargs):
        """Return an instance."""
        today, change, own = vars(cls).get("_facade", (None, None, True))
        if today is not None:
            args, kwargs = _translated(today, change, args, kwargs)
        if own:
            return super().__call__(*args, **kwargs)
        return today(*args, **kwargs)

    def __instancecheck__(cls, instance):
        """Tell whether something is an instance of the class of today."""
        today = vars(cls).get("_facade", (None,))[0]
        if today is not None:
            return isinstance(instance, today)
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, other):
        """Tell whether a class derives from that of today."""
        today = vars(cls).get("_facade", (None,))[0]
        if today is not None:
            return type.__subclasscheck__(today, other)  # an ABC asks back
        return super().__subclasscheck__(other)


def _where(cls):
    """Tell pickle where a class is found: the one of today, if that is it."""
    today, _, own = vars(cls).get("_facade", (None, None, True))
    return cls.__qualname__ if own else (operator.itemgetter(0), ((today,),))


copyreg.pickle(_Facade, _where)


def _class(today, change, methods, home):
    def __init__(self, *args, **kwargs):
        args, kwargs = _translated(today, change, args, kwargs)
        today.__init__(self, *args, **kwargs)

    __init__.__signature__ = inspect.signature(today.__init__)
    __init__.__doc__ = today.__init__.__doc__
    return _Facade(today.__name__, (today,), dict(
        methods, __init__=__init__, __doc__=today.__doc__,
        __module__=home if methods else today.__module__,
        _facade=(today, change, bool(methods))))
