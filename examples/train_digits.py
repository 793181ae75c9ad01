"""Train the digits network that ``lasagne-flipconv demo`` loads.

    python examples/train_digits.py [--out FOLDER] [--epochs N]

Writes `digits_weights.npz` and `digits_images.npz`; with the package's data
folder, that is how the files the package carries were made. It is trained
with Conv2DLayer, so its kernels are for convolution.
"""
import argparse
from pathlib import Path

from common import classifier_step, in_float, needed, say, train
import lasagne
import numpy as np
from lasagne_flipconv.cli import digits
from lasagne_flipconv.layers import Conv2DLayer

with needed("scikit-learn"):
    from sklearn.datasets import load_digits

TEST = 450  # the last images, by writers that the others are not by


def data():
    """Return all digits: images (axes image, 1, row, column) and labels."""
    loaded = load_digits()
    return loaded.images[:, None].astype("uint8"), loaded.target


def main(out, epochs=30):
    """Train, then write weights and test images to a folder."""
    lasagne.random.set_rng(np.random.RandomState(0))
    x, y = data()
    network = digits.build(Conv2DLayer)
    train(classifier_step(network),
          (in_float(x[:-TEST] / 16), y[:-TEST].astype("int32")), epochs)
    values = [value.astype("float32") for value in
              lasagne.layers.get_all_param_values(network)]
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / digits.WEIGHTS.name, *values)
    np.savez_compressed(out / digits.IMAGES.name, x=x[-TEST:],
                        y=y[-TEST:].astype("uint8"))
    for name in (digits.WEIGHTS.name, digits.IMAGES.name):
        say("%s: %d bytes" % (out / name, (out / name).stat().st_size))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="digits", help="folder to write to")
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    main(options.out, options.epochs)
