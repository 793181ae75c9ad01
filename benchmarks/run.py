"""Measure this library against others; write a table and a picture.

    python -m benchmarks.run [--quick] [--parts PART ...] [--works WORK ...]
"""
import argparse
import json
import os
import sys
import time
from pathlib import Path

from . import isa, machine
from .parts import PARTS, measure
from .plot import plot
from .report import failures, markdown, timing
from .works import IMPLEMENTATIONS, WORKS, chosen

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
                        + ", ".join(IMPLEMENTATIONS) + "; those in bfloat16 "
                        "are measured only if they are named")
    parser.add_argument("--repeats", type=int, metavar="N",
                        help="rounds; 0 only compares the results")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--isa", choices=isa.LIMITS, help="the newest "
                        "instructions to use, as on an older processor")
    parser.add_argument("--quick", action="store_true",
                        help="two rounds on the smallest networks")
    parser.add_argument("--output", type=Path, default=FOLDER / "benchmark",
                        metavar="PATH", help="without suffix; default "
                        "benchmarks/results/benchmark")
    return completed(parser.parse_args(argv))


def completed(options):
    """Fill in what was not given."""
    options.implementations = chosen(options.implementations)
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
            print("    %-13s %s ms %s" % (name, timing(seconds), what))
    for name, seconds in row.get("ready", {}).items():
        print("    %-13s made ready in %.1f s" % (name, seconds))
    for name, difference in row.get("difference", {}).items():
        print("    %-13s differs by %.1e" % (name, difference))
    for name, reason in row["failures"].items():
        print("    %s failed: %s" % (name, reason))
    sys.stdout.flush()


def described(options):
    """Return pairs (what, value) of the machine and what limits it."""
    limit = isa.told(options.isa, {name: IMPLEMENTATIONS[name].title
                                   for name in options.implementations})
    return machine.description() + (
        [("instructions limited to", limit)] if limit else [])


def main(argv=None):
    """Measure and write; return the exit code."""
    options, begun = parsed(argv), time.time()
    os.environ.update(isa.environment(options.isa, os.environ))
    results = {"machine": described(options), "parts": {},
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
