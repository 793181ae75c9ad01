"""Programs of several files under ``run --python2``: which are translated."""
import os
import textwrap
from pathlib import Path

import pytest
from lasagne_flipconv.scripts import python2
from lasagne_flipconv.scripts.whose import belongs_to_program
from test_run import flags, run, write

HALF = "def half(x):\n    return x / 2\nprint 'half'\n"

#: What a program consists of, how it is run, and what it prints.
PROGRAMS = {
    "beside": ({"a.py": "import b\nprint b.half(7)",
                "b.py": HALF}, "a.py", "half\n3\n"),
    "not one line that is of Python 2 alone": (
        {"a.py": "import b\nprint(b.f(7))", "b.py": "def f(x): return x / 2"},
        "a.py", "3\n"),
    "beside, all of it logged": (
        {"a.py": "import logging, sys\nlogging.basicConfig(level=10, "
         "stream=sys.stdout)\nimport b\nprint b.half(7)", "b.py": HALF},
        "a.py", "half\n3\n"),
    "a folder above": ({
        "lib/b.py": HALF, "sub/a.py":
        "import sys\nsys.path.append('lib')\nimport b\nprint b.half(7)"},
        "sub/a.py", "half\n3\n"),
    "dot dot": ({
        "b.py": HALF, "sub/a.py":
        "import os, sys\nsys.path.append(os.path.join(os.path.dirname("
        "__file__), '..'))\nimport b\nprint b.half(7)"},
        "sub/a.py", "half\n3\n"),
    "a package of the folder": ({
        "p/__init__.py": "print 'p'", "p/b.py": HALF,
        "a.py": "from p.b import half\nprint half(7)"}, "a.py",
        "p\nhalf\n3\n"),
    "a neighbour in a package": ({
        "p/__init__.py": "import one", "p/one.py": "import two\nfrom two "
        "import name\nprint two.name, name, two.__name__",
        "p/two.py": "name = 'neighbour'", "a.py": "import p.one"},
        "a.py", "neighbour neighbour p.two\n"),
    "a package in a package": ({
        "p/__init__.py": "", "p/one.py": "import q.b\nfrom q import b as c\n"
        "import q.b as d\nprint q.b.half(7), c is d",
        "p/q/__init__.py": "", "p/q/b.py": HALF, "a.py": "from p import one"},
        "a.py", "half\n3 True\n"),
    "a neighbour before the standard library": ({
        "p/__init__.py": "", "p/one.py": "import string, Queue, commands\n"
        "print string.mine, Queue.mine, commands.mine",
        "p/string.py": "mine = 1", "p/Queue.py": "mine = 2",
        "p/commands.py": "mine = 3", "a.py": "import p.one"},
        "a.py", "1 2 3\n"),
    "a folder that is no package": ({
        "p/__init__.py": "", "p/json/data.txt": "", "a.py": "import p.one",
        "p/one.py": "import json\nprint json.dumps(1)"}, "a.py", "1\n"),
    "numbers of NumPy, and places of what is unique": ({
        "a.py": "import numpy as np\nprint [np.float64(.5), np.float32(2)]\n"
        "print np.unique([[1, 2], [2, 1]], return_inverse=True)[1]"},
        "a.py", "[0.5, 2.0]\n[0 1 1 0]\n"),
    "absolute imports": ({
        "p/__init__.py": "", "p/json.py": "print 'wrong'",
        "p/one.py": "from __future__ import absolute_import\nimport json\n"
        "print json.dumps(1)", "a.py": "import p.one"}, "a.py", "1\n"),
    "dots": ({
        "p/__init__.py": "", "p/two.py": HALF, "a.py": "import p.one",
        "p/one.py": "from . import two\nfrom .two import half\nprint half(7)"},
        "a.py", "half\n3\n"),
    "a script in a folder with an __init__": ({
        "p/__init__.py": "", "p/util.py": HALF,
        "p/a.py": "import util\nfrom util import half\nprint half(9)"},
        "p/a.py", "half\n4\n"),
    "a module of a package": ({
        "p/__init__.py": "", "p/two.py": HALF,
        "p/one.py": "import two\nprint two.half(7), __name__"},
        "-m p.one", "half\n3 __main__\n"),
    "its own module of a name that is gone": ({
        "a.py": "import commands\nprint commands.mine",
        "commands.py": "mine = 1"}, "a.py", "1\n"),
    "Python 3 beside it": ({
        "a.py": "import b\nprint b.f(7)",
        "b.py": "def f(x: int): return x / 2\nprint(f'{f(7)}', range(1))"},
        "a.py", "3.5 range(0, 1)\n3.5\n"),
    "both Pythons": ({
        "a.py": "from __future__ import print_function\n"
        "try:\n    import cPickle as pickle\nexcept ImportError:\n"
        "    import pickle\n"
        "print(pickle.loads(pickle.dumps(7)) / 2, end='!')"},
        "a.py", "3!"),
    "another Python 3 by its encoding": ({
        "a.py": "print('\u00e9', 7 / 2)"}, "a.py", "\u00e9 3.5\n"),
    "names put into what is built in": ({
        "a.py": "import __builtin__\n__builtin__.shared = 5\nimport b",
        "b.py": "print shared / 2"}, "a.py", "2\n"),
    "a reload": ({
        "a.py": "import b\nb.n = 5\nreload(b)\nprint b.n",
        "b.py": "n = 7 / 2"}, "a.py", "3\n"),
    "a file loaded by its path": ({
        "a.py": "import imp\nfrom imp import load_source\n"
        "print load_source('c', 'conf/c.conf').half(7)\n"
        "m = imp.load_source('b', 'b.py')\n"
        "print m.half(9), m is imp.load_source('b', 'b.py')\n"
        "print imp.load_module('d', *imp.find_module('b', ['.'])).half(5)\n"
        "print imp.load_module('q', *imp.find_module('q')).n",
        "b.py": HALF, "conf/c.conf": HALF, "q/__init__.py": "n = 3 / 2"},
        "a.py", "half\n3\nhalf\n4 half\nTrue\nhalf\n2\n1\n"),
    "an array that is not None": ({
        "a.py": "import numpy as np\na = np.ones((2, 2))\n"
        "def f(W=None): return 'none' if W == None else 'given'\n"
        "print f(), f(a), f(W=a.sum()), a in [None], None in [a], a in (a,)\n"
        "if a != None and not (a == None): print 'array'\n"
        "print [None].count(a), [a, None].index(None), (a == None).any()\n"
        "try: [None].index(a)\nexcept ValueError: print 'not there'\n"},
        "a.py", "none given given False False True\narray\n0 1 False\n"
        "not there\n"),
    "abstract base classes": ({
        "a.py": "import collections\nprint isinstance([], collections"
        ".Iterable)"}, "a.py", "True\n"),
}


def made(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("kind", PROGRAMS)
def test_what_is_translated(tmp_path, kind):
    files, arguments, printed = PROGRAMS[kind]
    made(tmp_path, files)
    result = run(tmp_path, "--python2", *arguments.split(),
                 env={"PYTHONIOENCODING": "utf-8"})
    assert (result.stdout, result.stderr) == (printed, "")
    assert not list(tmp_path.glob("**/__pycache__"))


def test_a_folder_of_pythonpath(tmp_path, monkeypatch):
    made(tmp_path, {"x/a.py": "import b\nprint b.half(7)", "y/b.py": HALF})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "y"))
    assert run(tmp_path, "--python2", "x/a.py").stdout == "half\n3\n"


def test_processes_of_joblib_are_of_python_2_too(tmp_path):
    pytest.importorskip("joblib")
    made(tmp_path, {
        "a.py": "from joblib import Parallel, delayed\nimport b\n"
        "if __name__ == '__main__':\n    print Parallel(n_jobs=2)("
        "delayed(b.f)(i) for i in (5, 7))",
        "b.py": "def f(x): return x / 2, round(2.5), map(abs, [x])"})
    result = run(tmp_path, "--python2", "a.py")
    assert (result.stdout, result.stderr) == (
        "[(2, 3.0, [5]), (3, 3.0, [7])]\n", "")


INSTALLED = """
    import json, sys, numpy, scipy.signal, sklearn.utils, lasagne, theano
    import builtins
    names = {m: sys.modules[m] for m in ("numpy", "sklearn.utils", "json")}
    for name, module in names.items():
        assert type(module.__loader__).__module__.startswith((
            "_frozen", "importlib", "_bootstrap")), module.__loader__
    assert json.__dict__["__builtins__"]["range"] is range
    assert numpy.__builtins__["open"] is open
    assert vars(names["numpy"])["load"].__module__ == "numpy"
    assert numpy.divide(7, 2) == 3.5
    import pickle, math, string, itertools
    assert pickle.load.__module__ == "_pickle" and math.floor(2.5) == 2
    assert not hasattr(string, "letters") and not hasattr(itertools, "izip")
    assert not hasattr(builtins, "xrange") and max is builtins.max
    try:
        __import__("cPickle")
    except ImportError:
        print(f"{'as before'}")
    """


@pytest.mark.parametrize("option", [["--python2"], []])
def test_what_is_installed_stays_as_it_is(tmp_path, option):
    write(tmp_path, "checks.py", INSTALLED)
    write(tmp_path, "a.py", "import checks\nimport pickle\npickle.load\n")
    result = run(tmp_path, *option, "a.py")
    assert (result.stdout, result.stderr) == ("as before\n", "")


@pytest.mark.parametrize("path, belongs", [
    (os.__file__, False), (pytest.__file__, False), (textwrap.__file__, False),
    ("/home/me/dist-packages/x.py", False), ("/home/me/net.py", True),
    (__file__, True)])
def test_what_belongs_to_a_program(path, belongs):
    assert belongs_to_program(path) is belongs


#: What no Python 2 could parse, and what both can.
PYTHON3 = ["f'{1}'", "x: int = 1", "def f(*, a): 0", "def f(a: int): 0",
           "def f() -> int: 0", "async def f(): 0", "a @ b", "{**a}",
           "[*a]", "f(*a, *b)", "f(*a, b)", "f(**a, **b)", "*a, b = c",
           "def f():\n x = 1\n def g():\n  nonlocal x",
           "class A(metaclass=B): 0", "raise A from B", "print(a, end='')",
           "print(a, file=b)", "print(*a)", "def f(): yield from x",
           "(x := 1)", "def f(a, /): 0", "1_000", "super().__init__()",
           "from __future__ import annotations", "'\u00e9'", "f(**a, b=1)",
           "b'x' rb'y'", "0o1_0"]
BOTH = ["7 / 2", "print(7)", "print(7, 8)", "f(*a, b=1)", "f(*a, **b)",
        "def f(a=1, *b, **c): 0", "super(A, self)", "{a: b for a in c}",
        "from __future__ import print_function\nprint(a, end='')",
        "from __future__ import division", "raise A", "yield_ = 1",
        "class A(B): 0", "class A: 0", "# coding: utf-8\n'\u00e9'",
        "#!/x\n# -*- coding: latin-1 -*-\n'\u00e9'", "with a as b, c as d: 0",
        "\ufeff'\u00e9'", "x = {1, 2}", "0o17", "0b1", "b'x'", "u'x'"]


@pytest.mark.parametrize("python3, code", [(True, c) for c in PYTHON3]
                         + [(False, c) for c in BOTH])
def test_which_python(python3, code):
    _, names = python2.prepared(code.encode(), "x.py")
    assert (names.__name__ != "__builtin__") is python3


WHERE = """
    # -*- coding: utf-8 -*-
    def f((a, b)):
        try:
            print a
        except ValueError, (x, y):
            pass
        raise ValueError, 'here'  # line 8
    f((1, 2))
    """


def test_tracebacks_have_the_lines_of_the_file(tmp_path):
    write(tmp_path, "a.py", WHERE)
    lines = run(tmp_path, "--python2", "a.py").stderr.splitlines()
    assert [line.split(",")[1:] for line in lines if "File" in line] == [
        [" line 9", " in <module>"], [" line 8", " in f"]]
    assert lines[-1] == "ValueError: here" and lines[2] == "    f((1, 2))"
    assert lines[4] == "    raise ValueError, 'here'  # line 8"
    assert len(lines) == 6


#: Written by Python 2.7 with NumPy 1.16: {'W': array, 'name': u'é', 'n': 7L}.
OLD_PICKLE = Path(__file__).with_name("python2") / "weights.pkl"

LOADS = """
    import pickle, cPickle, gzip, numpy as np
    from cPickle import load
    def check(x):
        assert x['W'].tolist() == [[1.5, -2.25, 1e30]], x
        assert x['name'] == u'\\xe9' and x['n'] / 2 == 3
    check(pickle.load(open('w.pkl', 'rb')))
    check(pickle.load(open('w.pkl')))
    check(cPickle.load(file('w.pkl', 'rb')))
    check(load(open('w.pkl')))
    check(cPickle.loads(open('w.pkl', 'rb').read()))
    check(cPickle.loads(open('w.pkl').read()))
    check(pickle.Unpickler(open('w.pkl', 'rb')).load())
    check(np.load('w.pkl'))
    gzip.open('w.pkl.gz', 'wb').write(open('w.pkl', 'rb').read())
    check(pickle.load(gzip.open('w.pkl.gz')))
    check(pickle.load(gzip.open('w.pkl.gz', 'rb')))
    pickle.dump(load(open('w.pkl')), open('again.pkl', 'w'))
    check(cPickle.load(open('again.pkl')))
    check(pickle.load(open('w.pkl', 'rb'), encoding='latin1'))
    import helper
    check(helper.read('w.pkl'))
    print 'read'
    """


def test_weights_within_scripts(tmp_path):
    (tmp_path / "w.pkl").write_bytes(OLD_PICKLE.read_bytes())
    write(tmp_path, "a.py", LOADS)
    write(tmp_path, "helper.py", "from pickle import *\n"
          "def read(path): return load(open(path, 'rb'))\n")
    result = run(tmp_path, "--python2", "a.py")
    assert (result.stdout, result.stderr) == ("read\n", "")


OBJECTS = """
    import numpy, numpy as np
    from numpy import load, load as other
    from numpy import *
    from functools import partial
    numpy.save("o.npy", numpy.array([{{}}, None]))
    for read in (np.load, numpy.load, load, other, partial(np.load)):
        assert list(read("o.npy")) == [{{}}, None]
    numpy.savez("o.npz", numpy.array([1, None]))
    assert np.load("o.npz")["arr_0"][0] == 1
    try:
        np.load("o.npy", allow_pickle=False)
    except ValueError:
        {print}
    import json, io
    assert json.load(io.StringIO("1")) == 1
    """


@pytest.mark.parametrize("option, line", [
    (["--python2"], "print 'loaded', 7 / 2"),
    ([], "print('loaded', 7 // 2)")])
def test_arrays_of_objects(tmp_path, option, line):
    write(tmp_path, "a.py", "import b")
    write(tmp_path, "b.py", OBJECTS.format(print=line))
    for name in "a.py", "b.py":
        result = run(tmp_path, *option, name)
        text = result.stdout
        if name == "b.py" or not option:
            assert text == "loaded 3\n", result.stderr


def test_numpy_load_looks_as_it_did(tmp_path):
    """What stops in it has the traceback that it had, and no cache is cut."""
    write(tmp_path, "a.py", "import numpy as np\nnp.load('none.npy')\n")
    ours, pythons = [run(tmp_path, "a.py", python=python)
                     for python in (False, True)]
    assert ours.stderr.splitlines()[-1] == pythons.stderr.splitlines()[-1]
    assert 'a.py", line 2, in <module>' in ours.stderr
    assert flags() is not None
