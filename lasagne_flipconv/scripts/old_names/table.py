"""One row for each name that a later release dropped.

A row has the module and the name, what it became, and the release. What it
became is a place, ``"module:name"``, or what has to be written anew.
"""
import builtins
import importlib
import sys
from collections import namedtuple
from types import ModuleType

import numpy as np

from . import (arrays, images, matplotlib_names, skimage_names, sklearn_names,
               standard_library)
from .arguments import functions
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
_SIX = ("PY2 PY3 add_metaclass b integer_types iteritems iterkeys itervalues "
        "string_types text_type u with_metaclass")
_MOVES = ("StringIO cPickle configparser filter input map queue range reduce "
          "urllib xrange zip")
_THREE_FOLDS = sklearn_names.__name__
#: What of NumPy gives complex numbers in SciPy, where it gave NaN.
_COMPLEX = "sqrt log log2 log10 logn power arccos arcsin arctanh".split()
_ELSEWHERE = set(dir(builtins)) - {"all", "any", "sum"} | {
    *_COMPLEX, "fft", "show_config", "show_runtime", "test"}
#: What SciPy had of NumPy: all of it that is no module, nor named as what is
#: built in.
_NUMPY = [name for name, value in vars(np).items()
          if not name.startswith("_") and not isinstance(value, ModuleType)
          and name not in _ELSEWHERE]


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
    + _new("scipy.misc.pilutil", images.FUNCTIONS, "SciPy 1.2")
    + _moved("scipy.misc", "logsumexp comb factorial", "scipy.special",
             "SciPy 1.0 to 1.3")
    + _moved("scipy.misc", "ascent face", "scipy.datasets", "SciPy 1.12")
    + [Row("scipy.ndimage", "imread", images.imread, "SciPy 1.2"),
       Row("scipy.signal", "hanning", "scipy.signal.windows:hann",
           "SciPy 1.1")]
    + _moved("scipy.signal", _SIGNAL, "scipy.signal.windows", "SciPy 1.13")
    + _moved("scipy", _NUMPY, "numpy", "SciPy 1.4 to 2.0")
    + _moved("scipy", _COMPLEX, "numpy.lib.scimath", "SciPy 1.4 to 2.0")
    + _moved("scipy", "rand randn", "numpy.random", "SciPy 1.4")
    + _moved("scipy", "ifft", "numpy.fft", "SciPy 1.4")
    + [Row("scipy", "random", "numpy.random:", "SciPy 1.12"),
       Row("scipy.linalg", "expm2", "scipy.linalg:expm", "SciPy 1.0"),
       Row("numpy.lib", "pad", "numpy:pad", "NumPy 2.0")]
    + _moved("numpy.lib.index_tricks", "c_ index_exp ix_ mgrid ndenumerate "
             "ndindex ogrid r_ ravel_multi_index s_ unravel_index", "numpy",
             "NumPy 2.0")
    + _moved("numpy.lib.function_base", "angle average bartlett blackman "
             "corrcoef cov delete diff digitize extract gradient hamming "
             "hanning histogram insert interp kaiser median meshgrid "
             "percentile piecewise select sinc vectorize", "numpy",
             "NumPy 2.0")
    + _moved("numpy.lib.arraysetops", "intersect1d isin setdiff1d setxor1d "
             "union1d unique", "numpy", "NumPy 2.0")
    + _moved("numpy.lib.shape_base", "apply_along_axis array_split dstack "
             "expand_dims kron split tile", "numpy", "NumPy 2.0")
    + _moved("numpy.lib.npyio", "genfromtxt load loadtxt save savetxt savez",
             "numpy", "NumPy 2.0")
    + _moved("numpy.fft.fftpack", "fft fft2 fftn ifft ifft2 ifftn irfft rfft",
             "numpy.fft", "NumPy 1.17")
    + _new("scipy.stats", arrays.STATISTICS, "SciPy 0.18 to 1.3")
    + _moved("theano.compat.python2x", "Counter OrderedDict defaultdict deque",
             "collections", "Theano 0.8")
    + _moved("theano.compat.python2x", "all any", "builtins", "Theano 0.8")
    + _moved("theano.compat.python2x", "partial", "functools", "Theano 0.8")
    + _moved("theano.compat.python2x", "combinations product", "itertools",
             "Theano 0.8")
    + [Row("theano.compat", "six", "six:", "Theano 1.0")]
    + _moved("theano.compat.six", _SIX, "six", "Theano 1.0")
    + _moved("theano.compat.six.moves", _MOVES, "six.moves", "Theano 1.0")
    + _moved("numpy.linalg.linalg", "LinAlgError det eig eigh inv lstsq norm "
             "pinv qr solve svd", "numpy.linalg", "NumPy 2.0")
    + _new("sklearn.cross_validation", SPLITTERS, "scikit-learn 0.20")
    + _moved("sklearn.cross_validation", "train_test_split check_cv",
             "sklearn.model_selection", "scikit-learn 0.20")
    + _moved("sklearn.cross_validation", "cross_val_score cross_val_predict "
             "permutation_test_score", _THREE_FOLDS, "scikit-learn 0.20")
    + _moved("sklearn.grid_search", "ParameterGrid ParameterSampler",
             "sklearn.model_selection", "scikit-learn 0.20")
    + _moved("sklearn.grid_search", "GridSearchCV RandomizedSearchCV",
             _THREE_FOLDS, "scikit-learn 0.20")
    + _moved("sklearn.learning_curve", "learning_curve validation_curve",
             _THREE_FOLDS, "scikit-learn 0.20")
    + [Row("sklearn.lda", "LDA", "sklearn.discriminant_analysis:"
           "LinearDiscriminantAnalysis", "scikit-learn 0.19"),
       Row("sklearn.qda", "QDA", "sklearn.discriminant_analysis:"
           "QuadraticDiscriminantAnalysis", "scikit-learn 0.19"),
       Row("sklearn.externals", "joblib", "joblib:", "scikit-learn 0.23"),
       Row("sklearn.externals", "six", "six:", "scikit-learn 0.23")]
    + _moved("sklearn.externals.joblib", "dump load Parallel delayed Memory "
             "cpu_count hash", "joblib", "scikit-learn 0.23")
    + [row for module, names in sklearn_names.MODULES.items()
       for row in _moved("sklearn." + module, names, "sklearn."
                         + module.rpartition(".")[0], "scikit-learn 0.24")]
    + [Row("sklearn.datasets.base", "Bunch", "sklearn.utils:Bunch",
           "scikit-learn 0.24"),
       Row("sklearn.preprocessing.label", "type_of_target",
           "sklearn.utils.multiclass:type_of_target", "scikit-learn 0.24"),
       Row("sklearn.utils", "safe_indexing", "sklearn.utils:_safe_indexing",
           "scikit-learn 0.24")]
    + _new("sklearn.preprocessing", {"Imputer": sklearn_names.Imputer},
           "scikit-learn 0.22")
    + _new("sklearn.preprocessing.imputation",
           {"Imputer": sklearn_names.Imputer}, "scikit-learn 0.22")
    + _new("sklearn.decomposition",
           {"RandomizedPCA": sklearn_names.RandomizedPCA},
           "scikit-learn 0.20")
    + _new("sklearn.decomposition.pca",
           {"RandomizedPCA": sklearn_names.RandomizedPCA},
           "scikit-learn 0.20")
    + _new("sklearn.metrics", {"jaccard_similarity_score":
                               functions.jaccard_similarity_score},
           "scikit-learn 0.23")
    + [Row("sklearn.neighbors", "DistanceMetric",
           "sklearn.metrics:DistanceMetric", "scikit-learn 1.3")]
    + [Row("sklearn.covariance", old, "sklearn.covariance:" + new,
           "scikit-learn 0.22") for old, new in (
               ("GraphLasso", "GraphicalLasso"),
               ("GraphLassoCV", "GraphicalLassoCV"),
               ("graph_lasso", "graphical_lasso"))]
    + _new("sklearn.datasets", {"fetch_mldata": sklearn_names.fetch_mldata},
           "scikit-learn 0.22")
    + _new("sklearn.datasets.mldata",
           {"fetch_mldata": sklearn_names.fetch_mldata}, "scikit-learn 0.22")
    + _moved("sklearn.externals.six", _SIX, "six", "scikit-learn 0.23")
    + _moved("sklearn.externals.six.moves", _MOVES, "six.moves",
             "scikit-learn 0.23")
    + [Row("joblib.pool", "MemmapingPool", "joblib.pool:MemmappingPool",
           "joblib 0.12"),
       Row("skimage.morphology", "watershed", "skimage.segmentation:watershed",
           "scikit-image 0.19"),
       Row("skimage.util", "pad", "numpy:pad", "scikit-image 0.19"),
       Row("skimage.util.montage", "montage2d", "skimage.util:montage",
           "scikit-image 0.15"),
       Row("skimage.filter", "rank", "skimage.filters.rank:",
           "scikit-image 0.13")]
    + _moved("skimage.filter", "gabor_kernel gaussian prewitt roberts scharr "
             "sobel threshold_isodata threshold_otsu threshold_yen",
             "skimage.filters", "scikit-image 0.13")
    + _moved("skimage.filter", "canny", "skimage.feature",
             "scikit-image 0.11")
    + _new("skimage.filter", skimage_names.FILTERS, "scikit-image 0.13")
    + _new("skimage.filters", skimage_names.FILTERS, "scikit-image 0.19")
    + _new("skimage.measure", skimage_names.MEASURES, "scikit-image 0.18")
    + [Row("skimage.measure", old, "skimage.metrics:" + new,
           "scikit-image 0.18") for old, new in (
               ("compare_mse", "mean_squared_error"),
               ("compare_nrmse", "normalized_root_mse"),
               ("compare_psnr", "peak_signal_noise_ratio"))]
    + _new("skimage.draw", {"circle": skimage_names.circle},
           "scikit-image 0.19")
    + _new("skimage.feature", {"register_translation":
                               skimage_names.register_translation},
           "scikit-image 0.19")
    + [Row("matplotlib.cm", "get_cmap", "matplotlib.pyplot:get_cmap",
           "Matplotlib 3.11"),
       Row("matplotlib.cm", "spectral", "matplotlib.cm:nipy_spectral",
           "Matplotlib 2.2")]
    + _new("matplotlib.pyplot", {"hold": matplotlib_names.hold},
           "Matplotlib 3.0")
    + [Row("PIL.Image", "fromstring", "PIL.Image:frombytes", "Pillow 3"),
       Row("PIL.Image", "ANTIALIAS", "PIL.Image:LANCZOS", "Pillow 10"),
       Row("PIL.Image", "LINEAR", "PIL.Image:BILINEAR", "Pillow 10"),
       Row("PIL.Image", "CUBIC", "PIL.Image:BICUBIC", "Pillow 10"),
       Row("time", "clock", "time:perf_counter" if sys.platform == "win32"
           else "time:process_time", "Python 3.8")]
    + _new("inspect", {"getargspec": standard_library.getargspec,
                       "formatargspec": standard_library.formatargspec},
           "Python 3.11")
    + _new("fractions", {"gcd": standard_library.gcd}, "Python 3.9")
    + _new("imp", standard_library.IMP, "Python 3.12")
    + _moved("imp", "reload", "importlib", "Python 3.12")
    + [Row("imp", "new_module", "types:ModuleType", "Python 3.12"),
       Row("pipes", "quote", "shlex:quote", "Python 3.13")]
    + _new("cgi", {"escape": standard_library.escape}, "Python 3.8")
    + _moved("cgi", "parse_qs parse_qsl", "urllib.parse", "Python 3.8")
)
