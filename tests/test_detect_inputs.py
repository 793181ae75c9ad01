"""What `detect` takes: inputs and networks of all kinds, well prepared or not.

`make measure-detect` asks about many more networks and preparations.
"""
import re

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (DenseLayer, ElemwiseSumLayer, InputLayer,
                            MaxPool2DLayer, ReshapeLayer,
                            get_all_param_values, get_output)
from lasagne.nonlinearities import sigmoid, softmax
from lasagne_flipconv import detect, load, save
from lasagne_flipconv.cli import digits
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.weights.orientation.evidence import Runs, weighed
from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer, batch_norm
from lasagne_flipconv.weights.orientation.measuring import (ENTROPY,
                                                            RECONSTRUCTION,
                                                            Run, measurer,
                                                            read_inputs)

import files

RANDOM = np.random.RandomState(0)


@pytest.fixture(scope="module")
def images():
    return digits.read_images(files.FLOAT)[0]


#: Name → a function of images 0…1.
BAD = {
    "less the mean of each": lambda x: x - x.mean(0),
    "less the mean": lambda x: x - x.mean(),
    "standardised": lambda x: (x - x.mean()) / x.std(),
    "-1..1": lambda x: 2 * x - 1,
    "0..255": lambda x: 255 * x,
    "by 255": lambda x: x / 255,
    "negative": lambda x: 1 - x,
    "moved": lambda x: np.pad(x, ((0, 0), (0, 0), (2, 0), (2, 0)))[
        ..., :8, :8],
    "noise": lambda x: x + RANDOM.normal(0, 1, x.shape),
    "noise alone": lambda x: RANDOM.rand(*x.shape),
    "transposed": lambda x: x.swapaxes(2, 3),
    "mirrored": lambda x: x[..., ::-1],
    "turned": lambda x: x[..., ::-1, ::-1],
    "one input": lambda x: x[:1] + 0 * x,
    "blank": lambda x: 0 * x,
}


@pytest.mark.parametrize("name", BAD)
def test_no_wrong_answer_on_inputs_that_are_badly_prepared(images, name):
    net = digits.build(Conv2DDNNLayer)
    for start in range(0, 400, 100):
        x = BAD[name](images[start:start + 100])
        evidence = detect(net, digits.WEIGHTS, x)
        assert evidence.answer != "correlation", evidence


@pytest.mark.parametrize("size", [32, 64, 200])
def test_inputs_that_are_well_prepared_are_mostly_answered(images, size):
    net = digits.build(Conv2DDNNLayer)
    answers = [detect(net, digits.WEIGHTS, images[i:i + size]).answer
               for i in range(0, 250, 50)]
    assert "correlation" not in answers
    assert answers.count("convolution") >= (3 if size == 32 else 5)


def run(score, norm=None, output=ENTROPY, count=64):
    """Return a run whose inputs have nearly one score."""
    return Run({} if norm is None else {"a": np.exp(norm)}, output,
               score + np.linspace(-.05, .05, count), None)


def runs(right=.1, reverse=.5, mirrored=.5, shuffled=.9, norms=None, **more):
    """Return runs, by their scores, that say convolution."""
    norms = norms or [None] * 3
    return Runs(run(right, norms[0], **more), run(reverse, norms[1], **more),
                [run(mirrored, norms[1], **more)],
                [run(shuffled + i / 100, norms[2], **more)
                 for i in range(8)])


def test_what_is_clear_is_answered():
    assert weighed(runs()).answer == "convolution"
    assert weighed(runs(.5, .1)).answer == "correlation"
    assert weighed(runs(norms=(-5, -5, -1))).answer == "convolution"
    by_layers = weighed(runs(norms=(-5, -3, -1), output=None))
    assert (by_layers.answer, by_layers.statistic) == (
        "convolution", "divergence")
    assert weighed(runs(-3, 0, 0, 0, output=RECONSTRUCTION)).answer == (
        "convolution")


@pytest.mark.parametrize("text, case", [
    ("neither way does well", runs(.6, .9)),
    ("about equally well", runs(.1, .18)),
    ("shuffled kernels do well", runs(.1, .5, shuffled=.6)),
    ("mirrored or transposed", runs(.4, .6, mirrored=.2)),
    ("fewer than 16", runs(count=12)),
    ("neither way fits", runs(norms=(-1, -1, -1.5))),
    ("say the opposite", runs(norms=(-4, -6, -1))),
    ("about equally well", runs(-3, -2.5, 0, 0, output=RECONSTRUCTION)),
    ("neither way does well", runs(-1, 1, 1, 1, output=RECONSTRUCTION)),
    ("not a number", runs(output="not finite")),
    ("not a number or infinite", runs(output="not finite", norms=(
        np.nan, np.nan, np.nan))),
], ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_not_clear_is_not_answered(text, case):
    evidence = weighed(case)
    assert evidence.answer == "undecided" and text in evidence.reason


def two_inputs():
    """Return the digits network on the sum of two inputs."""
    both = [InputLayer((None, 1, 8, 8), name=name) for name in "ab"]
    net = Conv2DLayer(ElemwiseSumLayer(both), 16, 3)
    net = MaxPool2DLayer(Conv2DLayer(net, 32, 3), 2)
    return both, DenseLayer(net, 10, nonlinearity=softmax)


def test_several_inputs(images):
    both, net = two_inputs()
    x = [images[:64] * .25, images[:64] * .75]
    for inputs in (x, tuple(x), dict(zip("ab", x)), dict(zip(both, x))):
        assert detect(net, digits.WEIGHTS, inputs).answer == "convolution"
    record = load(digits.WEIGHTS, net, orientation="detect", inputs=x)
    assert not record.turned


@pytest.mark.parametrize("inputs, text", [
    (lambda x: x, "inputs is one ndarray; expected one array for each of the "
     "2 input layers"),
    (lambda x: [x], "a list of 1"),
    (lambda x: {"a": x}, "a dict with the keys a;"),
    (lambda x: [x, x[:3]], "have 64 and 3 rows"),
    (lambda x: [x, x[:, 0]], "shape (64, 8, 8); expected (None, 1, 8, 8), "
     "as b takes"),
    (lambda x: [x, x[..., :7]], "as b takes"),
    (lambda x: [x, "abc"], "the inputs are one str; expected an array of "
     "numbers"),
    (lambda x: [x, 3], "shape (); expected (None, 1, 8, 8)"),
    (lambda x: [x, object()], "are one object; expected an array of numbers"),
    (lambda x: [x, [[1], [2, 3]]], "one list; expected an array of numbers"),
    (lambda x: [x, ["a"] * 64], "are <U1; expected an array of numbers"),
    (lambda x: [x, x.astype(object)], "are object; expected"),
    (lambda x: [x, x * 1j], "are complex64; expected"
     if theano.config.floatX == "float32" else "are complex128; expected"),
    (lambda x: "abc", "inputs is one str"),
    (lambda x: 3, "inputs is one int"), (lambda x: None, "one NoneType"),
])
def test_inputs_that_do_not_fit_are_refused(images, inputs, text):
    net = two_inputs()[1]
    before = files.values_of(net)
    with pytest.raises(ConventionError, match=re.escape(text)):
        detect(net, digits.WEIGHTS, inputs(images[:64]))
    assert files.unchanged(net, before)


def test_a_network_without_an_input_layer_is_refused(images, tmp_path):
    net = DenseLayer(Conv2DLayer((None, 1, 8, 8), 4, 3, name="one"), 3)
    save(tmp_path / "net.npz", net)
    for inputs in (images[:64], None):
        with pytest.raises(ConventionError, match="detect: one is built on a "
                           "shape.*expected an input layer"):
            detect(net, tmp_path / "net.npz", inputs)


def test_fractions_for_an_input_of_integers_are_refused():
    source = InputLayer((None, 4), input_var=T.imatrix("i"))
    with pytest.raises(ConventionError, match="are float64; expected int32"):
        read_inputs(source, np.ones((3, 4)))
    assert read_inputs(source, np.ones((3, 4), int))[0].dtype == "int32"


@pytest.mark.parametrize("batch", [1, 10, 64, 100])
def test_a_batch_of_fixed_size(images, batch):
    net = InputLayer((batch, 1, 8, 8))
    net = MaxPool2DLayer(Conv2DDNNLayer(Conv2DDNNLayer(net, 16, 3), 32, 3), 2)
    net = DenseLayer(net, 10, nonlinearity=softmax)
    evidence = detect(net, digits.WEIGHTS, images[:64])
    assert evidence.answer == "convolution"


def test_batches_of_two_sizes_are_refused():
    both = [InputLayer((size, 3)) for size in (2, 4)]
    with pytest.raises(ConventionError, match="batches of 2 and 4"):
        read_inputs(ElemwiseSumLayer([both[0], both[0]] + both[1:]),
                    [np.ones((4, 3))] * 2)


def test_a_list_of_outputs(images):
    net = digits.build(Conv2DDNNLayer)
    outputs = [net.input_layer, net]
    assert detect(outputs, digits.WEIGHTS, images[:64]).answer == (
        "convolution")


@pytest.mark.parametrize("conv", [Conv2DLayer, Conv2DDNNLayer])
def test_an_autoencoder(images, tmp_path, conv):
    """Its dense layer is what gives the input back with the least error."""
    body = Conv2DLayer(InputLayer((None, 1, 8, 8)), 8, 3, stride=2)
    net = DenseLayer(body, 64, nonlinearity=None)
    hidden = get_output(body).eval({
        body.input_layer.input_var: images}).reshape(len(images), -1)
    W, b = get_all_param_values(net)[:2], np.zeros(64, files.FLOAT)
    best = np.linalg.lstsq(hidden, images.reshape(-1, 64), 1e-3)[0]
    np.savez(tmp_path / "net.npz", *W, best.astype(files.FLOAT), b)
    body = conv(InputLayer((None, 1, 8, 8)), 8, 3, stride=2)
    net = ReshapeLayer(DenseLayer(body, 64, nonlinearity=None),
                       ([0], 1, 8, 8))
    evidence = detect(net, tmp_path / "net.npz", images[:64])
    assert (evidence.answer, evidence.statistic) == (
        "convolution", "reconstruction")


def test_sigmoids(images, tmp_path):
    """One for each digit: the logits, less the second largest or so."""
    net = digits.build(Conv2DLayer)
    load(digits.WEIGHTS, net, orientation="convolution")
    logits = get_output(DenseLayer(
        net.input_layer, 10, W=net.W, b=net.b, nonlinearity=None))
    source = net.input_layer.input_layer.input_layer.input_layer.input_var
    second = np.sort(logits.eval({source: images}), 1)[:, -2].mean()
    values = get_all_param_values(net)
    values[-1] = (values[-1] - second).astype(files.FLOAT)
    net = DenseLayer(digits.build(Conv2DDNNLayer).input_layer, 10,
                     nonlinearity=sigmoid)
    np.savez(tmp_path / "net.npz", *values)
    evidence = detect(net, tmp_path / "net.npz", images[:200])
    assert (evidence.answer, evidence.statistic) == ("convolution", "entropy")


def test_a_class_for_each_position(images, tmp_path):
    """A softmax over channels, as in segmentation."""
    def over_channels(x):
        return T.exp(x) / T.exp(x).sum(1, keepdims=True)

    net = Conv2DLayer(InputLayer((None, 1, 8, 8)), 4, 3, pad="same",
                      nonlinearity=over_channels)
    save(tmp_path / "net.npz", net)
    assert detect(net, tmp_path / "net.npz", images[:32]).statistic == (
        "entropy")


def test_layers_of_one_name_are_measured_each():
    net = InputLayer((None, 1, 8, 8))
    for _ in range(2):
        net = batch_norm(Conv2DLayer(net, 2, 3, name="conv"), name="norm")
    found = measurer(net)([np.ones((20, 1, 8, 8), theano.config.floatX)])
    assert len(found.divergences) == 2
