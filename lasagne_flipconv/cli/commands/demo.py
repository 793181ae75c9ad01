"""Show, on a small network, what the wrong way round costs."""
import os

from ...errors import FlipconvError
from ..output import tell

EXAMPLE = "lasagne-flipconv demo --out ."


def add_arguments(parser):
    """Add where to save the picture."""
    parser.add_argument("--out", metavar="FOLDER",
                        help="where to save the picture")


def run(args):
    """Print what the wrong way round costs, on the digits network."""
    from ...scripts.running import choose_floatx
    from ..demonstration import run_demo
    from ..digits import WEIGHTS
    if args.out and not os.path.isdir(args.out):
        raise FlipconvError("--out %s: is no folder; expected one for the "
                            "picture. Make it first." % args.out)
    choose_floatx()
    tell("A digits network trained with Conv2DLayer (%s)," % WEIGHTS.name,
         "moved to Conv2DDNNLayer.")
    result = run_demo(lambda text: tell("  " + text), args.out)
    for what, share in (("where it was trained", result.trained),
                        ("values simply copied", result.naive),
                        ("loaded by lasagne_flipconv", result.loaded)):
        tell("%-28s %5.1f %% of %d test images right"
             % (what, 100 * share, result.images))
    tell("largest difference of a probability, trained and loaded: %.1e"
         % result.difference)
    tell("picture of a filter and its reverse: %s" % (
        result.picture or "needs matplotlib; pip install "
        "'lasagne-flipconv[plot]'"))
    return 0
