"""Small networks, trained in seconds, whose orientation is known.

Each is trained on digits of scikit-learn, on the sample of CIFAR-10 where it
is there, or on signals and volumes made here. `tests/measure_detect.py` asks
`detect` about them.
"""
from collections import namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (DenseLayer, DropoutLayer, GlobalPoolLayer,
                            InputLayer, MaxPool2DLayer, NonlinearityLayer,
                            ReshapeLayer, get_all_params, get_output)
from lasagne.nonlinearities import sigmoid, softmax, tanh
from lasagne_flipconv import layers
from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer, batch_norm
from scipy.ndimage import zoom
from sklearn.datasets import load_digits

#: A network that was trained: `x` are inputs for it.
Trained = namedtuple("Trained", "name network truth x")

FLOAT = theano.config.floatX


def digits(size=8):
    """Return digits, axes (image, 1, row, column), 0…1, and their labels."""
    loaded = load_digits()
    x = loaded.images / 16
    if size > 8:
        inner = zoom(x, (1, size / 11, size / 11), order=1).clip(0, 1)
        gap = size - inner.shape[1]
        x = np.pad(inner, ((0, 0),) + 2 * ((gap // 2, gap - gap // 2),))
    return x[:, None], loaded.target


def signals(count=1500, length=48):
    """Return signals of six shapes, axes (signal, 1, time), and which."""
    random = np.random.RandomState(1)
    y, t = random.randint(6, size=count), np.arange(length)
    x = random.normal(0, .15, (count, 1, length))
    for i, kind in enumerate(y):
        at, u = random.randint(4, length - 24), np.linspace(0, 1, 20)
        shape = [u, 1 - u, np.sin(20 * u ** 2), np.sin(20 * (1 - u) ** 2),
                 np.exp(-4 * u), (u > .5) * u][kind]
        x[i, 0, at:at + 20] += shape * random.uniform(.7, 1.3)
    return x + 0 * t, y


def volumes(count=900, size=8):
    """Return volumes with a wedge, axes (volume, 1, z, y, x), and which."""
    random = np.random.RandomState(2)
    y, wedge = random.randint(4, size=count), np.linspace(0, 1, 4)
    x = random.normal(0, .1, (count, 1, size, size, size))
    for i, kind in enumerate(y):
        a, b, c = random.randint(0, size - 4, 3)
        part = wedge[::1 if kind % 2 else -1] * random.uniform(.8, 1.2)
        part = part[:, None, None] if kind < 2 else part[None, :, None]
        x[i, 0, a:a + 4, b:b + 4, c:c + 4] += part
    return x, y


def pictures(size=16):
    """Return the sample of CIFAR-10 less its mean, and labels."""
    import cifar10_resnet
    x, y, mean = cifar10_resnet.sample()
    x = x / 255. - mean
    step = 32 // size
    shape = x.shape[:2] + (size, step, size, step)
    return x.reshape(shape).mean((3, 5)), y


def _conv(net, conv, filters, norm, **options):
    net = conv(net, filters, 3, pad="same", **options)
    return batch_norm(net) if norm else net


def plain(shape, conv, classes, norm=False, width=12, **options):
    """Return convolutions, pooling and a dense layer."""
    net = InputLayer((None,) + shape)
    for i in range(2):
        net = _conv(net, conv, width * (i + 1), norm, **options)
        net = getattr(lasagne.layers, "MaxPool%dDLayer" % (len(shape) - 1),
                      MaxPool2DLayer)(net, 2)
    return DenseLayer(net, classes, nonlinearity=softmax)


def pooled(shape, conv, classes, norm=True, width=12, **options):
    """Return convolutions and the mean over all positions."""
    net = InputLayer((None,) + shape)
    for i in range(3):
        net = _conv(net, conv, width * (1 + i // 2), norm, **options)
        if i == 1 and shape[-1] > 8:
            net = getattr(lasagne.layers, "MaxPool%dDLayer"
                          % (len(shape) - 1))(net, 2)
    return DenseLayer(GlobalPoolLayer(net), classes, nonlinearity=softmax)


def mnist_like(shape, conv, classes):
    """Return the network of Lasagne's example of MNIST, smaller."""
    net = InputLayer((None,) + shape)
    for _ in range(2):
        net = MaxPool2DLayer(conv(net, 12, 5), 2)
    net = DenseLayer(DropoutLayer(net), 64)
    return DenseLayer(DropoutLayer(net), classes, nonlinearity=softmax)


def marks(shape, conv, classes):
    """Return a network of one sigmoid for each class."""
    net = plain(shape, conv, classes)
    return DenseLayer(net.input_layer, classes, nonlinearity=sigmoid)


def coder(shape, conv, _):
    """Return an autoencoder."""
    net = conv(InputLayer((None,) + shape), 12, 3, pad="same",
               nonlinearity=tanh)
    net = conv(net, 12, 3, pad="same", stride=2, nonlinearity=tanh)
    net = DenseLayer(net, 24, nonlinearity=tanh)
    net = DenseLayer(net, int(np.prod(shape)), nonlinearity=None)
    return ReshapeLayer(net, ([0],) + shape)


def denoiser(shape, conv, _):
    """Return an autoencoder of convolutions only."""
    net = conv(InputLayer((None,) + shape), 12, 3, pad="same")
    net = conv(net, 4, 3, pad="same")
    return NonlinearityLayer(conv(net, shape[0], 3, pad="same",
                                  nonlinearity=None), None)


def strided(shape, conv, classes):
    """Return convolutions with strides, of even and odd sizes."""
    net = conv(InputLayer((None,) + shape), 16, 4, stride=2)
    net = conv(net, 24, 3, pad=1)
    net = conv(net, 32, 3)
    return DenseLayer(net, classes, nonlinearity=softmax)


def deep(shape, conv, classes):
    """Return six convolutions with batch normalisation, one with a stride."""
    net = InputLayer((None,) + shape)
    for i in range(6):
        net = batch_norm(conv(net, 12, 3, pad="same", stride=1 + (i == 2)))
    return DenseLayer(GlobalPoolLayer(net), classes, nonlinearity=softmax)


def colours():
    """Return digits of 12 x 12 in two colours out of three."""
    x, y = digits(12)
    random = np.random.RandomState(3)
    front, back = random.uniform(.5, 1, (2, len(x), 3, 1, 1))
    back[:, 1:] *= .3
    return x * front + (1 - x) * back * .5, y


def _both(x, y):
    return x, (y >= 5).astype(int)


#: Name → build, data, layer class, number of classes, epochs, more options.
RECIPES = {
    "digits": (plain, digits, Conv2DLayer, 10, 12, {}),
    "digits, tanh": (plain, digits, Conv2DDNNLayer, 10, 12,
                    {"nonlinearity": tanh}),
    "digits, norm, pooled": (pooled, digits, Conv2DDNNLayer, 10, 12, {}),
    "digits, norm, dense": (plain, digits, Conv2DLayer, 10, 8,
                            {"norm": True}),
    "digits, pooled": (pooled, digits, Conv2DLayer, 10, 40,
                       {"norm": False, "width": 16}),
    "28 x 28": (mnist_like, lambda: digits(28), Conv2DLayer, 10, 12, {}),
    "28 x 28, norm": (plain, lambda: digits(28), Conv2DDNNLayer, 10, 4,
                      {"norm": True, "width": 8}),
    "two classes": (plain, lambda: _both(*digits()), Conv2DLayer, 2, 12, {}),
    "two classes, norm": (plain, lambda: _both(*digits()), Conv2DDNNLayer, 2,
                          8, {"norm": True}),
    "sigmoids": (marks, digits, Conv2DLayer, 10, 12, {}),
    "autoencoder": (coder, digits, Conv2DLayer, 0, 30, {}),
    "denoiser": (denoiser, digits, Conv2DDNNLayer, 0, 12, {}),
    "pictures": (plain, pictures, Conv2DDNNLayer, 10, 60, {}),
    "pictures, norm": (pooled, pictures, Conv2DLayer, 10, 60,
                       {"width": 16}),
    "signals": (pooled, signals, layers.Conv1DLayer, 6, 30,
                {"norm": False}),
    "signals, norm": (pooled, signals, layers.Conv1DLayer, 6, 15, {}),
    "colours": (strided, colours, Conv2DLayer, 10, 20, {}),
    "colours, norm": (deep, colours, Conv2DDNNLayer, 10, 15, {}),
    "colours, sigmoids": (marks, colours, Conv2DDNNLayer, 10, 12, {}),
    "volumes": (pooled, volumes, layers.Conv3DLayer, 4, 15,
                {"norm": False, "width": 8}),
}


def _loss(network, x, y):
    out = get_output(network)
    if network.nonlinearity is sigmoid if hasattr(
            network, "nonlinearity") else False:
        marks = T.extra_ops.to_one_hot(y, network.num_units)
        return lasagne.objectives.binary_crossentropy(out, marks).mean()
    if out.ndim != 2:
        return T.sqr(out - x).mean()
    return lasagne.objectives.categorical_crossentropy(
        out.clip(1e-7, 1), y).mean()


def _fit(network, x, y, epochs):
    source = lasagne.layers.get_all_layers(network)[0].input_var
    labels = T.ivector()
    loss = _loss(network, source, labels)
    step = theano.function([source, labels], loss, updates=(
        lasagne.updates.adam(loss, get_all_params(network, trainable=True),
                             .003)), on_unused_input="ignore")
    random = np.random.RandomState(0)
    for _ in range(epochs):
        order = random.permutation(len(x) - len(x) % 64).reshape(-1, 64)
        found = [step(x[rows], y[rows]) for rows in order]
    return np.mean(found)


def train(name, seed=0):
    """Train one network.

    Parameters
    ----------
    name : str
        Key of `RECIPES`.
    seed : int
        What its first values depend on.

    Returns
    -------
    Trained
        With every fourth of the inputs, which it was not trained on; with all
        of the pictures, of which there are too few to learn from.
    float
        The loss at the end.
    """
    build, data, conv, classes, epochs, options = RECIPES[name]
    lasagne.random.set_rng(np.random.RandomState(seed))
    x, y = data()
    x, y = x.astype(FLOAT), y.astype("int32")
    test = np.arange(len(x)) % 4 == 0
    network = build(x.shape[1:], conv, classes, **options)
    loss = _fit(network, x[~test], y[~test], epochs)
    truth = "correlation" if conv is Conv2DDNNLayer else "convolution"
    shown = x if data is pictures else x[test]
    return Trained(name, network, truth, shown), loss
