"""One row for each name that a later release dropped.

A row has the module and the name, what it became, and the release. What it
became is a place, ``"module:name"``, or what has to be written anew.
"""
import importlib
import sys
from collections import namedtuple

from . import images, sklearn_names, standard_library
from .splitters import SPLITTERS

__all__ = ["ROWS", "Row", "became"]

Row = namedtuple("Row", "module name became dropped")
Row.__doc__ = """A name that a module had.

Parameters
----------
module, name : str
    Where it was, and what it was called.
became : object
    What it is: ``"module:name"``, or the thing itself.
dropped : str
    The release that dropped it.
"""



def became(row):
    """Return what a name became.

    Parameters
    ----------
    row : Row
        Its row.

    Returns
    -------
    object
        Imported, if it is a place.
    """
    if not isinstance(row.became, str):
        return row.became
    home, _, attribute = row.became.partition(":")
    found = importlib.import_module(home)
    return getattr(found, attribute) if attribute else found


_SIGNAL = ("barthann bartlett blackman blackmanharris bohman boxcar chebwin "
           "cosine exponential flattop gaussian general_gaussian hamming hann "
           "kaiser nuttall parzen triang tukey").split()
_SEARCH = "GridSearchCV RandomizedSearchCV ParameterGrid ParameterSampler"
_CROSS = ("train_test_split cross_val_score cross_val_predict "
          "permutation_test_score check_cv")
_LABEL = ("LabelBinarizer LabelEncoder MultiLabelBinarizer label_binarize")
_SCIPY = ("array asarray zeros ones empty arange linspace mean std var sum "
          "sqrt exp log log10 sin cos pi dot where float32 float64 int32 "
          "random rand randn fft linspace concatenate reshape").split()


def _moved(module, names, to, dropped):
    """Return rows of names that are in another module today."""
    return [Row(module, name, "%s:%s" % (to, name), dropped)
            for name in (names if isinstance(names, list) else names.split())]


def _new(module, functions, dropped):
    """Return rows of what is written anew."""
    return [Row(module, name, value, dropped)
            for name, value in functions.items()]


ROWS = (
    _new("scipy.misc", images.FUNCTIONS, "SciPy 1.2 and 1.3")
    + _moved("scipy.misc", "logsumexp comb factorial", "scipy.special",
             "SciPy 1.0 to 1.3")
    + _moved("scipy.misc", "ascent face", "scipy.datasets", "SciPy 1.12")
    + [Row("scipy.ndimage", "imread", images.imread, "SciPy 1.2"),
       Row("scipy.signal", "hanning", "scipy.signal.windows:hann",
           "SciPy 1.1")]
    + _moved("scipy.signal", _SIGNAL, "scipy.signal.windows", "SciPy 1.13")
    + [row for row in _moved("scipy", _SCIPY, "numpy", "SciPy 1.4 to 2.0")
       if row.name not in ("rand", "randn", "fft")]
    + _moved("scipy", "rand randn", "numpy.random", "SciPy 1.4")
    + _new("sklearn.cross_validation", SPLITTERS, "scikit-learn 0.20")
    + _moved("sklearn.cross_validation", _CROSS, "sklearn.model_selection",
             "scikit-learn 0.20")
    + _moved("sklearn.grid_search", _SEARCH, "sklearn.model_selection",
             "scikit-learn 0.20")
    + _moved("sklearn.learning_curve", "learning_curve validation_curve",
             "sklearn.model_selection", "scikit-learn 0.20")
    + [Row("sklearn.lda", "LDA", "sklearn.discriminant_analysis:"
           "LinearDiscriminantAnalysis", "scikit-learn 0.19"),
       Row("sklearn.qda", "QDA", "sklearn.discriminant_analysis:"
           "QuadraticDiscriminantAnalysis", "scikit-learn 0.19"),
       Row("sklearn.externals", "joblib", "joblib:", "scikit-learn 0.23"),
       Row("sklearn.externals", "six", "six:", "scikit-learn 0.23")]
    + _moved("sklearn.externals.joblib", "dump load Parallel delayed Memory "
             "cpu_count hash", "joblib", "scikit-learn 0.23")
    + _moved("sklearn.preprocessing.label", _LABEL, "sklearn.preprocessing",
             "scikit-learn 0.24")
    + _new("sklearn.preprocessing", {"Imputer": sklearn_names.Imputer},
           "scikit-learn 0.22")
    + _new("sklearn.decomposition",
           {"RandomizedPCA": sklearn_names.RandomizedPCA},
           "scikit-learn 0.20")
    + _new("sklearn.datasets", {"fetch_mldata": sklearn_names.fetch_mldata},
           "scikit-learn 0.22")
    + [Row("PIL.Image", "ANTIALIAS", "PIL.Image:LANCZOS", "Pillow 10"),
       Row("PIL.Image", "LINEAR", "PIL.Image:BILINEAR", "Pillow 10"),
       Row("PIL.Image", "CUBIC", "PIL.Image:BICUBIC", "Pillow 10"),
       Row("time", "clock", "time:perf_counter" if sys.platform == "win32"
           else "time:process_time", "Python 3.8")]
    + _new("inspect", {"getargspec": standard_library.getargspec},
           "Python 3.11")
    + _new("fractions", {"gcd": standard_library.gcd}, "Python 3.9")
    + _new("imp", {"load_source": standard_library.load_source},
           "Python 3.12")
    + _moved("imp", "reload", "importlib", "Python 3.12")
    + [Row("imp", "new_module", "types:ModuleType", "Python 3.12"),
       Row("pipes", "quote", "shlex:quote", "Python 3.13")]
    + _new("cgi", {"escape": standard_library.escape}, "Python 3.8")
    + _moved("cgi", "parse_qs parse_qsl", "urllib.parse", "Python 3.8")
)
