"""Train networks of some size on PyTorch and on Theano, from the same values.

    python tests/measure_pytorch.py [--steps 200] [--device cpu]

ResNet-32 and a small VGG, with dropout, on pictures that are made up. Printed
are the largest difference of the first 20 losses, in parts of them, and the
means of the last 20: by PyTorch, by Theano, and by Theano with the engine,
which adds in another order and tells how far apart two builds of Theano end.
Exits with 1 if the first 20 differ by more than 1e-4, or the ends by more than
those of Theano.
"""
import argparse
import contextlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lasagne_flipconv  # noqa: E402, F401  makes Theano importable
import lasagne  # noqa: E402
import numpy as np  # noqa: E402
import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from benchmarks import build_lasagne, networks  # noqa: E402
from benchmarks.description import weights  # noqa: E402
from lasagne import layers as L  # noqa: E402
from lasagne_flipconv import engine  # noqa: E402

NETWORKS = {"ResNet-32": (networks.resnet32(), .0001),
            "VGG-small": (networks.vgg_small(divide=4), .0001)}
#: How a step is computed; the engine adds in another order than Theano.
WAYS = {"torch": lambda device: engine.using("torch", device=device),
        "theano": lambda device: engine.disabled(),
        "reordered": lambda device: contextlib.nullcontext()}
SHAPE, CLASSES = (3, 32, 32), 10


def main(arguments=None):
    """Train each network in each way; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("names", nargs="*", default=list(NETWORKS))
    options = parser.parse_args(arguments)
    return int(any([differs(name, options) for name in options.names]))


def differs(name, options):
    """Train one network three times, print; tell if it ends elsewhere."""
    runs = {}
    for way in WAYS:
        start = time.time()
        runs[way] = train(*NETWORKS[name], way, options)
        print("%s, %s: %.0f s" % (name, way, time.time() - start), flush=True)
    spread, ours = (np.abs(runs[way] / runs["theano"] - 1) for way in (
        "reordered", "torch"))
    first = ours[:20].max()
    ends = [runs[way][-20:].mean() for way in runs]
    print("%s: first losses %s, the first 20 differ by %.2g (reordered %.2g); "
          "ends at %.4f, Theano at %.4f, reordered at %.4f; at most %.2g "
          "apart, reordered %.2g" % (
              name, runs["theano"][:3].round(4), first, spread[:20].max(),
              *ends, ours.max(), spread.max()), flush=True)
    return first > 1e-4 or abs(ends[0] - ends[1]) > max(
        2 * abs(ends[2] - ends[1]), .02)


def train(network, rate, way, options):
    """Return the loss of each step."""
    if hasattr(lasagne, "random"):
        lasagne.random.set_rng(np.random.RandomState(1))
    np.random.seed(1)
    x, y = T.ftensor4(), T.lvector()
    with WAYS[way](options.device):
        step = compiled(network, rate, x, y)
    return np.array([step(*batch(i, options.batch)) for i in range(
        options.steps)], "float64")


def compiled(network, rate, x, y):
    """Return a step of training, with dropout before the last layer."""
    last = build_lasagne.build(network, weights(network), x)
    before = L.DropoutLayer(last.input_layer, .3)
    last = L.DenseLayer(before, CLASSES, W=last.W, b=last.b,
                        nonlinearity=lasagne.nonlinearities.softmax)
    loss = T.nnet.categorical_crossentropy(L.get_output(last), y).mean()
    params = L.get_all_params(last, trainable=True)
    return theano.function([x, y], loss, updates=lasagne.updates.momentum(
        loss, params, rate, .9))


def batch(i, size):
    """Return pictures whose class can be seen: a stripe in noise."""
    rng = np.random.RandomState(i)
    y = rng.randint(0, CLASSES, size)
    x = rng.normal(0, .5, (size, *SHAPE)).astype("float32")
    for picture, label in zip(x, y):
        picture[label % 3, 3 * label:3 * label + 3] += 1
    return x, y


if __name__ == "__main__":
    sys.exit(main())
