"""Compile the cells of a notebook as one program."""
import ast
import linecache
import re
import warnings

from ..old_names.lending import LENT_BUILTINS
from ..python2.library.functions import BUILTINS
from ..python2.shells import cell_tree, prints
from ..python2.translating import features_in
from .magics import plain
from .reading import cells_of, of_python2

__all__ = ["code_of_notebook", "file_of", "is_python2_cell", "with_shell"]

#: What nbconvert writes for lines of IPython.
_CONVERTED = re.compile(r"get_ipython\(\)\.(magic|run_line_magic|"
                        r"run_cell_magic|system|getoutput)\(")

_PLACE = re.compile(r"(.+\.ipynb), cell \d+\Z", re.IGNORECASE | re.DOTALL)

#: What ends a cell whose value Jupyter does not show.
_SILENT = re.compile(r";[ \t]*(#.*)?\s*\Z")

#: Name of a cell → its code.
_CELLS = {}


def code_of_notebook(path, from_python2):
    """Compile a notebook.

    Parameters
    ----------
    path : str
        The file.
    from_python2 : bool
        Whether to translate it, unless a cell has syntax of Python 3.

    Returns
    -------
    code : code
        What runs all cells in order.
    names : module
        The ``__builtins__`` that they run with.

    Raises
    ------
    NotebookError
        If it cannot be run as a script.
    SyntaxError
        If a cell is of neither Python.
    """
    cells = _named(path)
    if not from_python2 and of_python2(path):
        warnings.warn_explicit(
            "this is a notebook of Python 2, where 7 / 2 was 3 and map() a "
            "list; pass --python2 to run it translated", UserWarning,
            next(iter(cells)), 1)
    if from_python2:
        codes, names = _of_then(cells)
    else:
        codes, names = _of_today(cells), LENT_BUILTINS
    return _with_names(codes, "\n".join(cells.values()),
                       ["display", "shown as __shown__"]), names


def with_shell(code, source):
    """Return the code of a script, with what nbconvert makes it call.

    Parameters
    ----------
    code : code
        The script.
    source : bytes
        Its text.

    Returns
    -------
    code
        The same, unless it calls IPython.
    """
    return _with_names([code], source.decode("latin-1"), [])


def file_of(place):
    """Return the file that a traceback means.

    Parameters
    ----------
    place : str
        A file, or a cell of one.

    Returns
    -------
    str
        The file.

    Examples
    --------
    >>> file_of("net.ipynb, cell 3"), file_of("net.py")
    ('net.ipynb', 'net.py')
    """
    found = _PLACE.match(place)
    return found.group(1) if found else place


def is_python2_cell(place):
    """Tell whether a cell that is no Python 3 can be translated.

    Parameters
    ----------
    place : str
        What it is called.

    Returns
    -------
    bool
        Whether it is Python 2.
    """
    try:
        return (place in _CELLS
                and cell_tree(_CELLS[place], place, [])[1] is BUILTINS)
    except SyntaxError:
        return False


def _named(path):
    """Return the cells by their names, and let tracebacks show their lines."""
    cells = {}
    for number, text in enumerate(cells_of(path), 1):
        name = "%s, cell %d" % (path, number)
        lines = [line + "\n" for line in text.split("\n")]
        linecache.cache[name] = (len(text), None, lines, name)
        cells[name] = plain(text, name)
    _CELLS.update(cells)
    return cells


def _of_today(cells):
    return [_compiled(ast.parse(text, name), name, text)
            for name, text in cells.items()]


def _of_then(cells):
    """Return the code of cells of Python 2, unless one is of Python 3."""
    codes, features = [], []
    for name, text in cells.items():
        tree, names = cell_tree(text, name, features)
        if names is not BUILTINS:
            return _of_today(cells), names
        codes.append(_compiled(tree, name, text))
        features += features_in(text)
    return codes, BUILTINS


def _compiled(tree, name, text):
    """Return code that shows the value of the last line, as Jupyter does."""
    last = tree.body[-1] if tree.body else None
    if (isinstance(last, ast.Expr) and not _SILENT.search(text)
            and not prints(last)):
        show = ast.Call(ast.Name("__shown__", ast.Load()), [last.value], [])
        last.value = ast.copy_location(show, last.value)
    return compile(ast.fix_missing_locations(tree), name, "exec",
                   dont_inherit=True)


def _with_names(codes, text, names):
    """Return code that runs several, after what IPython has built in."""
    if _CONVERTED.search(text):
        names = names + ["get_ipython"]
    if not names:
        return codes[0]
    lend = compile("from %s.shell import %s" % (
        __package__, ", ".join(names)), __file__, "exec", dont_inherit=True)
    return _one_after_another([lend, *codes])


def _one_after_another(codes):
    """Return code that runs several, in the names that it is given."""
    text = "".join("exec('%d')\n" % at for at in range(len(codes)))
    code = compile(text, __file__, "exec", dont_inherit=True)
    return code.replace(co_consts=tuple(
        codes[int(each)] if isinstance(each, str) else each
        for each in code.co_consts))
