"""What looks something up: names, classes, keys, of bytes that were texts."""
import builtins

import numpy as np

from .library.equality import is_or_equals
from .strings import Bytes, text_of

__all__ = ["BUILT_IN", "BY_KEY", "METHODS", "key", "keywords"]


#: Methods of containers whose first argument is a key.
BY_KEY = ("add", "discard", "get", "has_key", "pop", "setdefault")


def key(x):
    """Return what is looked up, as one that is equal to the text it was.

    Parameters
    ----------
    x : object
        A key.

    Returns
    -------
    object
        The same if it is no bytes.
    """
    return Bytes(x) if type(x) is bytes else x


def _of_sequence(name):
    """Return what gives a list a method that looks for an item."""
    def given(things):
        if not isinstance(things, (list, tuple)):
            return None
        method = getattr(things, name)

        def looks_up(item, *bounds):
            try:
                return method(key(item), *bounds)
            except ValueError:
                if not _has_arrays(things, item) or bounds:
                    raise
            places = [at for at, x in enumerate(things)
                      if is_or_equals(x, item)]
            return _OF_PLACES[name](things, places)
        return looks_up
    return given


def _first(things, places):
    if not places:
        raise ValueError("what was looked for is not in list")
    return places[0]


#: Method → what it does, by the places of what is equal.
_OF_PLACES = {"count": lambda things, places: len(places), "index": _first,
              "remove": lambda things, places: things.__delitem__(
                  _first(things, places))}


def _has_arrays(things, item):
    return any(isinstance(x, np.ndarray) for x in [item, *things])


#: Method → what is given for it, None to look further.
METHODS = {name: _of_sequence(name) for name in _OF_PLACES}


def _kinds(kinds):
    """Yield the classes that a tuple of them names, however deep."""
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if isinstance(kind, tuple):
            yield from _kinds(kind)
        else:
            yield kind


def _isinstance(thing, kinds):
    """Tell whether a thing is of a class; int64 was one of int.

    A text is of ``bytes``, and bytes are a text.
    """
    if isinstance(thing, kinds):
        return True
    other = (int if isinstance(thing, np.int64) else bytes if isinstance(
        thing, str) else str if isinstance(thing, bytes) else None)
    return other is not None and other in _kinds(kinds)


def _named(function):
    """Return ``getattr`` or its kind, which takes a name in bytes."""
    return lambda thing, name, *value: function(
        thing, text_of(name) if isinstance(name, bytes) else name, *value)


def keywords(options):
    """Return what is passed as ``**options``, with texts for names.

    Parameters
    ----------
    options : mapping
        Its keys may be bytes.

    Returns
    -------
    mapping
        With texts, if there are any.
    """
    return {text_of(name) if isinstance(name, bytes) else name: value
            for name, value in options.items()} if isinstance(
                options, dict) and any(isinstance(name, bytes)
                                       for name in options) else options


def _issubclass(cls, kinds):
    return issubclass(cls, kinds) or (
        issubclass(cls, np.int64) and int in _kinds(kinds))


#: Functions that are built in.
BUILT_IN = {"isinstance": _isinstance, "issubclass": _issubclass, **{
    name: _named(getattr(builtins, name)) for name in (
        "delattr", "getattr", "hasattr", "setattr")}}
