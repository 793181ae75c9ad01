"""Condense lists of seconds into the numbers that are reported."""
import statistics


def quartiles(values):
    """Return the three quartiles; a single value is all three."""
    if len(values) < 2:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def spread(values):
    """Return half the distance of the outer quartiles over the median."""
    low, middle, high = quartiles(values)
    return (high - low) / 2 / middle


def paired_ratio(ours, theirs):
    """Return the median over the rounds of ours / theirs.

    Examples
    --------
    >>> paired_ratio([1., 2., 9.], [2., 4., 6.])
    0.5
    """
    return statistics.median(a / b for a, b in zip(ours, theirs))


def fastest(seconds, names):
    """Return which of some contestants has the least median, or None."""
    present = [name for name in names if name in seconds]
    return min(present, key=lambda name: statistics.median(seconds[name]),
               default=None)
