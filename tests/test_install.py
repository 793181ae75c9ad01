"""Our layers under Lasagne's names, and everything back again."""
import collections
import copy
import importlib
import inspect
import pickle
import pydoc
import rlcompleter
import sys

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import install, layers, uninstall
from lasagne_flipconv.scripts.installing import installed
from theano.sandbox.rng_mrg import MRG_RandomStreams

import cases

OLD = lasagne.__version__ == "0.1"

NAMES = {
    "corrmm": ["Conv2DMMLayer"],
    "dnn": ["Pool2DDNNLayer", "MaxPool2DDNNLayer", "Pool3DDNNLayer",
            "MaxPool3DDNNLayer", "Conv2DDNNLayer", "Conv3DDNNLayer",
            "SpatialPyramidPoolingDNNLayer", "BatchNormDNNLayer",
            "batch_norm_dnn"],
    "cuda_convnet": ["Conv2DCCLayer", "MaxPool2DCCLayer",
                     "ShuffleBC01ToC01BLayer", "bc01_to_c01b",
                     "ShuffleC01BToBC01Layer", "c01b_to_bc01",
                     "NINLayer_c01b"],
    "conv": ["Conv1DLayer", "Conv2DLayer", "Conv3DLayer",
             "TransposedConv2DLayer", "TransposedConv3DLayer",
             "DilatedConv2DLayer", "Deconv2DLayer"],
    "local": ["LocallyConnected2DLayer"],
}


@pytest.fixture
def under_install():
    install()
    yield
    uninstall()


def state():
    """Return everything that install() may change."""
    modules = {name: module for name, module in sys.modules.items()
               if name.startswith("lasagne.")}
    return (modules, dict(vars(lasagne.layers)), dict(vars(collections)),
            {name: dict(vars(module)) for name, module in modules.items()},
            list(sys.meta_path))


@pytest.mark.parametrize("home", NAMES)
def test_every_name_is_there_and_ours(under_install, home):
    module = importlib.import_module("lasagne.layers." + home)
    assert getattr(lasagne.layers, home) is module
    for name in NAMES[home]:
        assert getattr(module, name) is getattr(layers, name)
        assert name in module.__all__
        if home in ("conv", "local"):
            assert getattr(lasagne.layers, name) is getattr(layers, name)


@pytest.mark.parametrize("home, base", [
    ("corrmm", "MMLayer"), ("dnn", "DNNLayer"), ("cuda_convnet", "CCLayer")])
def test_what_scripts_took_from_modules_for_gpus(under_install, home, base):
    module = importlib.import_module("lasagne.layers." + home)
    assert module.as_tuple(3, 2) == (3, 3)
    assert module.conv_output_length(9, 3, 2, 1) == 5
    assert module.pool_output_length(9, 2, 2, 0, True) == 4
    assert module.theano is theano and module.init is lasagne.init
    own = type("Own", (getattr(module, base),), {})
    assert own((2, 3)).output_shape == (2, 3)
    assert not isinstance(getattr(module, NAMES[home][0]), own)
    assert issubclass(module.BaseConvLayer, lasagne.layers.Layer)
    assert "as_tuple" not in module.__all__


#: Modules that install() makes or changes.
STAND_INS = (["lasagne.layers"] + ["lasagne.layers." + home for home in NAMES]
             + ["lasagne.nonlinearities", "lasagne.objectives",
                "theano.sandbox", "theano.tensor.signal.downsample",
                "sklearn.cross_validation", "sklearn.grid_search"])


@pytest.mark.parametrize("name", STAND_INS)
def test_people_and_editors_can_look_into_it(under_install, name):
    if name.startswith("sklearn"):
        pytest.importorskip("sklearn")
    module = importlib.import_module(name)
    names = dir(module)
    assert names == [name for name, _ in inspect.getmembers(module)]
    assert set(getattr(module, "__all__", ())) <= set(names)
    assert name.rpartition(".")[2] in pydoc.plain(pydoc.render_doc(module))
    completer = rlcompleter.Completer({"module": module})
    assert completer.complete("module." + names[-1][:2], 0)
    assert inspect.getdoc(module) != inspect.getdoc(object)
    assert module.__name__ == name and "__dict__" not in vars(module)
    assert repr(module).startswith("<module %r" % name)


@pytest.mark.parametrize("name", [
    "BatchNormLayer", "batch_norm", "ExpressionLayer", "InverseLayer",
    "Upscale2DLayer", "Pool3DLayer", "ParametricRectifierLayer",
    "StandardizationLayer", "TransformerLayer", "spatial_dropout"])
def test_what_0_1_lacks_is_there(under_install, name):
    assert getattr(lasagne.layers, name) is getattr(layers, name)


def test_batch_normalization_can_be_copied(under_install):
    net = lasagne.layers.batch_norm(lasagne.layers.Conv2DLayer(
        lasagne.layers.InputLayer((2, 3, 6, 5)), 4, 2)).input_layer
    assert type(net) is layers.BatchNormLayer
    x = cases.values((2, 4, 5, 4), 1, theano.config.floatX)
    copies = pickle.loads(pickle.dumps(net)), copy.deepcopy(net)
    y = trained_on(net, x)
    for other in copies:
        assert type(other) is layers.BatchNormLayer
        np.testing.assert_array_equal(other.mean.get_value(), 0)
        np.testing.assert_array_equal(trained_on(other, x), y)
        np.testing.assert_array_equal(other.inv_std.get_value(),
                                      net.inv_std.get_value())


def trained_on(layer, x):
    return theano.function([], layer.get_output_for(theano.shared(x)))()


def test_uninstall_restores_everything():
    before = state()
    install()
    assert installed() and state() != before
    changed = state()
    install()
    assert [a is b for a, b in zip(changed[0].values(),
                                   state()[0].values())].count(False) == 0
    uninstall()
    uninstall()
    assert not installed() and state() == before
    with pytest.raises(ImportError):
        importlib.import_module("lasagne.layers.cuda_convnet")


def test_classes_imported_before_still_work():
    stock = lasagne.layers.Conv2DLayer
    layer = stock((None, 3, 9, 9), 4, 3)
    install()
    try:
        after = stock((None, 3, 9, 9), 4, 3)  # super() finds its own class
        ours = lasagne.layers.Conv2DLayer((None, 3, 9, 9), 4, 3)
    finally:
        uninstall()
    assert type(after) is stock and isinstance(ours, stock)
    assert pickle.loads(pickle.dumps(layer)).output_shape == (None, 4, 7, 7)
    assert type(pickle.loads(pickle.dumps(ours))) is layers.Conv2DLayer


@pytest.mark.skipif(not OLD, reason="Lasagne has its own")
@pytest.mark.parametrize("name, x, expected", [
    ("elu", [-1., 2.], [np.exp(-1) - 1, 2]),
    ("softplus", [-1., 2.], [np.log1p(np.exp(-1)), np.log1p(np.exp(2))]),
    ("selu", [-1., 2.], [1.0507009873554805 * 1.6732632423543772
                         * (np.exp(-1) - 1), 2 * 1.0507009873554805])])
def test_nonlinearities_that_0_1_lacks(under_install, name, x, expected):
    y = getattr(lasagne.nonlinearities, name)(theano.tensor.constant(x))
    np.testing.assert_allclose(y.eval(), expected)


def test_accuracies(under_install):
    p = theano.tensor.constant([[.1, .7, .2], [.5, .3, .2]])
    labels = theano.tensor.constant([2, 0])
    one_hot = theano.tensor.constant([[0, 0, 1], [1, 0, 0]])
    accuracy = lasagne.objectives.categorical_accuracy
    for targets in labels, one_hot:
        assert list(accuracy(p, targets).eval()) == [0, 1]
        assert list(accuracy(p, targets, top_k=2).eval()) == [1, 1]
    with pytest.raises(TypeError):
        accuracy(p, p.dimshuffle(0, "x", 1, "x"))
    binary = lasagne.objectives.binary_accuracy(p[0], one_hot[0], .15)
    assert list(binary.eval()) == [1, 0, 1]


def test_layers_of_cuda_convnet_compute_what_they_say(under_install):
    from lasagne.layers import cuda_convnet as cc
    x = cases.values((2, 4, 5, 6), 1, theano.config.floatX)
    batch_last = x.transpose(1, 2, 3, 0)
    np.testing.assert_array_equal(
        cases.run(cc.bc01_to_c01b((2, 4, 5, 6)), x), batch_last)
    np.testing.assert_array_equal(
        cases.run(cc.c01b_to_bc01((4, 5, 6, 2)), batch_last), x)
    pool = [cc.MaxPool2DCCLayer(shape, 3, stride=2, dimshuffle=first)
            for shape, first in ((x.shape, True), (batch_last.shape, False))]
    expected = np.array([[[[x[b, c, 2*i:2*i + 3, 2*j:2*j + 3].max()
                            for j in range(3)] for i in range(2)]
                          for c in range(4)] for b in range(2)])
    np.testing.assert_array_equal(cases.run(pool[0], x), expected)
    np.testing.assert_array_equal(cases.run(pool[1], batch_last),
                                  expected.transpose(1, 2, 3, 0))
    assert pool[0].output_shape == expected.shape
    for untie in False, True:
        nin = cc.NINLayer_c01b(batch_last.shape, 3, untie,
                               W=lambda s: cases.values(s, 2),
                               b=lambda s: cases.values(s, 3),
                               nonlinearity=None)
        W, b = nin.W.get_value(), nin.b.get_value()
        bias = b[..., None] if untie else b[:, None, None, None]
        np.testing.assert_allclose(
            cases.run(nin, batch_last),
            np.einsum("uc,chwb->uhwb", W, batch_last) + bias, atol=1e-6)


@pytest.mark.parametrize("options, said", [
    ({"pad": 1}, "does not support padding"),
    ({"ignore_border": True}, "ignore_border"),
    ({"stride": 4}, "stride <= pool_size"),
    ({"stride": (1, 2)}, "same stride"),
    ({"pool_size": (2, 3)}, "only supports square")])
def test_limits_of_cuda_convnet(options, said):
    with pytest.raises(NotImplementedError, match=said):
        layers.MaxPool2DCCLayer((None, 4, 9, 9),
                                **dict({"pool_size": 3}, **options))


def test_the_modules_of_a_gpu_stay(monkeypatch):
    from lasagne_flipconv.scripts import installing
    monkeypatch.setattr(installing, "stock_class",
                        lambda module, name: module == "dnn")
    install()
    try:
        assert "lasagne.layers.dnn" not in sys.modules
        assert "lasagne.layers.corrmm" in sys.modules
    finally:
        uninstall()


#: What Lasagne 0.1 asked for ints, which NumPy's were in Python 2.
INTEGERS = [
    ("ReshapeLayer", ((np.int64(8), np.int32(-1)),), {}, (8, 3)),
    ("ReshapeLayer", (), {"shape": ([np.int64(0)], 6, 2)}, (2, 6, 2)),
    ("DimshuffleLayer", ((np.int64(1), "x", np.int8(0)),), {}, (12, 1, 2)),
    ("DimshuffleLayer", (), {"pattern": (np.int64(1), 0)}, (12, 2))]


@pytest.mark.parametrize("numbers_of", ["0.2.dev1"] + ["0.1"] * OLD)
@pytest.mark.parametrize("name, args, kwargs, shape", INTEGERS)
def test_integers_of_numpy(name, args, kwargs, shape, numbers_of):
    install(numbers_of)
    try:
        layer = getattr(lasagne.layers, name)((2, 12), *args, **kwargs)
        assert layer.output_shape == shape
    finally:
        uninstall()


#: What asks for the class int, of which NumPy's integers were in Python 2.
OF_INTEGERS = {
    "as_tuple": lambda n: lasagne.utils.as_tuple(n, 2, int),
    "as_tuple of a list": lambda n: lasagne.utils.as_tuple([n, 2], 2, int),
    "tile": lambda n: T.tile(T.matrix(), (n, 1)).ndim,
    "padding": lambda n: T.nnet.conv2d(
        T.tensor4(), T.tensor4(), border_mode=(n, n)).owner.op.border_mode,
    "paddings that differ": lambda n: T.nnet.conv2d(
        T.tensor4(), T.tensor4(),
        border_mode=((n, 1), (0, n))).owner.op.border_mode,
    "one padding": lambda n: T.nnet.conv2d(
        T.tensor4(), T.tensor4(), border_mode=n).owner.op.border_mode,
    "a seed": lambda n: MRG_RandomStreams(n).rstate.tolist()}


@pytest.mark.parametrize("name", OF_INTEGERS)
def test_integers_of_numpy_are_integers(under_install, name):
    assert OF_INTEGERS[name](np.int64(3)) == OF_INTEGERS[name](3)


def test_other_types_are_still_refused(under_install):
    for value in (2.5, np.float64(2), "ab", [1, np.float32(2)]):
        with pytest.raises(TypeError):
            lasagne.utils.as_tuple(value, 2, int)
    with pytest.raises(ValueError):
        lasagne.utils.as_tuple([np.int64(1)] * 3, 2, int)


class Pair(lasagne.layers.Layer):
    """A layer whose output is a pair, as some of scripts are."""

    def get_output_shape_for(self, input_shape):
        return input_shape, 8


def test_a_size_that_is_a_tuple(under_install):
    pair = Pair(lasagne.layers.InputLayer((None, 4)))
    below = lasagne.layers.DropoutLayer(pair, name="below")
    assert below.input_shape == ((None, 4), 8) and below.name == "below"
    with pytest.raises(TypeError):
        lasagne.layers.DropoutLayer(("a", 4))


#: Module → what import * of Lasagne 0.2.dev1 brings of it.
STARRED = {
    "lasagne.objectives": "categorical_accuracy binary_accuracy huber_loss "
    "binary_hinge_loss multiclass_hinge_loss squared_error",
    "lasagne.updates": "adamax amsgrad adam norm_constraint",
    "lasagne.nonlinearities": "elu selu softplus ScaledTanH rectify",
    "lasagne.layers.special": "NonlinearityLayer BiasLayer ExpressionLayer "
    "InverseLayer TransformerLayer ParametricRectifierLayer",
    "lasagne.layers": "BatchNormLayer Conv2DLayer get_output"}


@pytest.mark.parametrize("name", STARRED)
def test_import_star(under_install, name):
    found = {}
    exec("from %s import *" % name, found)
    assert set(STARRED[name].split()) <= set(found)
