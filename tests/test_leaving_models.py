"""Published networks leave, and are right at what they were trained for."""
import importlib.util
import subprocess
import sys
from pathlib import Path

import lasagne_flipconv
import numpy as np
import pytest
import theano
from lasagne.layers import DenseLayer, InputLayer, get_output
from lasagne_flipconv import digits, layers, load
from lasagne_flipconv.leaving.exporting import export, to_torch

import files
import leaving_runs

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch")

DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (DATA / "cifar_model_n5.npz").exists(), reason="without the data")


@pytest.fixture(autouse=True)
def float32():
    theano.config.floatX = "float32"


def run_alone(folder):
    """Run model.py in a process that has torch and safetensors alone."""
    program = ("import runpy, sys\n"
               "for name in ('numpy', 'theano', 'lasagne',\n"
               "             'lasagne_flipconv'):\n"
               "    sys.modules[name] = None\n"
               "runpy.run_path('model.py', run_name='__main__')\n")
    return subprocess.run([sys.executable, "-c", program], cwd=str(folder),
                          check=True, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout


def in_torch(folder, images):
    """Return what model.py computes."""
    spec = importlib.util.spec_from_file_location("model",
                                                  str(folder / "model.py"))
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    network = model.load(str(folder / "model.safetensors"))
    return leaving_runs.run_torch(network, [images])


def outputs_of(net, images, folder):
    """Return what a network computes in each of the three exports."""
    yield "torch", leaving_runs.run_torch(to_torch(net), [images])
    export(net, folder / "net.onnx")
    yield "onnx", leaving_runs.run_onnx(folder / "net.onnx", [images])
    export(net, folder / "source")
    if files.has("safetensors"):
        yield "source", in_torch(folder / "source", images)
        assert float(run_alone(folder / "source").split()[-1]) < 1e-5


def test_digits(tmp_path):
    for conv in (layers.Conv2DLayer, layers.Conv2DDNNLayer):
        net = digits.build(conv)
        load(digits.WEIGHTS, net, orientation="convolution")
        images, labels = digits.read_images("float32")
        expected = leaving_runs.run_theano(net, [images])
        folder = tmp_path / conv.__name__
        folder.mkdir()
        for _, got in outputs_of(net, images, folder):
            np.testing.assert_allclose(got, expected, atol=1e-5)
            assert round(100 * np.mean(got.argmax(1) == labels), 1) == 92.9


def test_the_names_of_layers_are_kept(tmp_path):
    net = digits.build(layers.Conv2DLayer)
    assert list(to_torch(net).state_dict()) == [
        "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
        "digit.weight", "digit.bias"]
    export(net, tmp_path / "net.onnx")
    graph = onnx.load(str(tmp_path / "net.onnx")).graph
    assert [node.name for node in graph.node][::2][:2] == ["conv1", "conv2"]
    assert "digit.W" in [tensor.name for tensor in graph.initializer]


@needs_data
@pytest.mark.parametrize("conv", [layers.Conv2DLayer, layers.Conv2DMMLayer])
def test_the_published_resnet_has_its_error(conv, tmp_path):
    import cifar10_resnet
    net = cifar10_resnet.build(conv)
    load(DATA / "cifar_model_n5.npz", net, orientation="correlation")
    with np.load(DATA / "cifar10_sample.npz") as sample:
        images = (sample["x"] / 255. - sample["pixel_mean"]).astype("float32")
        labels = sample["y"]
    for _, got in outputs_of(net, images, tmp_path):
        assert "%.2f" % (100 * np.mean(got.argmax(1) != labels)) == "7.19"


@pytest.mark.skipif(not files.has("mtcnn"), reason="without its weights")
def test_the_networks_that_find_faces(tmp_path):
    import faces
    with lasagne_flipconv.read(str(faces.weights_file())) as checkpoint:
        arrays = checkpoint.values()
    for name, outputs in faces.build().items():
        faces.put_weights(outputs, [
            value for key, value in arrays.items()
            if key.startswith(name + ".")], "correlation")
        record = export(outputs, tmp_path / (name + ".onnx"))
        assert record.difference < 1e-5 * record.largest
        assert not record.by_graph
        record = export(outputs, tmp_path / name)
        assert record.difference < 1e-5 * record.largest
        assert "def forward" in (tmp_path / name / "model.py").read_text()


def block(net, filters):
    """Add two convolutions with a gate, which no library has a layer for."""
    gate = layers.Conv2DLayer(net, filters, 1, nonlinearity=theano.tensor.
                              nnet.sigmoid)
    net = layers.batch_norm(layers.Conv2DLayer(net, filters, 3, pad="same"))
    return layers.ElemwiseMergeLayer([gate, net], theano.tensor.mul)


def test_a_network_of_one_s_own(tmp_path):
    from lasagne.layers import DenseLayer, GlobalPoolLayer, InputLayer
    net = InputLayer((None, 3, None, None))
    for filters in (4, 6, 8, 8):
        net = block(net, filters)
    net = DenseLayer(GlobalPoolLayer(net), 5)
    images = np.random.RandomState(1).normal(size=(2, 3, 9, 11)).astype(
        "float32")
    expected = leaving_runs.run_theano(net, [images])
    for _, got in outputs_of(net, images, tmp_path):
        np.testing.assert_allclose(got, expected, atol=1e-5)
    text = (tmp_path / "source" / "model.py").read_text()
    assert text.count("Block(") == 5, text


def test_an_output_twice_comes_out_twice(tmp_path):
    one = DenseLayer(InputLayer((None, 5)), 3)
    nets = [one, DenseLayer(one, 2), one, one.input_layer]
    x = np.random.RandomState(1).normal(size=(2, 5)).astype("float32")
    expected = [each.eval({one.input_layer.input_var: x})
                for each in get_output(nets)]
    export(nets, tmp_path / "net.onnx")
    export(nets, tmp_path / "source")
    assert "difference: " in run_alone(tmp_path / "source")
    names = [put.name for put in onnx.load(
        str(tmp_path / "net.onnx")).graph.output]
    assert len(names) == len(set(names)) == len(expected)
    for got in (to_torch(nets)(torch.tensor(x)),
                leaving_runs.all_of_onnx(tmp_path / "net.onnx", [x])):
        assert len(got) == len(expected)
        for ours, theirs in zip(got, expected):
            np.testing.assert_allclose(
                torch.as_tensor(ours).detach(), theirs, atol=1e-5)
