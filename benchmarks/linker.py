"""Compare Theano's graphs on PyTorch with PyTorch itself, on one device.

    python -m benchmarks.linker --device cpu

Both compute the same network with the same values, in turn, call by call; what
is told of each is the median time, and the median of the ratios of pairs. The
losses of both must agree, else it ends with 1.
"""
import argparse
import functools
import sys
import time

import numpy as np
import torch
from lasagne_flipconv import engine
from torch.nn import functional as F

from . import build_lasagne, networks
from .build_torch import Built
from .description import labels, sample, weights

#: What is measured: name, network, batch of a training step.
CASES = (("ResNet-32", networks.resnet32(), 16),
         ("VGG-small", networks.vgg_small(), 16))


def main(arguments=None):
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, help="of a training step")
    parser.add_argument("--compile", action="store_true",
                        help="let inductor compile ours")
    parser.add_argument("--seconds", type=float, default=15,
                        help="for each comparison")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    worst = 0
    print("%-10s %-14s %9s %9s %6s  loss or output differs by" % (
        "network", "what", "linker", "native", "ratio"))
    for name, network, batch in CASES:
        for row in compare(network, options.batch or batch, options):
            print("%-10s %-14s %6.1f ms %6.1f ms %6.2f  %.2g" % (name, *row),
                  flush=True)
            worst = max(worst, row[-1])
    return int(not worst < 1e-3)


def compare(network, batch, options):
    """Yield a row for inference of one image, and one for a training step."""
    values = weights(network)
    how = {"device": options.device, "compile": options.compile}
    for what, n, pair in (
            ("inference b%d", 1, predictors(network, values, **how)),
            ("training b%d", batch, trainers(network, values, **how))):
        given = (sample(network, n),) + ((labels(network, n),) if (
            n == batch and what.startswith("training")) else ())
        yield (what % n, *timed([functools.partial(f, *given) for f in pair],
                                options.seconds))


def predictors(network, values, device, compile=False):
    """Return the linker's function and PyTorch's, from a batch to scores."""
    with engine.using("torch", device=device, compile=compile):
        ours = build_lasagne.predictor(network, values)
    module = Built(network, values).to(device).eval()

    def native(x):
        with torch.inference_mode():
            return module(torch.from_numpy(x).to(device)).cpu().numpy()
    return ours, native


def trainers(network, values, device, compile=False):
    """Return the same for a step of training with momentum."""
    with engine.using("torch", device=device, compile=compile):
        ours = build_lasagne.trainer(network, values)
    module = Built(network, values).to(device).train()
    optimizer = torch.optim.SGD(module.parameters(), .01, .9)

    def native(x, y):
        x, y = (torch.from_numpy(a).to(device) for a in (x, y))
        optimizer.zero_grad()
        loss = F.cross_entropy(module(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
    return ours, native


def timed(pair, seconds):
    """Return median times in ms, the ratio, and how far results differ."""
    results = [np.asarray(f()) for f in pair]
    differs = np.abs(results[0] - results[1]).max() / max(
        np.abs(results[1]).max(), 1e-9)
    for f in pair * 3:  # to warm up
        f()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 10:
        row = [0, 0]
        for i in (0, 1) if len(times) % 2 else (1, 0):
            start = time.perf_counter()
            pair[i]()
            row[i] = time.perf_counter() - start
        times.append(row)
    times = np.array(times)
    return (*1000 * np.median(times, 0), np.median(times[:, 0] / times[:, 1]),
            differs)


if __name__ == "__main__":
    sys.exit(main())
