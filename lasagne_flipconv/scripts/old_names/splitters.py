"""What split samples in ``sklearn.cross_validation``, by its successors.

Then a splitter was given the number of samples, or their labels, and was
iterated over; today it is given them when it splits.
"""
import importlib

import numpy as np

__all__ = ["SPLITTERS"]


class _Splitter:
    """Iterate over pairs of arrays of indices, for training and testing.

    With ``indices=False``, of masks. A class names its successor, and has a
    constructor that calls :meth:`_hold`.
    """

    _successor = None

    def _hold(self, n, labels, *args, indices=None, **kwargs):
        selection = importlib.import_module("sklearn.model_selection")
        self.n, self._labels = n, labels
        self._masks = indices is not None and not indices
        self._splitter = getattr(selection, self._successor)(*args, **kwargs)

    def _samples(self):
        """Return samples, classes and groups."""
        return range(self.n), self._labels, self._labels

    def __len__(self):
        return self._splitter.get_n_splits(*self._samples())

    def __iter__(self):
        for pair in self._splitter.split(*self._samples()):
            yield tuple(map(self._mask, pair)) if self._masks else pair

    def _mask(self, indices):
        mask = np.zeros(self.n, bool)
        mask[indices] = True
        return mask


class KFold(_Splitter):
    """Split `n` samples into folds, in turn."""

    _successor = "KFold"

    def __init__(self, n, n_folds=3, shuffle=False, random_state=None, *,
                 indices=None):
        self.n_folds = int(n_folds)
        self._hold(n, None, self.n_folds, shuffle=shuffle,
                   random_state=random_state, indices=indices)


class StratifiedKFold(_Splitter):
    """Split samples so that each fold has the same share of each label."""

    _successor = "StratifiedKFold"

    def __init__(self, y, n_folds=3, shuffle=False, random_state=None, *,
                 indices=None):
        self.n_folds = int(n_folds)
        self._hold(len(y), y, self.n_folds, shuffle=shuffle,
                   random_state=random_state, indices=indices)


class LabelKFold(_Splitter):
    """Split samples so that those of a label are in one fold."""

    _successor = "GroupKFold"

    def __init__(self, labels, n_folds=3):
        self.n_folds = int(n_folds)
        self._hold(len(labels), labels, self.n_folds)


class LeaveOneOut(_Splitter):
    """Leave out each of `n` samples."""

    _successor = "LeaveOneOut"

    def __init__(self, n, *, indices=None):
        self._hold(n, None, indices=indices)


class LeavePOut(_Splitter):
    """Leave out each `p` of `n` samples."""

    _successor = "LeavePOut"

    def __init__(self, n, p, *, indices=None):
        self.p = p
        self._hold(n, None, p, indices=indices)


class LeaveOneLabelOut(_Splitter):
    """Leave out the samples of each label."""

    _successor = "LeaveOneGroupOut"

    def __init__(self, labels, *, indices=None):
        self._hold(len(labels), labels, indices=indices)


class LeavePLabelOut(_Splitter):
    """Leave out the samples of each `p` labels."""

    _successor = "LeavePGroupsOut"

    def __init__(self, labels, p, *, indices=None):
        self.p = p
        self._hold(len(labels), labels, p, indices=indices)


class PredefinedSplit(_Splitter):
    """Leave out each fold that is named; -1 is never left out."""

    _successor = "PredefinedSplit"

    def __init__(self, test_fold):
        self._hold(len(test_fold), None, test_fold)

    def __iter__(self):
        return self._splitter.split()


class ShuffleSplit(_Splitter):
    """Leave out some of `n` samples by chance, again and again."""

    _successor = "ShuffleSplit"

    def __init__(self, n, n_iter=10, test_size=0.1, train_size=None,
                 random_state=None, *, indices=None):
        self.n_iter = n_iter
        self._hold(n, None, n_iter, test_size=test_size,
                   train_size=train_size, random_state=random_state,
                   indices=indices)


class _ByLabel(_Splitter):
    def __init__(self, y, n_iter=10, test_size=0.1, train_size=None,
                 random_state=None, *, indices=None):
        self.n_iter = n_iter
        self._hold(len(y), y, n_iter, test_size=test_size,
                   train_size=train_size, random_state=random_state,
                   indices=indices)


class StratifiedShuffleSplit(_ByLabel):
    """Leave out the same share of each label, by chance."""

    _successor = "StratifiedShuffleSplit"


class LabelShuffleSplit(_ByLabel):
    """Leave out some labels by chance, again and again."""

    _successor = "GroupShuffleSplit"

    def __init__(self, labels, n_iter=5, test_size=0.2, train_size=None,
                 random_state=None):
        super().__init__(labels, n_iter, test_size, train_size, random_state)


#: By name.
SPLITTERS = {cls.__name__: cls for cls in (
    KFold, StratifiedKFold, LabelKFold, LeaveOneOut, LeavePOut,
    LeaveOneLabelOut, LeavePLabelOut, PredefinedSplit, ShuffleSplit,
    StratifiedShuffleSplit, LabelShuffleSplit)}
