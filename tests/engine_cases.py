"""What the tests of the engine share: functions with it and without."""
import ctypes
import importlib.util
import os
import subprocess
import sys

import lasagne_flipconv  # noqa: F401  makes Theano importable
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import engine
from lasagne_flipconv.engine import library

HERE = engine.enabled()
needs_engine = pytest.mark.skipif(
    not HERE, reason="oneDNN is not installed, or not for this system")


def has(instructions):
    """Tell whether the processor has them, by their name in Linux."""
    if sys.platform != "linux":
        return False
    with open("/proc/cpuinfo") as lines:
        return instructions in lines.read().split()


needs_tiles = pytest.mark.skipif(
    not has("avx2"), reason="tiles are for processors with AVX2")

# Theano imports its code for GPUs here, and that this module of setuptools
needs_pkg_resources = pytest.mark.skipif(
    importlib.util.find_spec("pkg_resources") is None,
    reason="setuptools has no pkg_resources, which Theano imports for this")

#: What is told when the engine cannot be built; all is as without it then.
NOT_BUILT = "Functions compile without it"

#: Theano's mode in which tests compile, whatever the flags say.
MODE = theano.compile.get_mode("FAST_RUN")


def tensor(ndim, dtype="float32"):
    """Return a new variable of a type without broadcastable axes."""
    return T.TensorType(dtype, (False,) * ndim)()


def both(inputs, outputs, **options):
    """Compile with the engine and without it."""
    options.setdefault("mode", MODE)
    ours = theano.function(inputs, outputs, **options)
    assert not HERE or engine.enabled(), engine.why_off()  # it was built
    with engine.disabled():
        return ours, theano.function(inputs, outputs, **options)


def names(function):
    """Return the class names of the Ops of a function, in order."""
    return [type(node.op).__name__
            for node in function.maker.fgraph.toposort()]


def ran_on():
    """Return what the last Op of this thread ran on."""
    text = ctypes.CDLL(str(library.build())).fc_implementation
    text.restype = ctypes.c_char_p
    return text().decode()


def values(*shape, seed=0):
    """Return random float32 values between -1 and 1."""
    rng = np.random.RandomState(seed + sum(shape))
    return rng.uniform(-1, 1, shape).astype("float32")


def in_new_process(program, **variables):
    """Run a program with variables of the environment; return what it prints.
    """
    done = subprocess.run(
        [sys.executable, "-c", program], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=dict(os.environ, **variables))
    assert done.returncode == 0, done.stderr
    assert NOT_BUILT not in done.stderr, done.stderr
    return done.stdout


def convolved_in_new_process(image, kernel, options=None, **variables):
    """Convolve random arrays of these shapes.

    Return some of the result's bytes, and what computed it.
    """
    program = (
        "import sys\n"
        "sys.path.insert(0, %r)\n"
        "import lasagne_flipconv, theano, theano.tensor as T, numpy as np\n"
        "from engine_cases import ran_on\n"
        "x, w = T.ftensor4(), T.ftensor4()\n"
        "f = theano.function([x, w], T.nnet.conv2d(x, w, **%r))\n"
        "r = np.random.RandomState(3)\n"
        "y = f(r.rand(*%r).astype('f'), r.rand(*%r).astype('f'))\n"
        "print(y.tobytes()[::97].hex(), ran_on(), sep='\\n')\n"
        % (os.path.dirname(__file__), options or {}, image, kernel))
    return tuple(in_new_process(program, **variables).splitlines())


def check_close(got, expected, limit=1e-5):
    """Compare arrays by their largest difference, relative to the largest."""
    if not isinstance(got, (list, tuple)):
        got, expected = [got], [expected]
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert np.abs(a - b).max(initial=0) <= limit * np.abs(b).max(initial=1)
