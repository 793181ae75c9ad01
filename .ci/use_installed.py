"""Run a small layer with the installed package, not with this checkout."""
import os

import lasagne_flipconv
from lasagne_flipconv.layers import Conv2DLayer

import lasagne
import numpy as np

checkout = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
where = os.path.abspath(lasagne_flipconv.__file__)
assert not where.startswith(checkout + os.sep + "lasagne_flipconv"), where

kernel = np.arange(4, dtype="float32").reshape(1, 1, 2, 2)
image = np.eye(3, dtype="float32")[None, None]
layer = Conv2DLayer(lasagne.layers.InputLayer(image.shape), 1, (2, 2),
                    W=kernel, nonlinearity=None)
output = lasagne.layers.get_output(layer, image).eval()
expected = [[[[3, 1], [2, 3]]]]  # not [[3, 2], [1, 3]], as correlation gives
assert np.array_equal(output, expected), output
print("lasagne_flipconv %s works, installed in %s" % (
    lasagne_flipconv.__version__, os.path.dirname(where)))
