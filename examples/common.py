"""What the examples share: arguments, training, pictures, fetched files."""
import argparse
import hashlib
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import lasagne_flipconv  # noqa: F401  makes Theano and Lasagne importable
import lasagne
import numpy as np
import theano
import theano.tensor as T

OUT = "examples-output"
CACHE = Path.home() / ".cache" / "lasagne_flipconv"
#: What an example exits with that lacks what it needs: neither 0 nor 1.
LEFT_OUT = 77


@contextmanager
def needed(what):
    """Leave in one line where something that an example needs is missing.

    A library that is not installed, a file that is not there and cannot be
    fetched, or is another than it should be.
    """
    try:
        yield
    except (ImportError, OSError, ValueError,
            subprocess.SubprocessError) as error:
        print("%s: left out: needs %s (%s: %.200s)" % (
            Path(sys.argv[0]).name, what, type(error).__name__,
            " ".join(str(error).split())), file=sys.stderr)
        raise SystemExit(LEFT_OUT) from error


with needed("matplotlib"):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure


def parser(doc):
    """Return a parser of arguments that knows where pictures go."""
    made = argparse.ArgumentParser(description=doc.split("\n")[0])
    made.add_argument("--out", metavar="FOLDER", default=OUT,
                      help="where to save pictures (default: %s)" % OUT)
    return made


def say(text):
    """Print a line at once, even into a pipe."""
    print(text, flush=True)


def new_figure(width, height, title):
    """Return a figure that needs no screen; size in inches of 100 dots."""
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=12)
    return figure


def show(axes, image, title="", **options):
    """Show an image without ticks."""
    axes.imshow(image, **options)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=10)


def save(figure, out, name, **layout):
    """Save a figure into a folder, tell where, and return the path."""
    path = Path(out) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout(**layout)
    figure.savefig(str(path))
    say("picture: %s" % path)
    return path


def fetched(name, url, checksum, **options):
    """Return the path of a file in the cache, downloaded if need be."""
    with needed("%s from %s" % (name, url)):
        import pooch
        return Path(pooch.retrieve(url, checksum, fname=name, path=CACHE,
                                   progressbar=True, **options))


def check_sha256(path, expected):
    """Refuse a file with another SHA-256 than expected."""
    found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if found != expected:
        raise ValueError("%s: has SHA-256 %s; expected %s. Remove it, then "
                         "call again." % (path, found, expected))


def in_float(values):
    """Return values in the type that Theano is set to compute in."""
    return np.asarray(values, theano.config.floatX)


def function_of(outputs):
    """Compile the function from the input of a network to its outputs."""
    layers = lasagne.layers.get_all_layers(outputs)
    results = lasagne.layers.get_output(outputs, deterministic=True)
    return theano.function([layers[0].input_var], results)


def classifier_step(network, rate=2e-3):
    """Compile one step of Adam: from a batch and its labels to the loss."""
    images = lasagne.layers.get_all_layers(network)[0].input_var
    labels = T.ivector()
    predicted = lasagne.layers.get_output(network)
    loss = lasagne.objectives.categorical_crossentropy(predicted,
                                                       labels).mean()
    return theano.function([images, labels], loss,
                           updates=adam(loss, network, rate))


def adam(loss, network, rate):
    """Return the updates of Adam for all that is trainable."""
    parameters = lasagne.layers.get_all_params(network, trainable=True)
    return lasagne.updates.adam(loss, parameters, rate)


def train(step, arrays, epochs, batch=50, every=1):
    """Call a step with batches in random order; print the mean loss."""
    random = np.random.RandomState(0)
    for epoch in range(1, epochs + 1):
        losses = [step(*(array[i] for array in arrays)) for i in
                  np.array_split(random.permutation(len(arrays[0])),
                                 max(1, len(arrays[0]) // batch))]
        if epoch % every == 0 or epoch == epochs:
            say("epoch %2d: loss %.3f" % (epoch, np.mean(losses)))


def accuracy(predicted, labels):
    """Return the share, in percent, of images that are recognised."""
    return 100 * float((predicted.argmax(1) == labels).mean())
