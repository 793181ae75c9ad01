"""Measure this library against others; write a table and a picture.

    python -m benchmarks.run [--quick] [--parts PART ...] [--works WORK ...]
"""
import argparse
import json
import sys
import time
from pathlib import Path

from . import machine
from .parts import PARTS, measure
from .plot import plot
from .report import failures, markdown, timing
from .works import IMPLEMENTATIONS, WORKS, installed

#: The entries of a row that hold seconds.
_TIMES = ("seconds", "warm", "cold")

FOLDER = Path(__file__).with_name("results")


def parsed(argv=None):
    """Return the options of the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description=__doc__.split("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, metavar="PART",
                        default=list(PARTS), help="of " + ", ".join(PARTS))
    parser.add_argument("--works", nargs="+", choices=WORKS, metavar="WORK",
                        help="networks of the part 'works', of "
                        + ", ".join(WORKS))
    parser.add_argument("--implementations", nargs="+", metavar="NAME",
                        choices=IMPLEMENTATIONS, help="of "
                        + ", ".join(IMPLEMENTATIONS))
    parser.add_argument("--repeats", type=int, metavar="N",
                        help="rounds; 0 only compares the results")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--quick", action="store_true",
                        help="two rounds on the smallest networks")
    parser.add_argument("--output", type=Path, default=FOLDER / "benchmark",
                        metavar="PATH", help="without suffix; default "
                        "benchmarks/results/benchmark")
    return completed(parser.parse_args(argv))


def completed(options):
    """Fill in what was not given."""
    there = installed()
    options.implementations = [
        name for name in options.implementations or there if name in there]
    options.works = options.works or [
        key for key, work in WORKS.items() if work.quick or not options.quick]
    if options.repeats is None:
        options.repeats = 2 if options.quick else 15
    options.layer_repeats = 5 * options.repeats
    return options


def write(results, path):
    """Write what there is as .json, .md and .png."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(results, indent=1))
    path.with_suffix(".md").write_text(markdown(results), encoding="utf-8")


def show(part, key, row):
    """Print one row as it comes."""
    print("%s %s" % (part, key))
    for what in _TIMES:
        for name, seconds in row.get(what, {}).items():
            print("    %-12s %s ms %s" % (name, timing(seconds), what))
    for name, difference in row.get("difference", {}).items():
        print("    %-12s differs by %.1e" % (name, difference))
    for name, reason in row["failures"].items():
        print("    %s failed: %s" % (name, reason))
    sys.stdout.flush()


def main(argv=None):
    """Measure and write; return the exit code."""
    options, begun = parsed(argv), time.time()
    results = {"machine": machine.description(), "parts": {},
               "threads": options.threads, "repeats": options.repeats}
    for part in options.parts:
        rows = results["parts"][part] = {}
        for key, row in measure(part, options):
            rows[str(key)] = row
            show(part, key, row)
            write(results, options.output)
    plot(results, options.output.with_suffix(".png"))
    print("%s.md, .json and .png after %.0f minutes"
          % (options.output, (time.time() - begun) / 60))
    return 1 if failures(results) else 0


if __name__ == "__main__":
    sys.exit(main())
