"""Build lists, dicts, texts, numbers and arrays from a pickle, nothing else.

The opcodes have been walked before (:mod:`.opcodes`). A name in the file only
ever selects one of the constructors in CALLS; nothing is imported or called
for it.
"""
import codecs
import struct

from ...errors import CheckpointError, FlipconvError, UnsafeFileError
from .constructors import (CALLS, EMPTY_DICTS, NoKey, Ordered, Symbol,
                           TwoOfAKey, build, only, pairs_of, with_pairs)
from .opcodes import WAY_OUT, check, walk

__all__ = ["unpickle"]

_LONGEST_INTEGER = 32


class Machine:
    """Run opcodes on a stack of inert values.

    Parameters
    ----------
    data : bytes
        The file's content.
    where : str
        Name of the file for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    calls : dict of Symbol to callable
        What a pickle may call, as ``function(machine, arguments)``.
    persistent : callable, optional
        What stands for a persistent id, as ``function(machine, id)``.
    """

    def __init__(self, data, where, limits, calls, persistent=None):
        self.data, self.where, self.limits = data, where, limits
        self.view = memoryview(data)
        self.calls, self.persistent = calls, persistent
        self.stack, self.below, self.memo = [], [], {}
        self.made = self.at = 0

    def spend(self, size):
        """Count bytes that are made from others; refuse too many."""
        self.made += size
        ceiling = self.limits.unpacked(len(self.data))
        if self.made > ceiling:
            raise UnsafeFileError(
                "%s: repeats its content until it comes to more than %d "
                "bytes; expected less. Pass limits=LIMITS._replace("
                "expansion=…) if you know the file." % (self.where, ceiling))

    def since_mark(self):
        """Pop and return everything above the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def run(self, opcodes):
        """Return the value of a pickle."""
        try:
            for letter, self.at, start, end in opcodes:
                _STEPS[letter](self, start, end)
        except FlipconvError:
            raise
        except NoKey as error:
            raise CheckpointError(
                "%s: has a dict with a key that is a %s, or a large number, "
                "at byte %d; expected texts or numbers such as positions. "
                "Where it comes from, pickle {str(key): value for key, value "
                "in found.items()}." % (self.where, error, self.at)) from error
        except TwoOfAKey as error:
            raise CheckpointError(
                "%s: has a dict with the key %s twice, maybe as bytes and as "
                "a text, at byte %d; expected each key once, as one of the "
                "values would be lost. Give them names of their own where "
                "they come from." % (self.where, error, self.at)) from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError,
                OverflowError, struct.error) as error:
            raise CheckpointError(
                "%s: is no valid pickle at byte %d (%s); expected one that "
                "pickle.dump wrote." % (self.where, self.at,
                                        type(error).__name__)) from error
        if len(self.stack) != 1 or self.below:
            raise CheckpointError(
                "%s: leaves %d values at the end of the pickle; expected one."
                % (self.where, len(self.stack)))
        return self.stack[0]


def unpickle(data, where, limits, start=0, calls=None, persistent=None):
    """Return the value of the pickle at `start`, and where it ends.

    Parameters
    ----------
    data : bytes
        The file's content.
    where : str
        Name of the file for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    start : int
        Where the pickle begins.
    calls : dict of Symbol to callable, optional
        What it may call beyond what arrays need.
    persistent : callable, optional
        What stands for a persistent id.

    Returns
    -------
    value
        Lists, tuples, dicts, texts (`str`; `memoryview` where the pickle says
        bytes), numbers and :class:`.constructors.Array`.
    end : int
        Where the next byte after it is.

    Raises
    ------
    CheckpointError
        If it is damaged.
    UnsafeFileError
        If it would execute something or exhaust the machine.

    Examples
    --------
    >>> from lasagne_flipconv.limits import LIMITS
    >>> unpickle(b"](K\\x01K\\x02e.", "a.pkl", LIMITS)
    ([1, 2], 8)
    """
    end = check(data, where, limits, start, persistent is not None)
    machine = Machine(data, where, limits, {**CALLS, **(calls or {})},
                      persistent)
    return machine.run(walk(data, where, limits, start,
                            persistent is not None)), end


# Opcodes: each a function of the machine and of where its argument is.

def _push(make):
    def step(machine, start, end):
        machine.stack.append(make(machine, start, end))
    return step


def _constant(value):
    return _push(lambda machine, start, end: value)


def _bytes(machine, start, end):
    return machine.view[start:end]


def _unsigned(machine, start, end):
    return int.from_bytes(machine.data[start:end], "little")


def _signed(machine, start, end):
    if end - start > _LONGEST_INTEGER:
        raise UnsafeFileError(
            "%s: has an integer of %d bytes at %d; expected at most %d."
            % (machine.where, end - start, machine.at, _LONGEST_INTEGER))
    return int.from_bytes(machine.data[start:end], "little",
                          signed=True)


def _double(machine, start, end):
    return struct.unpack(">d", machine.data[start:end])[0]


def _integer_line(machine, start, end):
    line = machine.data[start:end]
    return line == b"01" if line in (b"00", b"01") else int(line)


def _long_line(machine, start, end):
    return int(machine.data[start:end].rstrip(b"L\r"))


def _float_line(machine, start, end):
    return float(machine.data[start:end])


def _string_line(machine, start, end):
    line = machine.data[start:end].strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in b"'\"":
        raise ValueError("no quotes")
    return memoryview(codecs.escape_decode(line[1:-1])[0])


def _unicode_line(machine, start, end):
    return machine.data[start:end].decode("raw-unicode-escape")


def _unicode(machine, start, end):
    return machine.data[start:end].decode("utf-8", "surrogatepass")


def _new_list(machine, start, end):
    return []


def _new_dict(machine, start, end):
    return {}


def _nothing(machine, start, end):
    """Do nothing: FRAME and STOP only matter to the walk."""


def _protocol(machine, start, end):
    if machine.data[start] > 5:
        raise ValueError("no protocol that is known")


def _mark(machine, start, end):
    machine.below.append(machine.stack)
    machine.stack = []


def _pop(machine, start, end):
    if machine.stack:
        machine.stack.pop()
    else:
        machine.since_mark()


def _pop_mark(machine, start, end):
    machine.since_mark()


def _duplicate(machine, start, end):
    machine.stack.append(machine.stack[-1])


def _put(machine, start, end):
    machine.memo[_unsigned(machine, start, end)] = machine.stack[-1]


def _put_line(machine, start, end):
    index = int(machine.data[start:end])
    if not 0 <= index < 1 << 32:
        raise ValueError("no place in the memo")
    machine.memo[index] = machine.stack[-1]


def _memoize(machine, start, end):
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get(machine, start, end):
    return machine.memo[_unsigned(machine, start, end)]


def _get_line(machine, start, end):
    return machine.memo[int(machine.data[start:end])]


def _collect(kind):
    def step(machine, start, end):
        items = machine.since_mark()
        machine.stack.append(kind(items))
    return step


def _tuple(n):
    def step(machine, start, end):
        items = tuple(machine.stack[-n:])
        if len(items) != n:
            raise IndexError("too few for a tuple")
        machine.stack[-n:] = [items]
    return step


def _append(machine, start, end):
    value = machine.stack.pop()
    only(machine.stack[-1], list).append(value)


def _appends(machine, start, end):
    items = machine.since_mark()
    only(machine.stack[-1], list).extend(items)


def _set_item(machine, start, end):
    value, key = machine.stack.pop(), machine.stack.pop()
    with_pairs(only(machine.stack[-1], dict), [key, value])


def _set_items(machine, start, end):
    items = machine.since_mark()
    with_pairs(only(machine.stack[-1], dict), items)


def _global(machine, start, end):
    module, name = machine.data[start:end].split(b"\n")
    return _symbol(machine, module.decode("utf-8"), name.decode("utf-8"))


def _stack_global(machine, start, end):
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise TypeError("no names")
    machine.stack.append(_symbol(machine, module, name))


def _symbol(machine, module, name):
    symbol = Symbol(module, name)
    if symbol not in machine.calls:
        raise _unknown(machine, symbol)
    return symbol


_NETWORKS = ("lasagne", "nolearn", "theano", "pylearn2", "sklearn")


def _unknown(machine, symbol):
    asked = "%.100s.%.100s" % symbol
    if symbol.module.partition(".")[0] in _NETWORKS:
        return UnsafeFileError(
            "%s: asks for %s: it is the pickle of a whole network, layer or "
            "variable, not of values; expected arrays. %s"
            % (machine.where, asked, WAY_OUT))
    return UnsafeFileError(
        "%s: asks for %s, which could execute code; expected arrays, lists, "
        "dicts, texts and numbers only. %s" % (machine.where, asked, WAY_OUT))


def _reduce(machine, start, end):
    arguments, symbol = machine.stack.pop(), machine.stack.pop()
    if not isinstance(symbol, Symbol) or type(arguments) is not tuple:
        raise TypeError("no call")
    call = machine.calls[symbol]
    if call is None:
        raise UnsafeFileError(
            "%s: calls %s.%s at byte %d, which is only ever named; expected a "
            "pickle as NumPy writes it. %s"
            % (machine.where, symbol.module, symbol.name, machine.at, WAY_OUT))
    machine.stack.append(call(machine, arguments))


def _new_object(machine, start, end):
    arguments, symbol = machine.stack.pop(), machine.stack.pop()
    # its type first: a tuple of tuples of tuples takes for ever to hash
    if type(symbol) is not Symbol or type(arguments) is not tuple or (
            symbol not in EMPTY_DICTS or arguments):
        raise UnsafeFileError(
            "%s: makes an object of a class at byte %d; expected arrays, "
            "lists, dicts, texts and numbers only. %s"
            % (machine.where, machine.at, WAY_OUT))
    machine.stack.append(Ordered())


def _build(machine, start, end):
    state = machine.stack.pop()
    build(machine, machine.stack[-1], state)


def _persistent_id(machine, start, end):
    machine.stack.append(machine.persistent(machine, machine.stack.pop()))


_STEPS = {
    "(": _mark, ".": _nothing, "\x80": _protocol, "\x95": _nothing,
    "0": _pop, "1": _pop_mark, "2": _duplicate,
    "N": _constant(None), "\x88": _constant(True), "\x89": _constant(False),
    "I": _push(_integer_line), "L": _push(_long_line),
    "F": _push(_float_line), "G": _push(_double),
    "J": _push(_signed), "\x8a": _push(_signed), "\x8b": _push(_signed),
    "K": _push(_unsigned), "M": _push(_unsigned),
    "S": _push(_string_line), "V": _push(_unicode_line),
    "T": _push(_bytes), "U": _push(_bytes), "B": _push(_bytes),
    "C": _push(_bytes), "\x8e": _push(_bytes), "\x96": _push(_bytes),
    "X": _push(_unicode), "\x8c": _push(_unicode), "\x8d": _push(_unicode),
    "]": _push(_new_list), "}": _push(_new_dict),
    ")": _constant(()), "t": _collect(tuple), "l": _collect(list),
    "d": _collect(pairs_of), "\x85": _tuple(1), "\x86": _tuple(2),
    "\x87": _tuple(3), "a": _append, "e": _appends, "s": _set_item,
    "u": _set_items, "p": _put_line, "q": _put, "r": _put, "\x94": _memoize,
    "g": _push(_get_line), "h": _push(_get), "j": _push(_get),
    "c": _push(_global), "\x93": _stack_global, "R": _reduce,
    "\x81": _new_object, "b": _build, "Q": _persistent_id,
}
_STEPS = {ord(letter): step for letter, step in _STEPS.items()}
