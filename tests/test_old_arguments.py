"""Arguments and defaults that others took the place of: lent to a script."""
import copy
import importlib
import inspect
import pickle
import warnings

import numpy as np
import pytest
from lasagne_flipconv.scripts.old_names.arguments import (
    defaults, facades, orders, sklearn_calls, words)
from lasagne_flipconv.scripts.old_names.arguments.calls import (
    ANY, Change, Until, as_today)
from lasagne_flipconv.scripts.old_names.arguments.era import set_of_then

from test_old_names import lend, needs, printed
from test_run import run, write

@pytest.fixture(autouse=True)
def of_then():
    """Let what is lent here be as for programs of Python 2."""
    before = set_of_then(True)
    yield
    set_of_then(before)


#: Library, code → what it prints.
PROGRAMS = [
    ("numpy", "import numpy as np; print(np.full((2,), 1) / 2, np.full(1, "
     "True), np.full(1, 2, 'int8').dtype, np.full(1, 'a'), np.full(1, 1, "
     "dtype=int))", "[0.5 0.5] [1.] int8 ['a'] [1]"),
    ("numpy", "import numpy as np; np.set_printoptions(threshold=np.nan); "
     "print(len(str(np.arange(2000))) > 6000); np.set_printoptions(threshold="
     "5); print(np.arange(7)); np.set_printoptions(8, 'nan'); print("
     "np.arange(7))", "True\n[0 1 2 ... 4 5 6]\n[0 1 2 3 4 5 6]"),
    ("scipy", "from scipy import stats; from scipy.stats import mode; p = [[0,"
     " 1, 2], [2, 1, 1], [0, 1, 1]]; print(stats.mode(p)[0][0], mode([1, 2, 2]"
     ")[0][0], mode(p, axis=1)[1].shape, mode(p, keepdims=False)[0].shape)",
     "[0 1 1] 2 (3, 1) (3,)"),
    ("skimage", "from skimage.feature import hog; import numpy as np; x = np"
     ".random.RandomState(0).rand(32, 32); print((hog(x) == hog(x, block_norm="
     "'L1')).all(), (hog(x) == hog(x, block_norm='L2-Hys')).all())",
     "True False"),
    ("skimage", "from skimage.segmentation import slic; import numpy as np; x "
     "= np.random.RandomState(0).rand(16, 16, 3); print(slic(x, 4).min(), "
     "slic(x, 4, start_label=1).min())", "0 1"),
    ("skimage", "from skimage.filters import median, rank; import numpy as np;"
     " x = (np.arange(35).reshape(5, 7) ** 2 % 97).astype('uint8'); print("
     "(median(x) == rank.median(x, np.ones((3, 3)))).all(), (median(x) == "
     "median(x, behavior='ndimage')).all())", "True False"),
    ("sklearn", "from sklearn.utils.class_weight import compute_class_weight "
     "as c; print(c('balanced', [0, 1], [0, 0, 1]))", "[0.75 1.5 ]"),
    ("sklearn", "from sklearn.metrics import confusion_matrix, f1_score; "
     "print(confusion_matrix([0, 1], [0, 0], [1, 0]).tolist(), "
     "f1_score([0, 1], [0, 1], None, 0))", "[[0, 1], [0, 1]] 1.0"),
    ("sklearn", "from sklearn import metrics; print(metrics."
     "classification_report([0, 1], [0, 1], [1], ['a']).split()[4:8])",
     "['a', '1.00', '1.00', '1.00']"),
    ("sklearn", "from sklearn.metrics import log_loss; print(*['%.4f' % x "
     "for x in (log_loss([0, 1], [0., 1.], 1e-2), log_loss([0, 1], [0, 1], "
     "eps=.5, normalize=False), log_loss([1, 0], [[.2, .2], [.3, .1]]))])",
     "0.0101 1.3863 0.4904"),
    ("sklearn", "from sklearn.preprocessing import label_binarize as b, "
     "LabelBinarizer as L; print(b([1], [0, 1, 2], -1), L(-1, 2)"
     ".fit_transform([0, 1]).tolist())", "[[-1  1 -1]] [[-1], [2]]"),
    ("sklearn", "from sklearn.svm import SVC; s = SVC(2., 'poly', 3, .5, 0., "
     "True, False, 1e-3, 200, None, False, 9, 'ovr', 7); print(s.C, s.gamma, "
     "s.random_state)", "2.0 0.5 7"),
    ("sklearn", "from sklearn.cluster import KMeans; k = KMeans(2, 'random', "
     "4, 9, 1e-3, 'auto', 0, 3, True, 2); print(k.n_init, k.random_state, "
     "KMeans(n_jobs=-1, precompute_distances=True).n_init)", "4 3 10"),
    ("sklearn", "from sklearn.decomposition import PCA; print(PCA(2, True, "
     "True).whiten, PCA(2).svd_solver)", "True full"),
    ("sklearn", "from sklearn.neighbors import KNeighborsClassifier as K; "
     "print(K(2, 'distance').weights)", "distance"),
    ("sklearn", "from sklearn.manifold import TSNE; t = TSNE(2, 9., 4., 7., "
     "300, 30, 1e-7, 'cosine', 'random', 1); print(getattr(t, 'max_iter', 0) "
     "or t.n_iter, t.metric, t.verbose); t = TSNE(); print(t.init, "
     "t.learning_rate, t.early_exaggeration)",
     "300 cosine 1\nrandom 1000.0 4.0"),
    ("sklearn", "from sklearn.ensemble import RandomForestClassifier as R, "
     "ExtraTreesRegressor as E; r = R(5, 'gini', None, 2, 1, 0., 'auto', "
     "None, False); print(r.max_features, r.bootstrap, R().n_estimators, "
     "E(criterion='mse', max_features='auto').criterion)",
     "sqrt False 10 squared_error"),
    ("sklearn", "import sklearn.preprocessing as p; print(p.StandardScaler("
     "True, False).with_mean, p.normalize([[3., 4.]], 'l2', 0))",
     "False [[1. 1.]]"),
    ("sklearn", "from sklearn.cross_validation import cross_val_score as c; "
     "from sklearn.dummy import DummyClassifier as D; print(len(c(D(), [[0]] "
     "* 6, [0, 1] * 3, 'log_loss', 2)), D().strategy)", "2 stratified"),
    ("sklearn", "from sklearn.svm import LinearSVC, SVR; import sklearn.svm "
     "as s; print(LinearSVC('l2', 'l1').loss, LinearSVC().dual, SVR().gamma, "
     "s.SVC().decision_function_shape)", "hinge True auto ovo"),
    ("sklearn", "import sklearn.linear_model as l; print(l.LogisticRegression("
     "'l2', False, 1e-3, 2., solver='liblinear').C, l.Perceptron('l1', 2., "
     "True, 7).max_iter, l.LassoCV(.1, 9, None, True, False).fit_intercept)",
     "2.0 7 True"),
    ("sklearn", "from sklearn.linear_model import SGDClassifier as S, Ridge; "
     "print(S('log', n_iter=7).max_iter, S().tol, S('log').loss, "
     "Ridge(2., False, False, True, 9).max_iter)", "7 None log_loss 9"),
    ("sklearn", "from sklearn.ensemble import BaggingClassifier as B; from "
     "sklearn.svm import SVC; b = B(base_estimator=SVC()); print(getattr(b, "
     "'estimator', None))", "SVC(decision_function_shape='ovo', "
     "gamma='auto')"),
    ("sklearn", "from sklearn.feature_extraction.text import TfidfVectorizer "
     "as T, CountVectorizer as C; import pickle; print(T().fit(['b a cc dd'])"
     ".get_feature_names(), pickle.loads(pickle.dumps(C().fit(['bb'])))"
     ".get_feature_names())", "['cc', 'dd'] ['bb']"),
    ("sklearn", "from sklearn.preprocessing import OneHotEncoder as O; "
     "from sklearn.base import clone; print(clone(O(n_values=3, sparse=False)"
     ").fit_transform([[1]]), O([2, 1]).fit([[0, 0]]).transform([[1, 0]])"
     ".toarray())", "[[0. 1. 0.]] [[0. 1. 1.]]"),
    ("sklearn", "from sklearn.grid_search import GridSearchCV as G; from "
     "sklearn.linear_model import Ridge; g = G(Ridge(), {'alpha': [1., 2.]}, "
     "'mean_squared_error').fit([[0.], [1.], [2.], [3.]], [0, 1, 2, 4]); s = "
     "g.grid_scores_[1]; print(s.parameters, s[1] < 0, s[2].shape)",
     "{'alpha': 2.0} True (3,)"),
    ("sklearn", "from sklearn.metrics import jaccard_similarity_score as j; "
     "print(j([0, 2, 1], [0, 2, 2]).round(3), j([[1, 1]], [[1, 0]]), j([0, "
     "2], [0, 2], False))", "0.667 0.5 2.0"),
    ("sklearn", "from sklearn.metrics import auc, make_scorer, log_loss; "
     "print(auc([1, 0], [1, 0], reorder=True)); from sklearn.dummy import "
     "DummyClassifier as D; s = make_scorer(log_loss, False, True); print("
     "'%.3f' % s(D('prior').fit([[0]] * 2, [0, 1]), [[0]] * 2, [0, 1]))",
     "0.5\n-0.693"),
    ("sklearn", "from sklearn.preprocessing import MinMaxScaler as M; m = "
     "M(); print(m.fit_transform([1., 3.]), m.transform([2.]), "
     "m.inverse_transform([.5]), m.transform([[2.]]))",
     "[0. 1.] [0.5] [2.] [[0.5]]"),
    ("sklearn", "from sklearn.covariance import GraphLasso; from "
     "sklearn.neighbors import DistanceMetric; print(GraphLasso(.5).alpha)",
     "0.5"),
    ("sklearn", "from sklearn.model_selection import KFold, GridSearchCV; "
     "print(KFold(4, True, 1).shuffle, KFold().n_splits, GridSearchCV(0, {})"
     ".cv)", "True 3 3"),
    ("h5py", "import h5py; f = h5py.File('new.h5'); f['a'] = [1]; f.close(); "
     "f = h5py.File('new.h5'); print(f['a'][0], f.mode, isinstance(f, "
     "h5py.File)); f.close()", "1 r+ True"),
    ("PIL", "from PIL import Image, ImageDraw, ImageFont; f = ImageFont."
     "load_default(); d = ImageDraw.Draw(Image.new('L', (9, 9))); b = "
     "f.getbbox('ab'); h = d.textsize('A')[1]; print(d.textsize('ab', f) == "
     "f.getsize('ab') == b[2:], d.textsize('ab\\nc', spacing=2) == (b[2], "
     "2 * h + 2), isinstance(d, ImageDraw.ImageDraw), hasattr("
     "ImageDraw.ImageDraw, 'textsize'))", "True True True False"),
    ("PIL", "import numpy as np; from PIL import Image, ImageOps; im = Image."
     "fromarray(np.arange(64 * 47 * 3).reshape(47, 64, 3).astype('uint8')); n "
     "= Image.NEAREST; print([bytes(a.tobytes()) == bytes(b.tobytes()) for a, "
     "b in [(im.resize((5, 5)), im.resize((5, 5), n)), ([im.resize(s) for s "
     "in [(9, 5)]][0], im.resize((9, 5), n)), (ImageOps.fit(im, (5, 5)), "
     "ImageOps.fit(im, (5, 5), n)), (im.convert('1').resize((9, 9)), im."
     "convert('1').resize((9, 9), n)), (im.resize((5, 5)), im.resize((5, 5), "
     "Image.BICUBIC))]])", "[True, True, True, True, False]"),
    ("PIL", "import numpy as np; from PIL import Image, ImageOps; a = np."
     "random.RandomState(0).randint(0, 256, (9, 9, 3)); im = Image.fromarray("
     "a.astype('uint8')); cut = a.dot([19595, 38470, 7471]) >> 16; print("
     "[(np.asarray(g) == cut).all() for g in (im.convert('L'), im.convert("
     "mode='L'), ImageOps.grayscale(im), im.convert('RGBA').convert('L'))])",
     "[True, True, True, True]"),
    ("PIL", "from PIL import Image; i = [Image.new('RGB', s, 'red') for s in ("
     "(64, 47), (47, 64), (8, 8))]; t = [x.thumbnail((16, 16)) for x in i]; "
     "print([(x.size, x.mode, x.getpixel((0, 0))) for x in i])",
     "[((16, 11), 'RGB', (255, 0, 0)), ((12, 16), 'RGB', (255, 0, 0)), "
     "((8, 8), 'RGB', (255, 0, 0))]"),
    ("matplotlib", "import matplotlib as m; m.use('agg'); import "
     "matplotlib.pyplot as plt; plt.subplot(111, axisbg='r'); plt.grid(b="
     "True); plt.plot([1], hold=True); plt.style.use('seaborn-dark'); "
     "plt.axes(axisbg='w'); print(plt.gcf().axes[0].get_facecolor()[:3])",
     "(1.0, 0.0, 0.0)"),
    ("skimage", "from skimage import feature, filters, measure, morphology; "
     "import numpy as np; a = np.eye(8); print(feature.hog(a, 2, (4, 4), "
     "(1, 1), visualise=True)[1].shape, filters.gaussian(np.ones((4, 4, 3)), "
     "1, multichannel=True).shape, measure.label(a, neighbors=4).max(), "
     "morphology.dilation(a, selem=np.ones((9, 9))).min())",
     "(8, 8) (4, 4, 3) 8 1.0"),
]


@pytest.mark.parametrize("in_module", [False, True])
def test_calls_are_what_they_were(in_module, tmp_path):
    printed(PROGRAMS, in_module, tmp_path, python2=True)


#: A program of Python 3 → what it prints, and what it is told, once.
OF_TODAY = {
    "import numpy as np; print(np.full(2, 1).dtype.kind)": ("i", ()),
    "from sklearn.svm import SVC; print(SVC().gamma, SVC(1.).gamma)":
        ("scale scale", ("SVC: ", "gamma was 'auto' by default, today it is "
                         "'scale'")),
    "from sklearn.ensemble import ExtraTreesClassifier as E; print(E()"
    ".n_estimators, E(n_estimators=7).n_estimators)":
        ("100 7", ("n_estimators was 10 by default, today it is 100",)),
    "from sklearn.linear_model import SGDClassifier as S; print(S().max_iter)":
        ("1000", ("max_iter was 5 by default, today it is 1000; tol was None "
                  "by default, today it is 0.001",)),
    "from sklearn.utils.class_weight import compute_class_weight as c; "
    "print(c('balanced', [0, 1], [0, 0, 1]))": ("[0.75 1.5 ]", ())}


@pytest.mark.parametrize("code", OF_TODAY)
def test_a_program_of_python_3_has_the_defaults_of_today(code, tmp_path):
    needs("sklearn")
    expected, told = OF_TODAY[code]
    write(tmp_path, "today.py", "import warnings\nwarnings.simplefilter("
          "'always')\n" + code + "\n")
    result = run(tmp_path, "today.py")
    assert result.stdout.strip() == expected
    assert all(result.stderr.count(text) == 1 for text in told)
    assert bool(told) == ("by default" in result.stderr)


def test_a_program_of_python_3_is_told_how_pillow_resizes(tmp_path):
    needs("PIL")
    write(tmp_path, "today.py", "import warnings\nwarnings.simplefilter("
          "'always')\nfrom PIL import Image, ImageOps\n"
          "im = Image.new('RGB', (9, 9), 'red')\n"
          "im.resize((2, 2), Image.BICUBIC)\nim.convert('1').resize((2, 2))\n"
          "im.thumbnail((3, 3))\nImageOps.fit(im, (2, 2), Image.BICUBIC)\n"
          "im.resize((2, 2))\nImageOps.fit(im, (2, 2))\n")
    told = run(tmp_path, "today.py").stderr
    assert told.count("Warning: ") == 2, told
    assert "today.py:9: UserWarning: Image.resize: resample was" in told
    assert "today.py:10: UserWarning: fit: method was" in told


def classes(names):
    """Return pairs of a name and what is installed by it."""
    needs("sklearn")
    for name in names:
        for home in map(importlib.import_module, sklearn_calls.MODULES):
            if hasattr(home, name):
                yield name, getattr(home, name)
                break
        else:
            raise AssertionError(name)


@pytest.mark.parametrize("table", [orders.ORDERS, orders.WITHOUT_GROUPS])
def test_every_argument_of_then_has_a_place(table):
    for name, thing in classes(set(table) - {"log_loss", "make_scorer"}):
        today = inspect.signature(thing).parameters
        renamed = dict(words.RENAMED, **words.RENAMED_OF.get(name, {}))
        for argument in table[name]:
            new = renamed.get(argument, argument)
            assert argument in words.GONE or {
                argument, new if isinstance(new, str) else new[0]
            } & set(today) or argument in words.RENAMED_OF.get(name, {}), (
                name, argument)


ARGUMENTS = {"CalibratedClassifierCV": (), "GridSearchCV": (None, {}),
             "RandomizedSearchCV": (None, {}), "RFECV": (None,)}


def test_every_default_is_lent_or_told(monkeypatch):
    monkeypatch.setattr(facades, "_TOLD", set())
    for name, thing in classes(defaults.DEFAULTS):
        if not isinstance(thing, type):
            continue
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            made = sklearn_calls.lent(thing)(*ARGUMENTS.get(name, ()))
        assert isinstance(made, thing)
        for argument, value in defaults.DEFAULTS[name].items():
            value = value({}) if callable(value) else value
            value = value.value if isinstance(value, Until) else value
            assert getattr(made, argument, ANY) == value or any(
                "%s was %r by default" % (argument, value) in str(one.message)
                and one.filename == __file__ for one in told) or (
                    argument == "multi_class"), (name, argument)


def test_what_is_gone_is_told_once_at_the_line(tmp_path):
    needs("sklearn")
    write(tmp_path, "search.py", """
        import warnings
        warnings.simplefilter("always")
        from sklearn.grid_search import GridSearchCV
        from sklearn.base import clone
        for i in range(2):
            clone(GridSearchCV(None, {}, None, None, 1, True))
        """)
    told = run(tmp_path, "search.py").stderr
    assert told.count("iid was True by default, and is gone") == 1
    assert "search.py:7: UserWarning: GridSearchCV: " in told


@pytest.mark.parametrize("module, name", [
    ("sklearn.svm", "SVC"), ("sklearn.decomposition", "PCA"),
    ("sklearn.preprocessing", "StandardScaler"),
    ("sklearn.linear_model", "LogisticRegression")])
def test_copies_and_pickles(module, name):
    needs(module)
    stock = getattr(importlib.import_module(module), name)
    clone = importlib.import_module("sklearn.base").clone
    cls = lend(module, name)
    assert cls is lend(module, name) is not stock
    assert isinstance(stock(), cls) and issubclass(stock, cls)
    assert cls in [stock] and cls not in [object] and {cls: 1}[stock] == 1
    assert set(cls().get_params()) == set(stock().get_params())
    for made in (clone(cls()), copy.deepcopy(cls()),
                 pickle.loads(pickle.dumps(cls()))):
        assert isinstance(made, stock) and isinstance(made, cls)
        assert made.get_params() == cls().get_params()
        assert type(made) is type(cls())
    if type(cls()) is stock:
        assert pickle.loads(pickle.dumps(cls)) is stock


def test_classes_of_scripts_derive():
    needs("sklearn")
    clone = importlib.import_module("sklearn.base").clone
    lent = lend("sklearn.svm", "SVC")

    class Mine(lent):
        pass

    class Other(lent):
        def __init__(self, size=1):
            super().__init__(2., "poly")
            self.size = size

    assert Mine(3.).gamma == "auto" and clone(Mine(3.)).C == 3.
    assert Other().kernel == "poly" and clone(Other(4)).size == 4
    assert isinstance(Mine(), lent) and not isinstance(lent(), Mine)
    assert not issubclass(Other, Mine) and issubclass(Other, lent)


def test_what_an_estimator_is_follows_from_no_order(tmp_path):
    needs("sklearn")
    write(tmp_path, "fit.py", """
        import numpy as np
        from sklearn import base
        from sklearn.cross_validation import cross_val_score
        from sklearn.pipeline import Pipeline
        from sklearn.svm import SVC
        class Nearest(base.BaseEstimator, base.ClassifierMixin):
            def fit(self, X, y):
                self.seen = np.unique(y)
                return self
            def predict(self, X):
                return self.seen[X[:, 0] % len(self.seen)]
        class Plain(object):
            fit, predict = Nearest.fit, Nearest.predict
            def get_params(self, deep=True):
                return {}
            def score(self, X, y):
                return (self.predict(X) == y).mean()
        class Named(Plain):
            _estimator_type = "regressor"
        class Mixed(Plain, base.ClassifierMixin):
            pass
        class Mine(SVC, base.TransformerMixin):
            pass
        y = np.arange(3).repeat(3)
        X = y[:, None]
        print(cross_val_score(Nearest(), X, y), cross_val_score(Mixed(), X, y))
        print(*[base.is_classifier(made()) for made in (
            Nearest, Plain, Named, Mixed, SVC, Mine)], cross_val_score(
            Plain(), X, y), base.is_regressor(Named()))
        print(Pipeline([("a", Nearest())]).fit(X, y).predict(X[:4]))
        try:
            Mine().predict(X)
        except Exception as error:
            print(type(error).__name__)
        """)
    assert run(tmp_path, "fit.py").stdout.splitlines() == [
        "[1. 1. 1.] [1. 1. 1.]", "True False False True True True "
        "[0. 0. 0.] True", "[0 0 0 1]", "NotFittedError"]


def test_functions_are_pickled_as_those_that_are_installed():
    needs("sklearn")
    function = lend("sklearn.metrics", "f1_score")
    stock = importlib.import_module("sklearn.metrics").f1_score
    assert pickle.loads(pickle.dumps(function)) is stock
    assert function.__name__ == "f1_score" and "f1" in repr(function)
    assert inspect.signature(function) == inspect.signature(stock)


def test_what_is_installed_stays(tmp_path):
    needs("sklearn")
    needs("h5py")
    write(tmp_path, "watch.py", """
        import sys
        from sklearn.svm import SVC
        from sklearn.metrics import f1_score
        import numpy as np, h5py
        svm, metrics = sys.modules["sklearn.svm"], sys.modules[
            "sklearn.metrics"]
        print(SVC is svm.SVC, type(SVC()) is svm.SVC, svm.SVC().gamma)
        print(f1_score is metrics.f1_score, metrics.f1_score.__module__)
        print(sys.modules["numpy"].full(1, 1).dtype.kind,
              sys.modules["h5py"].File.__module__)
        """)
    assert run(tmp_path, "watch.py").stdout.splitlines() == [
        "False True scale", "False sklearn.metrics._classification",
        "i h5py._hl.files"]


def stock(x, y=1, *, width=2, name="a"):
    """Be called."""
    return x, y, width, name


@pytest.mark.parametrize("change, args, kwargs, expected", [
    (Change(), (1, 2, 3, 4), {}, dict(x=1, y=2, width=3, name=4)),
    (Change(order=["x", "width"]), (1, 2), {}, dict(x=1, width=2)),
    (Change(renamed={"w": ("width", abs)}), (1,), {"w": -1},
     dict(x=1, width=1)),
    (Change(values={"name": {"b": "c"}}), (1, 1, 1, "b"), {},
     dict(x=1, y=1, width=1, name="c")),
    (Change(gone={"old": ANY, "on": (True,)}), (1,), dict(old=0, on=True),
     dict(x=1)),
    (Change(gone={"on": (0,)}, defaults={"on": Until("9", 1, "")}), (1,),
     dict(on=0), dict(x=1)),
    (Change(gone={"on": (0,)}, defaults={"on": lambda passed: None}), (1,),
     dict(on=1), dict(x=1)),
    (Change(defaults={"width": 9, "y": lambda passed: passed["width"] + 1}),
     (1,), {}, dict(x=1, width=9, y=10)),
    (Change(defaults={"y": Until("0.0.0", 9, "")}), (1, 5), {},
     dict(x=1, y=5))])
def test_arguments_of_today(change, args, kwargs, expected):
    assert as_today(stock, change, args, kwargs) == ((), expected, [])


def test_arguments_that_are_refused():
    with pytest.raises(TypeError, match="multiple values for argument 'x'"):
        as_today(stock, Change(), (1, 2, 3), {"x": 1})
    with pytest.raises(ValueError, match="on=1; expected True or None, as"):
        as_today(stock, Change(gone={"on": (True, None)}), (), {"on": 1})
    with pytest.raises(TypeError, match="positional"):
        facades.facade(stock, Change())(1, 2, 3, 4, 5)
    needs("sklearn")
    with pytest.raises(ValueError, match="Ridge: normalize=True; expected F"):
        lend("sklearn.linear_model", "Ridge")(1., True, True)


def test_classes_that_have_a_metaclass_are_asked():
    """An abstract class asks all that derive from it, and those ask it."""
    needs("h5py")
    cls = lend("h5py", "File")
    assert not isinstance(3, cls) and not issubclass(int, cls)
    assert not isinstance(cls.__mro__[1], importlib.import_module(
        "collections.abc").Iterable)


def test_a_file_that_cannot_be_written_is_read(monkeypatch, tmp_path):
    needs("h5py")
    path = str(tmp_path / "a.h5")
    with importlib.import_module("h5py").File(path, "w") as file:
        file["a"] = np.arange(3)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with lend("h5py", "File")(path) as file:
        assert file.mode == "r"


def test_a_file_of_a_program_of_python_3_is_read(tmp_path):
    needs("h5py")
    path = str(tmp_path / "a.h5")
    importlib.import_module("h5py").File(path, "w").close()
    set_of_then(False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with lend("h5py", "File")(path) as file:
            assert file.mode == "r"
