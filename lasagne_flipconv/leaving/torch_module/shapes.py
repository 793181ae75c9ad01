"""Rows of what changes shapes and types, or moves values."""
from itertools import count

from ..errors import LeavingError
from ..record import GIVEN
from .geometry import slices_text
from .text import Call, arguments, number, pads

__all__ = ["SHAPES"]


def arrange(part):
    """Return sorted values, or their places."""
    if part.kind == "sort":
        return Call(None, {}, "{0}.sort(%d)[0]" % part.options["axis"])
    return Call(None, {}, "{0}.sort(stable=True, dim=%d)[1]"
                % part.options["axis"])


def arange(part):
    """Return the integers from one to another, where an array is."""
    return Call(None, {},
                "torch.arange({0}, {1}, {2}, device={3}.device)")


def _each(part, first=0):
    """Return the places of inputs, with commas."""
    return ", ".join("{%d}" % i for i in range(first, len(part.inputs)))


def gather(part):
    """Return what arrays of indices choose of the first axes."""
    return Call(None, {}, "{0}[%s]" % _each(part, 1))


def concat(part):
    """Return a concatenation."""
    return Call(None, {}, "torch.cat([%s], %d)" % (_each(part),
                                                   part.options["axis"]))


def flatten_end(part):
    """Return a flattening of the last axes."""
    return Call(None, {}, "{0}.flatten(%d)" % part.options["axis"])


def _dims(part):
    """Return sizes as text, those that are None being inputs."""
    given = iter(range(1, len(part.inputs)))
    return ", ".join("{%d}" % next(given) if size is None else number(size)
                     for size in part.options["dims"])


def reshape(part):
    """Return a new shape."""
    return Call(None, {}, "{0}.reshape(%s)" % _dims(part))


def full(part):
    """Return an array of one value."""
    if isinstance(part.inputs[0], str):
        return Call(None, {}, "{0}.expand(%s)" % _dims(part))
    after = 1 + part.options["dims"].count(None)  # what tells the device
    if "like" in part.options:
        return Call(None, {}, "{%d}.new_full([%s], {0})" % (after,
                                                            _dims(part)))
    device = "{%d}.device" % after if len(part.inputs) > after else None
    return Call(None, {}, "torch.full(%s)" % arguments(
        "(%s,)" % _dims(part), "{0}", device=device,
        dtype="torch.float64" if "wide" in part.options else None))


def fill(part):
    """Return a value in the shape of another."""
    if isinstance(part.inputs[1], str):
        return Call(None, {}, "{1}.expand_as({0})")
    if isinstance(part.inputs[1], bool):  # torch.jit knows numbers only
        return Call(None, {}, "torch.full_like({0}, %d)" % part.inputs[1])
    return Call(None, {}, "torch.full_like({0}, {1})")


def dimshuffle(part):
    """Return an order of axes."""
    pattern, ndim = part.options["pattern"], part.options["ndim"]
    kept = [axis for axis in pattern if axis != "x"]
    text = "{0}"
    for axis in reversed([axis for axis in range(ndim) if axis not in kept]):
        text += ".squeeze(%d)" % axis
    order = [sorted(kept).index(axis) for axis in kept]
    if order != sorted(order):
        text += ".permute(%s)" % ", ".join(map(str, order))
    for i, axis in enumerate(pattern):
        text += ".unsqueeze(%d)" % i if axis == "x" else ""
    return Call(None, {}, text)


def unsqueeze(part):
    """Return an axis more."""
    axis, = part.options["axes"]
    return Call(None, {}, "{0}.unsqueeze(%d)" % axis)


def pad(part):
    """Return a border."""
    value = part.options["value"]
    return Call(None, {}, "F.pad(%s)" % arguments(
        "{0}", pads(part.options["pairs"]),
        value=number(value) if value else None))


def slice_(part):
    """Return some places of some axes; those backwards are flipped."""
    text, forward, given = "{0}", [], count(1)
    for axis, *ends, step in part.options["slices"]:
        ends = ["{%d}" % next(given) if end == GIVEN else end for end in ends]
        if step < 0:
            text += slices_text(_turned(part, axis, *ends)) + (
                ".flip(%d)" % axis)
            ends = [None, None]
        if step != -1:
            forward.append((axis, *ends, abs(step)))
    return Call(None, {}, text + slices_text(forward))


def _turned(part, axis, start, stop):
    """Return the slice that goes forwards over what one goes backwards.

    None for all of an axis.
    """
    if isinstance(start, str) or isinstance(stop, str) or stop == -1:
        raise LeavingError(
            "%s: goes backwards from %s to %s; expected numbers that are "
            "known, as PyTorch has no slices that go backwards. Reverse it by "
            "a layer of its own." % (part.name, start, stop))
    first = None if stop is None else stop + 1
    last = None if start in (None, -1) else start + 1
    return [] if first is last is None else [(axis, first, last, 1)]


def index(part):
    """Return one place of an axis."""
    place = part.options["index"]
    return Call(None, {}, "{0}[%s%s]" % (
        ":, " * part.options["axis"], "{1}" if place == GIVEN else place))


def size(part):
    """Return the length of an axis."""
    return Call(None, {}, "{0}.shape[%d]" % part.options["axis"])


def cast(part):
    """Return another type; torch.jit does not know .bool()."""
    if len(part.inputs) > 1:
        return Call(None, {}, "{0}.to({1}.dtype)")
    return Call(None, {}, "{0}.%s" % {
        "float32": "float()", "float64": "double()", "int64": "long()",
        "bool": "to(torch.bool)"}[part.options["dtype"]])


def wrap(part):
    """Return integers as a narrower type holds them; PyTorch lacks some."""
    dtype = part.options["dtype"]
    if dtype.startswith("u"):
        return Call(None, {}, "({0} %% %d)" % 2 ** int(dtype[4:]))
    return Call(None, {}, "{0}.to(torch.%s).long()" % dtype)


#: Kind of a part → its row.
SHAPES = {
    "sort": arrange, "argsort": arrange, "arange": arange, "gather": gather,
    "concat": concat, "flatten_end": flatten_end, "reshape": reshape,
    "full": full, "fill": fill, "dimshuffle": dimshuffle,
    "unsqueeze": unsqueeze, "pad": pad, "slice": slice_, "index": index,
    "size": size, "cast": cast, "wrap": wrap}
