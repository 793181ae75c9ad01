"""Use the installed package, not this checkout: what users do first.

    python use_installed.py README.rst

runs the first example of the README, ``demo``, ``inspect``, a ``save`` and a
``load``, and sees that the engine computes where there is one.
"""
import doctest
import os
import platform
import subprocess
import sys
import tempfile

import lasagne_flipconv
from lasagne_flipconv.cli import digits
from lasagne_flipconv import engine
from lasagne_flipconv.layers import Conv2DLayer

import lasagne
import numpy as np
import theano

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WHERE = os.path.dirname(os.path.abspath(lasagne_flipconv.__file__))


def check_readme(path):
    """Run the first example, as it stands, up to the first other text."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    start = text.index(">>> ")
    example = doctest.DocTestParser().get_doctest(
        text[start:text.index("\n\n", start) + 1], {}, path, path, 0)
    result = doctest.DocTestRunner().run(example)
    assert result.attempted > 3 and not result.failed, result


def command(*arguments):
    """Return what the installed command prints."""
    program = os.path.join(os.path.dirname(sys.executable),
                           "lasagne-flipconv")
    return subprocess.run((program,) + arguments, check=True,
                          stdout=subprocess.PIPE).stdout.decode("utf-8")


def check_commands():
    """Look at the demo and at a file that the package carries."""
    shown = command("demo")
    assert "loaded by lasagne_flipconv" in shown, shown
    shown = command("inspect", str(digits.WEIGHTS))
    assert "32×16×3×3" in shown, shown


def check_load():
    """Save a network and load it into layers of the other orientation."""
    network = digits.build(Conv2DLayer)
    path = os.path.join(tempfile.mkdtemp(), "digits.npz")
    lasagne_flipconv.save(path, network)
    record = lasagne_flipconv.load(
        path, digits.build(Conv2DLayer, flip_filters=False))
    assert record.turned == ("conv1.W", "conv2.W"), record


def check_layer():
    """Compare a layer with what it has to give, and see what computed it."""
    kernel = np.arange(4, dtype="float32").reshape(1, 1, 2, 2)
    image = np.eye(3, dtype="float32")[None, None]
    x = theano.tensor.tensor4(dtype="float32")
    layer = Conv2DLayer(lasagne.layers.InputLayer(image.shape, x), 1, (2, 2),
                        W=theano.shared(kernel), b=None, nonlinearity=None)
    function = theano.function([x], lasagne.layers.get_output(layer))
    expected = [[[[3, 1], [2, 3]]]]  # not [[3, 2], [1, 3]]: correlation
    assert np.array_equal(function(image), expected), function(image)
    runs_on = [line.runs_on for line in engine.report(function)]
    there = sys.platform == "linux" and platform.machine() == "x86_64"
    assert runs_on == ["oneDNN" if there else "Theano"], (
        engine.report(function))
    return runs_on[0]


assert not WHERE.startswith(CHECKOUT + os.sep + "lasagne_flipconv"), WHERE
check_readme(sys.argv[1])
check_commands()
check_load()
print("lasagne_flipconv %s works on %s, installed in %s" % (
    lasagne_flipconv.__version__, check_layer(), WHERE))
