"""Tools that run a script, under ``lasagne-flipconv run -m``."""
import __future__

import ast
import builtins
import sys
import types
from importlib.util import find_spec

import pytest
from lasagne_flipconv.errors import FlipconvError
from lasagne_flipconv.scripts.old_names import lending
from lasagne_flipconv.scripts.python2 import shells, tools
from test_run import run, write

#: Runs in either Python, and is another result in each.
HALF = ("from __future__ import print_function\n"
        "print(7 / 2, round(2.5), map(int, '12'))\n")
THEN = "3 3.0 [1, 2]"
TESTED = """
    import half

    def test_it():
        assert 7 / 2 == 3 and map(int, "12") == [1, 2]

    def test_fails():
        assert 7 / 2 == 3.5
    """
BY_ITSELF = """
    import importlib.util, runpy
    runpy.run_path("half.py")
    runpy.run_module("half")
    spec = importlib.util.spec_from_file_location("other", "half.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    exec(compile(f"{open('half.py').read()}", "half.py", "exec"))
    """

EXAMPLES = """
    def f():
        '''Return it.

        >>> 7 / 2, map(abs, [1])
        (3, [1])
        >>> print 7 / 2
        3
        >>> for i in xrange(2):
        ...     print i
        0
        1
        >>> 7 / 2
        3.5
        '''
    """

#: What runs, and what it prints.
TOOLS = {
    "-m cProfile half.py": THEN, "-m cProfile -m half": THEN,
    "-m pdb half.py": THEN, "-m pdb -m half": THEN,
    "-m trace -t half.py": THEN, "-m runpy half": THEN,
    "-m timeit -n1 -r1 print(7/2)": "3\n",
    "-m cProfile old.py": "3\n", "by_itself.py": "\n".join([THEN] * 4),
    "-m doctest examples.py": "1 of   4 in examples.f",
    "-m pytest -p no:cacheprovider test_half.py": "1 failed, 1 passed",
    "-m pytest -q --import-mode=importlib -s test_half.py": THEN,
}


@pytest.fixture
def files(tmp_path):
    for name, text in {"half.py": HALF, "old.py": "print 7 / 2",
                       "test_half.py": TESTED, "examples.py": EXAMPLES,
                       "by_itself.py": BY_ITSELF, ".pdbrc": "c\nq\n"}.items():
        write(tmp_path, name, text)
    return tmp_path


@pytest.mark.parametrize("options", TOOLS)
def test_what_tools_run_is_translated(files, options):
    result = run(files, "--python2", *options.split(),
                 env={"PYTHONDONTWRITEBYTECODE": ""})
    assert TOOLS[options] in result.stdout, result.stderr
    assert not list(files.glob("__pycache__"))  # for python itself


@pytest.mark.parametrize("tool", ["pdb", "cProfile", "profile"])
def test_tools_that_run_a_script_lend_it_what_it_was_given(files, tool):
    write(files, "lent.py", "from scipy.misc import logsumexp\n"
          "import time; time.clock(); print('done')\nraise SystemExit\n")
    result = run(files, "-m", tool, "lent.py")
    assert "done" in result.stdout, result.stderr


def test_tools_that_parse_a_script_say_that_it_is_not_translated(files):
    result = run(files, "--python2", "-m", "ast", "old.py")
    assert "old.py is written in Python 2; -m runs" in result.stderr


def test_tools_that_start_other_processes_are_refused(files):
    result = run(files, "--python2", "-m", "nbconvert", "--execute", "x.ipynb")
    assert result.returncode == 2
    assert "run: -m nbconvert: starts other processes" in result.stderr
    if find_spec("xdist"):
        result = run(files, "--python2", "-m", "pytest", "-n1", "test_half.py")
        assert "pytest -n: starts other" in result.stdout + result.stderr
        assert result.returncode


def called_by(path, name, **names):
    """Return a function that calls one of ours, as the code of a module."""
    code = compile("def call(function, *args):\n    return function(*args)",
                   path, "exec")
    exec(code, dict(names, __name__=name), names)
    return names["call"]


def globals_of(function, name):
    """Return a function with another name of its module."""
    return types.FunctionType(function.__code__, {"__name__": name})


def test_code_that_a_tool_changes_is_refused(files):
    path, code = str(files / "half.py"), "x = 7 / 2"
    tool = globals_of(called_by(ast.__file__, ""), "tool")
    own = globals_of(called_by(str(files / "x.py"), ""), "x")
    with pytest.raises(FlipconvError, match="half.py: tool changes its code"):
        tool(tools.compile_for_tools, ast.parse(code), path, "exec")
    names = {}
    for call in (own, tool):  # what is no file, and a program's own
        exec(call(tools.compile_for_tools, ast.parse(code), "<x>", "exec"),
             names)
    own(tools.compile_for_tools, ast.parse(code), path, "exec")
    assert names["x"] == 3.5


def test_byte_code_that_is_kept_is_not_translated(files):
    path = str(files / "half.py")
    for name in ("importlib._bootstrap", "py_compile", tools.__name__):
        keep = globals_of(called_by(ast.__file__, ""), name)
        code = keep(tools.compile_for_tools, HALF, path, "exec")
        assert code not in tools._NAMES, name
    keep = globals_of(called_by(ast.__file__, ""), "pdb")
    assert keep(tools.compile_for_tools, HALF, path, "exec") in tools._NAMES


def test_features_of_the_caller_are_inherited():
    names = {"compile": tools.compile_for_tools,
             "exec": tools.exec_for_tools}
    source = ("from __future__ import annotations\n"
              "exec('def f(x: 1 + 1): pass')\n"
              "exec(compile('def g(x: 1 + 1): pass', 'x', 'exec'))\n"
              "exec(compile('def h(x: 1 + 1): pass', 'x', 'exec', 0, 1))\n")
    exec(source, names)
    told = [names[name].__annotations__["x"] for name in "fgh"]
    assert told == ["1 + 1", "1 + 1", 2]


def test_exec_is_given_names_as_ever():
    def local():
        inside = 1
        found = {}
        tools.exec_for_tools("found['x'] = inside + len('ab')")
        return inside, found["x"]
    assert local() == (1, 3)
    names, own = {}, {}
    tools.exec_for_tools("x = 1", names, own)
    assert own == {"x": 1} and names["__builtins__"] is vars(builtins)
    names = {"__builtins__": lending.LENT_BUILTINS, "inner": {}}
    exec("run('', globals=inner)", dict(names, run=tools.exec_for_tools))
    assert names["inner"]["__builtins__"] is vars(lending.LENT_BUILTINS)


@pytest.mark.parametrize("names, lent", [
    ({"__name__": "__main__"}, True),  # a kernel of Jupyter
    ({"__name__": "__main__", "__file__": "x.py"}, True),
    ({"__name__": "__main__", "__file__": ast.__file__}, False),
    ({"__name__": "pdb"}, False)])
def test_who_is_lent_names_through_a_tool(monkeypatch, names, lent):
    monkeypatch.setattr(builtins, "__import__", builtins.__import__)
    lending.lend_through_tools()
    exec("import numpy", names)
    assert (names["numpy"] is not sys.modules["numpy"]) == lent


def test_cells_of_ipython_are_translated():
    compiler, names = types.SimpleNamespace(), vars(shells.BUILTINS)
    found = {"__builtins__": names}
    for cell in ("x = 7 / 2\nprint x", "from __future__ import division",
                 "y = 7 / 2\nz = map(abs, [1])\n1 / 0"):
        tree = shells.parse_for_shell(compiler, cell, "cell")
        shown = isinstance(tree.body[-1], ast.Expr)
        assert shown == ("1 / 0" in cell)  # not what print returns
        try:
            exec(compile(tree, "cell", "exec"), found)
        except ZeroDivisionError as error:
            assert error.__traceback__.tb_next.tb_lineno == 3
    assert (found["x"], found["y"], found["z"]) == (3, 3.5, [1])


def test_examples_of_docstrings_are_of_the_python_of_their_file():
    names = {"__builtins__": lending.LENT_BUILTINS}
    assert shells.example_of("7 / 2\n", "<doctest x[0]>", names) is None
    names = {"__builtins__": shells.BUILTINS, "division": __future__.division}
    tree = shells.example_of("x = 7 / 2\n", "<doctest x[0]>", names)
    exec(compile(tree, "x", "single"), names)
    assert names["x"] == 3.5


@pytest.mark.skipif(not find_spec("IPython"), reason="needs IPython")
def test_ipython_itself(files):
    write(files, "cells.ipy", "print 7 / 2\ndisplay(map(abs, [1]))\n")
    for name, told in (("half.py", THEN), ("cells.ipy", "3\n[1]")):
        result = run(files, "--python2", "-m", "IPython", name,
                     env={"IPYTHONDIR": str(files)})
        assert told in result.stdout, result.stderr
