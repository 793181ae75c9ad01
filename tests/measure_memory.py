"""Print how the memory of a process grows over calls with changing sizes.

    python tests/measure_memory.py [CALLS [SIZES [KIND ...]]]

calls each kind of computation so often (20,000), over and over with so many
sizes (1,500) in an order of chance, each kind in a process of its own. For
each it prints memory in MB after 2,000 calls and after all, and what it grew
in between. For processors without AVX-512:

    ONEDNN_MAX_CPU_ISA=AVX2 THEANO_FLAGS=gcc.cxxflags=-march=x86-64-v3
"""
import subprocess
import sys

import lasagne_flipconv  # noqa: F401
import numpy as np
import theano
import theano.tensor as T
from lasagne_flipconv import engine
from theano.tensor.nnet import abstract_conv, elu, relu
from theano.tensor.nnet.bn import batch_normalization_train
from theano.tensor.signal.pool import pool_2d

#: How many calls fill what is kept; what may come and go after, in MB.
FIRST, LIMIT = 2000, 8


def variable(ndim):
    """Return a variable of float32 whose sizes are not known."""
    return T.TensorType("float32", (False,) * ndim)()


def convolution(channels=16, filters=8, size=(3, 3), after=None, bias=False,
                residual=False, gradient=None, **options):
    """Return a function of an array that convolves it, and its channels."""
    n = len(size)
    x = variable(n + 2)
    op = {2: abstract_conv.AbstractConv2d, 3: abstract_conv.AbstractConv3d}[n]
    groups = options.get("num_groups", 1)
    kernel = theano.shared(np.random.RandomState(0).uniform(
        -1, 1, (filters, channels // groups) + size).astype("f"))
    options.setdefault("border_mode", "half")
    y = op(**options)(x, kernel)
    if bias:
        y = y + theano.shared(np.ones(filters, "f")).dimshuffle(
            "x", 0, *["x"] * n)
    if residual:
        y = y + T.sqr(x)
    if after is not None:
        y = after(y)
    if gradient is not None:
        y = T.grad(y.sum(), {"kernel": kernel, "input": x}[gradient])
    return theano.function([x], y), channels


def other(make, ndim=4, channels=16):
    """Return a function that does something else with an array."""
    x = variable(ndim)
    return theano.function([x], make(x)), channels


def normalized(x):
    """Return batch normalization, as in training."""
    ones = theano.shared(np.ones((1, 16, 1, 1), "f"), broadcastable=(
        True, False, True, True))
    return batch_normalization_train(x, ones, ones, "spatial")[0]


def _leaky(x):
    return relu(x, .1)


#: What is measured: a function, and how many channels it takes.
KINDS = {
    "plain": lambda: convolution(),
    "bias": lambda: convolution(bias=True),
    "relu": lambda: convolution(after=relu),
    "leaky": lambda: convolution(after=_leaky),
    "elu": lambda: convolution(after=elu),
    "all": lambda: convolution(16, 16, after=relu, bias=True, residual=True),
    "residual": lambda: convolution(16, 16, residual=True),
    "1x1": lambda: convolution(size=(1, 1)),
    "1x1 relu": lambda: convolution(size=(1, 1), after=relu),
    "1x1 all": lambda: convolution(16, 16, size=(1, 1), after=elu, bias=True,
                                   residual=True),
    "5x5 relu": lambda: convolution(size=(5, 5), after=relu),
    "stride relu": lambda: convolution(subsample=(2, 2), after=relu),
    "tiles": lambda: convolution(32, 32, after=relu),
    "three channels": lambda: convolution(3, after=relu),
    "groups": lambda: convolution(num_groups=4, after=relu),
    "depthwise": lambda: convolution(16, 16, num_groups=16, after=relu),
    "dilation": lambda: convolution(filter_dilation=(2, 2), after=relu),
    "one axis": lambda: convolution(size=(1, 5), after=relu),
    "volume": lambda: convolution(size=(1, 3, 3), after=relu),
    "gradient of kernel": lambda: convolution(gradient="kernel"),
    "gradient of input": lambda: convolution(gradient="input"),
    "1x1 gradient of kernel": lambda: convolution(size=(1, 1),
                                                  gradient="kernel"),
    "1x1 gradient of input": lambda: convolution(size=(1, 1),
                                                 gradient="input"),
    "pool": lambda: other(lambda x: pool_2d(x, (2, 2), True)),
    "norm": lambda: other(normalized),
    "norm gradient": lambda: other(lambda x: T.grad(
        normalized(x).sum(), x)),
}


def resident():
    """Return the memory of this process in MB."""
    with open("/proc/self/status") as file:
        line = next(row for row in file if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def measure(kind, calls, sizes):
    """Call one kind; return memory after the first calls, and all."""
    function, channels = KINDS[kind]()
    ndim = function.maker.fgraph.inputs[0].ndim
    shapes = [(3,) * (ndim - 4) + (4 + i % 40, 4 + i // 40)
              for i in range(sizes)]
    np.random.RandomState(0).shuffle(shapes)
    memory = np.ones(channels * 3 * 44 * (4 + sizes // 40 + 1), "f")
    for i in range(calls):
        shape = (1, channels) + shapes[i % sizes]
        function(memory[:np.prod(shape)].reshape(shape))
        if i == FIRST:
            early = resident()
    names = {line.runs_on for line in engine.report(function)}
    return early, resident(), ", ".join(sorted(names)) or "none"


def main(calls=20000, sizes=1500, *kinds):
    """Measure each kind in a process of its own; return 1 if one grows."""
    grown = []
    for kind in kinds or KINDS:
        run = subprocess.run(
            [sys.executable, __file__, "--one", kind, str(calls), str(sizes)],
            stdout=subprocess.PIPE, universal_newlines=True)
        if run.returncode:
            grown.append(kind)
            continue
        early, late, where = run.stdout.strip().split(" ", 2)
        growth = float(late) - float(early)
        print("%-24s %7s → %7s MB, grew %6.1f  %s" % (
            kind, early, late, growth, where), flush=True)
        grown += [kind] * (growth > LIMIT)
    if grown:
        print("grew or failed: " + ", ".join(grown))
    return int(bool(grown))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print("%.1f %.1f %s" % measure(sys.argv[2], int(sys.argv[3]),
                                       int(sys.argv[4])))
    else:
        sys.exit(main(*map(int, sys.argv[1:3]), *sys.argv[3:]))
