"""Measure training on several ranks: are losses equal, how fast is it.

    python tests/measure_ranks.py losses|speed|kills [--sizes 1 2 4]
        [--steps N] [--batch N] [--plain] [--sync] [--kills N]

The network is the ResNet-32 of the examples, with batch normalization unless
``--plain``, on the sample of CIFAR-10 or on random images. ``losses`` compares
those of some steps with one process; ``speed`` gives images a second, the
batch growing with the ranks; ``kills`` ends a rank at a random moment.
"""
import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("CIFAR10_SAMPLE", ROOT.parent / "shared" / "data"
                           / "cifar10_sample.npz"))

SCRIPT = r'''
import json, os, sys, time
import numpy as np
import lasagne, theano
import theano.tensor as T
from lasagne.layers import *
from lasagne.nonlinearities import rectify, softmax

options = json.loads(sys.argv[1])
np.random.seed(1)
lasagne.random.set_rng(np.random.RandomState(1))

def conv(net, filters, stride=1, nonlinearity=rectify, gain="relu"):
    if options["plain"]:
        return Conv2DLayer(net, filters, 3, stride, pad=1,
                           W=lasagne.init.HeNormal(gain=gain),
                           nonlinearity=nonlinearity)
    return batch_norm(Conv2DLayer(net, filters, 3, stride, pad=1,
                                  W=lasagne.init.HeNormal(gain="relu"),
                                  nonlinearity=nonlinearity))

def shortcut(net, filters):
    small = ExpressionLayer(net, lambda v: v[:, :, ::2, ::2],
                            lambda s: s[:2] + (s[2] // 2, s[3] // 2))
    return PadLayer(small, [filters // 4, 0, 0], batch_ndim=1)

x, y = T.tensor4("x"), T.ivector("y")
net = conv(InputLayer((None, 3, 32, 32), x), 16)
for filters in (16, 32, 64):
    for i in range(5):
        stride = 2 if filters > 16 and i == 0 else 1
        body = conv(net, filters, stride)
        body = conv(body, filters, nonlinearity=None, gain=.2)
        if stride == 2:
            net = shortcut(net, filters)
        net = NonlinearityLayer(ElemwiseSumLayer([body, net]), rectify)
net = DenseLayer(GlobalPoolLayer(net), 10, nonlinearity=softmax)
loss = T.nnet.categorical_crossentropy(get_output(net), y).mean()
params = get_all_params(net, trainable=True)
f = theano.function([x, y], loss, updates=lasagne.updates.nesterov_momentum(
    loss, params, options["rate"], .9))
rng = np.random.RandomState(2)
if options["data"]:
    with np.load(options["data"]) as file:
        X = (file["x"] / np.float32(255) - file["pixel_mean"])
        Y = file["y"].astype("int32")
else:
    X, Y = rng.randn(900, 3, 32, 32), rng.randint(0, 10, 900).astype("int32")
X = X.astype(theano.config.floatX)

def step():
    rows = rng.permutation(len(X))[:options["batch"]]
    return float(f(X[rows], Y[rows]))

losses = [step()]
sys.stderr.write("PID %d\n" % os.getpid())
sys.stderr.flush()
times = []
for _ in range(options["steps"] - 1):
    began = time.time()
    losses.append(step())
    times.append(time.time() - began)
print(json.dumps({"losses": losses, "times": times}))
'''


def command(folder, size, options, sync=False):
    """Return the command of a run, by so many ranks."""
    script = os.path.join(folder, "resnet.py")
    Path(script).write_text(SCRIPT)
    run = ["-m", "lasagne_flipconv", "run"]
    start = [sys.executable]
    if size > 1:
        start += ["-m", "torch.distributed.run", "--standalone",
                  "--nproc-per-node", str(size)]
        run += ["--data-parallel"] + ["--sync-batch-norm"] * sync
    return start + run + [script, json.dumps(options)]


def environment():
    """Return the environment: this checkout, one thread a rank."""
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return dict(os.environ, OMP_NUM_THREADS="1",
                PYTHONPATH=os.pathsep.join(filter(None, path)))


def result(folder, size, options, sync=False):
    """Run to the end; return what it printed."""
    done = subprocess.run(command(folder, size, options, sync),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, env=environment())
    if done.returncode:
        sys.exit(done.stderr)
    for line in done.stderr.splitlines():
        if "lasagne-flipconv run: function" in line:
            print(line)
    return json.loads(done.stdout)


def measure_losses(folder, args, options):
    """Print how far losses are from those of one process."""
    one = result(folder, 1, options)["losses"]
    print("1 process: losses from %.6f to %.6f" % (one[0], one[-1]))
    for size in args.sizes:
        if size > 1:
            found = result(folder, size, options, args.sync)["losses"]
            worst = max(abs(a - b) for a, b in zip(one, found))
            apart = ["%.0e" % abs(a - b) for a, b in zip(one, found)]
            print("  every seventh: " + " ".join(apart[::7]))
            relative = max(abs(a - b) / a for a, b in zip(one, found))
            print("%d ranks: %d losses differ by %.2e at most, relative %.2e"
                  % (size, len(found), worst, relative))


def measure_speed(folder, args, options):
    """Print images a second: of ranks, and of as many separate processes.

    The latter is what the machine has to give, without any message.
    """
    for _ in range(args.rounds):
        for size in args.sizes:
            batch = args.batch * size
            times = result(folder, size, dict(options, batch=batch),
                           args.sync)["times"]
            print("%d ranks: %s" % (size, speeds(batch, times)), flush=True)
            if size > 1:
                with ThreadPoolExecutor(size) as pool:
                    each = list(pool.map(lambda _: result(
                        folder, 1, options)["times"], range(size)))
                print("%d separate: %s" % (size, " + ".join(
                    speeds(args.batch, times) for times in each)), flush=True)


def speeds(batch, times):
    """Return images a second in words, and how busy the machine was."""
    times = sorted(times)
    return "%.0f images a second (median step), %.0f (first tenth), load %.1f"\
        % (batch / times[len(times) // 2], batch / times[len(times) // 10],
           os.getloadavg()[0])


def measure_kills(folder, args, options):
    """Kill a rank at a random moment, print how it ended."""
    bad = 0
    for i in range(args.kills):
        size = args.sizes[-1]
        victim, wait = random.randrange(size), random.uniform(0, 25)
        took, named = killed(folder, size, dict(options, steps=10 ** 6),
                             victim, wait)
        bad += not (named and took < 10)
        print("kill %d: rank %d after %.1f s: ended in %.1f s, %s" % (
            i, victim, wait, took, "named" if named else "NOT NAMED"),
            flush=True)
    print("%d of %d did not end well" % (bad, args.kills))


def killed(folder, size, options, victim, wait):
    """Kill a rank; return the seconds to the end, whether it was named."""
    process = subprocess.Popen(
        command(folder, size, options), stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, universal_newlines=True,
        env=environment())
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr))
    reader.start()
    time.sleep(wait)
    pid = None
    while pid is None:
        pid = rank_of(process.pid, victim)
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    process.wait()
    took = time.monotonic() - began
    reader.join()
    text = "".join(lines)
    return took, bool(re.search(
        r"rank\s*: %d \(local_rank: %d\)\s*exitcode\s*: -9" % (victim, victim),
        text)) or "rank %d has died" % victim in text


def rank_of(parent, rank):
    """Return the process of a rank, if it is there."""
    with open("/proc/%d/task/%d/children" % (parent, parent)) as file:
        for child in file.read().split():
            with open("/proc/%s/environ" % child, "rb") as variables:
                if b"RANK=%d" % rank in variables.read().split(b"\0"):
                    return int(child)
    return None


def main():
    """Measure what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("losses", "speed", "kills"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=.01)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--sync", action="store_true")
    args = parser.parse_args()
    options = {"steps": args.steps, "batch": args.batch, "plain": args.plain,
               "rate": args.rate, "data": str(DATA) if DATA.exists() else ""}
    with tempfile.TemporaryDirectory() as folder:
        globals()["measure_" + args.what](folder, args, options)


if __name__ == "__main__":
    main()
