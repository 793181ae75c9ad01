"""Find the arrays in what a pickle holds, by its structure.

Known are lists of arrays, lists of such lists, dicts of arrays by parameter
name, dicts of lists or dicts by layer; each alone, beside other things in a
tuple, or under a key of a dict that holds other things as well; and several of
these that were pickled into one file, one after the other.
"""

from ...errors import CheckpointError, UnsafeFileError
from ..common.arrays import StoredArray
from ..common.guard import check_name
from ..common.naming import are_registered, describe, twins_of
from ..common.numbering import POSITION, positions_of, tell_no_order
from ..common.record import Checkpoint, Entry
from .constructors import Array, Ordered, is_bytes

__all__ = ["OTHER", "Several", "VALUE_KEYS", "checkpoint_of"]

#: Under which keys the values are, in a dict that holds other things as well.
VALUE_KEYS = ("param values", "param_values", "params_values", "values",
              "params", "parameters", "state_dict", "model_state_dict")
#: Likewise, unless all the dict holds is by layer: then it is a layer's name.
_WEAK_KEYS = ("weights", "model", "net", "network")

_LONGEST_TEXT = 4096
#: The name of metadata that have none.
OTHER = "objects"


class Several(list):
    """Hold the values that were pickled into one file, one after the other."""


def checkpoint_of(value, data, where, form, limits, beside=False):
    """Return the checkpoint that a value from a pickle stands for.

    Parameters
    ----------
    value : value
        What :func:`.unpickle.unpickle` returned.
    data : bytes
        What it was read from.
    where : str
        Name of the file.
    form : str
        Name of the format.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    beside : bool
        Whether it is beside other arrays, and need hold none: then it is
        metadata, by the name :data:`OTHER`.

    Returns
    -------
    Checkpoint
        Its arrays and metadata.

    Raises
    ------
    CheckpointError
        If it holds no arrays in a form that is known.
    UnsafeFileError
        If it repeats its content beyond all bounds.
    """
    protocol = data[1] if data[:1] == b"\x80" else 0
    finder = Finder(where, limits, len(data), protocol)
    if beside and not finder.holds(value, 0):
        finder.note(OTHER, value)
        return Checkpoint(where, form, (), finder.metadata)
    finder.find(value)
    if not finder.entries:
        raise _unknown(where, value)
    names = [entry.name for entry in finder.entries]
    return Checkpoint(where, form, describe(finder.entries), finder.metadata,
                      "pickle protocol %d" % protocol,
                      finder.ordered and not tell_no_order(names),
                      siblings="any" if are_registered(names) else "as here")


def _unknown(where, value):
    kind = type(value).__name__
    keys = ""
    if isinstance(value, dict):
        kind, keys = "dict", " with the keys " + ", ".join(
            "%.40r" % (key,) for key in list(value)[:8])
    return CheckpointError(
        "%s: holds a %s%s; expected arrays: a list of them, a dict by "
        "parameter name, a dict of lists by layer, or one of these under "
        "%r." % (where, kind, keys, VALUE_KEYS[0]))


class Finder:
    """Walk through lists and dicts, and collect arrays and what else is there.

    Parameters
    ----------
    where : str
        Name of the file for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    size : int
        Bytes of the pickle.
    protocol : int
        Of the pickle; up to 2 a plain dict may be Python 2's, which has no
        order.
    """

    def __init__(self, where, limits, size, protocol=3):
        self.where, self.limits, self.size = where, limits, size
        self.protocol, self.total = protocol, 0
        self.entries, self.metadata, self.ordered = [], {}, True
        self.visits, self.held = 0, {}

    def visit(self, depth):
        """Count a step, refuse too many and too deep ones."""
        self.visits += 1
        # there is none that does not take a byte of the pickle
        most = min(self.limits.containers, self.size)
        if depth > self.limits.depth or self.visits > most:
            raise UnsafeFileError(
                "%s: nests or repeats lists and dicts beyond %d levels or %d "
                "items; expected fewer."
                % (self.where, self.limits.depth, most))

    def spend(self, stored):
        """Count the bytes of an array, refuse too many."""
        self.total += len(stored.raw)
        if self.total > self.limits.unpacked(self.size):
            raise UnsafeFileError(
                "%s: repeats %d bytes until they come to %d; expected at most "
                "%d." % (self.where, self.size, self.total,
                         self.limits.unpacked(self.size)))

    def find(self, value, prefix="", depth=0):
        """Collect the arrays in a value."""
        self.visit(depth)
        value = _opened(value)
        if isinstance(value, StoredArray):
            self.add(prefix or "arr_0", value)
        elif isinstance(value, dict):
            self.find_dict(value, prefix, depth)
        elif isinstance(value, (list, tuple)):
            self.find_list(value, prefix, depth)

    def find_list(self, items, prefix, depth):
        """Collect the arrays in a list, and keep what else is there."""
        holds = [self.holds(item, depth + 1) for item in items]
        held = [item for item, it_does in zip(items, holds) if it_does]
        alone = len(held) == 1 and len(items) > 1 and not isinstance(
            _opened(held[0]), StoredArray)
        if isinstance(items, Several) or alone:
            for i, item in enumerate(items):
                if not holds[i]:
                    self.note(prefix + str(i), item)
            self.find(held[0] if len(held) == 1 else held, prefix, depth + 1)
            return
        flat = all(isinstance(_opened(item), StoredArray) for item in items)
        word = prefix or ("arr_" if flat else "")
        for i, item in enumerate(items):
            if holds[i]:
                self.find(item, "%s%d%s" % (word, i, "" if flat else "."),
                          depth + 1)
            elif not isinstance(_opened(item), (list, tuple, dict)):
                raise CheckpointError(
                    "%s: holds %.40r at position %d of a list; expected "
                    "arrays only." % (self.where, item, i))

    def find_dict(self, items, prefix, depth):
        """Collect the arrays in a dict, and keep what else is there."""
        key = self.value_key(items, depth)
        if key is not None:
            twins = twins_of(key, {k: _opened(v) for k, v in items.items()})
            for other in items:
                if other != key and other not in twins:
                    self.note(str(other), items[other])
            for each in [key, *twins]:  # which is meant, prefix= tells
                self.find(items[each], prefix + (each + ".") * bool(twins),
                          depth + 1)
            return
        held = {k: None for k in items if self.holds(items[k], depth + 1)}
        for k in items:
            if k not in held and not _is_empty(items[k]):
                self.note(prefix + str(k), items[k])
        numbers = positions_of(held)
        if numbers is not None:
            held = [k for _, k in sorted(zip(numbers, held))]
        elif len(held) > 1 and (
                self.protocol < 3 and not isinstance(items, Ordered)
                or all(POSITION.fullmatch(str(k)) for k in held)
                or tell_no_order([str(k) for k in held])):
            self.ordered = False
        for k in held:
            leaf = isinstance(_opened(items[k]), StoredArray)
            self.find(items[k], prefix + str(k) + ("" if leaf else "."),
                      depth + 1)

    def value_key(self, items, depth):
        """Return the key under which the values are, or None."""
        held = [k for k in items if self.holds(items[k], depth + 1)
                and not isinstance(_opened(items[k]), StoredArray)]
        for key in VALUE_KEYS:
            if key in held:
                return key
        if len(held) == 1 and held[0] in _WEAK_KEYS:
            return held[0]
        return None

    def holds(self, value, depth):
        """Tell whether there are arrays of numbers in a value.

        Each list and dict is looked through once, wherever it is repeated.
        """
        value = _opened(value)
        if isinstance(value, StoredArray):
            return value.dtype.kind not in "SU"
        if not isinstance(value, (list, tuple, dict)):
            return False
        if id(value) not in self.held:
            self.visit(depth)
            items = value.values() if isinstance(value, dict) else value
            self.held[id(value)] = False  # where it is within itself
            self.held[id(value)] = any([self.holds(item, depth + 1)
                                        for item in items])
        return self.held[id(value)]

    def add(self, name, stored):
        """Collect one array."""
        if len(self.entries) >= self.limits.members:
            raise UnsafeFileError("%s: holds more than %d arrays; expected "
                                  "fewer." % (self.where, self.limits.members))
        check_name(name, self.where, self.limits)
        self.spend(stored)
        self.entries.append(Entry(name, stored.shape, stored.dtype,
                                  stored.read))

    def note(self, key, value):
        """Keep what is no array, as plain values."""
        self.metadata[key] = self.plain(value, 0)

    def plain(self, value, depth):
        """Return a value without anything of the pickle's own."""
        self.visit(depth)
        value = _opened(value)
        if isinstance(value, StoredArray):
            self.spend(value)
            return value.read()
        if is_bytes(value):
            return bytes(value[:_LONGEST_TEXT]).decode("latin-1")
        if isinstance(value, (list, tuple)):
            return [self.plain(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.plain(item, depth + 1)
                    for key, item in value.items()}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        return "%s" % type(value).__name__


def _opened(value):
    """Return what an array of the pickle holds, other values as they are."""
    return value.stored if type(value) is Array else value


def _is_empty(value):
    return isinstance(value, (list, tuple, dict)) and not value
