"""Shared variables whose value lives on the device between calls.

Theano keeps a value in a list of one element, and its C code looks into that
list directly. A `Cell` is such a list. While the device has a newer value, the
element is None, so that code which knows nothing of devices raises instead of
computing with an old value; Python code that asks for it gets it.
"""
import copy
import sys

from .devices import download, upload
from .rows.table import TYPES

__all__ = ["Cell", "adopt"]


class Cell(list):
    """The place of one value, on the host, on the device, or on both.

    Parameters
    ----------
    value : object
        The value on the host.
    """

    __slots__ = ("tensor",)

    def __init__(self, value):
        super().__init__([value])
        self.tensor = None

    def __getitem__(self, index):
        """Return the value on the host, which may be written into then."""
        value = self.on_host()
        self.tensor = None
        return value if index in (0, -1) else [value][index]

    def __setitem__(self, index, value):
        super().__setitem__(index, value)
        self.tensor = None

    def __iter__(self):
        return iter([self[0]])

    def __reduce_ex__(self, protocol):
        return list, ([self.copied()],)

    def __deepcopy__(self, memo):
        return [copy.deepcopy(self.on_host(), memo)]

    def on_host(self):
        """Return the value on the host, which must not be written into.

        Returns
        -------
        object
            Brought from the device if that has a newer one.
        """
        value = super().__getitem__(0)
        if value is None and self.tensor is not None:
            value = download(self.tensor)
            super().__setitem__(0, value)
        return value

    def on_device(self, device):
        """Return the value on the device, whose it is from now on.

        Parameters
        ----------
        device : torch.device
            Where it is wanted.

        Returns
        -------
        torch.Tensor
            Not to be written into.
        """
        if self.tensor is None or self.tensor.device != device:
            self.put(upload(self.on_host(), device))
        return self.tensor

    def put(self, tensor):
        """Set the value on the device; that on the host is none then.

        Parameters
        ----------
        tensor : torch.Tensor
            The new value.
        """
        super().__setitem__(0, None)
        self.tensor = tensor

    def copied(self):
        """Return a copy of the value on the host.

        Returns
        -------
        object
            Of which nothing here knows.
        """
        if super().__getitem__(0) is None and self.tensor is not None:
            return download(self.tensor.clone())
        return copy.deepcopy(super().__getitem__(0))


def adopt(container):
    """Let the value of a container live on the device, if that can be.

    It cannot where a function that was compiled before looks at the same
    list: that one would never hear of a new value.

    Parameters
    ----------
    container : theano.gof.Container
        Of a shared variable.

    Returns
    -------
    bool
        Whether its storage is a `Cell` now.
    """
    if isinstance(container.storage, Cell):
        return True
    if getattr(container.type, "dtype", None) not in TYPES or not hasattr(
            container.type, "broadcastable"):
        return False
    if sys.getrefcount(container.storage) > 2:  # the container, and this call
        return False
    container.storage = Cell(container.storage[0])
    return True
