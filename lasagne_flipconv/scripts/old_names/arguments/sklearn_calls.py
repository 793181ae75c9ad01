"""What a script gets of scikit-learn: its arguments, defaults and methods."""
import functools
import importlib
import inspect

from .calls import Change
from .defaults import DEFAULTS
from .facades import facade
from .functions import FUNCTIONS
from .methods import METHODS
from .orders import ORDERS, WITHOUT_GROUPS
from .words import GONE, RENAMED, RENAMED_OF, VALUES, VALUES_OF

__all__ = ["MODULES", "lent"]

#: Modules of which a script is lent what takes other arguments today.
MODULES = ["sklearn." + name for name in (
    "calibration cluster covariance cross_decomposition datasets "
    "decomposition discriminant_analysis dummy ensemble feature_extraction "
    "feature_extraction.image feature_extraction.text feature_selection "
    "gaussian_process isotonic kernel_approximation linear_model manifold "
    "metrics metrics.cluster metrics.pairwise mixture model_selection "
    "multiclass naive_bayes neighbors neural_network pipeline preprocessing "
    "random_projection semi_supervised svm tree utils utils.class_weight "
    "utils.extmath utils.validation").split()]

#: Where pickle finds classes of modules that are gone.
_ALWAYS = __package__.rpartition(".")[0] + ".sklearn_names"

_WORDS = {word for table in (RENAMED, VALUES) for word in table}

_HOMES = {"CountVectorizer": "feature_extraction.text",
          "DictVectorizer": "feature_extraction",
          "GridSearchCV": "model_selection",
          "RandomizedSearchCV": "model_selection",
          "TfidfVectorizer": "feature_extraction.text"}


@functools.lru_cache(maxsize=None)
def lent(thing, without_groups=False, always=False):
    """Return what takes the arguments that a function or class took.

    Parameters
    ----------
    thing : callable
        A function or class of scikit-learn.
    without_groups : bool, default False
        Whether it is as in ``sklearn.cross_validation``.
    always : bool, default False
        Whether the defaults are those of then whatever is run.

    Returns
    -------
    callable
        It, if it takes the same.
    """
    name = thing.__name__
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    order = (WITHOUT_GROUPS if without_groups else ORDERS).get(
        name, ORDERS.get(name, ()))
    try:
        today = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return thing
    kinds = {one.kind for one in today.values()}
    if not (order or name in DEFAULTS or name in METHODS
            or _WORDS & set(today) or inspect.Parameter.KEYWORD_ONLY in kinds):
        return thing
    if inspect.Parameter.VAR_KEYWORD in kinds:  # others take these words
        return facade(thing, Change(
            order, values=VALUES, defaults=DEFAULTS.get(name, {}),
            always=always))
    return facade(thing, Change(
        order, dict(RENAMED, **RENAMED_OF.get(name, {})),
        dict(VALUES, **VALUES_OF.get(name, {})), GONE,
        DEFAULTS.get(name, {}), always), METHODS.get(name),
        _ALWAYS if always else __name__)


def __getattr__(name):
    """Return a class with methods that are gone; pickle looks here."""
    if name not in METHODS:
        raise AttributeError("module %r has no attribute %r"
                             % (__name__, name))
    home = importlib.import_module(
        "sklearn." + _HOMES.get(name, "preprocessing"))
    return lent(getattr(home, name))
