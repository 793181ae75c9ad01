"""The command export: from a script and its weights to a file."""
import numpy as np
import pytest
from lasagne_flipconv import digits, uninstall
from lasagne_flipconv.cli import main

import files
import leaving_runs

pytest.importorskip("onnx")

SCRIPT = '''\
import lasagne
from lasagne.layers import InputLayer, DenseLayer, MaxPool2DLayer
from lasagne.layers.dnn import Conv2DDNNLayer

def build_model(input_var{more}):
    net = {{}}
    net["in"] = InputLayer({shape}, input_var)
    net["conv1"] = Conv2DDNNLayer(net["in"], 16, 3, name="conv1")
    net["conv2"] = Conv2DDNNLayer(net["conv1"], 32, 3, name="conv2")
    net["pool"] = MaxPool2DLayer(net["conv2"], 2)
    net["digit"] = DenseLayer(net["pool"], 10, name="digit",
                              nonlinearity=lasagne.nonlinearities.softmax)
    return net

def number():
    return 3

if __name__ == "__main__":
    raise SystemExit("this is not to be run")
'''


@pytest.fixture
def script(tmp_path, monkeypatch):
    import sys
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))

    def write(shape="(None, 1, 8, 8)", more="", add=""):
        path = tmp_path / "model.py"
        path.write_text(add + SCRIPT.format(shape=shape, more=more))
        return "%s:build_model" % path

    yield write
    uninstall()  # the layers that a script finds


def export(*arguments):
    return main(["export", *map(str, arguments)])


def test_from_a_script_to_onnx(script, tmp_path, capsys):
    out = tmp_path / "net.onnx"
    assert export(script(), digits.WEIGHTS, out, "--orientation",
                  "convolution") == 0
    told = capsys.readouterr().out
    assert "written; differs from the network by at most" in told
    assert "layers: 4 by the table, 0 by their graph; opset 13" in told
    images, labels = digits.read_images("float32")
    got = leaving_runs.run_onnx(out, [images])
    assert round(100 * np.mean(got.argmax(1) == labels), 1) == 92.9


def test_a_shape_and_python_2(script, tmp_path):
    where = script("shape", ", shape", "print 'loaded'\n")
    out = tmp_path / "net.onnx"
    assert export(where, digits.WEIGHTS, out, "--orientation", "convolution",
                  "--input-shape", "None,1,8,8", "--python2") == 0
    assert out.exists()


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
def test_to_source_code(script, tmp_path):
    assert export(script(), digits.WEIGHTS, tmp_path / "net",
                  "--orientation", "convolution") == 0
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == [
        "check.safetensors", "model.py", "model.safetensors"]


@pytest.mark.parametrize("arguments, said", [
    (("nothing.py:build",), "names no script that is there"),
    (("{script}:number",), ":number: got 3 as a network; expected a layer"),
    (("{script}:other",), "no function 'other'"),
    (("{script}:build_model", "--input-shape", "3,4"), "takes no shape"),
    (("{script}:build_model", "--input-shape", "3,x"), "is no shape"),
    (("{script}:build_model",), "does not say whether its kernels"),
])
def test_what_is_refused(arguments, said, script, tmp_path, capsys):
    path = script().rpartition(":")[0]
    first, *more = (text.format(script=path) for text in arguments)
    out = tmp_path / "net.onnx"
    assert export(first, digits.WEIGHTS, out, *more) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_an_argument_that_is_not_known(script, tmp_path, capsys):
    assert export(script(more=", depth"), digits.WEIGHTS,
                  tmp_path / "net.onnx") == 1
    assert "needs an argument 'depth'" in capsys.readouterr().err

