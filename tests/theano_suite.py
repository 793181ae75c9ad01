"""Run Theano's own tests with the engine off and on: `make theano-suite`.

The tests of convolutions, batch normalization and pooling that come with the
installed Theano run in float32, each file once with the engine off and once
with it on, in processes of their own, and the outcomes are compared test by
test. Tests that generate others, which pytest has not run since its version
4, are taken apart into those. With the engine on, "a CorrMM is in the graph"
is read as "it or the engine's Op is".
Arguments name tests, as pytest takes them relative to Theano's folder; by
default all of the three files. ``HOURS`` limits each process (default 3).
Exits with 1 if a test that passes with the engine off does not with it on.
"""
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

import pytest
from lasagne_suite import Recorder, told
from theano_nose import lend

FILES = ["tensor/nnet/tests/test_bn.py", "tensor/signal/tests/test_pool.py",
         "tensor/nnet/tests/test_abstract_conv.py"]

MODES = ["off", "on"]

ROOT = Path(__file__).resolve().parents[1]


def main(tests):
    """Run, compare and print; return the exit code."""
    worse = 0
    for test in tests or FILES:
        with tempfile.TemporaryDirectory() as folder:
            end = time.time() + 3600 * float(os.environ.get("HOURS", 3))
            children = [start(mode, Path(folder, mode), test)
                        for mode in MODES]
            runs = [outcomes(*child, end) for child in children]
        worse += report(test, *runs)
    return int(worse > 0)


def start(mode, result, test):
    """Start the tests in a child; return it and where its outcomes go."""
    # each with a compile cache of its own, or they wait for each other
    flags = "%s,floatX=float32,base_compiledir=%s" % (
        os.environ.get("THEANO_FLAGS", ""),
        ROOT / "build" / "theano-suite" / mode)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, "--child", mode,
         str(result), test],
        env=dict(os.environ, LASAGNE_FLIPCONV_ENGINE=str(MODES.index(mode)),
                 THEANO_FLAGS=flags.lstrip(",")),
        stdout=None if os.environ.get("VERBOSE") else subprocess.DEVNULL)
    return process, result


def outcomes(process, result, end):
    """Wait for a child until `end`; return {test: [outcome, reason]}."""
    try:
        process.wait(max(0, end - time.time()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    lines = result.read_text().splitlines() if result.exists() else []
    found = {test: rest for test, *rest in map(json.loads, lines)}
    if process.returncode not in (0, 1):  # of pytest: all passed, some failed
        found["the process"] = ["failed", "ended with status %d"
                                % process.returncode]
    return found


def child(mode, result, test):
    """Run pytest in this process and write down every outcome."""
    lend()
    import lasagne_flipconv  # noqa: F401  makes Theano importable
    import theano
    folder = Path(theano.__file__).parent
    with open(result, "w", buffering=1) as file:
        return pytest.main(
            ["-q", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts=",
             # pytest would import the tests past the hook that lends names
             "--assert=plain", "--rootdir", str(folder), str(folder / test)],
            plugins=[Written(file), Expansion(
                name_ours_beside_stock if mode == "on" else None)])


class Written(Recorder):
    """Write each outcome to a file at once: a process may crash."""

    def __init__(self, file):
        super().__init__()
        self.file = file

    def pytest_runtest_logreport(self, report):
        """Write an outcome if it is new."""
        before = self.outcomes.get(report.nodeid)
        super().pytest_runtest_logreport(report)
        now = self.outcomes.get(report.nodeid)
        if now != before:
            self.file.write(json.dumps([report.nodeid] + now) + "\n")


class Expansion:
    """Take tests that generate others apart; a pytest plugin."""

    def __init__(self, change_module=None):
        self.change_module = change_module

    def pytest_pycollect_makeitem(self, collector, name, obj):
        """Change a class before pytest collects it."""
        if not (inspect.isclass(obj) and name.startswith("Test")):
            return
        if self.change_module:
            self.change_module(sys.modules[obj.__module__])
        for method in dir(obj):
            if method.startswith("test") and inspect.isgeneratorfunction(
                    getattr(obj, method)):
                expand(obj, method)


def expand(cls, method):
    """Put a test into a class for each that a method of it generates."""
    try:
        cls.setup_class()
    except unittest.SkipTest:
        return  # and so will they be
    for i, (function, *arguments) in enumerate(getattr(cls(), method)()):
        setattr(cls, "%s_%03d" % (method, i),
                lambda self, call=(function, arguments): call[0](*call[1]))
    setattr(cls, method, None)


def name_ours_beside_stock(module):
    """Let tests that look for an Op of Theano's find the engine's too."""
    from lasagne_flipconv.engine.ops import conv as ops_conv
    name_beside_stock(module, {
        dims + ending: ours for dims in ("CorrMM", "Corr3dMM")
        for ours, ending in ((ops_conv.Convolution, ""),
                             (ops_conv.ConvolutionGradKernel, "_gradWeights"),
                             (ops_conv.ConvolutionGradInput, "_gradInputs"))})


def name_beside_stock(module, others):
    """Let tests that look for an Op by a name find another one, too."""
    for name, other in others.items():
        stock = getattr(module, name, None)
        if inspect.isclass(stock):
            setattr(module, name, (stock, other))


def report(test, off, on):
    """Print the figures and every difference; return how many are worse."""
    print("== %s" % test)
    for name, run in (("off", off), ("on", on)):
        counts = Counter(outcome for outcome, _ in run.values())
        print("engine %-3s %4d tests: %4d passed, %3d failed, %3d skipped"
              % (name, len(run), counts["passed"], counts["failed"],
                 counts["skipped"]))
    absent = ["absent", ""]
    pairs = {test: (off.get(test, absent), on.get(test, absent))
             for test in sorted(set(off) | set(on))}
    told("fail with the engine off", [
        (test, before) for test, (before, _) in pairs.items()
        if before[0] == "failed"])
    worse = [(test, after) for test, (before, after) in pairs.items()
             if after[0] != before[0] and after[0] != "passed"]
    told("only with the engine on not passed", worse)
    told("only with the engine on passed", [
        (test, before) for test, (before, after) in pairs.items()
        if after[0] == "passed" != before[0]])
    sys.stdout.flush()
    return len(worse)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.exit(child(*sys.argv[2:]))
    else:
        sys.exit(main(sys.argv[1:]))
