"""Programs of Python 2 print, translated, what they printed in Python 2.7.

The tables are in ``python2/``: one for each kind, with what Python 2.7 printed
beside it. ``PYTHON2`` names one that the tables are compared with anew.
"""
import builtins
import contextlib
import importlib
import inspect
import io
import os
import re
import types
import warnings
from pathlib import Path

import pytest
from lasagne_flipconv.scripts import python2
from lasagne_flipconv.scripts.python2.library.attributes import LENT
from lasagne_flipconv.scripts.python2.library.functions import BUILTINS
from python2 import make_expected

TABLES = sorted(make_expected.HERE.glob("*.txt"))
PYTHON2 = os.environ.get("PYTHON2")


def cases():
    """Yield each program with what it is to print, named by its first line."""
    for path in TABLES:
        expected = make_expected.programs(path.with_suffix(".expected"))
        programs = make_expected.programs(path)
        assert len(programs) == len(expected), path
        for number, pair in enumerate(zip(programs, expected), 1):
            yield pytest.param(*pair, id="%s-%d" % (path.stem, number))


def printed(program, folder):
    """Return what a program prints here."""
    code, names = python2.prepared(program.encode() + b"\n", "program.py")
    out = io.StringIO()
    scope = {"__builtins__": names, "__name__": "__main__"}
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(code, scope)
        python2.end_line()
    return out.getvalue()


@pytest.mark.parametrize("program, expected", list(cases()))
def test_prints_what_it_printed(program, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = printed(program, tmp_path)
    # NumPy 2 shows the type of a number within a list
    assert re.sub(r"np\.float64\(([^()]*)\)", r"\1", found) == expected


@pytest.mark.parametrize("program, expected", list(cases()) if PYTHON2 else [
    pytest.param("", "", marks=pytest.mark.skip("PYTHON2 names no 2.7"))])
def test_python_2_prints_it_too(program, expected):
    assert make_expected.printed(PYTHON2, program) == expected


WHERE = b"""def f((a, b)):
    try:
        pass
    except ValueError, (x, y):
        pass
    raise ValueError, 'line 6'
"""


def test_code_has_the_lines_of_the_file():
    code, names = python2.prepared(WHERE, "program.py")
    scope = {"__builtins__": names}
    exec(code, scope)
    with pytest.raises(ValueError, match="line 6") as caught:
        scope["f"]((1, 2))
    assert caught.traceback[-1].lineno + 1 == 6


@pytest.mark.parametrize("code, line", [
    ("print 'a'\nx = = 1\n", 2), ("x = = 1\n", 1), ("print 1\nf(\n", 3),
    ("print 1\nif 1:\n    x = 1\n  y = 2\n", 4), ("x = f'{1}'\ny = = 2", 2),
    ('print 1\nx = """', 2), ("print 1\n\n\nreturn 5", 4)])
def test_an_error_of_syntax_is_told_where_it_is(code, line):
    with pytest.raises(SyntaxError) as caught:
        python2.prepared(code.encode(), "program.py")
    assert caught.value.lineno == line
    assert caught.value.filename == "program.py"


#: What nothing may change: modules that programs are lent names of.
MODULES = ["numpy", "scipy.signal", "scipy.ndimage", "pickle", "string",
           "math", "itertools", "types", "operator", "os", "os.path", "sys",
           "random", "configparser", "csv", "hashlib", "base64", "subprocess",
           "urllib.request", "io", "json", "collections", "builtins", "email"]


def state():
    """Return all that is in these modules."""
    return {(name, key): value for name in MODULES
            for key, value in vars(importlib.import_module(name)).items()
            if not key.startswith("__python2_") and key not in (
                "stdout", "last_value", "_", "__warningregistry__")}


def test_nothing_else_is_changed_by_a_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = state()
    for case in cases():
        printed(case.values[0], tmp_path)
    after = state()
    imported = set(after) - set(before)
    assert not set(before) - set(after)
    assert all(isinstance(after[key], types.ModuleType) for key in imported)
    assert [key for key in before if after[key] is not before[key]] == []


def test_a_pickle_of_python_2(monkeypatch):
    """Of an array, a text of unicode and a long number."""
    monkeypatch.chdir(make_expected.HERE)
    assert printed("import cPickle\nx = cPickle.load(open('weights.pkl'))\n"
                   "print x['W'].tolist(), x['n'] / 2, x['name'] == u'\\xe9'",
                   None) == "[[1.5, -2.25, 1e+30]] 3 True\n"


def test_there_are_many():
    assert len(list(cases())) >= 200 and Path(TABLES[0]).exists()


def in_place(a, b):
    """Return what ``a /= b`` makes of a."""
    names = {"a": a, "b": b}
    exec(python2.compiled(b"a /= b", "old.py"), names)
    return names["a"]


@pytest.mark.parametrize("how", [python2.divide, in_place])
def test_what_never_rounded_is_divided_as_today(how):
    pandas = pytest.importorskip("pandas")
    assert how(pandas.Series([7, 4]), 2).tolist() == [3.5, 2.0]
    assert how(7, pandas.Series([2, 7])).tolist() == [3.5, 1.0]
    assert how(pandas.Index([7, 4]), 2).tolist() == [3, 2]


def test_sparse_matrices_of_integers_are_not_rounded():
    sparse = pytest.importorskip("scipy.sparse")
    found = python2.divide(sparse.csr_matrix([[3, 4]]), 2)
    assert found.toarray().tolist() == [[1.5, 2.0]]


def test_a_series_is_known_by_the_module_of_its_class():
    base = type("Series", (), {"dtype": "int64", "__module__":
                               "pandas.core.series", "__truediv__":
                               lambda self, other: "as today"})
    for cls in (base, type("Own", (base,), {})):
        assert python2.divide(cls(), 2) == "as today"


#: What a program of Python 2 finds instead of what is there today.
INSTEAD = [(*place, found) for place, found in LENT.items()] + [
    ("builtins", name, found) for name, found in vars(BUILTINS).items()
    if found is not getattr(builtins, name, None)]


@pytest.mark.parametrize("module, name, found", [
    pytest.param(*row, id="%s.%s" % row[:2]) for row in INSTEAD
    if callable(row[2])])
def test_what_is_replaced_takes_arguments_by_their_names(module, name, found):
    """As ``np.loadtxt(fname="a.txt")``."""
    stock = getattr(importlib.import_module(module), name, None)
    try:
        parameters = inspect.signature(stock).parameters.values()
        ours = inspect.signature(found)
    except (TypeError, ValueError):
        pytest.skip("%s.%s tells no names" % (module, name))
    needed = {p.name: None for p in parameters
              if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in (
                  "self", "fix_imports", *NEW.get((module, name), ()))}
    ours.bind_partial(**needed)


#: Arguments that Python 2 did not have, or under another name.
NEW = {("builtins", "open"): ["file", "encoding", "errors", "newline",
                              "closefd", "opener"],
       ("builtins", "compile"): ["_feature_version"],
       ("builtins", "enumerate"): ["iterable"],
       ("gzip", "open"): ["encoding", "errors", "newline"],
       ("hashlib", "new"): ["data"], ("random", "seed"): ["version"]}
