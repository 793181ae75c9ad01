"""nolearn's NeuralNet with our layers, and scikit-learn's search over it."""
import importlib.util
import pickle
import subprocess
import sys

import lasagne
import numpy as np
import pytest
from lasagne_flipconv import install, layers, load, uninstall

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("nolearn"), reason="nolearn is not installed")


@pytest.fixture(scope="module")
def under_install():
    install()
    yield
    uninstall()


@pytest.fixture(scope="module")
def data():
    random = np.random.RandomState(1)
    y = np.arange(60, dtype="int32") % 3
    x = random.standard_normal((60, 1, 6, 6)) * .3
    x[np.arange(60), 0, y, y] += 4  # a bright spot tells the class
    return x.astype("float32"), y


def make_net(**options):
    from nolearn.lasagne import NeuralNet
    return NeuralNet(layers=[
        ("input", lasagne.layers.InputLayer), ("conv1", layers.Conv2DLayer),
        ("conv2", layers.Conv2DDNNLayer),
        ("output", lasagne.layers.DenseLayer)], input_shape=(None, 1, 6, 6),
        conv1_num_filters=4, conv1_filter_size=3, conv1_flip_filters=False,
        conv2_num_filters=3, conv2_filter_size=2,
        output_nonlinearity=lasagne.nonlinearities.softmax,
        output_num_units=3, update_learning_rate=.1, max_epochs=30,
        **options)


@pytest.fixture(scope="module")
def trained(under_install, data):
    return make_net().fit(*data)


def test_trains_and_predicts(trained, data):
    x, y = data
    assert trained.layers_["conv1"].convention.orientation == "correlation"
    assert type(trained.layers_["conv2"]) is layers.Conv2DDNNLayer
    assert (trained.predict(x) == y).mean() > .9


def test_saves_and_loads(trained, data, tmp_path):
    x, _ = data
    path = str(tmp_path / "params.pkl")
    trained.save_params_to(path)
    other = make_net()
    other.initialize()
    assert not np.allclose(other.predict_proba(x), trained.predict_proba(x))
    other.load_params_from(path)
    np.testing.assert_array_equal(other.predict_proba(x),
                                  trained.predict_proba(x))
    clone = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(clone.predict_proba(x),
                                  trained.predict_proba(x))


def test_grid_search(under_install, data):
    from sklearn.model_selection import GridSearchCV
    search = GridSearchCV(make_net(), {"conv1_flip_filters": [True, False]},
                          cv=2, scoring="accuracy")
    search.fit(*data)
    best = search.best_estimator_
    assert best.layers_["conv1"].flip_filters is search.best_params_[
        "conv1_flip_filters"]
    assert search.best_score_ > .5


def test_the_splitters_that_scikit_learn_removed(under_install):
    from sklearn.cross_validation import (KFold, StratifiedKFold,
                                          train_test_split)
    from sklearn.grid_search import GridSearchCV
    assert len(KFold(10, 5)) == 5 and GridSearchCV and train_test_split
    tested = np.concatenate([test for _, test in KFold(10, n_folds=5)])
    assert list(tested) == list(range(10))
    y = [0, 0, 1, 1, 0, 1, 0, 1]
    for _, test in StratifiedKFold(y, 4):
        assert sorted(np.array(y)[test]) == [0, 1]


def test_unpickled_without_install_saved_and_loaded(trained, data, tmp_path):
    x, _ = data
    path, made = tmp_path / "net.pkl", tmp_path / "net.npz"
    path.write_bytes(pickle.dumps(trained))
    (tmp_path / "script.py").write_text(
        "import sys, numpy, lasagne_flipconv as f\n"
        "net = f.unpickle(sys.argv[1])\n"
        "f.save(sys.argv[2], net)\n"
        "assert len(f.load(sys.argv[2], net).copied) == 6\n"
        "print(net.predict(numpy.load(sys.argv[3])).tolist())\n")
    np.save(tmp_path / "x.npy", x)
    run = subprocess.run(
        [sys.executable, tmp_path / "script.py", path, made,
         tmp_path / "x.npy"], check=True, stdout=subprocess.PIPE,
        universal_newlines=True)
    assert run.stdout.strip() == str(trained.predict(x).tolist())
    with pytest.raises(TypeError, match=r"Call its initialize\(\) first"):
        load(made, make_net())
    other = make_net()
    other.initialize()
    load(made, other)
    assert (other.predict(x) == trained.predict(x)).all()
