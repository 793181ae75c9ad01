"""What scikit-learn 0.17 took where nothing was passed.

Of what came later, as ``KFold(n_splits)``, the first release.
"""
from .calls import Until

__all__ = ["DEFAULTS"]


def _by_class(arguments):
    """Return how more than two classes were told apart: each by itself."""
    return "ovr" if arguments.get("solver") != "liblinear" else None


_FOREST, _GAMMA, _FOLDS = {"n_estimators": 10}, {"gamma": "auto"}, {"cv": 3}
_SPLITS = {"n_splits": 3}
_SCORES = {"cv": 3, "error_score": "raise"}
_SEARCH = dict(_SCORES, iid=Until(
    "0.24", True, "and is gone: folds count alike, however long they are"))
_FIVE = {"max_iter": 5, "tol": None}
_SCALED = {"normalize": Until("1.4", True, "and is gone; scale the features")}
_BATCHES = {"n_iter": Until(
    "1.4", "a number of batches", "and is gone: max_iter counts passes")}
_BY_CLASS = {"multi_class": _by_class}

#: Class or function → argument → its default.
DEFAULTS = {
    "AdaBoostClassifier": {"algorithm": Until(
        "1.6", "SAMME.R", "and is 'SAMME', which needs more estimators")},
    "CalibratedClassifierCV": _FOLDS,
    "DummyClassifier": {"strategy": "stratified"},
    "ElasticNetCV": _FOLDS, "LarsCV": dict(_FOLDS, **_SCALED),
    "ExtraTreesClassifier": _FOREST, "ExtraTreesRegressor": _FOREST,
    "FastICA": {"whiten": "arbitrary-variance"},
    "FunctionTransformer": {"validate": True},
    "GridSearchCV": _SEARCH, "RandomizedSearchCV": _SEARCH,
    "GroupKFold": _SPLITS, "KFold": _SPLITS, "StratifiedKFold": _SPLITS,
    "IsolationForest": {"contamination": .1},
    "KMeans": {"n_init": 10}, "k_means": {"n_init": 10},
    "LabelPropagation": {"max_iter": 30},
    "Lars": _SCALED, "LassoLars": _SCALED, "LassoLarsIC": _SCALED,
    "LassoCV": _FOLDS, "LassoLarsCV": dict(_FOLDS, **_SCALED),
    "LatentDirichletAllocation": {"learning_method": "online"},
    "LinearSVC": {"dual": True}, "LinearSVR": {"dual": True},
    "LocalOutlierFactor": {"contamination": .1},
    "LogisticRegression": dict(
        solver=Until("1.8", "liblinear", "and is 'lbfgs', for 'liblinear' "
                     "takes two classes only"), **_BY_CLASS),
    "LogisticRegressionCV": dict(_FOLDS, **_BY_CLASS),
    "MDS": {"n_init": 4},
    "MiniBatchDictionaryLearning": dict(_BATCHES, batch_size=3),
    "MiniBatchSparsePCA": _BATCHES,
    "MiniBatchKMeans": {"n_init": 3, "batch_size": 100},
    "MultiTaskElasticNetCV": _FOLDS, "MultiTaskLassoCV": _FOLDS,
    "NMF": {"init": Until("1.1", "nndsvd", "and is 'nndsvda'")},
    "NuSVC": dict(_GAMMA, decision_function_shape="ovo"), "NuSVR": _GAMMA,
    "OneClassSVM": _GAMMA, "OrthogonalMatchingPursuit": _SCALED,
    "OrthogonalMatchingPursuitCV": dict(_FOLDS, **_SCALED),
    "PCA": {"svd_solver": "full"},
    "PassiveAggressiveClassifier": _FIVE, "PassiveAggressiveRegressor": _FIVE,
    "Perceptron": _FIVE, "RFECV": _FOLDS,
    "RandomForestClassifier": _FOREST, "RandomForestRegressor": _FOREST,
    "RandomTreesEmbedding": _FOREST,
    "Ridge": {"tol": 1e-3}, "RidgeClassifier": {"tol": 1e-3},
    "SGDClassifier": _FIVE, "SGDRegressor": _FIVE,
    "SVC": dict(_GAMMA, decision_function_shape="ovo"), "SVR": _GAMMA,
    "TSNE": {"init": "random", "learning_rate": 1000.,
             "early_exaggeration": 4., "n_iter_without_progress": 30},
    "adjusted_mutual_info_score": {"average_method": "max"},
    "dict_learning_online": dict(_BATCHES, batch_size=3),
    "fastica": {"whiten": "arbitrary-variance"},
    "non_negative_factorization": {"init": "random"},
    "randomized_svd": {"n_iter": 0, "random_state": 0},
    "ridge_regression": {"tol": 1e-3},
    "check_cv": _FOLDS, "cross_val_predict": _FOLDS,
    "cross_val_score": _SCORES, "learning_curve": _SCORES,
    "export_graphviz": {"out_file": "tree.dot"},
    "normalized_mutual_info_score": {"average_method": "geometric"},
    "permutation_test_score": _FOLDS, "validation_curve": _SCORES,
}
