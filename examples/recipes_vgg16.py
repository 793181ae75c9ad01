"""Classify a photograph with VGG-16 of Lasagne/Recipes, both ways round.

Its weights (Simonyan and Zisserman, Very deep convolutional networks for
large-scale image recognition, 2015; trained with Caffe, which correlates) are
a pickle of 528 MB, for non-commercial use. It is downloaded only with
``--download``, and checked against its MD5; it is read without being
executed. Without it, a pickle of the same form, but with random weights, a
few channels and classes without a meaning shows how everything goes.

    python examples/recipes_vgg16.py [--download] [--out FOLDER]
"""
import pickle
import tempfile
from pathlib import Path

from common import (fetched, function_of, in_float, needed, new_figure, parser,
                    save, say, show)
import lasagne
import numpy as np
from lasagne.init import HeNormal
from lasagne.layers import (DenseLayer, DropoutLayer, InputLayer,
                            MaxPool2DLayer, get_all_param_values,
                            set_all_param_values)
from lasagne.nonlinearities import softmax
from lasagne_flipconv import load
from lasagne_flipconv.weights.checkpoint import read, read_npz
from lasagne_flipconv.layers import Conv2DDNNLayer, Conv2DLayer

with needed("scikit-image"):
    from skimage import data, transform

# The MD5 is the one that others who use the file have published.
PICKLE = ("vgg16.pkl", "https://s3.amazonaws.com/lasagne/recipes/pretrained/"
          "imagenet/vgg16.pkl", "md5:57858ec9bb7435e99c78a0520e6c5d3e")
#: Convolutions, and their filters, between two poolings.
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
SIZE, CLASSES = 224, 1000


def build(conv, thinner=1, size=SIZE, **options):
    """Build VGG-16, or one with fewer channels, from one convolution class."""
    net = InputLayer((None, 3, size, size))
    for block, (count, filters) in enumerate(BLOCKS, 1):
        for i in range(1, count + 1):
            net = conv(net, filters // thinner, 3, pad=1,
                       name="conv%d_%d" % (block, i), **options)
        net = MaxPool2DLayer(net, 2)
    for name in ("fc6", "fc7"):
        net = DropoutLayer(DenseLayer(net, 4096 // thinner, name=name), p=.5)
    return DenseLayer(net, CLASSES, nonlinearity=softmax, name="fc8")


def write_random(path, thinner, size):
    """Write a pickle as that of the Recipes, but with random weights."""
    lasagne.random.set_rng(np.random.RandomState(0))
    network = build(Conv2DDNNLayer, thinner, size, W=HeNormal(gain=1.2))
    values = [value.astype("float32")
              for value in get_all_param_values(network)]
    names = ["random class %d" % i for i in range(CLASSES)]
    with open(path, "wb") as file:
        pickle.dump({"model name": "random", "param values": values,
                     "mean value": np.float32([103.939, 116.779, 123.68]),
                     "synset words": names}, file, 2)


def prepared(photograph, mean, size):
    """Return the middle of a photograph as the network wants it.

    Axes (image, colour, row, column), colours blue, green, red from 0 to 255
    less their mean.
    """
    height, width = photograph.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photograph[top:top + side, left:left + side]
    small = 255 * transform.resize(square, (size, size), anti_aliasing=True)
    x = small[:, :, ::-1].transpose(2, 0, 1) - np.reshape(mean, (3, 1, 1))
    return small / 255, in_float(x[None])


def top5(network, x, names):
    """Return the five likeliest classes with their probabilities."""
    probabilities = function_of(network)(x)[0]
    return [(names[i], probabilities[i])
            for i in np.argsort(-probabilities)[:5]]


def tell(found):
    """Print both lists of five beside each other."""
    say("   ".join("%-38s" % name for name in found).rstrip())
    for row in zip(*found.values()):
        say("   ".join("%5.1f %%  %-29s" % (100 * probability, short(name))
                       for name, probability in row).rstrip())


def short(name):
    """Return the first name of a class, without its number."""
    name = name.partition(" ")[2] if name[:1] == "n" else name
    return name.partition(",")[0][:29]


def draw(image, found, out, note):
    """Save a picture of the photograph and the five classes both ways."""
    figure = new_figure(8.4, 4, "VGG-16 on a photograph, right and wrong way "
                        "round" + note)
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 1.3))
    show(figure.add_subplot(grid[:, 0]), image)
    most = max(classes[0][1] for classes in found.values())
    for i, (name, classes) in enumerate(found.items()):
        axes = figure.add_subplot(grid[i, 1])
        shares = [100 * probability for _, probability in classes]
        axes.barh(range(5), shares, color=("#1b9e77", "#d95f02")[i])
        axes.set_yticks(range(5))
        axes.set_yticklabels([short(name) for name, _ in classes],
                             fontsize=8)
        axes.set(xlim=(0, 105 * most), ylim=(4.6, -.6))
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("probability, %" if i else "", fontsize=9)
    return save(figure, out, "recipes_vgg16.png")


def main(out, download=False, thinner=8, size=SIZE):
    """Load both ways; return the five likeliest classes of each."""
    if download:
        return both_ways(out, fetched(*PICKLE), 1, SIZE, "")
    say("No --download: all weights are random, with 1 in %d of VGG-16's "
        "channels, and the class names are made up" % thinner)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.pkl"
        write_random(path, thinner, size)
        return both_ways(out, path, thinner, size, " (random weights!)")


def both_ways(out, path, thinner, size, note):
    """Load a pickle right and wrong; print, draw and return what they say."""
    with read(path) as checkpoint:
        say("%s: %d arrays, and %s" % (path.name, len(checkpoint.entries),
                                       ", ".join(checkpoint.metadata)))
        names = checkpoint.metadata["synset words"]
        mean = checkpoint.metadata["mean value"]
    image, x = prepared(data.chelsea(), mean, size)
    right = build(Conv2DLayer, thinner, size)
    record = load(path, right, orientation="correlation")
    say("loaded into Conv2DLayer as made for correlation: %d kernels turned"
        % len(record.turned))
    wrong = build(Conv2DLayer, thinner, size)
    set_all_param_values(wrong, [in_float(value) for value in read_npz(path)])
    found = {"loaded, kernels turned": top5(right, x, names),
             "values simply copied": top5(wrong, x, names)}
    tell(found)
    draw(image, found, out, note)
    return found


if __name__ == "__main__":
    given = parser(__doc__)
    given.add_argument("--download", action="store_true",
                       help="get the real weights: 528 MB")
    given = given.parse_args()
    main(given.out, given.download)
