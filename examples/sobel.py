"""Show why filters are flipped: a Sobel kernel slid both ways round.

Sliding a kernel as it is over an image is a correlation. A convolution
reverses it first, along every axis. That is what makes convolving an impulse
give the kernel, and a signal's response come after its cause; learning works
either way. Conv2DLayer convolves, Conv2DDNNLayer correlates; scipy.signal has
one function for each.

    python examples/sobel.py [--out FOLDER]
"""
from functools import partial

from common import (function_of, in_float, needed, new_figure, parser, save,
                    say, show)
import numpy as np
from lasagne.layers import InputLayer
from lasagne_flipconv.layers import Conv1DLayer, Conv2DDNNLayer, Conv2DLayer
from scipy import signal

with needed("scikit-image"):
    from skimage import data

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
#: Nothing before the middle, then what fades away: an echo.
ECHO = np.array([0, 0, 0, 0, 1, .6, .36, .22, .13])
WAYS = ("convolution", "correlation")
LAYERS = {2: {"convolution": Conv2DLayer, "correlation": Conv2DDNNLayer},
          1: {"convolution": Conv1DLayer,
              "correlation": partial(Conv1DLayer, flip_filters=False)}}
FUNCTIONS = {"convolution": signal.convolve, "correlation": signal.correlate}
COLOURS = {"kernel": "#7570b3", "convolution": "#1b9e77",
           "correlation": "#d95f02"}


def photograph(size=None):
    """Return a part of a grey photograph, values 0…1."""
    image = data.camera()[50:200, 145:295] / 255
    return in_float(image[:size, :size])


def by_layer(way, values, kernel):
    """Return the response of a layer to an image or a signal."""
    layer = LAYERS[kernel.ndim][way](
        InputLayer((None, 1) + values.shape), 1, kernel.shape, pad="same",
        W=in_float(kernel)[None, None], b=None, nonlinearity=None)
    return function_of(layer)(in_float(values)[None, None])[0, 0]


def by_scipy(way, values, kernel):
    """Return the response that SciPy computes."""
    return FUNCTIONS[way](values, kernel, mode="same", method="direct")


def responses(image):
    """Return the four responses, and print how SciPy's differ."""
    found = {}
    say("%-10s %-12s %-15s %s" % ("kernel", "slid as", "layer",
                                  "SciPy differs by"))
    for name, kernel in (("Sobel", SOBEL), ("reversed", SOBEL[::-1, ::-1])):
        for way in WAYS:
            response = by_layer(way, image, kernel)
            theirs = by_scipy(way, image, kernel)
            say("%-10s %-12s %-15s %.0e" % (
                name, way, LAYERS[2][way].__name__,
                np.abs(response - theirs).max()))
            found[name, way] = response
    same = np.abs(found["Sobel", "convolution"]
                  - found["reversed", "correlation"]).max()
    other = np.abs(found["Sobel", "convolution"]
                   - found["Sobel", "correlation"]).max()
    say("convolving with a kernel and correlating with its reverse: "
        "difference %.0e" % same)
    say("convolving and correlating with one kernel: difference %.1f" % other)
    return found


def draw_photograph(image, found, out):
    """Save a picture of the kernels and the four responses."""
    figure = new_figure(8.4, 5.6, "One kernel, slid over a photograph both "
                        "ways round: every edge changes its sign")
    axes = figure.subplots(2, 4)
    show(axes[0, 0], image, "photograph", cmap="gray")
    axes[1, 0].axis("off")
    axes[1, 0].text(0, .5, "blue: a positive response,\nred: a negative "
                    "one.\n\nThe diagonal is equal:\na convolution reverses\n"
                    "the kernel itself.", va="center", fontsize=9)
    for row, name in zip(axes, ("Sobel", "reversed")):
        kernel = SOBEL if name == "Sobel" else SOBEL[::-1, ::-1]
        show(row[1], kernel, "%s kernel" % name, cmap="RdBu", vmin=-4,
             vmax=4)
        for (i, j), value in np.ndenumerate(kernel):
            row[1].text(j, i, "%+d" % value if value else "0", ha="center",
                        va="center")
        for axis, way in zip(row[2:], WAYS):
            show(axis, found[name, way], way, cmap="RdBu", vmin=-2, vmax=2)
            axis.set_xlabel(LAYERS[2][way].__name__, fontsize=9)
    return save(figure, out, "sobel.png")


def one_dimensional():
    """Return signals and their responses; print what an impulse gives."""
    impulse, step = np.zeros(40), np.zeros(40)
    impulse[15] = 1
    step[12:] = 1
    found, worst = {}, 0
    for name, values in (("unit impulse", impulse), ("sharp step", step)):
        for way in WAYS:
            found[name, way] = by_layer(way, values, ECHO)
            worst = max(worst, np.abs(found[name, way] - by_scipy(
                way, values, ECHO)).max())
    for way in WAYS:
        say("%-11s of a unit impulse: %s" % (
            way, listed(found["unit impulse", way][11:20])))
    say("the kernel itself:           %s" % listed(ECHO))
    say("largest difference from SciPy: %.0e" % worst)
    return {"unit impulse": impulse, "sharp step": step}, found


def listed(values):
    """Return numbers as a line of text."""
    return " ".join("%.2f" % value for value in values)


def draw_signals(signals, found, out):
    """Save a picture of the signals, the kernel and the responses."""
    figure = new_figure(8.4, 5, "The same in one dimension: a convolution "
                        "answers after, a correlation before")
    axes = figure.subplots(2, 3)
    for row, (name, values) in zip(axes, signals.items()):
        bars(row[0], np.arange(31), values[:31], "signal: a " + name,
             "#555555")
        for axis, way in zip(row[1:], WAYS):
            bars(axis, np.arange(31), found[name, way][:31],
                 "its %s" % way, COLOURS[way])
            axis.axvline(values.argmax(), color="black", lw=.8, ls=":")
        row[0].set_xlabel("time", fontsize=9)
    inset = axes[0, 0].inset_axes([.09, .45, .33, .35])
    bars(inset, np.arange(-4, 5), ECHO, "the kernel", COLOURS["kernel"])
    inset.set(xticks=[-4, 0, 4], yticks=[])
    return save(figure, out, "sobel_1d.png")


def bars(axes, positions, values, title, colour):
    """Draw a signal as bars."""
    axes.bar(positions, values, color=colour)
    axes.set_title(title, fontsize=10)
    axes.tick_params(labelsize=8)


def main(out, size=None):
    """Print and draw both; return the four responses to the photograph."""
    say("A Sobel kernel over a photograph, by Lasagne's layers and by SciPy")
    image = photograph(size)
    found = responses(image)
    draw_photograph(image, found, out)
    say("A kernel that fades like an echo over a signal")
    signals, lines = one_dimensional()
    draw_signals(signals, lines, out)
    return found


if __name__ == "__main__":
    main(parser(__doc__).parse_args().out)
