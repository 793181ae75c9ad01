"""Compare the engine with Theano's own convolutions on random geometries.

    python tests/soak.py [--count 10000] [--seed 0]

Each geometry is compiled once with the engine and once without, and run on
several random shapes, forward and with both gradients. The engine gets each
array in a random layout, Theano a plain copy; one run in four has a value that
is infinite or not a number. Prints what differs by more than a relative error
of 1e-5 (4e-5 where a value repeats in all channels, see docs/fast.rst) or in
what is not finite, and ends with status 1 if anything did. An error is
relative to the largest sum of the absolute values of what was added up: where
positive and negative terms cancel, the sum itself is no measure.
"""
import argparse
import sys
import time

import lasagne_flipconv  # noqa: F401  makes Theano importable
import numpy as np
import theano
import theano.tensor as T
from layouts import random_layout
from lasagne_flipconv import engine
from theano.tensor.nnet import abstract_conv

SHAPES = 8  # per geometry
LIMIT, LIMIT_REPEATED = 1e-5, 4e-5


def random_geometry(rng):
    """Return axes, groups and the arguments of a convolution."""
    n = int(rng.choice([2, 2, 3]))
    kernel = [int(k) for k in rng.choice([1, 1, 2, 3, 3, 4, 5], n)]
    borders = ["valid", "half", "full",
               tuple(int(p) for p in rng.randint(0, 4, n))]
    if n == 2:
        borders.append(tuple((int(a), int(b))
                             for a, b in rng.randint(0, 4, (n, 2))))
    small = [1, 1, 2, 3]
    if rng.randint(4) == 0:  # may be computed in tiles
        return n, kernel[:-2] + [3, 3], dict(
            border_mode=borders[rng.randint(len(borders))],
            filter_flip=bool(rng.randint(2)))
    vectors = rng.randint(4) == 0  # of channels; may be computed in lines
    return n, kernel, dict(
        border_mode=borders[rng.randint(len(borders))],
        subsample=tuple(int(s) for s in rng.choice(small, n)),
        filter_dilation=tuple(int(d) for d in rng.choice(small, n)),
        filter_flip=bool(rng.randint(2)),
        **({} if vectors else
           {"num_groups": int(rng.choice([1, 1, 1, 2, 3, 8]))}))


def random_shapes(rng, n, kernel, options):
    """Return the shapes of an input and a kernel that fit a geometry."""
    groups = options.get("num_groups", 1)
    channels = int(rng.choice([1, 2, 3, 5, 8, 16, 17, 32]))
    filters = int(rng.choice([1, 2, 3, 7, 8, 16, 24, 33]))
    if "num_groups" not in options and rng.randint(2):
        channels, filters = 16 * rng.randint(1, [24, 8][n - 2], 2)
    dilation = options.get("filter_dilation", (1,) * n)
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    size = [int(e + rng.randint(0, 12 if n == 2 else 5)) for e in extent]
    return ((int(rng.randint(1, 5)), channels * groups) + tuple(size),
            (filters * groups, channels) + tuple(kernel))


def functions(n, options):
    """Compile forward and both gradients, with the engine and without."""
    x, w, g = (T.TensorType("float32", (False,) * (n + 2))()
               for _ in range(3))
    conv = {2: abstract_conv.AbstractConv2d,
            3: abstract_conv.AbstractConv3d}[n](**options)
    y = conv(x, w)
    outputs = T.grad(None, [w, x], known_grads={y: g})
    compiled = [theano.function([x, w], y),
                theano.function([x, w, g], outputs)]
    with engine.disabled():
        return compiled, [theano.function([x, w], y),
                          theano.function([x, w, g], outputs)]


def run(compiled, x, w, g):
    """Return the output and both gradients."""
    return [compiled[0](x, w)] + compiled[1](x, w, g)


def error(got, expected, scale):
    """Return the largest difference, relative to a scale.

    Infinite if the shape differs, or what is not finite.
    """
    if got.shape != expected.shape:
        return np.inf
    finite = np.isfinite(expected)
    if not np.array_equal(got[~finite], expected[~finite], equal_nan=True):
        return np.inf
    difference = np.abs(got[finite] - expected[finite]).max(initial=0)
    return difference / scale if difference else 0.


def scales(stock, arrays):
    """Return the largest sum of absolute values in each output."""
    absolute = [np.abs(np.nan_to_num(a, nan=0, posinf=0, neginf=0))
                for a in arrays]
    return [found.max(initial=0) for found in run(stock, *absolute)]


def random_arrays(rng, stock, shapes):
    """Return input, kernel and gradient of the output."""
    x, w = (rng.uniform(-1, 1, s).astype("float32") for s in shapes)
    g = rng.uniform(-1, 1, stock[0](x, w).shape).astype("float32")
    arrays = [random_layout(rng, a) if a.size else a for a in (x, w, g)]
    if rng.randint(4) == 0:
        spoilt = arrays[rng.randint(3)]
        if spoilt.size and spoilt.flags.writeable:
            spoilt[tuple(rng.randint(n) for n in spoilt.shape)] = rng.choice(
                [np.nan, np.inf, -np.inf])
    return arrays


def check(rng, n, kernel, options):
    """Return the worst error over random shapes, and where it was.

    Errors count as a part of what is allowed.
    """
    ours, stock = functions(n, options)
    worst = (0., None)
    for _ in range(SHAPES):
        shapes = random_shapes(rng, n, kernel, options)
        arrays = random_arrays(rng, stock, shapes)
        plain = [np.array(a, "float32", order="C") for a in arrays]
        got, expected = run(ours, *arrays), run(stock, *plain)
        errors = [error(*parts) for parts in zip(
            got, expected, scales(stock, plain))]
        strides = [a.strides for a in arrays]
        repeated = any(0 in s[:2] for s in strides)
        worst = max(worst, (max(errors) / (
            LIMIT_REPEATED if repeated else LIMIT), (shapes, strides, errors)),
                    key=lambda pair: pair[0])
    return worst


def main(count, seed):
    """Print what is wrong; return whether anything is."""
    rng = np.random.RandomState(seed)
    started, worst, wrong, done = time.time(), 0., 0, 0
    while done < count:
        n, kernel, options = random_geometry(rng)
        found, where = check(rng, n, kernel, options)
        worst, done = max(worst, found), done + SHAPES
        if found > 1:
            wrong += 1
            print("%.1f of what is allowed: %r, kernel %r, %r"
                  % (found, options, kernel, where), flush=True)
        if done % (50 * SHAPES) == 0:
            print("%6d configurations, at most %.2f of what is allowed, %.0f s"
                  % (done, worst, time.time() - started), flush=True)
    print("%d configurations, %d geometries wrong, at most %.2f of what is "
          "allowed" % (done, wrong, worst))
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sys.exit(bool(main(given.count, given.seed)))
