"""Which mode functions are compiled in from now on: PyTorch's, or Theano's."""
import contextlib

import theano
from theano.compile import SharedVariable
from theano.compile import mode as modes
from theano.compile.function_module import FunctionMaker
from theano.gof import Container

from . import ordinary
from .cells import Cell, adopt
from .devices import TorchError
from .linker import TorchLinker, torch_mode

__all__ = ["stop", "stopped", "use", "using"]

_state = {"installed": False}


def use(device="cpu", random="theano", compile=False):
    """Let functions that name no mode be computed by PyTorch from now on.

    Parameters
    ----------
    device : str, default 'cpu'
        Where: 'cpu', 'cuda', 'cuda:1'.
    random : {'theano', 'torch'}
        Whose random numbers, see `torch_mode`.
    compile : bool, default False
        Whether inductor compiles functions, see `torch_mode`.

    Raises
    ------
    TorchError
        If the device cannot be used, or a flag asks for a mode to debug in.
    """
    mode = _chosen(device, random, compile)
    ordinary.mode()
    _install()
    modes.instantiated_default_mode = mode


def stop():
    """Let functions be compiled as Theano's flags say again."""
    modes.instantiated_default_mode = ordinary.mode()


def stopped():
    """Let functions be compiled as Theano's flags say in this context.

    Returns
    -------
    contextmanager
        After it, what was used before is used again.
    """
    return ordinary.default(ordinary.mode())


@contextlib.contextmanager
def using(device="cpu", random="theano", compile=False):
    """Let functions that name no mode be computed by PyTorch in this context.

    Parameters
    ----------
    device : str, default 'cpu'
        Where.
    random : {'theano', 'torch'}
        Whose random numbers, see `torch_mode`.
    compile : bool, default False
        Whether inductor compiles functions, see `torch_mode`.

    Raises
    ------
    TorchError
        If the device cannot be used, or a flag asks for a mode to debug in.
    """
    mode = _chosen(device, random, compile)
    _install()
    with ordinary.default(mode):
        yield


def _chosen(device, random, compile):
    """Return the mode, if Theano takes it in the place of that of its flag."""
    named = theano.config.mode
    if named != "Mode" and type(modes.predefined_modes.get(
            named)) is not modes.Mode:
        raise TorchError(
            "device: Theano's flag mode=%s names a mode of its own, which "
            "would compute in place of PyTorch; expected one of both. Leave "
            "out the flag, or the device." % named)
    return torch_mode(device, random, compile)


def _install():
    """Let shared variables live on a device; done once, and never undone."""
    if _state["installed"]:
        return
    _state["installed"] = True
    modes.get_mode = _get_mode(modes.get_mode)
    FunctionMaker.create = _create(FunctionMaker.create)
    SharedVariable.get_value = _get_value(SharedVariable.get_value)
    SharedVariable.__init__ = _init(SharedVariable.__init__)


def _get_mode(stock):
    """Keep PyTorch's mode: Theano drops it at a flag for one of its own."""
    def get_mode(orig_string):
        before = modes.instantiated_default_mode
        mode = stock(orig_string)
        if isinstance(getattr(before, "linker", None), TorchLinker):
            modes.instantiated_default_mode = before
        return mode
    get_mode.__doc__ = stock.__doc__
    return get_mode


def _init(stock):
    def __init__(self, *args, **kwargs):
        stock(self, *args, **kwargs)
        if kwargs.get("container") is None:  # else a clone of another
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
        values = list(input_storage or [None] * len(self.inputs))
        if isinstance(self.linker, TorchLinker):
            for container in filter(None, map(_container, values)):
                adopt(container)
            function = stock(self, values, trustme, storage_map)
            function._check_for_aliased_inputs = False  # never written into
            return function
        pairs = _mirrored(values, self.expanded_inputs)
        function = stock(self, values, trustme, storage_map)
        if pairs:
            function.fn = Synchronized(function.fn, pairs.values(),
                                       function.output_storage)
        for i, (cell, _, _) in pairs.items():
            function.input_storage[i].storage = cell
        return function
    create.__doc__ = stock.__doc__
    return create


def _container(value):
    """Return the container of a default value that is a shared variable's."""
    found = getattr(value, "container", value)
    return found if isinstance(found, Container) else None


def _mirrored(values, inputs):
    """Put plain lists in the place of cells; return both, and if written to.

    Theano's machine takes nothing but a list by class. By number of the input.
    """
    pairs = {}
    for i, (container, entry) in enumerate(zip(map(_container, values),
                                               inputs)):
        if container is not None and isinstance(container.storage, Cell):
            plain = [None]
            values[i] = Container(container.type, plain, container.readonly,
                                  container.strict, container.allow_downcast,
                                  container.name)
            pairs[i] = (container.storage, plain,
                        entry.update is not None or entry.mutable)
    return pairs


class Synchronized:
    """An ordinary function that brings values from the device first.

    Parameters
    ----------
    stock : callable
        What computes.
    pairs : iterable of tuple
        Each `Cell` that it reads, the list where it looks, which is empty
        between calls, and whether it writes there.
    outputs : list of theano.gof.Container
        Where results are that it does not return: maybe in such a list.
    """

    def __init__(self, stock, pairs, outputs):
        vars(self).update(_stock=stock, _pairs=list(pairs), _outputs=outputs)

    def __call__(self, *args, **kwargs):
        """Compute, and keep what was written."""
        for cell, plain, _ in self._pairs:
            plain[0] = cell.on_host()
        try:
            found = self._stock(*args, **kwargs)
            return [c.data for c in self._outputs] if found is None else found
        finally:
            for cell, plain, written in self._pairs:
                if written:
                    cell[0] = plain[0]
                plain[0] = None

    def __getattr__(self, name):
        return getattr(self._stock, name)

    def __setattr__(self, name, value):
        setattr(self._stock, name, value)
