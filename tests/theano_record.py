"""Compare Theano's own tests between two Pythons or NumPys.

``python tests/theano_record.py write FILE TEST ...`` runs tests that come
with the installed Theano, named as pytest takes them relative to Theano's
folder, with the engine off, and writes down each outcome; a FILE that is
there is gone on with, what it has is not run again. ``again FILE OTHER`` runs
on this Python the tests of OTHER that did not pass there, and ``compare FILE
OTHER`` prints those that pass in FILE and not in OTHER. ``SECONDS_EACH``
limits each test (default 600).
"""
import inspect
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from theano_nose import lend
from theano_suite import ROOT, Expansion, Written, told


def write(result, *tests, only=("",)):
    """Run tests whose names begin so; write down their outcomes."""
    sys.path.insert(0, str(ROOT))
    os.environ["LASAGNE_FLIPCONV_ENGINE"] = "0"
    lend()
    import lasagne_flipconv  # noqa: F401  makes Theano importable
    import theano
    folder = Path(theano.__file__).parent
    os.chdir(str(folder))
    before = read(result)
    with open(result, "a", buffering=1) as file:
        # assertions as they are: pytest would import the tests on its own,
        # past the hook that lends what NumPy 2 dropped
        return pytest.main(
            ["-q", "--tb=short", "--assert=plain", "-p", "no:cacheprovider",
             "-o", "addopts=", "-o", "python_classes=Test test T_",
             "--continue-on-collection-errors", "--rootdir", str(folder),
             *tests], plugins=[Written(file), Limits(file, before, only),
                               Expansion()])


class Limits:
    """Run no test twice, and none for long; a pytest plugin."""

    def __init__(self, file, before, only):
        self.file, self.before, self.only = file, before, tuple(only)
        self.seconds = int(os.environ.get("SECONDS_EACH", 600))

    def pytest_pycollect_makeitem(self, collector, name, obj):
        """Take functions apart that generate tests."""
        if not (name.startswith("test") and inspect.isgeneratorfunction(obj)):
            return None
        return [pytest.Function.from_parent(
            collector, name="%s_%03d" % (name, i),
            callobj=lambda call=call: call[0](*call[1:]))
            for i, call in enumerate(obj())]

    def pytest_collection_modifyitems(self, items):
        """Leave out what has an outcome, and what is not asked for."""
        items[:] = [item for item in items if item.nodeid not in self.before
                    and item.nodeid.startswith(self.only)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """Write down that the test began, and end it when time is up."""
        begun = [item.nodeid, "failed", "the process ended, or was ended"]
        self.file.write(json.dumps(begun) + "\n")
        signal.signal(signal.SIGALRM, late)
        signal.alarm(self.seconds)
        try:
            return (yield)
        finally:
            signal.alarm(0)


def late(*_):
    """End a test."""
    raise TimeoutError("the test's time is up")


def read(result):
    """Return {test: [outcome, reason]} of a file, the last of each."""
    path = Path(result)
    lines = path.read_text().splitlines() if path.exists() else []
    return {test: rest for test, *rest in map(json.loads, lines)}


def again(result, other):
    """Run the tests that did not pass in another file."""
    wanted = [test for test, (outcome, _) in read(other).items()
              if outcome != "passed"]
    return write(result, *sorted({test.partition("::")[0]
                                  for test in wanted}), only=wanted)


def compare(result, other):
    """Print the tests that pass in one file alone; return the exit code."""
    one, two = read(result), read(other)
    for path, run in ((result, one), (other, two)):
        counts = Counter(outcome for outcome, _ in run.values())
        print("%s: %d tests, %s" % (path, len(run), dict(counts)))
    worse = [test for test, (outcome, _) in one.items()
             if outcome == "passed" and test in two
             and two[test][0] != "passed"]
    told("pass only in the first", [(t, two[t]) for t in worse])
    told("pass in neither", [(t, two[t]) for t in one if t in two and
                             "passed" not in (one[t][0], two[t][0])])
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit({"write": write, "again": again, "compare": compare}[
        sys.argv[1]](*sys.argv[2:]))
