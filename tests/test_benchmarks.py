"""The networks that benchmarks compare are the same in every library."""
import sys
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import build_lasagne, build_onnx, contest, networks
from benchmarks.description import (SHAPES, Sketch, labels, output_shape,
                                    parameter_shapes, sample, weights)
from benchmarks.works import WORKS

#: A small variant of each network: its arguments and output shape.
TINY = {
    "vgg16": (dict(size=32, divide=32), (1000,)),
    "vgg_small": (dict(size=8, divide=16), (10,)),
    "resnet32": (dict(size=8, divide=4), (10,)),
    "resnet50": (dict(size=33, divide=16), (1000,)),
    "inception_v3": (dict(size=75, divide=16), (1000,)),
    "c3d": (dict(size=32, frames=16, divide=32), (487,)),
    "volumes": (dict(size=8, divide=8), (10,)),
    "audio": (dict(size=2048, divide=16), (10,)),
    "unet": (dict(size=16, divide=32), (2, 16, 16)),
}


@pytest.fixture(autouse=True)
def float32():
    """Compute in float32, as the benchmarks do."""
    with theano.configparser.change_flags(floatX="float32"):
        yield


def everything():
    """Return a small network with each of the operations."""
    sketch = Sketch("everything", (2, 9, 13))
    x = sketch.conv_relu("input", 4, (2, 3), (1, 2), (1, 0))
    x = sketch.add(
        "concat", x, sketch.conv_norm(x, 3, (3, 5), 1, (1, 2)),
        sketch.pool(x, 3, 1, 1, mode="average"))
    x = sketch.pool(x, (3, 2), 2, (1, 0))
    body = sketch.conv(x, 16, 1, 2, bias=False)
    x = sketch.add("add", body, sketch.add("subsample", x, filters=16))
    x = sketch.add("up", x, filters=3, size=(3, 2))
    halves = sketch.add("dense", x, units=3), sketch.add("global_pool", x)
    sketch.add("add", *halves)
    return sketch.network


def trained():
    """Return a small network to train."""
    sketch = Sketch("trained", (2, 7, 6))
    x = sketch.pool(sketch.conv_norm("input", 4, 3, 2, 1), 2)
    sketch.add("dense", x, units=3)
    return sketch.network


@pytest.fixture(scope="module")
def computed():
    """Return network, weights, input and what Lasagne computes of them."""
    network = everything()
    values, x = weights(network), sample(network, 3)
    with theano.configparser.change_flags(floatX="float32"):
        return (network, values, x,
                build_lasagne.predictor(network, values)(x))


def test_every_network_of_a_work_has_a_small_variant():
    assert {work.network for work in WORKS.values()} == set(TINY)


@pytest.mark.parametrize("name", TINY)
def test_shapes_are_those_of_lasagne(name):
    arguments, expected = TINY[name]
    network = getattr(networks, name)(**arguments)
    last = build_lasagne.build(network, weights(network))
    assert output_shape(network) == expected
    assert last.output_shape == (None,) + expected
    numbers = sum(np.prod(s) for s in parameter_shapes(network).values())
    assert lasagne.layers.count_params(last) == numbers


@pytest.mark.parametrize("name, millions", [
    ("vgg16", 138.36), ("resnet50", 25.56), ("inception_v3", 23.83)])
def test_numbers_of_parameters_are_those_published(name, millions):
    found = parameter_shapes(getattr(networks, name)())
    trained = sum(np.prod(shape) for key, shape in found.items()
                  if not key.endswith((".mean", ".var")))
    assert round(trained / 1e6, 2) == millions


def test_all_operations_agree_with_onnx(computed):
    reference = pytest.importorskip("onnx.reference")
    network, values, x, got = computed
    assert {node.op for node in network.nodes} == set(SHAPES)
    model = reference.ReferenceEvaluator(build_onnx.model(network, values))
    expected, = model.run(None, {"input": x})
    assert contest.difference(got, expected) < 1e-5


@pytest.mark.parametrize("last", [False, True])
def test_all_operations_agree_with_torch(last, computed):
    pytest.importorskip("torch")
    from benchmarks import build_torch
    network, values, x, got = computed
    predict = build_torch.predictor(network, values, channels_last=last)
    assert contest.difference(predict(x), got) < 1e-5


def test_training_steps_agree_with_torch():
    pytest.importorskip("torch")
    from benchmarks import build_torch
    network = trained()
    values, x, y = (weights(network), sample(network, 6),
                    labels(network, 6))
    ours, theirs = (builder.trainer(network, values, rate=0.1)
                    for builder in (build_lasagne, build_torch))
    got, expected = ([float(step(x, y)) for _ in range(4)]
                     for step in (ours, theirs))
    assert got[3] < got[0]
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_wrong_results_are_not_timed(tmp_path):
    class Fake:
        def __init__(self, name, values):
            self.path = str(tmp_path / name)
            np.save(self.path, np.float32(values))

        def ask(self, what):
            return {"path": self.path + ".npy"}

    right, near = Fake("a", [1, -2]), Fake("b", [1, -2.0001])
    assert contest.agreement({"a": right, "b": near})["b"] < 1e-4
    with pytest.raises(contest.Failed, match="'c': 0.5"):
        contest.agreement({"a": right, "c": Fake("c", [1, -1])})
