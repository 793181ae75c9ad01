"""Rows of what slides over axes: convolutions, pooling, enlarging, grids."""
from ..errors import LeavingError
from .text import Call, arguments, number, one_or_all, pads

__all__ = ["GEOMETRY", "slices_text"]


def conv(part):
    """Return a convolution; uneven padding comes before it."""
    kernel, pairs = part.arrays["W"], part.options["pad"]
    groups = part.options["groups"]
    even = all(before == after for before, after in pairs)
    text = "{self}({0})" if even else "{self}(F.pad({0}, %s))" % pads(pairs)
    return Call("nn.Conv%dd(%s)" % (kernel.ndim - 2, _sliding(
        part, kernel.shape[1] * groups, kernel.shape[0],
        [pair[0] for pair in pairs] if even else None)), _state(part), text)


def conv_transpose(part):
    """Return a transposed convolution; an uneven crop comes after it."""
    kernel, pairs = part.arrays["W"], part.options["pad"]
    groups, extra = part.options["groups"], part.options["extra"]
    even = all(before == after for before, after in pairs)
    text = "{self}({0})" if even else "F.pad({self}({0}), %s)" % pads(
        [(-before, -after) for before, after in pairs])
    return Call("nn.ConvTranspose%dd(%s)" % (kernel.ndim - 2, _sliding(
        part, kernel.shape[0], kernel.shape[1] * groups,
        [pair[0] for pair in pairs] if even else None,
        output_padding=one_or_all(extra) if any(extra) else None)),
        _state(part), text)


def _sliding(part, inputs, outputs, padding, **more):
    options, kernel = part.options, part.arrays["W"]
    return arguments(
        number(inputs), number(outputs), one_or_all(kernel.shape[2:]),
        stride=_unless(options["stride"], 1),
        padding=None if padding is None else _unless(padding, 0),
        **more, dilation=_unless(options["dilation"], 1),
        groups=number(options["groups"]) if options["groups"] > 1 else None,
        bias=None if "b" in part.arrays else "False")


def _unless(values, default):
    """Return sizes as text, None if all are the default."""
    return None if set(values) == {default} else one_or_all(values)


def _state(part):
    names = {"W": "weight", "b": "bias"}
    return {names[role]: value for role, value in part.arrays.items()}


def pool(part):
    """Return pooling; padding that PyTorch does not take comes before."""
    options, n = part.options, len(part.options["size"])
    largest = part.kind == "max_pool"
    size, pad = options["size"], options["pad"]
    x, padding = "{0}", _unless(pad, 0)
    if any(2 * p > s for p, s in zip(pad, size)):
        x, padding = _padded_before(part, largest, pad), None
    average = {} if largest or options["include_pad"] or not padding and (
        not options["ceil"]) else {"count_include_pad": "False"}
    return Call(None, {}, "F.%s_pool%dd(%s)" % (
        "max" if largest else "avg", n, arguments(
            x, one_or_all(size), stride=None if options["stride"] == size
            else one_or_all(options["stride"]), padding=padding,
            ceil_mode="True" if options["ceil"] else None, **average)))


def _padded_before(part, largest, pad):
    if not largest and not part.options["include_pad"]:
        raise LeavingError(
            "%s: pads by %r, more than half of a region, and leaves that out "
            "of the mean; expected less, or mode='average_inc_pad'."
            % (part.name, pad))
    return "F.pad(%s)" % arguments("{0}", pads([(p, p) for p in pad]),
                                   value='float("-inf")' if largest else None)


def repeat(part):
    """Return each value several times."""
    factors = part.options["factors"]
    texts = ["%d.0" % factor for factor in factors]  # torch.jit wants floats
    return Call(None, {}, "F.interpolate({0}, scale_factor=%s)" % (
        texts[0] if len(set(texts)) == 1 else "(%s)" % ", ".join(texts)))


def dilate(part):
    """Return values with zeros between: a transposed convolution with 1."""
    factors, channels = part.options["factors"], part.shape[1]
    n = len(factors)
    ones = "{0}.new_ones(%s)" % ", ".join(["%d" % channels] + ["1"] * (n + 1))
    return Call(None, {}, "F.conv_transpose%dd(%s)" % (n, arguments(
        "{0}", ones, stride=one_or_all(factors),
        output_padding=one_or_all([f - 1 for f in factors]),
        groups=number(channels))))


def transform(part):
    """Return samples of images on an affine grid."""
    size = ", ".join(map(str, (part.shape[1], *part.options["size"])))
    grid = ("F.affine_grid({1}.reshape(-1, 2, 3), ({0}.shape[0], %s), "
            "align_corners=True)" % size)
    for column, length in enumerate(reversed(part.options["size"])):
        if length == 1:  # of which Lasagne takes the start, -1, not 0
            grid += " - {1}.reshape(-1, 1, 1, 2, 3)[..., %d]" % column
    return Call(None, {}, 'F.grid_sample({0}, %s, padding_mode="border", '
                "align_corners=True)" % grid)


def slices_text(slices):
    """Return slices of some axes, in brackets.

    Parameters
    ----------
    slices : list of tuple
        Axis, start and stop or None, numbers or texts, step above 0.

    Returns
    -------
    str
        What comes after the name of the array; empty for none.

    Examples
    --------
    >>> slices_text([(1, 1, None, 2)])
    '[:, 1::2]'
    """
    found = {axis: rest for axis, *rest in slices}
    items = [_slice_text(*found.get(axis, (None, None, 1)))
             for axis in range(max(found, default=-1) + 1)]
    return "[%s]" % ", ".join(items) if items else ""


def _slice_text(start, stop, step):
    start, stop = ("" if end is None else str(end) for end in (start, stop))
    return "%s:%s%s" % (start, stop, ":%d" % step if step > 1 else "")


GEOMETRY = {"conv": conv, "conv_transpose": conv_transpose, "max_pool": pool,
            "average_pool": pool, "repeat": repeat, "dilate": dilate,
            "transform": transform}
