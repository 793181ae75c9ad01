"""Run the examples one after another; sum up at the end what became of each.

    python examples/run_all.py [--out FOLDER] [NAME ...]

One that needs what is not there is left out, and says so. The exit code is 1
if another one failed.
"""
import argparse
import subprocess
import sys
from pathlib import Path

from common import LEFT_OUT, OUT, say

HERE = Path(__file__).resolve().parent
NAMES = ("sobel", "cifar10_resnet", "faces", "c3d", "autoencoder",
         "recipes_vgg16", "fine_tune")


def became(code):
    """Return what an exit code of an example says."""
    return {0: "ran", LEFT_OUT: "left out"}.get(code, "failed")


def main(out, names=NAMES, folder=HERE):
    """Run examples, print a summary; return what became of each."""
    found = {}
    for name in names:
        say("== examples/%s.py" % name)
        found[name] = became(subprocess.run(
            [sys.executable, str(Path(folder) / (name + ".py")), "--out",
             str(out)]).returncode)
    say("== summary")
    for name, what in found.items():
        say("%-16s %s" % (name, what))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default=OUT, help="folder for pictures")
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    given = parser.parse_args()
    sys.exit("failed" in main(given.out, given.names).values())
