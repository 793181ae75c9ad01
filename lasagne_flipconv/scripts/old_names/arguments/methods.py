"""Methods of scikit-learn's classes that are gone."""
from collections import namedtuple

import numpy as np

__all__ = ["METHODS"]

Score = namedtuple(
    "Score", "parameters mean_validation_score cv_validation_scores")
Score.__doc__ = "What a search found for one choice of parameters."


def get_feature_names(self, input_features=None):
    """Return the names of the features.

    Parameters
    ----------
    self : object
        What was fitted.
    input_features : list of str, optional
        What the features are made of.

    Returns
    -------
    list of str
        One for each column.
    """
    return list(self.get_feature_names_out(input_features))


def _scores(self):
    """Return what each choice of parameters scored."""
    found = self.cv_results_
    folds = np.transpose([found["split%d_test_score" % fold]
                          for fold in range(self.n_splits_)])
    return [Score(*row) for row in zip(
        found["params"], found["mean_test_score"], folds)]


def _today(self):
    """Return the class of which one has methods that are gone."""
    return next(cls for cls in type(self).__mro__
                if "_facade" in vars(cls)).__mro__[1]


def _flat(name):
    """Return a method that takes the values of one feature, too."""
    def method(self, X, *args, **kwargs):
        stock = getattr(_today(self), name)
        if np.ndim(X) != 1:
            return stock(self, X, *args, **kwargs)
        found = stock(self, np.reshape(X, (-1, 1)), *args, **kwargs)
        return found if found is self else np.ravel(found)
    method.__name__ = name
    return method


def _coded(name):
    """Return a method that knows the values that there are to be coded."""
    def method(self, X, y=None):
        if isinstance(self.categories, int):
            self.categories = [np.arange(self.categories)] * np.shape(X)[1]
        return getattr(_today(self), name)(self, X, y)
    method.__name__ = name
    return method


_NAMES = {"get_feature_names": get_feature_names}
_SCALER = {name: _flat(name) for name in (
    "fit", "partial_fit", "transform", "inverse_transform",
    "fit_transform")}
_SEARCH = {"grid_scores_": property(_scores)}

#: Class → what it had.
METHODS = {
    "CountVectorizer": _NAMES, "DictVectorizer": _NAMES,
    "GridSearchCV": _SEARCH, "RandomizedSearchCV": _SEARCH,
    "MaxAbsScaler": _SCALER, "MinMaxScaler": _SCALER,
    "OneHotEncoder": {name: _coded(name) for name in (
        "fit", "fit_transform")},
    "PolynomialFeatures": _NAMES, "RobustScaler": _SCALER,
    "StandardScaler": _SCALER, "TfidfVectorizer": _NAMES,
}
