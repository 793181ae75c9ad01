"""Tell layer and role of an array from its name, where names are of use."""
import os
import re
import unicodedata
from itertools import islice, permutations, product
from operator import le

__all__ = ["DOES", "IGNORED", "POSITION", "are_registered", "by_position",
           "describe", "last_word", "lists_in", "positions_of", "split_name",
           "tell_no_order", "twins_of", "unique", "without_prefix"]

#: Last part of a name → role of the array, in Lasagne's words.
ROLES = {
    "w": "W", "weight": "W", "weights": "W", "kernel": "W",
    "depthwise_kernel": "W", "filters": "W",
    "b": "b", "bias": "b", "biases": "b",
    "beta": "beta", "gamma": "gamma", "mean": "mean", "inv_std": "inv_std",
    "running_mean": "mean", "moving_mean": "mean",
    "running_var": "variance", "moving_variance": "variance",
    "running_variance": "variance", "variance": "variance",
    "var": "variance", "alpha": "alpha", "scales": "scales",
    "_mean": "mean", "_variance": "variance",  # PaddlePaddle
    "avg_mean": "mean", "avg_var": "variance",  # Chainer
    "moving_var": "variance",  # MXNet
}

#: What a parameter does with activations, by which roles are told apart.
DOES = {"W": "multiplied", "gamma": "multiplied", "scales": "multiplied",
        "alpha": "multiplied", "b": "added", "beta": "added",
        "mean": "subtracted", "inv_std": "a deviation",
        "variance": "a deviation",
        # words of other libraries, which are no role in Lasagne
        "scale": "multiplied", "offset": "added", "shift": "added",
        "std": "not inverse", "stddev": "not inverse",
        "sigma": "not inverse"}

#: What comes before a weight in the order of the alphabet, though not by how
#: layers are made.
_BEFORE = (("bias", "weight"), ("bias", "kernel"), ("b", "w"),
           ("biases", "weights"))

#: Words for parameters that are not Lasagne's.
_FOREIGN = re.compile(r"(.*[./_])?(weight|bias|kernel|running_(mean|var)|"
                      r"moving_(mean|variance))(:0)?", re.DOTALL)

#: Names that only say a position: arr_0, param0, param_00, 12.
POSITION = re.compile(r"(?:arr|params?|p|values?)?[_ ]?([0-9]{1,9})")

#: Counters that no layer of Lasagne has.
IGNORED = frozenset(["num_batches_tracked"])

#: Of numbers that differ within names of one form: what is tried.
_MOST_COLUMNS = 4

#: Which way numbers go.
_UP, _DOWN, _NONE = "up", "down", "no way"


def split_name(name):
    """Return layer and role that a name tells.

    Parameters
    ----------
    name : str
        Name of an array, such as ``conv1.weight`` or ``conv1_W``.

    Returns
    -------
    layer : str or None
        Name of the layer.
    role : str or None
        What the array is there; both are None if the name does not tell.

    Examples
    --------
    >>> split_name("conv1_W"), split_name("features.0.bias")
    (('conv1', 'W'), ('features.0', 'b'))
    >>> split_name("arr_0")
    (None, None)
    """
    layer, separator, last = name.rpartition(
        "/" if "/" in name and "." not in name else ".")
    role = ROLES.get(last.partition(":")[0].lower())
    if role is None and not separator:
        layer, _, last = name.rpartition("_")
        role = ROLES.get(last.lower())
        if role is None and "_" in layer:
            head, _, middle = layer.rpartition("_")
            role = ROLES.get((middle + "_" + last).lower())
            layer = head
    return (layer, role) if role and layer else (None, None)


def last_word(name):
    """Return what an array without a layer is by its name.

    Parameters
    ----------
    name : str
        Of the array.

    Returns
    -------
    str
        A role of Lasagne, if it is known, else the last word.
    """
    return split_name("layer." + name)[1] or re.split(
        "[./_]", name)[-1].lower()


def unique(name, taken):
    """Return a name with a number if it is taken, and take it.

    Parameters
    ----------
    name : str
        The name.
    taken : dict of str to int
        Names that are taken, each with its last number; the new one is added.

    Returns
    -------
    str
        The name, or ``name#2``, ``name#3``, ….
    """
    found = name
    while found in taken:
        taken[name] += 1
        found = "%s#%d" % (name, taken[name])
    taken[found] = 1
    return found


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


def are_registered(names):
    """Tell whether names are those of PyTorch or TensorFlow.

    Their order is that in which layers were registered, not that of the graph.

    Parameters
    ----------
    names : list of str
        Of arrays.

    Returns
    -------
    bool
        Whether any is.

    Examples
    --------
    >>> are_registered(["0.weight", "0.bias"]), are_registered(["0.W", "0.b"])
    (True, False)
    """
    return any(map(_FOREIGN.fullmatch, names))


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


def twins_of(key, items):
    """Return the keys under which what one key has may be once more.

    Running averages of parameters lie so beside them: ``params_ema``.

    Parameters
    ----------
    key : str
        A key of the dict.
    items : dict
        Of dicts by name, lists, and other things.

    Returns
    -------
    list of str
        Those of as many values, of the same names, and with the same word or
        one for an average in their own name.

    Examples
    --------
    >>> twins_of("net", {"net": {"W": 1}, "net_ema": {"W": 2}, "step": 3})
    ['net_ema']
    """
    return [other for other in items
            if isinstance(other, str) and other != key
            and (key in other or "ema" in other.lower().split("_"))
            and _are_alike(items[key], items[other])]


def _are_alike(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys()
    return isinstance(one, (list, tuple)) and isinstance(
        other, (list, tuple)) and len(one) == len(other)


def describe(entries):
    """Return entries with layer and role as far as their names tell.

    Parameters
    ----------
    entries : list of Entry
        Arrays of a checkpoint.

    Returns
    -------
    tuple of Entry
        The same, but for counters that no layer has.
    """
    kept = [e for e in entries
            if e.name.rpartition(".")[2] not in IGNORED]
    named = [_named(entry) for entry in kept]
    groups = {}
    for entry in named:
        groups.setdefault(entry.layer, []).append(entry)
    return tuple(_settled(entry, groups[entry.layer]) for entry in named)


def _named(entry):
    layer, role = split_name(entry.name)
    if layer is None and re.search(r"\.\d+\Z", entry.name):
        layer = entry.name.rpartition(".")[0]
        return entry._replace(layer=layer)
    return entry._replace(layer=layer, role=role)


def _settled(entry, group):
    """Return an entry whose role is settled by what else its layer has.

    Batch normalisation calls gamma and beta weight and bias in PyTorch; a
    weight with a single axis is that of a parametric rectifier.
    """
    if entry.layer is None or entry.role not in ("W", "b"):
        return entry
    roles = {other.role for other in group}
    if roles & {"mean", "variance", "inv_std"} or _is_norm(group):
        return entry._replace(role={"W": "gamma", "b": "beta"}[entry.role])
    if entry.role == "W" and len(entry.shape) <= 1:
        return entry._replace(role="alpha")
    return entry


def _is_norm(group):
    return len(group) == 2 and {e.role for e in group} == {"W", "b"} and all(
        len(e.shape) == 1 for e in group)


def without_prefix(names):
    """Return names as one reads them, without what all of them begin with.

    Parameters
    ----------
    names : iterable of str
        Names of layers.

    Returns
    -------
    dict of str to str
        Without capitals, and with dots.

    Examples
    --------
    >>> without_prefix(["module/Conv", "module/fc"])
    {'module/Conv': 'conv', 'module/fc': 'fc'}
    """
    read = {name: unicodedata.normalize("NFKC", name).casefold().replace(
        "/", ".") for name in names}
    begin = os.path.commonprefix(list(read.values())).rpartition(".")
    return {name: text[len(begin[0] + begin[1]):]
            for name, text in read.items()}
