"""Classes and functions that scikit-learn dropped, by what it has today."""
import importlib

import numpy as np

from .arguments import sklearn_calls

__all__ = ["Imputer", "MODULES", "RandomizedPCA", "THREE_FOLDS",
           "fetch_mldata"]

#: What ``sklearn.model_selection`` has with another default of `cv`; they are
#: attributes of this module.
THREE_FOLDS = ("GridSearchCV RandomizedSearchCV cross_val_predict "
               "cross_val_score learning_curve permutation_test_score "
               "validation_curve").split()

#: Modules that got an underscore in 0.22, and what scripts imported there.
MODULES = {
    "cluster.k_means_": "KMeans MiniBatchKMeans k_means",
    "cluster.dbscan_": "DBSCAN dbscan",
    "datasets.base": "get_data_home load_digits load_files load_iris",
    "datasets.samples_generator":
        "make_blobs make_circles make_classification make_moons "
        "make_regression",
    "decomposition.pca": "PCA",
    "decomposition.nmf": "NMF",
    "ensemble.forest":
        "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier "
        "RandomForestRegressor",
    "ensemble.gradient_boosting":
        "GradientBoostingClassifier GradientBoostingRegressor",
    "linear_model.base": "LinearRegression",
    "linear_model.coordinate_descent": "ElasticNet Lasso LassoCV",
    "linear_model.logistic": "LogisticRegression LogisticRegressionCV",
    "linear_model.ridge": "Ridge RidgeCV RidgeClassifier",
    "linear_model.stochastic_gradient": "SGDClassifier SGDRegressor",
    "manifold.t_sne": "TSNE",
    "metrics.classification":
        "accuracy_score classification_report confusion_matrix f1_score "
        "log_loss precision_score recall_score",
    "metrics.ranking":
        "auc average_precision_score precision_recall_curve roc_auc_score "
        "roc_curve",
    "metrics.regression":
        "mean_absolute_error mean_squared_error r2_score",
    "metrics.scorer": "get_scorer make_scorer",
    "neighbors.classification": "KNeighborsClassifier",
    "neighbors.regression": "KNeighborsRegressor",
    "neighbors.unsupervised": "NearestNeighbors",
    "neighbors.kde": "KernelDensity",
    "neural_network.rbm": "BernoulliRBM",
    "preprocessing.data":
        "Binarizer MaxAbsScaler MinMaxScaler Normalizer OneHotEncoder "
        "PolynomialFeatures RobustScaler StandardScaler normalize scale",
    "preprocessing.label":
        "LabelBinarizer LabelEncoder MultiLabelBinarizer label_binarize",
    "svm.classes": "LinearSVC LinearSVR NuSVC SVC SVR",
    "tree.tree": "DecisionTreeClassifier DecisionTreeRegressor",
}


def _sklearn(name):
    return importlib.import_module("sklearn." + name)


def Imputer(missing_values="NaN", strategy="mean", axis=0, verbose=0,
            copy=True):
    """Return what fills in missing values, column by column.

    Parameters
    ----------
    missing_values : number or 'NaN'
        What counts as missing.
    strategy : {'mean', 'median', 'most_frequent'}
        What is put in.
    axis : int
        Only 0, columns; by rows, there is none today.
    verbose : int
        Ignored.
    copy : bool
        Whether the input is left as it is.

    Returns
    -------
    sklearn.impute.SimpleImputer
        What does it.

    Raises
    ------
    ValueError
        If `axis` is not 0.
    """
    if axis != 0:
        raise ValueError("Imputer: axis=%r; expected 0, as scikit-learn fills "
                         "in columns only since 0.22. Transpose." % (axis,))
    if missing_values == "NaN":
        missing_values = np.nan
    return _sklearn("impute").SimpleImputer(
        missing_values=missing_values, strategy=strategy, copy=copy)


def RandomizedPCA(n_components=None, copy=True, iterated_power=2,
                  whiten=False, random_state=None):
    """Return a PCA by random projections.

    Parameters
    ----------
    n_components, copy, iterated_power, whiten, random_state : object
        As for ``sklearn.decomposition.PCA``.

    Returns
    -------
    sklearn.decomposition.PCA
        What does it.
    """
    return _sklearn("decomposition").PCA(
        n_components, copy=copy, whiten=whiten, svd_solver="randomized",
        iterated_power=iterated_power, random_state=random_state)


def __getattr__(name):
    """Return what validates in three folds unless told, not in five."""
    if name in THREE_FOLDS:
        today = getattr(_sklearn("model_selection"), name)
        return sklearn_calls.lent(
            today, without_groups=not isinstance(today, type), always=True)
    raise AttributeError("module %r has no attribute %r" % (__name__, name))


#: A data set of mldata.org → its name and version at OpenML.
_DATA_SETS = {"mnist original": ("mnist_784", 1), "iris": ("iris", 1),
              "leukemia": ("leukemia", 1)}


def fetch_mldata(dataname, target_name="label", data_name="data",
                 transpose_data=True, data_home=None):
    """Download a data set that mldata.org had, from OpenML.

    Parameters
    ----------
    dataname : str
        As ``"MNIST original"``. Its digits are in the order that they had:
        60000 for training and 10000 for testing, each by label.
    target_name, data_name, transpose_data : object
        Ignored.
    data_home : str, optional
        Where to keep it.

    Returns
    -------
    sklearn.utils.Bunch
        With ``data`` and ``target``.

    Raises
    ------
    ValueError
        If it is not known where that data set is today.
    """
    known = dataname.lower().replace("-", " ").replace("_", " ")
    if known not in _DATA_SETS:
        raise ValueError(
            "fetch_mldata: %r, and mldata.org is gone; expected one of %s. "
            "Look for it with sklearn.datasets.fetch_openml."
            % (dataname, ", ".join(map(repr, sorted(_DATA_SETS)))))
    name, version = _DATA_SETS[known]
    found = _sklearn("datasets").fetch_openml(
        name, version=version, data_home=data_home, as_frame=False)
    if name == "mnist_784":
        found.target = found.target.astype("float64")
        order = np.concatenate([
            start + np.argsort(part, kind="stable") for start, part in (
                (0, found.target[:60000]), (60000, found.target[60000:]))])
        found.data, found.target = found.data[order], found.target[order]
    return found
