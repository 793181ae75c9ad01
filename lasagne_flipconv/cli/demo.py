"""Show, on a small network, what the wrong way round costs."""

EXAMPLE = "lasagne-flipconv demo --out ."


def add_arguments(parser):
    """Add where to save the picture."""
    parser.add_argument("--out", metavar="FOLDER",
                        help="where to save the picture")


def run(args):
    """Print what the wrong way round costs, on the digits network."""
    from ..demo import run_demo
    from ..digits import WEIGHTS
    print("A digits network trained with Conv2DLayer (%s),\n"
          "moved to Conv2DDNNLayer." % WEIGHTS.name)
    result = run_demo(lambda text: print("  " + text, flush=True), args.out)
    for what, share in (("where it was trained", result.trained),
                        ("values simply copied", result.naive),
                        ("loaded by lasagne_flipconv", result.loaded)):
        print("%-28s %5.1f %% of %d test images right"
              % (what, 100 * share, result.images))
    print("largest difference of a probability, trained and loaded: %.1e"
          % result.difference)
    print("picture of a filter and its reverse: %s" % (
        result.picture or "needs matplotlib; pip install "
        "'lasagne-flipconv[plot]'"))
    return 0
