"""Shared variables whose value lives on the device between calls.

Theano keeps a value in a list of one element, and its C code looks into that
list directly. A `Cell` is such a list. While the device has a newer value, the
element is None, so that code which knows nothing of devices raises instead of
computing with an old value; Python code that asks for it gets it.

One thread may train while another looks at values: where a value is, is looked
at and changed in one.
"""
import copy
import os
import sys
import threading

from .devices import download, upload
from .rows.table import TYPES

__all__ = ["Cell", "adopt"]

#: Held for moments only, never while a value is moved.
_held = {"lock": threading.Lock()}


def _renew():
    """Let a forked process have a lock that no lost thread holds."""
    _held["lock"] = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


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
        while not self._is_left_to(value):
            value = self.on_host()
        return value if index in (0, -1) else [value][index]

    def __setitem__(self, index, value):
        with _held["lock"]:
            super().__setitem__(index, value)
            self.tensor = None

    def _both(self):
        """Return the value on the host and that on the device."""
        with _held["lock"]:
            return super().__getitem__(0), self.tensor

    def _is_left_to(self, value):
        """Drop what is on the device, unless that is newer; tell which."""
        with _held["lock"]:
            newer = super().__getitem__(0) is not value or (
                value is None and self.tensor is not None)
            if not newer:
                self.tensor = None
            return not newer

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
        value, tensor = self._both()
        if value is not None or tensor is None:
            return value
        value = download(tensor)
        with _held["lock"]:
            if self.tensor is tensor:
                other = super().__getitem__(0)  # of another thread
                value = value if other is None else other
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

        Raises
        ------
        ValueError
            If there is no value.
        """
        tensor = self.tensor
        if tensor is not None and tensor.device == device:
            return tensor
        value, tensor = self._both()
        if value is None and tensor is None:
            raise ValueError("a shared variable holds None; expected an "
                             "array. Set its value first")
        there = upload(download(tensor) if value is None and (
            tensor is not None) else value, device)
        with _held["lock"]:
            if super().__getitem__(0) is value and self.tensor is tensor:
                super().__setitem__(0, None)
                self.tensor = there
        return there

    def put(self, tensor):
        """Set the value on the device; that on the host is none then.

        Parameters
        ----------
        tensor : torch.Tensor
            The new value.
        """
        with _held["lock"]:
            super().__setitem__(0, None)
            self.tensor = tensor

    def copied(self):
        """Return a copy of the value on the host.

        Returns
        -------
        object
            Of which nothing here knows.
        """
        value, tensor = self._both()
        if value is None and tensor is not None:
            return download(tensor.clone())
        return copy.deepcopy(value)


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
