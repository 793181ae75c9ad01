"""Make lasagne-0.1-python2.pkl: a network pickled whole, as it was in 2015.

Runs in Python 2.7 with Theano 0.8.2 and Lasagne 0.1 (NumPy 1.16.6):
``python make_networks.py lasagne-0.1-python2.pkl`` also prints what the
network gives for the input that the test uses.
"""
import pickle
import sys

import lasagne
import numpy
import theano
from lasagne.layers import (Conv2DLayer, DenseLayer, DropoutLayer,
                            ElemwiseSumLayer, InputLayer, MaxPool2DLayer,
                            get_output)


def values(shape):
    """Return asymmetric values between -0.5 and 0.5."""
    size = int(numpy.prod(shape))
    values = (numpy.arange(size) * 7 % size) / float(size) - .5
    return values.reshape(shape).astype("float32")


def main(path):
    """Build, pickle and run the network."""
    net = {}
    net["input"] = InputLayer((None, 2, 6, 5), name="in")
    net["conv"] = Conv2DLayer(net["input"], 3, (3, 2), W=values, b=values,
                              name="conv")
    net["pool"] = MaxPool2DLayer(net["conv"], 2, name="pool")
    net["drop"] = DropoutLayer(net["pool"], name="drop")
    net["join"] = ElemwiseSumLayer([net["pool"], net["drop"]], name="join")
    net["dense"] = DenseLayer(net["join"], 4, W=values, b=values,
                              nonlinearity=lasagne.nonlinearities.softmax,
                              name="dense")
    with open(path, "wb") as file:
        pickle.dump(net, file, 2)
    run = theano.function([net["input"].input_var],
                          get_output(net["dense"], deterministic=True))
    print(repr(run(values((2, 2, 6, 5)))))


if __name__ == "__main__":
    main(sys.argv[1])
