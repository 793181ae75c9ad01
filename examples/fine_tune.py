"""Put a new head upon a pretrained network, and train only that.

The body is the digits network that the package carries, trained with
Conv2DLayer; the layers here correlate, as those for a GPU did. `load` with
``strict=False`` loads what the file has, turned, and tells what it has not:
the head, which answers a new question: does the digit have a closed loop? The
body stays frozen. Loaded the wrong way round, it trains without any error as
well; the network only ends up worse than one without pretraining.

    python examples/fine_tune.py [--out FOLDER] [--epochs N]
"""
from common import (accuracy, classifier_step, function_of, in_float,
                    new_figure, parser, save, say, show)
import lasagne
import numpy as np
from lasagne.layers import DenseLayer, get_all_layers, get_all_param_values
from lasagne.nonlinearities import rectify, softmax
from lasagne_flipconv.cli import digits
from lasagne_flipconv import load
from lasagne_flipconv.layers import Conv2DDNNLayer

LOOPS = (0, 6, 8, 9)
#: Bodies by what is told of the weights file; None is one without weights.
BODIES = {"loaded the right way round": "convolution",
          "loaded the wrong way round": "correlation",
          "not pretrained": None}


def progress(iterable, text):
    """Return an iterable that shows how far it is, if tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        say(text + " ...")
        return iterable
    return tqdm(iterable, text, disable=None, leave=False)


def build():
    """Build the digits network, and a new head of two classes upon it."""
    body = digits.build(Conv2DDNNLayer)
    body.nonlinearity = rectify
    return DenseLayer(body, 2, nonlinearity=softmax, name="loop")


def freeze(network):
    """Take what a network has out of the parameters that are trained."""
    for layer in get_all_layers(network):
        for tags in layer.params.values():
            tags.discard("trainable")


def load_body(network, orientation):
    """Load what fits of the digits network; print what was done."""
    record = load(digits.WEIGHTS, network, orientation=orientation,
                  strict=False)
    say("  turned: %s" % (", ".join(record.turned) or "nothing"))
    say("  not in the file, so left as they were: %s"
        % ", ".join(record.missing))


def tune(network, learn, test, epochs, batch=20):
    """Train; return the percentage of test images right after each epoch."""
    step, predict = classifier_step(network, 2e-2), function_of(network)
    random, curve = np.random.RandomState(0), []
    images, labels = learn
    for _ in progress(range(epochs), "training"):
        order = random.permutation(len(images))
        for some in np.array_split(order, max(1, len(order) // batch)):
            step(images[some], labels[some])
        curve.append(accuracy(predict(test[0]), test[1]))
    return curve


def draw(curves, images, labels, out):
    """Save a picture of the test images and of how training went."""
    figure = new_figure(8.4, 4, "A new head for the digits network: does "
                        "the digit have a closed loop?")
    grid = figure.add_gridspec(4, 7)
    some = np.concatenate([np.flatnonzero(labels == loop)[::15][:4]
                           for loop in (0, 1)])
    for i, n in enumerate(some):
        axes = figure.add_subplot(grid[i % 4, i // 4])
        show(axes, images[n, 0], "loop" if labels[n] else "no loop",
             cmap="gray_r")
    axes = figure.add_subplot(grid[:, 2:])
    for (name, curve), style in zip(curves.items(), ("-", "--", ":")):
        axes.plot(range(1, len(curve) + 1), curve, style, lw=2,
                  label="%s: %.1f %%" % (name, curve[-1]))
    axes.set(xlabel="epoch", ylabel="test images right, %")
    axes.legend(loc="lower right", title="body, and the end of training",
                fontsize=9)
    axes.grid(alpha=.3)
    return save(figure, out, "fine_tune.png")


def images_and_labels():
    """Return a few images to learn from, and those to test with."""
    x, y = digits.read_images(in_float(0).dtype)
    y = np.isin(y, LOOPS).astype("int32")
    learn = np.arange(len(x)) % 9 == 0
    return (x[learn], y[learn]), (x[~learn], y[~learn])


def main(out, epochs=50, bodies=tuple(BODIES)):
    """Train with each body; return the accuracies by its name."""
    learn, test = images_and_labels()
    curves = {}
    for name in bodies:
        lasagne.random.set_rng(np.random.RandomState(0))
        network = build()
        body = network.input_layer
        say("Body %s; %d images to learn from" % (name, len(learn[0])))
        if BODIES[name]:
            load_body(network, BODIES[name])
            freeze(body)
        before = get_all_param_values(body)
        curves[name] = tune(network, learn, test, epochs)
        same = all(map(np.array_equal, before, get_all_param_values(body)))
        say("  %.1f %% of %d test images right; the body %s" % (
            curves[name][-1], len(test[0]),
            "is as it was" if same else "was trained as well"))
    draw(curves, *test, out)
    return curves


if __name__ == "__main__":
    given = parser(__doc__)
    given.add_argument("--epochs", type=int, default=50)
    given = given.parse_args()
    main(given.out, given.epochs)
