"""The small digits network that the demo loads.

Its weights and test images are in ``data/``, written by
``examples/train_digits.py`` from scikit-learn's digits (8×8 pixels, 0…16).
"""
from pathlib import Path

import numpy as np
from lasagne.layers import DenseLayer, InputLayer, MaxPool2DLayer
from lasagne.nonlinearities import softmax

__all__ = ["WEIGHTS", "IMAGES", "build", "read_images"]

DATA = Path(__file__).parent / "data"
WEIGHTS = DATA / "digits_weights.npz"
IMAGES = DATA / "digits_images.npz"


def build(conv, **options):
    """Build the network from one class of convolution.

    Parameters
    ----------
    conv : type
        A 2-D convolutional layer class.
    **options : dict
        Arguments for it, such as ``flip_filters``.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer; input axes (batch, 1, 8, 8), values 0…1.
    """
    net = InputLayer((None, 1, 8, 8))
    net = conv(net, 16, 3, name="conv1", **options)
    net = conv(net, 32, 3, name="conv2", **options)
    net = MaxPool2DLayer(net, 2)
    return DenseLayer(net, 10, nonlinearity=softmax, name="digit")


def read_images(dtype):
    """Read the test images that the package carries.

    Parameters
    ----------
    dtype : str
        Type to return the images in.

    Returns
    -------
    images : numpy.ndarray
        Axes (image, 1, row, column), values 0…1.
    labels : numpy.ndarray
        The digit on each image.
    """
    with np.load(IMAGES) as file:
        return (file["x"] / np.asarray(16, dtype)).astype(dtype), file["y"]
