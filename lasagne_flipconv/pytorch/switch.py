"""Which mode functions are compiled in from now on: PyTorch's, or Theano's."""
import contextlib

from theano.compile import SharedVariable
from theano.compile import mode as modes
from theano.compile.function_module import FunctionMaker
from theano.gof import Container

from . import ordinary
from .cells import Cell, adopt
from .linker import TorchLinker, torch_mode

__all__ = ["stop", "use", "using"]

_state = {"installed": False}


def use(device="cpu"):
    """Let functions that name no mode be computed by PyTorch from now on.

    Parameters
    ----------
    device : str, default 'cpu'
        Where: 'cpu', 'cuda', 'cuda:1'.

    Raises
    ------
    TorchError
        If the device cannot be used.
    """
    mode = torch_mode(device)
    ordinary.mode()
    _install()
    modes.instantiated_default_mode = mode


def stop():
    """Let functions be compiled as Theano's flags say again."""
    modes.instantiated_default_mode = ordinary.mode()


@contextlib.contextmanager
def using(device="cpu"):
    """Let functions that name no mode be computed by PyTorch in this context.

    Parameters
    ----------
    device : str, default 'cpu'
        Where.

    Raises
    ------
    TorchError
        If the device cannot be used.
    """
    mode = torch_mode(device)
    _install()
    with ordinary.default(mode):
        yield


def _install():
    """Let shared variables live on a device; done once, and never undone."""
    if _state["installed"]:
        return
    _state["installed"] = True
    FunctionMaker.create = _create(FunctionMaker.create)
    SharedVariable.get_value = _get_value(SharedVariable.get_value)
    SharedVariable.__init__ = _init(SharedVariable.__init__)


def _init(stock):
    def __init__(self, *args, **kwargs):
        stock(self, *args, **kwargs)
        adopt(self.container)
    return __init__


def _get_value(stock):
    def get_value(self, borrow=False, return_internal_type=False):
        if not borrow and isinstance(self.container.storage, Cell):
            return self.container.storage.copied()
        return stock(self, borrow, return_internal_type)
    get_value.__doc__ = stock.__doc__
    return get_value


def _create(stock):
    def create(self, input_storage=None, trustme=False, storage_map=None):
        ours = isinstance(self.linker, TorchLinker)
        containers = [_container(value) for value in input_storage or ()]
        if ours:
            for container in filter(None, containers):
                adopt(container)
        function = stock(self, input_storage, trustme, storage_map)
        if ours:
            function._check_for_aliased_inputs = False  # never written into
        else:
            _wrap(function, containers)
        return function
    create.__doc__ = stock.__doc__
    return create


def _container(value):
    """Return the container of a default value that is a shared variable's."""
    found = getattr(value, "container", value)
    return found if isinstance(found, Container) else None


def _wrap(function, containers):
    """Let an ordinary function find values on the host."""
    cells = [(c.storage, i.update is not None or i.mutable)
             for c, i in zip(containers, function.maker.expanded_inputs)
             if c is not None and isinstance(c.storage, Cell)]
    if cells:
        function.fn = Synchronized(function.fn, cells)


class Synchronized:
    """An ordinary function that brings values from the device first.

    Parameters
    ----------
    stock : callable
        What computes.
    cells : list of tuple
        Each `Cell` that it reads, and whether it writes to it.
    """

    def __init__(self, stock, cells):
        vars(self).update(_stock=stock, _cells=cells)

    def __call__(self, *args, **kwargs):
        """Compute."""
        for cell, written in self._cells:
            cell.on_host()
            if written:
                cell.tensor = None
        return self._stock(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._stock, name)

    def __setattr__(self, name, value):
        setattr(self._stock, name, value)
