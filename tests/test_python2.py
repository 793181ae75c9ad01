"""Programs of Python 2 print, translated, what they printed in Python 2.7.

The tables are in ``python2/``: one for each kind, with what Python 2.7 printed
beside it. ``PYTHON2`` names one that the tables are compared with anew.
"""
import contextlib
import io
import os
import warnings
from pathlib import Path

import pytest
from lasagne_flipconv.scripts import python2
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


@pytest.mark.parametrize("program, expected", cases())
def test_prints_what_it_printed(program, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert printed(program, tmp_path) == expected


@pytest.mark.skipif(not PYTHON2, reason="PYTHON2 names no Python 2.7")
@pytest.mark.parametrize("program, expected", cases())
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


def test_a_pickle_of_python_2(monkeypatch):
    """Of an array, a text of unicode and a long number."""
    monkeypatch.chdir(make_expected.HERE)
    assert printed("import cPickle\nx = cPickle.load(open('weights.pkl'))\n"
                   "print x['W'].tolist(), x['n'] / 2, x['name'] == u'\\xe9'",
                   None) == "[[1.5, -2.25, 1e+30]] 3 True\n"


def test_there_are_many():
    assert len(list(cases())) >= 200 and Path(TABLES[0]).exists()
