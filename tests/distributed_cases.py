"""What the tests of training on several ranks share: start them, hear them."""
import importlib.util
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import lasagne_flipconv
import pytest

#: Where the package is that is tested; a copy, if it has a wrong edit.
ROOT = Path(lasagne_flipconv.__file__).resolve().parents[1]
HERE = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HERE, reason="PyTorch is not installed")

#: Seconds after which a run counts as hung; compiling takes most of it.
LONGEST = 600

#: What every script begins with. `say` is heard from every rank.
BEGIN = """
    import json, os, sys
    import numpy as np
    import lasagne
    import theano
    import theano.tensor as T
    from lasagne.layers import *

    def say(**what):
        sys.stderr.write("SAID " + json.dumps(what) + "\\n")
        sys.stderr.flush()

    rng = np.random.RandomState(1)
    np.random.seed(3)
    X = rng.randn(64, 1, 8, 8).astype("float32")
    Y = rng.randint(0, 5, 64).astype("int32")
    x, y = T.ftensor4("x"), T.ivector("y")
    softmax = lasagne.nonlinearities.softmax
    """


def environment(**more):
    """Return the environment of a run: this checkout, float32, one thread."""
    path = [os.environ.get("PYTHONPATH"), str(ROOT)]
    told = [f for f in os.environ.get("THEANO_FLAGS", "").split(",")
            if f and not f.startswith("floatX")]
    found = {k: v for k, v in os.environ.items()
             if k not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return dict(found, THEANO_FLAGS=",".join(told + ["floatX=float32"]),
                PYTHONPATH=os.pathsep.join(filter(None, path)),
                OMP_NUM_THREADS="1", **more)


def command(*arguments, size):
    """Return the command for some ranks, or for one process without any."""
    run = ["-m", "lasagne_flipconv", "run"]
    if not size:
        return [sys.executable, "-W", "ignore", *run, *arguments]
    return [sys.executable, "-m", "torch.distributed.run", "--standalone",
            "--nproc-per-node", str(size), *run, "--data-parallel",
            *arguments]


def write(folder, text, name="train.py"):
    """Write a script that begins as all do."""
    (folder / name).write_text(textwrap.dedent(BEGIN) + textwrap.dedent(text))
    return name


def run(folder, *arguments, size=2, **more):
    """Run the command in a folder, to its end."""
    return subprocess.run(
        command(*arguments, size=size), cwd=str(folder), timeout=LONGEST,
        universal_newlines=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment(**more))


def said(result, rank=0):
    """Return what a rank said, all in one."""
    begin = "[rank%d]: " % rank if rank else ""
    found = {}
    for line in result.stderr.splitlines():
        match = re.match(re.escape(begin) + "SAID (.*)", line)
        if match:
            found.update(json.loads(match.group(1)))
    return found
