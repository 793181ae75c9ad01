"""Libraries that some formats need, imported when such a file is read."""
import importlib

from ..errors import CheckpointError

__all__ = ["EXTRAS", "library"]

#: Module → the extra of this package that installs it.
EXTRAS = {"torch": "torch"}


def library(name, where):
    """Import a library, or say how to get it.

    Parameters
    ----------
    name : str
        A key of :data:`EXTRAS`, or a module within one.
    where : str
        Name of the file for the error text.

    Returns
    -------
    module
        The library.

    Raises
    ------
    CheckpointError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        raise CheckpointError(
            "%s: cannot be read without %s (%s); expected it to be installed. "
            "Get it with: pip install 'lasagne-flipconv[%s]'"
            % (where, top, error, EXTRAS[top])) from error
