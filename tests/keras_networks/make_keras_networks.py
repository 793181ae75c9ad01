"""Write Keras networks, an input for each and what Keras computes of it.

    KERAS_BACKEND=torch python tests/keras_networks/make_keras_networks.py

Run by hand with Keras 3; the tests need only what it wrote. The versions are
in VERSIONS.txt.
"""
from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).resolve().parent


def values(shape, seed):
    """Return distinct values between -1 and 1 in random order."""
    size = int(np.prod(shape))
    order = np.random.RandomState(seed).permutation(size)
    return ((2. * order + 1) / size - 1).reshape(shape).astype("float32")


def plane():
    """Return a model with every kind of 2-D layer, channels last."""
    return keras.Sequential([
        layers.Input((9, 8, 6)),
        layers.Conv2D(4, (2, 3), strides=(1, 2), activation="relu",
                      name="conv"),
        layers.Conv2D(6, (3, 2), groups=2, activation="relu", name="grouped"),
        layers.BatchNormalization(name="norm", epsilon=.01),
        layers.DepthwiseConv2D((2, 1), depth_multiplier=2, name="depthwise"),
        layers.Conv2D(5, (2, 2), dilation_rate=(2, 1), use_bias=False,
                      name="dilated"),
        layers.Conv2DTranspose(3, (2, 3), strides=2, name="up"),
        layers.PReLU(shared_axes=[1, 2], name="rectifier"),
        layers.Flatten(),
        layers.BatchNormalization(name="flat", scale=False),
        layers.Dense(54, activation="relu", name="fc1"),
        layers.Dense(7, name="fc2")], name="plane")


def space():
    """Return a model over three axes, channels last."""
    return keras.Sequential([
        layers.Input((4, 5, 6, 2)),
        layers.Conv3D(4, (2, 1, 3), name="conv"),
        layers.BatchNormalization(name="norm"),
        layers.Conv3DTranspose(3, (2, 3, 2), strides=(2, 1, 2), name="up"),
        layers.Flatten(),
        layers.Dense(4, name="fc")], name="space")


def nested():
    """Return a model within a model, as transfer learning has them."""
    base = keras.Sequential([
        layers.Input((9, 8, 3)),
        layers.Conv2D(4, (2, 3), activation="relu", name="c1"),
        layers.Conv2D(5, (3, 2), name="c2")], name="base")
    return keras.Sequential([
        layers.Input((9, 8, 3)), base, layers.Flatten(),
        layers.Dense(6, name="fc")], name="nested")


def write(model):
    """Write a model in all forms, its input and output."""
    for i, weight in enumerate(model.weights):
        value = values(weight.shape, i)
        weight.assign(abs(value) + .3 if "variance" in weight.path else value)
    x = values((2,) + model.input_shape[1:], 99)
    for suffix in (".keras", ".h5"):
        model.save(HERE / (model.name + suffix))
    model.save_weights(HERE / (model.name + ".weights.h5"))
    np.savez(HERE / (model.name + ".npz"), x=x, y=model.predict(x))


if __name__ == "__main__":
    write(plane())
    write(space())
    write(nested())
    (HERE / "VERSIONS.txt").write_text("keras %s on %s\n" % (
        keras.__version__, keras.config.backend()))
