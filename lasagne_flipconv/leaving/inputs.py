"""Random values for what goes into a network, and such as are near them."""
import numpy as np

__all__ = ["other", "random_inputs", "rounded"]

#: A share of a value that is next to what float32 rounds it by.
_ROUNDING = 1e-6


def random_inputs(plan, batch, sizes, most=1, seed=0):
    """Return a value for each input, of the kind that it takes.

    Parameters
    ----------
    plan : Plan
        For what goes in.
    batch : int
        For the first axis, where it is open.
    sizes : (int, int)
        For the second and third axis, and for those after.
    most : int
        Largest of integers that no layer looks up.
    seed : int
        Of the random numbers.

    Returns
    -------
    dict of str to numpy.ndarray
        By name.
    """
    random = np.random.RandomState(seed)
    return {put.name: _values(put, _shape(put, batch, sizes), random, most)
            for put in plan.inputs}


def other(put, value, random):
    """Return another value of the same kind and range for an input."""
    if put.kind == "float":
        return (value * random.uniform(.5, 1, value.shape)).astype(put.dtype)
    if put.kind == "mask":
        return value
    return random.permutation(value.ravel()).reshape(value.shape)


def rounded(put, value, random):
    """Return a value that is off by about what rounding makes."""
    if put.kind != "float":
        return value
    return (value * random.uniform(1 - _ROUNDING, 1 + _ROUNDING,
                                   value.shape)).astype(put.dtype)


def _shape(put, batch, sizes):
    each = (batch, sizes[0], sizes[0])
    return tuple((each[axis] if axis < 3 else sizes[1]) if known is None
                 else known for axis, known in enumerate(put.shape))


def _values(put, shape, random, most):
    if put.kind == "mask":  # of which no two examples are equally long
        lengths = random.randint(1, shape[1] + 1, shape[0])
        mask = np.arange(shape[1]) < lengths[:, None]
        return mask.astype(put.dtype)
    if put.kind == "index":
        return _integers(put, shape, random, most)
    return random.normal(size=shape).astype(put.dtype)


def _integers(put, shape, random, most):
    """Return indices that are there, or whatever the type holds."""
    if put.most is not None:
        return random.randint(0, put.most, shape).astype(put.dtype)
    holds = (0, 1) if put.dtype == "bool" else (
        np.iinfo(put.dtype).min, np.iinfo(put.dtype).max)
    low = 0 if most == 1 else max(holds[0], -most)
    return random.randint(low, min(holds[1], most) + 1, shape).astype(
        put.dtype)
