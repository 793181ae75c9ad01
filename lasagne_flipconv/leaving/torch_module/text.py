"""How values are written in source code."""
from collections import namedtuple

import numpy as np

__all__ = ["Call", "Wide", "arguments", "number", "numbers", "one_or_all",
           "pads"]

#: How a part is written: the text that builds its module or parameter, or
#: None; its arrays, by their names in that module; the expression, with
#: {self} for the module and {0}, {1} ... for its inputs; and the arrays that
#: Lasagne does not have, which are not to be trained.
Call = namedtuple("Call", "init state text fixed", defaults=((),))


class Wide(float):
    """A number that float64 is computed with: all its digits count."""


def number(value):
    """Return a number as a person writes it.

    Parameters
    ----------
    value : float or int
        Known to seven digits, as float32 has them, unless it is Wide.

    Returns
    -------
    str
        Its shortest text.

    Examples
    --------
    >>> number(9.999999747378752e-05), number(2), number(.5)
    ('1e-4', '2', '0.5')
    >>> number(Wide(9.999999747378752e-05))
    '9.999999747378752e-05'
    """
    if isinstance(value, (int, np.integer)):
        return "%d" % value
    if not np.isfinite(value):
        return 'float("%s")' % value
    if isinstance(value, Wide):
        return float.__repr__(value)
    short = min((np.format_float_positional(np.float32(value)),
                 np.format_float_scientific(np.float32(value), exp_digits=1,
                                            trim="-")), key=len)
    if float(value) not in (float(short), float(np.float32(value))):
        short = repr(float(value))
    return short + "0" if short.endswith(".") else short


def numbers(values):
    """Return a tuple as text.

    Parameters
    ----------
    values : iterable of int
        Its elements.

    Returns
    -------
    str
        In parentheses.
    """
    return repr(tuple(map(int, values)))


def one_or_all(values):
    """Return sizes as text: one number if they are all the same.

    Parameters
    ----------
    values : iterable of int
        One for each axis.

    Returns
    -------
    str
        A number or a tuple.

    Examples
    --------
    >>> one_or_all((3, 3)), one_or_all((2, 3))
    ('3', '(2, 3)')
    """
    values = tuple(values)
    return number(values[0]) if len(set(values)) == 1 else numbers(values)


def pads(pairs):
    """Return padding as ``F.pad`` takes it: the last axis first.

    Parameters
    ----------
    pairs : list of (int, int)
        Before and after, for each axis.

    Returns
    -------
    str
        A tuple, without axes in front that are not padded.

    Examples
    --------
    >>> pads([(0, 0), (1, 2), (0, 3)])
    '(0, 3, 1, 2)'
    """
    pairs = list(pairs)
    while len(pairs) > 1 and pairs[0] == (0, 0):
        del pairs[0]
    return numbers([size for pair in reversed(pairs) for size in pair])


def arguments(*given, **named):
    """Return arguments as text; those named that are None are left out.

    Parameters
    ----------
    *given : str
        By position.
    **named : str or None
        By name.

    Returns
    -------
    str
        Without parentheses.
    """
    return ", ".join(list(given) + ["%s=%s" % item for item in named.items()
                                    if item[1] is not None])
