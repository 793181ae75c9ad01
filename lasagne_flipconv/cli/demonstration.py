"""The main job in a minute: a network loaded the wrong and the right way."""
import tempfile
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np
import theano
from lasagne.layers import get_all_layers, get_output, set_all_param_values

from ..axes import CONVOLUTION, CORRELATION
from ..kernels import convert_kernel
from ..layers import Conv2DDNNLayer, Conv2DLayer
from ..weights.checkpoint import load, read_npz
from . import digits

__all__ = ["DemoResult", "run_demo", "draw"]


class DemoResult(NamedTuple):
    """Tell what the demo measured.

    Parameters
    ----------
    trained, naive, loaded : float
        Share of test images recognised (0…1) by the network the weights were
        trained in, by a naive copy, and by the load that knows.
    difference : float
        Largest difference of a probability between the first and the last.
    images : int
        Number of test images.
    picture : pathlib.Path or None
        The picture; None without matplotlib.
    """

    trained: float
    naive: float
    loaded: float
    difference: float
    images: int
    picture: Optional[Path]


TITLES = ("a test image", "the filter as it slides", "its response")
LABELS = ("copied naively:\nnot reversed, wrong", "as it was trained:\n"
          "reversed, right")


def run_demo(progress=lambda text: None, folder=None):
    """Load the digits network into correlation layers, wrong and right.

    Parameters
    ----------
    progress : callable
        Called with a line of text before each step that takes time.
    folder : str or os.PathLike, optional
        Where to save the picture; by default a new temporary folder.

    Returns
    -------
    DemoResult
        Accuracies, largest difference, and the path of the picture.
    """
    x, y = digits.read_images(theano.config.floatX)
    trained = digits.build(Conv2DLayer)
    load(digits.WEIGHTS, trained, orientation=CONVOLUTION)
    naive = digits.build(Conv2DDNNLayer)
    set_all_param_values(naive, [
        value.astype(theano.config.floatX)
        for value in read_npz(digits.WEIGHTS)])
    loaded = digits.build(Conv2DDNNLayer)
    load(digits.WEIGHTS, loaded, orientation=CONVOLUTION)
    outputs = []
    for i, network in enumerate((trained, naive, loaded), 1):
        progress("Theano compiles network %d of 3 ..." % i)
        outputs.append(_probabilities(network, x))
    accuracies = [float((out.argmax(1) == y).mean()) for out in outputs]
    progress("drawing ...")
    picture = draw(trained, x[0, 0], folder)
    difference = float(np.abs(outputs[0] - outputs[2]).max())
    return DemoResult(*accuracies, difference, len(x), picture)


def _probabilities(network, images):
    symbol = get_all_layers(network)[0].input_var
    output = get_output(network, deterministic=True)
    return theano.function([symbol], output)(images)


def draw(network, image, folder=None):
    """Draw one filter and its reverse with their responses to an image.

    Parameters
    ----------
    network : lasagne.layers.Layer
        A digits network.
    image : numpy.ndarray
        Axes (row, column).
    folder : str or os.PathLike, optional
        Where to save the picture; by default a new temporary folder.

    Returns
    -------
    pathlib.Path or None
        The picture, a PNG; None if matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    kernel = _most_asymmetric(network)
    reverse = convert_kernel(kernel[None, None], ("OIHW", CONVOLUTION),
                             ("OIHW", CORRELATION))[0, 0]
    figure = Figure(figsize=(8, 5.4), dpi=120)
    FigureCanvasAgg(figure)
    rows = [(image, k, _correlated(image, k)) for k in (kernel, reverse)]
    limits = (None, np.abs(kernel).max(),
              max(np.abs(row[2]).max() for row in rows))
    for i, (row, label) in enumerate(zip(rows, LABELS)):
        for j, (values, limit) in enumerate(zip(row, limits)):
            axes = figure.add_subplot(2, 3, 3 * i + j + 1)
            axes.imshow(values, cmap="RdBu" if j else "gray_r", vmax=limit,
                        vmin=limit and -limit)
            axes.set(xticks=[], yticks=[], title=TITLES[j] if i == 0 else "",
                     ylabel=label if j == 0 else "")
    figure.suptitle("One filter of the digits network, slid over one image "
                    "both ways round", fontsize=12)
    figure.tight_layout()
    folder = Path(folder or tempfile.mkdtemp(prefix="lasagne-flipconv-"))
    path = folder / "filter_and_reverse.png"
    figure.savefig(str(path))
    return path


def _most_asymmetric(network):
    layer = next(x for x in get_all_layers(network) if x.name == "conv1")
    kernels = layer.W.get_value()[:, 0]
    turned = kernels[:, ::-1, ::-1]
    return kernels[np.abs(kernels - turned).sum((1, 2)).argmax()]


def _correlated(image, kernel):
    layer = Conv2DDNNLayer((1, 1) + image.shape, 1, kernel.shape,
                           W=kernel[None, None], b=None, nonlinearity=None)
    x = theano.tensor.tensor4(dtype=kernel.dtype)
    values = image[None, None].astype(kernel.dtype)
    return layer.get_output_for(x).eval({x: values})[0, 0]
