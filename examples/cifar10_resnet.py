"""Load a published ResNet-32 the wrong and the right way round.

The weights are those of Lasagne/Recipes (deep residual learning, CIFAR-10),
trained with correlation. Lasagne's Conv2DLayer convolves unless told
otherwise: the same numbers run without any error, and are wrong.

    python examples/cifar10_resnet.py [--cifar FOLDER] [--limit N]
                                      [--out FOLDER]

Without a folder that holds CIFAR-10 (`cifar-10-batches-py`), the sample of
932 test images next to the project is used if it is there; else the data set
is downloaded. Everything downloaded is checked against its SHA-256.
"""
import pickle
import time
from pathlib import Path

from common import (CACHE, accuracy, fetched, function_of, in_float,
                    needed, new_figure, parser, save, say, show)
import numpy as np
from lasagne.init import HeNormal
from lasagne.layers import (DenseLayer, ElemwiseSumLayer, GlobalPoolLayer,
                            InputLayer, NonlinearityLayer, PadLayer,
                            set_all_param_values)
from lasagne.nonlinearities import rectify, softmax
from lasagne_flipconv import load
from lasagne_flipconv import transfer
from lasagne_flipconv.weights.checkpoint import read_npz
from lasagne_flipconv.layers import (Conv2DDNNLayer, Conv2DLayer,
                                     Conv2DMMLayer, ExpressionLayer,
                                     batch_norm)

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
         "horse", "ship", "truck")

WEIGHTS = (
    "cifar_model_n5.npz",
    "https://github.com/Lasagne/Recipes/raw/"
    "62847c1f4ddf2149bb8f51b82fa8e7247a9c0319/papers/"
    "deep_residual_learning/cifar_model_n5.npz",
    "sha256:536662d9c2da893534f82f388ec7c56e80676dbab2fb3a14d840f5c90dbda27a")
CIFAR10 = (
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "sha256:"
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
    predict = function_of(network)
    return np.concatenate([predict(images[i:i + batch])
                           for i in range(0, len(images), batch)])


def found(name, url, checksum, **options):
    """Return the path of a file: next to the project, cached, or fetched."""
    if (DATA / name).exists():
        return DATA / name
    return fetched(name, url, checksum, **options)


def sample():
    """Return images (raw), labels and pixel mean of the sample."""
    with np.load(DATA / "cifar10_sample.npz") as file:
        return file["x"], file["y"], file["pixel_mean"]


def full_test_set(folder):
    """Return images (raw), labels and pixel mean of CIFAR-10."""
    def batch(name):
        with needed("CIFAR-10 in %s" % folder), open(
                Path(folder) / name, "rb") as file:
            content = pickle.load(file, encoding="latin1")
        return content["data"].reshape(-1, 3, 32, 32), content["labels"]

    total = sum(batch("data_batch_%d" % i)[0].sum(0, dtype="float64")
                for i in range(1, 6))
    images, labels = batch("test_batch")
    return images, np.array(labels), (total / 50000 / 255).astype("float32")


def images_and_labels(folder):
    """Return images (raw), labels and pixel mean, from where they are."""
    if folder:
        return full_test_set(folder)
    if (DATA / "cifar10_sample.npz").exists():
        return sample()
    with needed("pooch"):
        import pooch
    found(*CIFAR10, processor=pooch.Untar(extract_dir="."))
    return full_test_set(CACHE / "cifar-10-batches-py")


def report(what, network, x, labels, started):
    """Print the error of a network; return its probabilities."""
    result = probabilities(network, x)
    say("%-50s %6.2f %% error  (%.0f s)" % (
        what, 100 - accuracy(result, labels), time.time() - started))
    return result


def tell(labels, right, wrong):
    """Print what the first nine images are, and are taken for."""
    say("%-8s %-12s %-20s %s" % ("image", "label", "right way round",
                                 "wrong way round"))
    for i, label in enumerate(labels[:9]):
        say("%-8d %-12s %-20s %s" % (i, NAMES[label], said(right[i]),
                                     said(wrong[i])))


def said(probabilities):
    """Return the name and the probability of the likeliest class."""
    best = probabilities.argmax()
    return "%s, %.0f %%" % (NAMES[best], 100 * probabilities[best])


def draw(images, labels, right, wrong, out):
    """Save a picture of the first nine images and what they are taken for."""
    errors = tuple(100 - accuracy(p, labels) for p in (right, wrong))
    figure = new_figure(7, 8.6, "A published ResNet-32, loaded the right and "
                        "the wrong way round:\n%.1f %% and %.1f %% error on "
                        "%d images of CIFAR-10" % (errors + (len(labels),)))
    for i, axes in enumerate(figure.subplots(3, 3).ravel()[:len(labels)]):
        show(axes, images[i].transpose(1, 2, 0), NAMES[labels[i]])
        for j, (word, p) in enumerate((("right way", right[i]),
                                       ("wrong way", wrong[i]))):
            good = p.argmax() == labels[i]
            axes.text(.5, -.1 - .12 * j, "%s: %s" % (word, said(p)),
                      transform=axes.transAxes, ha="center", va="center",
                      color="#00701a" if good else "#c00000", fontsize=10)
    return save(figure, out, "cifar10_resnet.png", h_pad=4.4,
                rect=(0, .05, 1, .98))


def moved(right, x, labels, expected, started):
    """Transfer to other layers; return the largest difference it makes."""
    worst = 0
    for conv, options in ((Conv2DMMLayer, {}), (Conv2DDNNLayer, {}),
                          (Conv2DLayer, {"flip_filters": True})):
        network = build(conv, **options)
        record = transfer(right, network)
        what = "%s%s, %d kernels turned" % (
            conv.__name__, "(flip_filters=True)" if options else "",
            len(record.turned))
        result = report(what, network, x, labels, started)
        worst = max(worst, np.abs(result - expected).max())
    return worst


def main(out, folder=None, limit=None):
    """Print all errors and the largest difference between the networks."""
    started = time.time()
    images, labels, mean = images_and_labels(folder)
    images, labels = images[:limit], labels[:limit]
    x = in_float(images / np.float32(255) - mean)
    weights = found(*WEIGHTS)
    say("ResNet-32 of Lasagne/Recipes on %d images" % len(images))
    naive = build(Conv2DLayer)
    set_all_param_values(naive, read_npz(weights))
    wrong = report("Conv2DLayer, values simply copied", naive, x, labels,
                   started)
    network = build(Conv2DLayer, flip_filters=False)
    load(weights, network, orientation="correlation")
    right = report("loaded with orientation='correlation'", network, x,
                   labels, started)
    worst = moved(network, x, labels, right, started)
    say("largest difference of a probability: %.1e" % worst)
    tell(labels, right, wrong)
    draw(images, labels, right, wrong, out)
    return worst


if __name__ == "__main__":
    given = parser(__doc__)
    given.add_argument("--cifar", metavar="FOLDER",
                       help="folder that holds CIFAR-10 (Python version)")
    given.add_argument("--limit", type=int, help="number of images to use")
    given = given.parse_args()
    main(given.out, given.cifar, given.limit)
