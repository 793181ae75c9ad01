"""Run Lasagne's own tests with and without install(): `make lasagne-suite`.

``LASAGNE_SOURCE`` names a checkout of Lasagne 0.2.dev1. Its tests run twice,
each time in a process of its own, and the outcomes are compared test by test.
Where ``LASAGNE_FLIPCONV_DEVICE`` is set, they run with PyTorch and without it
instead, neither under install(), of Lasagne 0.1 as well.
They run from a copy, in which a list of slices that serves as an index is a
tuple: NumPy 1.23 takes nothing else.
Arguments name the test files, relative to ``lasagne/tests``; by default all.
Exits with 1 if a test that passes on Lasagne alone does not under install(),
or one that could not run there fails; the tests that assert that a module
cannot be imported without a GPU are listed apart.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: With which PyTorch computes in the second run.
DEVICE = "LASAGNE_FLIPCONV_DEVICE"

#: How the two runs are called; the first is Lasagne alone.
NAMES = {"stock": "Lasagne alone", "installed": "under install()",
         "torch": "on PyTorch"}

#: What a skipped test says that lacks a GPU.
NO_GPU = "not available"

#: They assert that there is nothing to import, the opposite of install().
ASSERT_NO_IMPORT = "test_import_without_gpu"


def main(files):
    """Run, compare and print; return the exit code."""
    source = os.environ.get("LASAGNE_SOURCE")
    if not source:
        print("LASAGNE_SOURCE: not set; expected a checkout of Lasagne.")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        copy(Path(source), Path(folder))
        second = "torch" if os.environ.get(DEVICE) else "installed"
        stock, ours = (outcomes(Path(folder), mode, files)
                       for mode in ("stock", second))
    if not stock or not ours:
        print("LASAGNE_SOURCE: %s has no tests that can be collected; "
              "expected a checkout, with lasagne/tests." % source)
        return 2
    return report(stock, ours, NAMES[second])


def copy(source, folder):
    """Copy the package with its tests, mended for NumPy 1.23 and later."""
    shutil.copytree(source / "lasagne", folder / "lasagne")
    for path in (folder / "lasagne" / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\[\[(slice\(.*)\]\]", r"[tuple(\1)]", text)
        path.write_text(text.replace("[slices]", "[tuple(slices)]"),
                        encoding="utf-8")


def outcomes(folder, mode, files):
    """Run the tests in a child; return {test: [outcome, reason]}."""
    result = folder / (mode + ".json")
    verbose = os.environ.get("VERBOSE")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(
        [str(folder), str(ROOT)]))
    if mode != "torch":
        environment.pop(DEVICE, None)
    subprocess.run(
        [sys.executable, __file__, "--child", mode, str(result)]
        + [str(folder / "lasagne" / "tests" / name)
           for name in files or ["."]], env=environment, cwd=folder,
        stdout=None if verbose else subprocess.DEVNULL)
    return json.loads(result.read_text())


def child(mode, result, *paths):
    """Run pytest in this process and write down every outcome."""
    import lasagne_flipconv
    lend_filter_acts()
    if mode == "installed":
        lasagne_flipconv.install()
    recorder = Recorder()
    pytest.main(["-q", "--tb=short", "-p", "no:cacheprovider", "-o",
                 "addopts=", "--continue-on-collection-errors", *paths],
                plugins=[recorder])
    Path(result).write_text(json.dumps(recorder.outcomes))


class Recorder:
    """Write down the outcome of every test; a pytest plugin."""

    def __init__(self):
        self.outcomes = {}

    def pytest_runtest_logreport(self, report):
        """Keep the first outcome that is not a success."""
        kept = self.outcomes.get(report.nodeid, ["passed"])[0]
        if kept != "passed" or (report.when != "call" and report.passed):
            return
        reason = report.longrepr
        if isinstance(reason, tuple):  # skipped: file, line, reason
            reason = reason[2]
        text = str(reason or "").strip().splitlines()
        self.outcomes[report.nodeid] = [report.outcome,
                                        text[-1] if text else ""]

    def pytest_collectreport(self, report):
        """Count a file that cannot be collected as a failure."""
        if report.failed:
            self.outcomes[report.nodeid] = ["failed", str(report.longrepr)]


def lend_filter_acts():
    """Give one test the class of pylearn2 that it compares with.

    It stands apart from what is tested: a correlation by Theano's conv2d.
    """
    from theano.tensor.nnet import conv2d

    class FilterActs:
        def __init__(self, stride, pad, partial_sum):
            self.options = {"subsample": (stride, stride),
                            "border_mode": (pad, pad)}

        def __call__(self, input, kernel):
            output = conv2d(input.dimshuffle(3, 0, 1, 2),
                            kernel.dimshuffle(3, 0, 1, 2),
                            filter_flip=False, **self.options)
            return output.dimshuffle(1, 2, 3, 0)

    name = "pylearn2.sandbox.cuda_convnet.filter_acts"
    parts = name.split(".")
    for i in range(len(parts)):
        full = ".".join(parts[:i + 1])
        sys.modules[full] = types.ModuleType(full)
    sys.modules[name].FilterActs = FilterActs


def report(stock, ours, second):
    """Print the figures and every difference; return the exit code."""
    for name, run in ((NAMES["stock"], stock), (second, ours)):
        counts = Counter(outcome for outcome, _ in run.values())
        no_gpu = sum(NO_GPU in reason for outcome, reason in run.values()
                     if outcome == "skipped")
        print("%-16s %4d tests: %4d passed, %3d failed, %3d skipped (%d as "
              "a GPU module is not available)"
              % (name, len(run), counts["passed"], counts["failed"],
                 counts["skipped"], no_gpu))
    changes = {test: (stock.get(test, ["absent", ""]),
                      ours.get(test, ["absent", ""]))
               for test in sorted(set(stock) | set(ours))}
    lacked = [after[0] for before, after in changes.values()
              if before[0] == "skipped" and NO_GPU in before[1]]
    print("of the %d that lacked a GPU module: %s" % (len(lacked), ", ".join(
        "%d %s" % (n, outcome) for outcome, n in Counter(lacked).items())))
    worse = {test: pair for test, pair in changes.items()
             if pair[1][0] in ("failed", "absent")
             and pair[0][0] != pair[1][0]}
    inverse = {test for test in worse if ASSERT_NO_IMPORT in test}
    told("fail on Lasagne alone", [
        (test, pair[0]) for test, pair in changes.items()
        if pair[0][0] == "failed"])
    told("fail %s: they assert that the import fails" % second,
         [(test, worse[test][1]) for test in sorted(inverse)])
    told("fail %s only" % second, [(test, pair[1]) for test, pair in
                                   worse.items() if test not in inverse])
    told("skipped %s as a GPU module is not available" % second, [
        (test, pair[1]) for test, pair in changes.items()
        if pair[1][0] == "skipped" and NO_GPU in pair[1][1]])
    return int(bool(set(worse) - inverse))


def told(title, found):
    """Print a list of tests with the reason of each."""
    print("%s: %d" % (title, len(found)))
    for test, (_, reason) in found:
        print("    %s\n        %s" % (test, reason[:150]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
