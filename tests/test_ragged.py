"""Rows of unequal lengths, of which NumPy made arrays of objects until 1.24.

What is expected was printed by NumPy 1.23.5.
"""
import contextlib
import io
import pickle
import warnings

import numpy as np
import pytest
from lasagne_flipconv.scripts import python2
from lasagne_flipconv.scripts.old_names import lending
from test_run import run, write

lent = lending.lent_import("numpy")

#: Rows of numbers; values of layers; rows of equal length in which some are
#: rows; texts; rows whose elements are arrays.
ROWS = {"q": [[1, 2, 3], [4, 5], [6]],
        "p": [np.ones((3, 4)), np.ones(3), np.ones((4, 2))],
        "d": [[1, 2, [3, 4]], [5, 6, 7]], "m": ["a", ["b", "c"], None],
        "t": ((1,), ())}

#: Expression → what it is: of an array its shape and type, and its items.
EXPECTED = {
    "array(q)": "(3,) [[1, 2, 3], [4, 5], [6]]",
    "array(q, None)": "(3,) [[1, 2, 3], [4, 5], [6]]",
    "array(q, dtype=None, ndmin=2)": "(1, 3) [[[1, 2, 3], [4, 5], [6]]]",
    "array(object=d)": "(2, 3) [[1, 2, [3, 4]], [5, 6, 7]]",
    "asarray(m)": "(3,) ['a', ['b', 'c'], None]",
    "asanyarray(t)": "(2,) [(1,), ()]",
    "ascontiguousarray([q, q]).shape": "(2, 3)",
    "array([1, [2, 3]])": "(2,) [1, [2, 3]]",
    "random.RandomState(0).randint(9)": "5",
    "delete(q, 0)": "(2,) [[4, 5], [6]]",
    "array_split(q, 2)[1]": "(1,) [[6]]",
    "split(q, [1])[1]": "(2,) [[4, 5], [6]]",
    "shape(q), size(q), ndim(q)": "((3,), 3, 1)",
    "shape(d), shape(p), size([q, q])": "((2, 3), (3,), 6)",
    "take(q, [0, 2])": "(2,) [[1, 2, 3], [6]]",
    "append(q, [None])": "(4,) [[1, 2, 3], [4, 5], [6], None]",
    "append([None], m)": "(4,) [None, 'a', ['b', 'c'], None]",
    "repeat(q, 2)[1:4]": "(3,) [[1, 2, 3], [4, 5], [4, 5]]",
    "ravel(d)": "(6,) [1, 2, [3, 4], 5, 6, 7]",
    "squeeze(q).shape": "(3,)", "transpose(d).shape": "(3, 2)",
    "concatenate([q, [1, 2]])": "(5,) [[1, 2, 3], [4, 5], [6], 1, 2]",
    "hstack((q, t))": "(5,) [[1, 2, 3], [4, 5], [6], (1,), ()]",
    "vstack([q, q]).shape": "(2, 3)", "stack([q, q], 1).shape": "(3, 2)",
    "vstack(x for x in [q, q]).shape": "(2, 3)",
    "row_stack([q, q]).shape": "(2, 3)",
    "roll(q, 1)": "(3,) [[6], [1, 2, 3], [4, 5]]",
    "flipud(q)": "(3,) [[6], [4, 5], [1, 2, 3]]",
    "tile(t, 2)": "(4,) [(1,), (), (1,), ()]",
    "sort([[2], [1, 3], []])": "(3,) [[], [1, 3], [2]]",
    "argsort([[2], [1, 3], []])": "(3,) [2, 1, 0]",
    "argmax(q), max(q), amin(q)": "(2, [6], [1, 2, 3])",
    "sum(q), sum(q, axis=0)": "([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])",
    "unique(q + q)": "(3,) [[1, 2, 3], [4, 5], [6]]",
    "in1d([1], q), isin([1], q)": "(array([False]), array([False]))",
    "where([True, False, True], q, None)": "(3,) [[1, 2, 3], None, [6]]",
    "vectorize(len)(q)": "(3,) [3, 2, 1]",
    "vectorize(lambda x, y: len(x) + len(y), excluded=[1])(q, q)":
    "(3,) [6, 5, 4]",
    "copy(q).shape, ones_like(q), zeros_like(t).shape":
    "((3,), array([1, 1, 1], dtype=object), (2,))",
    "atleast_1d(q, t)[1]": "(2,) [(1,), ()]",
    "array_equal(q, q), array_equal(q, t), array_equiv(d, d)":
    "(True, False, True)",
    "array([[1, 2], [3, 4]])": "(2, 2) [[1, 2], [3, 4]]",
}

#: What it drew of `q` after ``seed(1)``.
DRAWN = {"permutation(q)": "(3,) [[1, 2, 3], [6], [4, 5]]",
         "choice(q)": "[4, 5]", "choice(q, 2)": "(2,) [[4, 5], [1, 2, 3]]",
         "choice(q, 2, False)": "(2,) [[1, 2, 3], [6]]",
         "permutation(4)": "(4,) [3, 2, 0, 1]"}


def told(x):
    return ("%r %s" % (x.shape, x.tolist()) if isinstance(x, np.ndarray)
            else repr(x))


def value(code, names=lent):
    with warnings.catch_warnings():  # of NumPy 1.21 to 1.23
        warnings.simplefilter("ignore")
        return eval(code, {**vars(names), "random": names.random, **ROWS})


@pytest.mark.parametrize("code", EXPECTED)
def test_is_what_it_was(code):
    with np.printoptions(legacy=np.version.version >= "2" and "1.25"):
        assert told(value(code)) == EXPECTED[code]


@pytest.mark.parametrize("code", DRAWN)
def test_draws_what_it_drew(code):
    lent.random.seed(1)
    assert told(value(code, lent.random)) == DRAWN[code]


@pytest.mark.parametrize("save", ["savez", "savez_compressed"])
def test_weights_are_saved_and_loaded(save, tmp_path):
    path = str(tmp_path / "w.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(lent, save)(path, ROWS["p"], b=ROWS["q"], c=[1, 2])
        lent.save(path + ".npy", ROWS["p"])
    with lent.load(path) as found:
        assert [a.shape for a in found["arr_0"]] == [(3, 4), (3,), (4, 2)]
        assert found["b"].tolist() == ROWS["q"]
        assert found["c"].tolist() == [1, 2]
    assert len(lent.load(path + ".npy")) == 3


#: What no NumPy took.
REFUSED = ["array([ones((2, 3)), ones((2, 4))])", "array(q, 'f4')",
           "array(q, dtype='f4')", "asarray(q, float)", "sort(p)",
           "ascontiguousarray(q, 'f4')", "concatenate([[q], [1]])",
           "array([ones((3, 3)), ones(3)])", "reshape(q, 4)",
           "stack([q, [1]])", "vstack([])",
           "random.permutation([ones((1, 2)), ones(1)])"]


@pytest.mark.parametrize("code", REFUSED)
def test_what_was_refused_still_is(code):
    with pytest.raises(ValueError):
        value(code)


def test_nothing_is_written_over_by_what_cannot_be_saved(tmp_path):
    (tmp_path / "w.npz").write_bytes(b"of before")
    with pytest.raises(ValueError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lent.savez(str(tmp_path / "w.npz"), [np.ones((2, 3)), np.ones((2, 4))])
    if np.lib.NumpyVersion(np.__version__) >= "1.24.0":
        assert (tmp_path / "w.npz").read_bytes() == b"of before"


def test_a_function_is_called_once_for_what_is_not_of_rows():
    calls = []

    def fails(x):
        calls.append(x)
        raise ValueError("inhomogeneous, it says itself")
    with pytest.raises(ValueError, match="says itself"):
        lent.vectorize(fails)([1, 2])
    assert calls == [1]


def test_functions_are_pickled_as_numpy_s():
    for name in ("array", "sum", "savez", "concatenate", "unique"):
        function, today = getattr(lent, name), getattr(np, name)
        assert pickle.loads(pickle.dumps(function)) is today
        assert b"lasagne_flipconv" not in pickle.dumps(function)
        assert function == today and {today: 1}[function] == 1
        assert function != np.prod and function.__name__ == today.__name__
        assert repr(function) == repr(today)


PYTHON2 = """
import numpy as np
q = [[1, 2, 3], [4, 5], [6]]
rng = np.random.RandomState(0)
print list(rng.permutation(q)), rng.choice(q), rng.permutation(3)
print np.arange(3) == q, np.arange(3) != q, q == np.arange(3)
print np.arange(2) == [np.ones((2, 3)), np.ones((2, 4))], np.in1d([1], q)
print np.array_equal(q, q), np.arange(4) == q
"""


def test_generators_and_comparisons_in_programs_of_python_2():
    code, names = python2.prepared(PYTHON2.encode(), "program.py")
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(code, {"__builtins__": names, "__name__": "__main__"})
    assert out.getvalue() == (
        "[[6], [4, 5], [1, 2, 3]] [4, 5] [2 1 0]\n[False False False] "
        "[ True  True  True] [False False False]\nFalse [False]\n"
        "True False\n")


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "1.24.0",
                    reason="NumPy makes them itself")
def test_what_is_not_lent_is_told(tmp_path):
    write(tmp_path, "a.py", "import numpy as np\n\n"
          "np.random.RandomState(1).permutation([[1], [2, 3]])\n")
    last = run(tmp_path, "a.py").stderr.splitlines()[-1]
    assert "a.py, line 3: rows of unequal lengths made an array of objects " \
        "before NumPy 1.24; write np.array(x, dtype=object)" in last
