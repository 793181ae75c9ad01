"""Rows of unequal lengths, of which NumPy made arrays of objects until 1.24.

Since then it refuses them. Only then are they made such arrays here, as it
made them, and the function is called anew; what it refused before, it still
refuses.
"""
import collections.abc
import functools
import operator
import types

import numpy

__all__ = ["FIRST", "FUNCTIONS", "MAKERS", "RANDOM", "STACKS", "methods_of",
           "of_objects", "takes_rows", "vectorize"]

_REFUSED = "inhomogeneous"


def of_objects(thing):
    """Return an array of objects for rows of unequal lengths.

    Parameters
    ----------
    thing : object
        Anything.

    Returns
    -------
    object
        The same, unless it is a sequence that NumPy refuses.

    Raises
    ------
    ValueError
        If it has arrays whose first axes alone are equal, of which NumPy
        never made one.

    Examples
    --------
    >>> of_objects([[1, 2], [3]]).shape, of_objects([[1, 2], [3, 4]])
    ((2,), [[1, 2], [3, 4]])
    """
    if not _is_sequence(thing):
        return thing
    try:
        numpy.asarray(thing)
    except ValueError as error:
        if _REFUSED not in str(error):
            raise
    else:
        return thing
    return numpy.array(thing, dtype=object)


def _is_sequence(thing):
    return isinstance(thing, collections.abc.Sequence) and not isinstance(
        thing, (str, bytes))


def _each(args, kwargs):
    """Return arguments, arrays for those that are refused."""
    return [of_objects(arg) for arg in args], {
        name: value if name == "dtype" else of_objects(value)
        for name, value in kwargs.items()}


def _untyped(args, kwargs):
    """Return them for what has a type, unless that is told."""
    told = [*args[1:2], kwargs.get("dtype")]
    return (args, kwargs) if any(kind is not None for kind in told) else (
        _each(args, kwargs))


def _items(args, kwargs):
    """Return them for what takes a sequence of arrays first."""
    return [list(map(of_objects, arg)) for arg in args[:1]] + list(
        args[1:]), kwargs


class _Function:
    """Call a function of NumPy; pickle finds that itself, and it equals it."""

    def __init__(self, function, today, arrays):
        functools.update_wrapper(self, today)
        self._function, self._today, self._arrays = function, today, arrays

    def __call__(self, *args, **kwargs):
        try:
            return self._function(*args, **kwargs)
        except ValueError as error:
            if _REFUSED not in str(error):
                raise
            others = self._arrays(args, kwargs)
            if not _differ(others, (args, kwargs)):
                raise
        return self._function(*others[0], **others[1])

    def __eq__(self, other):
        return self is other or self._today is other

    def __hash__(self):
        return hash(self._today)

    def __repr__(self):
        return repr(self._today)

    def __reduce__(self):
        return operator.itemgetter(0), ((self._today,),)


class _Stack(_Function):
    """Take what a generator yields as well, as until NumPy 1.16."""

    def __call__(self, *args, **kwargs):
        if isinstance(args[0] if args else None, _GENERATORS):
            args = list(args[0]), *args[1:]
        return super().__call__(*args, **kwargs)


_GENERATORS = (map, filter, zip, types.GeneratorType)


def _differ(others, those):
    """Tell whether anything was made an array."""
    (args, kwargs), (these, words) = others, those
    return any(a is not b for a, b in zip(args, these)) or any(
        value is not words[name] for name, value in kwargs.items())


class _First(_Function):
    """Make the arrays first: no file is left half written, nor an error told
    by False."""

    def __call__(self, *args, **kwargs):
        args, kwargs = _each(args, kwargs)
        return self._function(*args, **kwargs)


class vectorize(numpy.vectorize):
    """Call a function for each row of lists of rows, as until NumPy 1.24.

    Parameters
    ----------
    pyfunc, otypes, doc, excluded, cache, signature : object
        As for ``numpy.vectorize``.
    """

    def __call__(self, *args, **kwargs):
        """Return an array of what it returns."""
        try:
            return super().__call__(*args, **kwargs)
        except ValueError as error:
            if _REFUSED not in str(error):
                raise
            words = {key: value if key in self.excluded else of_objects(value)
                     for key, value in kwargs.items()}
            others = [value if at in self.excluded else of_objects(value)
                      for at, value in enumerate(args)], words
            if not _differ(others, (args, kwargs)):
                raise
        return super().__call__(*others[0], **others[1])


def methods_of(name):
    """Return what gives generators of random numbers a method of `RANDOM`.

    Parameters
    ----------
    name : str
        The method.

    Returns
    -------
    callable
        Of a thing; it returns the method, or None for any other thing.

    Examples
    --------
    >>> choice = methods_of("choice")(numpy.random.RandomState(1))
    >>> choice([[1, 2], [3]]), methods_of("choice")("a text")
    ([3], None)
    """
    return lambda thing: takes_rows(getattr(thing, name)) if isinstance(
        thing, numpy.random.RandomState) else None


#: What makes an array of its first argument, of a type.
MAKERS = "array asarray asanyarray ascontiguousarray asfortranarray".split()
#: What writes arrays to a file, or takes what is refused for unequal.
FIRST = "array_equal array_equiv save savez savez_compressed".split()
#: What takes a sequence of arrays.
STACKS = "column_stack concatenate dstack hstack stack vstack".split()
#: What else made arrays of objects of its arguments.
FUNCTIONS = (
    "all any amax amin append argmax argmin argpartition argsort argwhere "
    "array_split atleast_1d atleast_2d atleast_3d average broadcast_arrays "
    "broadcast_to copy count_nonzero cumprod cumsum delete diag diagonal "
    "empty_like expand_dims extract flatnonzero flip fliplr flipud insert "
    "intersect1d isin max mean median meshgrid min moveaxis nanmax nanmin "
    "nansum ndim nonzero ones_like partition prod ptp ravel repeat reshape "
    "resize roll rollaxis rot90 searchsorted setdiff1d setxor1d shape size "
    "sort split squeeze sum swapaxes take tile transpose union1d unique "
    "where zeros_like").split()
#: What ``numpy.random`` draws from.
RANDOM = "choice permutation".split()

#: Function → what calls it, and how its arguments become arrays.
_KINDS = {**dict.fromkeys(MAKERS, (_Function, _untyped)),
          **dict.fromkeys(FIRST, (_First, _each)),
          **dict.fromkeys(STACKS, (_Stack, _items))}


def takes_rows(today, function=None):
    """Return a function that takes rows of unequal lengths, as until 1.24.

    Parameters
    ----------
    today : callable
        The function of NumPy.
    function : callable, optional
        What is called instead of it.

    Returns
    -------
    callable
        It equals `today`.

    Examples
    --------
    >>> takes_rows(numpy.shape)([[1, 2], [3]])
    (2,)
    >>> takes_rows(numpy.shape) == numpy.shape
    True
    """
    kind, arrays = _KINDS.get(today.__name__, (_Function, _each))
    return kind(function or today, today, arrays)
