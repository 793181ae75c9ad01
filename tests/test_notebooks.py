"""Notebooks of Jupyter, under ``lasagne-flipconv run``."""
import json
import os

import pytest
from lasagne_flipconv.scripts import building, notebooks
from lasagne_flipconv.scripts.hints import hint
from lasagne_flipconv.scripts.notebooks.magics import plain
from lasagne_flipconv.scripts.notebooks.reading import cells_of, of_python2
from test_run import run, write

PYTHON2 = {"kernelspec": {"name": "python2", "language": "python"}}


def code(text, **more):
    return dict({"cell_type": "code", "source": text, "outputs": []}, **more)


def notebook(*cells, **metadata):
    """Return a notebook of version 4; a cell is its text."""
    cells = [code(cell) if isinstance(cell, (str, list)) else cell
             for cell in cells]
    return {"nbformat": 4, "nbformat_minor": 0, "metadata": metadata,
            "cells": cells}


def old_notebook(*cells):
    """Return a notebook of version 3."""
    cells = [{"cell_type": "code", "language": "python", "input": cell,
              "outputs": []} for cell in cells]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""},
            "worksheets": [{"cells": cells, "metadata": {}}]}


def saved(folder, name, content):
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


#: The text of a cell, and the Python of it.
QUIET = {
    "x = 1\ny = x % 2": None,
    "text = '''\n%s\n!ls\n''' % 1\nx = (7\n% 2)\ny = 7 \\\n% 2": None,
    "# what is this?\nd = {'a': \"it's\",  # (\n 'b': '\"'}\nx != d": None,
    'def f():\n    """Is it?\n    !no\n    """': None,
    "s = 'a\\'' '' \"\"\n%matplotlib inline": (
        "s = 'a\\'' '' \"\"\npass"),
    "ls = [1]\ncd = who = 2\ncd - ls[0]\ncd in ls": None,
    "": "", "matplotlib inline": "pass",
    "%config InlineBackend.figure_format = 'svg'": "pass",
    "%load_ext autoreload\n%autoreload 2\nx": "pass\npass\nx",
    "if x:\n    %matplotlib inline\n    y": "if x:\n    pass\n    y",
    "%time x = f(1)": "x = f(1)", "%timeit -n 10 -r3 f(-1)": "f(-1)",
    "%timeit -o f(x)": "f(x)", "%prun -s cumulative f()": "f()",
    "%time": "pass", "%%time\nx = 1": "pass\nx = 1",
    "\n%%timeit -n1 y = 2\nx = 1": "\ny = 2\nx = 1",
    "%%capture --no-stderr\n%matplotlib inline\nx": "pass\npass\nx",
    "  x = 1\n  y = 2": "x = 1\ny = 2",
}


@pytest.mark.parametrize("text", QUIET)
def test_what_becomes_python(recwarn, text):
    expected = text if QUIET[text] is None else QUIET[text]
    assert plain(text, "n.ipynb, cell 1") == expected
    assert not recwarn


#: What is told of, the line, and what is left.
TOLD = {
    "x = 1\n!ls -l": ("!ls -l is of IPython; it was", 2, "x = 1\npass"),
    "!a \\\n  b \\\n  c\nx": ("!a", 1, "pass\n\n\nx"),
    "x?": ("x?", 1, "pass"), "?x": ("?x", 1, "pass"),
    "f.g??\ny": ("f.g", 1, "pass\ny"), "!!ls": ("!!ls", 1, "pass"),
    "%load_ext rpy2.ipython": ("%load_ext", 1, "pass"),
    "%env": ("%env", 1, "pass"), "%who": ("%who", 1, "pass"),
    "\n%%bash\nls\n": ("%%bash is of IPython; this cell was", 2,
                       "pass\n\n\n"),
    "pwd": ("%pwd", 1, "pass"),
    "%%html\n<b>": ("%%html", 1, "pass\n"),
    "%%unheard of\nx": ("%%unheard of", 1, "pass\n"),
}


@pytest.mark.parametrize("text", TOLD)
def test_what_is_not_run_is_told(recwarn, text):
    told, line, left = TOLD[text]
    assert plain(text, "n.ipynb, cell 1") == left
    [warning] = recwarn
    assert str(warning.message).startswith(told)
    assert str(warning.message).endswith("not run")
    assert (warning.filename, warning.lineno) == ("n.ipynb, cell 1", line)


@pytest.mark.parametrize("text", [
    "files = !ls", "t = %timeit -o f()", "a, b = !ls", "%run other.py",
    "%store -r weights", "%cd -", "%%cython\ndef f(): pass",
    "%%capture out\nf()", "%%bash --out x\nls", "%macro m 1",
    "%env PATH=$HOME/bin"])
def test_what_would_be_missing_is_refused(text):
    line = text.split("\n")[0]
    with pytest.raises(notebooks.NotebookError) as caught:
        plain("\n" * 2 + text, "n.ipynb, cell 1")
    assert str(caught.value).startswith(
        "n.ipynb, cell 1, line 3: %r is of IPython" % line)


def test_folders_and_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLIPCONV_TEST", "")
    (tmp_path / "a b").mkdir()
    exec(plain("%env FLIPCONV_TEST=a, b\n%cd 'a b'", "1"), {})
    assert os.environ["FLIPCONV_TEST"] == "a, b"
    assert os.getcwd() == str(tmp_path / "a b")
    exec(plain("cd ..\n%set_env FLIPCONV_TEST 2", "1"), {})
    assert os.environ["FLIPCONV_TEST"] == "2"
    assert os.getcwd() == str(tmp_path)


def test_pylab():
    names = {}
    exec(plain("%pylab inline", "1"), names)
    assert {"np", "plt", "pylab", "plot", "zeros", "numpy"} <= set(names)


#: What is no notebook, and what is said of it.
WRONG = {
    "{not": "as it is no JSON", "": "as it is no JSON",
    "[" * 100000: "as it is no JSON",
    "[]": "no list of cells", "{}": "no list of cells", "1": "no list",
    '{"cells": 1}': "no list of cells", '{"cells": [1]}': "no list of cells",
    '{"cells": [{"cell_type": "code", "source": 3}]}': "no list of cells",
    '{"worksheets": [[]]}': "no list of cells", '{"cells": []}': "no cell of",
    json.dumps(notebook({"cell_type": "markdown", "source": "x"})):
        "no cell of it has code",
    json.dumps(notebook("x", kernelspec={"name": "ir", "language": "R"})):
        "of the language 'r'",
    json.dumps(notebook("x", language_info={"name": "julia"})):
        "of the language 'julia'",
    '{"metadata": 3, "cells": []}': "no list of cells",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_notebook_is_refused(tmp_path, text):
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    with pytest.raises(notebooks.NotebookError) as caught:
        cells_of(str(path))
    assert WRONG[text] in str(caught.value)
    assert str(caught.value).startswith("%s: " % path)


def test_cells_of_each_version(tmp_path):
    texts = ["x = 1\ny", "z"]
    split = [["x = 1\n", "y"], "z"]
    for content in (notebook({"cell_type": "markdown", "source": "#"}, *split),
                    old_notebook(*split)):
        assert cells_of(saved(tmp_path, "n.ipynb", content)) == texts


@pytest.mark.parametrize("metadata, then", [
    (PYTHON2, True), ({"language_info": {"version": "2.7.11"}}, True),
    ({"kernelspec": {"name": "python3"}}, False), ({}, False)])
def test_kernels_of_python2(tmp_path, metadata, then):
    path = saved(tmp_path, "n.ipynb", notebook("x", **metadata))
    assert of_python2(path) == then


SHOWN = [
    ["%matplotlib inline\n", "import sys, beside\n",
     "from scipy.misc import imresize\n", "class Kept(object): pass"],
    "!ls\nprint(__name__, __file__, sys.argv[1:])",
    "%time display(7 / 2)\nassert sys.modules['__main__'].Kept is Kept",
    "def f():\n    # in it\n    return 1 / 0", "x = 1\n\nf()",
]


def test_a_notebook_runs_as_a_script_does(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, "sub/beside.py", "print('beside')")
    saved(tmp_path, "sub/n.ipynb", notebook(*SHOWN))
    result = run(tmp_path, "sub/n.ipynb", "--epochs", "5")
    path = str(tmp_path / "sub" / "n.ipynb")
    assert result.stdout.splitlines()[:2] == [
        "beside", "__main__ %s ['--epochs', '5']" % path]
    assert result.stdout.splitlines()[2:] == ["3.5"]
    told = [line.strip() for line in result.stderr.splitlines()
            if set(line) - set("~^ ")]
    assert result.returncode == 1
    assert told == [
        "Traceback (most recent call last):",
        'File "%s, cell 5", line 3, in <module>' % path, "f()",
        'File "%s, cell 4", line 3, in f' % path, "return 1 / 0",
        "ZeroDivisionError: division by zero"]


#: A cell, and what is printed below it, by Python 2 as well.
ENDS = {
    "x = 7\nx / 2": ("3.5", "3"), "'text'": ("'text'", "'text'"),
    "[x\n for x in (1, 2)]": ("[1, 2]",) * 2, "x": ("7",) * 2,
    "%time x * 2": ("14",) * 2, "x;": ("",) * 2, "x ; # no\n": ("",) * 2,
    "x # yes; x": ("7",) * 2, "None": ("",) * 2, "print(x)": ("7",) * 2,
    "if x:\n    x": ("",) * 2, "y = x": ("",) * 2, "# x": ("",) * 2,
    "x\n\n\n": ("7",) * 2, "display(x)": ("7",) * 2, "x, 'a'": (
        "(7, 'a')",) * 2,
}


def test_the_last_line_of_a_cell_is_shown(tmp_path, capsys):
    for then in (False, True):
        names_after(tmp_path, list(ENDS), then)
        assert capsys.readouterr().out.splitlines() == [
            shown[then] for shown in ENDS.values() if shown[then]]


THEN = [
    "n = 7; print n / 2, map(int, '12')\n%matplotlib inline",
    "from __future__ import division\nfrom __future__ import print_function",
    "print(7 / 2, u'\xe9', file=sys.stdout) if 0 else print(7 / 2)",
    "x = 1\n\nx.nothing",
]


def test_a_notebook_of_python2(tmp_path):
    path = saved(tmp_path, "n.ipynb", dict(old_notebook(*THEN),
                                           metadata=PYTHON2))
    result = run(tmp_path, "--python2", "n.ipynb")
    assert result.stdout == "3 [1, 2]\n3.5\n", result.stderr
    assert '%s, cell 4", line 3, in <module>' % path in result.stderr
    result = run(tmp_path, "n.ipynb")
    assert result.stdout == ""  # nothing is run of what has wrong syntax
    assert result.stderr.splitlines()[-1] == (
        "lasagne-flipconv run: %s, cell 1 is written in Python 2; pass "
        "--python2 to run it translated." % path)


def compiled(folder, cells, from_python2, **metadata):
    path = saved(folder, "n.ipynb", notebook(*cells, **metadata))
    return notebooks.code_of_notebook(path, from_python2)


def names_after(folder, cells, from_python2):
    code, names = compiled(folder, cells, from_python2)
    found = {"__builtins__": names}
    exec(code, found)
    return found


@pytest.mark.parametrize("cells, half", [
    (["x = 7 / 2"], 3), (["x = 7 / 2", "# \xe9"], 3),
    (["from __future__ import division", "x = 7 / 2"], 3.5),
    (["x = 7 / 2", "from __future__ import division"], 3),
    (["x = 7 / 2", "y = f'{x}'"], 3.5)])  # one cell of Python 3: all are
def test_which_python_a_notebook_is_of(tmp_path, cells, half):
    assert names_after(tmp_path, cells, True)["x"] == half
    assert names_after(tmp_path, cells, False)["x"] == 3.5


def test_a_cell_of_neither_python(tmp_path):
    cells = ["from __future__ import division", "x = 1\nx = = 1"]
    for from_python2 in (True, False):
        with pytest.raises(SyntaxError) as caught:
            compiled(tmp_path, cells, from_python2)
        assert caught.value.filename.endswith("n.ipynb, cell 2")
        assert caught.value.lineno == 2


def test_a_notebook_of_python2_is_told_without_the_option(tmp_path, recwarn):
    code, names = compiled(tmp_path, ["x = 7 / 2", "y = x.nothing"], False,
                           **PYTHON2)
    assert "7 / 2 was 3" in str(recwarn.pop().message)
    with pytest.raises(AttributeError) as caught:
        exec(code, {"__builtins__": names})
    told = "n.ipynb is a notebook of Python 2; pass --python2 to run it"
    assert told in hint(caught.value)
    assert hint(caught.value, True) is None
    compiled(tmp_path, ["x = 1"], True, **PYTHON2)
    assert not recwarn


CONVERTED = """
    # coding: utf-8
    get_ipython().magic(u'matplotlib inline')
    get_ipython().run_line_magic('time', 'half = 7 / 2')
    get_ipython().run_cell_magic('time', '', 'x = map(int, "12")\\nx.sort()')
    get_ipython().system('ls')
    print(half)
    print(type(x).__name__)
    files = get_ipython().getoutput('ls')
    """


def test_scripts_that_nbconvert_made(tmp_path):
    write(tmp_path, "n.py", CONVERTED)
    result = run(tmp_path, "--python2", "n.py")
    assert result.stdout == "3\nlist\n", result.stderr
    assert result.returncode == 2
    assert "n.py, line 9, line 1: 'x = !ls' is of IPython" in result.stderr
    write(tmp_path, "asks.py", "try:\n    get_ipython()\n"
          "except NameError:\n    print('no kernel')\n")
    assert run(tmp_path, "asks.py").stdout == "no kernel\n"


def test_export_takes_a_function_of_a_notebook(tmp_path):
    path = saved(tmp_path, "n.ipynb", notebook("def build():\n    return 7"))
    assert building._module(path, False).build() == 7


def test_a_file_that_is_no_notebook_ends_the_command(tmp_path):
    (tmp_path / "n.ipynb").write_text("<html>")
    result = run(tmp_path, "n.ipynb")
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert "run: n.ipynb: is no notebook" in result.stderr.replace(
        str(tmp_path) + os.sep, "")
