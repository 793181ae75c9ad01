"""Run a script or module as ``python`` would, with our layers installed."""
import contextlib
import importlib.util
import io
import multiprocessing.context
import os
import sys
import traceback
from types import ModuleType

import numpy
import theano.gof.link

from ..compat.import_hooks import ImportWithin
from ..compat.numpy_names import NUMPY2
from ..compat.theano_flags import user_flag
from ..errors import FlipconvError
from . import asked_device, gpu_imports, notebooks, python2
from .installing import ensure_installed
from .old_names import lending
from .old_names.arguments.era import set_of_then
from .old_names.arguments.pillow_methods import lend_methods
from .python2 import tools
from .whose import belongs_to_program

__all__ = ["INTERRUPTED", "choose_floatx", "code_of_file", "make_ready",
           "run_in_child", "run_module", "run_script"]

#: The exit code of what Ctrl-C stopped.
INTERRUPTED = 130

#: Files and folders whose frames a traceback of the script does not show.
_OURS = (os.path.abspath(__file__), os.path.abspath(gpu_imports.__file__),
         *(os.path.join(os.path.dirname(os.path.abspath(module.__file__)), "")
           for module in (python2, lending, notebooks)))


def run_script(path, arguments=(), from_python2=False):
    """Run a script as ``python SCRIPT ARGUMENTS`` would.

    Parameters
    ----------
    path : str
        The script, or a notebook of Jupyter.
    arguments : list of str
        What ``sys.argv`` holds after it.
    from_python2 : bool, default False
        Whether to translate it, and what it imports that is neither
        installed nor of the standard library, from Python 2, unless a file
        has syntax of Python 3.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    FlipconvError
        If there is no such file, or it is a notebook that cannot be run.
    SystemExit
        If the script raises it.
    """
    if not os.path.isfile(path):
        raise FlipconvError("%s: is not there, or no file; expected a Python "
                            "script or a notebook. Run a module with -m."
                            % path)
    _begin(os.path.dirname(os.path.realpath(path)), from_python2)
    sys.argv = [path, *arguments]
    if sys.version_info >= (3, 9):  # as Python does from then on
        path = os.path.abspath(path)
    if notebooks.is_notebook(path):
        _show_lines_of_cells()
    attributes = {"__file__": path, "__cached__": None}
    return _run(lambda: code_of_file(path, from_python2), attributes)


def run_module(name, arguments=(), from_python2=False):
    """Run a module or package as ``python -m NAME ARGUMENTS`` would.

    Parameters
    ----------
    name : str
        The module; of a package, its ``__main__``.
    arguments : list of str
        What ``sys.argv`` holds after it.
    from_python2 : bool, default False
        As for :func:`run_script`.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    FlipconvError
        If there is no such module, or it would not be translated.
    SystemExit
        If the module raises it.
    """
    if from_python2:
        tools.refuse_elsewhere(name)
    _begin(os.getcwd(), from_python2)
    sys.argv = ["-m", *arguments]

    def code():
        spec = _runnable(name)  # which imports the packages on the way
        sys.argv[0] = spec.origin
        vars(sys.modules["__main__"]).update(_attributes_of(spec))
        if not belongs_to_program(spec.origin):  # as pdb, cProfile
            lending.lend_through_tools()
        return _code_of_module(spec)
    return _run(code, {})


def _attributes_of(spec):
    """Return what a module finds of itself."""
    return {"__spec__": spec, "__file__": spec.origin,
            "__cached__": spec.cached, "__loader__": spec.loader,
            "__package__": spec.parent}


def run_in_child(path, module, from_python2):
    """Run what a process that is no fork finds in ``__mp_main__``.

    Parameters
    ----------
    path, module : str or None
        The script, or else the module; of a package, nothing is run.
    from_python2 : bool
        As for :func:`run_script`.
    """
    _begin(sys.path[0], from_python2)
    sys.argv[0] = path or sys.argv[0]
    main = vars(sys.modules["__mp_main__"])
    main.clear()
    main.update(__name__="__mp_main__", __file__=path, __spec__=None)
    if path:
        code, names = code_of_file(path, from_python2)
    elif module and module.rpartition(".")[2] != "__main__":
        spec = _runnable(module)
        main.update(_attributes_of(spec))
        code, names = _code_of_module(spec)
    else:
        return
    lending.refresh()
    main["__builtins__"] = names
    exec(code, main)


def choose_floatx(chosen=None):
    """Let Theano compute in float32, unless the user wants something else.

    Its own default is float64, in which nothing is fast; scripts for GPUs
    were written for float32.

    Parameters
    ----------
    chosen : {'float32', 'float64', None}
        What the user wants now; None for what THEANO_FLAGS or a
        configuration file says.

    Returns
    -------
    bool
        Whether it was changed to float32 without being asked for.
    """
    from theano import config
    default = chosen is None and user_flag("floatX") is None
    unasked = default and config.floatX != "float32"
    if chosen or default:
        config.floatX = chosen or "float32"
    return unasked


class _NoModule(FlipconvError):
    """Of the name that was given, not of the script."""


def _runnable(name):
    """Return the spec of a module, or of a package's ``__main__``."""
    try:
        relative = name.startswith(".")
        spec = None if relative else importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if not (name + ".").startswith("%s." % error.name):
            raise  # a package on the way misses another
        spec = None
    if spec is not None and spec.submodule_search_locations is not None:
        return _runnable(name + ".__main__")
    if spec is None or not hasattr(spec.loader, "get_code"):
        raise _NoModule("-m %s: there is no such module to run; expected its "
                        "name, with dots and without .py." % name)
    return spec


def code_of_file(path, from_python2):
    """Compile a script.

    Parameters
    ----------
    path : str
        The script, or a notebook.
    from_python2 : bool
        Whether to translate it, if it is no Python 3.

    Returns
    -------
    code : code
        What :func:`exec` runs.
    names : module or dict
        The ``__builtins__`` that it runs with.
    """
    if notebooks.is_notebook(path):
        return notebooks.code_of_notebook(path, from_python2)
    with io.open_code(os.path.abspath(path)) as file:
        source = file.read()
    if from_python2:
        code, names = python2.prepared(source, path, dont_inherit=True)
    else:
        code = compile(source, path, "exec", dont_inherit=True)
        names = lending.LENT_BUILTINS
    return notebooks.with_shell(code, source), names


def _code_of_module(spec):
    if hasattr(spec.loader, "prepared"):
        return spec.loader.prepared(spec.name)
    return spec.loader.get_code(spec.name), lending.LENT_BUILTINS


def make_ready(folder, from_python2):
    """Let scripts of a folder be run: import from there, and our layers.

    Parameters
    ----------
    folder : str
        Where the script is.
    from_python2 : bool
        Whether to translate what it imports from there.
    """
    if not getattr(sys.flags, "safe_path", False):  # python -P
        sys.path[0] = folder
    ensure_installed()
    fork_by_default()
    if from_python2:
        _JOBLIB.install()
    asked_device.tell()
    set_of_then(from_python2)
    lend_methods()
    if NUMPY2:  # a list of numbers is [0.5], not [np.float64(0.5)]
        numpy.set_printoptions(legacy="1.25")
    lending.lend_to_program(tools.Loader if from_python2
                            else lending.Loader)
    if from_python2 and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")


def _begin(folder, from_python2):
    """Let this process be that of a script."""
    make_ready(folder, from_python2)
    if from_python2:
        tools.lend_to_tools()


def fork_by_default():
    """Let ``multiprocessing`` fork on Linux, as it did until Python 3.14.

    A process that is no fork of this one runs the script anew, which was not
    written for that. What the script chooses itself is obeyed.
    """
    default = multiprocessing.context._default_context
    if sys.platform == "linux":
        default._default_context = multiprocessing.get_context("fork")


@contextlib.contextmanager
def _processes_of_then(module):
    """Let joblib start processes by ``multiprocessing``, as until 0.12.

    Its own run nothing of a script anew: what they import of a program would
    be run by Python 3, and divide as that does.
    """
    yield
    module.DEFAULT_BACKEND = "multiprocessing"


_JOBLIB = ImportWithin("joblib.parallel", _processes_of_then)


def _run(code, attributes):
    """Run code as ``__main__``; return the exit code, 1 for an exception."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    vars(main).update(attributes, __builtins__=lending.LENT_BUILTINS)
    try:
        program, main.__builtins__ = code()
        lending.refresh()
        exec(program, vars(main))
        python2.end_line()
    except (SystemExit, _NoModule, notebooks.NotebookError):
        raise
    except BaseException as error:
        error.__traceback__ = _without_ours(error.__traceback__)
        sys.last_value = error
        sys.excepthook(type(error), error, error.__traceback__)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _show_lines_of_cells():
    """Let tracebacks have the lines of what is not in a file of its own.

    Until Python 3.13 the hook reads files; Theano's calls it.
    """
    for names, hook in ((vars(sys), "excepthook"),
                        (vars(theano.gof.link), "__excepthook")):
        if names.get(hook) is sys.__excepthook__:
            names[hook] = traceback.print_exception


def _without_ours(entry):
    """Return a traceback without the frames of what is in `_OURS`."""
    entries = []
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(_OURS):
            entries.append(entry)
        entry = entry.tb_next
    for entry, following in zip(entries, entries[1:] + [None]):
        entry.tb_next = following
    return entries[0] if entries else None
