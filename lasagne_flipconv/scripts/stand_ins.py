"""Classes that stand for those of a pickle that nobody can import any more.

They keep what the file says of their objects, name themselves, and fail when
anything is to be computed.
"""
import contextlib
import copyreg
import functools

from lasagne.layers import InputLayer, Layer, MergeLayer

__all__ = ["StandIn", "loading", "reconstructed", "stand_in"]

_loading = []


@contextlib.contextmanager
def loading():
    """Let a pickle make objects of stand-ins within a ``with`` statement."""
    _loading.append(True)
    try:
        yield
    finally:
        _loading.pop()


def _refuse(cls, what):
    raise TypeError(
        "%s.%s: %s, but it only stands for a class or function that could not "
        "be imported; expected the real one. Define or import it, and call "
        "unpickle without stand_ins." % (cls.__module__, cls.__name__, what))


class _Type(type):
    """The type of stand-ins, which only a pickle calls."""

    def __call__(cls, *args, **kwargs):
        if not _loading:
            _refuse(cls, "was called")
        return cls.__new__(cls, *args, **kwargs)

    def __repr__(cls):
        return "<stand-in for %s.%s>" % (cls.__module__, cls.__name__)


class StandIn(metaclass=_Type):
    """What an object is of whose class cannot be imported.

    Parameters
    ----------
    *args, **kwargs : object
        What the pickle makes it with; kept as ``stand_in_arguments``.
    """

    def __new__(cls, *args, **kwargs):
        """Make an object that keeps what it was made with."""
        thing = object.__new__(cls)
        if args or kwargs:
            vars(thing)["stand_in_arguments"] = args, kwargs
        return thing

    def __setstate__(self, state):
        """Keep a state: attributes, or anything else as ``stand_in_state``."""
        if isinstance(state, tuple) and len(state) == 2 and (
                state[0] is None or isinstance(state[0], dict)):
            state = {**(state[0] or {}), **(state[1] or {})}
        if not isinstance(state, dict):
            state = {"stand_in_state": state}
        vars(self).update(state)
        for attribute, base in _LAYERS:
            if "params" in state and attribute in state:
                self.__class__ = _as_layer(type(self), base)
                break

    def __call__(self, *args, **kwargs):
        """Fail, for what it did is lost."""
        _refuse(type(self), "an object of it was called")

    def __repr__(self):
        return "<%s.%s, a stand-in>" % (type(self).__module__,
                                        type(self).__name__)

    def __len__(self):
        return len(vars(self).get("stand_in_items", ()))

    def __iter__(self):
        return iter(vars(self).get("stand_in_items", ()))

    def __bool__(self):
        return True

    def append(self, item):
        """Keep an item of what was a list."""
        vars(self).setdefault("stand_in_items", []).append(item)

    def extend(self, items):
        """Keep items of what was a list."""
        vars(self).setdefault("stand_in_items", []).extend(items)

    def __setitem__(self, key, value):
        """Keep an item of what was a dict."""
        vars(self).setdefault("stand_in_items", {})[key] = value

    def __getitem__(self, key):
        return vars(self)["stand_in_items"][key]


#: Attribute that tells a layer from anything else → what it was derived from.
_LAYERS = [("input_layers", MergeLayer), ("input_layer", Layer),
           ("input_var", InputLayer)]


class _LayerStandIn(StandIn):
    """A layer whose class cannot be imported; it has its parameters."""

    __iter__ = __len__ = __getitem__ = None  # Lasagne tells layers from lists

    def get_output_for(self, *args, **kwargs):
        """Fail, for what it computed is lost."""
        _refuse(type(self), "a layer of it was to compute its output")

    def get_output_shape_for(self, *args, **kwargs):
        """Fail, as :meth:`get_output_for`."""
        _refuse(type(self), "a layer of it was asked for its shape")


@functools.lru_cache(maxsize=None)
def stand_in(module, name):
    """Return the class that stands for one that cannot be imported.

    Parameters
    ----------
    module, name : str
        What the pickle calls it.

    Returns
    -------
    type
        Derived from :class:`StandIn`; the same for the same names.

    Examples
    --------
    >>> stand_in("__main__", "EarlyStopping")
    <stand-in for __main__.EarlyStopping>
    """
    return _Type(name.rpartition(".")[2], (StandIn,),
                 {"__module__": module, "__qualname__": name})


def reconstructed(kind, base, state):
    """Make an object as ``copyreg`` does, of a stand-in as well.

    Parameters
    ----------
    kind : type
        Its class.
    base : type
        The built-in type that it was derived from.
    state : object
        What that makes it from.

    Returns
    -------
    object
        Of class `kind`.
    """
    if not issubclass(kind, StandIn):
        return copyreg._reconstructor(kind, base, state)
    thing = kind.__new__(kind)
    if base is not object:
        vars(thing)["stand_in_items"] = state
    return thing


@functools.lru_cache(maxsize=None)
def _as_layer(cls, base):
    return _Type(cls.__name__, (_LayerStandIn, base), {
        "__module__": cls.__module__, "__qualname__": cls.__qualname__})
