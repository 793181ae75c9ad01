"""A card that is none: tensors on "cpu:1" that only copies can leave.

As on a GPU, a value there cannot be read from here, nor be computed with one
from here; what is moved is counted, apart from the counting of the package.
"""
import torch
from torch.overrides import TorchFunctionMode

DEVICE = torch.device("cpu", 1)

#: What reads single values of a tensor, and so waits for the card.
READS = ("tolist", "item", "__bool__", "__int__", "__float__", "__index__",
         "equal", "allclose")
#: What a tensor on a card refuses.
REFUSED = ("numpy", "__array__")
#: What asks about a tensor alone.
ASKS = ("__get__", "numel", "element_size", "size", "dim", "stride",
        "is_contiguous", "__len__", "__hash__")


class Card(TorchFunctionMode):
    """Watch all that is done to tensors.

    Attributes
    ----------
    up, down : int
        Bytes moved.
    reads : list of str
        What waited for the card.
    """

    def __init__(self):
        super().__init__()
        self.up = self.down = 0
        self.reads = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """Do it, if it could be done on a card."""
        kwargs, name = dict(kwargs or {}), getattr(function, "__name__", "")
        there = [on_card(x) for x in tensors([args, kwargs])]
        if function == torch.Tensor.device.__get__:
            return DEVICE if any(there) else function(*args, **kwargs)
        if name in ASKS:
            found = function(*args, **kwargs)
            return marked(found) if any(there) else found
        if name in ("to", "cpu"):
            return self.moved(function, name, args, kwargs)
        if any(there):
            return self.done(function, name, args, kwargs, all(there))
        if kwargs.get("device") == DEVICE:
            made = function(*args, **dict(kwargs, device="cpu"))
            if name == "tensor":
                self.up += made.nbytes
            return marked(made)
        return function(*args, **kwargs)

    def moved(self, function, name, args, kwargs):
        """Copy a value, or change its type where it is."""
        value, to = args[0], [x for x in (*args[1:], *kwargs.values())
                              if isinstance(x, torch.device)]
        if name == "cpu" or to:
            with torch._C.DisableTorchFunction():
                copy = value.clone()
            back = name == "cpu" or to[0] != DEVICE
            if on_card(value) == back:
                setattr(self, "down" if back else "up", getattr(
                    self, "down" if back else "up") + copy.nbytes)
            return copy if back else marked(copy)
        made = function(*args, **kwargs)
        return marked(made) if on_card(value) else made

    def done(self, function, name, args, kwargs, alike):
        """Compute on the card; read a value from it, which is told."""
        if name in REFUSED:
            raise TypeError("can't convert a tensor on a card to numpy")
        if not alike:
            raise RuntimeError("%s: expected all tensors to be on the same "
                               "device" % name)
        if name in READS:
            self.reads.append(name)
            self.down += args[0].nbytes
            return function(*args, **kwargs)
        return marked(function(*args, **dict(kwargs, **(
            {"device": "cpu"} if "device" in kwargs else {}))))


def tensors(values):
    """Yield the tensors in lists and the like."""
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple, dict)):
            yield from tensors(value)


def on_card(value):
    """Tell whether a tensor is on the card."""
    return "card" in value.__dict__


def marked(value):
    """Say of a value, or several, that they are on the card."""
    for x in tensors([value]):
        x.__dict__["card"] = True
    return value
