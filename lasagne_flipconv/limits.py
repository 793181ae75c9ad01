"""Ceilings that every reader keeps: bytes, headers, members, opcodes."""
from __future__ import annotations

from typing import NamedTuple

__all__ = ["Limits", "LIMITS"]


class Limits(NamedTuple):
    """Hold the ceilings for one read; all of them are checked before use.

    Parameters
    ----------
    file : int
        Bytes of the file.
    header : int
        Bytes of one header, record or text in it (JSON, array header, name
        table), before it is parsed.
    members : int
        Arrays, archive members, groups or layers in one file; of each thing
        that comes with them, such as values in JSON, some for each.
    name : int
        Characters of a name.
    axes : int
        Axes of an array.
    opcodes : int
        Opcodes of a pickle.
    depth : int
        Levels of lists, dicts or groups within each other.
    floor, expansion : int
        Bytes that compressed or repeated content may always come to, and how
        many times the bytes of the file beyond that.

    Examples
    --------
    >>> LIMITS._replace(opcodes=1000000).opcodes
    1000000
    """

    file: int
    header: int
    members: int
    name: int
    axes: int
    opcodes: int
    depth: int
    floor: int
    expansion: int

    @property
    def containers(self) -> int:
        """Return how many lists, dicts or groups may be around the members."""
        return 4 * self.members

    def unpacked(self, stored: int) -> int:
        """Return how many bytes may come out of so many stored ones.

        Parameters
        ----------
        stored : int
            Bytes in the file.

        Returns
        -------
        int
            The ceiling, in bytes.
        """
        return max(self.floor, self.expansion * stored)


#: The default. Known checkpoints stay far below: the largest, a pickled VGG
#: with its 1000 class names, has some 3500 opcodes and 550 MB.
LIMITS = Limits(file=1 << 36, header=1 << 22, members=10000, name=1024,
                axes=8, opcodes=30000, depth=16, floor=1 << 23,
                expansion=50)
