"""Checked sizes and paddings of a layer; integers only, no Theano."""
from numbers import Integral

__all__ = ["positive_sizes", "checked_pad", "effective", "pad_pairs"]


def positive_sizes(where, argument, value, n, least=1):
    """Return `value` as a tuple of `n` integers.

    Raises
    ------
    TypeError
        If it is not one integer or an iterable of integers.
    ValueError
        If there are not `n`, or one is less than `least`.
    """
    sizes = _as_tuple(where, argument, value, n)
    if not all(isinstance(size, Integral) for size in sizes):
        raise TypeError("%s: %s=%r; expected an int%s." % (
            where, argument, value, " or %d ints" % n if n > 1 else ""))
    if any(size < least for size in sizes):
        raise ValueError("%s: %s=%r; expected values of at least %d."
                         % (where, argument, value, least))
    return tuple(int(size) for size in sizes)


def _as_tuple(where, argument, value, n):
    try:
        values = tuple(value)
    except TypeError:
        values = (value,) * n
    if len(values) != n:
        raise ValueError("%s: %s=%r has %d values; expected one, or one for "
                         "each of the %d spatial axes."
                         % (where, argument, value, len(values), n))
    return values


def checked_pad(where, argument, pad, n):
    """Return the padding as Lasagne keeps it.

    Returns
    -------
    'same', 'full', or tuple
        Per spatial axis an int, or a pair (before, after) where these differ.
    """
    if isinstance(pad, str):
        if pad == "valid":
            return (0,) * n
        if pad in ("same", "full"):
            return pad
        raise TypeError(
            "%s: %s=%r; expected 'valid', 'same', 'full', an int, or an "
            "iterable of int or pair (before, after), one per axis."
            % (where, argument, pad))
    return tuple(_checked_pad_1d(where, argument, p)
                 for p in _as_tuple(where, argument, pad, n))


def _checked_pad_1d(where, argument, pad):
    if isinstance(pad, Integral):
        return positive_sizes(where, argument, pad, 1, least=0)[0]
    before, after = positive_sizes(where, argument, pad, 2, least=0)
    return before if before == after else (before, after)


def effective(filter_size, dilation):
    """Return the extent of a dilated filter, per spatial axis."""
    return tuple((f - 1) * d + 1 for f, d in zip(filter_size, dilation))


def pad_pairs(pad, extent):
    """Return a padding as pairs (before, after), per spatial axis.

    Parameters
    ----------
    pad : 'same', 'full' or tuple of int or pair
        As a layer keeps it.
    extent : tuple of int
        Extent of the dilated filter.

    Returns
    -------
    tuple of (int, int)
        Rows of zeros before and after each axis.
    """
    if pad == "full":
        return tuple((e - 1, e - 1) for e in extent)
    if pad == "same":
        # Lasagne 0.1 allows even filters here: one row less after than before
        return tuple((e // 2, (e - 1) // 2) for e in extent)
    return tuple(p if isinstance(p, tuple) else (p, p) for p in pad)
