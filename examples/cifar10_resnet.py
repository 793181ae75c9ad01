"""Load a published ResNet-32 the wrong and the right way round.

The weights are those of Lasagne/Recipes (deep residual learning, CIFAR-10),
trained with correlation. Lasagne's Conv2DLayer convolves unless told
otherwise: the same numbers run without any error, and are wrong.

    python examples/cifar10_resnet.py [--cifar FOLDER]

Without a folder that holds CIFAR-10 (`cifar-10-batches-py`), the sample of
932 test images next to the project is used if it is there; else the data set
is downloaded. Everything downloaded is checked against its SHA-256.
"""
import argparse
import pickle
import time
from pathlib import Path

import lasagne_flipconv  # noqa: F401  makes Theano and Lasagne importable
import numpy as np
import theano
from lasagne.init import HeNormal
from lasagne.layers import (DenseLayer, ElemwiseSumLayer, GlobalPoolLayer,
                            InputLayer, NonlinearityLayer, PadLayer,
                            get_all_layers, get_output, set_all_param_values)
from lasagne.nonlinearities import rectify, softmax
from lasagne_flipconv import load, transfer
from lasagne_flipconv.checkpoint import read_npz
from lasagne_flipconv.layers import (Conv2DDNNLayer, Conv2DLayer,
                                     Conv2DMMLayer, ExpressionLayer,
                                     batch_norm)

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CACHE = Path.home() / ".cache" / "lasagne_flipconv"

WEIGHTS = (
    "cifar_model_n5.npz",
    "https://github.com/Lasagne/Recipes/raw/"
    "62847c1f4ddf2149bb8f51b82fa8e7247a9c0319/papers/"
    "deep_residual_learning/cifar_model_n5.npz",
    "536662d9c2da893534f82f388ec7c56e80676dbab2fb3a14d840f5c90dbda27a")
CIFAR10 = (
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce")


def build(conv, n=5, **options):
    """Build the ResNet with 6n + 2 layers from one class of convolution."""
    def convolution(incoming, filters, stride=1, nonlinearity=rectify):
        return batch_norm(conv(incoming, filters, 3, stride, pad="same",
                               W=HeNormal(gain="relu"),
                               nonlinearity=nonlinearity, **options))

    net = InputLayer((None, 3, 32, 32))
    net = convolution(net, 16)
    for filters in (16, 32, 64):
        for i in range(n):
            stride = 2 if filters > 16 and i == 0 else 1
            body = convolution(net, filters, stride)
            body = convolution(body, filters, nonlinearity=None)
            if stride == 2:
                net = shortcut(net, filters)
            net = NonlinearityLayer(ElemwiseSumLayer([body, net]), rectify)
    return DenseLayer(GlobalPoolLayer(net), 10, nonlinearity=softmax)


def every_second(x):
    """Keep every second row and column of a batch of images."""
    return x[:, :, ::2, ::2]


def halved(shape):
    """Return the shape of what `every_second` keeps."""
    return shape[:2] + (shape[2] // 2, shape[3] // 2)


def shortcut(incoming, filters):
    """Halve the image, and pad the channels with zeros to `filters`."""
    small = ExpressionLayer(incoming, every_second, halved)
    return PadLayer(small, [filters // 4, 0, 0], batch_ndim=1)


def probabilities(network, images, batch=100):
    """Return the class probabilities, axes (image, class)."""
    symbol = get_all_layers(network)[0].input_var
    predict = theano.function([symbol], get_output(network,
                                                   deterministic=True))
    return np.concatenate([predict(images[i:i + batch])
                           for i in range(0, len(images), batch)])


def fetched(name, url, sha256, **options):
    """Return the path of a file: next to the project, cached, or fetched."""
    if (DATA / name).exists():
        return DATA / name
    import pooch
    return pooch.retrieve(url, "sha256:" + sha256, fname=name, path=CACHE,
                          progressbar=True, **options)


def sample():
    """Return images (raw), labels and pixel mean of the sample."""
    with np.load(DATA / "cifar10_sample.npz") as file:
        return file["x"], file["y"], file["pixel_mean"]


def full_test_set(folder):
    """Return images (raw), labels and pixel mean of CIFAR-10."""
    def batch(name):
        with open(Path(folder) / name, "rb") as file:
            content = pickle.load(file, encoding="latin1")
        return content["data"].reshape(-1, 3, 32, 32), content["labels"]

    total = sum(batch("data_batch_%d" % i)[0].sum(0, dtype="float64")
                for i in range(1, 6))
    images, labels = batch("test_batch")
    return images, np.array(labels), (total / 50000 / 255).astype("float32")


def images_and_labels(folder):
    """Return the input of the network and the labels, from where they are."""
    if folder:
        x, y, mean = full_test_set(folder)
    elif (DATA / "cifar10_sample.npz").exists():
        x, y, mean = sample()
    else:
        import pooch
        fetched(*CIFAR10, processor=pooch.Untar(extract_dir="."))
        x, y, mean = full_test_set(CACHE / "cifar-10-batches-py")
    return (x / np.float32(255) - mean).astype(theano.config.floatX), y


def report(what, network, images, labels, started):
    """Print the error of a network; return its probabilities."""
    result = probabilities(network, images)
    error = 100 * (result.argmax(1) != labels).mean()
    print("%-42s %6.2f %% error  (%.0f s)"
          % (what, error, time.time() - started), flush=True)
    return result


def main(folder=None, limit=None):
    """Print all errors and the largest difference between the networks."""
    started = time.time()
    images, labels = images_and_labels(folder)
    images, labels = images[:limit], labels[:limit]
    weights = fetched(*WEIGHTS)
    print("ResNet-32 of Lasagne/Recipes on %d images" % len(images),
          flush=True)

    naive = build(Conv2DLayer)
    set_all_param_values(naive, read_npz(weights))
    report("Conv2DLayer, values simply copied", naive, images, labels,
           started)

    right = build(Conv2DLayer, flip_filters=False)
    load(weights, right, orientation="correlation")
    expected = report("loaded with orientation='correlation'", right, images,
                      labels, started)
    worst = 0
    for conv, options in ((Conv2DMMLayer, {}), (Conv2DDNNLayer, {}),
                          (Conv2DLayer, {"flip_filters": True})):
        network = build(conv, **options)
        record = transfer(right, network)
        what = "%s%s, %d kernels turned" % (
            conv.__name__, "(flip_filters=True)" if options else "",
            len(record.turned))
        result = report(what, network, images, labels, started)
        worst = max(worst, np.abs(result - expected).max())
    print("largest difference of a probability: %.1e" % worst)
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cifar", metavar="FOLDER",
                        help="folder that holds CIFAR-10 (Python version)")
    parser.add_argument("--limit", type=int,
                        help="number of images to use")
    options = parser.parse_args()
    main(options.cifar, options.limit)
