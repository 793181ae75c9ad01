"""The device, and values on their way to it and back, counted."""
import torch

from ..engine.library import EngineError
from .rows.table import TYPES

__all__ = ["TorchError", "Traffic", "check_device", "download", "upload"]


class TorchError(EngineError):
    """PyTorch or the device cannot be used, and why."""


class Traffic:
    """Count what is moved between host and device.

    Attributes
    ----------
    up, down : int
        Bytes to the device and from it.
    """

    def __init__(self):
        self.up = self.down = 0

    def clear(self):
        """Count from zero again."""
        self.up = self.down = 0


#: All that is moved, by whatever function.
TOTAL = Traffic()


def upload(array, device, share=False):
    """Return an array of NumPy as a tensor on the device.

    Parameters
    ----------
    array : numpy.ndarray
        Of one of the types of `TYPES`, in any layout.
    device : torch.device
        Where to.
    share : bool, default False
        Whether a tensor on the CPU may use the memory of the array.

    Returns
    -------
    torch.Tensor
        With the values.
    """
    plain = array.flags.writeable and array.dtype.isnative and all(
        step >= 0 for step in array.strides)
    copied = not plain or not share
    if copied:
        array = array.astype(array.dtype.newbyteorder("="), order="C",
                             copy=True)
    TOTAL.up += array.nbytes
    return torch.from_numpy(array).to(device)


def download(tensor):
    """Return a tensor as an array of NumPy.

    Parameters
    ----------
    tensor : torch.Tensor
        On any device.

    Returns
    -------
    numpy.ndarray
        On the CPU, it uses the same memory.
    """
    TOTAL.down += tensor.numel() * tensor.element_size()
    return tensor.detach().cpu().numpy()


def number(tensor):
    """Return what is on the device as an int, or a tuple of them.

    Parameters
    ----------
    tensor : torch.Tensor
        With no axis, or one.

    Returns
    -------
    int or tuple of int
        Also float or bool, by its type.
    """
    TOTAL.down += tensor.numel() * tensor.element_size()
    value = tensor.tolist()
    return tuple(value) if isinstance(value, list) else value


def filled(value, dtype, device):
    """Return a number, or a tuple of them, as a tensor.

    Parameters
    ----------
    value : int or tuple of int
        The number, which goes along with the command: nothing is moved.
    dtype : str
        The type of the elements.
    device : torch.device
        Where to.

    Returns
    -------
    torch.Tensor
        With no axis, or one.
    """
    if isinstance(value, tuple):
        return torch.tensor(value, dtype=TYPES[dtype], device=device)
    return torch.full((), value, dtype=TYPES[dtype], device=device)


def check_device(name):
    """Return a device that can be used.

    Parameters
    ----------
    name : str
        'cpu', 'cuda', 'cuda:1'.

    Returns
    -------
    torch.device
        Tried out.

    Raises
    ------
    TorchError
        If there is none of the name.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TorchError(
            "device: %r is none that PyTorch knows (%s); expected 'cpu' or "
            "'cuda'." % (name, str(error).splitlines()[0])) from None
    if device.type == "cuda":
        _check_cuda(device)
    elif device.type != "cpu":
        raise TorchError("device: %r is not tried by this package; expected "
                         "'cpu' or 'cuda'." % name)
    return device


def _in_full_precision():
    """Let PyTorch multiply float32 with all digits: TF32 has ten bits."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def _check_cuda(device):
    if torch.version.cuda is None:
        raise TorchError(
            "device: PyTorch %s is built without CUDA; expected one with it. "
            "Install PyTorch for CUDA as pytorch.org says, or use "
            "device='cpu'." % torch.__version__)
    try:
        torch.zeros(1, device=device)
    except Exception as error:  # whatever the driver says
        raise TorchError(
            "device: %s cannot be used (%s); expected a card with a driver "
            "for CUDA %s. See what nvidia-smi says, install a newer driver or "
            "a PyTorch for an older CUDA, or use device='cpu'." % (
                device, str(error).splitlines()[0],
                torch.version.cuda)) from error
    _in_full_precision()
