"""Move a video network between the 3-D layers: time is reversed as well.

A digit slides over the screen, to the left or to the right, and speeds up or
slows down. A network with Conv3DDNNLayer learns to tell the four apart; then
its values go to Conv3DMMLayer, which correlates too, and to Conv3DLayer, which
convolves. Copied without turning its kernels, it sees every film backwards
and upside down: it is sure that what speeds up slows down.

    python examples/c3d.py [--out FOLDER] [--epochs N]
"""
from common import (accuracy, classifier_step, function_of, in_float,
                    needed, new_figure, parser, save, say, show, train)
import lasagne
import numpy as np
from lasagne.layers import (DenseLayer, GlobalPoolLayer, InputLayer,
                            get_all_param_values, set_all_param_values)
from lasagne.nonlinearities import softmax
from lasagne_flipconv import transfer
from lasagne_flipconv.layers import Conv3DDNNLayer, Conv3DLayer, Conv3DMMLayer

with needed("scikit-learn"):
    from sklearn.datasets import load_digits

CLASSES = ("left, faster", "left, slower", "right, faster", "right, slower")
FRAMES, HEIGHT, WIDTH, DIGIT = 8, 11, 25, 8  # strides fit


def films(count, seed=0):
    """Return films (axes film, 1, time, row, column) and what they show."""
    random = np.random.RandomState(seed)
    digits = load_digits().images / 16
    labels = np.arange(count) % len(CLASSES)
    time = np.linspace(0, 1, FRAMES)
    x = random.normal(0, .05, (count, 1, FRAMES, HEIGHT, WIDTH))
    for film, label in zip(x[:, 0], labels):
        image = digits[random.randint(len(digits))]
        way = 1 - (1 - time) ** 2 if label % 2 else time ** 2
        way = way if label > 1 else 1 - way
        top = random.randint(HEIGHT - DIGIT + 1)
        for frame, left in zip(film, way * (WIDTH - DIGIT)):
            left = int(round(left))
            frame[top:top + DIGIT, left:left + DIGIT] += image
    return in_float(x), labels.astype("int32")


def build(conv, **options):
    """Build the network from one class of 3-D convolution."""
    net = InputLayer((None, 1, FRAMES, HEIGHT, WIDTH))
    net = conv(net, 8, (3, 3, 3), stride=(1, 2, 2), pad=1, **options)
    net = conv(net, 16, (5, 3, 3), pad=(2, 1, 1), **options)
    return DenseLayer(GlobalPoolLayer(net), len(CLASSES),
                      nonlinearity=softmax)


def compare(networks, x, labels):
    """Print how many films each network gets right; return what each says."""
    found = {}
    for name, network in networks.items():
        found[name] = function_of(network)(x)
        say("%-34s %5.1f %% right" % (name, accuracy(found[name], labels)))
    return found


def confusion(predicted, labels):
    """Return how often each class (rows) is taken for each (columns)."""
    counts = np.zeros((len(CLASSES), len(CLASSES)), int)
    np.add.at(counts, (labels, predicted.argmax(1)), 1)
    return counts


def draw(x, labels, found, out):
    """Save a picture of four films, and of what is taken for what."""
    figure = new_figure(8.4, 6.6, "Films, and what the network makes of them "
                        "the right and the wrong way round")
    grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.25))
    strip = np.concatenate([
        np.concatenate(list(film[0]), axis=1) for film in x[:4]])
    axes = figure.add_subplot(grid[0, :])
    show(axes, strip, "each row a film, frame by frame", cmap="gray_r",
         vmin=0, vmax=1, aspect="auto")
    axes.set_yticks(HEIGHT * (np.arange(4) + .5))
    axes.set_yticklabels([CLASSES[label] for label in labels[:4]])
    for i in range(1, FRAMES):
        axes.axvline(WIDTH * i - .5, color="#888888", lw=.6)
    for i, (name, predicted) in enumerate(found.items()):
        axes = figure.add_subplot(grid[1, i])
        counts = confusion(predicted, labels)
        show(axes, counts, name, cmap="Blues", vmax=1.5 * counts.max())
        for (row, column), count in np.ndenumerate(counts):
            axes.text(column, row, count, ha="center", va="center")
        ticks = np.arange(len(CLASSES))
        names = [name.replace(", ", ",\n") for name in CLASSES]
        axes.set_xticks(ticks)
        axes.set_xticklabels(names, fontsize=8)
        axes.set_yticks(ticks)
        axes.set_yticklabels(names, fontsize=8)
        axes.set(xlabel="says", ylabel="is")
    return save(figure, out, "c3d.png")


def main(out, epochs=10, count=600):
    """Train, move, compare; return what each network says of the films."""
    lasagne.random.set_rng(np.random.RandomState(0))
    say("Training a network with Conv3DDNNLayer on %d films" % count)
    trained = build(Conv3DDNNLayer)
    train(classifier_step(trained, 5e-3), films(count), epochs)
    mm, conv, naive = build(Conv3DMMLayer), build(Conv3DLayer), build(
        Conv3DLayer)
    for network in (mm, conv):
        say("transfer to %s: %d kernels turned" % (
            type(lasagne.layers.get_all_layers(network)[1]).__name__,
            len(transfer(trained, network).turned)))
    set_all_param_values(naive, get_all_param_values(trained))
    x, labels = films(200, seed=1)
    found = compare({"Conv3DDNNLayer, as trained": trained,
                     "Conv3DMMLayer, transferred": mm,
                     "Conv3DLayer, transferred": conv,
                     "Conv3DLayer, values simply copied": naive}, x, labels)
    first, second, third, wrong = found.values()
    worst = max(np.abs(first - second).max(), np.abs(first - third).max())
    say("largest difference after a transfer: %.0e" % worst)
    backwards = function_of(trained)(x[:, :, ::-1, ::-1, ::-1])
    say("copied naively, and trained but seeing films reversed in time and "
        "space: difference %.0e" % np.abs(wrong - backwards).max())
    found["films reversed"] = backwards
    draw(x, labels, {"transferred to Conv3DLayer": third,
                     "simply copied to Conv3DLayer": wrong}, out)
    return found


if __name__ == "__main__":
    given = parser(__doc__)
    given.add_argument("--epochs", type=int, default=10)
    given = given.parse_args()
    main(given.out, given.epochs)
