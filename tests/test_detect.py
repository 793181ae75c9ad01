"""Which way round a file is: the right answer, or none, never a guess."""
import re
import sys
from pathlib import Path

import lasagne
import numpy as np
import pytest
from lasagne.layers import (DenseLayer, GlobalPoolLayer, InputLayer,
                            get_all_param_values)
from lasagne.nonlinearities import softmax
from lasagne_flipconv import detect, inspect_file, load, read, save
from lasagne_flipconv.cli import digits
from lasagne_flipconv.weights.converting import convert_file
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer, batch_norm

import cases
import files

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
import cifar10_resnet  # noqa: E402

RESNET = cifar10_resnet.DATA / cifar10_resnet.WEIGHTS[0]
needs_resnet = pytest.mark.skipif(not RESNET.exists(),
                                  reason="needs the ResNet-32 of the Recipes")


def turned(path, folder):
    """Return a plain file of the same values, every kernel reversed."""
    made = folder / "turned.npz"
    convert_file(path, made, "correlation", "convolution")
    with read(made) as checkpoint:
        values = [entry.read() for entry in checkpoint.entries]
    np.savez(made, *values)
    return made


@pytest.fixture(scope="module")
def resnet():
    images, _, mean = cifar10_resnet.sample()
    x = images[:32] / np.float32(255) - mean
    return cifar10_resnet.build(Conv2DDNNLayer), x.astype(files.FLOAT)


@needs_resnet
def test_the_published_resnet_is_correlation(resnet):
    evidence = detect(resnet[0], RESNET, resnet[1])
    assert evidence.answer == "correlation" and evidence.margin > 8
    assert evidence.statistic == "divergence" and len(evidence.layers) == 31
    assert sum(layer.correlation < layer.convolution
               for layer in evidence.layers) > 20


@needs_resnet
def test_the_published_resnet_turned_is_convolution(resnet, tmp_path):
    evidence = detect(resnet[0], turned(RESNET, tmp_path), resnet[1])
    assert evidence.answer == "convolution" and evidence.margin > 8


@needs_resnet
def test_a_resnet_of_random_weights_is_undecided(resnet, tmp_path):
    lasagne.random.set_rng(np.random.RandomState(0))
    save(tmp_path / "random.npz", cifar10_resnet.build(Conv2DDNNLayer))
    evidence = detect(resnet[0], tmp_path / "random.npz", resnet[1])
    assert evidence.answer == "undecided"


@pytest.fixture(scope="module")
def images():
    return digits.read_images(files.FLOAT)[0]


@pytest.mark.parametrize("conv", [Conv2DLayer, Conv2DDNNLayer])
def test_a_network_without_batch_normalisation(images, tmp_path, conv):
    net = digits.build(conv)
    before = files.values_of(net)
    evidence = detect(net, digits.WEIGHTS, images[:32])
    assert (evidence.answer, evidence.statistic) == ("convolution", "entropy")
    assert evidence.confidence[0] < evidence.confidence[1]
    other = turned(digits.WEIGHTS, tmp_path)
    assert detect(net, other, images[:32]).answer == "correlation"
    assert files.unchanged(net, before)


def test_detect_in_load(images, tmp_path):
    net = digits.build(Conv2DDNNLayer)
    record = load(digits.WEIGHTS, net, orientation="detect",
                  inputs=images[:32])
    assert record.turned == ("conv1.W", "conv2.W")
    with pytest.raises(ConventionError, match="Pass inputs="):
        load(digits.WEIGHTS, net, orientation="detect")


def test_load_refuses_when_undecided(images, tmp_path):
    net = digits.build(Conv2DLayer)
    np.savez(tmp_path / "random.npz", *get_all_param_values(
        digits.build(Conv2DLayer)))
    before = files.values_of(net)
    with pytest.raises(ConventionError, match="does not tell whether"):
        load(tmp_path / "random.npz", net, orientation="detect",
             inputs=images[:32])
    assert files.unchanged(net, before)


def test_nothing_is_run_where_the_file_says_it(tmp_path, monkeypatch):
    save(tmp_path / "saved.npz", files.network())
    monkeypatch.setattr(
        "lasagne_flipconv.weights.orientation.detecting._runs", None)
    record = load(tmp_path / "saved.npz", files.network(Conv2DDNNLayer),
                  orientation="detect")
    assert record.turned == ("conv1.W", "conv2.W")


def test_the_record_in_a_file_is_left_aside(images, tmp_path):
    wrong = tmp_path / "wrong.npz"
    convert_file(digits.WEIGHTS, wrong, "correlation")
    assert inspect_file(wrong).arrays[0].orientation == "correlation"
    evidence = detect(digits.build(Conv2DLayer), wrong, images[:32])
    assert evidence.answer == "convolution"


def normed():
    net = InputLayer((None, 1, 8, 8))
    for filters in (8, 16, 16):
        net = batch_norm(Conv2DLayer(net, filters, 3, pad="same"))
    return DenseLayer(GlobalPoolLayer(net), 10, nonlinearity=softmax)


def confident():
    """Return a network that is sure of whatever it says."""
    net = InputLayer((None, 1, 8, 8))
    for size in (5, 3):
        net = Conv2DLayer(net, 24, size, pad="same",
                          W=lasagne.init.HeNormal("relu"))
    return DenseLayer(net, 10, nonlinearity=softmax,
                      W=lasagne.init.Normal(.3))


@pytest.mark.parametrize("build", [
    normed, confident, lambda: digits.build(Conv2DLayer)],
    ids=["normed", "confident", "plain"])
def test_no_answer_on_random_weights(images, tmp_path, build):
    for seed in range(6):
        lasagne.random.set_rng(np.random.RandomState(seed))
        net = build()
        save(tmp_path / "random.npz", net)
        x = images[seed::40] if seed % 2 else np.random.RandomState(
            seed).rand(32, 1, 8, 8).astype(files.FLOAT)
        evidence = detect(net, tmp_path / "random.npz", x)
        assert evidence.answer == "undecided", (seed, evidence)


def test_no_answer_on_random_inputs(images):
    net = digits.build(Conv2DLayer)
    for seed in range(3):
        x = np.random.RandomState(seed).rand(32, 1, 8, 8)
        evidence = detect(net, digits.WEIGHTS, x)
        assert evidence.answer != "correlation"


def test_no_evidence_is_undecided(tmp_path):
    net = Conv2DLayer(InputLayer((None, 3, 9, 8)), 4, 3)
    save(tmp_path / "net.npz", net)
    evidence = detect(net, tmp_path / "net.npz", cases.values((2, 3, 9, 8)))
    assert evidence.answer == "undecided" and evidence.statistic is None
    assert "such as a softmax at the end" in evidence.reason


def test_what_does_not_matter_is_refused(tmp_path):
    first = Conv2DLayer(InputLayer((None, 3, 9, 8)), 4, 1)
    save(tmp_path / "net.npz", first)
    with pytest.raises(ConventionError, match="does not matter"):
        detect(first, tmp_path / "net.npz", cases.values((2, 3, 9, 8)))


def test_a_file_that_is_not_a_number(images, tmp_path):
    net = digits.build(Conv2DLayer)
    np.savez(tmp_path / "nan.npz", *[value * np.nan for value
                                     in get_all_param_values(net)])
    evidence = detect(net, tmp_path / "nan.npz", images[:32])
    assert evidence.answer == "undecided"
    assert "not a number" in evidence.reason


def test_evidence_is_short_and_prints_as_a_table(images):
    evidence = detect(digits.build(Conv2DLayer), digits.WEIGHTS, images[:64])
    assert re.fullmatch(r"<Evidence: convolution, by entropy, margin \d+\.\d>",
                        repr(evidence))
    lines = str(evidence).splitlines()
    assert lines[0] == "convolution" and len(lines) == 4
    assert lines[1].split() == ["convolution", "correlation"]
    assert lines[2].split()[0] == "entropy"
    few = detect(digits.build(Conv2DLayer), digits.WEIGHTS, images[:8])
    assert str(few).startswith("undecided: the inputs are fewer than 16")
