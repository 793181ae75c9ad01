"""Names that later releases dropped: lent to a script, and to nobody else."""
import importlib
import re
import sys
import warnings

import numpy as np
import pytest
from lasagne_flipconv.scripts.old_names import images, lending, splitters
from lasagne_flipconv.scripts.old_names import sklearn_names
from lasagne_flipconv.scripts.old_names.table import ROWS

from test_run import ROOT, run, write


def needs(module):
    """Skip by name where a library is not installed."""
    pytest.importorskip(module.partition(".")[0])


def lend(module, name):
    """Return what a script gets for ``from module import name``."""
    return getattr(lending.lent_import(module, {}, None, (name,)), name)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: "%s.%s" % r[:2])
def test_every_row_can_be_imported(row):
    needs(row.module)
    found = lend(row.module, row.name)
    assert (found is None) == (row.name == "newaxis")
    if row.name == "montage2d":
        return  # today there is a function where the module was
    top = lending.lent_import(row.module)
    for part in row.module.split(".")[1:] + [row.name]:
        top = getattr(top, part)
    assert row.dropped and (callable(row.became) or ":" in str(row.became)
                            or row.module == "imp")


def test_every_module_is_in_the_docs():
    page = (ROOT / "docs/lent_names.rst").read_text()
    lent = page.partition("Not lent")[0]
    told = {module for module in {row.module for row in ROWS}
            if not module.startswith("sklearn.") or module.count(".") < 2}
    missing = [module for module in told if not re.search(
        r"\b%s\b" % re.escape(module.partition(".")[2] or module), lent)]
    assert not missing


#: Library, code → what it prints.
PROGRAMS = [
    ("six", "from theano.compat import six; from theano.compat.six.moves "
     "import reduce, xrange; from theano.compat.six import iteritems; "
     "print(reduce(max, xrange(3)), list(iteritems({1: 2})), six.PY3)",
     "2 [(1, 2)] True"),
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
    ("numpy", "import inspect as i; print(i.formatargspec(*i.getargspec("
     "lambda a, b='x', *c, **d: 0)), i.formatargspec([]))",
     "(a, b='x', *c, **d) ()"),
    ("numpy", "import numpy as np; a = np.array([1, 2], 'u2'); "
     "print(bytes(np.getbuffer(a)), bytes(np.getbuffer(a, 1, 2)))",
     "b'\\x01\\x00\\x02\\x00' b'\\x00\\x02'"),
    ("numpy", "import numpy as np; print(np.array([1, 2], copy=False), "
     "np.asarray(np.array(np.ones(1), dtype='float32', copy=False)).dtype)",
     "[1 2] float32"),
    ("numpy", "import numpy as np; print(np.percentile([1, 2, 4], 60, "
     "interpolation='lower') + 0, *np.unravel_index(3, dims=(2, 2)), np.cross("
     "[1, 2], [3, 4]), np.genfromtxt(['a', '1'], skiprows=1))",
     "2 1 1 -2 1.0"),
    ("numpy", "import numpy as np; print(np.vstack(map(np.array, [[1], [2]]))"
     ".tolist(), np.concatenate(x for x in ([1], [2])), np.chararray((2,))"
     ".shape, np.math.sqrt(4), np.loads(np.ones(2).dumps()))",
     "[[1], [2]] [1 2] (2,) 2.0 [1. 1.]"),
    ("numpy", "from numpy.lib.index_tricks import ogrid, c_; from numpy.fft "
     "import fftpack; from numpy.lib.npyio import loadtxt; print(c_[[1]], "
     "fftpack.ifft([2.])[0].real + 0, loadtxt(['3']))", "[[1]] 2.0 3.0"),
    ("numpy", "import fractions; print(fractions.gcd(12, -18))", "-6"),
    ("numpy", "import imp; print(imp.load_source('other', 'other.py').x)",
     "7"),
    ("numpy", "from imp import load_source; print(load_source('o', 'other.py')"
     ".y)", "2.0"),
    ("numpy", "import imp; print(imp.load_module('q', *imp.find_module("
     "'other', ['.'])).y, imp.load_module('math', *imp.find_module('math'))"
     ".pi > 3)",
     "2.0 True"),
    ("numpy", "import importlib.util as u; s = u.spec_from_file_location('p', "
     "'other.py'); m = u.module_from_spec(s); s.loader.exec_module(m); "
     "print(m.y)", "2.0"),
    ("numpy", "from runpy import run_path; print(run_path('other.py')['y'])",
     "2.0"),
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
    ("scipy", "import scipy as sp; print(sp.sqrt(-4), sp.sqrt(4), "
     "sp.log(-1).imag.round(2))", "2j 2.0 3.14"),
    ("scipy", "from scipy import *; print(sqrt(-4), outer([1], [2]), "
     "zeros_like([3]), max([1, 2]), bool)",
     "2j [[2]] [0] 2 <class 'bool'>"),
    ("scipy", "import scipy; print(scipy.isinf(scipy.inf), scipy.eye(1), "
     "scipy.newaxis, scipy.ifft([2.]).real, scipy.random.seed(1))",
     "True [[1.]] None [2.] None"),
    ("scipy", "import scipy.linalg; print(scipy.linalg.expm2([[0.]]))",
     "[[1.]]"),
    ("scipy", "from scipy.misc.pilutil import bytescale; print(bytescale("
     "[0., 1.]))", "[  0 255]"),
    ("numpy", "import numpy as np; print(np.lib.pad([1], 1, 'constant'))",
     "[0 1 0]"),
    ("numpy", "from numpy.linalg.linalg import LinAlgError, norm; "
     "print(norm([3, 4]), LinAlgError.__name__)", "5.0 LinAlgError"),
    ("numpy", "import numpy as np; print(np.in1d([[1, 2], [3, 4]], [2, 3]), "
     "np.find_common_type(['f4'], ['c16']), "
     "np.find_common_type(['f4'], ['f8']))",
     "[False  True  True False] complex128 float32"),
    ("numpy", "import numpy as np; print(np.sum(x for x in [1, 2]), "
     "np.sum(np.ones(2) for _ in [1, 2]), np.sum([[1, 2]], axis=1))",
     "3 [2. 2.] [3]"),
    ("numpy", "import numpy as np; print(np.fromstring(b'\\x01\\xc8', 'u1'), "
     "np.fromstring('\\x01\\udcc8', np.uint8), np.fromstring('1 2', int, "
     "sep=' '), np.fromstring('', 'u1').shape)",
     "[  1 200] [  1 200] [1 2] (0,)"),
    ("numpy", "import numpy as np; x = np.array([[1, 2], [3]]); "
     "print(x.dtype, x[1], np.asarray([(1,), ()]).shape, np.array([1, 2]))",
     "object [3] (2,) [1 2]"),
    ("numpy", "import io, numpy as np; print(np.recfromcsv(io.StringIO("
     "'A,b\\n1,2\\n3,4')).a)", "[1 3]"),
    ("sklearn", "from sklearn.decomposition.pca import PCA; "
     "print(PCA.__name__)", "PCA"),
    ("sklearn", "from sklearn.datasets.base import Bunch; print(Bunch(a=1).a)",
     "1"),
    ("sklearn", "from sklearn.cross_validation import KFold as K; "
     "print(list(K(2, 2, indices=False))[0][1])", "[ True False]"),
    ("sklearn", "from sklearn.cross_validation import cross_val_score as c; "
     "from sklearn.dummy import DummyClassifier as D; "
     "print(len(c(D(), [[0]] * 6, [0, 1] * 3)), "
     "len(c(D(), [[0]] * 6, [0, 1] * 3, cv=2)))", "3 2"),
    ("sklearn", "from sklearn.grid_search import GridSearchCV as G; "
     "from sklearn.dummy import DummyClassifier as D; from sklearn import "
     "base; g = base.clone(G(D(), {})); import pickle; "
     "print(pickle.loads(pickle.dumps(g)).cv, isinstance(g, G))", "3 True"),
    ("sklearn", "from sklearn.learning_curve import learning_curve as l; "
     "from sklearn.dummy import DummyClassifier as D; "
     "print(l(D(), [[0]] * 9, [0, 1, 1] * 3)[1].shape[1])", "3"),
    ("skimage", "from skimage.morphology import watershed; import numpy as "
     "np; print(watershed(np.array([[0, 1, 0]]), np.array([[1, 0, 2]])))",
     "[[1 1 2]]"),
    ("skimage", "from skimage.draw import circle; print(circle(1, 1, 1))",
     "(array([1]), array([1]))"),
    ("skimage", "import skimage.util; print(skimage.util.pad([1], 1, "
     "'constant'))", "[0 1 0]"),
    ("skimage", "from skimage.util.montage import montage2d; import numpy as "
     "np; print(montage2d(np.ones((4, 1, 1))).shape)", "(2, 2)"),
    ("skimage", "from skimage import filter; import numpy as np; "
     "print(filter.threshold_otsu(np.array([[0, 9]])) < 9)", "True"),
    ("scipy", "from scipy.stats import itemfreq, nanmean, nanmedian, nanstd, "
     "ss; n = float('nan'); print(itemfreq([1, 2, 2]).tolist(), nanmean([[1, "
     "n], [3, 4]]), nanmedian([1, n]), nanstd([1, 3, n], bias=True), nanstd("
     "[1, 1]), ss([[1, 2], [2, 1]]))",
     "[[1, 1], [2, 2]] [2. 4.] 1.0 1.0 0.0 [5 5]"),
    ("PIL", "import PIL.Image as I; print(I.fromstring('L', (1, 1), b'a')"
     ".size)", "(1, 1)"),
    ("matplotlib", "import matplotlib.pyplot as plt; plt.hold(True); "
     "print(plt.cm.spectral.name, plt.cm.get_cmap('gray').name)",
     "nipy_spectral gray"),
]


@pytest.mark.parametrize("in_module", [False, True])
def test_programs_print_what_they_did(in_module, tmp_path):
    printed(PROGRAMS, in_module, tmp_path)


def printed(programs, in_module, tmp_path, python2=False):
    """Run what is installed of programs, in a script or in its module."""
    there = [row for row in programs if importlib.util.find_spec(row[0])]
    lines = "\n".join("try:\n    %s\nexcept Exception as error:\n    "
                      "print(repr(error))" % code for _, code, _ in there)
    write(tmp_path, "other.py",
          "import numpy as np\nx, y = 7, np.float(2)\n")
    write(tmp_path, "names.py", "from __future__ import print_function\n"
          + lines + "\n")
    write(tmp_path, "main.py", "import names\n")
    result = run(tmp_path, *["--python2"] * python2,
                 "main.py" if in_module else "names.py")
    assert result.stdout.splitlines() == [
        line for row in there for line in row[2].splitlines()]


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


def test_rows_of_unequal_lengths_are_no_array_of_numbers():
    for name in ("array", "asarray"):
        for more in (["f4"], []):
            with pytest.raises(ValueError, match="inhomogeneous|sequence"):
                lend("numpy", name)([[1, 2], [3]], *more, **(
                    {} if more else {"dtype": "f4"}))


def test_filters_do_not_smooth_across_colours():
    needs("skimage")
    image = np.random.RandomState(1).rand(9, 8, 3)
    for module in ("skimage.filter", "skimage.filters"):
        smooth = lend(module, "gaussian_filter")
        each = np.stack([smooth(image[..., i], 2) for i in range(3)], -1)
        np.testing.assert_allclose(smooth(image, 2), each)
        np.testing.assert_allclose(smooth(image, 2, multichannel=True), each)
        assert not np.allclose(smooth(image, 2, multichannel=False), each)
        out = np.empty_like(image)
        assert smooth(image, 2, out) is out and np.allclose(out, each)
    gray = image[..., 0]
    above = lend("skimage.filter", "threshold_adaptive")(gray, 3, "mean")
    assert above.dtype == bool and above.shape == gray.shape


def test_images_compared_as_before():
    needs("skimage")
    one, other = np.random.RandomState(1).rand(2, 16, 16)
    ssim = lend("skimage.measure", "compare_ssim")
    assert ssim(one, one) == 1
    assert ssim(one, other) == ssim(one, other, data_range=2)
    scaled = (one * 255).astype("uint8"), (other * 255).astype("uint8")
    assert ssim(*scaled) == ssim(*scaled, data_range=255)
    register = lend("skimage.feature", "register_translation")
    shift, error, _ = register(one, np.roll(one, (2, -3), (0, 1)))
    assert shift.tolist() == [-2, 3] and error < 1e-4
    assert register(one, one, return_error=False).tolist() == [0, 0]


@pytest.mark.parametrize("name, size, quiet", [
    ("resize", (3, 4), dict(anti_aliasing=False)),
    ("rescale", .5, dict(channel_axis=None))])
def test_what_computes_otherwise_is_told(name, size, quiet):
    needs("skimage")
    image = np.random.RandomState(1).rand(6, 8)
    function = lend("skimage.transform", name)
    with pytest.warns(UserWarning, match="anti_aliasing=False, mode='const"):
        found = function(image, size)
    today = getattr(importlib.import_module("skimage.transform"), name)
    np.testing.assert_array_equal(found, today(image, size))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        function(image, size, **quiet)


def test_pictures_that_are_not_held():
    needs("matplotlib")
    with pytest.raises(ValueError, match="hold: b=False; expected True"):
        lend("matplotlib.pyplot", "hold")(False)


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
