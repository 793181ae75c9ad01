"""Build the module of a program, of plain torch parts."""
import linecache

__all__ = ["instance_of", "module_of", "runner"]


def instance_of(program):
    """Return the network that the source code builds, with its values.

    Parameters
    ----------
    program : Program
        Source code and arrays.

    Returns
    -------
    torch.nn.Module
        In the mode for evaluation.
    """
    import torch

    from . import cells
    name = "<model.py of lasagne_flipconv>"
    linecache.cache[name] = (len(program.text), None,
                             program.text.splitlines(True), name)
    space = {"__name__": "model"}
    exec(compile(program.text, name, "exec"), space)
    space.update((cell, getattr(cells, cell)) for cell in program.cells)
    network = space[program.main]()
    network.load_state_dict({key: torch.tensor(value.copy()) for key, value
                             in program.state.items()}, strict=True)
    return network.eval()


def module_of(program):
    """Return the network as a module that needs torch alone.

    Parameters
    ----------
    program : Program
        Source code and arrays.

    Returns
    -------
    torch.fx.GraphModule
        Its parts are those of ``torch.nn``, and the cells of this package.
    """
    from torch import fx

    from . import cells
    network, tracer = instance_of(program), fx.Tracer()
    is_leaf = tracer.is_leaf_module
    # recurrent cells stay as they are: they loop over what comes in
    tracer.is_leaf_module = lambda module, name: isinstance(
        module, cells.Recurrent) or is_leaf(module, name)
    module = fx.GraphModule(network, tracer.trace(network), program.main)
    module._tracer_cls = None  # so that it is loaded without this package
    return module.eval()


def runner(module, names):
    """Return a function that computes a module.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    names : tuple of str
        Of the inputs of a plan, in order.

    Returns
    -------
    callable
        Takes a dict of arrays by name, returns a list of arrays.
    """
    import torch

    def run(values):
        with torch.no_grad():
            got = module.forward(  # a call prints what fails, in fx
                *(torch.tensor(values[name]) for name in names))
        got = got if isinstance(got, (tuple, list)) else [got]
        return [each.numpy() for each in got]

    return run
