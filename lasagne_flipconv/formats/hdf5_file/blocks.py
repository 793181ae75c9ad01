"""The blocks an HDF5 file is made of, each within the file and read once.

libhdf5 trusts much of what a file says about itself: on damaged files it
loops, or crashes the process. So files are read here, as the HDF5 File Format
Specification lays them out, and libhdf5 never sees them. Anything that is no
plain group, attribute or array of numbers is refused.
"""
from ...errors import CheckpointError, UnsafeFileError
from .sums import lookup3

__all__ = ["Blocks", "Layout", "NOWHERE", "leaves"]

#: The address that means none.
NOWHERE = (1 << 64) - 1


class Layout:
    """Read numbers from a block, one after the other.

    Parameters
    ----------
    blocks : Blocks
        The file.
    data : bytes
        The block.
    what : str
        What it is, for error texts.
    """

    def __init__(self, blocks, data, what):
        self.blocks, self.data, self.what, self.at = blocks, data, what, 0

    def take(self, size):
        """Return the next bytes."""
        end = self.at + size
        if end > len(self.data):
            raise self.blocks.broken("%s that is too short" % self.what)
        found, self.at = self.data[self.at:end], end
        return found

    def number(self, size):
        """Return the next little-endian integer."""
        return int.from_bytes(self.take(size), "little")

    def expect(self, size, *allowed):
        """Return the next integer if it is one of these."""
        found = self.number(size)
        if found not in allowed:
            raise self.blocks.broken("%s with %d where %s should be" % (
                self.what, found, " or ".join(map(str, allowed[:4]))))
        return found

    def skip_to(self, multiple):
        """Leave out padding."""
        self.take(-self.at % multiple)

    def again(self):
        """Return the same block, to be read from its begin."""
        return Layout(self.blocks, self.data, self.what)

    def left(self):
        """Return how many bytes are left."""
        return len(self.data) - self.at

    def inner(self, size):
        """Return the next bytes, to be read as a block of their own."""
        return Layout(self.blocks, self.take(size), self.what)

    def check_sum(self, at=None):
        """Refuse a block whose checksum, here or at its end, is another."""
        at = len(self.data) - 4 if at is None else at
        if lookup3(self.data[:at]) != int.from_bytes(self.data[at:at + 4],
                                                     "little"):
            raise self.blocks.broken("%s whose checksum is another"
                                     % self.what)


class Blocks:
    """Read blocks of a file; no byte may belong to two of them.

    Parameters
    ----------
    file : binary file
        The file.
    where : str
        Its name for error texts.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    stored : int, optional
        Bytes of the archive that the file was unpacked from.
    """

    def __init__(self, file, where, limits, stored=None):
        self.file, self.where, self.limits = file, where, limits
        self.size = file.seek(0, 2)
        self.owned, self.total, self.told = {}, 0, 0
        self.declared = self.arrays = 0
        self.ceiling = limits.unpacked(stored or self.size)
        self.known, self.collections = set(), {}
        self.leaf, self.inner, self.chunk = 4, 16, 32

    def broken(self, what):
        """Return the error of a damaged file."""
        return CheckpointError(
            "%s: is no whole HDF5 file: it has %s; expected the blocks that "
            "its format describes. It is truncated or damaged; get it again."
            % (self.where, what))

    def own(self, at, size, what):
        """Refuse bytes that are not there; note whose they are.

        As no byte is in two blocks, all blocks come to the size of the file
        at most: however they point to each other, following them ends.
        """
        if at + size > self.size:
            raise self.broken("%s of %d bytes at %d, past its end"
                              % (what, size, at))
        self.total += size
        if at in self.owned or self.total > self.size:
            raise self.shared(self.owned.get(at, (0, "another"))[1], what, at)
        if size:
            self.owned[at] = size, what
        self.count(len(self.owned))

    def count(self, blocks):
        """Refuse more blocks than a file may have."""
        if blocks > 16 * self.limits.members:
            raise UnsafeFileError(
                "%s: has more than %d blocks; expected fewer."
                % (self.where, 16 * self.limits.members))

    def shared(self, first, second, at):
        """Return the error of two blocks that share bytes."""
        return UnsafeFileError(
            "%s: %s and %s share the bytes at %d; expected each byte in one "
            "block." % (self.where, first, second, at))

    def declare(self, size, shape, where):
        """Count the bytes that an array comes to, for the whole file."""
        self.declared += size
        if self.declared > self.ceiling:
            raise UnsafeFileError(
                "%s: declares shape %r; the file unpacks %d bytes into %d; "
                "expected at most %d. Pass limits=LIMITS._replace("
                "expansion=…) if you know the file."
                % (where, shape, self.size, self.declared, self.ceiling))

    def block(self, at, size, what, signature=b""):
        """Return a block of the file, of which every byte belongs to it."""
        self.own(at, size, what)
        self.tell(size)
        layout = Layout(self, self.peek(at, size), what)
        if layout.take(len(signature)) != signature:
            raise self.broken("no %s at byte %d" % (what, at))
        return layout

    def tell(self, size):
        """Count bytes that are no array, for the whole file."""
        self.told += size
        if self.told > 4 * self.limits.header:
            raise UnsafeFileError(
                "%s: has more than %d bytes beside its arrays; expected "
                "fewer." % (self.where, 4 * self.limits.header))

    def peek(self, at, size):
        """Return bytes without noting whose they are."""
        if at + size > self.size:
            raise self.broken("%d bytes at %d, past its end" % (size, at))
        self.file.seek(at)
        found = self.file.read(size)
        if len(found) != size:
            raise self.cut()
        return found

    def read_into(self, at, target):
        """Read bytes into memory that is there."""
        self.file.seek(at)
        while len(target):
            count = self.file.readinto(target)
            if not count:
                raise self.cut()
            target = target[count:]

    def cut(self):
        """Return the error of a file that is shorter than it was."""
        return CheckpointError(
            "%s: became shorter while it was read; expected %d bytes. Let "
            "what writes it finish first." % (self.where, self.size))

    def size_at(self, at, skip, size, signature, what):
        """Return a number in a block that says how long the block is."""
        if at + skip + size > self.size:
            raise self.broken("%s at %d, past its end" % (what, at))
        if self.peek(at, len(signature)) != signature:
            raise self.broken("no %s at byte %d" % (what, at))
        return int.from_bytes(self.peek(at + skip, size), "little")

    def check(self):
        """Refuse blocks that share bytes."""
        end, first = 0, ""
        for at in sorted(self.owned):
            size, what = self.owned[at]
            if at < end:
                raise self.shared(first, what, at)
            end, first = at + size, what


def leaves(blocks, root, kind, width, key_size, check_key):
    """Return where the leaves of a tree point to, in order.

    Parameters
    ----------
    blocks : Blocks
        The file.
    root : int
        Where the tree is.
    kind : int
        0 for groups, 1 for chunks.
    width : int
        Half of how many children a node has at most.
    key_size : int
        Bytes between two children.
    check_key : callable
        Gets a Layout at each key.

    Returns
    -------
    list of int
        Addresses.
    """
    level, nodes = blocks.peek(root + 5, 1)[0], [root]
    if level > blocks.limits.depth:
        raise blocks.broken("a tree of %d levels" % level)
    for depth in range(level, -1, -1):
        below = []
        for i, at in enumerate(nodes):
            node = blocks.block(at, 24 + 16 * width + (2 * width + 1)
                                * key_size, "a tree", b"TREE")
            node.expect(1, kind)
            node.expect(1, depth)
            count = node.number(2)
            node.expect(8, nodes[i - 1] if i else NOWHERE, NOWHERE)
            node.expect(8, (nodes + [NOWHERE])[i + 1], NOWHERE)
            if count > 2 * width or (not count and level):
                raise blocks.broken("a tree of %d children" % count)
            for child in range(count + 1):
                end = node.at + key_size
                if kind == 0 or depth == 0 and child < count:
                    check_key(node)
                node.at = end
                if child < count:
                    below.append(node.number(8))
        nodes = below
    return nodes
