"""Print how often `detect` is right, wrong and undecided.

    python tests/measure_detect.py [TRIALS [NETWORK ...]]

trains the networks of `detect_networks.py`, adds the digits network that the
package carries and, where it is there, the published ResNet-32, and asks
`detect` about each TRIALS times in all, by other inputs each time: a random
choice of 16 to 200, prepared as in training and in many wrong ways. Half of
the networks were trained with convolution, half with correlation. Exits with 1
if any answer is wrong. Inputs that are turned by 180 degrees are counted
apart: a network that does not see where on an image something is does on
these, the wrong way round, exactly what it does the right way round on the
others. SEED=1 in the environment trains other networks. `make measure-detect`
runs it.
"""
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import lasagne_flipconv
import numpy as np
from scipy.ndimage import gaussian_filter, shift

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "examples")]

import cifar10_resnet  # noqa: E402
import detect_networks  # noqa: E402
from detect_networks import Trained  # noqa: E402
from lasagne.layers import get_all_param_values  # noqa: E402
from lasagne_flipconv.cli import digits  # noqa: E402
from lasagne_flipconv import read  # noqa: E402
from lasagne_flipconv.weights.orientation.detecting import evidence_for  # noqa: E402
from lasagne_flipconv.layers import Conv2DDNNLayer  # noqa: E402

SIZES = (16, 32, 64, 200)

#: Networks that take long are asked about this often in each preparation.
SLOW = {"ResNet-32": 3}

#: What the first values of the networks depend on.
SEED = int(os.environ.get("SEED", 0))


def moved(pixels):
    """Return a preparation that moves inputs along all their axes."""
    return lambda x, random: shift(
        x, (0, 0) + (pixels(x),) * (x.ndim - 2), order=0, cval=float(x.min()))


def noisy(share):
    """Return a preparation that adds noise of a share of the deviation."""
    return lambda x, random: x + random.normal(0, share * x.std(), x.shape)


def transposed(x, random):
    """Swap the last two axes; a signal has but one, which is left."""
    return x.swapaxes(-1, -2) if x.ndim > 3 else x


def mixed(x, random):
    """Put the positions into another order, the same for all inputs."""
    flat = x.reshape(x.shape[:2] + (-1,))
    return flat[..., random.permutation(flat.shape[-1])].reshape(x.shape)


def one_class(x, random):
    """Return one input, over and over, with a little noise."""
    return np.repeat(x[:1], len(x), 0) + random.normal(0, .05, x.shape)


def _each(x):
    return (len(x),) + (1,) * (x.ndim - 1)


def turned(x, random):
    """Turn inputs by 180 degrees."""
    return x[(Ellipsis,) + (slice(None, None, -1),) * (x.ndim - 2)]


#: Name → a function of the inputs, as in training, and a random state.
PREPARATIONS = {
    "as in training": lambda x, random: x,
    "less the mean of each": lambda x, random: x - x.mean(0),
    "less the mean": lambda x, random: x - x.mean(),
    "standardised": lambda x, random: (x - x.mean()) / x.std(),
    "plus a half": lambda x, random: x + .5,
    "plus two deviations": lambda x, random: x + 2 * x.std(),
    "0..255": lambda x, random: (x - x.min()) / np.ptp(x) * 255,
    "times 255": lambda x, random: x * 255,
    "by 255": lambda x, random: x / 255,
    "times 3": lambda x, random: x * 3,
    "times 0.3": lambda x, random: x * .3,
    "times 2 less 1": lambda x, random: 2 * x - 1,
    "negative": lambda x, random: x.max() - x,
    "other sign": lambda x, random: -x,
    "channels swapped": lambda x, random: x[:, ::-1],
    "moved by 1": moved(lambda x: 1),
    "moved by 2": moved(lambda x: 2),
    "moved by 2/7": moved(lambda x: x.shape[-1] * 2 // 7),
    "rolled by 3": lambda x, random: np.roll(x, 3, -1),
    "noise, 0.3": noisy(.3),
    "noise, 1": noisy(1),
    "noise, 3": noisy(3),
    "noise alone": lambda x, random: random.normal(x.mean(), x.std(), x.shape),
    "noise of 0..1": lambda x, random: random.rand(*x.shape),
    "blurred": lambda x, random: gaussian_filter(
        x, (0, 0) + (1,) * (x.ndim - 2)),
    "each of one value": lambda x, random: 0 * x + random.rand(*_each(x)),
    "positions mixed": mixed,
    "half left out": lambda x, random: x * (random.rand(*x.shape) < .5),
    "upside down": lambda x, random: x[..., ::-1, :] if x.ndim > 3 else x,
    "mirrored": lambda x, random: x[..., ::-1] if x.ndim > 3 else x,
    "transposed": transposed,
    "transposed, less the mean": lambda x, random: transposed(
        x - x.mean(0), random),
    "times 255, moved by 2": lambda x, random: moved(lambda x: 2)(
        255 * x, random),
    "one input": one_class,
}

#: What nobody can tell, see above.
APART = {"turned by 180": turned}


def carried():
    """Return the networks that are not trained here."""
    images, _ = digits.read_images(detect_networks.FLOAT)
    yield Trained("shipped digits", digits.build(Conv2DDNNLayer),
                  "convolution", images), digits.WEIGHTS
    weights = cifar10_resnet.DATA / cifar10_resnet.WEIGHTS[0]
    if weights.exists():
        x, _, mean = cifar10_resnet.sample()
        yield Trained("ResNet-32", cifar10_resnet.build(Conv2DDNNLayer),
                      "correlation", x / 255. - mean), weights


def networks(folder, names):
    """Return each network that is asked for, and its file."""
    for trained, path in carried():
        if not names or trained.name in names:
            yield trained, path
    for name in names or detect_networks.RECIPES:
        if name not in detect_networks.RECIPES:
            continue
        trained, loss = detect_networks.train(name, SEED)
        path = Path(folder) / "network.npz"
        np.savez(path, *get_all_param_values(trained.network))
        yield trained, path


def ask(trained, path, trials, random):
    """Return preparation → how often right, wrong and undecided."""
    found = {}
    with read(path) as checkpoint:
        weigh = evidence_for(trained.network, checkpoint)
    for name, prepare in {**PREPARATIONS, **APART}.items():
        found[name] = Counter()
        for i in range(trials):
            size = min(SIZES[i % len(SIZES)], len(trained.x))
            rows = random.choice(len(trained.x), size, replace=False)
            answer = weigh(prepare(trained.x[rows].astype("float64"),
                                   random)).answer
            found[name]["undecided" if answer == "undecided" else
                        "right" if answer == trained.truth else "wrong"] += 1
    return found


def told(counts):
    """Return counts as a text."""
    return "%5d right %5d wrong %5d undecided" % (
        counts["right"], counts["wrong"], counts["undecided"])


def main(trials=10000, *names):
    """Ask, print, and return how many answers were wrong."""
    print(lasagne_flipconv.__file__)
    known = len(names) or len(detect_networks.RECIPES) + 1
    each = -(-int(trials) // (known * len(PREPARATIONS)))
    total, good, random = Counter(), Counter(), np.random.RandomState(SEED)
    by_preparation = {name: Counter() for name in {**PREPARATIONS, **APART}}
    with tempfile.TemporaryDirectory() as folder:
        for trained, path in networks(folder, names):
            start = time.time()
            found = ask(trained, path, SLOW.get(trained.name, each), random)
            for name, counts in found.items():
                by_preparation[name] += counts
            counts = sum((found[name] for name in PREPARATIONS), Counter())
            total, good = total + counts, good + found["as in training"]
            print("%-22s %s; as in training: %s (%.0f s)" % (
                trained.name, told(counts), told(found["as in training"]),
                time.time() - start), flush=True)
            for name in PREPARATIONS:
                if found[name]["wrong"]:
                    print("    WRONG: %s %s" % (name, told(found[name])))
    for name, counts in by_preparation.items():
        print("%-26s %s" % (name, told(counts)))
    print("%-26s %s" % ("in all, the last left out", told(total)))
    print("%-26s %s" % ("as in training", told(good)))
    return total["wrong"]


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
