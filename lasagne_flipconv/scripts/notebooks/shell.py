"""Stand for IPython, in scripts that nbconvert made of notebooks."""
import sys

from ..python2.library.functions import BUILTINS
from ..python2.translating import as_file, compiled
from .magics import plain

__all__ = ["display", "get_ipython", "shown"]


def display(*things, **options):
    """Print what Jupyter would show.

    Parameters
    ----------
    *things : object
        What to show.
    **options : object
        Of no effect.
    """
    for thing in things:
        print(thing)


def shown(value):
    """Print what the last line of a cell is, unless it is None.

    Parameters
    ----------
    value : object
        What Jupyter would show below the cell.
    """
    if value is not None:
        print(repr(value))


def get_ipython():
    """Return what stands for IPython's shell.

    Returns
    -------
    Shell
        It does what the lines of a notebook do.
    """
    return Shell()


class Shell:
    """Do what lines of IPython do that change no numbers."""

    def run_line_magic(self, magic_name, line="", _stack_depth=1):
        """Do what ``%magic_name line`` does."""
        _do("%%%s %s" % (magic_name, line))

    def magic(self, arg_s):
        """Do what ``%arg_s`` does."""
        _do("%" + arg_s.lstrip("%"))

    def run_cell_magic(self, magic_name, line, cell):
        """Do what ``%%magic_name line`` does above a cell."""
        _do("%%%%%s %s\n%s" % (magic_name, line, cell))

    def system(self, cmd):
        """Tell that ``!cmd`` was not run."""
        _do("!" + cmd)

    def getoutput(self, cmd, split=True, depth=0):
        """Refuse ``x = !cmd``."""
        _do("x = !" + cmd)


def _do(text):
    """Run code in the module that asked for it."""
    frame = sys._getframe(2)
    place = "%s, line %d" % (frame.f_code.co_filename, frame.f_lineno)
    code = plain(text, place)
    names = frame.f_globals.get("__builtins__")
    if names is BUILTINS or names is vars(BUILTINS):
        program = compiled(as_file(code), place)
    else:
        program = compile(code, place, "exec", dont_inherit=True)
    exec(program, frame.f_globals, frame.f_locals)
