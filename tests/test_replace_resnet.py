"""Replace the layers of the published ResNet-32 while it is being trained."""
import importlib
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import get_all_layers, get_all_params, get_output
from lasagne_flipconv import load, replace_layers
from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "cifar_model_n5.npz").exists(),
    reason="the published weights are not next to the project")


#: Compile in seconds, with the convolutions in C.
QUICKLY = theano.Mode("cvm", "fast_compile")


@pytest.fixture
def resnet(monkeypatch):
    """Return the example that builds the network."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    return importlib.import_module("cifar10_resnet")


@theano.configparser.change_flags(floatX="float32")
def test_error_and_compiled_training_stay(resnet):
    images, labels, mean = resnet.sample()
    images = (images / np.float32(255) - mean).astype("float32")
    labels = labels.astype("int32")
    net = resnet.build(Conv2DDNNLayer)
    load(str(DATA / "cifar_model_n5.npz"), net, orientation="correlation")
    x, y = get_all_layers(net)[0].input_var, T.ivector()
    loss = lasagne.objectives.categorical_crossentropy(
        get_output(net), y).mean()
    train = theano.function([x, y], loss, updates=lasagne.updates.momentum(
        loss, get_all_params(net, trainable=True), 1e-3), mode=QUICKLY)
    before = resnet.probabilities(net, images)
    record = replace_layers(net, {Conv2DDNNLayer: Conv2DLayer})
    after = resnet.probabilities(net, images)
    assert len(record.replaced) == 31 and not record.left
    wrong = [int((p.argmax(1) != labels).sum()) for p in (before, after)]
    assert wrong == [67, 67], "of %d" % len(labels)
    np.testing.assert_allclose(after, before, atol=1e-5)
    losses = [float(train(images[:16], labels[:16])) for _ in range(5)]
    assert np.isfinite(losses).all()
    trained = resnet.probabilities(net, images[:16])
    assert np.abs(trained - after[:16]).max() > 1e-5
