"""Outputs of all ranks, put together as one process would have them."""
import numpy as np

from ..errors import FlipconvError

__all__ = ["RULES", "candidates", "combined"]

#: How parts become the whole, the likeliest first.
RULES = ("mean", "sum", "rows", "same")

#: How far apart results may be that are the same, relative to their norm.
NEAR = {"float32": 1e-3, "float64": 1e-6, "float16": 3e-2}

#: So many times that for a gradient, which is that of hundreds of numbers.
TIGHT = .02

#: So many times where rounding makes as much: where it turns the sign of what
#: a rectifier gets, the gradient of one sample changes by all of it. In a deep
#: network with batch normalization that was 1e-3 of the norm in float32.
ROUGH = 10


def by_rule(rule, parts):
    """Return one whole of the parts of all ranks.

    Parameters
    ----------
    rule : str
        One of RULES.
    parts : list of numpy.ndarray
        One a rank.

    Returns
    -------
    numpy.ndarray or None
        None if that cannot be.
    """
    shapes = {p.shape for p in parts}
    if rule == "rows":
        return np.concatenate(parts) if parts[0].ndim and len(
            {s[1:] for s in shapes}) == 1 else None
    if len(shapes) > 1:
        return None
    if rule == "same":
        return parts[0] if all(np.array_equal(p, parts[0]) for p in parts
                               ) else None
    if rule == "mean" and parts[0].dtype.kind != "f":
        return None
    total = np.sum(parts, axis=0, dtype="float64")
    return total / len(parts) if rule == "mean" else total


def near(found, expected, scale=None, beside=0, times=TIGHT):
    """Tell whether two results are the same, but for rounding.

    Parameters
    ----------
    found, expected : numpy.ndarray
        The results.
    scale : float, optional
        For a gradient, the largest norm of any, beside which differences of
        a small one do not count.
    beside : float, default 0
        The norm of what the results are the mean or the sum of, in which
        much may cancel.
    times : float, default TIGHT
        For a gradient, how many times further apart than outputs it may be.

    Returns
    -------
    bool
        False for other shapes, or not-a-number in other places.
    """
    if found is None or found.shape != expected.shape:
        return False
    if expected.dtype.kind != "f":
        return np.array_equal(found, expected)
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(found)):
        return False
    a, b = (x.astype("float64")[finite] for x in (found, expected))
    limit = NEAR.get(str(expected.dtype), 1e-3)
    norm = np.linalg.norm(b)
    if scale is not None:
        limit, norm = times * limit, norm + 1e-3 * scale
    return np.linalg.norm(a - b) <= limit * max(norm, beside) + 1e-30


def candidates(parts, whole):
    """Return the rules by which parts are the whole.

    Parameters
    ----------
    parts : list of numpy.ndarray
        What each rank gives for its part of the batch.
    whole : numpy.ndarray
        What one gives for all of it.

    Returns
    -------
    list of str
        Of RULES; none, one, or more where it cannot be told.
    """
    beside = max(map(norm_of, parts))
    return [rule for rule in RULES
            if near(by_rule(rule, parts), whole, beside=beside)]


def norm_of(array):
    """Return the norm of what is finite in an array.

    Parameters
    ----------
    array : numpy.ndarray
        Any.

    Returns
    -------
    float
        Its norm.
    """
    array = np.asarray(array, "float64")
    return float(np.linalg.norm(array[np.isfinite(array)]))


def combined(values, rules, ranks, where):
    """Return the outputs of the whole batch, on every rank.

    Parameters
    ----------
    values : list of numpy.ndarray
        Outputs of this rank.
    rules : list of str
        One of RULES for each.
    ranks : lasagne_flipconv.distributed.processes.ranks.Ranks
        Whose messages to send.
    where : str
        The function, for errors.

    Returns
    -------
    list of numpy.ndarray
        Of the same types.

    Raises
    ------
    FlipconvError
        If one that was the same on all ranks is not any more, or the shapes
        of others are such that they cannot be put together.
    """
    found = [np.asarray(v) for v in values]
    _refuse_shapes(found, rules, ranks, where)
    same = [i for i, rule in enumerate(rules) if rule == "same"]
    if same:
        _refuse_differing([found[i] for i in same], same, ranks, where)
    added = [i for i, rule in enumerate(rules) if rule in ("mean", "sum")]
    if added:
        flat = np.concatenate([found[i].ravel().astype("float64")
                               for i in added])
        ranks.sum_up(flat)
        for i in added:
            piece, flat = np.split(flat, [found[i].size])
            whole = piece.reshape(found[i].shape) / (
                ranks.size if rules[i] == "mean" else 1)
            found[i] = np.asarray(whole, found[i].dtype)
    for i, rule in enumerate(rules):
        if rule == "rows":
            found[i] = ranks.joined(found[i])
    return found


def _refuse_shapes(values, rules, ranks, where):
    """Refuse to put together what has other shapes on other ranks.

    Shapes may follow from values, as those of counts do; messages of other
    lengths would be mixed up.
    """
    ends = np.cumsum([v.ndim for v in values])
    if not any(ends):
        return
    shapes = ranks.rows_of_all(np.concatenate(
        [np.array(v.shape, "int64") for v in values]))
    for i, each in enumerate(np.split(shapes, ends[:-1], axis=1)):
        fixed = each[:, 1:] if rules[i] == "rows" else each
        if np.any(fixed != fixed[0]):
            raise FlipconvError(
                "%s: output %d has the shapes %s on the ranks, each of which "
                "has a part of the batch; expected the same, so that it can "
                "be put together. Compute it in a function of its own, which "
                "does not train." % (where, i, ", ".join(
                    str(tuple(map(int, shape))) for shape in each)))


def _refuse_differing(values, numbers, ranks, where):
    """Refuse to go on with an output that is not the same on all ranks."""
    parts = ranks.all_have(values)
    for i, given in zip(numbers, zip(*parts)):
        if not all(np.array_equal(v, given[0]) for v in given):
            raise FlipconvError(
                "%s: output %d is %s on the ranks, each of which has a part "
                "of the batch; expected the same on all, as in the steps "
                "that were compared. Compute it in a function of its own, "
                "which does not train." % (where, i, ", ".join(
                    map(brief, given))))


def no_rule(where, number, parts, whole):
    """Return an error for an output that cannot be put together.

    Parameters
    ----------
    where : str
        The function.
    number : int
        Which output.
    parts : list of numpy.ndarray
        What each rank gives.
    whole : numpy.ndarray
        What one gives for the whole batch.

    Returns
    -------
    FlipconvError
        To be raised.
    """
    return FlipconvError(
        "%s: output %d of the whole batch, %s, is neither the mean nor the "
        "sum of those of its parts, %s, nor their rows one after another; "
        "expected one of these. Compute it in a function of its own, which "
        "does not train." % (where, number, brief(whole), ", ".join(
            map(brief, parts))))


def brief(array):
    """Return an array in a few words.

    Parameters
    ----------
    array : numpy.ndarray
        Any.

    Returns
    -------
    str
        Its value if it is one number, else its shape.
    """
    array = np.asarray(array)
    return "%.6g" % array if array.size == 1 and array.dtype.kind in (
        "fiub") else "of shape %s" % (array.shape,)
