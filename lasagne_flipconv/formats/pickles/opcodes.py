"""Walk the opcodes of a pickle without acting on any of them.

Every opcode is counted, its argument is measured against the bytes there are,
and what no checkpoint needs is refused by name before anything is built.
"""
import pickletools
from collections import deque

from ...errors import CheckpointError, UnsafeFileError

__all__ = ["ENDS_WITHIN", "REFUSED", "WAY_OUT", "check", "walk"]

_NAMES = {ord(op.code): op.name for op in pickletools.opcodes}

# How an argument is stored: so many bytes; lines of text; or its length in
# so many bytes, then itself.
_FIXED = dict.fromkeys(map(ord, "().]}012NRabdelstuQ\x81\x85\x86\x87\x88\x89"
                               "\x93\x94"), 0)
_FIXED.update({ord("K"): 1, ord("M"): 2, ord("J"): 4, ord("G"): 8,
               ord("q"): 1, ord("r"): 4, ord("h"): 1, ord("j"): 4,
               0x80: 1})
_LINES = {ord("I"): 1, ord("L"): 1, ord("F"): 1, ord("S"): 1, ord("V"): 1,
          ord("p"): 1, ord("g"): 1, ord("P"): 1, ord("c"): 2}
_COUNTED = {ord("U"): 1, ord("C"): 1, 0x8c: 1, 0x8a: 1, ord("T"): 4,
            ord("X"): 4, ord("B"): 4, 0x8b: 4, 0x8d: 8, 0x8e: 8, 0x96: 8}

_FRAME, _STOP, _BINPERSID = 0x95, ord("."), ord("Q")

#: Refused wherever they stand, with why.
REFUSED = {
    "EXT1": "looks a global up in the registry of the reading program",
    "EXT2": "looks a global up in the registry of the reading program",
    "EXT4": "looks a global up in the registry of the reading program",
    "INST": "calls a class by its name",
    "OBJ": "calls a class",
    "NEWOBJ_EX": "makes an object of a class",
    "PERSID": "asks the reading program for an object outside the file",
    "BINPERSID": "asks the reading program for an object outside the file",
    "NEXT_BUFFER": "asks the reading program for data outside the file",
    "READONLY_BUFFER": "asks the reading program for data outside the file",
    "EMPTY_SET": "makes a set, which no checkpoint needs",
    "FROZENSET": "makes a set, which no checkpoint needs",
    "ADDITEMS": "fills a set, which no checkpoint needs",
}
_REFUSED = {code: name for code, name in _NAMES.items() if name in REFUSED}

#: Length of the argument by opcode; -1 where that takes a closer look.
_LENGTHS = [-1 if code in _REFUSED else _FIXED.get(code, -1)
            for code in range(256)]

#: Opcodes that each call may come with, beyond those of the ceiling: an array
#: is a call, with at most so many around it in any protocol.
_PER_CALL = 40
_REDUCE = ord("R")

#: A number written as text is short.
_NUMBERS = frozenset(map(ord, "ILFpg"))
_LONGEST_NUMBER = 64


def check(data, where, limits, start=0, persistent=False):
    """Walk all opcodes of one pickle before any of them is acted on.

    Parameters
    ----------
    data, where, limits, start, persistent
        As :func:`walk` takes them.

    Returns
    -------
    int
        Where the next byte after it is.

    Raises
    ------
    CheckpointError
        If the data ends within an opcode, or is no pickle.
    UnsafeFileError
        If there are too many opcodes, or one that is never needed.
    """
    last, = deque(walk(data, where, limits, start, persistent), 1)
    return last[-1]


def walk(data, where, limits, start=0, persistent=False):
    """Yield the opcodes of one pickle, every argument within the data.

    They are not kept: a list of them would take a hundred bytes for each.

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
    persistent : bool
        Whether storages may be named by BINPERSID, as PyTorch does.

    Yields
    ------
    tuple of (int, int, int, int)
        For each opcode up to STOP: its code, where it is, and where its
        argument begins and ends.

    Raises
    ------
    CheckpointError
        If the data ends within an opcode, or is no pickle.
    UnsafeFileError
        If there are too many opcodes, or one that is never needed.

    Examples
    --------
    >>> from lasagne_flipconv.limits import LIMITS
    >>> len(list(walk(b"](K\\x01K\\x02e.", "a.pkl", LIMITS)))
    6
    """
    at, size, count = start, len(data), 0
    ceiling, most = limits.opcodes, (limits.opcodes
                                     + _PER_CALL * limits.members)
    while at < size:
        code = data[at]
        length = _LENGTHS[code]
        if length >= 0:
            begin, end = at + 1, at + 1 + length
            following = end
        else:
            begin, end, following = _argument(data, code, at, where,
                                              persistent)
        if end > size:
            raise _truncated(where, at, "%s with %d bytes more"
                             % (_NAMES[code], end - size))
        yield code, at, begin, end
        if code == _STOP:
            return
        count += 1
        if code == _REDUCE:
            ceiling = min(ceiling + _PER_CALL, most)
        if count >= ceiling:
            raise UnsafeFileError(
                "%s: has more than %d pickle opcodes; expected fewer. Pass "
                "limits=LIMITS._replace(opcodes=…) if you know the file."
                % (where, ceiling))
        at = following
    raise _truncated(where, at, "another opcode")


def _argument(data, code, at, where, persistent):
    """Return where an argument of no fixed length begins and ends, and where
    the next opcode is.
    """
    if code in _REFUSED and not (persistent and code == _BINPERSID):
        raise _refused(where, at, _REFUSED[code])
    if code in _COUNTED:
        begin = at + 1 + _COUNTED[code]
        end = begin + int.from_bytes(data[at + 1:begin], "little")
        return begin, end, end
    if code in _LINES:
        end = _end_of_lines(data, code, at, where)
        return at + 1, end, end + 1
    if code == _FRAME:
        frame = int.from_bytes(data[at + 1:at + 9], "little")
        if at + 9 + frame > len(data):
            raise _truncated(where, at, "a frame of %d bytes" % frame)
        return at + 1, at + 9, at + 9
    if code == _BINPERSID:
        return at + 1, at + 1, at + 1
    raise CheckpointError(
        "%s: has byte 0x%02x at %d, which is no pickle opcode; expected a "
        "pickle. The file is damaged or of another format."
        % (where, code, at))


def _end_of_lines(data, code, at, where):
    end = at
    for _ in range(_LINES[code]):
        end = data.find(b"\n", end + 1)
        if end < 0:
            raise _truncated(where, at, "a line of text")
    if code in _NUMBERS and end - at > _LONGEST_NUMBER:
        raise UnsafeFileError(
            "%s: has a number of %d digits at %d; expected at most %d."
            % (where, end - at - 1, at, _LONGEST_NUMBER))
    return end


def _truncated(where, at, what):
    return CheckpointError(
        "%s: %s at byte %d; expected %s. The file is truncated; get it again."
        % (where, ENDS_WITHIN, at, what))


def _refused(where, at, name):
    return UnsafeFileError(
        "%s: has the pickle opcode %s at byte %d, which %s; expected arrays, "
        "lists, dicts, texts and numbers only. %s"
        % (where, name, at, REFUSED[name], WAY_OUT))


#: What the error says where data end too early.
ENDS_WITHIN = "ends within the pickle"

#: How to get at the values of a file that is refused.
WAY_OUT = ("If you trust the file as you would a program, network = "
           "lasagne_flipconv.unpickle(path) loads a whole network of Lasagne "
           "or nolearn; then lasagne_flipconv.save('weights.npz', network). "
           "Else save its values where it was made: numpy.savez(path, "
           "*lasagne.layers.get_all_param_values(network)), or in PyTorch "
           "torch.save(network.state_dict(), path).")
