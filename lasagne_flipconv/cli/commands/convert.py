"""Write a weight file anew, its kernels in another convention."""
from ..output import tell
from ..progress import bar_for

EXAMPLE = "lasagne-flipconv convert vgg16.pkl vgg16.npz --from correlation"

_WORDS = ("'convolution', 'correlation', a format such as 'torch', or axes "
          "and orientation such as HWIO:correlation")


def add_arguments(parser):
    """Add both files, and what their kernels are and shall be."""
    parser.add_argument("source", metavar="SRC")
    parser.add_argument("target", metavar="DST",
                        help="the file to write; ends in .npz or .safetensors")
    parser.add_argument("--from", dest="told", metavar="CONVENTION",
                        help="what the kernels in SRC are, if it does not "
                             "say: " + _WORDS)
    parser.add_argument("--to", dest="wanted", metavar="CONVENTION",
                        help="what the kernels in DST shall be, by default "
                             "the same")


def run(args):
    """Convert a file, with a progress bar if it is large."""
    from ...weights.converting import convert_file
    with bar_for(args.source) as progress:
        record = convert_file(args.source, args.target, args.told,
                              args.wanted, progress)
    tell("%s: %d arrays, %d kernels turned, %d permuted"
         % (args.target, record.arrays, len(record.turned),
            len(record.permuted)))
    if record.left:
        tell("left out: " + ", ".join(record.left))
    return 0
