"""Names that later releases dropped: lent to a script, and to nobody else."""
import importlib
import sys

import numpy as np
import pytest
from lasagne_flipconv.scripts.old_names import images, lending, splitters
from lasagne_flipconv.scripts.old_names import sklearn_names
from lasagne_flipconv.scripts.old_names.table import ROWS

from test_run import run, write


def needs(module):
    """Skip by name where a library is not installed."""
    pytest.importorskip(module.partition(".")[0])


def lend(module, name):
    """Return what a script gets for ``from module import name``."""
    return getattr(lending.lent_import(module, {}, None, (name,)), name)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: "%s.%s" % r[:2])
def test_every_row_can_be_imported(row):
    needs(row.module)
    assert lend(row.module, row.name) is not None
    top = lending.lent_import(row.module)
    for part in row.module.split(".")[1:] + [row.name]:
        top = getattr(top, part)
    assert row.dropped and (callable(row.became) or ":" in row.became)


#: Library, code → what it prints.
PROGRAMS = [
    ("numpy", "import numpy as np; print(np.unicode, np.long, np.asscalar("
     "np.array([3])), np.rank([[1]]), np.bool is bool)",
     "<class 'str'> <class 'int'> 3 2 True"),
    ("numpy", "from numpy import *; print(alltrue([1, 0]), int(2.5), float)",
     "False 2 <class 'float'>"),
    ("numpy", "import numpy.random, numpy; print(numpy.float(2), "
     "numpy.random.RandomState(1).randint(9))", "2.0 5"),
    ("numpy", "import time; t = time.clock(); print(t >= 0)", "True"),
    ("numpy", "from inspect import getargspec; print(getargspec("
     "lambda a, b=1, *c: 0).args)", "['a', 'b']"),
    ("numpy", "import fractions; print(fractions.gcd(12, -18))", "-6"),
    ("numpy", "import imp; print(imp.load_source('other', 'other.py').x)",
     "7"),
    ("scipy", "from scipy.signal import blackmanharris as w, hanning; "
     "print(w(5)[2].round(3), hanning(3)[1])", "1.0 1.0"),
    ("scipy", "import scipy.signal; print(scipy.signal.gaussian(3, 1)[1])",
     "1.0"),
    ("scipy", "from scipy.misc import logsumexp; print("
     "logsumexp([0, 0]).round(3))", "0.693"),
    ("scipy", "import scipy; print(scipy.ones(2).sum())", "2.0"),
    ("PIL", "from PIL import Image; print(Image.ANTIALIAS == Image.LANCZOS)",
     "True"),
    ("PIL", "import PIL.Image; print(int(PIL.Image.ANTIALIAS))", "1"),
    ("sklearn", "from sklearn.externals import joblib; print(joblib.__name__)",
     "joblib"),
    ("sklearn", "import sklearn.externals.joblib as j; print(j.cpu_count() > "
     "0)", "True"),
    ("sklearn", "from sklearn.lda import LDA; print(LDA.__name__)",
     "LinearDiscriminantAnalysis"),
    ("sklearn", "from sklearn.preprocessing import Imputer; print(Imputer()"
     ".fit_transform([[1.], [float('nan')], [3.]])[1])", "[2.]"),
    ("sklearn", "from sklearn.cross_validation import LeaveOneOut; "
     "print(len(LeaveOneOut(4)))", "4"),
    ("sklearn", "from sklearn.learning_curve import learning_curve; "
     "print(learning_curve.__name__)", "learning_curve"),
    ("sklearn", "from sklearn.preprocessing.label import LabelEncoder; "
     "print(LabelEncoder().fit_transform(['b', 'a']))", "[1 0]"),
]


@pytest.mark.parametrize("in_module", [False, True])
def test_programs_print_what_they_did(in_module, tmp_path):
    there = [row for row in PROGRAMS if importlib.util.find_spec(row[0])]
    lines = "\n".join("try:\n    %s\nexcept Exception as error:\n    "
                      "print(repr(error))" % code for _, code, _ in there)
    write(tmp_path, "other.py", "x = 7\n")
    write(tmp_path, "names.py", lines + "\n")
    write(tmp_path, "main.py", "import names\n")
    result = run(tmp_path, "main.py" if in_module else "names.py")
    assert result.stdout.splitlines() == [row[2] for row in there]


WATCH = """
    import sys
    NAMES = ["numpy", "time", "inspect", "fractions", "scipy", "scipy.signal",
             "PIL.Image", "sklearn.preprocessing", "sklearn.datasets"]

    def state():
        return {name: sorted(vars(sys.modules[name])) for name in NAMES
                if name in sys.modules}

    for name in NAMES:
        try:
            __import__(name)
        except ImportError:
            pass
    before = state()
    import numpy as np, scipy, time
    np.unicode, np.rank, time.clock, scipy.signal.hann(3)
    try:
        from PIL import Image
        Image.ANTIALIAS
        from sklearn.preprocessing import Imputer
    except ImportError:
        pass
    after = state()
    for name in before:
        print(name, set(after[name]) - set(before[name]))
    print("inspect" not in vars(), sys.modules["time"] is not time)
    """


def test_what_is_installed_sees_nothing_of_it(tmp_path):
    write(tmp_path, "watch.py", WATCH)
    result = run(tmp_path, "watch.py")
    assert result.returncode == 0, result.stderr
    *lines, last = result.stdout.splitlines()
    assert last == "True True"
    for line in lines:
        assert line.endswith("set()"), line
    assert "clock" not in vars(sys.modules["time"])


def test_images_are_what_they_were(tmp_path):
    needs("PIL")
    rng = np.random.RandomState(1)
    image = rng.rand(6, 8, 3) * 4 - 2
    scaled = images.bytescale(image)
    assert scaled.min() == 0 and scaled.max() == 255
    images.imsave(str(tmp_path / "a.png"), image)
    np.testing.assert_array_equal(images.imread(str(tmp_path / "a.png")),
                                  scaled)
    np.testing.assert_array_equal(
        np.array(images.toimage(image.transpose(2, 0, 1))), scaled)
    assert images.imresize(scaled, (3, 5)).shape == (3, 5, 3)
    assert images.imresize(scaled, 50).shape == (3, 4, 3)
    assert images.imresize(scaled, .5, "nearest").shape == (3, 4, 3)
    assert images.imresize(scaled[..., 0], 2.).shape == (12, 16)
    np.testing.assert_array_equal(images.imrotate(scaled, 180),
                                  scaled[::-1, ::-1])
    assert images.imread(str(tmp_path / "a.png"), True).dtype == "float32"
    assert images.toimage(image[..., 0], mode="F").mode == "F"
    np.testing.assert_array_equal(  # not scaled: it is in bytes
        np.array(images.toimage(scaled[..., 0])), scaled[..., 0])
    with pytest.raises(ValueError, match="expected two axes"):
        images.toimage(np.zeros(3))


LABELS = [0, 0, 1, 1, 2, 2]
#: Splitter → its arguments, how many pairs, the first indices for testing.
SPLITS = {
    "KFold": ((6, 3), 3, [0, 1]), "LeaveOneOut": ((6,), 6, [0]),
    "StratifiedKFold": ((LABELS, 2), 2, [0, 2, 4]),
    "LeavePOut": ((4, 2), 6, [0, 1]), "LabelKFold": ((LABELS, 3), 3, None),
    "LeaveOneLabelOut": ((LABELS,), 3, [0, 1]),
    "LeavePLabelOut": ((LABELS, 2), 3, [0, 1, 2, 3]),
    "PredefinedSplit": (([0, 0, -1, 1, 1],), 2, [0, 1]),
    "ShuffleSplit": ((6,), 10, None),
    "StratifiedShuffleSplit": ((LABELS, 4, .5), 4, None),
    "LabelShuffleSplit": ((LABELS, 4, .4), 4, None),
}


@pytest.mark.parametrize("name", splitters.SPLITTERS)
def test_splitters(name):
    needs("sklearn")
    arguments, count, first = SPLITS[name]
    splitter = splitters.SPLITTERS[name](*arguments)
    pairs = list(splitter)
    assert len(splitter) == len(pairs) == count
    assert first is None or list(pairs[0][1]) == first
    for train, test in pairs:
        assert not set(train) & set(test) and len(test)


def test_mnist_is_in_the_order_of_mldata(monkeypatch):
    needs("sklearn")
    labels = np.random.RandomState(1).randint(0, 10, 70000)
    found = type("Bunch", (), {"data": labels[:, None].astype(float),
                               "target": labels.astype(str)})
    monkeypatch.setattr("sklearn.datasets.fetch_openml",
                        lambda *args, **kwargs: found)
    mnist = sklearn_names.fetch_mldata("MNIST original")
    assert mnist.target.dtype == "float64"
    np.testing.assert_array_equal(mnist.data[:, 0], mnist.target)
    for part in mnist.target[:60000], mnist.target[60000:]:
        assert (np.diff(part) >= 0).all()
    with pytest.raises(ValueError, match="mldata.org is gone"):
        sklearn_names.fetch_mldata("something")
