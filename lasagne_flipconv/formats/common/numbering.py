"""The order of arrays, by the numbers in their names."""
import re
from itertools import islice, permutations, product
from operator import le

__all__ = ["POSITION", "by_position", "lists_in", "positions_of",
           "tell_no_order"]

#: Names that only say a position: arr_0, param0, param_00, 12.
POSITION = re.compile(r"(?:arr|params?|p|values?)?[_ ]?([0-9]{1,9})")

#: What comes before a weight in the order of the alphabet, though not by how
#: layers are made.
_BEFORE = (("bias", "weight"), ("bias", "kernel"), ("b", "w"),
           ("biases", "weights"))

#: Of numbers that differ within names of one form: what is tried.
_MOST_COLUMNS = 4

#: Which way numbers go.
_UP, _DOWN, _NONE = "up", "down", "no way"


def positions_of(names):
    """Return the numbers in names that say nothing else.

    Parameters
    ----------
    names : iterable of str or int
        Keys of a dict, or names of members.

    Returns
    -------
    list of int or None
        The numbers; None if a name says more, or two have one number.

    Examples
    --------
    >>> positions_of(["param_07", 1]), positions_of(["conv1", "conv2"])
    ([7, 1], None)
    >>> positions_of(["arr_0", "param_0"])
    """
    found = [POSITION.fullmatch(str(name)) for name in names]
    numbers = [int(match.group(1)) for match in found if match]
    return numbers if len(set(numbers)) == len(found) else None


def by_position(names, things):
    """Return things in the order of the numbers that are their names.

    Parameters
    ----------
    names : iterable of str or int
        As for :func:`positions_of`.
    things : iterable
        One for each name.

    Returns
    -------
    list or None
        None if names say more than a number.

    Examples
    --------
    >>> by_position(["arr_1", "arr_0"], "ab"), by_position(["conv"], "a")
    (['b', 'a'], None)
    """
    numbers = positions_of(names)
    return None if numbers is None else [thing for _, thing in sorted(
        zip(numbers, things), key=lambda row: row[0])]


def lists_in(names):
    """Return the lists among arrays, by their names: arr_0, arr_1, ….

    Parameters
    ----------
    names : list of str
        Of arrays.

    Returns
    -------
    dict of str to list of str
        How the names of each list begin → its names in order; of lists from 0
        on, without a gap.

    Examples
    --------
    >>> lists_in(["epoch", "arr_1", "arr_0", "old.arr_0", "new.arr_1"])
    {'': ['arr_0', 'arr_1'], 'old.': ['old.arr_0']}
    """
    found = {}
    for name in names:
        begin, word, number = name.rpartition("arr_")
        if word and (not begin or begin.endswith(".")):
            found.setdefault(begin, set()).add(number)
    return {begin: ["%sarr_%d" % (begin, i) for i in range(len(numbers))]
            for begin, numbers in found.items()
            if numbers == set(map(str, range(len(numbers))))}


def tell_no_order(names):
    """Tell whether the order of names is seen to be none of layers.

    Parameters
    ----------
    names : list of str
        Of arrays or layers, as a dict of them has them.

    Returns
    -------
    bool
        Whether they are in the order of the alphabet, and that shows (10
        before 2, or each bias before its weight), or their numbers go up and
        down, as in a dict of Python 3.5 or older, which has no order, or all
        go down, as of layers that were collected from the output on.

    Examples
    --------
    >>> tell_no_order(["conv1", "conv10", "conv2"]), tell_no_order(["b", "a"])
    (True, False)
    >>> tell_no_order(["up3", "up1", "up2"]), tell_no_order(["up2", "up1"])
    (True, True)
    >>> tell_no_order(["down1", "down2", "up2", "up1"])
    False
    """
    numbers = {}
    for name in names:
        parts = re.split("([0-9]+)", name)
        numbers.setdefault(tuple(parts[::2]), []).append(
            [int(part) for part in parts[1::2]])
    ways = set().union(*map(_ways, numbers.values()))
    return _NONE in ways or ways == {_DOWN} or _are_sorted(names)


def _ways(numbers):
    """Return which ways rows of numbers go, by the column that comes first.

    They are sorted by their columns, each upwards or downwards; none if no
    number differs.
    """
    columns = [column for column in zip(*numbers) if len(set(column)) > 1]
    if not columns:
        return set()
    if len(columns) > _MOST_COLUMNS:
        return {_UP}
    both = [[(_UP, column), (_DOWN, [-n for n in column])]
            for column in columns]
    found = {chosen[0][0] for signed in product(*both)
             for chosen in permutations(signed) if _is_sorted(
                 list(zip(*(column for _, column in chosen))))}
    return {_UP} if _UP in found else found or {_NONE}


def _is_sorted(rows):
    return all(map(le, rows, islice(rows, 1, None)))


def _are_sorted(names):
    if names not in (sorted(names), sorted(names, key=_parts_of)):
        return False
    by_number = sorted(names, key=lambda name: [
        int(part) if i % 2 else part
        for i, part in enumerate(re.split("([0-9]+)", name))])
    known = {tuple(_parts_of(name)) for name in names}
    layers = {parts[:-1] for parts in known}
    return by_number != names or len(layers) > 1 and any(
        {(*layer, first), (*layer, second)} <= known
        for layer in layers for first, second in _BEFORE)


def _parts_of(name):
    """Return the words of a name, without the number of TensorFlow."""
    return re.split("[./]", re.sub(r":[0-9]{1,9}\Z", "", name))
