"""Tell layer and role of an array from its name, where names are of use."""
import os
import re
import unicodedata

__all__ = ["DOES", "IGNORED", "are_registered", "describe", "last_word",
           "split_name", "twins_of", "unique", "without_prefix"]

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

#: Words for parameters that are not Lasagne's.
_FOREIGN = re.compile(r"(.*[./_])?(weight|bias|kernel|running_(mean|var)|"
                      r"moving_(mean|variance))(:0)?", re.DOTALL)

#: Counters that no layer of Lasagne has.
IGNORED = frozenset(["num_batches_tracked"])


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
