"""Arguments and words of scikit-learn that are others today, or gone."""
import numpy as np

from .calls import ANY

__all__ = ["GONE", "RENAMED", "RENAMED_OF", "VALUES", "VALUES_OF"]


def _categories(n_values):
    """Return the categories of integers; a number is for each column."""
    if isinstance(n_values, (str, int)):
        return n_values
    return [np.arange(n) for n in n_values]


#: The name that an argument had → today's, wherever there is that.
RENAMED = {
    "affinity": "metric", "base_estimator": "estimator",
    "charset": "encoding", "charset_error": "decode_error", "dim": "n_dim",
    "fit_params": "params", "force_all_finite": "ensure_all_finite",
    "n_alphas": "alphas", "n_iter": "max_iter", "n_topics": "n_components",
    "n_values": ("categories", _categories), "probas_pred": "y_score",
    "similarities": "dissimilarities", "sparse": "sparse_output",
    "store_covariances": "store_covariance",
    "store_cv_values": "store_cv_results", "y_prob": "y_proba"}

#: Class or function → as `RENAMED`.
RENAMED_OF = {
    "compute_class_weight": {"classes": ("classes", np.asarray)},
    # they counted batches, not passes
    "MiniBatchDictionaryLearning": {"n_iter": "n_iter"},
    "MiniBatchSparsePCA": {"n_iter": "n_iter"},
    "dict_learning_online": {"n_iter": "n_iter"},
}

#: Arguments that are gone → what could be passed to the same effect.
GONE = {
    "algorithm": ("SAMME",), "alpha": (0, 0.), "batch_size": ANY,
    "beta": ANY, "categorical_features": ("all", None), "classes": (None,),
    "copy": ANY, "copy_X": ANY, "estimator_params": (None,), "eta": ANY,
    "fit_params": (None,),
    "iid": (False,), "inner_stats": (None,), "iter_offset": (0,),
    "labels": (None,), "max_iterations": (None,),
    "min_impurity_split": (None,), "multi_class": ("multinomial",),
    "n_components": (None,), "n_jobs": ANY, "nls_max_iter": ANY,
    "non_negative": (False,), "normalize": (False,), "pass_y": (False,),
    "pooling_func": ANY, "positive": (False,), "precompute_distances": ANY,
    "precomputed": (False,), "presort": ANY, "random_state": ANY,
    "regularization": (None,), "residual_metric": (None,),
    "return_inner_stats": (False,), "return_n_iter": (False,),
    "size_threshold": ANY, "sparseness": (None,),
    "sum_over_features": (True,), "warn_on_dtype": ANY,
    "warn_on_equidistant": ANY}

_ERRORS = ("log_loss mean_absolute_error mean_squared_error "
           "median_absolute_error").split()

#: What was passed → what is passed today, wherever there is that argument.
VALUES = {
    "criterion": {"mse": "squared_error", "mae": "absolute_error"},
    "loss": {"deviance": "log_loss", "lad": "absolute_error",
             "log": "log_loss", "ls": "squared_error",
             "squared_loss": "squared_error"},
    "scoring": {name: "neg_" + name for name in _ERRORS}}

_SQUARE_ROOT, _ALL = {"max_features": {"auto": "sqrt"}}, {
    "max_features": {"auto": 1.}}
_LLOYD = {"algorithm": {"auto": "lloyd", "full": "lloyd"}}
_WHITE = {"whiten": {True: "arbitrary-variance"}}
_NO_PENALTY = {"penalty": {"none": None}}

#: Class or function → as `VALUES`.
VALUES_OF = {
    "DecisionTreeClassifier": _SQUARE_ROOT, "DecisionTreeRegressor": _ALL,
    "ExtraTreeClassifier": _SQUARE_ROOT, "ExtraTreeRegressor": _ALL,
    "ExtraTreesClassifier": _SQUARE_ROOT, "ExtraTreesRegressor": _ALL,
    "FastICA": _WHITE, "fastica": _WHITE,
    "GradientBoostingClassifier": _SQUARE_ROOT,
    "GradientBoostingRegressor": _ALL, "KMeans": _LLOYD, "k_means": _LLOYD,
    "LinearSVC": {"loss": {"l1": "hinge", "l2": "squared_hinge"}},
    "LogisticRegression": _NO_PENALTY, "Perceptron": _NO_PENALTY,
    "RandomForestClassifier": _SQUARE_ROOT, "RandomForestRegressor": _ALL,
    "SGDClassifier": _NO_PENALTY, "SGDRegressor": _NO_PENALTY,
}
