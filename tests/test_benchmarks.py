"""The networks that benchmarks compare are the same in every library."""
import importlib
import json
import os
import platform
import sys
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import (build_lasagne, build_onnx, contest, isa, networks,
                        plot, report, run)
from benchmarks.description import (SHAPES, Sketch, labels, output_shape,
                                    parameter_shapes, sample, weights)
from benchmarks.works import IMPLEMENTATIONS, WORKS, chosen, jobs

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


def test_frozen_kernels_change_nothing(computed):
    network, values, x, got = computed
    predict = build_lasagne.predictor(network, values, frozen=True)
    for _ in range(2):
        assert contest.difference(predict(x), got) < 1e-6


#: Libraries with a builder of their own, and what their builders are told.
FOREIGN = {
    "torch": {}, "torch-last": {"channels_last": True},
    "torch-compile": {"channels_last": True, "compiled": True}, "jax": {},
}


def foreign(name):
    """Return the builder of a library, or skip the test."""
    pytest.importorskip(name.partition("-")[0])
    return importlib.import_module("benchmarks."
                                   + IMPLEMENTATIONS[name].module)


@pytest.fixture
def inductor(tmp_path, monkeypatch):
    """Let PyTorch compile into a folder that goes away."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize("name", FOREIGN)
def test_all_operations_agree_with_others(name, computed, inductor):
    builder = foreign(name)
    network, values, x, got = computed
    predict = builder.predictor(network, values, **FOREIGN[name])
    assert contest.difference(predict(x), got) < 1e-5


@pytest.mark.parametrize("name", FOREIGN)
def test_training_steps_agree_with_others(name, inductor):
    builder = foreign(name)
    network = trained()
    values, x, y = (weights(network), sample(network, 6),
                    labels(network, 6))
    steps = (build_lasagne.trainer(network, values, rate=0.1),
             builder.trainer(network, values, rate=0.1, **FOREIGN[name]))
    got, expected = ([float(step(x, y)) for _ in range(4)]
                     for step in steps)
    assert got[3] < got[0]
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_the_small_variants_agree_with_jax():
    """Those whose kernels have one and three axes, too."""
    jax, torch = foreign("jax"), foreign("torch")
    for name in ("audio", "c3d", "unet"):
        network = getattr(networks, name)(**TINY[name][0])
        values, x = weights(network), sample(network, 2)
        results = [builder.predictor(network, values)(x)
                   for builder in (jax, torch)]
        assert contest.difference(*results) < 1e-5


def test_bfloat16_is_near():
    """So near that it is the same network, and not the same numbers."""
    torch = foreign("torch")
    network = networks.resnet32(**TINY["resnet32"][0])
    values, x = weights(network), sample(network, 4)
    exact, short = (torch.predictor(network, values, channels_last=True,
                                    bfloat16=bfloat16)(x)
                    for bfloat16 in (False, True))
    assert short.dtype == "float32"
    assert 1e-4 < contest.difference(short, exact) < 0.1


def test_wrong_results_are_not_timed(tmp_path):
    class Fake:
        def __init__(self, name, values):
            self.path = str(tmp_path / name)
            np.save(self.path, np.float32(values))

        def ask(self, what):
            return {"path": self.path + ".npy"}

    right, near = Fake("a", [1, -2]), Fake("b", [1, -2.0001])
    loose, tolerances = Fake("c", [1, -1]), dict.fromkeys("abc", 1e-4)
    assert contest.agreement({"a": right, "b": near}, tolerances)["b"] < 1e-4
    with pytest.raises(contest.Failed, match="'c': 0.5.*'c': 0.0001"):
        contest.agreement({"a": right, "c": loose}, tolerances)
    found = contest.agreement({"a": right, "c": loose},
                              dict(tolerances, c=1.))
    assert found == {"a": 0, "c": 0.5}


# --- what is chosen, and how it is limited -----------------------------------

def test_bfloat16_is_measured_only_if_it_is_named():
    short = {name for name in IMPLEMENTATIONS if name.endswith("-bf16")}
    assert len(short) == 4 and not short.intersection(chosen())
    assert chosen(["ours-bf16", "stock"]) == ["stock", "ours-bf16"]
    assert not short.intersection(jobs(short, "resnet32", "train"))


def test_every_implementation_has_a_colour():
    assert set(plot._COLORS) == set(IMPLEMENTATIONS)


def test_an_older_processor_is_a_matter_of_variables():
    given = {"XLA_FLAGS": "--a=1", "THEANO_FLAGS": "floatX=float32"}
    found = isa.environment("avx2", given)
    assert found["XLA_FLAGS"] == "--a=1 --xla_cpu_max_isa=AVX2"
    assert found["THEANO_FLAGS"].startswith("floatX=float32,gcc.cxxflags=-m")
    assert isa.environment(None, given) == {}
    titles = {"onnxruntime": "ONNX Runtime", "ours": "lasagne_flipconv"}
    assert isa.told("avx2", titles) == "AVX2; ONNX Runtime: not at all"
    assert isa.told(None, titles) is None


def test_torch_compiles_anew_for_each_job(tmp_path):
    job = jobs(["torch-compile"], "audio", threads=1)["torch-compile"]
    found = contest.environment(job, str(tmp_path))
    assert found["TORCHINDUCTOR_CACHE_DIR"].startswith(str(tmp_path))
    assert found["OMP_NUM_THREADS"] == found["PJRT_NPROC"] == "1"


# --- what is written down ----------------------------------------------------

def measured(*parts, **extra):
    """Return made-up results: ours is twice as fast as the others."""
    row = {"seconds": {"stock": [2., 2.], "torch": [2.2, 2.2],
                       "torch-compile": [2., 2.], "ours": [1., 1.]},
           "ready": {"stock": 12., "torch-compile": 34., "ours": 5.},
           "difference": {"stock": 0., "ours": 1e-6, "ours-bf16": 0.03},
           "failures": {}, **extra}
    scaled = {"network": "vgg16", "images": 4}
    half = dict(row, seconds={name: [s / 2 for s in seconds]
                              for name, seconds in row["seconds"].items()})
    rows = {"vgg16 1": dict(row, at=1, **scaled),
            "vgg16 2": dict(half, at=2, **scaled)}
    return {"machine": [], "threads": 2, "repeats": 2,
            "parts": {part: {"vgg16-b1": row} if part == "works" else rows
                      for part in parts}}


def test_the_report_tells_ratios_and_when_all_were_ready():
    text = report.markdown(measured("works"))
    assert ("| ours / | Lasagne/Theano | fastest PyTorch | torch.compile |"
            in text)
    assert "| vgg16-b1 | 0.50 | 0.45 | 0.50 |" in text
    assert "| vgg16-b1 | 12.0 | 5.0 | – | 34.0 |" in text


def test_the_difference_of_bfloat16_stands_alone():
    found = measured("works")
    found["parts"]["works"]["vgg16-b1"]["seconds"].update(
        {"ours-bf16": [0.5, 0.5], "torch-bf16": [1., 1.]})
    text = report.markdown(found)
    assert "| vgg16-b1 | 1.0e-06 | 3.0e-02 | – |" in text
    assert ("| ours in bfloat16 / | lasagne_flipconv float32 | PyTorch |"
            in text)
    assert "| vgg16-b1 | 0.50 | 0.50 |" in text


def test_the_report_tells_the_time_of_an_image():
    assert "| vgg16 2 | 250 / 250 ± 0 %" in report.markdown(
        measured("batches"))


def test_the_report_tells_what_threads_gain():
    text = report.markdown(measured("threads"))
    assert "| vgg16, 2 threads | 2.00 | 2.00 | 2.00 | 2.00 |" in text


def test_all_parts_are_one_picture(tmp_path):
    pytest.importorskip("matplotlib")
    found = measured("works", "batches", "threads", "sizes")
    assert [part for part, _ in plot._panels(found)] == list(found["parts"])
    assert plot.plot(found, tmp_path / "picture.png")
    assert not plot.plot(measured(), tmp_path / "none.png")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"),
                    reason="its instructions are those of other processors")
def test_a_part_is_measured_from_end_to_end(tmp_path, monkeypatch):
    """One network, one round, as on an older processor."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert run.main(["--parts", "works", "--works", "audio-b1", "--isa",
                     "avx2", "--implementations", "stock", "--repeats", "1",
                     "--threads", "1", "--output", str(tmp_path / "a")]) == 0
    found = json.loads((tmp_path / "a.json").read_text())
    row = found["parts"]["works"]["audio-b1"]
    assert row["ready"]["stock"] > row["seconds"]["stock"][0] > 0
    assert "| instructions limited to | AVX2 |" in (
        tmp_path / "a.md").read_text()
