"""Files of a program that others compile: pdb, cProfile, runpy, pytest.

They call ``compile`` and ``exec``, which are lent them: what is of the program
is translated, and finds built in what Python 2 had.
"""
import __future__

import ast
import builtins
import contextlib
import importlib.machinery
import os
import sys

from ...compat.import_hooks import ImportWithin
from ...errors import FlipconvError
from ..old_names.lending import LENT_BUILTINS
from ..whose import belongs_to_program
from . import importing
from .shells import SHELLS, example_of
from .translating import as_file, prepared

__all__ = ["Loader", "lend_to_tools", "refuse_elsewhere"]

_compile, _exec = builtins.compile, builtins.exec
_get_code = importlib.machinery.SourceFileLoader.get_code

#: What code inherits from the one that compiles it.
_INHERITED = sum(getattr(__future__, name).compiler_flag
                 for name in __future__.all_feature_names)

#: Code that was translated → what is built in there.
_NAMES = {}

#: Where byte code is made that is kept.
_KEEPERS = ("_frozen_importlib", "importlib.", "py_compile")

#: Code of a program that has no file: the statements that timeit measures.
_OF_NO_FILE = ("<timeit-src>",)


#: What is said of a tool that runs other code than what is in a file.
_CHANGED = ("%s: %s changes its code before that is run, which --python2 "
            "cannot translate; expected a tool that runs a script as it is, "
            "such as pdb or cProfile. Run it without the tool.")


#: What is said of a tool that starts others.
_ELSEWHERE = ("%s: starts other processes to run code, which --python2 does "
              "not reach; expected a tool that runs it itself. %s")

#: Packages that start them.
_STARTS = ("jupyter", "jupyter_core", "jupyterlab", "nbclient", "nbconvert",
           "notebook", "papermill", "voila")


def refuse_elsewhere(module):
    """Refuse a tool that runs code where it is not translated.

    Parameters
    ----------
    module : str
        What is run by ``-m``.

    Raises
    ------
    FlipconvError
        If it is known to start processes for that.
    """
    if module.partition(".")[0] in _STARTS:
        raise FlipconvError(_ELSEWHERE % (
            "-m " + module, "Run a notebook as lasagne-flipconv run --python2 "
            "net.ipynb."))


def _is_of_program(path):
    """Tell whether what is compiled under a name is a file of the program."""
    if not isinstance(path, (str, os.PathLike)):
        return False
    return os.fspath(path) in _OF_NO_FILE or (
        os.path.isfile(path) and belongs_to_program(path))


def _name_of(frame):
    """Return the module whose code runs in a frame."""
    return frame.f_globals.get("__name__") or ""


def _is_ours(frame):
    """Tell whether it compiles what is translated, or keeps byte code."""
    name = _name_of(frame)
    return name.startswith(_KEEPERS) or (
        name.partition(".")[0] == __name__.partition(".")[0])


def _remember(code, names):
    """Note what code finds built in, and return it."""
    _NAMES[code] = names
    return code


def _translated(source, path):
    """Return the code of a file, noted."""
    source = as_file(source) if isinstance(source, str) else bytes(source)
    return _remember(*prepared(source, os.fspath(path), "exec",
                               dont_inherit=True))


def compile_for_tools(source, filename, mode, flags=0, dont_inherit=False,
                      optimize=-1, **options):
    """Compile as the built-in function, a file of the program translated.

    Parameters
    ----------
    source, filename, mode, flags, dont_inherit, optimize : object
        As for :func:`compile`.
    **options : dict
        As for :func:`compile`.

    Returns
    -------
    code or ast.AST
        As from :func:`compile`.

    Raises
    ------
    FlipconvError
        If a tool compiles a tree that it made of a file of the program.
    """
    caller = sys._getframe(1)
    if not flags & ast.PyCF_ONLY_AST and mode == "exec" and (
            _is_of_program(filename) and not _is_ours(caller)):
        if not isinstance(source, ast.AST):
            return _translated(source, filename)
        if not belongs_to_program(caller.f_code.co_filename):
            raise FlipconvError(_CHANGED % (filename, _name_of(caller)))
    if str(filename).startswith("<doctest ") and "test" in caller.f_locals:
        tree = example_of(source, filename, caller.f_locals["test"].globs)
        if tree is not None:
            return _compile(tree, filename, mode, 0, True)
    if not dont_inherit:
        flags |= caller.f_code.co_flags & _INHERITED
    return _compile(source, filename, mode, flags, True, optimize, **options)


def _take_over(names):
    """Find built in what a tool has put there, as kernprof its profile."""
    for place in (builtins, LENT_BUILTINS):
        for name in set(vars(place)) - set(vars(names)):
            setattr(names, name, getattr(place, name))


def exec_for_tools(program, globals=None, locals=None, **options):
    """Run code as the built-in function; what was translated finds its names.

    Parameters
    ----------
    program, globals, locals : object
        As for :func:`exec`.
    **options : dict
        As for :func:`exec`.
    """
    caller = sys._getframe(1)
    names, local = globals, locals
    if names is None:
        names = caller.f_globals
        local = caller.f_locals if local is None else local
    if not hasattr(program, "co_code"):
        program = _compile(program, "<string>", "exec",
                           caller.f_code.co_flags & _INHERITED, True)
    if program in _NAMES:
        names["__builtins__"] = _NAMES[program]
        _take_over(_NAMES[program])
    names.setdefault("__builtins__", caller.f_builtins)
    _exec(program, names, names if local is None else local, **options)


class Loader(importing.Loader):
    """Load a module of either Python, or give its code to a tool.

    Parameters
    ----------
    fullname : str
        Its name.
    path : str
        Its file.
    """

    def get_code(self, fullname):
        """Return the code of a module, as runpy runs it."""
        return _remember(*self.prepared(fullname))


def _get_code_for_tools(loader, fullname):
    """Return the code of a module, a file of the program translated.

    None is read from a cache of Python 3, or written there.
    """
    path = loader.get_filename(fullname)
    if type(loader) is importlib.machinery.SourceFileLoader and (
            _is_of_program(path)):
        return _translated(loader.get_data(path), path)
    return _get_code(loader, fullname)


@contextlib.contextmanager
def _asserts_as_they_are(module):
    """Let pytest import a program's tests as any of its modules.

    It would parse them itself, for what an ``assert`` says when it fails.
    """
    yield
    hook = module.AssertionRewritingHook
    find_spec = hook.find_spec

    def find_other(self, name, path=None, target=None):
        spec = find_spec(self, name, path, target)
        if name == _XDIST.name or spec is not None and spec.origin and (
                belongs_to_program(spec.origin)):
            return None  # those after it are asked
        return spec
    hook.find_spec = find_other


@contextlib.contextmanager
def _in_one_process(module):
    """Refuse what ``pytest -n`` does."""
    yield

    def refused(*args, **options):
        raise FlipconvError(_ELSEWHERE % ("pytest -n", "Leave out -n."))
    module.NodeManager.setup_nodes = refused


_XDIST = ImportWithin("xdist.workermanage", _in_one_process)
_PYTEST = ImportWithin("_pytest.assertion.rewrite", _asserts_as_they_are)


def lend_to_tools():
    """Let what is installed compile and run a program's files translated."""
    for names in (builtins, LENT_BUILTINS):
        names.compile, names.exec = compile_for_tools, exec_for_tools
    importlib.machinery.SourceFileLoader.get_code = _get_code_for_tools
    for hook in (_PYTEST, _XDIST, SHELLS):
        hook.install()
