"""Build the network of a script by one of its functions."""
import importlib.util
import inspect
import os
import sys
from importlib.machinery import SourceFileLoader

from ..errors import FlipconvError
from ..weights.networks import layers_given
from .running import code_of_file, make_ready
from .whose import belongs_to_program

__all__ = ["built_by"]


def built_by(where, shape=None, from_python2=False):
    """Call the function of a script that builds its network.

    Parameters
    ----------
    where : str
        The script or notebook, and the function: ``model.py:build_model``.
    shape : tuple of int or None, optional
        For the argument of the function that has ``shape`` in its name.
    from_python2 : bool, default False
        Whether to translate the script from Python 2.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    FlipconvError
        If there is no such script or function, it needs other arguments, or
        what it returns is no network.
    """
    path, _, name = where.rpartition(":")
    if not path or not os.path.isfile(path):
        raise FlipconvError(
            "%s: names no script that is there, and its function; expected "
            "both, with a colon between: model.py:build_model." % where)
    make_ready(os.path.dirname(os.path.realpath(path)), from_python2)
    function = getattr(_module(path, from_python2), name, None)
    if not callable(function):
        raise FlipconvError("%s: the script has no function %r; expected one "
                            "that builds the network." % (where, name))
    network = function(**_arguments(function, shape, where))
    try:
        layers_given(network, where)
    except TypeError as error:
        raise FlipconvError(str(error)) from error
    return network


def _module(path, from_python2):
    """Run a script as a module, so that it does not do all it can.

    It stays in ``sys.modules``, where dataclasses look their module up.
    """
    stem = _free(os.path.splitext(os.path.basename(path))[0])
    spec = importlib.util.spec_from_file_location(
        stem, path, loader=SourceFileLoader(stem, path))  # of any suffix
    module = importlib.util.module_from_spec(spec)
    program, module.__builtins__ = code_of_file(path, from_python2)
    sys.modules[stem] = module
    exec(program, vars(module))
    return module


def _free(name):
    """Return a name that no module has, but for one of a program."""
    taken = sys.modules.get(name)
    if taken is None or belongs_to_program(
            getattr(taken, "__file__", None) or os.__file__):
        return name
    return _free(name + "_")


def _arguments(function, shape, where):
    """Return what a function has to be given."""
    found, shaped = {}, False
    for name, argument in inspect.signature(function).parameters.items():
        if "shape" in name and shape is not None:
            found[name], shaped = shape, True
        elif argument.default is argument.empty and argument.kind in (
                argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY):
            found[name] = _value(name, where)
    if shape is not None and not shaped:
        raise FlipconvError(
            "%s: takes no shape; expected an argument with 'shape' in its "
            "name. Leave out --input-shape." % where)
    return found


def _value(name, where):
    """Return what an argument gets that has no default."""
    if "var" in name or name in ("x", "X", "input"):
        return None  # an input layer makes its own
    raise FlipconvError(
        "%s: needs an argument %r, which is not known; expected none without "
        "a default but the input variable and the shape of the input%s. Write "
        "a function that calls it." % (where, name, " (--input-shape)"
                                       if "shape" in name else ""))
