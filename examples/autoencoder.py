"""Move an autoencoder whose decoder shares the kernels of its encoder.

The encoder's Conv2DLayer convolves; TransposedConv2DLayer with the same W is
its adjoint. In layers that correlate, both read W the other way round, and
`transfer` turns the one variable once. If only one of the two correlates, no
value of W suits both: `transfer` refuses, where a plain copy reconstructs
something else. A plain copy into the pair is only a little worse than it
should be, which is harder to notice.

    python examples/autoencoder.py [--out FOLDER] [--epochs N]
"""
from common import (adam, function_of, in_float, needed, new_figure, parser,
                    save, say, show, train)
import lasagne
import numpy as np
import theano
from lasagne.layers import (InputLayer, get_all_param_values,
                            set_all_param_values)
from lasagne.nonlinearities import linear, rectify
from lasagne_flipconv import ConventionError
from lasagne_flipconv import transfer
from lasagne_flipconv.layers import Conv2DLayer, TransposedConv2DLayer

with needed("scikit-learn"):
    from sklearn.datasets import load_digits

TEST = 450


def digits():
    """Return images, axes (image, 1, row, column), values 0…1."""
    return in_float(load_digits().images[:, None] / 16)


def build(encoder_flips=True, decoder_flips=False):
    """Build encoder and decoder over one set of kernels.

    The defaults are Lasagne's: the encoder convolves, and the decoder is the
    adjoint of a convolution. The other value of each flag is for correlation.
    """
    net = InputLayer((None, 1, 8, 8))
    encoders = []
    for filters in (12, 10):  # 8×8 → 4×4 → 2×2
        net = Conv2DLayer(net, filters, 4, stride=2, pad=1,
                          flip_filters=encoder_flips,
                          name="encoder%d" % (len(encoders) + 1))
        encoders.append(net)
    for i, encoder in reversed(list(enumerate(encoders, 1))):
        net = TransposedConv2DLayer(
            net, encoder.input_shape[1], 4, stride=2, crop=1, W=encoder.W,
            flip_filters=decoder_flips, name="decoder%d" % i,
            nonlinearity=rectify if i > 1 else linear)
    return net


def middle(network):
    """Return the shape of what the encoder makes of an image."""
    return next(layer.input_shape[1:] for layer
                in lasagne.layers.get_all_layers(network)
                if isinstance(layer, TransposedConv2DLayer))


def step_of(network):
    """Compile one step of Adam on the squared error of reconstruction."""
    images = lasagne.layers.get_all_layers(network)[0].input_var
    loss = lasagne.objectives.squared_error(
        lasagne.layers.get_output(network), images).mean()
    return theano.function([images], loss, updates=adam(loss, network, 3e-3))


def compare(networks, images):
    """Print the error of each network; return the reconstructions."""
    found = {}
    for name, network in networks.items():
        found[name] = function_of(network)(images)
        error = ((found[name] - images) ** 2).mean()
        say("%-48s squared error %.4f" % (name.replace("\n", " "), error))
    return found


def draw(images, found, out):
    """Save a picture of digits and their reconstructions."""
    figure = new_figure(8.4, 4.6, "Digits, and what is left of them after "
                        "the autoencoder")
    rows = dict({"test images": images}, **found)
    grid = figure.subplots(len(rows), len(images))
    for line, (name, row) in zip(grid, rows.items()):
        for axes, image in zip(line, row[:, 0]):
            show(axes, image, cmap="gray_r", vmin=0, vmax=1)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center",
                           fontsize=9)
    return save(figure, out, "autoencoder.png")


def main(out, epochs=40, count=None):
    """Train, move, compare; return the reconstructions by their names."""
    lasagne.random.set_rng(np.random.RandomState(0))
    x = digits()
    trained = build()
    images = x[:-TEST][:count]
    say("Training: %d digits of %d pixels each, through %d numbers" % (
        len(images), images[0].size, np.prod(middle(trained))))
    train(step_of(trained), [images], epochs, every=10)
    correlating = build(encoder_flips=False, decoder_flips=True)
    record = transfer(trained, correlating)
    say("transfer to a pair that correlates: turned %s"
        % ", ".join(record.turned))
    mixed = build(encoder_flips=False)
    try:
        transfer(trained, mixed)
    except ConventionError as error:
        say("transfer to a pair of which one correlates is refused:\n  %s"
            % error)
    set_all_param_values(mixed, get_all_param_values(trained))
    copied = build(encoder_flips=False, decoder_flips=True)
    set_all_param_values(copied, get_all_param_values(trained))
    found = compare({"as trained": trained,
                     "transferred,\nboth correlate": correlating,
                     "simply copied,\nboth correlate": copied,
                     "simply copied,\nencoder correlates": mixed}, x[-TEST:])
    some = slice(3, None, 44)
    draw(x[-TEST:][some], {name: row[some] for name, row in found.items()},
         out)
    return found


if __name__ == "__main__":
    given = parser(__doc__)
    given.add_argument("--epochs", type=int, default=40)
    given = given.parse_args()
    main(given.out, given.epochs)
