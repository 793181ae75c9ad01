"""What Lasagne gives: signatures, and numbers of all that computes.

    LASAGNE_SOURCE=../Lasagne python tests/lasagne_record.py

writes ``lasagne-0.2.dev1.json``, to which ``test_lasagne_record.py``
holds Lasagne 0.1 under ``install()``.
"""
import importlib
import inspect
import json
import os
import re
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(os.environ["LASAGNE_SOURCE"]))

import lasagne_flipconv  # noqa: F401  makes the others importable
import lasagne
import numpy as np
import theano
import theano.tensor as T

from cases import values

PATH = Path(__file__).parent / "lasagne-0.2.dev1.json"

#: Modules whose names are compared.
MODULES = """init nonlinearities objectives random regularization updates utils
    layers theano_extensions.conv theano_extensions.padding layers.base
    layers.conv layers.dense layers.embedding layers.helper layers.input
    layers.local layers.merge layers.noise layers.normalization layers.pool
    layers.recurrent layers.shape layers.special""".split()

#: Runs everything in Python, or what slides in C, which Theano does in C.
MODE = theano.Mode("py", "fast_compile")
COMPILED = theano.Mode("cvm", "fast_compile")


def mode_for(name):
    """Return how to run a layer or function of that name."""
    slides = any(word in name for word in ("Conv", "conv", "Pool", "pool",
                                           "Connected", "CustomRec"))
    return COMPILED if slides else MODE



def signatures():
    """Return the arguments of all that can be called, by its full name.

    Returns
    -------
    dict of str to list or None
        Pairs of name and default value as text; None for no callable.
    """
    found = {}
    for home in MODULES:
        module = importlib.import_module("lasagne." + home)
        for name, value in vars(module).items():
            if is_lasagne_s(name, value):
                found["%s.%s" % (home, name)] = arguments(value)
            if inspect.isclass(value) and is_lasagne_s(name, value):
                found.update(methods("%s.%s" % (home, name), value))
    return found


def is_lasagne_s(name, value):
    if name.startswith("__") or inspect.ismodule(value):
        return False
    home = getattr(value, "__module__", "lasagne") or ""
    return home.split(".")[0] in ("lasagne", "lasagne_flipconv")


def methods(prefix, cls):
    found = {"%s.%s" % (prefix, name): arguments(getattr(cls, name))
             for name in dir(cls) if not name.startswith("_")}
    return {name: told and told[1:] for name, told in found.items()}


def arguments(thing):
    """Return pairs of argument and default, None if it cannot be called."""
    if not callable(thing) or isinstance(thing, property):
        return None
    return [[parameter.name, shown(parameter.default)] for parameter
            in inspect.signature(thing).parameters.values()]


def shown(default):
    """Return a default value as a text that no address is in."""
    if default is inspect.Parameter.empty:
        return "-"
    if isinstance(default, (list, tuple)) and len(set(default)) == 1:
        default = default[0]  # stride=(1, 1) and stride=1
    elif isinstance(default, list):
        default = tuple(default)
    if default is False:
        default = 0
    text = getattr(default, "__name__", None) or repr(default)
    text = re.sub(r" at 0x\w+", "", text)
    return re.sub(r"<\S*?(\w+) object>", r"\1", text)


# --- numbers ----------------------------------------------------------------

def summary(array):
    """Return the shape of an array and three numbers that tell it apart."""
    array = np.asarray(array, "float64")
    angles = np.arange(array.size) * .7 + .3
    return [list(array.shape)] + [
        float(np.sum(array.ravel() * np.cos(k * angles))) for k in (1, 2, 3)]


def filled(layer):
    """Give all parameters of a network fixed values; return a description."""
    for number, param in enumerate(lasagne.layers.get_all_params(layer)):
        value = param.get_value()
        param.set_value((values(value.shape, number) * .5).astype(value.dtype))
    return [[param.name, list(param.broadcastable), sorted(
        tag for tag in ("trainable", "regularizable")
        if param in lasagne.layers.get_all_params(layer, **{tag: True}))]
        for param in lasagne.layers.get_all_params(layer)]


def network(name, shapes, options, integers=False):
    """Return what a layer gives for fixed inputs, and its parameters."""
    lasagne.random.set_rng(np.random.RandomState(1))
    inputs = [lasagne.layers.InputLayer(
        shape, T.TensorType("int64" if integers else theano.config.floatX,
                            (False,) * len(shape))()) for shape in shapes]
    below = inputs if name in MERGES else inputs[0]
    for option in ("mask_input", "hid_init", "cell_init"):
        if isinstance(options.get(option), int):
            options[option] = inputs[options[option]]
    if name == "InverseLayer":
        dense = lasagne.layers.DenseLayer(below, 5)
        layer = lasagne.layers.InverseLayer(dense, dense)
    elif name in ("TransformerLayer", "TPSTransformerLayer"):
        layer = getattr(lasagne.layers, name)(*inputs, **options)
    elif name == "CustomRecurrentLayer":
        layer = custom(below, **options)
    else:
        layer = getattr(lasagne.layers, name)(below, **options)
    return outcome(layer, inputs, integers)


def custom(below, convolve=False, **options):
    """Return a recurrent layer over dense or convolutional layers."""
    L, shape = lasagne.layers, below.output_shape[2:]
    into = L.InputLayer((None,) + shape)
    if convolve:
        into = L.Conv2DLayer(into, 4, 3, pad="same", nonlinearity=None)
        onto = L.Conv2DLayer(L.InputLayer((None, 4) + shape[1:]), 4, 3,
                             pad="same", nonlinearity=None)
    else:
        into = L.DenseLayer(into, 4, nonlinearity=None)
        onto = L.DenseLayer(L.InputLayer((None, 4)), 4, nonlinearity=None)
    return L.CustomRecurrentLayer(below, into, onto, **options)


def outcome(layer, inputs, integers):
    described = filled(layer)
    output = lasagne.layers.get_output(layer, deterministic=True)
    given = [(np.arange(int(np.prod(each.shape))).reshape(each.shape) % 3
              if integers else values(each.shape, seed).astype(
                  theano.config.floatX) + (each.shape[1:] == () and .5))
             for seed, each in enumerate(inputs)]
    trained = lasagne.layers.get_all_params(layer, trainable=True)
    weight = values(lasagne.layers.get_output_shape(layer), 7).astype(
        theano.config.floatX)
    gradients = theano.grad((output * weight).sum(), trained,
                            disconnected_inputs="ignore") if trained else []
    found = theano.function([each.input_var for each in inputs],
                            [output] + gradients,
                            mode=mode_for(type(layer).__name__),
                            on_unused_input="ignore")(*given)
    return [described, [summary(each) for each in found]]


MERGES = ("ConcatLayer", "ElemwiseMergeLayer", "ElemwiseSumLayer")
SEQUENCE, MASK, STATE = (2, 5, 3), (2, 5), (2, 4)

#: Layer → the shapes of its inputs, and its arguments; more by a number.
LAYERS = {
    "BatchNormLayer": ((4, 3, 5),), "BiasLayer": ((4, 3, 5),),
    "ConcatLayer": ((2, 3), (2, 4)),
    "Conv1DLayer": ((2, 3, 9), dict(num_filters=4, filter_size=2)),
    "Conv2DLayer": ((2, 3, 9, 8), dict(num_filters=4, filter_size=(2, 3))),
    "Conv3DLayer": ((2, 3, 5, 4, 6), dict(num_filters=4,
                                          filter_size=(2, 1, 3))),
    "DilatedConv2DLayer": ((2, 3, 9, 8), dict(
        num_filters=4, filter_size=(2, 3), dilation=2)),
    "TransposedConv2DLayer": ((2, 3, 5, 4), dict(
        num_filters=4, filter_size=(2, 3), stride=2)),
    "TransposedConv3DLayer": ((2, 3, 3, 4, 2), dict(
        num_filters=4, filter_size=(2, 1, 3), stride=2)),
    "LocallyConnected2DLayer": ((2, 3, 5, 4), dict(
        num_filters=4, filter_size=3, pad="same")),
    "DenseLayer": ((2, 3, 4), dict(num_units=5)),
    "DenseLayer one unit": ((2, 3), dict(num_units=1)),
    "DimshuffleLayer": ((2, 3, 4), dict(pattern=(1, "x", 2, 0))),
    "DropoutLayer": ((2, 3),), "ElemwiseMergeLayer": (
        (2, 3), (2, 3), dict(merge_function=T.maximum)),
    "ElemwiseSumLayer": ((2, 3), (2, 3), dict(coeffs=[2, -1])),
    "EmbeddingLayer": ((2, 5), dict(input_size=3, output_size=4,
                                    integers=True)),
    "ExpressionLayer": ((2, 3), dict(function=T.exp)),
    "FeaturePoolLayer": ((2, 6, 4), dict(pool_size=2)),
    "FeatureWTALayer": ((2, 6, 4), dict(pool_size=2)),
    "FlattenLayer": ((2, 3, 4),), "GaussianNoiseLayer": ((2, 3),),
    "GlobalPoolLayer": ((2, 3, 4, 5),), "InputLayer": None,
    "InverseLayer": ((2, 3),), "Layer": None, "MergeLayer": None,
    "LocalResponseNormalization2DLayer": ((2, 6, 4, 5),),
    "MaxPool1DLayer": ((2, 3, 9), dict(pool_size=2)),
    "MaxPool2DLayer": ((2, 3, 9, 8), dict(pool_size=2)),
    "MaxPool3DLayer": ((2, 3, 4, 5, 6), dict(pool_size=2)),
    "NINLayer": ((2, 3, 4, 5), dict(num_units=6)),
    "NonlinearityLayer": ((2, 3),),
    "PadLayer": ((2, 3, 4), dict(width=2)),
    "ParametricRectifierLayer": ((2, 3, 4),),
    "Pool1DLayer": ((2, 3, 9), dict(pool_size=2, mode="average_inc_pad")),
    "Pool2DLayer": ((2, 3, 9, 8), dict(pool_size=2, mode="sum")),
    "Pool3DLayer": ((2, 3, 4, 5, 6), dict(pool_size=2, mode="sum")),
    "RandomizedRectifierLayer": ((2, 3, 4),),
    "ReshapeLayer": ((2, 3, 4), dict(shape=([1], -1))),
    "ScaleLayer": ((2, 3, 4),), "SliceLayer": ((2, 3, 4), dict(indices=1)),
    "SpatialPyramidPoolingLayer": ((2, 3, 8, 9), dict(
        implementation="kaiming")),
    "StandardizationLayer": ((2, 3, 4),),
    "TPSTransformerLayer": ((2, 3, 6, 5), (2, 18), dict(
        control_points=9, precompute_grid=False)),
    "TransformerLayer": ((2, 3, 6, 5), (2, 6)),
    "Upscale1DLayer": ((2, 3, 4), dict(scale_factor=2)),
    "Upscale2DLayer": ((2, 3, 4, 5), dict(scale_factor=2)),
    "Upscale3DLayer": ((2, 3, 4, 5, 2), dict(scale_factor=2)),
    "CustomRecurrentLayer": (SEQUENCE,),
    "CustomRecurrentLayer 2": ((2, 5, 3, 4, 5), dict(
        convolve=True, only_return_final=True, precompute_input=False)),
    "CustomRecurrentLayer 3": ((2, 5, 3, 4, 5), dict(convolve=True)),
    "Gate": None,
}
for _name in ("RecurrentLayer", "LSTMLayer", "GRULayer"):
    LAYERS[_name] = (SEQUENCE, dict(num_units=4))
    LAYERS[_name + " back"] = (SEQUENCE, dict(
        num_units=4, backwards=True, learn_init=True, grad_clipping=.1))
    LAYERS[_name + " unrolled"] = (SEQUENCE, MASK, dict(
        num_units=4, unroll_scan=True, mask_input=1, backwards=True))
    LAYERS[_name + " step"] = (SEQUENCE, dict(
        num_units=4, precompute_input=False, gradient_steps=2))
    LAYERS[_name + " last"] = (SEQUENCE, MASK, dict(
        num_units=4, only_return_final=True, mask_input=1, name="rnn"))
    LAYERS[_name + " given"] = (SEQUENCE, MASK, STATE, dict(
        num_units=4, mask_input=1, hid_init=2))
    LAYERS[_name + " deep"] = ((2, 5, 3, 2), dict(num_units=1))
LAYERS["LSTMLayer both given"] = (SEQUENCE, STATE, STATE, dict(
    num_units=4, hid_init=1, cell_init=2))
LAYERS["LSTMLayer blind"] = (SEQUENCE, dict(num_units=4, peepholes=False))


def layer_numbers(name):
    """Return what the layer of a row gives."""
    *shapes, options = LAYERS[name] + (
        () if isinstance(LAYERS[name][-1], dict) else ({},))
    options = dict(options)
    return network(name.split()[0], shapes, options,
                   options.pop("integers", False))


P, ROW, LABELS = (3, 4), (3,), (3,)
PROBABLE = .5 + .49 * values(P, 1)
COLUMN = .5 + .49 * values((3, 1), 2)

#: Objective → predictions, targets and further arguments.
OBJECTIVES = {
    "binary_crossentropy": (PROBABLE, .5 + .5 * values(P, 3), {}),
    "binary_crossentropy column": (COLUMN, np.array([1., 0, 1]), {}),
    "categorical_crossentropy": (PROBABLE, np.array([0, 3, 1]), {}),
    "squared_error": (values(P, 1), values(P, 2), {}),
    "squared_error column": (COLUMN, values(ROW, 2), {}),
    "binary_hinge_loss": (values(P, 1), values(P, 2) > 0, dict(
        log_odds=True)),
    "binary_hinge_loss column": (COLUMN, np.array([1., 0, 1]), dict(
        log_odds=False, delta=.5)),
    "binary_hinge_loss signs": (values(P, 1), np.sign(values(P, 2)), dict(
        log_odds=True, binary=False)),
    "multiclass_hinge_loss": (values(P, 1), np.array([0, 3, 1]), {}),
    "multiclass_hinge_loss one-hot": (
        values(P, 1), np.eye(4, dtype="int64")[[0, 3, 1]], dict(delta=.3)),
    "huber_loss": (3 * values(P, 1), values(P, 2), dict(delta=.8)),
    "huber_loss column": (COLUMN, 3 * values(ROW, 2), {}),
    "binary_accuracy": (PROBABLE, np.array(values(P, 2) > 0, "int64"), {}),
    "binary_accuracy column": (COLUMN, np.array([1, 0, 1]), {}),
    "categorical_accuracy": (PROBABLE, np.array([0, 3, 1]), {}),
    "categorical_accuracy two": (PROBABLE, np.array([0, 3, 1]), dict(
        top_k=2)),
}


def cast(x):
    x = np.asarray(x)
    return x.astype(theano.config.floatX) if x.dtype.kind == "f" else x


def objective_numbers(name):
    """Return what the objective of a row gives, and its gradient."""
    predictions, targets, options = OBJECTIVES[name]
    x = theano.shared(cast(predictions),
                      broadcastable=tuple(n == 1 for n in predictions.shape))
    targets = T.as_tensor_variable(cast(targets) if np.asarray(
        targets).dtype != bool else np.asarray(targets, "int8"))
    loss = getattr(lasagne.objectives, name.split()[0])(x, targets, **options)
    found = [loss]
    if "accuracy" not in name:
        found.append(theano.grad(loss.sum(), x))
    return [summary(each) for each in theano.function([], found, mode=MODE)()]


#: Update → its arguments.
UPDATES = {
    "sgd": {"learning_rate": .1}, "momentum": {"learning_rate": .1},
    "nesterov_momentum": {"learning_rate": .1}, "adagrad": {}, "rmsprop": {},
    "adadelta": {}, "adam": {}, "adamax": {}, "amsgrad": {},
    "adam fast": dict(learning_rate=.1, beta1=.5, beta2=.9),
    "amsgrad fast": dict(learning_rate=.1, beta1=.5, beta2=.9),
    "adamax fast": dict(learning_rate=.1, beta1=.5, beta2=.9),
    "rmsprop slow": dict(learning_rate=.1, rho=.5, epsilon=.01),
}


def update_numbers(name):
    """Return the parameters after some steps of the update of a row."""
    params = [theano.shared(cast(values(shape, seed))) for seed, shape
              in enumerate([(3, 4), (4,), (1, 2)])]
    scale = theano.shared(cast(1.))
    loss = scale * sum(T.sum(T.sqr(p) * p + p) for p in params)
    updates = getattr(lasagne.updates, name.split()[0])(
        loss, params, **UPDATES[name])
    step = theano.function([], updates=updates, mode=MODE)
    for factor in (1., .1, 3., -2.):
        scale.set_value(cast(factor))
        step()
    return [summary(p.get_value()) for p in params] + [
        [str(p.dtype) for p in updates]]


#: Nonlinearity → what makes it of `lasagne.nonlinearities`.
NONLINEARITIES = {
    name: (lambda n, name=name: getattr(n, name)) for name in (
        "sigmoid", "softmax", "tanh", "rectify", "leaky_rectify",
        "very_leaky_rectify", "elu", "selu", "softplus", "linear", "identity")}
NONLINEARITIES.update(
    ScaledTanH=lambda n: n.ScaledTanH(.7, 1.7),
    ScaledTanh=lambda n: n.ScaledTanh(scale_out=2),
    SELU=lambda n: n.SELU(2, 3), LeakyRectify=lambda n: n.LeakyRectify(.2))


def nonlinearity_numbers(name):
    f = NONLINEARITIES[name](lasagne.nonlinearities)
    x = theano.shared(cast(3 * values((3, 4), 1)))
    y = f(x)
    return [summary(each) for each in theano.function(
        [], [y, theano.grad(T.sqr(y).sum(), x)], mode=MODE)()]


#: Initializer → how it is made.
INITIALIZERS = {
    "Constant": lambda i: i.Constant(.3), "Normal": lambda i: i.Normal(),
    "Uniform": lambda i: i.Uniform(), "Glorot": lambda i: i.Glorot(i.Normal),
    "GlorotNormal": lambda i: i.GlorotNormal(),
    "GlorotUniform": lambda i: i.GlorotUniform(gain="relu"),
    "He": lambda i: i.He(i.Normal), "HeNormal": lambda i: i.HeNormal(),
    "HeUniform": lambda i: i.HeUniform(), "Orthogonal": lambda i:
    i.Orthogonal(), "Sparse": lambda i: i.Sparse()}


def initializer_numbers(name):
    lasagne.random.set_rng(np.random.RandomState(3))
    found = summary(INITIALIZERS[name](lasagne.init).sample((6, 4)))
    return found[:1] + [abs(x) for x in found[1:]] if name == \
        "Orthogonal" else found


#: Other functions, by module and name.
def other_numbers(name):
    """Return what a function gives."""
    home, function = name.split()[0].rsplit(".", 1)
    function = getattr(importlib.import_module("lasagne." + home), function)
    found = OTHERS[name](function)
    return [summary(each) for each in theano.function(
        [], [T.as_tensor_variable(each) for each in found],
        mode=mode_for(name))()]


def constant(shape, seed=0):
    return T.constant(cast(values(shape, seed)))


def conv1d(**options):
    return lambda f: [f(constant((2, 3, 8), 1), constant((4, 3, 2), 2),
                        (2, 3, 8), (4, 3, 2), **options)]


OTHERS = {
    "utils.compute_norms": lambda f: [f(values((4, 3))), f(
        values((4, 3, 2))), f(values(4)), f(constant((4, 3, 2)), (0,))],
    "utils.one_hot": lambda f: [f(T.constant([1, 0, 3])),
                                f(T.constant([1, 0]), 5)],
    "updates.norm_constraint": lambda f: [f(constant((3, 4)), .3)],
    "updates.total_norm_constraint": lambda f: f(
        [constant((3, 4)), constant((4,), 1)], .3),
    "regularization.l1": lambda f: [f(constant((3, 4)))],
    "regularization.l2": lambda f: [f(constant((3, 4)))],
    "objectives.aggregate": lambda f: [
        f(constant(3)), f(constant(3), constant(3, 1), "normalized_sum")],
    "theano_extensions.padding.pad": lambda f: [
        f(constant((2, 3, 4)), np.int64(2)),
        f(constant((2, 3, 4)), [1, (0, 2)], 7)],
    "layers.special._meshgrid": lambda f: [f(3, 4)],
    "layers.special._linspace": lambda f: [f(-1., 2., 5)],
    "layers.special._transform_affine": lambda f: [f(
        constant((2, 6), 3), constant((2, 3, 5, 4)), (1, .5), "mirror")],
    "layers.special._interpolate": lambda f: [f(
        constant((2, 5, 4, 3)), constant((12,), 1), constant((12,), 2), 2, 3,
        "wrap")],
    "layers.pool.pool_2d_nxn_regions": lambda f: f(constant((2, 3, 7, 5)), 2),
}
for _name in "sc sd md mc0 mc1 unstrided".split():
    _key = "theano_extensions.conv.conv1d_" + _name
    OTHERS[_key] = conv1d(subsample=(2,))
    OTHERS[_key + " unturned"] = conv1d(subsample=(2,), filter_flip=False)
    OTHERS[_key + " unpadded"] = conv1d(border_mode=(0,))
OTHERS["theano_extensions.conv.conv1d_mc0 padded"] = conv1d(border_mode=2)

#: Kind → its rows, and what computes one.
KINDS = {
    "layers": ({name: row for name, row in LAYERS.items() if row},
               layer_numbers),
    "objectives": (OBJECTIVES, objective_numbers),
    "updates": (UPDATES, update_numbers),
    "nonlinearities": (NONLINEARITIES, nonlinearity_numbers),
    "init": (INITIALIZERS, initializer_numbers),
    "others": (OTHERS, other_numbers),
}


def numbers(kind, name, floatX):
    """Return what a row gives, in a type of floats."""
    modes = theano.compile.mode
    before = modes.instantiated_default_mode
    modes.instantiated_default_mode = mode_for(name)  # what Scan compiles in
    try:
        with theano.configparser.change_flags(floatX=floatX):
            return KINDS[kind][1](name)
    finally:
        modes.instantiated_default_mode = before


def main():
    """Write the record."""
    linspace = np.linspace  # 0.2.dev1 passes a float for a number of points
    np.linspace = lambda a, b, n: linspace(a, b, int(n))
    assert lasagne.__version__ == "0.2.dev1", lasagne.__version__
    record = {"signatures": signatures(), "numbers": {
        floatX: {kind: {name: numbers(kind, name, floatX) for name in rows}
                 for kind, (rows, _) in KINDS.items()}
        for floatX in ("float64", "float32")}}
    PATH.write_text(json.dumps(record, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
