"""From the arguments that a call had to those that it has today."""
import functools
import importlib
import inspect
from collections import namedtuple

__all__ = ["ANY", "Change", "Until", "as_today"]

#: For what is gone: whatever was passed, it computes the same.
ANY = object()

Change = namedtuple("Change", "order renamed values gone defaults always",
                    defaults=((), {}, {}, {}, {}, False))
Change.__doc__ = """What a function took, where that differs from today.

Parameters
----------
order : list of str
    Its arguments as they stood; if empty, as they stand today, those that
    can be passed by name only at the end.
renamed : dict
    Name → today's; or today's, and a function of the value.
values : dict
    Name → what was passed → what is passed today.
gone : dict
    Name → values that may be left out, or `ANY`.
defaults : dict
    Name → the default; a function of the other arguments gives it, or None;
    an :class:`Until` holds in early releases.
always : bool
    Whether it is for programs of Python 3 as well, as where it is found only
    in a module that is gone.
"""

Until = namedtuple("Until", "release value today")
Until.__doc__ = """A default that later releases cannot be given.

Parameters
----------
release : str
    Of the package, the first that cannot.
value : object
    The default.
today : str
    What there is from then on.
"""

#: Where None stands for the default, whatever it is.
_NONE_FOR_DEFAULT = {"cv", "decision_function_shape"}


def as_today(thing, change, args, kwargs, of_then=True):
    """Translate the arguments of a call.

    Parameters
    ----------
    thing : callable
        What is called today.
    change : Change
        What it took.
    args : tuple
        By position.
    kwargs : dict
        By name.
    of_then : bool, default True
        Whether the defaults and the order of then are wanted, or to be told
        what the defaults were; more arguments than go by position today are
        in the order of then in any case.

    Returns
    -------
    args : tuple
        As passed today.
    kwargs : dict
        As passed today.
    told : list of str
        Defaults that are others today.

    Raises
    ------
    TypeError
        If an argument is passed twice.
    ValueError
        If what is gone was to do something.

    Examples
    --------
    >>> def f(x, *, width=1): pass
    >>> as_today(f, Change(renamed={"size": "width"}), (1, 2), {})
    ((), {'x': 1, 'width': 2}, [])
    >>> as_today(f, Change(renamed={"size": "width"}), (1,), {"size": 3})
    ((), {'x': 1, 'width': 3}, [])
    """
    today = _parameters(thing)
    if of_then or len(args) > _most(today):
        args, kwargs = _by_name(thing, today, change, args, kwargs)
    else:
        kwargs = dict(kwargs)
    _rename(today, change.renamed, kwargs)
    left_out = _leave_out(thing, today, change, kwargs)
    for name, values in change.values.items():
        value = kwargs.get(name)
        if isinstance(value, (str, bool)) and value in values:
            kwargs[name] = values[value]
    passed = {name for name, _ in zip(today, args)} | set(kwargs) | left_out
    add = _add_defaults if of_then else _tell_defaults
    return args, kwargs, add(thing, today, change, passed, kwargs)


def _most(today):
    """Return how many arguments go by position."""
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
               for one in today.values())


@functools.lru_cache(maxsize=None)
def _parameters(thing):
    return inspect.signature(thing).parameters


def _same(value):
    return value


def _rename(today, renamed, kwargs):
    """Pass arguments by their names of today, where the old ones are gone."""
    for old in set(renamed) & set(kwargs):
        new, convert = (renamed[old], _same) if isinstance(
            renamed[old], str) else renamed[old]
        there = old in today and today[old].default != "deprecated"
        if _takes(today, new) and (old == new or not there):
            value = convert(kwargs.pop(old))
            if kwargs.get(new) is None:
                kwargs[new] = value


def _takes(today, name):
    """Tell whether a name can be passed."""
    return name in today or any(
        one.kind is one.VAR_KEYWORD for one in today.values())


def _by_name(thing, today, change, args, kwargs):
    """Return arguments by name, where they can be passed so."""
    kinds = {one.kind for one in today.values()}
    names = list(change.order) or [
        name for kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD,
                          inspect.Parameter.KEYWORD_ONLY)
        for name, one in today.items() if one.kind is kind]
    if (kinds & {inspect.Parameter.VAR_POSITIONAL,
                 inspect.Parameter.POSITIONAL_ONLY}
            or len(args) > len(names)):
        return args, dict(kwargs)
    twice = set(names[:len(args)]) & set(kwargs)
    if twice:
        raise TypeError("%s() got multiple values for argument %r"
                        % (thing.__name__, min(twice)))
    return (), dict(zip(names, args), **kwargs)


def _leave_out(thing, today, change, kwargs):
    """Take out what is gone, unless it was to do something; return those.

    Of what was the default, the defaults tell.
    """
    left = set()
    for name in set(change.gone) & set(kwargs) - set(today):
        value, fine = kwargs.pop(name), change.gone[name]
        default = change.defaults.get(name)
        if fine is ANY or any(type(value) is type(one) and value == one
                              for one in fine):
            left.add(name)
        elif not callable(default) and getattr(
                default, "value", ANY) is not value:
            raise ValueError(
                "%s: %s=%r; expected %s, as this argument is gone today."
                % (thing.__name__, name, value,
                   " or ".join(map(repr, fine))))
    return left


def _unpassed(change, passed, kwargs):
    """Yield the defaults of what was not passed: name, value, its limit."""
    for name, value in change.defaults.items():
        if name in passed and not (name in _NONE_FOR_DEFAULT
                                   and kwargs.get(name, ANY) is None):
            continue
        if callable(value):
            value = value(kwargs)
            if value is None:
                continue
        limit = value if isinstance(value, Until) else None
        yield name, limit.value if limit else value, limit


def _add_defaults(thing, today, change, passed, kwargs):
    """Add defaults; return what to tell of those that cannot be."""
    told = []
    for name, value, limit in _unpassed(change, passed, kwargs):
        if (limit and _reaches(thing, limit.release)
                or not _takes(today, name)):
            told.append("%s was %r by default, %s" % (
                name, value, limit.today if limit else "and is gone"))
        else:
            kwargs[name] = value
    return told


def _tell_defaults(thing, today, change, passed, kwargs):
    """Return what to tell of defaults that are others today."""
    told = []
    for name, value, _ in _unpassed(change, passed, kwargs):
        now = today[name].default if name in today else "gone"
        if not _equal(value, now):
            told.append("%s was %r by default, today it is %s" % (
                name, value, now if name not in today else repr(now)))
    return told


def _equal(one, other):
    return type(one) is type(other) and one == other


def _reaches(thing, release):
    """Tell whether a package is of a release or a later one."""
    top = importlib.import_module(thing.__module__.partition(".")[0])
    return _numbers(top.__version__) >= _numbers(release)


def _numbers(version):
    return [int(part) for part in version.split(".")[:2]]
